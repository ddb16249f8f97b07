// Package holidays is the first data of the calendars (C3): the holidays of a
// library, by country and region, and the weekends of the world. The database is
// the truth; what is here only fills it.
package holidays

import (
	"maps"
	"slices"
	"strings"

	"cloud.google.com/go/civil"
	"github.com/rickar/cal/v2"

	"roomcover.dev/roomcover/rules/calendar"
)

// Source names where the data comes from. Under another name every calendar is loaded
// again, which adds what is new and changes nothing that is there.
const Source = "rickar/cal v2.1.26"

// Holiday is a day on which nobody works at a place.
type Holiday struct {
	On   civil.Date // as observed: a holiday that a weekend moves stands on the day it moves to
	Name string     // in the language of the place
}

// Of lists the holidays of a country, or of a region of it, from the first to the
// last year, by date. A region without a list of its own has the country's; ok is
// false where nothing is known.
func Of(country, region string, first, last int) (days []Holiday, ok bool) {
	list, ok := regional[country][region]
	if !ok {
		list, ok = lists[country]
	}

	var found map[civil.Date]string
	switch {
	case ok:
		found = observed(list, first, last)
	case regional[country] != nil:
		found, ok = shared(country, first, last), true
	}

	for on, name := range found {
		days = append(days, Holiday{On: on, Name: name})
	}

	slices.SortFunc(days, func(a, b Holiday) int { return a.On.Compare(b.On) })
	return days, ok
}

// observed computes the days of a list. The years around are looked at too, since
// New Year's Day may be observed on 31 December.
func observed(list []*cal.Holiday, first, last int) map[civil.Date]string {
	days := map[civil.Date]string{}
	for _, h := range list {
		for year := first - 1; year <= last+1; year++ {
			_, at := h.Calc(year)
			on := civil.DateOf(at)
			if at.IsZero() || on.Year < first || on.Year > last {
				continue
			}

			if other, taken := days[on]; taken && !strings.Contains(other, h.Name) {
				days[on] = other + " / " + h.Name
			} else if !taken {
				days[on] = h.Name
			}
		}
	}

	return days
}

// shared are the days that every region of a country has: the library has no
// national list of its own for some, or one that holds every region's days.
func shared(country string, first, last int) map[civil.Date]string {
	var common map[civil.Date]string
	for _, region := range Regions(country) {
		days := observed(regional[country][region], first, last)
		if common == nil {
			common = days
		}
		maps.DeleteFunc(common, func(on civil.Date, _ string) bool { return days[on] == "" })
	}

	return common
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
