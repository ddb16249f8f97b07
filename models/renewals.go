package models

import (
	"maps"
	"slices"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// free is what rules call free of a licence l: not revoked, and renewed by none.
const free = "l.state <> 'REVOKED' AND NOT EXISTS (SELECT 1 FROM licences r WHERE r.renews_licence_id = l.id AND r.state <> 'REVOKED')"

// checkRenewals refuses lines that name no contract of the accounts to renew (S4).
func (s *Store) checkRenewals(tx *gorm.DB, lines []OrderLine, accountIDs []string) error {
	named := renewedBy(lines)
	if len(named) == 0 {
		return nil
	}
	var rows []struct {
		ID    string
		Type  rules.ServiceType
		State rules.ContractState
		Free  int64
	}
	err := tx.Table("service_contracts AS c").Select("c.id, c.type, c.state, (SELECT count(*) FROM licences l WHERE l.contract_id = c.id AND "+free+") AS free").
		Where("c.id IN ? AND c.account_id IN ?", named, append([]string{""}, accountIDs...)).Scan(&rows).Error
	if err != nil {
		return err
	}
	contracts := map[string]rules.RenewableContract{}
	for _, r := range rows {
		contracts[r.ID] = rules.RenewableContract{Type: r.Type, State: r.State, Free: r.Free}
	}
	form := make([]rules.OrderLine, len(lines))
	services := make([]rules.ServiceType, len(lines))
	for i, l := range lines {
		form[i], services[i] = rules.OrderLine{Renews: text(l.RenewsContractID)}, l.ServiceType
	}
	return rules.CheckRenewals(form, services, contracts)
}

// recheckRenewals holds an order in review to the account that was chosen for it,
// and to what was renewed or cancelled meanwhile.
func (s *Store) recheckRenewals(tx *gorm.DB, o *Order) error {
	var account []string
	if o.AccountID != nil {
		account = append(account, *o.AccountID)
	}
	err := s.checkRenewals(tx, o.Lines, account)
	if rules.CodeOf(err) == rules.ValidationFailed {
		return rules.Refuse(rules.StateConflict, "A line renews what is no contract of the account, or cannot be renewed any more.",
			"Choose the account of that contract, have the order amended, or reject it.")
	}
	return err
}

func renewedBy(lines []OrderLine) []string {
	named := map[string]bool{}
	for _, l := range lines {
		if l.RenewsContractID != nil {
			named[*l.RenewsContractID] = true
		}
	}
	return slices.Sorted(maps.Keys(named))
}

// renewalPool is what an order's lines may renew: the free licences of each named
// contract, those in rooms first, so that a smaller renewal keeps rooms covered.
type renewalPool struct {
	free map[string][]string  // licences by contract
	ends map[string]time.Time // of the contracts
	took map[string]time.Time // end of what a new contract renews
}

// renewable reads the pool of an order; the lock on the account keeps two orders
// from taking the same licences.
func (s *Store) renewable(tx *gorm.DB, lines []OrderLine, accountID string) (renewalPool, error) {
	pool := renewalPool{free: map[string][]string{}, ends: map[string]time.Time{}, took: map[string]time.Time{}}
	named := renewedBy(lines)
	if len(named) == 0 {
		return pool, nil
	}
	var rows []struct {
		ID, ContractID string
		EndAt          *time.Time
	}
	err := tx.Table("licences AS l").Select("l.id, l.contract_id, c.end_at").Joins("JOIN service_contracts c ON c.id = l.contract_id").
		Where("l.contract_id IN ? AND l.account_id = ? AND "+free, named, accountID).
		Order("CASE l.state WHEN 'ASSIGNED' THEN 0 WHEN 'AVAILABLE' THEN 1 ELSE 2 END, l.seq").Scan(&rows).Error
	for _, r := range rows {
		pool.free[r.ContractID] = append(pool.free[r.ContractID], r.ID)
		if r.EndAt != nil {
			pool.ends[r.ContractID] = *r.EndAt
		}
	}
	return pool, err
}

// renewBy has the line's licences renew those that are left of its contract; what
// it orders beyond them is new.
func (p renewalPool) renewBy(l OrderLine, licences []Licence) []Licence {
	old := text(l.RenewsContractID)
	n := min(len(p.free[old]), len(licences))
	for i := range n {
		licences[i].RenewsLicenceID = &p.free[old][i]
	}
	if p.free[old] = p.free[old][n:]; n > 0 {
		p.took[licences[0].ContractID] = p.ends[old]
	}
	return licences
}

// start starts the contracts that renew others before their end, at that end (S4).
func (p renewalPool) start(ref Reference, o *Order, loc *time.Location, contracts []ServiceContract) error {
	if len(p.took) == 0 {
		return nil
	}
	on, err := civil.ParseDate(o.PurchasedOn)
	if err != nil {
		return err
	}
	order := rules.OrderStart{Zone: loc, CreatedAt: o.CreatedAt, PurchasedOn: on, FallbackDays: ref.Program.StartFallbackDays}
	for _, c := range contracts {
		w := rules.ContractToStart{ID: c.ID, Type: c.Type, State: c.State, Period: c.period(), TermYears: c.TermYears}
		if end, ok := p.took[c.ID]; ok && !end.IsZero() {
			w.RenewedEnds = []time.Time{end}
		}
		order.Contracts = append(order.Contracts, w)
	}
	for _, start := range rules.StartRenewals(order) {
		c := contractWith(contracts, start.ContractID)
		c.State, c.StartAt, c.EndAt, c.StartReason = rules.ContractActive, &start.Period.Start, &start.Period.End, StartReason(start.Reason)
	}
	return nil
}

// createdBy is what the audit notes of a new contract.
func (c ServiceContract) createdBy(o *Order) map[string]any {
	details := map[string]any{"type": c.Type, "quantity": c.Quantity, "state": c.State, "order": o.ID}
	for _, l := range o.Lines {
		if l.ID == c.OrderLineID && l.RenewsContractID != nil {
			details["renews"], details["start_at"], details["end_at"], details["reason"] = *l.RenewsContractID, c.StartAt, c.EndAt, c.StartReason
		}
	}
	return details
}
