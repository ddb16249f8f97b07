package identity

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
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
	// ConnectionID is the organisation's own sign-in by which it began; nil: by none.
	ConnectionID *string
	// SecondFactor is whether the sign-in passed one; see holdsStill. It is not stored.
	SecondFactor bool `gorm:"-"`
}

// PutSession stores a session under its token's hash. One that would not begin now is not stored,
// and its person is signed out: the organisation's own sign-in by which it began was switched off
// since, or a second factor was set up that it has not passed.
func (s *People) PutSession(ctx context.Context, row Session) error {
	row.SeenAt = db.RealNow()
	row.CreatedAt = row.SeenAt
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		holds, err := holdsStill(tx, row)
		if err != nil || !holds {
			return err
		}
		return tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "token_hash"}},
			DoUpdates: clause.AssignmentColumns([]string{
				"user_id", "label", "data", "seen_at", "expires_at", "connection_id",
			}),
		}).Create(&row).Error
	})
}

// FindSession reads a live session; false when there is none.
func (s *People) FindSession(ctx context.Context, tokenHash string) (Session, bool, error) {
	var row Session
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.First(&row, "token_hash = ? AND expires_at > ?", tokenHash, db.RealNow()).Error
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
func (s *People) DeleteSession(ctx context.Context, tokenHash string) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Delete(&Session{}, "token_hash = ?", tokenHash).Error
	})
}

// EndSessionSoon ends a session a while from now; one that ends earlier stays so.
func (s *People) EndSessionSoon(ctx context.Context, tokenHash string, in time.Duration) error {
	at := db.RealNow().Add(in)
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Model(&Session{}).
			Where("token_hash = ? AND expires_at > ?", tokenHash, at).
			Update("expires_at", at).Error
	})
}

// SessionsOf lists a user's live sessions, the latest first.
func (s *People) SessionsOf(ctx context.Context, userID string) ([]Session, error) {
	var out []Session
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Where("user_id = ? AND expires_at > ?", userID, db.RealNow()).
			Order("seen_at DESC").
			Find(&out).Error
	})
	return out, err
}

// DeleteSessionsOf ends the user's sessions that match the hash prefix, or all
// but one when except is given.
func (s *People) DeleteSessionsOf(ctx context.Context, userID, tokenHash, except string) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
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
func (s *People) PruneSessions(ctx context.Context) error {
	ctx = db.WithSystem(ctx)
	now := db.RealNow()
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		return errors.Join(
			tx.Delete(&Session{}, "expires_at <= ?", now).Error,
			tx.Delete(&operatorSession{}, "expires_at <= ?", now).Error,
			tx.Delete(&AccountLook{}, "expires_at <= ?", now).Error,
			tx.Delete(&passkeyAnswer{}, "expires_at <= ?", now).Error,
			tx.Delete(&Challenge{}, "expires_at <= ?", now.Add(-24*time.Hour)).Error,
			tx.Delete(&throttle{}, "resets_at <= ?", now).Error,
			tx.Delete(&signInPlace{}, "last_seen_at <= ?", now.Add(-placeKept)).Error,
		)
	})

	_, keys := s.db.PruneInBatches(ctx, func(tx *db.Tx, limit int) (int64, error) {
		return db.PruneKeys(tx, now, limit)
	})
	return errors.Join(err, keys)
}

// KeepSession writes to a session that exists, and only then: a session that
// was ended while one of its requests was under way stays ended.
func (s *People) KeepSession(ctx context.Context, row Session) error {
	row.SeenAt = db.RealNow()
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Model(&Session{}).Where("token_hash = ?", row.TokenHash).
			Select("user_id", "label", "data", "seen_at", "expires_at", "connection_id").
			Updates(&row).Error
	})
}
