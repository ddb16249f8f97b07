package models

import (
	"context"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

func seedProducts(tx *gorm.DB, now time.Time) error {
	tx = tx.Session(&gorm.Session{})
	var models []productModelRow
	for _, m := range rules.DefaultModels() {
		models = append(models, modelRow(m, now))
	}
	if err := tx.Create(&models).Error; err != nil {
		return err
	}
	var terms []CountryTermsVersion
	for _, t := range rules.DefaultCountryTerms() {
		terms = append(terms, termsRow(t, "", now))
	}
	return tx.Create(&terms).Error
}

func termsRow(t rules.CountryTerms, note string, now time.Time) CountryTermsVersion {
	return CountryTermsVersion{t.Country, t.Version, t.EffectiveFrom.String(), t.Available, t.RMASpeed, append([]string{}, t.Languages...), note, now}
}

func (r *Reference) readProducts(tx *gorm.DB) error {
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

// model gives the versions of a model, for rules.Cover.
func (r Reference) model(code string) []rules.ProductModel {
	return r.Models[rules.NormaliseModelCode(code)]
}

// allModels gives every version of every model, for bundles.
func (r Reference) allModels() (all []rules.ProductModel) {
	for _, versions := range r.Models {
		all = append(all, versions...)
	}
	return all
}

// ListModels lists every version of the supported products by code (R59a).
func (s *Store) ListModels(ctx context.Context) ([]rules.ProductModel, error) {
	var rows []productModelRow
	err := s.tx(ctx, func(tx *gorm.DB, _ Scope) error { return tx.Order("code, effective_from").Find(&rows).Error })
	out := make([]rules.ProductModel, len(rows))
	for i, r := range rows {
		out[i] = r.rule()
	}
	return out, err
}

// PutModel adds a version of a supported product, or changes the one that begins
// on the same day. Devices of the model are coverable from then on (R59a).
func (s *Store) PutModel(ctx context.Context, m rules.ProductModel) (rules.ProductModel, error) {
	m.Code = rules.NormaliseModelCode(m.Code)
	if err := m.Validate(); err != nil {
		return m, err
	}
	row := modelRow(m, s.clock.Now())
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		var before []productModelRow
		if err := tx.Where("code = ? AND effective_from = ?", row.Code, row.EffectiveFrom).Find(&before).Error; err != nil {
			return err
		}
		details := map[string]any{"after": row.facts()}
		if len(before) > 0 {
			details["before"] = before[0].facts()
		}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return err
		}
		return s.appendAudit(tx, scope, "catalogue", nil, false, entry{"model.changed", row.Code, details})
	})
	if err == nil {
		s.forgetReference()
	}
	return row.rule(), err
}

func (r productModelRow) facts() map[string]any {
	return map[string]any{"name": r.Name, "kind": r.Kind, "effective_from": r.EffectiveFrom, "effective_to": r.EffectiveTo,
		"standard_warranty_years": r.StandardWarrantyYears, "serialised": r.Serialised}
}

// ListCountryTerms lists every version of the countries' terms, by country and
// version: the published page with its change log (R78d). Anyone may read it.
func (s *Store) ListCountryTerms(ctx context.Context) ([]CountryTermsVersion, error) {
	var out []CountryTermsVersion
	err := s.alone(WithSystem(ctx), func(tx *gorm.DB, _ Scope) error {
		out = nil
		return tx.Order("country, version").Find(&out).Error
	})
	return out, err
}

// PublishTerms adds the next version of a country's terms; an earlier one is never
// edited (R78, S31). Its first day may not lie in the past.
func (s *Store) PublishTerms(ctx context.Context, t rules.CountryTerms, note string) (CountryTermsVersion, error) {
	var row CountryTermsVersion
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		var before []CountryTermsVersion
		if err := tx.Where("country = ?", t.Country).Order("version DESC").Limit(1).Find(&before).Error; err != nil {
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
		if t.EffectiveFrom.Before(civil.DateOf(s.clock.Now().UTC()).AddDays(-1)) {
			return rules.Invalid([]rules.FieldError{{Pointer: "/effective_from", Code: rules.OutOfRange, Message: "Terms cannot begin in the past.", Remedy: "Send today or a later day."}})
		}
		row = termsRow(t, note, s.clock.Now())
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		details["after"] = row.facts()
		return s.appendAudit(tx, scope, "countries", nil, false, entry{"country.terms_published", row.Country, details})
	})
	if err == nil {
		s.forgetReference()
	}
	return row, err
}

func (v CountryTermsVersion) facts() map[string]any {
	return map[string]any{"version": v.Version, "effective_from": v.EffectiveFrom, "available": v.Available, "rma_speed": v.RMASpeed, "languages": v.Languages}
}
