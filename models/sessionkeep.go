package models

import (
	"context"

	"gorm.io/gorm"
)

// KeepSession writes to a session that exists, and only then: a session that
// was ended while one of its requests was under way stays ended.
func (s *Store) KeepSession(ctx context.Context, row Session) error {
	row.SeenAt = realNow()
	return s.tx(WithSystem(ctx), func(tx *gorm.DB, _ Scope) error {
		return tx.Model(&Session{}).Where("token_hash = ?", row.TokenHash).
			Select("user_id", "label", "data", "seen_at", "expires_at").Updates(&row).Error
	})
}
