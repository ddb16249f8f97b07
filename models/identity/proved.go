package identity

import (
	"slices"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// A mail domain is proved for an account where its active administrators, who all accepted
// an invitation to their mailbox, have all their addresses in it (S60). Somebody who looks
// after several customers proves nothing so: beside a customer's own administrator there are
// two domains. A free-mail address is another one too: whoever administers an account from
// there could invite somebody of another company, and have the accounts joined by it.

// ProvedDomain is an account's domain that is proved.
type ProvedDomain struct {
	AccountID string
	ParentID  string
	Domain    string
}

// ProvedDomains reads the domains that are proved for accounts of a customer's parent; an
// account has one at most.
func ProvedDomains(tx *db.Tx, parentID string) ([]ProvedDomain, error) {
	return provedDomains(administrators(tx).Where("a.parent_org_id = ?", parentID))
}

// ProvedAt reads which of the domains are proved, for accounts of any parent.
func ProvedAt(tx *db.Tx, domains []string) ([]ProvedDomain, error) {
	at := administrators(tx).
		Select("m.account_id").
		Where(domainOfUser(tx)+" IN ?", domains)
	return provedDomains(administrators(tx).Where("m.account_id IN (?)", at))
}

// SharedDomains returns the mail domains of a company's own at which accounts of several
// parents have administrators: one of them may be proved for both.
func SharedDomains(tx *db.Tx) ([]string, error) {
	var domains []string
	err := administrators(tx).
		Select(domainOfUser(tx)+" AS domain").
		Group("domain").
		Having("count(DISTINCT a.parent_org_id) > 1").
		Order("domain").
		Pluck("domain", &domains).Error
	return slices.DeleteFunc(domains, func(domain string) bool {
		return !rules.OwnMailDomain(domain)
	}), err
}

// administrators queries the active administrators m, as users u, of the accounts a.
func administrators(tx *db.Tx) *gorm.DB {
	return tx.Table("memberships m").
		Joins("JOIN users u ON u.id = m.user_id").
		Joins("JOIN accounts a ON a.id = m.account_id").
		Where("m.role = ? AND m.state = ?", RoleAdmin, rules.MembershipActive)
}

// domainOfUser is the mail domain of the user u in SQL, as rules.EmailDomain reads it.
func domainOfUser(tx *db.Tx) string {
	if tx.Postgres() {
		return "split_part(u.email, '@', 2)"
	}
	return "substr(u.email, instr(u.email, '@') + 1)"
}

func provedDomains(q *gorm.DB) ([]ProvedDomain, error) {
	var rows []struct {
		AccountID   string
		ParentOrgID string
		Email       string
	}

	err := q.Select("m.account_id, a.parent_org_id, u.email").
		Order("m.account_id").
		Scan(&rows).Error
	if err != nil {
		return nil, err
	}

	var out []ProvedDomain
	several := map[string]bool{} // accounts whose administrators are at several domains
	for _, r := range rows {
		domain := rules.EmailDomain(r.Email)
		if !rules.OwnMailDomain(domain) {
			several[r.AccountID] = true
			continue
		}

		last := len(out) - 1
		if last < 0 || out[last].AccountID != r.AccountID {
			out = append(out, ProvedDomain{
				AccountID: r.AccountID,
				ParentID:  r.ParentOrgID,
				Domain:    domain,
			})
			continue
		}
		if out[last].Domain != domain {
			several[r.AccountID] = true
		}
	}

	return slices.DeleteFunc(out, func(p ProvedDomain) bool {
		return several[p.AccountID]
	}), nil
}

// Together returns the accounts of a parent of which the tenant's own may know that they
// are one customer with it: its own, and those with which they share a proved domain. all
// reports whether those are all of the parent's; so they are also where an operator put one
// of the tenant's under the parent.
func Together(tx *db.Tx, parentID string) (accountIDs []string, all bool, err error) {
	own := tx.Scope.AccountIDs
	err = tx.BeyondFence(func(tx *db.Tx) error {
		var accounts []account.Account
		err := tx.Select("id", "confirmed_parent").
			Find(&accounts, "parent_org_id = ?", parentID).Error
		if err != nil {
			return err
		}

		proved, err := ProvedDomains(tx, parentID)
		if err != nil {
			return err
		}

		var domains []string
		for _, p := range proved {
			if slices.Contains(own, p.AccountID) {
				domains = append(domains, p.Domain)
			}
		}

		with := map[string]bool{}
		for _, p := range proved {
			with[p.AccountID] = slices.Contains(domains, p.Domain)
		}

		all = true
		confirmed := false
		for _, a := range accounts {
			mine := slices.Contains(own, a.ID)
			confirmed = confirmed || mine && a.ConfirmedParent == parentID
			if mine || with[a.ID] {
				accountIDs = append(accountIDs, a.ID)
			} else {
				all = false
			}
		}

		all = all || confirmed
		return nil
	})

	return accountIDs, all, err
}
