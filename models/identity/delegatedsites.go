package identity

import (
	"context"
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// sitesOf lists the names of the sites of an account as its rows have them: those with an
// address, and those that rooms name alone.
func sitesOf(tx *db.Tx, accountID string) ([]string, error) {
	var names []string
	err := tx.Raw(`SELECT name FROM sites WHERE account_id = @account
		UNION SELECT site FROM rooms WHERE account_id = @account AND site <> ''
		ORDER BY 1`,
		map[string]any{"account": accountID}).Scan(&names).Error
	return names, err
}

// sitesNamed holds the names of sites that a delegation is to be for to those that the account
// has; each stands once, as the account writes it. None: all of them.
func sitesNamed(tx *db.Tx, accountID string, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	known, err := sitesOf(tx, accountID)
	if err != nil {
		return nil, err
	}
	byKey := make(map[string]string, len(known))
	for _, one := range slices.Backward(known) { // the first of several spellings
		byKey[rules.SiteKey(one)] = one
	}

	var out []string
	for _, name := range names {
		one, ok := byKey[rules.SiteKey(name)]
		if !ok || strings.ContainsAny(one, "\r\n") {
			return nil, rules.Invalid([]rules.FieldError{{
				Pointer: "/sites",
				Code:    "UNKNOWN_SITE",
				Message: "The account has no such site.",
				Remedy:  "Name sites of the account, or none for all of them.",
			}})
		}
		out = append(out, one)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// spellingsOf lists how the account's rows write the sites of a delegation; none of one for all.
func spellingsOf(tx *db.Tx, accountID string, sites []string) ([]string, error) {
	if len(sites) == 0 {
		return nil, nil
	}
	known, err := sitesOf(tx, accountID)
	d := &db.Delegated{Sites: sites}
	return slices.DeleteFunc(known, func(name string) bool { return !d.Covers(name) }), err
}

// SitesToDelegate lists the names of the sites that an account in scope can let a partner into,
// each once.
func (s *People) SitesToDelegate(ctx context.Context, accountID string) ([]string, error) {
	var out []string
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		if !tx.Scope.Sees(accountID) {
			return db.NotFound()
		}
		known, err := sitesOf(tx, accountID)
		// Spellings of one site stand beside each other, whatever order the database has.
		slices.SortStableFunc(known, func(a, b string) int {
			return strings.Compare(rules.SiteKey(a), rules.SiteKey(b))
		})
		out = slices.CompactFunc(known, func(a, b string) bool {
			return rules.SiteKey(a) == rules.SiteKey(b)
		})
		return err
	})
	return out, err
}

// LimitDelegation changes the sites that a delegation, or a request of the customer's own, is for;
// none: all of them. The customer alone does so, and it holds from the partner's next request on.
// The same sites again change nothing; one that is over answers STATE_CONFLICT.
func (s *People) LimitDelegation(
	ctx context.Context, id string, sites []string,
) (Delegation, error) {
	var d Delegation
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		var acc account.Account
		var side DelegationSide
		var err error
		d, acc, side, err = lockDelegation(tx, id)
		if err != nil {
			return err
		}
		if side != SideCustomer {
			return rules.Refuse(rules.Forbidden, "The customer decides on its sites.",
				"Ask the customer.")
		}
		if d.State != DelegationProposed && d.State != DelegationActive || d.Over(tx.Now()) {
			return errDelegationOver()
		}

		named, err := sitesNamed(tx, acc.ID, sites)
		if err != nil || d.SiteLines == db.SitesText(named) {
			return err
		}
		d.SiteLines = db.SitesText(named)
		if err := storeDelegation(tx, d); err != nil {
			return err
		}
		return auditDelegation(tx, d, side, "delegation.limited", "")
	})
	return d, err
}
