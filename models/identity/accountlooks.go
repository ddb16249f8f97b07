package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// AccountLook is an operator's look at the portal as a customer sees it. Its times are real
// time. It gives no right: whatever is asked under it must run under db.LookOnly.
type AccountLook struct {
	TokenHash   string `gorm:"primaryKey"`
	SessionHash string // of the console's session in which it was begun
	OperatorID  string
	AccountID   string
	StartedAt   time.Time
	ExpiresAt   time.Time
}

// AccountLookLasts is how long a look lasts at most.
const AccountLookLasts = 30 * time.Minute

// LookAtAccount begins a look of an operator at an account, for the reason given, which the
// customer can read in the account's activity; it returns the secret that opens it. The look
// ends with the operator's session, whose hash is given, with an emergency sign-in, and after
// AccountLookLasts; another look of the same session takes its place. Who may not look is
// refused with FORBIDDEN; an unknown account answers NOT_FOUND.
func (s *Operators) LookAtAccount(
	ctx context.Context, accountID, sessionHash, reason string,
) (token string, look AccountLook, err error) {
	token = rand.Text() + rand.Text()
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if !rules.Allows(tx.Scope.Actor.Role, rules.SeeAsCustomer).Allowed() {
			return rules.Refuse(rules.Forbidden,
				"Your role may not look at the portal as a customer.",
				"Ask an agent, a lead or a customer success manager.")
		}
		if err := rules.CheckReason(reason); err != nil {
			return err
		}

		var acc account.Account
		if err := db.Found(tx.First(&acc, "id = ?", accountID).Error); err != nil {
			return err
		}
		var o Operator
		if err := db.Found(tx.First(&o, "id = ?", tx.Scope.Actor.ID).Error); err != nil {
			return err
		}
		var session operatorSession
		now := db.RealNow()
		err := tx.First(&session, "token_hash = ? AND operator_id = ? AND expires_at > ?",
			sessionHash, o.ID, now).Error
		if err != nil {
			return db.Found(err)
		}

		look = AccountLook{
			TokenHash:   db.HashSecret(token),
			SessionHash: sessionHash,
			OperatorID:  o.ID,
			AccountID:   acc.ID,
			StartedAt:   now,
			ExpiresAt:   now.Add(AccountLookLasts),
		}
		if session.ExpiresAt.Before(look.ExpiresAt) {
			look.ExpiresAt = session.ExpiresAt
		}
		if o.ArmedUntil != nil && o.ArmedUntil.Before(look.ExpiresAt) {
			look.ExpiresAt = *o.ArmedUntil
		}

		if err := tx.Delete(&AccountLook{}, "session_hash = ?", sessionHash).Error; err != nil {
			return err
		}
		if err := tx.Create(&look).Error; err != nil {
			return err
		}
		return account.Audit(tx, acc.ID, db.Entry{
			Verb:     "account.look_begun",
			ObjectID: acc.ID,
			Details:  db.WithReason(reason, map[string]any{}),
		})
	})
	return token, look, err
}

// FindAccountLook returns the look that a secret opens and who looks; false where there is
// none any more: its time is over, it was ended, the session it was begun in has ended, or the
// operator may not look now.
func (s *Operators) FindAccountLook(
	ctx context.Context, token string,
) (AccountLook, Operator, bool, error) {
	var row struct {
		AccountLook
		Operator Operator `gorm:"embedded;embeddedPrefix:o_"`
	}
	err := s.db.Single(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Table("account_looks").
			Select(`account_looks.*, o.id AS o_id, o.name AS o_name, o.role AS o_role,
				o.locale AS o_locale, o.disabled_at AS o_disabled_at`).
			Joins("JOIN operators o ON o.id = account_looks.operator_id").
			Joins(`JOIN operator_sessions s ON s.token_hash = account_looks.session_hash
				AND s.operator_id = o.id AND s.expires_at > ?`, db.RealNow()).
			Where("account_looks.token_hash = ? AND account_looks.expires_at > ?",
				db.HashSecret(token), db.RealNow()).
			Take(&row).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return AccountLook{}, Operator{}, false, nil
	}
	if err != nil {
		return AccountLook{}, Operator{}, false, err
	}

	may := row.Operator.Works() && rules.Allows(row.Operator.Role, rules.SeeAsCustomer).Allowed()
	return row.AccountLook, row.Operator, may, nil
}

// EndAccountLook ends the look of a session of the console; again, or where there is none, it
// changes nothing.
func (s *Operators) EndAccountLook(ctx context.Context, sessionHash string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var look AccountLook
		err := tx.First(&look, "session_hash = ? AND operator_id = ?",
			sessionHash, tx.Scope.Actor.ID).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil
		}
		if err != nil {
			return err
		}

		done := tx.Delete(&AccountLook{}, "token_hash = ?", look.TokenHash)
		if done.Error != nil || done.RowsAffected == 0 || !db.RealNow().Before(look.ExpiresAt) {
			return done.Error
		}
		return account.Audit(tx, look.AccountID, db.Entry{
			Verb:     "account.look_ended",
			ObjectID: look.AccountID,
		})
	})
}
