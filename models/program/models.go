package program

import (
	"context"
	"reflect"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
)

// productModelRow is one version of a catalogue.ProductModel (R59a).
type productModelRow struct {
	Code                  string `gorm:"primaryKey"`
	EffectiveFrom         string `gorm:"primaryKey"`
	EffectiveTo           string `gorm:"column:effective_to_day;serializer:day"`
	Name                  string
	Kind                  catalogue.ModelKind
	Serialised            bool
	StandardWarrantyYears int
	Platform              rules.Platform
	Components            []catalogue.Component `gorm:"serializer:json"`
	UpdatedAt             time.Time
}

// TableName is the table of supported products.
func (productModelRow) TableName() string { return "product_models" }

func modelRow(m catalogue.ProductModel, now time.Time) productModelRow {
	return productModelRow{
		Code:                  catalogue.NormaliseModelCode(m.Code),
		EffectiveFrom:         db.DateText(m.EffectiveFrom),
		EffectiveTo:           db.DateText(m.EffectiveTo),
		Name:                  m.Name,
		Kind:                  m.Kind,
		Serialised:            m.Serialised,
		StandardWarrantyYears: m.StandardWarrantyYears,
		Platform:              m.Platform,
		Components:            append([]catalogue.Component{}, m.Components...),
		UpdatedAt:             now,
	}
}

func (r productModelRow) rule() catalogue.ProductModel {
	if len(r.Components) == 0 {
		r.Components = nil
	}

	return catalogue.ProductModel{
		Code:                  r.Code,
		Name:                  r.Name,
		Kind:                  r.Kind,
		Serialised:            r.Serialised,
		StandardWarrantyYears: r.StandardWarrantyYears,
		Platform:              r.Platform,
		Components:            r.Components,
		EffectiveFrom:         db.DateOf(r.EffectiveFrom),
		EffectiveTo:           db.DateOf(r.EffectiveTo),
	}
}

func (r productModelRow) facts() map[string]any {
	return map[string]any{
		"name":                    r.Name,
		"kind":                    r.Kind,
		"effective_from":          r.EffectiveFrom,
		"effective_to":            r.EffectiveTo,
		"standard_warranty_years": r.StandardWarrantyYears,
		"serialised":              r.Serialised,
	}
}

// seedProducts writes the first models and terms by a query that may be used twice.
func seedProducts(q *gorm.DB, now time.Time) error {
	q = q.Session(&gorm.Session{})
	var models []productModelRow
	for _, m := range catalogue.DefaultModels() {
		models = append(models, modelRow(m, now))
	}

	if err := q.Create(&models).Error; err != nil {
		return err
	}

	var terms []CountryTermsVersion
	for _, t := range catalogue.DefaultCountryTerms() {
		terms = append(terms, termsRow(t, "", now))
	}

	return q.Create(&terms).Error
}

func (r *Reference) readProducts(tx *db.Tx) error {
	var models []productModelRow
	if err := tx.Order("code, effective_from").Find(&models).Error; err != nil {
		return err
	}

	for _, m := range models {
		r.Models[m.Code] = append(r.Models[m.Code], m.rule())
	}

	var terms []CountryTermsVersion
	if err := tx.Order("country, version").Find(&terms).Error; err != nil {
		return err
	}

	for _, t := range terms {
		r.Terms[t.Country] = append(r.Terms[t.Country], t.rule())
	}

	return nil
}

// Model returns the versions of a model, for cover.Cover.
func (r Reference) Model(code string) []catalogue.ProductModel {
	return r.Models[catalogue.NormaliseModelCode(code)]
}

// AllModels returns every version of every model, for bundles.
func (r Reference) AllModels() (all []catalogue.ProductModel) {
	for _, versions := range r.Models {
		all = append(all, versions...)
	}
	return all
}

// ListModels lists every version of the supported products by code (R59a).
func (s *Programs) ListModels(ctx context.Context) ([]catalogue.ProductModel, error) {
	var rows []productModelRow
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Order("code, effective_from").Find(&rows).Error
	})

	out := make([]catalogue.ProductModel, len(rows))
	for i, r := range rows {
		out[i] = r.rule()
	}

	return out, err
}

// PutModel adds a version of a supported product, or changes the one that begins
// on the same day. Devices of the model are coverable from then on (R59a).
func (s *Programs) PutModel(
	ctx context.Context, m catalogue.ProductModel,
) (catalogue.ProductModel, error) {
	return s.ChangeModel(ctx, ModelChange{Model: m})
}

// ModelChange is a version of a supported product as it is to be.
type ModelChange struct {
	Model catalogue.ProductModel
	// Seen is the version of that day that the caller looked at, without a code: none; nil: any.
	Seen   *catalogue.ProductModel
	Reason string // goes into the audit
}

// ChangeModel is PutModel for a caller who has looked at what is there: where it is another one
// by now, VERSION_MISMATCH.
func (s *Programs) ChangeModel(
	ctx context.Context, c ModelChange,
) (catalogue.ProductModel, error) {
	m := c.Model
	m.Code = catalogue.NormaliseModelCode(m.Code)
	if err := m.Validate(); err != nil {
		return m, err
	}
	if err := rules.CheckOptionalReason(c.Reason); err != nil {
		return m, err
	}

	row := modelRow(m, s.db.Now())
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		var before []productModelRow
		if err := tx.ForUpdate().Where("code = ? AND effective_from = ?",
			row.Code, row.EffectiveFrom).Find(&before).Error; err != nil {
			return err
		}

		details := map[string]any{"after": row.facts()}
		if len(before) > 0 {
			details["before"] = before[0].facts()
		}
		if c.Seen != nil && !sameModel(before, *c.Seen) {
			return moved()
		}
		if err := put(tx, &row, c.Seen != nil && c.Seen.Code == ""); err != nil {
			return err
		}

		return tx.Audit("catalogue", nil, false, db.Entry{
			Verb:     "model.changed",
			ObjectID: row.Code,
			Details:  db.WithReason(c.Reason, details),
		})
	})
	if err != nil {
		return row.rule(), err
	}

	s.ForgetReference()
	return row.rule(), nil
}

// sameModel reports whether what is there is what was seen.
func sameModel(there []productModelRow, seen catalogue.ProductModel) bool {
	if len(there) == 0 {
		return seen.Code == ""
	}
	return reflect.DeepEqual(there[0].rule(), modelRow(seen, there[0].UpdatedAt).rule())
}

// CountryTermsVersion is one version of a country's terms, with a note for the
// change log (R78d).
type CountryTermsVersion struct {
	Country       string `gorm:"primaryKey"`
	Version       int    `gorm:"primaryKey"`
	EffectiveFrom string // YYYY-MM-DD
	Available     bool
	RMASpeed      calendar.RMASpeed `gorm:"column:rma_speed"`
	Languages     []string          `gorm:"serializer:json"`
	Note          string
	PublishedAt   time.Time
}

// TableName is the table of the versions.
func (CountryTermsVersion) TableName() string { return "country_terms" }

func termsRow(t catalogue.CountryTerms, note string, now time.Time) CountryTermsVersion {
	return CountryTermsVersion{
		Country:       t.Country,
		Version:       t.Version,
		EffectiveFrom: t.EffectiveFrom.String(),
		Available:     t.Available,
		RMASpeed:      t.RMASpeed,
		Languages:     append([]string{}, t.Languages...),
		Note:          note,
		PublishedAt:   now,
	}
}

func (v CountryTermsVersion) rule() catalogue.CountryTerms {
	t := catalogue.CountryTerms{
		Country:   v.Country,
		Version:   v.Version,
		Available: v.Available,
		RMASpeed:  v.RMASpeed,
		Languages: v.Languages,
	}

	t.EffectiveFrom, _ = civil.ParseDate(v.EffectiveFrom)
	return t
}

func (v CountryTermsVersion) facts() map[string]any {
	return map[string]any{
		"version":        v.Version,
		"effective_from": v.EffectiveFrom,
		"available":      v.Available,
		"rma_speed":      v.RMASpeed,
		"languages":      v.Languages,
	}
}

// TermsIn returns the versions of the terms of the countries, each country's once.
func (r Reference) TermsIn(countries ...string) (list []catalogue.CountryTerms) {
	seen := map[string]bool{}
	for _, c := range countries {
		if !seen[c] {
			list = append(list, r.Terms[c]...)
		}
		seen[c] = true
	}

	return list
}

// ListCountryTerms lists every version of the countries' terms, by country and
// version: the published page with its change log (R78d). Anyone may read it.
func (s *Programs) ListCountryTerms(ctx context.Context) ([]CountryTermsVersion, error) {
	var out []CountryTermsVersion
	err := s.db.Single(db.WithSystem(ctx), func(tx *db.Tx) error {
		out = nil
		return tx.Order("country, version").Find(&out).Error
	})
	return out, err
}

// PublishTerms adds the next version of a country's terms; an earlier one is never
// edited (R78, S31). A first day in the past answers VALIDATION_FAILED. Each call
// publishes another version.
func (s *Programs) PublishTerms(
	ctx context.Context, t catalogue.CountryTerms, note string,
) (CountryTermsVersion, error) {
	var row CountryTermsVersion
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		var before []CountryTermsVersion
		if err := tx.Where("country = ?", t.Country).Order("version DESC").Limit(1).
			Find(&before).Error; err != nil {
			return err
		}

		t.Version = 1
		details := map[string]any{}
		if len(before) > 0 {
			t.Version = before[0].Version + 1
			details["before"] = before[0].facts()
		}
		if err := t.Validate(); err != nil {
			return err
		}

		if t.EffectiveFrom.Before(civil.DateOf(tx.Now().UTC()).AddDays(-1)) {
			return rules.Invalid([]rules.FieldError{{
				Pointer: "/effective_from",
				Code:    rules.OutOfRange,
				Message: "Terms cannot begin in the past.",
				Remedy:  "Send today or a later day.",
			}})
		}

		row = termsRow(t, note, tx.Now())
		if err := tx.Create(&row).Error; err != nil {
			return err
		}

		details["after"] = row.facts()
		return tx.Audit("countries", nil, false, db.Entry{
			Verb: "country.terms_published", ObjectID: row.Country, Details: details,
		})
	})
	if err != nil {
		return row, err
	}

	s.ForgetReference()
	return row, nil
}
