package calendar

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/civil"
)

// HolidayRule says on which days of a year a holiday is observed, as its law says it
// (C3): a day of the year, a day of the week in a month, days from Easter, and where it
// goes when it falls on certain days of the week.
type HolidayRule struct {
	days  func(year int) []civil.Date
	only  []Weekday       // days of the week on which it is a holiday at all; none: all
	moved map[Weekday]int // days by which it moves from a day of the week
}

// The forms of a rule. MM-DD may be followed by "if" and days of the week.
var (
	fixedDay     = regexp.MustCompile(`^([0-9]{2}-[0-9]{2})(?: if((?: [A-Z]{3})+))?$`)
	nthWeekday   = regexp.MustCompile(`^(-?[1-5]) ([A-Z]{3}) ([0-9]{2})$`)
	weekdayNear  = regexp.MustCompile(`^([A-Z]{3})([<>])=([0-9]{2}-[0-9]{2})$`)
	fromEaster   = regexp.MustCompile(`^easter([+-][0-9]+)?$`)
	equinoxIn    = regexp.MustCompile(`^equinox (03|09)$`)
	datedDays    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{4}-[0-9]{2}-[0-9]{2})*$`)
	weekdayMoved = regexp.MustCompile(`^([a-z]{3})([+-][0-9])$`)
)

// ParseHolidayRule reads a rule and where it moves to. A rule is one of "01-31", also
// "01-31 if MON FRI"; "3 MON 02" and "-1 MON 05", the third and the last Monday of a
// month; "MON>=05-27" and "MON<=05-24", the first Monday from a day on and the last one
// up to it; "easter-2"; "equinox 03" or "equinox 09", of Japan; or the days themselves,
// "2026-07-10 2027-06-25". Moves read "sat-1 sun+1" and may be empty.
func ParseHolidayRule(rule, moved string) (HolidayRule, error) {
	r := HolidayRule{moved: map[Weekday]int{}}
	for _, m := range strings.Fields(moved) {
		parts := weekdayMoved.FindStringSubmatch(m)
		if parts == nil || !knownWeekdays(strings.ToUpper(parts[1])) {
			return r, fmt.Errorf("%q moves no holiday", m)
		}
		days, _ := strconv.Atoi(parts[2])
		r.moved[Weekday(strings.ToUpper(parts[1]))] = days
	}

	if p := fixedDay.FindStringSubmatch(rule); p != nil && knownWeekdays(p[2]) && isDay(p[1]) {
		for _, d := range strings.Fields(p[2]) {
			r.only = append(r.only, Weekday(d))
		}
		r.days = func(year int) []civil.Date { return dayOf(year, p[1]) }
		return r, nil
	}

	if p := nthWeekday.FindStringSubmatch(rule); p != nil && knownWeekdays(p[2]) &&
		isDay(p[3]+"-01") {
		n, _ := strconv.Atoi(p[1])
		r.days = func(year int) []civil.Date { return nthOf(year, p[3], n, Weekday(p[2])) }
		return r, nil
	}

	if p := weekdayNear.FindStringSubmatch(rule); p != nil && knownWeekdays(p[1]) && isDay(p[3]) {
		step := map[string]int{">": 1, "<": -1}[p[2]]
		r.days = func(year int) []civil.Date { return near(dayOf(year, p[3]), Weekday(p[1]), step) }
		return r, nil
	}

	if p := fromEaster.FindStringSubmatch(rule); p != nil {
		n, _ := strconv.Atoi(p[1]) // nothing is Easter itself
		r.days = func(year int) []civil.Date { return []civil.Date{Easter(year).AddDays(n)} }
		return r, nil
	}

	if p := equinoxIn.FindStringSubmatch(rule); p != nil {
		r.days = func(year int) []civil.Date { return japaneseEquinox(year, p[1]) }
		return r, nil
	}

	return r.dated(rule)
}

// dated reads a rule that lists its days.
func (r HolidayRule) dated(rule string) (HolidayRule, error) {
	if !datedDays.MatchString(rule) {
		return r, fmt.Errorf("%q is no rule of a holiday", rule)
	}

	byYear := map[int][]civil.Date{}
	for _, text := range strings.Fields(rule) {
		d, err := civil.ParseDate(text)
		if err != nil {
			return r, fmt.Errorf("%q is no day", text)
		}
		byYear[d.Year] = append(byYear[d.Year], d)
	}

	r.days = func(year int) []civil.Date { return byYear[year] }
	return r, nil
}

// Observed returns the days on which the holiday of a year is observed. They may lie in
// a year beside it: New Year's Day of a Saturday may be observed on 31 December.
func (r HolidayRule) Observed(year int) (observed []civil.Date) {
	for _, d := range r.days(year) {
		weekday := WeekdayOf(d)
		if len(r.only) == 0 || slices.Contains(r.only, weekday) {
			observed = append(observed, d.AddDays(r.moved[weekday]))
		}
	}
	return observed
}

// Easter returns Easter Sunday of the Gregorian calendar, by Meeus, Jones and Butcher.
func Easter(year int) civil.Date {
	golden := year % 19
	century, rest := year/100, year%100
	moon := (19*golden + century - century/4 - (century-(century+8)/25+1)/3 + 15) % 30
	sunday := (32 + 2*(century%4) + 2*(rest/4) - moon - rest%4) % 7
	late := (golden + 11*moon + 22*sunday) / 451
	days := moon + sunday - 7*late + 114
	return civil.Date{Year: year, Month: time.Month(days / 31), Day: days%31 + 1}
}

// japaneseEquinox is the day of the equinox in Japan from 1980 to 2099, by the formula
// of its observatory that forecasts follow; the cabinet announces each a year ahead.
func japaneseEquinox(year int, month string) []civil.Date {
	first := map[string]float64{"03": 20.8431, "09": 23.2488}[month]
	since := year - 1980
	day := math.Floor(first+0.242194*float64(since)) - math.Floor(float64(since)/4)
	return dayOf(year, fmt.Sprintf("%s-%02d", month, int(day)))
}

// dayOf is a day of a year by month and day; none where the year has it not.
func dayOf(year int, monthAndDay string) []civil.Date {
	d, err := civil.ParseDate(fmt.Sprintf("%04d-%s", year, monthAndDay))
	if err != nil {
		return nil
	}
	return []civil.Date{d}
}

// isDay reports whether a leap year has the day, written MM-DD.
func isDay(monthAndDay string) bool { return dayOf(2024, monthAndDay) != nil }

// nthOf is the n-th day of the week of a month; -1 is the last one.
func nthOf(year int, month string, n int, weekday Weekday) []civil.Date {
	from := dayOf(year, month+"-01")[0]
	step := 1
	if n < 0 {
		from = from.AddMonths(1).AddDays(-1)
		step = -1
		n = -n
	}

	nth := near([]civil.Date{from}, weekday, step)[0].AddDays(step * 7 * (n - 1))
	if nth.Month != from.Month {
		return nil
	}
	return []civil.Date{nth}
}

// near is the nearest day of the week from days on, a day at a time.
func near(days []civil.Date, weekday Weekday, step int) []civil.Date {
	for i, d := range days {
		for WeekdayOf(d) != weekday {
			d = d.AddDays(step)
		}
		days[i] = d
	}
	return days
}

// knownWeekdays reports whether all fields of a text are days of the week.
func knownWeekdays(text string) bool {
	for _, d := range strings.Fields(text) {
		if !slices.Contains(Weekdays(), Weekday(d)) {
			return false
		}
	}
	return true
}
