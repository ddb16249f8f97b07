package sso

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// mostDomains is how many domains an organisation may claim.
const mostDomains = 50

// DomainProved reports whether an organisation signs in who has the address; see
// identity.DomainCounts.
func DomainProved(tx *db.Tx, orgID, address string) (proved bool, err error) {
	err = tx.BeyondFence(func(tx *db.Tx) error {
		proved, err = identity.DomainCounts(tx, orgID, address)
		return err
	})
	return proved, err
}

// readDomain reads a domain as somebody types it: VALIDATION_FAILED for what is none, or for one
// that cannot stand for one organisation.
func readDomain(typed string) (string, error) {
	domain := strings.ToLower(strings.TrimSpace(typed))
	domain = strings.TrimSuffix(strings.TrimPrefix(domain, "@"), ".")
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		domain = ascii
	}
	switch {
	case !rules.ValidEmail("postmaster@"+domain) || !strings.Contains(domain, "."):
		return "", invalidDomain("This is no mail domain.", "Write it like example.com.")
	case !rules.OwnMailDomain(domain):
		return "", invalidDomain("Addresses of many people's mail providers prove nothing.",
			"Name a domain that is your company's own.")
	}
	return domain, nil
}

func invalidDomain(message, remedy string) error {
	return rules.Invalid([]rules.FieldError{{
		Pointer: "/domain",
		Code:    rules.InvalidDomain,
		Message: message,
		Remedy:  remedy,
	}})
}

// AddDomain claims a domain for the organisation of an account, of which the caller is
// administrator. Again it returns the claim that is there. It proves nothing yet.
func (s *SSO) AddDomain(ctx context.Context, accountID, typed string) (Domain, error) {
	domain, err := readDomain(typed)
	if err != nil {
		return Domain{}, err
	}

	var d Domain
	err = s.manage(ctx, accountID, func(tx *db.Tx, acc account.Account) error {
		var all []Domain
		if err := tx.Find(&all, "org_id = ?", acc.ParentOrgID).Error; err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(d Domain) bool { return d.Domain == domain })
		if at >= 0 {
			d = all[at]
			return nil
		}
		if len(all) >= mostDomains {
			return invalidDomain("There are too many domains.", "Remove one that is not needed.")
		}

		d = Domain{
			ID:        db.NewID(db.PrefixDomain),
			OrgID:     acc.ParentOrgID,
			AccountID: acc.ID,
			Domain:    domain,
			Token:     strings.ToLower(rand.Text()),
			CreatedBy: tx.Scope.Actor.ID,
			CreatedAt: tx.Now(),
		}
		if err := tx.Create(&d).Error; err != nil {
			return err
		}
		return account.Audit(tx, acc.ID, d.entry("domain.claimed", nil))
	})
	return d, err
}

func (d Domain) entry(verb string, details map[string]any) db.Entry {
	if details == nil {
		details = map[string]any{}
	}
	details["domain"] = d.Domain
	return db.Entry{Verb: verb, ObjectID: d.ID, Details: details}
}

// Records looks up what the TXT records of a domain say. An error means that nobody could be
// asked; a domain without records has none.
type Records interface {
	TXT(ctx context.Context, domain string) ([]string, error)
}

// CheckDomain looks for the TXT record of a claimed domain, and proves it where it is there. A
// record that is not there answers SSO_RECORD_MISSING, one of a domain that another organisation
// has proved SSO_DOMAIN_TAKEN. A proved domain stays so; whose record was missing and is back, it
// signs people in again.
func (s *SSO) CheckDomain(
	ctx context.Context, accountID, id string, records Records,
) (Domain, error) {
	var d Domain
	err := s.manage(ctx, accountID, func(tx *db.Tx, acc account.Account) error {
		return db.Found(tx.First(&d, "id = ? AND org_id = ?", id, acc.ParentOrgID).Error)
	})
	if err != nil {
		return d, err
	}

	// The network is asked outside of a transaction.
	found, err := records.TXT(ctx, d.Domain)
	if err != nil {
		return d, err
	}
	there := slices.ContainsFunc(found, func(text string) bool {
		return strings.TrimSpace(text) == d.Record()
	})

	err = s.manage(ctx, accountID, func(tx *db.Tx, acc account.Account) error {
		err := tx.ForUpdate().First(&d, "id = ? AND org_id = ?", id, acc.ParentOrgID).Error
		if err != nil {
			return db.Found(err)
		}

		now := db.RealNow()
		d.CheckedAt = &now
		back := there && d.MissingAt != nil
		if there {
			d.MissingAt = nil
		}
		proves := there && !d.Proved()
		if proves {
			if d, err = prove(tx, d, ByDNS); err != nil {
				return err
			}
		}
		if err := d.save(tx); err != nil {
			return err
		}
		switch {
		case proves:
			return account.Audit(tx, acc.ID,
				d.entry("domain.proved", map[string]any{"by": ByDNS}))
		case back:
			return account.Audit(tx, acc.ID, d.entry("domain.found", nil))
		}
		return nil
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) { // proved by two at once
		err = domainTaken()
	}
	if err == nil && !there && (!d.Proved() || d.MissingAt != nil) {
		err = rules.Refuse(RecordMissing, "The TXT record is not there yet.",
			"Add it at who hosts the domain; it may take an hour until everybody sees it.")
	}
	return d, err
}

// ProveDomain proves a claimed domain in an operator's name, with a reason, where the customer
// cannot add the record; so it does with a proved one whose record has been missing for
// DomainGrace. Again it changes nothing.
func (s *SSO) ProveDomain(ctx context.Context, id, reason string) (Domain, error) {
	var d Domain
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if !tx.Scope.System || !tx.Scope.Actor.Role.IsOperator() {
			return db.NotFound()
		}
		if err := rules.CheckReason(reason); err != nil {
			return err
		}
		d = Domain{}
		if err := tx.ForUpdate().First(&d, "id = ?", id).Error; err != nil {
			return db.Found(err)
		}
		if d.Counts(db.RealNow()) {
			return nil
		}

		var err error
		if d, err = prove(tx, d, ByOperator); err != nil {
			return err
		}
		d.MissingAt = nil
		if err := d.save(tx); err != nil {
			return err
		}
		return account.Audit(tx, d.AccountID, d.entry("domain.proved",
			db.WithReason(reason, map[string]any{"by": ByOperator})))
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		err = domainTaken()
	}
	return d, err
}

// prove returns the domain as a proved one, unless another organisation has it.
func prove(tx *db.Tx, d Domain, by Proof) (Domain, error) {
	var taken int64
	err := tx.Model(&Domain{}).
		Where("domain = ? AND id <> ? AND proved_at IS NOT NULL", d.Domain, d.ID).
		Count(&taken).Error
	if err != nil {
		return d, err
	}
	if taken > 0 {
		return d, domainTaken()
	}

	now := tx.Now()
	d.ProvedAt = &now
	d.ProvedBy = by
	return d, nil
}

func (d Domain) save(tx *db.Tx) error {
	return tx.Model(&Domain{}).Where("id = ?", d.ID).
		Select("proved_at", "proved_by", "checked_at", "missing_at").
		Updates(&d).Error
}

func domainTaken() error {
	return rules.Refuse(DomainTaken, "Another organization has proved this domain.",
		"Write to us: two organizations cannot share a mail domain.")
}

// RemoveDomain gives a domain up: nobody of it is signed in by the organisation's provider any
// more, and sessions that began so end.
func (s *SSO) RemoveDomain(ctx context.Context, accountID, id string) error {
	return s.manage(ctx, accountID, func(tx *db.Tx, acc account.Account) error {
		var d Domain
		err := tx.ForUpdate().First(&d, "id = ? AND org_id = ?", id, acc.ParentOrgID).Error
		if err != nil {
			return db.Found(err)
		}
		enforced, err := identity.EnforcedOf(tx, acc.ID)
		if err != nil {
			return err
		}
		if enforced && d.Proved() {
			return rules.Refuse(rules.StateConflict,
				"People of this domain come in by the company's own sign-in alone.",
				"Let them sign in by password again first.")
		}
		if err := tx.Delete(&Domain{}, "id = ?", d.ID).Error; err != nil {
			return err
		}

		// Locked, so that no sign-in by one of them is stored once its sessions have ended.
		var connections []string
		err = tx.ForUpdate().Model(&Connection{}).Where("org_id = ?", acc.ParentOrgID).
			Order("id").Pluck("id", &connections).Error
		if err != nil {
			return err
		}
		ended, err := identity.EndSessionsBy(tx, connections...)
		if err != nil {
			return err
		}
		return account.Audit(tx, acc.ID,
			d.entry("domain.removed", map[string]any{"sessions_ended": ended}))
	})
}
