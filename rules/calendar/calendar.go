package calendar

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// Weekday is a day of the week by its first three letters, such as MON.
type Weekday string

// The days of the week.
const (
	Monday    Weekday = "MON"
	Tuesday   Weekday = "TUE"
	Wednesday Weekday = "WED"
	Thursday  Weekday = "THU"
	Friday    Weekday = "FRI"
	Saturday  Weekday = "SAT"
	Sunday    Weekday = "SUN"
)

// Weekdays lists the days of the week from Monday on.
func Weekdays() []Weekday {
	return []Weekday{Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday}
}

// WeekdayOf returns the day of the week of a date.
func WeekdayOf(d civil.Date) Weekday {
	return Weekdays()[(int(d.In(time.UTC).Weekday())+6)%7]
}

// WorkingTime is one interval of work on a day of the week, half-open, by the wall
// clock: "09:00" to "12:00". The end of the day is "24:00". A day may have several.
type WorkingTime struct {
	Day  Weekday `json:"day" doc:"Day of the week, by its first three letters, such as MON"`
	From string  `json:"from" doc:"When work begins, HH:MM by the wall clock of the place"`
	To   string  `json:"to" doc:"When work ends, HH:MM by the wall clock of the place; not included"`
}

// Calendar says which days are business days at a site (C3). A business day is
// none of the weekend, no holiday, and has working time. Code is the country, or
// country and region such as BR-SP.
type Calendar struct {
	Code     string
	Version  int64
	Weekend  []Weekday
	Hours    []WorkingTime
	Holidays map[civil.Date]string // name by local day
}

// Codes of what is wrong with a calendar.
const (
	InvalidWeekday     = "INVALID_WEEKDAY"
	InvalidWorkingTime = "INVALID_WORKING_TIME"
	// NoWorkingTime refuses a calendar on which no day is ever a business day (C3).
	NoWorkingTime = "NO_WORKING_TIME"
)

// Validate checks weekend and hours, and names every error. A calendar without any
// working time is refused with NO_WORKING_TIME (C3).
func (c Calendar) Validate() error {
	var k rules.Checker
	for i, d := range c.Weekend {
		at := fmt.Sprintf("/weekend/%d", i)
		if !slices.Contains(Weekdays(), d) {
			k.Fail(at, InvalidWeekday, "This is not a day of the week.",
				"Send MON, TUE, WED, THU, FRI, SAT or SUN.")
		} else if slices.Contains(c.Weekend[:i], d) {
			k.Fail(at, rules.Duplicate, "The day is named twice.", "Name each day once.")
		}
	}

	for i := range c.Hours {
		c.checkHours(&k, i)
	}

	if len(k.Fields) == 0 && len(c.Hours) == 0 {
		k.Fail("/hours", NoWorkingTime, "No day of the week has working time.",
			"Give at least one day working time.")
	}

	return rules.Invalid(k.Fields)
}

// checkHours holds one interval against its form, the weekend and those before it.
func (c Calendar) checkHours(k *rules.Checker, i int) {
	h := c.Hours[i]
	from, okFrom := MinuteOfDay(h.From)
	to, okTo := MinuteOfDay(h.To)
	at := fmt.Sprintf("/hours/%d", i)

	switch {
	case !slices.Contains(Weekdays(), h.Day):
		k.Fail(at+"/day", InvalidWeekday, "This is not a day of the week.",
			"Send MON, TUE, WED, THU, FRI, SAT or SUN.")
	case slices.Contains(c.Weekend, h.Day):
		k.Fail(at+"/day", InvalidWorkingTime, "A day of the weekend has no working time.",
			"Take the day out of the weekend, or leave its hours out.")
	case !okFrom:
		k.Fail(at+"/from", InvalidWorkingTime, "This is not a time of day.",
			"Send a time such as 09:00.")
	case !okTo:
		k.Fail(at+"/to", InvalidWorkingTime, "This is not a time of day.",
			"Send a time such as 17:30, or 24:00 for the end of the day.")
	case from >= to:
		k.Fail(at+"/to", InvalidWorkingTime, "The interval ends before it begins.",
			"Send a later end; an interval ends on the day on which it begins.")
	case slices.ContainsFunc(c.Hours[:i], func(o WorkingTime) bool { return overlap(o, h) }):
		k.Fail(at, InvalidWorkingTime, "The interval overlaps another one of its day.",
			"Join the two.")
	}
}

// CheckHoliday refuses with VALIDATION_FAILED a holiday without a valid day, or whose
// name is missing, not one line or longer than 100 characters.
func CheckHoliday(on civil.Date, name string) error {
	var k rules.Checker
	if !on.IsValid() {
		k.Fail("/date",
			rules.InvalidDate, "This is not a calendar date.", "Send a date as YYYY-MM-DD.")
	}
	k.Text("/name", name, 100)
	return rules.Invalid(k.Fields)
}

var timeOfDay = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])$|^24:00$`)

// MinuteOfDay reads "HH:MM" as minutes of the wall clock since 00:00.
func MinuteOfDay(text string) (int, bool) {
	if !timeOfDay.MatchString(text) {
		return 0, false
	}
	h, m, _ := strings.Cut(text, ":")
	hours, _ := strconv.Atoi(h)
	minutes, _ := strconv.Atoi(m)
	return hours*60 + minutes, true
}

func overlap(a, b WorkingTime) bool {
	// Times of two digits compare like the minutes that they stand for.
	return a.Day == b.Day && a.From < b.To && b.From < a.To
}

// DefaultHours is nine to five on every day that is not of the weekend.
func DefaultHours(weekend []Weekday) (hours []WorkingTime) {
	for _, d := range Weekdays() {
		if !slices.Contains(weekend, d) {
			hours = append(hours, WorkingTime{Day: d, From: "09:00", To: "17:00"})
		}
	}
	return hours
}
