package account

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
)

// Org is a company that sells, distributes, owns, serves or operates. It is known by its
// full name, legal form included, and its country (S59): tokens, orders and authorisation
// are its own.
type Org struct {
	ID         string
	Kind       OrgKind
	Name       string
	NameKey    string // unique among its kind; see identify
	FullKey    string // rules.FullNameKey of Name
	CompanyKey string // rules.CompanyKey of Name: names alike share it
	Country    string // ISO 3166; empty: not on record
	// YYYY-MM-DD; empty: never authorised.
	AuthorisedFrom string `gorm:"column:authorised_from_day;serializer:day"`
	// Exclusive; empty: no end.
	AuthorisedUntil string `gorm:"column:authorised_until_day;serializer:day"`
	Suspended       bool
	NoticesTo       string     // address on record for notices about its orders (S65)
	Locale          string     // of mails to its addresses; empty: the order's (see OrgMail)
	MergedInto      *string    // a customer's parent that was merged into another (S27)
	PartedAt        *time.Time // a customer's parent of which an operator split accounts off (S27)
	CreatedAt       time.Time
}

// identify sets what the organisation is known by (S59).
func (o *Org) identify(name, country string) {
	o.Name = name
	o.Country = country
	o.FullKey = rules.FullNameKey(name)
	o.CompanyKey = rules.CompanyKey(name)
	o.NameKey = o.FullKey + "|" + country
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
		FullKey:   "operator",
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
	Country         string // ISO 3166; empty: see PutOrg
	AuthorisedFrom  string // YYYY-MM-DD; empty: not authorised
	AuthorisedUntil string // exclusive; empty: no end
	Suspended       bool
}

// PutOrg adds a seller or partner, or changes the one of the same kind, full name and
// country (S59); a name that differs in its legal form or spelling adds another one.
// Without a country it means the only one of that name, where an operator entered it: one
// that only an order named may stand under a country that its sender chose. It refuses with
// VALIDATION_FAILED a name that is missing, a country or date that cannot be read, a missing
// country where that does not tell which one is meant, and a name that is on record as
// another's spelling; with STATE_CONFLICT a country for a name whose own country is not on
// record: that is for ChangeOrg to say, which names the organisation by its id.
func (s *Accounts) PutOrg(ctx context.Context, c OrgChange) (Org, error) {
	if err := c.validate(); err != nil {
		return Org{}, err
	}

	var o Org
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		var err error
		o, err = namedForChange(tx, c)
		if err != nil {
			return err
		}

		if o.ID != "" {
			if c.Country == "" {
				c.Country = o.Country
			}
			return c.store(tx, &o, "")
		}

		if err := unusedName(tx, "", c); err != nil {
			return err
		}
		o.ID = db.NewID(db.PrefixOrg)
		o.CreatedAt = tx.Now()
		c.fill(&o)
		if err := tx.Create(&o).Error; err != nil {
			return err
		}
		return auditOrg(tx, o, "")
	})

	return o, err
}

// ChangeOrg changes the organisation of this id, its name and country too, with a reason:
// its tokens and orders stay its own. A customer's parent and the operator answer
// NOT_FOUND, a kind that differs and a name that another has VALIDATION_FAILED.
func (s *Accounts) ChangeOrg(
	ctx context.Context, id string, c OrgChange, reason string,
) (Org, error) {
	if err := errors.Join(c.validate(), rules.CheckReason(reason)); err != nil {
		return Org{}, err
	}

	var o Org
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		var err error
		o, err = lockSeller(tx, id)
		if err != nil {
			return err
		}

		if o.Kind != c.Kind {
			return rules.Invalid([]rules.FieldError{{
				Pointer: "/kind",
				Code:    "UNCHANGEABLE",
				Message: "The kind of an organization cannot change.",
				Remedy:  "Send its kind, or add another organization.",
			}})
		}

		if err := unusedName(tx, id, c); err != nil {
			return err
		}
		return c.store(tx, &o, reason)
	})

	return o, err
}

// namedForChange locks the organisation that a change names; its id is empty where there
// is none of that name and country.
func namedForChange(tx *db.Tx, c OrgChange) (Org, error) {
	var named []Org
	err := tx.ForUpdate().Order("id").
		Find(&named, "kind = ? AND full_key = ?", c.Kind, rules.FullNameKey(c.Name)).Error
	if err != nil {
		return Org{}, err
	}

	for _, o := range named {
		switch {
		case o.Country == c.Country:
			return o, nil
		case o.Country == "":
			return Org{}, rules.Refuse(rules.StateConflict,
				"The country of the organization of this name is not on record.",
				"Record it by the organization's id, "+o.ID+"; then this one can be told apart.")
		}
	}

	switch {
	case c.Country != "" || len(named) == 0:
		return Org{}, nil
	case len(named) == 1 && named[0].entered():
		return named[0], nil
	case len(named) == 1:
		return Org{}, countryMissing(
			"Only an order has given this name so far, for an organization in "+
				named[0].Country+" that no operator has authorized.",
			"Look at "+named[0].ID+"; if it is the one that you mean, say its country.")
	}

	return Org{}, countryMissing("Organizations of several countries have this name.",
		"Say which one by its country.")
}

// entered reports whether an operator has said anything about the organisation: one that
// an order named first is there without authorisation (S59), under whatever country the
// order's sender typed.
func (o Org) entered() bool { return o.AuthorisedFrom != "" || o.Suspended }

func countryMissing(message, remedy string) error {
	return rules.Invalid([]rules.FieldError{{
		Pointer: "/country",
		Code:    rules.Required,
		Message: message,
		Remedy:  remedy,
	}})
}

// unusedName refuses a name that is another's, or another's confirmed spelling. The unique
// keys are the authority.
func unusedName(tx *db.Tx, id string, c OrgChange) error {
	owner, err := ownerOfName(tx, c.Kind, c.Name, c.Country)
	if err != nil || owner == "" || owner == id {
		return err
	}

	return rules.Invalid([]rules.FieldError{nameTaken("/name", owner)})
}

func nameTaken(pointer, owner string) rules.FieldError {
	return rules.FieldError{
		Pointer: pointer,
		Code:    rules.Duplicate,
		Message: "Another organization is known by this name in this country.",
		Remedy:  "Look at " + owner + ": change that one, or give another name.",
	}
}

// fill sets on an organisation what the change says.
func (c OrgChange) fill(o *Org) {
	o.Kind = c.Kind
	o.AuthorisedFrom = c.AuthorisedFrom
	o.AuthorisedUntil = c.AuthorisedUntil
	o.Suspended = c.Suspended
	o.identify(c.Name, c.Country)
}

// store changes a locked organisation, with its audit.
func (c OrgChange) store(tx *db.Tx, o *Org, reason string) error {
	c.fill(o)
	err := tx.Model(&Org{}).
		Where("id = ?", o.ID).
		Select("name", "name_key", "full_key", "company_key", "country",
			"authorised_from_day", "authorised_until_day", "suspended").
		Updates(o).Error
	if err != nil {
		return err
	}
	return auditOrg(tx, *o, reason)
}

func auditOrg(tx *db.Tx, o Org, reason string) error {
	return tx.Audit(o.ID, nil, false, db.Entry{
		Verb:     "org.changed",
		ObjectID: o.ID,
		Details: db.WithReason(reason, map[string]any{
			"kind":             o.Kind,
			"country":          o.Country,
			"suspended":        o.Suspended,
			"authorised_from":  o.AuthorisedFrom,
			"authorised_until": o.AuthorisedUntil,
		}),
	})
}

// Check refuses a change that cannot mean what it says, without making it.
func (c OrgChange) Check() error { return c.validate() }

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

	if c.Country != "" && !rules.ValidCountry(c.Country) {
		fields = append(fields, rules.FieldError{
			Pointer: "/country",
			Code:    rules.InvalidCountry,
			Message: "This is not a country code.",
			Remedy:  "Send an ISO 3166 code of two letters, such as BR.",
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

// insertOrg registers an organisation without authorisation, unless one is known by its
// name already; fresh reports which. alike is how many others of its kind have a name that
// it resembles.
func insertOrg(
	tx *db.Tx, kind OrgKind, name, country string,
) (o Org, fresh bool, alike int, err error) {
	o = Org{ID: db.NewID(db.PrefixOrg), Kind: kind, CreatedAt: tx.Now()}
	o.identify(name, country)

	var counted []int
	err = tx.Raw(`
		INSERT INTO orgs (id, kind, name, name_key, full_key, company_key, country,
			suspended, notices_to, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?)
		ON CONFLICT DO NOTHING
		RETURNING (
			SELECT count(*) FROM orgs others
			WHERE others.kind = ? AND others.company_key = ? AND others.id <> ?
		)`,
		o.ID, o.Kind, o.Name, o.NameKey, o.FullKey, o.CompanyKey, o.Country, false, o.CreatedAt,
		o.Kind, o.CompanyKey, o.ID,
	).Scan(&counted).Error
	if err != nil || len(counted) == 0 {
		return o, false, 0, err
	}

	return o, true, counted[0], nil
}
