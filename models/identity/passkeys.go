package identity

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// Passkey is a second factor of an operator: a key that a device or a password manager holds,
// and of which only what is public is known here. Its times are real time.
type Passkey struct {
	ID           string
	OperatorID   string
	CredentialID string // by which the browser finds it; base64url
	PublicKey    []byte // COSE
	Counter      uint32 // of the last use; stays 0 where the device does not count
	// BackupEligible is whether the key can be on several devices; it never changes.
	BackupEligible bool
	Transports     string // how the browser reaches it, by comma
	Name           string
	CreatedAt      time.Time
	UsedAt         *time.Time
}

// TableName is the table of passkeys.
func (Passkey) TableName() string { return "operator_passkeys" }

const (
	maxPasskeys    = 20
	maxPasskeyName = 60
)

// HasApp reports whether an app for codes is one of the operator's second factors.
func (o Operator) HasApp() bool { return o.SetUp() && o.TOTPSecret != "" }

// SecondFactors are what an operator can show beside the password.
type SecondFactors struct {
	App       bool
	Passkeys  []Passkey // oldest first
	CodesLeft int64     // recovery codes that were not used
}

// SecondFactorsOf reads what an operator can show beside the password.
func (s *Operators) SecondFactorsOf(ctx context.Context, id string) (SecondFactors, error) {
	var f SecondFactors
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		f = SecondFactors{}
		var o Operator
		if err := db.Found(tx.First(&o, "id = ?", id).Error); err != nil {
			return err
		}
		f.App = o.HasApp()
		err := tx.Model(&recoveryCode{}).
			Where("operator_id = ? AND used_at IS NULL", id).Count(&f.CodesLeft).Error
		if err != nil {
			return err
		}
		f.Passkeys, err = passkeysOf(tx, id)
		return err
	})
	return f, err
}

// PasskeysOf lists an operator's passkeys, oldest first.
func (s *Operators) PasskeysOf(ctx context.Context, id string) ([]Passkey, error) {
	var keys []Passkey
	err := s.db.Single(db.WithSystem(ctx), func(tx *db.Tx) (err error) {
		keys, err = passkeysOf(tx, id)
		return err
	})
	return keys, err
}

func passkeysOf(tx *db.Tx, operatorID string) ([]Passkey, error) {
	var keys []Passkey
	err := tx.Where("operator_id = ?", operatorID).Order("created_at, id").Find(&keys).Error
	return keys, err
}

// changeOwn locks an operator, who changes a second factor of their own, and records what fn
// says of it. Those of somebody else are FORBIDDEN; who signs in at the issuer has none here.
func (s *Operators) changeOwn(
	ctx context.Context, id string, fn func(*db.Tx, Operator) (db.Entry, error),
) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if tx.Scope.Actor.ID != id {
			return rules.Refuse(rules.Forbidden, "This second factor is somebody else's.",
				"Only they change it; roomcover operator reset-factor takes all of them away.")
		}

		var o Operator
		if err := db.Found(tx.ForUpdate().First(&o, "id = ?", id).Error); err != nil {
			return err
		}
		if o.Source != ByPassword || !o.SetUp() || !o.Works() {
			return rules.Refuse(rules.StateConflict,
				"This operator has no second factor here.", "Change it at the issuer.")
		}

		entry, err := fn(tx, o)
		if err != nil || entry.Verb == "" {
			return err
		}
		return tx.Audit(o.ID, nil, false, entry)
	})
}

// AddPasskey adds a passkey that a browser has made for the operator. One that is known already
// answers STATE_CONFLICT.
func (s *Operators) AddPasskey(ctx context.Context, key Passkey) (Passkey, error) {
	key.ID = db.NewID(db.PrefixPasskey)
	key.CreatedAt = db.RealNow()
	var err error
	if key.Name, err = passkeyName(key.Name); err != nil {
		return Passkey{}, err
	}

	err = s.changeOwn(ctx, key.OperatorID, func(tx *db.Tx, o Operator) (db.Entry, error) {
		var has int64
		err := tx.Model(&Passkey{}).Where("operator_id = ?", o.ID).Count(&has).Error
		if err != nil {
			return db.Entry{}, err
		}
		if has >= maxPasskeys {
			return db.Entry{}, rules.Refuse(rules.StateConflict,
				"An operator has 20 passkeys at most.", "Remove one that is not in use.")
		}
		return passkeyEntry("operator.passkey_added", key), tx.Create(&key).Error
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		err = passkeyKnown()
	}
	return key, err
}

func passkeyKnown() error {
	return rules.Refuse(rules.StateConflict, "This passkey is known already.",
		"Use it, or make another one.")
}

func passkeyName(name string) (string, error) {
	name = strings.TrimSpace(name)
	var k rules.Checker
	k.Text("/name", name, maxPasskeyName)
	return name, rules.Invalid(k.Fields)
}

func passkeyEntry(verb string, key Passkey) db.Entry {
	return db.Entry{
		Verb:     verb,
		ObjectID: key.OperatorID,
		Details:  map[string]any{"passkey": key.ID},
	}
}

// RenamePasskey gives one of the operator's passkeys another name.
func (s *Operators) RenamePasskey(ctx context.Context, operatorID, id, name string) error {
	name, err := passkeyName(name)
	if err != nil {
		return err
	}
	return s.changeOwn(ctx, operatorID, func(tx *db.Tx, o Operator) (db.Entry, error) {
		key, err := passkeyOf(tx, o, id)
		if err != nil || key.Name == name {
			return db.Entry{}, err
		}
		err = tx.Model(&Passkey{}).Where("id = ?", key.ID).Update("name", name).Error
		return passkeyEntry("operator.passkey_renamed", key), err
	})
}

func passkeyOf(tx *db.Tx, o Operator, id string) (Passkey, error) {
	var key Passkey
	err := db.Found(tx.First(&key, "id = ? AND operator_id = ?", id, o.ID).Error)
	return key, err
}

// RemovePasskey takes one of the operator's passkeys away. The last second factor stays:
// STATE_CONFLICT.
func (s *Operators) RemovePasskey(ctx context.Context, operatorID, id string) error {
	return s.changeOwn(ctx, operatorID, func(tx *db.Tx, o Operator) (db.Entry, error) {
		key, err := passkeyOf(tx, o, id)
		if err != nil {
			return db.Entry{}, err
		}

		var others int64
		err = tx.Model(&Passkey{}).
			Where("operator_id = ? AND id <> ?", o.ID, key.ID).Count(&others).Error
		if err != nil {
			return db.Entry{}, err
		}
		if others == 0 && !o.HasApp() {
			return db.Entry{}, rules.Refuse(rules.StateConflict,
				"The last second factor stays.", "Add another passkey first.")
		}
		err = tx.Delete(&Passkey{}, "id = ?", key.ID).Error
		return passkeyEntry("operator.passkey_removed", key), err
	})
}

// PasskeyUse is a signature of a passkey that holds.
type PasskeyUse struct {
	OperatorID   string
	CredentialID string
	Challenge    string // what was signed
	Counter      uint32
}

// passkeyAnswer says that a challenge was answered. A browser's session can be there twice for
// a while, so that the session alone cannot say it.
type passkeyAnswer struct {
	ChallengeHash string
	ExpiresAt     time.Time
}

// TableName is the table of challenges that were answered.
func (passkeyAnswer) TableName() string { return "operator_passkey_answers" }

// passkeyAnswerKept is longer than any session keeps a challenge that was answered.
const passkeyAnswerKept = 24 * time.Hour

// UsePasskey reports whether a passkey that has just signed is one of the operator's, and
// keeps its counter. One whose counter did not go on is refused: there is a copy of the key.
// So is the second answer to a challenge.
func (s *Operators) UsePasskey(ctx context.Context, use PasskeyUse) (ok bool, err error) {
	operatorID := use.OperatorID
	err = s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		ok = false
		var key Passkey
		err := tx.ForUpdate().First(&key,
			"operator_id = ? AND credential_id = ?", operatorID, use.CredentialID).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil
		}
		if err != nil {
			return err
		}

		answered := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&passkeyAnswer{
			ChallengeHash: db.HashSecret(use.Challenge),
			ExpiresAt:     db.RealNow().Add(passkeyAnswerKept),
		})
		if answered.Error != nil || answered.RowsAffected == 0 {
			return answered.Error
		}

		counter := use.Counter
		if counter <= key.Counter && (counter > 0 || key.Counter > 0) {
			entry := passkeyEntry("operator.passkey_refused", key)
			entry.Details["counter"] = counter
			entry.Details["counter_before"] = key.Counter
			return tx.ActingAs(operatorID, "").Audit(operatorID, nil, false, entry)
		}

		ok = true
		return tx.Model(&Passkey{}).Where("id = ?", key.ID).
			Updates(map[string]any{"counter": counter, "used_at": db.RealNow()}).Error
	})
	return ok, err
}
