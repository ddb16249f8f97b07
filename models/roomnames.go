package models

import (
	"context"

	"gorm.io/gorm"
)

// RoomNames gives the names of those of the rooms that are in scope, archived ones
// too, by id.
func (s *Store) RoomNames(ctx context.Context, ids []string) (map[string]string, error) {
	out := map[string]string{}
	if len(ids) == 0 {
		return out, nil
	}
	var rooms []Room
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return scope.accounts(tx, "account_id").Select("id", "name").Where("id IN ?", ids).Find(&rooms).Error
	})
	for _, r := range rooms {
		out[r.ID] = r.Name
	}
	return out, err
}
