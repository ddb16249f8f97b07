package models

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Session is a browser's session. Its times are real time; TokenHash is the
// hash of the cookie. UserID is empty before sign-in.
type Session struct {
	TokenHash string `gorm:"primaryKey"`
	UserID    *string
	Label     string // browser and system, for the list of sessions
	Data      []byte
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// PutSession stores a session under its token's hash.
func (s *Store) PutSession(ctx context.Context, row Session) error {
	row.SeenAt = realNow()
	row.CreatedAt = row.SeenAt
	return s.db.Write(WithSystem(ctx), func(tx *Tx) error {
		return tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "token_hash"}},
			DoUpdates: clause.AssignmentColumns([]string{
				"user_id", "label", "data", "seen_at", "expires_at",
			}),
		}).Create(&row).Error
	})
}

// FindSession reads a live session; false when there is none.
func (s *Store) FindSession(ctx context.Context, tokenHash string) (Session, bool, error) {
	var row Session
	err := s.db.Read(WithSystem(ctx), func(tx *Tx) error {
		return tx.First(&row, "token_hash = ? AND expires_at > ?", tokenHash, realNow()).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Session{}, false, nil
	}
	if err != nil {
		return Session{}, false, err
	}

	return row, true, nil
}

// DeleteSession ends a session.
func (s *Store) DeleteSession(ctx context.Context, tokenHash string) error {
	return s.db.Write(WithSystem(ctx), func(tx *Tx) error {
		return tx.Delete(&Session{}, "token_hash = ?", tokenHash).Error
	})
}

// SessionsOf lists a user's live sessions, the latest first.
func (s *Store) SessionsOf(ctx context.Context, userID string) ([]Session, error) {
	var out []Session
	err := s.db.Read(WithSystem(ctx), func(tx *Tx) error {
		return tx.Where("user_id = ? AND expires_at > ?", userID, realNow()).
			Order("seen_at DESC").
			Find(&out).Error
	})
	return out, err
}

// DeleteSessionsOf ends the user's sessions that match the hash prefix, or all
// but one when except is given.
func (s *Store) DeleteSessionsOf(ctx context.Context, userID, tokenHash, except string) error {
	return s.db.Write(WithSystem(ctx), func(tx *Tx) error {
		q := tx.Where("user_id = ?", userID)
		if tokenHash != "" {
			q = q.Where("token_hash = ?", tokenHash)
		}
		if except != "" {
			q = q.Where("token_hash <> ?", except)
		}
		return q.Delete(&Session{}).Error
	})
}

// PruneSessions deletes what has expired: sessions, challenges, throttles and
// idempotency keys older than their retention.
func (s *Store) PruneSessions(ctx context.Context) error {
	now := realNow()
	return s.db.Write(WithSystem(ctx), func(tx *Tx) error {
		return errors.Join(
			tx.Delete(&Session{}, "expires_at <= ?", now).Error,
			tx.Delete(&Challenge{}, "expires_at <= ?", now.Add(-24*time.Hour)).Error,
			tx.Delete(&throttle{}, "resets_at <= ?", now).Error,
			tx.Delete(&IdempotencyKey{}, "created_at <= ?", now.Add(-IdempotencyRetention)).Error,
		)
	})
}

// KeepSession writes to a session that exists, and only then: a session that
// was ended while one of its requests was under way stays ended.
func (s *Store) KeepSession(ctx context.Context, row Session) error {
	row.SeenAt = realNow()
	return s.db.Write(WithSystem(ctx), func(tx *Tx) error {
		return tx.Model(&Session{}).Where("token_hash = ?", row.TokenHash).
			Select("user_id", "label", "data", "seen_at", "expires_at").Updates(&row).Error
	})
}
