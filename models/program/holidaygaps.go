package program

import (
	"context"
	_ "embed"
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/calendar"
)

// HolidayGap is a calendar without holidays for the next 12 months on which customers
// count: what is promised to them is counted by weekends alone (C3).
type HolidayGap struct {
	Code     string // of the calendar
	Country  string
	Region   string // empty: the whole country
	Accounts int    // how many have their address, a room or a site there
	Rooms    int    // active ones
	Sites    int    // where replacements are sent
}

// customersByCalendarSQL counts accounts, rooms and sites by the calendar that counts there:
// the region's where it has one, else the country's.
//
//go:embed customersbycalendar.sql
var customersByCalendarSQL string

// customersByCalendar reads who counts on which calendar, and the codes of these calendars.
func customersByCalendar(tx *db.Tx) (customers []HolidayGap, codes []string, err error) {
	err = tx.Raw(customersByCalendarSQL).Scan(&customers).Error
	for _, c := range customers {
		codes = append(codes, c.Code)
	}
	return customers, codes, err
}

// HolidayGaps lists the calendars without holidays on which customers count, by code. For
// the service and its operators.
func (s *Programs) HolidayGaps(ctx context.Context) ([]HolidayGap, error) {
	var out []HolidayGap
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		customers, codes, err := customersByCalendar(tx)
		if err != nil {
			return err
		}

		calendars, err := readCalendars(tx, tx.Where("code IN ?", codes))
		if err != nil {
			return err
		}

		lacking := map[string]CalendarDetail{}
		for _, c := range calendars {
			if slices.Contains(c.Lacks, calendar.AlertNoHolidays) {
				lacking[c.Code] = c
			}
		}

		for _, c := range customers {
			if found, ok := lacking[c.Code]; ok {
				c.Country, c.Region = found.Country, found.Region
				out = append(out, c)
			}
		}

		return nil
	})

	return out, err
}
