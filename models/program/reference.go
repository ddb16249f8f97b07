package program

import (
	"cmp"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
)

// programRow stores the one Program of a deployment (R1).
type programRow struct {
	ID        string
	Config    catalogue.Program `gorm:"serializer:json"`
	Version   int64
	UpdatedAt time.Time
}

// TableName is the table of programs.
func (programRow) TableName() string { return "programs" }

// Reference is the slow-moving data that every order is held against.
type Reference struct {
	Program   catalogue.Program
	Version   int64
	Catalogue catalogue.Catalogue
	Models    map[string][]catalogue.ProductModel // every version, by code (R59a)
	Terms     map[string][]catalogue.CountryTerms // every version, by country (R78)
	Policies  []cover.SLAPolicy                   // of support, every version (S39)
}

// referenceAge bounds how long a process may work by a Reference that another
// process has changed, unless Options say otherwise.
const referenceAge = 5 * time.Second

// caches are what a process keeps of the program's slow-moving data.
type caches struct {
	program   referenceCache
	calendars calendarCache
}

type referenceCache struct {
	age    time.Duration // see referenceAge
	mu     sync.Mutex
	ref    Reference
	readAt time.Time
}

// RememberReference bounds how long a change of the program by another process may go
// unseen; 0 means five seconds.
func (s *Programs) RememberReference(age time.Duration) {
	s.program.age = cmp.Or(age, referenceAge)
}

// Reference reads the program and the catalogue; a change made by another
// process is seen within five seconds.
func (s *Programs) Reference(ctx context.Context) (Reference, error) {
	s.program.mu.Lock()
	defer s.program.mu.Unlock()
	if !s.program.readAt.IsZero() && time.Since(s.program.readAt) < s.program.age {
		return s.program.ref, nil
	}

	ref, err := s.readReference(db.WithSystem(ctx))
	if err != nil {
		return ref, err
	}

	s.program.ref = ref
	s.program.readAt = time.Now()
	return ref, nil
}

func (s *Programs) readReference(ctx context.Context) (ref Reference, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		ref, err = readReferenceIn(tx)
		return err
	})
	return ref, err
}

// ReferenceIn is Reference for a caller who is in a transaction already: a second
// transaction beside it would wait for the first on SQLite, and for a connection on
// PostgreSQL. Waiting for another reader could wait for the same: then this one reads
// for itself.
func (s *Programs) ReferenceIn(tx *db.Tx) (Reference, error) {
	if s.program.mu.TryLock() {
		ref := s.program.ref
		fresh := !s.program.readAt.IsZero() && time.Since(s.program.readAt) < s.program.age
		s.program.mu.Unlock()
		if fresh {
			return ref, nil
		}
	}

	return readReferenceIn(tx)
}

// readReferenceIn reads the reference in the caller's transaction.
func readReferenceIn(tx *db.Tx) (Reference, error) {
	ref := Reference{
		Catalogue: catalogue.Catalogue{},
		Models:    map[string][]catalogue.ProductModel{},
		Terms:     map[string][]catalogue.CountryTerms{},
	}

	var row programRow
	if err := db.Found(tx.First(&row).Error); err != nil {
		return ref, err
	}

	ref.Program, ref.Version = row.Config.Completed(), row.Version
	var skus []CatalogueSKU
	if err := tx.Find(&skus).Error; err != nil {
		return ref, err
	}

	for _, k := range skus {
		ref.Catalogue[k.Code] = k.rule()
	}
	if err := ref.readProducts(tx); err != nil {
		return ref, err
	}
	if err := ref.readPolicies(tx); err != nil {
		return ref, err
	}

	return ref, nil
}

// ForgetReference makes the next call of Reference read the database.
func (s *Programs) ForgetReference() {
	s.program.mu.Lock()
	s.program.readAt = time.Time{}
	s.program.mu.Unlock()
}

// SeedReference writes the default program, catalogue, supported products,
// countries' terms, calendars and policies of support where there are none.
func (s *Programs) SeedReference(ctx context.Context) error {
	if _, err := s.LoadCalendars(ctx); err != nil {
		return err
	}

	now := s.db.Now()

	return s.db.Write(ctx, func(tx *db.Tx) error {
		p := catalogue.DefaultProgram()
		keep := clause.OnConflict{DoNothing: true}
		if err := tx.Clauses(keep).Create(&programRow{
			ID:        p.ID,
			Config:    p,
			Version:   1,
			UpdatedAt: now,
		}).Error; err != nil {
			return err
		}

		for _, sku := range catalogue.DefaultCatalogue() {
			row := CatalogueSKU{
				Code:          sku.Code,
				ServiceType:   sku.ServiceType,
				TermYears:     sku.TermYears,
				Bundle:        sku.Bundle,
				EffectiveFrom: db.DateText(sku.EffectiveFrom),
				EffectiveTo:   db.DateText(sku.EffectiveTo),
				UpdatedAt:     now,
			}

			if err := tx.Clauses(keep).Create(&row).Error; err != nil {
				return err
			}
		}

		if err := seedProducts(tx.Clauses(keep), now); err != nil {
			return err
		}
		return seedPolicies(tx.Clauses(keep), now)
	})
}

// ChangeProgram replaces the program's configuration. version is the one that
// the caller read; another one answers STATE_CONFLICT.
func (s *Programs) ChangeProgram(
	ctx context.Context, p catalogue.Program, version int64,
) (Reference, error) {
	return s.ChangeProgramFor(ctx, p, version, "")
}

// ChangeProgramFor is ChangeProgram with a reason, which goes into the audit.
func (s *Programs) ChangeProgramFor(
	ctx context.Context, p catalogue.Program, version int64, reason string,
) (Reference, error) {
	p = p.Completed()
	if err := p.Validate(); err != nil {
		return Reference{}, err
	}
	if err := rules.CheckOptionalReason(reason); err != nil {
		return Reference{}, err
	}

	err := s.db.Write(ctx, func(tx *db.Tx) error {
		before, err := readReferenceIn(tx)
		if err != nil {
			return err
		}

		changed := programChanges(before.Program, p)
		if len(changed) == 0 && before.Version == version {
			return nil
		}

		res := tx.Model(&programRow{}).
			Where("id = ? AND version = ?", p.ID, version).
			Select("config", "version", "updated_at").
			Updates(&programRow{Config: p, Version: version + 1, UpdatedAt: tx.Now()})
		if res.Error != nil {
			return res.Error
		}

		if res.RowsAffected == 0 {
			return rules.Refuse(rules.StateConflict, "The program was changed since you read it.",
				"Read it again and repeat the change.")
		}

		return tx.Audit(
			p.ID, nil, false,
			db.Entry{
				Verb:     "program.changed",
				ObjectID: p.ID,
				Details: db.WithReason(reason, map[string]any{
					"version": version + 1,
					"changed": changed,
				}),
			},
		)
	})
	if err != nil {
		return Reference{}, err
	}

	s.ForgetReference()
	return s.Reference(ctx)
}

// programChanges are the settings that differ, each before and after.
func programChanges(before, after catalogue.Program) map[string]any {
	settings := func(p catalogue.Program) (out map[string]any) {
		text, _ := json.Marshal(p) // it has nothing that JSON lacks
		_ = json.Unmarshal(text, &out)
		return out
	}

	old, changes := settings(before), map[string]any{}
	for name, value := range settings(after) {
		if !reflect.DeepEqual(old[name], value) {
			changes[name] = map[string]any{"before": old[name], "after": value}
		}
	}

	return changes
}

// CatalogueSKU is a row of the catalogue. Dates are YYYY-MM-DD; an empty
// EffectiveTo has no end.
type CatalogueSKU struct {
	Code          string `gorm:"primaryKey"`
	ServiceType   catalogue.ServiceType
	TermYears     int
	Bundle        bool
	EffectiveFrom string `gorm:"column:effective_from_day;serializer:day"`
	EffectiveTo   string `gorm:"column:effective_to_day;serializer:day"`
	UpdatedAt     time.Time
}

// TableName is the table of the catalogue.
func (CatalogueSKU) TableName() string { return "catalogue_skus" }

func (k CatalogueSKU) rule() catalogue.SKU {
	return catalogue.SKU{
		Code:          k.Code,
		ServiceType:   k.ServiceType,
		TermYears:     k.TermYears,
		Bundle:        k.Bundle,
		EffectiveFrom: db.DateOf(k.EffectiveFrom),
		EffectiveTo:   db.DateOf(k.EffectiveTo),
	}
}

// PutSKU adds a SKU to the catalogue or changes it. What the catalogue cannot mean
// answers VALIDATION_FAILED.
func (s *Programs) PutSKU(ctx context.Context, row CatalogueSKU) error {
	return s.ChangeSKU(ctx, SKUChange{SKU: row})
}

// SKUChange is a SKU as it is to be.
type SKUChange struct {
	SKU    CatalogueSKU
	Seen   *CatalogueSKU // what the caller looked at, without a code: nothing; nil: any
	Reason string        // goes into the audit
}

// ChangeSKU is PutSKU for a caller who has looked at what is there: where it is another one by
// now, VERSION_MISMATCH.
func (s *Programs) ChangeSKU(ctx context.Context, c SKUChange) error {
	row := c.SKU
	row.Code, row.UpdatedAt = catalogue.NormaliseSKU(row.Code), s.db.Now()
	if err := row.validate(); err != nil {
		return err
	}
	if err := rules.CheckOptionalReason(c.Reason); err != nil {
		return err
	}

	err := s.db.Write(ctx, func(tx *db.Tx) error {
		var before []CatalogueSKU
		if err := tx.ForUpdate().Where("code = ?", row.Code).Find(&before).Error; err != nil {
			return err
		}
		details := row.facts()
		if len(before) > 0 {
			details["before"] = before[0].facts()
		}
		if c.Seen != nil && !sameSKU(before, *c.Seen) {
			return moved()
		}
		if err := put(tx, &row, c.Seen != nil && c.Seen.Code == ""); err != nil {
			return err
		}

		return tx.Audit("catalogue", nil, false, db.Entry{
			Verb:     "catalogue.changed",
			ObjectID: row.Code,
			Details:  db.WithReason(c.Reason, details),
		})
	})
	if err != nil {
		return err
	}

	s.ForgetReference()
	return nil
}

func (k CatalogueSKU) facts() map[string]any {
	return map[string]any{
		"service_type":   k.ServiceType,
		"term_years":     k.TermYears,
		"effective_from": k.EffectiveFrom,
		"effective_to":   k.EffectiveTo,
	}
}

// sameSKU reports whether what is there is what was seen.
func sameSKU(there []CatalogueSKU, seen CatalogueSKU) bool {
	if len(there) == 0 {
		return seen.Code == ""
	}
	now := there[0]
	now.UpdatedAt = seen.UpdatedAt
	return now == seen
}

// put writes a row of the catalogue. A new one is refused where somebody has just added it: no
// lock holds what is not there yet.
func put[R any](tx *db.Tx, row *R, fresh bool) error {
	if !fresh {
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(row).Error
	}
	res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(row)
	if res.Error == nil && res.RowsAffected == 0 {
		return moved()
	}
	return res.Error
}

// moved refuses a change of what is not what its caller has looked at.
func moved() error {
	return rules.Refuse(rules.VersionMismatch, "It was changed since you looked at it.",
		"Look at it again, and repeat the change.")
}

// Check refuses what PutSKU would, without changing anything.
func (k CatalogueSKU) Check() error { return k.validate() }

// validate refuses what the catalogue cannot mean (R125a): above all a date
// that cannot be read, which would count as no bound.
func (k CatalogueSKU) validate() error {
	var fields []rules.FieldError
	add := func(wrong bool, pointer, code, remedy string) {
		if wrong {
			fields = append(fields, rules.FieldError{
				Pointer: pointer,
				Code:    code,
				Message: "This field is not valid.",
				Remedy:  remedy,
			})
		}
	}

	known := slices.Contains([]catalogue.ServiceType{
		catalogue.ServiceSelect,
		catalogue.ServiceSyncPlus,
		catalogue.ServiceExtWarranty,
		catalogue.ServiceJumpStart,
	}, k.ServiceType)

	least, most := 1, 5
	if k.ServiceType == catalogue.ServiceJumpStart {
		least, most = 0, 0
	}

	add(k.Code == "", "/code", rules.Required, "Give the code of the SKU.")
	add(!known, "/service_type",
		"INVALID_SERVICE_TYPE", "Give SELECT, SYNC_PLUS, EXT_WARRANTY or JUMPSTART.")
	add(k.TermYears < least || k.TermYears > most, "/term_years",
		rules.OutOfRange, "Give 1 to 5 years, or 0 for JumpStart.")
	add(db.WrongDate(k.EffectiveFrom), "/effective_from",
		rules.InvalidDate, "Send a date as YYYY-MM-DD, or leave it empty.")
	add(db.WrongDate(k.EffectiveTo), "/effective_to",
		rules.InvalidDate, "Send a date as YYYY-MM-DD, or leave it empty.")
	return rules.Invalid(fields)
}

// ListSKUs lists the catalogue by code.
func (s *Programs) ListSKUs(ctx context.Context) ([]CatalogueSKU, error) {
	var out []CatalogueSKU
	err := s.db.Read(ctx, func(tx *db.Tx) error { return tx.Order("code").Find(&out).Error })
	return out, err
}

// Entities lists the entities of the program: one for each table.
func Entities() []any {
	return []any{
		programRow{},
		CatalogueSKU{},
		productModelRow{},
		CountryTermsVersion{},
		SLAPolicyVersion{},
		Calendar{},
		CalendarHoliday{},
		HelpVotes{},
	}
}
