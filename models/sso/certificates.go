package sso

import (
	"context"
	"slices"
	"strconv"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
)

// The days before the end of a provider's last certificate at which its company is told. From
// the second on an operator is asked to help: a company that did nothing for three weeks may have
// nobody who reads it.
const (
	firstReminder  = 30
	secondReminder = 7
	lastReminder   = 1
)

// certificateReminder returns which of the reminders is due at an instant, as days before the
// end; zero: none, or it is over.
func certificateReminder(c Connection, now time.Time) int {
	if c.Kind != SAML || !c.State.Live() || c.CertificatesUntil == nil ||
		!now.Before(*c.CertificatesUntil) {
		return 0
	}
	for _, days := range []int{lastReminder, secondReminder, firstReminder} {
		if c.CertificatesUntil.Sub(now) <= time.Duration(days)*24*time.Hour {
			return days
		}
	}
	return 0
}

// CertificateEnds reports whether the last certificate of a connection that people sign in with
// ends within the days in which its company is told, or has ended.
func (c Connection) CertificateEnds(now time.Time) bool {
	return c.Kind == SAML && c.State.Live() && c.CertificatesUntil != nil &&
		c.CertificatesUntil.Sub(now) <= firstReminder*24*time.Hour
}

// EndingCertificates lists the connections by SAML that people sign in with whose last
// certificate ends before an instant, or has ended, by id. For the service and its operators.
func (s *SSO) EndingCertificates(ctx context.Context, before time.Time) ([]Connection, error) {
	var out []Connection
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.
			Where("kind = ? AND state IN ?", SAML, []State{Enabled, Enforced}).
			Where("certificates_until < ?", before).
			Order("id").Find(&out).Error
	})
	return out, err
}

// RemindOfCertificates tells the administrators of a batch of connections by SAML, behind the id
// after, 30, 7 and 1 days before the last certificate of their provider ends, once each: another
// certificate in the metadata begins anew. An operator is asked for help 7 days before. It
// returns how many connections it read, and the last id. Certificates end in real time, whatever
// day the calendar has.
func RemindOfCertificates(
	tx *db.Tx, after string, limit int,
) (read int, last string, err error) {
	now := db.RealNow()
	var due []Connection
	err = tx.
		Where("kind = ? AND state IN ? AND id > ?", SAML, []State{Enabled, Enforced}, after).
		Where("certificates_until > ? AND certificates_until <= ?",
			now, now.Add(firstReminder*24*time.Hour)).
		Where("reminded_days <> ?", lastReminder).
		Order("id").Limit(limit).Find(&due).Error
	if err != nil {
		return 0, "", err
	}

	for _, found := range due {
		last = found.ID
		if days := certificateReminder(found, now); days == 0 || days == found.RemindedDays {
			continue
		}
		if err := lockAccountsOf(tx, found.OrgID); err != nil {
			return 0, "", err
		}
		var c Connection // as it is behind the locks
		if err := tx.ForUpdate().First(&c, "id = ?", found.ID).Error; err != nil {
			return 0, "", err
		}
		days := certificateReminder(c, now)
		if days == 0 || days == c.RemindedDays || c.OrgID != found.OrgID {
			continue
		}
		err := tx.Model(&Connection{}).Where("id = ?", c.ID).Update("reminded_days", days).Error
		if err != nil {
			return 0, "", err
		}
		ends := c.CertificatesUntil.UTC()
		err = tellCaretakers(tx, c.OrgID, c.AccountID, ends, notification.Notification{
			SubjectID: c.ID,
			Epoch:     ends.Format(time.RFC3339) + "/" + strconv.Itoa(days),
			Params: map[string]any{
				"what":     "CERTIFICATE",
				"provider": c.Issuer,
			},
		})
		if err != nil {
			return 0, "", err
		}
		if days > secondReminder {
			continue
		}
		err = tx.Raise(db.OperatorTask{
			Kind:      db.TaskSignInEnds,
			SubjectID: c.ID,
			AccountID: &c.AccountID,
			DueAt:     tx.Now().Add(ends.Sub(now)),
			What: "Find out with the customer who gives its identity provider a new " +
				"certificate.",
			Why: "The last certificate ends on " + ends.Format("2006-01-02 15:04") + " UTC",
		})
		if err != nil {
			return 0, "", err
		}
	}
	return len(due), last, nil
}

// lockAccountsOf locks the accounts of an organisation before what it has of its own sign-in, as
// who changes that does: the mails that follow name the accounts.
func lockAccountsOf(tx *db.Tx, orgID string) error {
	var ids []string
	err := tx.Model(&account.Account{}).Where("parent_org_id = ?", orgID).Pluck("id", &ids).Error
	if err != nil {
		return err
	}
	return account.LockAll(tx, ids)
}

// certificateSettled closes the task about the certificates of a connection.
func certificateSettled(tx *db.Tx, connectionID string) error {
	return tx.Settle(db.TaskSignInEnds, connectionID, "the sign-in goes on, or is switched off")
}

// caretaker is an administrator who looks after the sign-in of an organisation.
type caretaker struct {
	email   string
	locale  string
	account account.Account
}

// caretakersOf lists who looks after an organisation's sign-in, each once; see looksAfter.
func caretakersOf(tx *db.Tx, orgID, accountID string) (out []caretaker, err error) {
	var accounts []account.Account
	err = tx.Order("id").Find(&accounts, "parent_org_id = ?", orgID).Error
	if err != nil {
		return nil, err
	}
	// Who administers several accounts reads of the one that set the sign-in up.
	at := slices.IndexFunc(accounts, func(a account.Account) bool { return a.ID == accountID })
	if at > 0 {
		accounts[0], accounts[at] = accounts[at], accounts[0]
	}
	ids := make([]string, len(accounts))
	for i, a := range accounts {
		ids[i] = a.ID
	}
	admins, err := identity.AdminsOfAccounts(tx, ids)
	if err != nil {
		return nil, err
	}

	seen := map[string]bool{}
	for _, a := range accounts {
		for _, u := range admins[a.ID] {
			if seen[u.ID] {
				continue
			}
			if a.ID != accountID {
				proved, err := DomainProved(tx, orgID, u.Email)
				if err != nil {
					return nil, err
				}
				if !proved {
					continue
				}
			}
			seen[u.ID] = true
			out = append(out, caretaker{u.Email, u.Locale, a})
		}
	}
	return out, nil
}
