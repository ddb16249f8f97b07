package identity

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// User is a person who can sign in. PasswordHash is empty for SSO only.
type User struct {
	ID           string
	Email        string // normalised, unique
	Name         string
	PasswordHash string // argon2id, encoded
	Locale       string
	TimeZone     *string // that the person chose to be shown times in; nil: the account's
	TOTPSecret   string  `gorm:"column:totp_secret"` // encrypted; empty: no app
	TOTPStep     int64   `gorm:"column:totp_step"`   // the last one that was used
	CreatedAt    time.Time
}

// Identity ties a user to a subject of an issuer, as one connection of an organisation knows it
// (S48): the same subject at another connection is another person.
type Identity struct {
	ID           string
	UserID       string
	ConnectionID string
	Issuer       string
	Subject      string
	CreatedAt    time.Time
	LastSeenAt   time.Time // real time
}

// UserByEmail finds a user, NOT_FOUND for none.
func (s *People) UserByEmail(ctx context.Context, email string) (User, error) {
	var u User
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return db.Found(tx.First(&u, "email = ?", rules.NormaliseEmail(email)).Error)
	})
	return u, err
}

// GetUser reads a user by id.
func (s *People) GetUser(ctx context.Context, id string) (User, error) {
	var u User
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return db.Found(tx.First(&u, "id = ?", id).Error)
	})
	return u, err
}

// SetPassword stores a new password hash, and ends every session of the user
// and every reset link that is still open.
func (s *People) SetPassword(ctx context.Context, userID, passwordHash string) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return setPassword(tx, userID, passwordHash)
	})
}

// setPassword is SetPassword in the caller's transaction, in the user's own name.
func setPassword(tx *db.Tx, userID, passwordHash string) error {
	err := tx.Model(&User{}).Where("id = ?", userID).Update("password_hash", passwordHash).Error
	if err != nil {
		return err
	}

	if err := tx.Where("user_id = ?", userID).Delete(&Session{}).Error; err != nil {
		return err
	}

	var u User
	if err := tx.First(&u, "id = ?", userID).Error; err != nil {
		return db.Found(err)
	}
	if err := tellUser(tx, u, "PASSWORD_CHANGED", ""); err != nil {
		return err
	}

	err = tx.Model(&Challenge{}).
		Where("subject_id = ? AND purpose = ? AND consumed_at IS NULL",
			userID, ChallengePasswordReset).
		Update("consumed_at", db.RealNow()).Error
	if err != nil {
		return err
	}

	return tx.ActingAs(userID, "USER").Audit(userID, nil, false,
		db.Entry{Verb: "user.password_changed", ObjectID: userID, Details: nil})
}

// Entities lists the entities of people: one for each table.
func Entities() []any {
	return []any{
		User{},
		Identity{},
		Membership{},
		Invitation{},
		ContactQuestion{},
		accountDomain{},
		Session{},
		Challenge{},
		throttle{},
		signInPlace{},
		APIToken{},
		Partner{},
		Delegation{},
		Operator{},
		operatorSession{},
		recoveryCode{},
		operatorPasskey{},
		userPasskey{},
		userRecoveryCode{},
		passkeyAnswer{},
		OperatorView{},
		OperatorPresence{},
		AccountLook{},
	}
}
