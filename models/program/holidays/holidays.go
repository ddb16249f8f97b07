// Package holidays is the first data of the calendars (C3): the holidays of countries and
// regions, and the weekends of the world. For the countries that people use the laws
// themselves stand in laws.csv; a library has the others. The database is the truth;
// what is here only fills it, and corrects what nobody there has edited.
package holidays

import (
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/civil"
	"github.com/rickar/cal/v2"

	"roomcover.dev/roomcover/rules/calendar"
)

// revision grows with every change of the days, so that calendars which were loaded from
// an earlier revision are corrected.
const revision = 1

// Source names where the data comes from.
var Source = fmt.Sprintf("laws %d, rickar/cal v2.1.26", revision)

// OlderThanThis reports whether a source that a calendar was loaded from is an earlier
// one. While a new release replaces an old one both run: the old one must not bring back
// what the new one corrected.
func OlderThanThis(source string) bool {
	var loaded int
	if _, err := fmt.Sscanf(source, "laws %d,", &loaded); err != nil {
		loaded = 0 // from the library alone, before there was a table of laws
	}
	return loaded < revision
}

// Holiday is a day on which nobody works at a place.
type Holiday struct {
	On   civil.Date // as observed: a holiday that a weekend moves stands on the day it moves to
	Name string     // in the language of the place
}

// Of lists the holidays of a country, or of a region of it, from the first to the
// last year, by date. A region without holidays of its own has the country's; ok is
// false where nothing is known.
func Of(country, region string, first, last int) (days []Holiday, ok bool) {
	found := named{}
	stated, library := laws()[country], lists[country]
	switch {
	case stated != nil:
		found.addLaws(stated, region, first, last)
	case library != nil:
		found.addLibrary(library, first, last)
	default:
		return nil, false
	}

	for on, name := range found {
		days = append(days, Holiday{On: on, Name: name})
	}

	slices.SortFunc(days, func(a, b Holiday) int { return a.On.Compare(b.On) })
	return days, true
}

// Regions lists the codes of a country's regions that have holidays of their own.
func Regions(country string) []string {
	var regions []string
	for _, l := range laws()[country] {
		regions = append(regions, l.regions...)
	}

	slices.Sort(regions)
	return slices.Compact(regions)
}

// named are holidays by day. A day on which two fall has both names.
type named map[civil.Date]string

// addLaws adds what the laws say for a region. The years around are looked at too, since
// New Year's Day may be observed on 31 December.
func (n named) addLaws(stated []law, region string, first, last int) {
	for _, l := range stated {
		if !l.in(region) {
			continue
		}

		for year := max(first-1, l.since); year <= last+1; year++ {
			for _, on := range l.rule.Observed(year) {
				n.add(on, l.name, first, last)
			}
		}
	}
}

// addLibrary adds a list of the library.
func (n named) addLibrary(list []*cal.Holiday, first, last int) {
	for _, h := range list {
		for year := first - 1; year <= last+1; year++ {
			if _, at := h.Calc(year); !at.IsZero() {
				n.add(civil.DateOf(at), h.Name, first, last)
			}
		}
	}
}

// add adds a holiday that falls into the years.
func (n named) add(on civil.Date, name string, first, last int) {
	other, taken := n[on]
	switch {
	case on.Year < first || on.Year > last:
	case !taken:
		n[on] = name
	case !strings.Contains(other, name):
		n[on] = other + " / " + name
	}
}

// weekends are those that are not Saturday and Sunday.
var weekends = func() map[string][]calendar.Weekday {
	out := map[string][]calendar.Weekday{
		"AF": {calendar.Thursday, calendar.Friday},
		"BN": {calendar.Friday, calendar.Sunday},
		"IR": {calendar.Friday},
		"NP": {calendar.Saturday},
		"SO": {calendar.Friday},
	}

	for _, country := range strings.Fields(
		"BD BH DJ DZ EG IL IQ JO KW LY MV OM PS QA SA SD SY YE",
	) {
		out[country] = []calendar.Weekday{calendar.Friday, calendar.Saturday}
	}

	return out
}()

// Weekend returns the weekend of a country: Saturday and Sunday for most.
func Weekend(country string) []calendar.Weekday {
	if w, ok := weekends[country]; ok {
		return w
	}
	return []calendar.Weekday{calendar.Saturday, calendar.Sunday}
}
