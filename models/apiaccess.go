package models

import (
	"context"

	"gorm.io/gorm"
)

// GetToken reads one API token by its id.
func (s *Store) GetToken(ctx context.Context, id string) (APIToken, error) {
	var t APIToken
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if !scope.System {
			return errNotFound()
		}
		return found(tx.First(&t, "id = ?", id).Error)
	})
	return t, err
}

// GetNotification reads one mail with its delivery state.
func (s *Store) GetNotification(ctx context.Context, id string) (Notification, error) {
	var n Notification
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return found(scope.accounts(tx, "account_id").First(&n, "id = ?", id).Error)
	})
	return n, err
}

// GetMembership reads one membership.
func (s *Store) GetMembership(ctx context.Context, id string) (Membership, error) {
	var m Membership
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return found(scope.accounts(tx, "account_id").First(&m, "id = ?", id).Error)
	})
	return m, err
}
