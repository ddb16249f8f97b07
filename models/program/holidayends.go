package program

import (
	"context"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// HolidayEnd is a calendar on which customers count whose holidays end within the coming year:
// what is promised beyond is counted by weekends alone (C3).
type HolidayEnd struct {
	Code string     // of the calendar
	Last civil.Date // its last holiday
}

// HolidayEnds lists the calendars on which customers count whose last holiday is in the coming
// year, by code. Those without one are HolidayGaps. For the service and its operators.
func (s *Programs) HolidayEnds(ctx context.Context) ([]HolidayEnd, error) {
	var out []HolidayEnd
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		_, codes, err := customersByCalendar(tx)
		if err != nil {
			return err
		}

		today := calendarToday(tx)
		var last []CalendarHoliday
		err = tx.
			Where("calendar IN ? AND NOT removed", codes).
			Where("on_day >= ? AND on_day < ?", today.String(), rules.AddYears(today, 1).String()).
			Where(`NOT EXISTS (
				SELECT 1 FROM calendar_holidays later
				WHERE later.calendar = calendar_holidays.calendar
					AND later.on_day > calendar_holidays.on_day
					AND NOT later.removed)`).
			Order("calendar").Find(&last).Error
		if err != nil {
			return err
		}

		for _, h := range last {
			if day := db.DateOf(h.OnDay); day != nil {
				out = append(out, HolidayEnd{Code: h.Calendar, Last: *day})
			}
		}
		return nil
	})

	return out, err
}
