package identity

import (
	"context"

	"roomcover.dev/roomcover/models/db"
)

// NewAppKey makes a key for an operator's app: as the app reads it, and sealed for UseApp. It
// opens nothing until then.
func (s *Operators) NewAppKey(operatorID string) (key, sealed string) {
	return operatorFactors.newKey(s.db.Secrets(), operatorID)
}

// OpenAppKey reads a key that NewAppKey has sealed for the operator.
func (s *Operators) OpenAppKey(operatorID, sealed string) (key string, ok bool) {
	return operatorFactors.openKey(s.db.Secrets(), operatorID, sealed)
}

// UseApp makes the app with that key the one of the operator, in place of the one of before,
// once a code shows that it has the key. ok is false for a wrong code.
func (s *Operators) UseApp(ctx context.Context, id, sealed, code string) (ok bool, err error) {
	key, opened := s.OpenAppKey(id, sealed)
	step, right := stepOf(key, code, 0, db.RealNow())
	if !opened || !right {
		return false, nil
	}
	err = s.changeOwn(ctx, id, func(tx *db.Tx, o Operator) (db.Entry, error) {
		err := tx.Model(&Operator{}).Where("id = ?", o.ID).
			Updates(map[string]any{"totp_secret": sealed, "totp_step": step}).Error
		return db.Entry{
			Verb:     "operator.app_set_up",
			ObjectID: o.ID,
			Details:  map[string]any{"instead_of_another": o.HasApp()},
		}, err
	})
	return err == nil, err
}
