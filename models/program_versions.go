package models

import (
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// productModelRow is one version of a rules.ProductModel (R59a).
type productModelRow struct {
	Code                  string `gorm:"primaryKey"`
	EffectiveFrom         string `gorm:"primaryKey"`
	EffectiveTo           string
	Name                  string
	Kind                  rules.ModelKind
	Serialised            bool
	StandardWarrantyYears int
	Platform              rules.Platform
	Components            []rules.Component `gorm:"serializer:json"`
	UpdatedAt             time.Time
}

func (productModelRow) TableName() string { return "product_models" }

func modelRow(m rules.ProductModel, now time.Time) productModelRow {
	return productModelRow{
		rules.NormaliseModelCode(m.Code),
		dateText(m.EffectiveFrom),
		dateText(m.EffectiveTo),
		m.Name,
		m.Kind,
		m.Serialised,
		m.StandardWarrantyYears,
		m.Platform,
		append([]rules.Component{}, m.Components...),
		now,
	}
}

func (r productModelRow) rule() rules.ProductModel {
	if len(r.Components) == 0 {
		r.Components = nil
	}
	return rules.ProductModel{
		Code:                  r.Code,
		Name:                  r.Name,
		Kind:                  r.Kind,
		Serialised:            r.Serialised,
		StandardWarrantyYears: r.StandardWarrantyYears,
		Platform:              r.Platform,
		Components:            r.Components,
		EffectiveFrom:         dateOf(r.EffectiveFrom),
		EffectiveTo:           dateOf(r.EffectiveTo),
	}
}

// CountryTermsVersion is one version of a country's terms, with a note for the
// change log (R78d).
type CountryTermsVersion struct {
	Country       string `gorm:"primaryKey"`
	Version       int    `gorm:"primaryKey"`
	EffectiveFrom string // YYYY-MM-DD
	Available     bool
	RMASpeed      rules.RMASpeed `gorm:"column:rma_speed"`
	Languages     []string       `gorm:"serializer:json"`
	Note          string
	PublishedAt   time.Time
}

// TableName is the table of the versions.
func (CountryTermsVersion) TableName() string { return "country_terms" }

func (v CountryTermsVersion) rule() rules.CountryTerms {
	t := rules.CountryTerms{
		Country:   v.Country,
		Version:   v.Version,
		Available: v.Available,
		RMASpeed:  v.RMASpeed,
		Languages: v.Languages,
	}
	t.EffectiveFrom, _ = civil.ParseDate(v.EffectiveFrom)
	return t
}

// termsIn gives the versions of the countries' terms.
func (r Reference) termsIn(countries ...string) (list []rules.CountryTerms) {
	seen := map[string]bool{}
	for _, c := range countries {
		if !seen[c] {
			list = append(list, r.Terms[c]...)
		}
		seen[c] = true
	}
	return list
}
