package program

import (
	"context"
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/licensing"
)

// calendarTasks are the tasks that the alerts of a calendar raise (C3).
var calendarTasks = map[calendar.CalendarAlert]db.OperatorTask{
	calendar.AlertNoHolidays: {
		Kind: db.TaskCalendarNoHolidays,
		What: "Enter the holidays of the calendar for the next 12 months.",
		Why:  "Sites count on it, and without holidays days are promised on which nobody is there.",
	},
	calendar.AlertNoWorkingTime: {
		Kind: db.TaskCalendarNoWorkingTime,
		What: "Check weekend, hours and holidays of the calendar: " +
			"it has no business day in the next 14 days.",
		Why: "Sites count on it, and replacements for them are promised late.",
	},
}

// WatchCalendars raises a task for each calendar that active rooms count on and
// that lacks working time or holidays, once, and settles it when that is over (C3).
// A task that a person closes stays closed until the alert has gone and come again.
// It returns how many calendars have an alert.
func (s *Programs) WatchCalendars(ctx context.Context) (int, error) {
	alerting := 0
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		alerting = 0
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		all, err := readCalendars(tx, tx.DB)
		if err != nil {
			return err
		}

		used, err := usedCalendars(tx, all)
		if err != nil {
			return err
		}

		for _, c := range all {
			if !used[c.Code] {
				c.Lacks = nil
			}
			if len(c.Lacks) > 0 {
				alerting++
			}
			if err := tellAlerts(tx, c); err != nil {
				return err
			}
		}

		return nil
	})

	return alerting, err
}

// tellAlerts raises and settles the tasks for the alerts that came or went since the
// last look, and stores the alerts.
func tellAlerts(tx *db.Tx, c CalendarDetail) error {
	if slices.Equal(c.Alerts, c.Lacks) {
		return nil
	}

	for alert, task := range calendarTasks {
		before := slices.Contains(c.Alerts, alert)
		now := slices.Contains(c.Lacks, alert)
		task.SubjectID = c.Code

		switch {
		case now && !before:
			if err := tx.Raise(task); err != nil {
				return err
			}
		case before && !now:
			err := tx.Settle(task.Kind, c.Code,
				"the calendar has what it lacked, or no room counts on it")
			if err != nil {
				return err
			}
		}
	}

	return tx.Model(&Calendar{}).Where("code = ?", c.Code).Select("alerts").
		Updates(&Calendar{Alerts: append([]calendar.CalendarAlert{}, c.Lacks...)}).Error
}

// watchCalendar is WatchCalendars for one calendar that the transaction changed.
func watchCalendar(tx *db.Tx, code string) error {
	all, err := readCalendars(tx, tx.Where("code = ?", code))
	if err != nil || len(all) == 0 {
		return err
	}

	used, err := usedCalendars(tx, all)
	if err != nil {
		return err
	}

	if !used[code] {
		all[0].Lacks = nil
	}

	return tellAlerts(tx, all[0])
}

// usedCalendars reads which of the calendars active rooms count on.
func usedCalendars(tx *db.Tx, calendars []CalendarDetail) (map[string]bool, error) {
	var places []Site
	err := tx.Table("rooms").Distinct("country", "region").
		Where("state = ?", licensing.RoomActive).
		Find(&places).Error
	if err != nil {
		return nil, err
	}

	used := map[string]bool{}
	for _, c := range calendars {
		used[c.Code] = false
	}

	for _, p := range places {
		code := calendarCode(p.Country, p.Region)
		if _, ok := used[code]; !ok {
			code = p.Country
		}
		used[code] = true
	}

	return used, nil
}
