package calendar

import (
	"slices"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// furthestBusinessDay is how many days ahead a business day is looked for: a
// calendar that has none within a year has no working time.
const furthestBusinessDay = 366

// works reports whether the day of the week has working time.
func (c Calendar) works(d Weekday) bool {
	return !slices.Contains(c.Weekend, d) &&
		slices.ContainsFunc(c.Hours, func(h WorkingTime) bool { return h.Day == d })
}

// IsBusinessDay reports whether a local day is a business day (C3).
func (c Calendar) IsBusinessDay(d civil.Date) bool {
	_, holiday := c.Holidays[d]
	return !holiday && c.works(WeekdayOf(d))
}

// NextBusinessDay returns the first business day after d. Error: NO_WORKING_TIME
// when there is none within a year.
func (c Calendar) NextBusinessDay(d civil.Date) (civil.Date, error) {
	for range furthestBusinessDay {
		d = d.AddDays(1)
		if c.IsBusinessDay(d) {
			return d, nil
		}
	}

	return civil.Date{}, rules.Refuse(NoWorkingTime,
		"The site's calendar has no business day within a year.", "Give the calendar working time.")
}

// AddBusinessDays returns the n-th business day after d, whatever d itself is; n = 0
// gives d. Error: NO_WORKING_TIME.
func (c Calendar) AddBusinessDays(d civil.Date, n int) (civil.Date, error) {
	for range n {
		next, err := c.NextBusinessDay(d)
		if err != nil {
			return civil.Date{}, err
		}
		d = next
	}

	return d, nil
}

// CalendarAlert is a reason why a calendar needs a person (C3).
type CalendarAlert string

// The alerts of a calendar.
const (
	// AlertNoWorkingTime: no business day within 14 days.
	AlertNoWorkingTime CalendarAlert = "NO_WORKING_TIME_IN_14_DAYS"
	// AlertNoHolidays: no holiday is known for the next 12 months.
	AlertNoHolidays CalendarAlert = "NO_HOLIDAYS_LOADED"
)

// calendarHorizon is how many days ahead a calendar must have working time (C3).
const calendarHorizon = 14

// Alerts lists what a calendar lacks, seen on local day today: working time on today
// and the 13 days after it, or any holiday on the days [today, today + 12 months) (C3).
func (c Calendar) Alerts(today civil.Date) []CalendarAlert {
	var alerts []CalendarAlert
	if !c.worksWithin(today, calendarHorizon) {
		alerts = append(alerts, AlertNoWorkingTime)
	}

	if !c.HasHolidays(today) {
		alerts = append(alerts, AlertNoHolidays)
	}
	return alerts
}

// HasHolidays reports whether a calendar knows any holiday on the days
// [today, today + 12 months) (C3).
func (c Calendar) HasHolidays(today civil.Date) bool {
	until := rules.AddYears(today, 1)
	for d := range c.Holidays {
		if !d.Before(today) && d.Before(until) {
			return true
		}
	}
	return false
}

func (c Calendar) worksWithin(d civil.Date, days int) bool {
	for i := range days {
		if c.IsBusinessDay(d.AddDays(i)) {
			return true
		}
	}
	return false
}
