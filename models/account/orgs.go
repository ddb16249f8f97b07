package account

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
)

// Org is a company that sells, distributes, owns, serves or operates.
type Org struct {
	ID              string
	Kind            OrgKind
	Name            string
	NameKey         string // rules.CompanyKey of Name
	AuthorisedFrom  string // YYYY-MM-DD; empty: never authorised
	AuthorisedUntil string // exclusive; empty: no end
	Suspended       bool
	MergedInto      *string // a customer's parent that was merged into another (S27)
	CreatedAt       time.Time
}

// OrgKind says what an Org is to the service.
type OrgKind string

// The kinds of Org.
const (
	OrgOperator       OrgKind = "OPERATOR"
	OrgCustomerParent OrgKind = "CUSTOMER_PARENT"
	OrgDistributor    OrgKind = "DISTRIBUTOR"
	OrgReseller       OrgKind = "RESELLER"
	OrgPartner        OrgKind = "PARTNER"
)

// OperatorOrgID is the organisation that runs the service.
const OperatorOrgID = "org_operator"

// SeedOperator registers the organisation that runs the service.
func (s *Accounts) SeedOperator(ctx context.Context) error {
	operator := Org{
		ID:        OperatorOrgID,
		Kind:      OrgOperator,
		Name:      catalogue.DefaultProgram().Name,
		NameKey:   "operator",
		CreatedAt: s.db.Now(),
	}

	return s.db.Write(ctx, func(tx *db.Tx) error {
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&operator).Error
	})
}

// Authorised reports whether the org may sell on the (UTC) day of the instant
// (R45a).
func (o Org) Authorised(at time.Time) bool {
	return ordering.Authorised(db.DateOf(o.AuthorisedFrom), db.DateOf(o.AuthorisedUntil),
		o.Suspended,
		db.TodayUTC(at))
}

// OrgChange is what an operator may set on an organisation that sells.
type OrgChange struct {
	Kind            OrgKind
	Name            string
	AuthorisedFrom  string // YYYY-MM-DD; empty: not authorised
	AuthorisedUntil string // exclusive; empty: no end
	Suspended       bool
}

// PutOrg adds a seller or partner, or changes the one of the same kind and name. A
// name that is missing and a date that cannot be read answer VALIDATION_FAILED.
func (s *Accounts) PutOrg(ctx context.Context, c OrgChange) (Org, error) {
	if err := c.validate(); err != nil {
		return Org{}, err
	}

	o := Org{
		ID:              db.NewID(db.PrefixOrg),
		Kind:            c.Kind,
		Name:            c.Name,
		NameKey:         rules.CompanyKey(c.Name),
		AuthorisedFrom:  c.AuthorisedFrom,
		AuthorisedUntil: c.AuthorisedUntil,
		Suspended:       c.Suspended,
		CreatedAt:       s.db.Now(),
	}

	err := s.db.Write(ctx, func(tx *db.Tx) error {
		var old Org
		err := tx.ForUpdate().First(&old, "kind = ? AND name_key = ?", o.Kind, o.NameKey).Error
		switch {
		case errors.Is(err, gorm.ErrRecordNotFound):
			if err := tx.Create(&o).Error; err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			o.ID = old.ID
			o.CreatedAt = old.CreatedAt
			err := tx.Model(&Org{}).
				Where("id = ?", o.ID).
				Select("name", "authorised_from", "authorised_until", "suspended").
				Updates(&o).Error
			if err != nil {
				return err
			}
		}

		return tx.Audit(o.ID, nil, false, db.Entry{
			Verb:     "org.changed",
			ObjectID: o.ID,
			Details: map[string]any{
				"kind":             o.Kind,
				"suspended":        o.Suspended,
				"authorised_from":  o.AuthorisedFrom,
				"authorised_until": o.AuthorisedUntil,
			},
		})
	})

	return o, err
}

// validate refuses a change that cannot mean what it says: above all an end of
// the authorisation that cannot be read, which would count as none (R45a).
func (c OrgChange) validate() error {
	var fields []rules.FieldError
	if rules.CompanyKey(c.Name) == "" {
		fields = append(fields, rules.FieldError{
			Pointer: "/name",
			Code:    rules.Required,
			Message: "The name is missing.",
			Remedy:  "Give the company's name.",
		})
	}

	for pointer, text := range map[string]string{
		"/authorised_from":  c.AuthorisedFrom,
		"/authorised_until": c.AuthorisedUntil,
	} {
		if db.WrongDate(text) {
			fields = append(fields, rules.FieldError{
				Pointer: pointer,
				Code:    rules.InvalidDate,
				Message: "This is not a calendar date.",
				Remedy:  "Send a date as YYYY-MM-DD, or leave it empty.",
			})
		}
	}

	return rules.Invalid(fields)
}

// GetOrg reads one organisation.
func (s *Accounts) GetOrg(ctx context.Context, id string) (Org, error) {
	var o Org
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if !tx.Scope.System && tx.Scope.OrgID != id {
			return db.NotFound()
		}
		return db.Found(tx.First(&o, "id = ?", id).Error)
	})
	return o, err
}

// ListOrgs lists organisations of a kind, newest first.
func (s *Accounts) ListOrgs(
	ctx context.Context, kind OrgKind, page db.Page,
) ([]Org, string, error) {
	var out []Org
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.DB
		if !tx.Scope.System {
			q = q.Where("id = ?", tx.Scope.OrgID)
		}
		if kind != "" {
			q = q.Where("kind = ?", kind)
		}

		return page.Apply(q).Find(&out).Error
	})

	out, next := db.Cut(page, out, func(o Org) string { return o.ID })
	return out, next, err
}

// EnsureOrg finds the organisation of this kind and name or registers it,
// without authorisation: a reseller that is seen for the first time in a
// distributor's order has its orders reviewed (R45a). The unique name decides
// between two that come at the same time.
func EnsureOrg(tx *db.Tx, kind OrgKind, name string) (Org, error) {
	o, fresh, err := insertOrg(tx, kind, name)
	if err != nil || fresh {
		return o, err
	}
	var stored Org
	err = tx.First(&stored, "kind = ? AND name_key = ?", kind, o.NameKey).Error
	return stored, err
}

func insertOrg(tx *db.Tx, kind OrgKind, name string) (o Org, fresh bool, err error) {
	o = Org{
		ID:        db.NewID(db.PrefixOrg),
		Kind:      kind,
		Name:      name,
		NameKey:   rules.CompanyKey(name),
		CreatedAt: tx.Now(),
	}

	res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&o)
	return o, res.RowsAffected == 1, res.Error
}
