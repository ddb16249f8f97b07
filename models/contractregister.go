package models

import (
	"context"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// EntrySource says what stands behind a line of the contract register.
type EntrySource string

// The sources of a register's line.
const (
	EntryContract EntrySource = "CONTRACT"         // what an order line bought
	EntryOrder    EntrySource = "ORDER"            // an order line that is not fulfilled yet (R111c)
	EntryEarlier  EntrySource = "EARLIER_WARRANTY" // linked from before this service (R111a)
)

// ContractEntry is a line of the contract register (R38). The contract of a line
// of another source is made up of what is known there; its id is the line's.
type ContractEntry struct {
	ServiceContract
	Source   EntrySource
	Serial   string // of an earlier warranty
	InForce  int64  // units that are neither cancelled nor expired
	Assigned int64  // of them, to a room or a serial
}

// ContractSort is the order of the register.
type ContractSort string

// The orders of the register. What has no end yet stands last by end.
const (
	ContractsNewest ContractSort = ""
	ContractsOldest ContractSort = "oldest"
	ContractsEnding ContractSort = "ending"
)

// ContractFilter narrows the register; empty fields do not narrow. ExpiringWithin
// keeps contracts that run and end within that many local days; nil keeps all.
type ContractFilter struct {
	AccountID      string
	OrderID        string
	Type           rules.ServiceType
	State          rules.ContractState
	ExpiringWithin *int
	Sort           ContractSort
	Page           Page // After is a cursor that Contracts gave
}

// Contracts is the contract register (R38): every type and state, those cancelled
// too, with orders under way (R111c) and earlier warranties (R111a). A cursor that
// it never gave answers VALIDATION_FAILED.
func (s *Store) Contracts(ctx context.Context, f ContractFilter) ([]ContractEntry, string, error) {
	var out []ContractEntry
	var next string
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		r := register{tx: tx, scope: scope, now: s.clock.Now(), filter: f}
		keys, more, err := r.keys()
		if err != nil {
			return err
		}
		if out, err = r.entries(keys); err != nil {
			return err
		}
		if next = ""; more && len(out) > 0 {
			next = r.cursor(out[len(out)-1])
		}
		return nil
	})
	return out, next, err
}

// Contract reads one line of the register by its id.
func (s *Store) Contract(ctx context.Context, id string) (ContractEntry, error) {
	var out ContractEntry
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		r := register{tx: tx, scope: scope, now: s.clock.Now(), id: id}
		keys, _, err := r.keys()
		if err == nil && len(keys) == 0 {
			err = errNotFound()
		}
		if err != nil {
			return err
		}
		entries, err := r.entries(keys)
		if err == nil {
			out = entries[0]
		}
		return err
	})
	return out, err
}

// register reads the lines of one page.
type register struct {
	tx     *gorm.DB
	scope  Scope
	now    time.Time
	filter ContractFilter
	id     string // of the one line asked for
}

type registerKey struct {
	ID     string
	Source EntrySource
}

// entries reads the lines of the keys, in their order.
func (r register) entries(keys []registerKey) ([]ContractEntry, error) {
	ids := map[EntrySource][]string{}
	for _, k := range keys {
		ids[k.Source] = append(ids[k.Source], k.ID)
	}
	found := map[string]ContractEntry{}
	for source, read := range map[EntrySource]func([]string, map[string]ContractEntry) error{
		EntryContract: r.contracts, EntryOrder: r.orderLines, EntryEarlier: r.earlier,
	} {
		if len(ids[source]) > 0 {
			if err := read(ids[source], found); err != nil {
				return nil, err
			}
		}
	}
	out := make([]ContractEntry, len(keys))
	for i, k := range keys {
		out[i] = found[k.ID]
	}
	return out, nil
}

func (r register) contracts(ids []string, found map[string]ContractEntry) error {
	var rows []ServiceContract
	if err := r.tx.Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return err
	}
	var counts []struct {
		ContractID        string
		InForce, Assigned int64
	}
	err := r.tx.Model(&Licence{}).Select("contract_id, count(*) AS in_force, sum(CASE WHEN state = ? THEN 1 ELSE 0 END) AS assigned", rules.LicenceAssigned).
		Where("contract_id IN ? AND state IN ?", ids, []rules.LicenceState{rules.LicenceAvailable, rules.LicenceAssigned}).Group("contract_id").Scan(&counts).Error
	for _, c := range rows {
		found[c.ID] = ContractEntry{ServiceContract: c, Source: EntryContract}
	}
	for _, n := range counts {
		e := found[n.ContractID]
		e.InForce, e.Assigned = n.InForce, n.Assigned
		found[n.ContractID] = e
	}
	return err
}

func (r register) orderLines(ids []string, found map[string]ContractEntry) error {
	var rows []struct {
		OrderLine
		AccountID string
		TimeZone  string
		CreatedAt time.Time
	}
	err := r.tx.Table("order_lines AS l").Select("l.*, o.account_id, o.time_zone, o.created_at").Joins("JOIN orders o ON o.id = l.order_id").Where("l.id IN ?", ids).Scan(&rows).Error
	for _, l := range rows {
		found[l.ID] = ContractEntry{Source: EntryOrder, ServiceContract: ServiceContract{ID: l.ID, AccountID: l.AccountID, OrderID: l.OrderID, OrderLineID: l.ID,
			Type: l.ServiceType, State: rules.ContractProcessing, Quantity: l.Quantity, TermYears: l.TermYears, TimeZone: l.TimeZone, CreatedAt: l.CreatedAt}}
	}
	return err
}

func (r register) earlier(ids []string, found map[string]ContractEntry) error {
	var rows []struct {
		EarlierWarranty
		TimeZone string
	}
	err := r.tx.Table("earlier_warranties AS w").Select("w.*, a.time_zone").Joins("JOIN accounts a ON a.id = w.account_id").Where("w.id IN ?", ids).Scan(&rows).Error
	for _, w := range rows {
		e := ContractEntry{Source: EntryEarlier, Serial: w.Serial, ServiceContract: ServiceContract{ID: w.ID, AccountID: *w.AccountID, Type: rules.ServiceExtWarranty,
			State: w.contractState(r.now), Quantity: 1, TimeZone: w.TimeZone, StartAt: w.StartAt, EndAt: w.EndAt, CreatedAt: w.CreatedAt}}
		if e.State != rules.ContractExpired {
			e.InForce, e.Assigned = 1, 1
		}
		found[w.ID] = e
	}
	return err
}

// contractState is derived: no sweep keeps it (S32).
func (w EarlierWarranty) contractState(now time.Time) rules.ContractState {
	switch {
	case !now.Before(*w.EndAt):
		return rules.ContractExpired
	case now.Before(*w.StartAt):
		return rules.ContractPendingStart
	}
	return rules.ContractActive
}
