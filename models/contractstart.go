package models

import (
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// startOnAssignment starts the contracts of the order that wait (S1, S4), with
// their audit.
func (s *Store) startOnAssignment(tx *gorm.DB, ref Reference, acc Account, contracts []ServiceContract, out *Assigned) ([]entry, error) {
	waits := false
	for _, c := range contracts {
		waits = waits || c.State == rules.ContractPendingStart
	}
	if !waits {
		return nil, nil
	}
	order, err := s.orderStart(tx, ref, acc, contracts)
	if err != nil {
		return nil, err
	}
	var entries []entry
	var started []ServiceContract
	for _, start := range rules.StartOnAssignment(order, s.clock.Now()) {
		c := contractWith(contracts, start.ContractID)
		c.State, c.StartAt, c.EndAt, c.StartReason = rules.ContractActive, &start.Period.Start, &start.Period.End, StartReason(start.Reason)
		started = append(started, *c)
		out.Started = append(out.Started, c.ID)
		entries = append(entries, entry{"contract.started", c.ID, map[string]any{"before": rules.ContractPendingStart, "after": c.State, "start_at": c.StartAt, "end_at": c.EndAt, "reason": c.StartReason}})
	}
	if len(started) == 0 {
		return nil, nil
	}
	keyed := clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{"state", "start_at", "end_at", "start_reason"})}
	return entries, tx.Clauses(keyed).Create(&started).Error
}

// orderStart gathers what is known of an order whose contracts are to start.
func (s *Store) orderStart(tx *gorm.DB, ref Reference, acc Account, contracts []ServiceContract) (rules.OrderStart, error) {
	ids := make([]string, len(contracts))
	for i, c := range contracts {
		ids[i] = c.ID
	}
	var rows []struct {
		CreatedAt   time.Time
		PurchasedOn string
		ContractID  *string
		RenewedEnd  *time.Time
	}
	err := tx.Table("orders AS o").Select("DISTINCT o.created_at, o.purchased_on, l.contract_id, oc.end_at AS renewed_end").
		Joins("LEFT JOIN licences l ON l.contract_id IN ? AND l.renews_licence_id IS NOT NULL", ids).
		Joins("LEFT JOIN licences ol ON ol.id = l.renews_licence_id").Joins("LEFT JOIN service_contracts oc ON oc.id = ol.contract_id").
		Where("o.id = ?", contracts[0].OrderID).Scan(&rows).Error
	if err != nil {
		return rules.OrderStart{}, err
	}
	o := rules.OrderStart{Zone: zoneOf(acc.TimeZone), FallbackDays: ref.Program.StartFallbackDays}
	for _, c := range contracts {
		w := rules.ContractToStart{ID: c.ID, Type: c.Type, State: c.State, Period: c.period(), TermYears: c.TermYears}
		for _, r := range rows {
			if o.CreatedAt = r.CreatedAt; o.PurchasedOn == (civil.Date{}) {
				if on := dateOf(r.PurchasedOn); on != nil {
					o.PurchasedOn = *on
				}
			}
			if text(r.ContractID) == c.ID && r.RenewedEnd != nil {
				w.RenewedEnds = append(w.RenewedEnds, *r.RenewedEnd)
			}
		}
		o.Contracts = append(o.Contracts, w)
	}
	return o, nil
}

func (c ServiceContract) period() *rules.Period {
	if c.StartAt == nil || c.EndAt == nil {
		return nil
	}
	return &rules.Period{Start: *c.StartAt, End: *c.EndAt}
}
