package order

import (
	"context"
	"slices"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// Candidate is an account that an order in review may be for, and why.
type Candidate struct {
	account.Account
	Same   bool // of the same company at the same address (R107)
	Near   bool // of the same company at nearly the same address (S61)
	Name   bool // of the same company elsewhere
	Domain bool // it has the mail domain of the person whom the order names (S15)

	Contracts      int64 // that are not cancelled
	Administrators int64 // who are active
}

// Choosable reports whether the order can be accepted for the account.
func (c Candidate) Choosable() bool { return c.Same || c.Near }

// mostCandidates bounds the accounts that are compared with an order.
const mostCandidates = 50

// Candidates returns the accounts that an order may be for: those of its company, and those
// that have its contact's mail domain, the likeliest first. It is for operators, who decide
// about the order.
func (s *Orders) Candidates(ctx context.Context, o Order) ([]Candidate, error) {
	customer := o.Payload.EndCustomer
	var out []Candidate
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		byDomain, err := identity.AccountsOfDomain(tx, customer.Email, mostCandidates)
		if err != nil {
			return err
		}
		var accounts []account.Account
		err = tx.Where("company_key = ? OR id IN ?", rules.CompanyKey(customer.Company), byDomain).
			Order("id").
			Limit(mostCandidates).
			Find(&accounts).Error
		if err != nil || len(accounts) == 0 {
			return err
		}

		for _, acc := range accounts {
			out = append(out, candidateOf(acc, customer, slices.Contains(byDomain, acc.ID)))
		}
		return countOfCandidates(tx, out)
	})

	slices.SortStableFunc(out, func(a, b Candidate) int { return b.likeness() - a.likeness() })
	return out, err
}

func candidateOf(acc account.Account, customer rules.Party, domain bool) Candidate {
	c := Candidate{Account: acc, Domain: domain}
	if acc.CompanyKey != rules.CompanyKey(customer.Company) {
		return c
	}
	at := account.At{
		AddressHash: acc.AddressHash,
		Street:      acc.Street,
		City:        acc.City,
		PostalCode:  acc.PostalCode,
	}
	here := acc.Country == customer.Address.Country
	c.Same = at.Is(customer.Address)
	c.Near = !c.Same && here && at.IsNear(customer.Address)
	c.Name = !c.Same && !c.Near
	return c
}

// likeness ranks a candidate: the higher, the likelier.
func (c Candidate) likeness() (n int) {
	for i, like := range []bool{c.Domain, c.Name, c.Near, c.Same} {
		if like {
			n += 1 << i
		}
	}
	return n
}

// countOfCandidates counts the contracts and the administrators of each.
func countOfCandidates(tx *db.Tx, candidates []Candidate) error {
	ids := db.IdsOf(candidates, func(c Candidate) string { return c.ID })
	var counts []struct {
		AccountID                 string
		Contracts, Administrators int64
	}
	err := tx.Raw(`SELECT a.id AS account_id,
			(SELECT count(*) FROM (?) c WHERE c.account_id = a.id) AS contracts,
			(SELECT count(*) FROM (?) m WHERE m.account_id = a.id) AS administrators
		FROM accounts a WHERE a.id IN ?`,
		tx.Model(&entitlement.ServiceContract{}).
			Select("account_id").
			Where("account_id IN ? AND state <> ?", ids, rules.ContractCancelled),
		tx.Model(&identity.Membership{}).
			Select("account_id").
			Where("account_id IN ? AND role = ? AND state = ?",
				ids, identity.RoleAdmin, rules.MembershipActive),
		ids).Scan(&counts).Error

	for _, n := range counts {
		for i := range candidates {
			if candidates[i].ID == n.AccountID {
				candidates[i].Contracts = n.Contracts
				candidates[i].Administrators = n.Administrators
			}
		}
	}
	return err
}
