package models

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// PutDepot adds a depot, or changes the one of the same code.
func (s *Store) PutDepot(ctx context.Context, f rules.DepotForm) (Depot, error) {
	f = f.Normalise()
	if err := f.Validate(); err != nil {
		return Depot{}, err
	}
	d := Depot{ID: NewID(prefixDepot), Code: f.Code, Name: f.Name, Street: f.Street, City: f.City, Region: f.Region, PostalCode: f.PostalCode, Country: f.Country, TimeZone: f.TimeZone, CreatedAt: s.clock.Now()}
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		var old Depot
		err := s.forUpdate(tx).First(&old, "code = ?", d.Code).Error
		switch {
		case errors.Is(err, gorm.ErrRecordNotFound):
			err = tx.Create(&d).Error
		case err == nil:
			d.ID, d.CreatedAt = old.ID, old.CreatedAt
			err = tx.Model(&Depot{}).Where("id = ?", d.ID).Select("name", "street", "city", "region", "postal_code", "country", "time_zone").Updates(&d).Error
		}
		if err != nil {
			return err
		}
		return s.appendAudit(tx, scope, d.ID, nil, false, entry{"depot.changed", d.ID, map[string]any{"code": d.Code, "country": d.Country, "time_zone": d.TimeZone}})
	})
	return d, err
}

// GetDepot reads one depot, for the service and operators.
func (s *Store) GetDepot(ctx context.Context, id string) (Depot, error) {
	var d Depot
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		return found(tx.First(&d, "id = ?", id).Error)
	})
	return d, err
}

// ListDepots lists every depot by its code.
func (s *Store) ListDepots(ctx context.Context) ([]Depot, error) {
	var out []Depot
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		return tx.Order("code").Find(&out).Error
	})
	return out, err
}
