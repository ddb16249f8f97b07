package identity

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// An operator without an issuer signs in by password and a code of an app (TOTP, RFC 6238), a
// passkey, or one of the recovery codes. All are set up by a link that the command line shows
// once.

// recoveryCode opens the console once in place of the app's code.
type recoveryCode struct {
	OperatorID string `gorm:"primaryKey"`
	CodeHash   string `gorm:"primaryKey"`
	UsedAt     *time.Time
}

// TableName is the table of recovery codes.
func (recoveryCode) TableName() string { return "operator_recovery_codes" }

const setupValid = 24 * time.Hour

// NewOperator is who is added by the command line.
type NewOperator struct {
	Email, Name string
	Role        rules.Role
	Reason      string
}

// AddOperator adds who signs in by password, and returns the secret of the link by which the
// person sets it up within a day. An address that is taken answers STATE_CONFLICT.
func (s *Operators) AddOperator(ctx context.Context, n NewOperator) (Operator, string, error) {
	email := rules.NormaliseEmail(n.Email)
	var k rules.Checker
	k.Email("/email", email)
	k.Text("/name", n.Name, 100)
	if err := rules.Invalid(k.Fields); err != nil {
		return Operator{}, "", err
	}
	if !n.Role.IsOperator() {
		return Operator{}, "", rules.Refuse(rules.Forbidden, "No operator has this role.",
			"Choose agent, lead, CSM or manager.")
	}

	o := Operator{
		ID:        db.NewID(db.PrefixOperator),
		Source:    ByPassword,
		Email:     email,
		Name:      strings.TrimSpace(n.Name),
		Role:      n.Role,
		CreatedAt: db.RealNow(),
	}
	secret := s.newFactor(&o)

	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := mayManageOperators(tx.Scope, n.Reason); err != nil {
			return err
		}

		var taken int64
		err := tx.Model(&Operator{}).
			Where("source = ? AND email = ?", ByPassword, email).Count(&taken).Error
		if err != nil {
			return err
		}
		if taken > 0 {
			return addressTaken()
		}

		if err := tx.Create(&o).Error; err != nil {
			return err
		}
		return tx.Audit(o.ID, nil, true, db.Entry{
			Verb:     "operator.added",
			ObjectID: o.ID,
			Details:  db.WithReason(n.Reason, map[string]any{"role": o.Role}),
		})
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) { // added twice at once
		err = addressTaken()
	}
	return o, secret, err
}

func addressTaken() error {
	return rules.Refuse(rules.StateConflict, "There is an operator with this address.",
		"roomcover operator list shows them; reset-factor gives a new link.")
}

// newFactor takes password and second factor away, and opens a link to set up new ones.
func (s *Operators) newFactor(o *Operator) (secret string) {
	link := make([]byte, 32)
	_, _ = rand.Read(link)
	secret = base64.RawURLEncoding.EncodeToString(link)

	until := db.RealNow().Add(setupValid)
	o.PasswordHash = ""
	_, o.TOTPSecret = operatorFactors.newKey(s.db.Secrets(), o.ID)
	o.TOTPStep = 0
	o.SetupHash = db.HashSecret(secret)
	o.SetupUntil = &until
	return secret
}

// ResetFactor takes an operator's password, second factors, recovery codes and sessions away,
// and returns the secret of a new link to set up with.
func (s *Operators) ResetFactor(
	ctx context.Context, id, reason string,
) (Operator, string, error) {
	var secret string
	o, err := s.change(ctx, id, "operator.factor_reset", reason,
		func(tx *db.Tx, o *Operator) (bool, error) {
			if o.Source != ByPassword {
				return false, rules.Refuse(rules.StateConflict,
					"This operator signs in at the issuer.", "Reset the second factor there.")
			}
			secret = s.newFactor(o)
			if err := operatorFactors.forget(tx, o.ID); err != nil {
				return false, err
			}
			return true, endOperatorSessions(tx, o.ID)
		})
	return o, secret, err
}

// OperatorToSetUp finds whose link a secret is of, and the key for the person's app. A link
// that was used, is over, or never was answers NOT_FOUND.
func (s *Operators) OperatorToSetUp(ctx context.Context, secret string) (Operator, string, error) {
	o, err := s.first(ctx, "setup_hash = ? AND setup_until > ? AND disabled_at IS NULL",
		db.HashSecret(secret), db.RealNow())
	if err != nil {
		return o, "", err
	}
	key, ok := operatorFactors.openKey(s.db.Secrets(), o.ID, o.TOTPSecret)
	if !ok {
		return o, "", db.NotFound()
	}
	return o, key, nil
}

// OpenSetUp is OperatorToSetUp with a fresh key, by which the one of before is none: whoever
// looked at the link earlier has no key that holds.
func (s *Operators) OpenSetUp(ctx context.Context, secret string) (Operator, string, error) {
	var o Operator
	var key string
	err := s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		o = Operator{}
		err := db.Found(tx.ForUpdate().First(&o,
			"setup_hash = ? AND setup_until > ? AND disabled_at IS NULL",
			db.HashSecret(secret), db.RealNow()).Error)
		if err != nil {
			return err
		}
		key, o.TOTPSecret = operatorFactors.newKey(s.db.Secrets(), o.ID)
		return tx.Model(&Operator{}).Where("id = ?", o.ID).
			Update("totp_secret", o.TOTPSecret).Error
	})
	return o, key, err
}

// FinishSetUp stores the password of whose link it is, once the app has shown that it has the
// key, and returns the recovery codes, which are shown only here. ok is false for a wrong code.
func (s *Operators) FinishSetUp(
	ctx context.Context, secret, passwordHash, code string,
) (codes []string, ok bool, err error) {
	found, key, err := s.OperatorToSetUp(ctx, secret)
	if err != nil {
		return nil, false, err
	}
	step, ok := stepOf(key, code, 0, db.RealNow())
	if !ok {
		return nil, false, nil
	}

	codes, err = s.finishSetUp(ctx, found, secret, map[string]any{
		"password_hash": passwordHash,
		"totp_step":     step,
	}, nil)
	return codes, err == nil, err
}

// FinishSetUpByPasskey stores the password of whose link it is, and the passkey that their
// browser has made in place of the app, whose key is none from here on; it returns the recovery
// codes, which are shown only here.
func (s *Operators) FinishSetUpByPasskey(
	ctx context.Context, secret, passwordHash string, key Passkey,
) (codes []string, err error) {
	found, _, err := s.OperatorToSetUp(ctx, secret)
	if err != nil {
		return nil, err
	}
	if key, err = newPasskey(key); err != nil {
		return nil, err
	}

	codes, err = s.finishSetUp(ctx, found, secret, map[string]any{
		"password_hash": passwordHash,
		"totp_secret":   "",
	}, &key)
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		err = passkeyKnown()
	}
	return codes, err
}

// finishSetUp stores what was set up by a link, unless it was used or opened anew meanwhile.
func (s *Operators) finishSetUp(
	ctx context.Context, found Operator, secret string, what map[string]any, key *Passkey,
) (codes []string, err error) {
	what["setup_hash"] = ""
	what["setup_until"] = nil
	err = s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		res := tx.Model(&Operator{}).
			Where("id = ? AND setup_hash = ? AND totp_secret = ?",
				found.ID, db.HashSecret(secret), found.TOTPSecret).
			Updates(what)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 {
			return db.NotFound()
		}

		as := tx.ActingAs(found.ID, found.Role)
		if key != nil {
			if err := operatorFactors.storePasskey(tx, found.ID, *key); err != nil {
				return err
			}
			entry := operatorFactors.passkeyEntry("passkey_added", found.ID, *key)
			if err := as.Audit(found.ID, nil, false, entry); err != nil {
				return err
			}
		}
		if codes, err = operatorFactors.makeCodes(tx, found.ID); err != nil {
			return err
		}
		return as.Audit(found.ID, nil, false,
			db.Entry{Verb: "operator.set_up", ObjectID: found.ID, Details: nil})
	})
	return codes, err
}

// NewRecoveryCodes gives an operator new recovery codes, which are shown only here; those of
// before open nothing any more.
func (s *Operators) NewRecoveryCodes(ctx context.Context, id string) (codes []string, err error) {
	err = s.changeOwn(ctx, id, func(tx *db.Tx, o Operator) (db.Entry, error) {
		codes, err = operatorFactors.makeCodes(tx, o.ID)
		return db.Entry{Verb: "operator.recovery_codes_made", ObjectID: o.ID}, err
	})
	return codes, err
}

// UseCode reports whether a code of the app, or a recovery code, is the operator's, and uses it
// up: neither opens twice; see holders.tryCode.
func (s *Operators) UseCode(ctx context.Context, id, code string) (ok bool, err error) {
	err = s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		ok = false
		var o Operator
		if err := db.Found(tx.ForUpdate().First(&o, "id = ?", id).Error); err != nil {
			return err
		}

		tried, err := operatorFactors.tryCode(tx, o.ID, o.TOTPSecret, o.TOTPStep, code)
		if err != nil || !tried.Right {
			return err
		}
		ok = true
		if tried.Step > 0 {
			return tx.Model(&Operator{}).Where("id = ?", id).Update("totp_step", tried.Step).Error
		}
		return tx.ActingAs(o.ID, o.Role).Audit(o.ID, nil, false, db.Entry{
			Verb:     "operator.recovery_code_used",
			ObjectID: o.ID,
			Details:  map[string]any{"left": tried.Left},
		})
	})
	return ok, err
}
