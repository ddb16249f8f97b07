package account

import (
	"context"

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
