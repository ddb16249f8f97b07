package sso

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// A domain that was proved by its TXT record is looked for again each day. One whose record is
// gone signs people in for DomainGrace: records are lost by mistake, when a company moves its
// name servers. After that it signs in nobody until the record is back, and nothing is deleted.
const (
	DomainGrace = identity.DomainGrace

	domainFresh = 24 * time.Hour
)

// counts is the condition of a domain whose people are signed in; its argument is stillCounts.
const counts = identity.CountedDomain

func stillCounts() time.Time { return identity.StillCounts() }

// lookupsInVain is after how many domains in a row of which nobody could be asked a round ends:
// it is the name service that is away, and each of the others would wait for it.
const lookupsInVain = 5

// RecheckDue looks again for the records of domains that were looked for a day ago or earlier. A
// domain of which nobody could be asked stays as it is, and has its turn again with the next
// call; it returns how many those were.
func (s *SSO) RecheckDue(ctx context.Context, records Records) (failed int, err error) {
	inVain := 0
	for after := ""; ; {
		due, err := s.domainsDue(ctx, after)
		if err != nil || len(due) == 0 {
			return failed, err
		}
		for _, d := range due {
			after = d.ID
			found, err := records.TXT(ctx, d.Domain)
			if err != nil {
				failed++
				if inVain++; inVain == lookupsInVain || ctx.Err() != nil {
					return failed, ctx.Err()
				}
				continue
			}
			inVain = 0
			if err := s.rechecked(ctx, d, d.shownBy(found)); err != nil {
				return failed, err
			}
		}
	}
}

// domainsDue are the domains that are looked for again, behind an id, a few at a time.
func (s *SSO) domainsDue(ctx context.Context, after string) (due []Domain, err error) {
	err = s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Where("proved_by = ? AND id > ?", ByDNS, after).
			Where("checked_at <= ?", db.RealNow().Add(-domainFresh)).
			Order("id").Limit(refreshBatch).Find(&due).Error
	})
	return due, err
}

// shownBy reports whether the record of the domain is among those that were found.
func (d Domain) shownBy(found []string) bool {
	return slices.ContainsFunc(found, func(text string) bool {
		return strings.TrimSpace(text) == d.Record()
	})
}

// rechecked stores what a look at the record of a domain has found. The first time that it is not
// there the administrators are told, once, in the same transaction. A domain that somebody looked
// at, gave up or claimed anew meanwhile stays as it is.
func (s *SSO) rechecked(ctx context.Context, seen Domain, there bool) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		if err := lockAccountsOf(tx, seen.OrgID); err != nil {
			return err
		}
		var d Domain
		err := tx.ForUpdate().First(&d, "id = ? AND proved_by = ?", seen.ID, ByDNS).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if d.CheckedAt != nil && seen.CheckedAt != nil && d.CheckedAt.After(*seen.CheckedAt) {
			return nil
		}

		now := db.RealNow()
		d.CheckedAt = &now
		lost, back := !there && d.MissingAt == nil, there && d.MissingAt != nil
		switch {
		case lost:
			d.MissingAt = &now
		case back:
			d.MissingAt = nil
		}
		if err := d.save(tx); err != nil {
			return err
		}

		switch {
		case lost:
			if err := tellOfDomain(tx, d); err != nil {
				return err
			}
			return account.Audit(tx, d.AccountID, d.entry("domain.missing", nil))
		case back:
			return account.Audit(tx, d.AccountID, d.entry("domain.found", nil))
		}
		return nil
	})
}

// tellOfDomain writes to who looks after the sign-in that the record of a domain is gone.
func tellOfDomain(tx *db.Tx, d Domain) error {
	return tellCaretakers(tx, d.OrgID, d.AccountID, d.Until(), notification.Notification{
		SubjectID: d.ID,
		Epoch:     d.MissingAt.UTC().Format(time.RFC3339),
		Params: map[string]any{
			"what":   "DOMAIN",
			"domain": d.Domain,
			"record": d.Record(),
		},
	})
}

// tellCaretakers writes a mail about the sign-in of an organisation to each administrator who
// looks after it: those of the account that set it up, and those of its other accounts whose own
// address lies in one of its domains. until is the instant of which the mail tells the day.
func tellCaretakers(
	tx *db.Tx, orgID, accountID string, until time.Time, mail notification.Notification,
) error {
	who, err := caretakersOf(tx, orgID, accountID)
	if err != nil {
		return err
	}
	var mails []notification.Notification
	for _, c := range who {
		one := mail
		one.Template = rules.TemplateOwnSignIn
		one.Recipient = c.email
		one.Locale = c.locale
		one.AccountID = &c.account.ID
		one.Params = map[string]any{
			"company":  c.account.LegalName,
			"until_on": rules.DateIn(until, db.ZoneOf(c.account.TimeZone)).String(),
		}
		for name, value := range mail.Params {
			one.Params[name] = value
		}
		mails = append(mails, one)
	}
	return notification.QueueEach(tx, mails...)
}
