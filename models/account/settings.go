package account

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// TimeZoneChange moves an account to another time zone.
type TimeZoneChange struct {
	AccountID string
	TimeZone  string // IANA name
	Version   int64  // of the account, as the caller read it; 0 for any
	Reason    string // goes into the audit
}

// ChangeTimeZone moves an account to another time zone. Whatever is computed from then
// on follows it: expiries of invitations, starts and ends of later contracts, times of
// mails. What was promised stays: instants that are stored, such as the end of a
// contract or the day of a replacement, do not move. The same zone again changes nothing.
func (s *Accounts) ChangeTimeZone(ctx context.Context, c TimeZoneChange) (Account, error) {
	if err := rules.CheckReason(c.Reason); err != nil {
		return Account{}, err
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil || c.TimeZone == "" ||
		c.TimeZone == "Local" {
		return Account{}, rules.Invalid([]rules.FieldError{notATimeZone()})
	}

	return s.changeSetting(ctx, settingChange{
		accountID: c.AccountID,
		version:   c.Version,
		reason:    c.Reason,
		column:    "time_zone",
		verb:      "account.time_zone_changed",
		of:        func(acc *Account) *string { return &acc.TimeZone },
		to:        c.TimeZone,
	})
}

func notATimeZone() rules.FieldError {
	return rules.FieldError{
		Pointer: "/time_zone",
		Code:    rules.InvalidTimeZone,
		Message: "This is not a time zone.",
		Remedy:  "Send an IANA name such as America/Manaus.",
	}
}

// LanguageChange gives an account another language.
type LanguageChange struct {
	AccountID string
	Locale    string // BCP 47, one of the program's
	Version   int64  // of the account, as the caller read it; 0 for any
	Reason    string // goes into the audit
}

// ChangeLanguage gives an account another language: that of its papers, and of mails to
// people who do not sign in, such as a site's contact. Who signs in has a language of their
// own. INVALID_LOCALE refuses one that the program does not have. The same language again
// changes nothing.
func (s *Accounts) ChangeLanguage(ctx context.Context, c LanguageChange) (Account, error) {
	if err := rules.CheckReason(c.Reason); err != nil {
		return Account{}, err
	}

	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Account{}, err
	}
	if err := rules.Invalid(ref.Program.CheckLocale("/locale", c.Locale)); err != nil {
		return Account{}, err
	}

	return s.changeSetting(ctx, settingChange{
		accountID: c.AccountID,
		version:   c.Version,
		reason:    c.Reason,
		column:    "locale",
		verb:      "account.language_changed",
		of:        func(acc *Account) *string { return &acc.Locale },
		to:        c.Locale,
	})
}

// settingChange gives one text of an account, such as its time zone, another value.
type settingChange struct {
	accountID string
	version   int64  // of the account, as the caller read it; 0 for any
	reason    string // goes into the audit

	column string
	verb   string // in the audit
	of     func(*Account) *string
	to     string
}

// changeSetting changes it for who may manage the account. The same value again changes
// nothing.
func (s *Accounts) changeSetting(ctx context.Context, c settingChange) (acc Account, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := db.MayManage(tx.Scope, c.reason); err != nil {
			return err
		}

		var err error
		if acc, err = Lock(tx, c.accountID); err != nil {
			return err
		}
		if err := db.Versioned(acc.Version, c.version); err != nil {
			return err
		}

		value := c.of(&acc)
		before := *value
		if before == c.to {
			return nil
		}

		*value, acc.Version = c.to, acc.Version+1
		err = tx.Model(&Account{}).
			Where("id = ?", acc.ID).
			Select(c.column, "version").
			Updates(&acc).Error
		if err != nil {
			return err
		}

		return Audit(tx, acc.ID, db.Entry{
			Verb:     c.verb,
			ObjectID: acc.ID,
			Details: db.WithReason(c.reason, map[string]any{
				"before": before,
				"after":  c.to,
			}),
		})
	})
	return acc, err
}
