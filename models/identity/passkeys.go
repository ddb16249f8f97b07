package identity

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// operatorPasskey is a passkey of an operator.
type operatorPasskey struct {
	OperatorID string
	Passkey
}

// TableName is the table of operators' passkeys.
func (operatorPasskey) TableName() string { return "operator_passkeys" }

// HasApp reports whether an app for codes is one of the operator's second factors.
func (o Operator) HasApp() bool { return o.SetUp() && o.TOTPSecret != "" }

// SecondFactorsOf reads what an operator can show beside the password.
func (s *Operators) SecondFactorsOf(ctx context.Context, id string) (SecondFactors, error) {
	var f SecondFactors
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		f = SecondFactors{}
		var o Operator
		if err := db.Found(tx.First(&o, "id = ?", id).Error); err != nil {
			return err
		}
		var err error
		f, err = operatorFactors.factorsOf(tx, id, o.HasApp())
		return err
	})
	return f, err
}

// PasskeysOf lists an operator's passkeys, oldest first.
func (s *Operators) PasskeysOf(ctx context.Context, id string) ([]Passkey, error) {
	var keys []Passkey
	err := s.db.Single(db.WithSystem(ctx), func(tx *db.Tx) (err error) {
		keys, err = operatorFactors.passkeysOf(tx, id)
		return err
	})
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
func (s *Operators) AddPasskey(
	ctx context.Context, operatorID string, key Passkey,
) (Passkey, error) {
	key, err := newPasskey(key)
	if err != nil {
		return Passkey{}, err
	}
	err = s.changeOwn(ctx, operatorID, func(tx *db.Tx, o Operator) (db.Entry, error) {
		return operatorFactors.passkeyEntry("passkey_added", o.ID, key),
			operatorFactors.storePasskey(tx, o.ID, key)
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		err = passkeyKnown()
	}
	return key, err
}

// RenamePasskey gives one of the operator's passkeys another name.
func (s *Operators) RenamePasskey(ctx context.Context, operatorID, id, name string) error {
	name, err := passkeyName(name)
	if err != nil {
		return err
	}
	return s.changeOwn(ctx, operatorID, func(tx *db.Tx, o Operator) (db.Entry, error) {
		key, err := operatorFactors.passkey(tx, o.ID, id)
		if err != nil || key.Name == name {
			return db.Entry{}, err
		}
		err = tx.Model(&operatorPasskey{}).Where("id = ?", key.ID).Update("name", name).Error
		return operatorFactors.passkeyEntry("passkey_renamed", o.ID, key), err
	})
}

// RemovePasskey takes one of the operator's passkeys away. The last second factor stays:
// STATE_CONFLICT.
func (s *Operators) RemovePasskey(ctx context.Context, operatorID, id string) error {
	return s.changeOwn(ctx, operatorID, func(tx *db.Tx, o Operator) (db.Entry, error) {
		key, err := operatorFactors.passkey(tx, o.ID, id)
		if err != nil {
			return db.Entry{}, err
		}

		var others int64
		err = tx.Model(&operatorPasskey{}).
			Where("operator_id = ? AND id <> ?", o.ID, key.ID).Count(&others).Error
		if err != nil {
			return db.Entry{}, err
		}
		if others == 0 && !o.HasApp() {
			return db.Entry{}, rules.Refuse(rules.StateConflict,
				"The last second factor stays.", "Add another passkey first.")
		}
		err = tx.Delete(&operatorPasskey{}, "id = ?", key.ID).Error
		return operatorFactors.passkeyEntry("passkey_removed", o.ID, key), err
	})
}

// UsePasskey reports whether a passkey that has just signed is one of the operator's; see
// holders.usePasskey.
func (s *Operators) UsePasskey(ctx context.Context, use PasskeyUse) (ok bool, err error) {
	err = s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) (err error) {
		ok, err = operatorFactors.usePasskey(tx, use)
		return err
	})
	return ok, err
}
