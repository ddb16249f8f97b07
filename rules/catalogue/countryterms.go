package catalogue

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

// CountryTerms is one version of the terms of Select in a country (R78). It
// counts from local day EffectiveFrom until the next version does, and is never
// edited in place. Languages are locales of the support, such as "pt-BR".
type CountryTerms struct {
	Country       string            `json:"country"` // ISO 3166, two letters
	Version       int               `json:"version"`
	EffectiveFrom civil.Date        `json:"effective_from"`
	Available     bool              `json:"available"`
	RMASpeed      calendar.RMASpeed `json:"rma_speed"`
	Languages     []string          `json:"languages"`
}

// Validate checks a version that is to be published, and names every error.
func (c CountryTerms) Validate() error {
	var k rules.Checker
	k.Country("/country", c.Country)
	k.Between("/version", c.Version, 1, 1_000_000)

	if !c.EffectiveFrom.IsValid() {
		k.Fail("/effective_from",
			rules.InvalidDate, "This is not a calendar date.", "Send a date as YYYY-MM-DD.")
	}
	if !c.RMASpeed.Valid() {
		k.Fail("/rma_speed", InvalidRMASpeed, "This is not a speed of replacement.",
			"Send NBD, STANDARD or a number of business days such as 3BD.")
	}
	if c.Available && len(c.Languages) == 0 {
		k.Fail("/languages",
			rules.Required, "The terms name no language.", "Name at least one locale.")
	}

	for i, l := range c.Languages {
		if !localeForm.MatchString(l) {
			k.Fail(fmt.Sprintf("/languages/%d", i), rules.InvalidLocale, "This is not a locale.",
				"Send a locale such as pt-BR or en.")
		}
	}

	return rules.Invalid(k.Fields)
}

// InvalidRMASpeed is the code of a field that holds no RMASpeed.
const InvalidRMASpeed = "INVALID_RMA_SPEED"

// TermsOn returns the version that counts in a country on the day. Of two that
// came into effect on one day, the higher version counts.
func TermsOn(list []CountryTerms, country string, day civil.Date) (CountryTerms, bool) {
	versions := versionsOf(list, country)
	for _, v := range slices.Backward(versions) {
		if !v.EffectiveFrom.After(day) {
			return v, true
		}
	}
	return CountryTerms{}, false
}

// versionsOf returns a country's versions by their first day; one that another
// replaced on its very first day never counted and is left out.
func versionsOf(list []CountryTerms, country string) []CountryTerms {
	var own []CountryTerms
	for _, v := range list {
		if v.Country == country {
			own = append(own, v)
		}
	}

	slices.SortStableFunc(own, func(a, b CountryTerms) int {
		return cmp.Or(a.EffectiveFrom.Compare(b.EffectiveFrom), cmp.Compare(a.Version, b.Version))
	})

	kept := own[:0]
	for i, v := range own {
		if i+1 == len(own) || own[i+1].EffectiveFrom != v.EffectiveFrom {
			kept = append(kept, v)
		}
	}

	return kept
}

// TermsDiffer reports whether two versions promise different things to a customer:
// availability, speed or languages, in any order (R78e). Country, version and
// day do not count.
func TermsDiffer(a, b CountryTerms) bool {
	return a.Available != b.Available || a.RMASpeed != b.RMASpeed ||
		!slices.Equal(SortedSet(a.Languages), SortedSet(b.Languages))
}

// BetterTerms returns what an assignment made under the old terms has once the new
// ones count: the better of both, point by point (S31): available if either is,
// the faster speed, the languages of both. Where only one of them is available,
// that one counts as a whole. The result names the new version, unless nothing of
// it is used.
func BetterTerms(old, new CountryTerms) CountryTerms {
	switch {
	case !new.Available:
		return old
	case !old.Available:
		return new
	}

	best := new
	if old.RMASpeed.FasterThan(new.RMASpeed) {
		best.RMASpeed = old.RMASpeed
	}

	best.Languages = SortedSet(append(slices.Clone(old.Languages), new.Languages...))
	if !TermsDiffer(best, old) {
		return old
	}

	return best
}

// TermsKept returns the terms of an assignment on a day: those it was made under,
// bettered by each version that came into effect since (S31). frozen are the
// terms stored with the assignment; nil means those of the day it was made. ok is
// false when none count.
func TermsKept(
	list []CountryTerms, country string, frozen *CountryTerms, assigned, on civil.Date,
) (terms CountryTerms, ok bool) {
	if terms, ok = TermsOn(list, country, assigned); frozen != nil {
		terms, ok = *frozen, true
	}

	for _, v := range versionsOf(list, country) {
		if !v.EffectiveFrom.After(assigned) || v.EffectiveFrom.After(on) {
			continue
		}
		if terms, ok = BetterTerms(terms, v), true; !terms.Available {
			terms = v
		}
	}

	return terms, ok
}

// AvailableFrom returns the first day, not before assigned, on which an assignment's
// terms make Select available; from then on they do for good (S31).
func AvailableFrom(
	list []CountryTerms, country string, frozen *CountryTerms, assigned civil.Date,
) (civil.Date, bool) {
	if t, ok := TermsKept(list, country, frozen, assigned, assigned); ok && t.Available {
		return assigned, true
	}

	for _, v := range versionsOf(list, country) {
		if v.Available && v.EffectiveFrom.After(assigned) {
			return v.EffectiveFrom, true
		}
	}

	return civil.Date{}, false
}

// SortedSet returns the texts in order, each once.
func SortedSet(list []string) []string {
	s := slices.Clone(list)
	slices.Sort(s)
	return slices.Compact(s)
}

//go:embed terms/defaults.csv
var defaultTerms string

// DefaultCountryTerms are the first terms of every country, by country, from
// terms/defaults.csv: whether Select is available and how fast a replacement is, in
// the program's languages (R78).
func DefaultCountryTerms() []CountryTerms {
	rows := map[string]CountryTerms{}
	for _, row := range rules.TableRows(defaultTerms) {
		rows[row[0]] = CountryTerms{
			Version:       1,
			EffectiveFrom: civil.Date{Year: 2000, Month: 1, Day: 1},
			Available:     row[1] == "true",
			RMASpeed:      calendar.RMASpeed(row[2]),
			Languages:     DefaultProgram().Locales,
		}
	}

	var all []CountryTerms
	for _, country := range rules.Countries() {
		t, own := rows[country]
		if !own {
			t = rows["*"]
		}
		t.Country = country
		all = append(all, t)
	}

	return all
}
