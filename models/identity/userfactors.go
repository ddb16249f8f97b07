package identity

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// Everybody with a password may have a second factor (S52). With the first one come recovery
// codes, and every session of before ends: from here on all of that person's passed both factors.
// Whoever comes by an organisation's own sign-in has the provider's.

// userPasskey is a passkey of a user.
type userPasskey struct {
	UserID string
	Passkey
}

// TableName is the table of users' passkeys.
func (userPasskey) TableName() string { return "user_passkeys" }

// userRecoveryCode lets a user in once in place of the app's code.
type userRecoveryCode struct {
	UserID   string `gorm:"primaryKey"`
	CodeHash string `gorm:"primaryKey"`
	UsedAt   *time.Time
}

// TableName is the table of users' recovery codes.
func (userRecoveryCode) TableName() string { return "user_recovery_codes" }

// What the notice to a person says of their second factor.
const (
	FactorAdded   = "FACTOR_ADDED"
	FactorRemoved = "FACTOR_REMOVED"
	FactorReset   = "FACTOR_RESET"
	CodesMade     = "CODES_MADE"
	CodeUsed      = "CODE_USED"
)

// HasSecondFactor reports whether a person signs in with a second factor.
func HasSecondFactor(tx *db.Tx, userID string) (has bool, err error) {
	err = tx.Raw(`SELECT EXISTS (SELECT 1 FROM users u WHERE u.id = ? AND (`+hasFactor+`))`,
		userID).Scan(&has).Error
	return has, err
}

// hasFactor is the condition that a user u has a second factor.
const hasFactor = `u.totp_secret <> '' OR
	EXISTS (SELECT 1 FROM user_passkeys k WHERE k.user_id = u.id)`

// FactorsOf reads what a user can show beside the password.
func (s *People) FactorsOf(ctx context.Context, userID string) (f SecondFactors, err error) {
	err = s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		var u User
		if err := db.Found(tx.First(&u, "id = ?", userID).Error); err != nil {
			return err
		}
		f, err = userFactors.factorsOf(tx, userID, u.TOTPSecret != "")
		return err
	})
	return f, err
}

// NewAppKey makes a key for a user's app: as the app reads it, and sealed for UseApp. It opens
// nothing until then.
func (s *People) NewAppKey(userID string) (key, sealed string) {
	return userFactors.newKey(s.db.Secrets(), userID)
}

// OpenAppKey reads a key that NewAppKey has sealed for the user.
func (s *People) OpenAppKey(userID, sealed string) (key string, ok bool) {
	return userFactors.openKey(s.db.Secrets(), userID, sealed)
}

// changeFactors changes a user's second factors under the lock of their row, in their own name,
// and ends all their sessions: the one at hand goes on under a new token. They are told by mail.
// Somebody without a password has none here: STATE_CONFLICT. Codes are new recovery codes, where
// the change brought the first factor; they are shown only here.
//
// first says that the person had none when the request was let in. Of two at once that bring the
// first one, the later is refused, SIGN_IN_REQUIRED: its session never passed the other's factor.
func (s *People) changeFactors(
	ctx context.Context, userID, what string, first bool,
	fn func(*db.Tx, User) (db.Entry, error),
) (codes []string, err error) {
	err = s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		codes = nil
		var u User
		if err := db.Found(tx.ForUpdate().First(&u, "id = ?", userID).Error); err != nil {
			return err
		}
		if u.PasswordHash == "" {
			return rules.Refuse(rules.StateConflict, "This person signs in without a password.",
				"The identity provider asks for the second factor.")
		}
		had, err := HasSecondFactor(tx, u.ID)
		if err != nil {
			return err
		}

		if had && first {
			return rules.Refuse(rules.SignInRequired, "A second factor was set up meanwhile.",
				"Sign in with it, then change it.")
		}

		entry, err := fn(tx, u)
		if err != nil {
			return err
		}
		has, err := HasSecondFactor(tx, u.ID)
		if err != nil {
			return err
		}
		switch {
		case has && !had:
			if codes, err = userFactors.makeCodes(tx, u.ID); err != nil {
				return err
			}
		case had && !has:
			if err := mayDoWithout(tx, u.ID); err != nil {
				return err
			}
			if err := userFactors.forget(tx, u.ID); err != nil {
				return err
			}
		}

		if err := tx.Delete(&Session{}, "user_id = ?", u.ID).Error; err != nil {
			return err
		}
		if err := tellUser(tx, u, what, ""); err != nil {
			return err
		}
		return tx.ActingAs(u.ID, "USER").Audit(u.ID, nil, false, entry)
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		err = passkeyKnown()
	}
	return codes, err
}

// FactorDemanded refuses to do without a second factor where one is demanded.
const FactorDemanded = "SECOND_FACTOR_DEMANDED"

// mayDoWithout refuses to leave a break-glass administrator without a second factor (S52).
func mayDoWithout(tx *db.Tx, userID string) error {
	var n int64
	err := tx.Table("sso_break_glass").Where("user_id = ?", userID).Count(&n).Error
	if err == nil && n > 0 {
		err = rules.Refuse(FactorDemanded,
			"This person may come in by password when the company's own sign-in does not work.",
			"Make somebody else that person first, or set up another second factor.")
	}
	return err
}

// UseApp makes the app with that key the one of the user, in place of the one of before, once a
// code shows that it has the key. ok is false for a wrong code. first: see changeFactors.
func (s *People) UseApp(
	ctx context.Context, userID, sealed, code string, first bool,
) (codes []string, ok bool, err error) {
	key, opened := s.OpenAppKey(userID, sealed)
	step, right := stepOf(key, code, 0, db.RealNow())
	if !opened || !right {
		return nil, false, nil
	}
	codes, err = s.changeFactors(ctx, userID, FactorAdded, first,
		func(tx *db.Tx, u User) (db.Entry, error) {
			err := tx.Model(&User{}).Where("id = ?", u.ID).
				Updates(map[string]any{"totp_secret": sealed, "totp_step": step}).Error
			return db.Entry{
				Verb:     "user.app_set_up",
				ObjectID: u.ID,
				Details:  map[string]any{"instead_of_another": u.TOTPSecret != ""},
			}, err
		})
	return codes, err == nil, err
}

// RemoveApp takes the app of a user away. Without one it answers NOT_FOUND. The last second
// factor goes with its recovery codes, but not where one is demanded: SECOND_FACTOR_DEMANDED.
func (s *People) RemoveApp(ctx context.Context, userID string) error {
	_, err := s.changeFactors(ctx, userID, FactorRemoved, false,
		func(tx *db.Tx, u User) (db.Entry, error) {
			if u.TOTPSecret == "" {
				return db.Entry{}, db.NotFound()
			}
			return db.Entry{Verb: "user.app_removed", ObjectID: u.ID}, forgetApp(tx, u.ID)
		})
	return err
}

func forgetApp(tx *db.Tx, userID string) error {
	return tx.Model(&User{}).Where("id = ?", userID).
		Updates(map[string]any{"totp_secret": "", "totp_step": 0}).Error
}

// AddPasskey adds a passkey that a browser has made for the user. One that is known already
// answers STATE_CONFLICT. first: see changeFactors.
func (s *People) AddPasskey(
	ctx context.Context, userID string, key Passkey, first bool,
) (codes []string, err error) {
	if key, err = newPasskey(key); err != nil {
		return nil, err
	}
	return s.changeFactors(ctx, userID, FactorAdded, first,
		func(tx *db.Tx, u User) (db.Entry, error) {
			return userFactors.passkeyEntry("passkey_added", u.ID, key),
				userFactors.storePasskey(tx, u.ID, key)
		})
}

// RemovePasskey takes one of the user's passkeys away; see RemoveApp.
func (s *People) RemovePasskey(ctx context.Context, userID, id string) error {
	_, err := s.changeFactors(ctx, userID, FactorRemoved, false,
		func(tx *db.Tx, u User) (db.Entry, error) {
			key, err := userFactors.passkey(tx, u.ID, id)
			if err != nil {
				return db.Entry{}, err
			}
			return userFactors.passkeyEntry("passkey_removed", u.ID, key),
				tx.Delete(&userPasskey{}, "id = ?", key.ID).Error
		})
	return err
}

// NewRecoveryCodes gives a user with a second factor new recovery codes, which are shown only
// here; those of before open nothing any more.
func (s *People) NewRecoveryCodes(
	ctx context.Context, userID string,
) (codes []string, err error) {
	_, err = s.changeFactors(ctx, userID, CodesMade, false,
		func(tx *db.Tx, u User) (db.Entry, error) {
			has, err := HasSecondFactor(tx, u.ID)
			if err == nil && !has {
				err = db.NotFound()
			}
			if err != nil {
				return db.Entry{}, err
			}
			codes, err = userFactors.makeCodes(tx, u.ID)
			return db.Entry{Verb: "user.recovery_codes_made", ObjectID: u.ID}, err
		})
	return codes, err
}

// UseCode reports whether a code of the app, or a recovery code, is the user's, and uses it up:
// neither opens twice; see holders.tryCode. A recovery code is told of by mail.
func (s *People) UseCode(ctx context.Context, userID, code string) (ok bool, err error) {
	err = s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		ok = false
		var u User
		if err := db.Found(tx.ForUpdate().First(&u, "id = ?", userID).Error); err != nil {
			return err
		}
		tried, err := userFactors.tryCode(tx, u.ID, u.TOTPSecret, u.TOTPStep, code)
		if err != nil || !tried.Right {
			return err
		}
		ok = true
		if tried.Step > 0 {
			return tx.Model(&User{}).Where("id = ?", u.ID).Update("totp_step", tried.Step).Error
		}
		if err := tellUser(tx, u, CodeUsed, ""); err != nil {
			return err
		}
		return tx.ActingAs(u.ID, "USER").Audit(u.ID, nil, false, db.Entry{
			Verb:     "user.recovery_code_used",
			ObjectID: u.ID,
			Details:  map[string]any{"left": tried.Left},
		})
	})
	return ok, err
}

// UsePasskey reports whether a passkey that has just signed is one of the user's; see
// holders.usePasskey.
func (s *People) UsePasskey(ctx context.Context, use PasskeyUse) (ok bool, err error) {
	err = s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) (err error) {
		ok, err = userFactors.usePasskey(tx, use)
		return err
	})
	return ok, err
}

// ResetFactor takes the second factors of a member of an account away, for who has lost all of
// them and the recovery codes. An administrator of the account does so, for somebody else whose
// accounts are all of its organisation: the second factor guards those of other companies too
// (STATE_CONFLICT). A break-glass administrator keeps it: SECOND_FACTOR_DEMANDED. Sessions end,
// and the person is told by mail. Without a second factor it changes nothing.
func (s *People) ResetFactor(ctx context.Context, membershipID string) error {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return err
	}
	if scope.Actor.Role != rules.CustomerAdmin {
		return rules.MayManageUsers(rules.CustomerReadOnly, rules.ActChangeRole)
	}

	return s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		var m Membership
		err := scope.Accounts(tx.DB, "account_id").
			First(&m, "id = ? AND state <> ?", membershipID, rules.MembershipRemoved).Error
		if err != nil {
			return db.Found(err)
		}
		acc, err := account.Lock(tx, m.AccountID)
		if err != nil {
			return err
		}
		var u User
		if err := tx.ForUpdate().First(&u, "id = ?", m.UserID).Error; err != nil {
			return err
		}
		has, err := HasSecondFactor(tx, u.ID)
		if err != nil || !has {
			return err
		}

		var elsewhere int64
		err = tx.Table("memberships AS m").
			Joins("JOIN accounts a ON a.id = m.account_id").
			Where("m.user_id = ? AND m.state <> ? AND a.parent_org_id <> ?",
				u.ID, rules.MembershipRemoved, acc.ParentOrgID).
			Count(&elsewhere).Error
		if err != nil {
			return err
		}
		if elsewhere > 0 || u.ID == scope.Actor.ID {
			return rules.Refuse(rules.StateConflict,
				"This second factor guards more than this company's accounts, or is your own.",
				"The person uses a recovery code, or removes it on their own page.")
		}
		if err := mayDoWithout(tx, u.ID); err != nil {
			return err
		}

		if err := forgetApp(tx, u.ID); err != nil {
			return err
		}
		if err := userFactors.forget(tx, u.ID); err != nil {
			return err
		}
		if err := tx.Delete(&Session{}, "user_id = ?", u.ID).Error; err != nil {
			return err
		}
		if err := tellUser(tx, u, FactorReset, ""); err != nil {
			return err
		}
		return account.Audit(tx, acc.ID, db.Entry{
			Verb:     "membership.factor_reset",
			ObjectID: m.ID,
		})
	})
}
