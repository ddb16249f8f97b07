package models

import (
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// Calendar says which days are business days in a country, or in a region of it
// (C3). Code is BR or BR-SP. Version grows with every change, holidays included;
// what was computed from an earlier one stays as it was stored (S20).
type Calendar struct {
	Code          string                `gorm:"primaryKey"`
	Country       string                // ISO 3166
	Region        string                // ISO 3166-2 without the country; empty: the whole country
	Weekend       []rules.Weekday       `gorm:"serializer:json"`
	Hours         []rules.WorkingTime   `gorm:"serializer:json"`
	Source        string                // holidays.Source that it was last loaded from
	LoadedThrough int                   // last year that was loaded
	Alerts        []rules.CalendarAlert `gorm:"serializer:json"` // those that a task was raised for
	UpdatedAt     time.Time
	Version       int64
}

// CalendarHoliday is a day of a calendar on which nobody works. Removed ones are
// kept, so that loading the calendar again does not bring them back.
type CalendarHoliday struct {
	Calendar  string `gorm:"primaryKey"`
	OnDay     string `gorm:"primaryKey"` // YYYY-MM-DD
	Name      string // in the language of the place
	Origin    HolidayOrigin
	Removed   bool
	Reason    string // operators
	ChangedBy string
	ChangedAt time.Time
}

// HolidayOrigin tells who put a holiday into a calendar.
type HolidayOrigin string

// The origins of a CalendarHoliday.
const (
	HolidayLoaded   HolidayOrigin = "LOADED"
	HolidayOperator HolidayOrigin = "OPERATOR"
)

// CalendarDetail is a calendar with its holidays by day, the removed ones included,
// and what it lacks today (C3).
type CalendarDetail struct {
	Calendar
	Holidays []CalendarHoliday
	Lacks    []rules.CalendarAlert
}

// calendarCode is the code of a country's or a region's calendar.
func calendarCode(country, region string) string {
	if region == "" {
		return country
	}
	return country + "-" + region
}

// rule is what the calculations need of a calendar.
func (c Calendar) rule(days []CalendarHoliday) rules.Calendar {
	out := rules.Calendar{Code: c.Code, Version: c.Version, Weekend: c.Weekend, Hours: c.Hours, Holidays: map[civil.Date]string{}}
	for _, h := range days {
		if d := dateOf(h.OnDay); d != nil && !h.Removed {
			out.Holidays[*d] = h.Name
		}
	}
	return out
}

func (c Calendar) facts() map[string]any {
	return map[string]any{"weekend": c.Weekend, "hours": c.Hours}
}
