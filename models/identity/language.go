package identity

import (
	"context"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// ChooseLanguage stores the language that a person chose: all further mails to the person
// come in it, whatever they are about. INVALID_LOCALE refuses one that the program does not
// have. The same language again changes nothing.
func (s *People) ChooseLanguage(ctx context.Context, userID, locale string) error {
	if err := s.checkLocale(ctx, locale); err != nil {
		return err
	}

	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		before, err := changeLanguage(tx, userID, locale)
		if err != nil || before == locale {
			return err
		}

		return tx.ActingAs(userID, "USER").Audit(userID, nil, false, db.Entry{
			Verb:     "user.language_changed",
			ObjectID: userID,
			Details:  map[string]any{"before": before, "after": locale},
		})
	})
}

// ChangeMemberLanguage sets the language of a member's mails for the person, with a reason:
// it is the person's, in every account. It refuses as ChooseLanguage and MayManage do; the
// account's audit has it.
func (s *People) ChangeMemberLanguage(
	ctx context.Context, membershipID, locale, reason string,
) (Membership, error) {
	if err := rules.CheckReason(reason); err != nil {
		return Membership{}, err
	}
	if err := s.checkLocale(ctx, locale); err != nil {
		return Membership{}, err
	}

	var m Membership
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := db.MayManage(tx.Scope, reason); err != nil {
			return err
		}
		err := db.Found(
			tx.Scope.Accounts(tx.DB, "account_id").First(&m, "id = ?", membershipID).Error,
		)
		if err != nil {
			return err
		}

		before, err := changeLanguage(tx, m.UserID, locale)
		if err != nil || before == locale {
			return err
		}

		return account.Audit(tx, m.AccountID, db.Entry{
			Verb:     "user.language_changed",
			ObjectID: m.UserID,
			Details: db.WithReason(reason, map[string]any{
				"before": before,
				"after":  locale,
			}),
		})
	})

	return m, err
}

func (s *People) checkLocale(ctx context.Context, locale string) error {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return err
	}
	return rules.Invalid(ref.Program.CheckLocale("/locale", locale))
}

// changeLanguage stores a user's language and returns the one before.
func changeLanguage(tx *db.Tx, userID, locale string) (before string, err error) {
	var u User
	if err := tx.ForUpdate().First(&u, "id = ?", userID).Error; err != nil {
		return "", db.Found(err)
	}
	if u.Locale == locale {
		return locale, nil
	}
	return u.Locale, tx.Model(&User{}).Where("id = ?", userID).Update("locale", locale).Error
}
