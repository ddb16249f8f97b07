package identity

import (
	"errors"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// IdentityOf finds who a subject of an issuer is, as a connection knows it; false for nobody.
func IdentityOf(tx *db.Tx, connectionID, issuer, subject string) (Identity, bool, error) {
	var known Identity
	err := tx.First(&known, "connection_id = ? AND issuer = ? AND subject = ?",
		connectionID, issuer, subject).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return known, false, nil
	}
	return known, err == nil, err
}

// IsBound reports whether a user comes by a connection as some subject already.
func IsBound(tx *db.Tx, connectionID, userID string) (bool, error) {
	var n int64
	err := tx.Model(&Identity{}).
		Where("connection_id = ? AND user_id = ?", connectionID, userID).Count(&n).Error
	return n > 0, err
}

// IsInside reports whether a user is in an account of an organisation, and was not removed there.
func IsInside(tx *db.Tx, userID, orgID string) (inside bool, err error) {
	err = tx.BeyondFence(func(tx *db.Tx) error {
		var n int64
		err := tx.Table("memberships AS m").
			Joins("JOIN accounts a ON a.id = m.account_id").
			Where("m.user_id = ? AND m.state <> ? AND a.parent_org_id = ?",
				userID, rules.MembershipRemoved, orgID).
			Count(&n).Error
		inside = n > 0
		return err
	})
	return inside, err
}

// Bind ties a user to a subject for good (S48). A subject of another user, and a user of another
// subject, meet a unique key.
func Bind(tx *db.Tx, i Identity) error {
	i.ID = db.NewID(db.PrefixIdentity)
	i.CreatedAt = tx.Now()
	i.LastSeenAt = db.RealNow()
	if err := tx.Create(&i).Error; err != nil {
		return err
	}
	return tx.ActingAs(i.UserID, "USER").Audit(i.UserID, nil, false, db.Entry{
		Verb:     "user.sso_bound",
		ObjectID: i.UserID,
		Details:  map[string]any{"connection": i.ConnectionID},
	})
}

// CameAgain notes that the user of an identity has signed in by it.
func CameAgain(tx *db.Tx, identityID string) error {
	return tx.Model(&Identity{}).Where("id = ?", identityID).
		Update("last_seen_at", db.RealNow()).Error
}

// EndSessionsBy ends the sessions that began by connections, and returns how many.
func EndSessionsBy(tx *db.Tx, connectionIDs ...string) (int64, error) {
	if len(connectionIDs) == 0 {
		return 0, nil
	}
	res := tx.Where("connection_id IN ?", connectionIDs).Delete(&Session{})
	return res.RowsAffected, res.Error
}
