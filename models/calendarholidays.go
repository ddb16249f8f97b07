package models

import (
	"context"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// AddHoliday adds a holiday to a calendar, also one that was removed. Errors: those
// of changeCalendar; VALIDATION_FAILED with DUPLICATE for a day that is a holiday
// already, and for a name that is empty or too long.
func (s *Store) AddHoliday(ctx context.Context, q CalendarChange, on civil.Date, name string) (CalendarDetail, error) {
	if err := rules.CheckHoliday(on, name); err != nil {
		return CalendarDetail{}, err
	}
	return s.changeCalendar(ctx, q, func(tx *gorm.DB, scope Scope, c *Calendar) (entry, error) {
		have, err := s.holidayOn(tx, c.Code, on)
		if err != nil {
			return entry{}, err
		}
		if len(have) > 0 && !have[0].Removed {
			return entry{}, rules.Invalid([]rules.FieldError{{Pointer: "/date", Code: rules.Duplicate, Message: "The day is a holiday already.", Remedy: "Remove it first to give it another name."}})
		}
		row := CalendarHoliday{Calendar: c.Code, OnDay: on.String(), Name: name, Origin: HolidayOperator, Reason: q.Reason, ChangedBy: scope.Actor.ID, ChangedAt: s.clock.Now()}
		err = tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
		return entry{"calendar.holiday_added", c.Code, withReason(q.Reason, map[string]any{"on": row.OnDay, "name": name})}, err
	})
}

// RemoveHoliday makes a holiday a day like others. It stays out, also when the
// calendar is loaded again. Errors: those of changeCalendar; NOT_FOUND for a day that
// is none.
func (s *Store) RemoveHoliday(ctx context.Context, q CalendarChange, on civil.Date) (CalendarDetail, error) {
	return s.changeCalendar(ctx, q, func(tx *gorm.DB, scope Scope, c *Calendar) (entry, error) {
		have, err := s.holidayOn(tx, c.Code, on)
		if err != nil {
			return entry{}, err
		}
		if len(have) == 0 || have[0].Removed {
			return entry{}, errNotFound()
		}
		h := have[0]
		err = tx.Model(&CalendarHoliday{}).Where("calendar = ? AND on_day = ?", c.Code, h.OnDay).
			Updates(map[string]any{"removed": true, "reason": q.Reason, "changed_by": scope.Actor.ID, "changed_at": s.clock.Now()}).Error
		return entry{"calendar.holiday_removed", c.Code, withReason(q.Reason, map[string]any{"on": h.OnDay, "name": h.Name, "origin": h.Origin})}, err
	})
}

func (s *Store) holidayOn(tx *gorm.DB, code string, on civil.Date) ([]CalendarHoliday, error) {
	var have []CalendarHoliday
	err := tx.Where("calendar = ? AND on_day = ?", code, on.String()).Find(&have).Error
	return have, err
}
