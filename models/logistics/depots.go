package logistics

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
)

// Depot is a place of the operator's from which units are sent, and to which they
// come back.
type Depot struct {
	ID         string
	Code       string // the operator's own name for it, upper case; unique
	Name       string
	Street     string
	City       string
	Region     string
	PostalCode string
	Country    string // ISO 3166
	TimeZone   string // IANA name
	CreatedAt  time.Time
}

// PutDepot adds a depot, or changes the one of the same code. Only the service and its
// operators may; anyone else gets NOT_FOUND.
func (s *Logistics) PutDepot(ctx context.Context, f shipping.DepotForm) (Depot, error) {
	return s.putDepot(ctx, f, false)
}

// AddDepot adds a depot. VALIDATION_FAILED refuses a code that another one has, which stays as
// it is; other refusals are those of PutDepot.
func (s *Logistics) AddDepot(ctx context.Context, f shipping.DepotForm) (Depot, error) {
	return s.putDepot(ctx, f, true)
}

// CheckNewDepot refuses what AddDepot would, and adds nothing.
func (s *Logistics) CheckNewDepot(ctx context.Context, f shipping.DepotForm) error {
	f = f.Normalise()
	if err := f.Validate(); err != nil {
		return err
	}
	return s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		var others int64
		err := tx.Model(&Depot{}).Where("code = ?", f.Code).Count(&others).Error
		if err == nil && others > 0 {
			err = codeTaken()
		}
		return err
	})
}

// codeTaken refuses the code of another depot.
func codeTaken() error {
	return rules.Invalid([]rules.FieldError{{
		Pointer: "/code",
		Code:    rules.Duplicate,
		Message: "Another depot has this code.",
		Remedy:  "Give another one, or change that depot.",
	}})
}

func (s *Logistics) putDepot(
	ctx context.Context, f shipping.DepotForm, fresh bool,
) (Depot, error) {
	f = f.Normalise()
	if err := f.Validate(); err != nil {
		return Depot{}, err
	}

	d := Depot{
		ID:         db.NewID(db.PrefixDepot),
		Code:       f.Code,
		Name:       f.Name,
		Street:     f.Street,
		City:       f.City,
		Region:     f.Region,
		PostalCode: f.PostalCode,
		Country:    f.Country,
		TimeZone:   f.TimeZone,
		CreatedAt:  s.db.Now(),
	}

	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		var old Depot
		err := tx.ForUpdate().First(&old, "code = ?", d.Code).Error
		switch {
		case errors.Is(err, gorm.ErrRecordNotFound):
			err = tx.Create(&d).Error
			if fresh && errors.Is(err, gorm.ErrDuplicatedKey) { // another was added meanwhile
				err = codeTaken()
			}
		case err == nil && fresh:
			return codeTaken()
		case err == nil:
			d.ID, d.CreatedAt = old.ID, old.CreatedAt
			if d == old {
				return nil
			}
			err = tx.Model(&Depot{}).
				Where("id = ?", d.ID).
				Select("name", "street", "city", "region", "postal_code", "country", "time_zone").
				Updates(&d).Error
		}
		if err != nil {
			return err
		}

		changed := db.Entry{
			Verb:     "depot.changed",
			ObjectID: d.ID,
			Details: map[string]any{
				"code":      d.Code,
				"country":   d.Country,
				"time_zone": d.TimeZone,
			},
		}
		return tx.Audit(d.ID, nil, false, changed)
	})

	return d, err
}

// GetDepot returns one depot to the service and its operators; NOT_FOUND to anyone else.
func (s *Logistics) GetDepot(ctx context.Context, id string) (Depot, error) {
	var d Depot
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return db.Found(tx.First(&d, "id = ?", id).Error)
	})
	return d, err
}

// ListDepots returns every depot by its code, to the service and its operators.
func (s *Logistics) ListDepots(ctx context.Context) ([]Depot, error) {
	var out []Depot
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.Order("code").Find(&out).Error
	})
	return out, err
}

// NearestDepot returns the depot that serves a site in a country where no stock figures
// decide: depots in that country come first, then they follow by their codes, as they do
// when stock is reserved. It returns an empty id where there is no depot at all.
func NearestDepot(tx *db.Tx, country string) (id string, err error) {
	var ids []string
	err = tx.Raw(`
		SELECT id FROM depots
		ORDER BY CASE WHEN country = ? THEN 0 ELSE 1 END, code
		LIMIT 1`, country).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return "", err
	}

	return ids[0], nil
}
