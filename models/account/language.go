package account

import (
	"context"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

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

	var acc Account
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := db.MayManage(tx.Scope, c.Reason); err != nil {
			return err
		}

		var err error
		if acc, err = Lock(tx, c.AccountID); err != nil {
			return err
		}
		if err := db.Versioned(acc.Version, c.Version); err != nil {
			return err
		}
		if acc.Locale == c.Locale {
			return nil
		}

		before := acc.Locale
		acc.Locale, acc.Version = c.Locale, acc.Version+1
		err = tx.Model(&Account{}).Where("id = ?", acc.ID).Select("locale", "version").
			Updates(&acc).Error
		if err != nil {
			return err
		}

		return Audit(tx, acc.ID, db.Entry{
			Verb:     "account.language_changed",
			ObjectID: acc.ID,
			Details: db.WithReason(c.Reason, map[string]any{
				"before": before,
				"after":  acc.Locale,
			}),
		})
	})

	return acc, err
}
