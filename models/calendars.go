package models

import (
	"context"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

func (s *Store) calendarAudit(tx *gorm.DB, scope Scope, e entry) error {
	return s.appendAudit(tx, scope, "calendars", nil, false, e)
}

// CalendarFilter narrows a list of calendars; an empty country does not narrow.
type CalendarFilter struct {
	Country string
	Page    Page
}

// ListCalendars lists calendars by code, each with the holidays of the next 12
// months and with what it lacks (C3). For the service and its operators.
func (s *Store) ListCalendars(ctx context.Context, f CalendarFilter) ([]CalendarDetail, string, error) {
	var out []CalendarDetail
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) (err error) {
		if err := scope.service(); err != nil {
			return err
		}
		q := tx.Where("code > ?", f.Page.After).Limit(f.Page.size() + 1)
		if f.Country != "" {
			q = q.Where("country = ?", f.Country)
		}
		out, err = s.readCalendars(tx, q)
		return err
	})
	out, next := cut(f.Page, out, func(c CalendarDetail) string { return c.Code })
	return out, next, err
}

// GetCalendar reads one calendar with all its holidays. For the service and its
// operators.
func (s *Store) GetCalendar(ctx context.Context, code string) (CalendarDetail, error) {
	var out CalendarDetail
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) (err error) {
		if err := scope.service(); err != nil {
			return err
		}
		out, err = s.calendarDetail(tx, code)
		return err
	})
	return out, err
}

func (s *Store) calendarDetail(tx *gorm.DB, code string) (CalendarDetail, error) {
	var out CalendarDetail
	if err := found(tx.First(&out.Calendar, "code = ?", code).Error); err != nil {
		return out, err
	}
	err := tx.Where("calendar = ?", code).Order("on_day").Find(&out.Holidays).Error
	out.Lacks = out.rule(out.Holidays).Alerts(s.calendarToday())
	return out, err
}

// CalendarChange is what an operator changes of a calendar, with the version that
// was read and the reason.
type CalendarChange struct {
	Code    string
	Version int64
	Reason  string
}

// changeCalendar locks a calendar, has it changed and counts its version on. What
// was promised by an earlier version stays as it is (S20). Errors: NOT_FOUND,
// STATE_CONFLICT for a version that is no longer the last, REASON_REQUIRED.
func (s *Store) changeCalendar(ctx context.Context, q CalendarChange, change func(tx *gorm.DB, scope Scope, c *Calendar) (entry, error)) (CalendarDetail, error) {
	var out CalendarDetail
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		if strings.TrimSpace(q.Reason) == "" {
			return rules.Refuse(rules.ReasonRequired, "A calendar changes with a reason only.", "Send the reason along.")
		}
		var c Calendar
		if err := found(s.forUpdate(tx).First(&c, "code = ?", q.Code).Error); err != nil {
			return err
		}
		if err := versioned(c.Version, q.Version); err != nil {
			return err
		}
		e, err := change(tx, scope, &c)
		if err != nil {
			return err
		}
		c.Version, c.UpdatedAt = c.Version+1, s.clock.Now()
		e.details["version"] = c.Version
		if err := tx.Model(&Calendar{}).Where("code = ?", c.Code).Select("weekend", "hours", "version", "updated_at").Updates(&c).Error; err != nil {
			return err
		}
		if err := s.watchCalendar(tx, scope, c.Code); err != nil {
			return err
		}
		if err := s.calendarAudit(tx, scope, e); err != nil {
			return err
		}
		out, err = s.calendarDetail(tx, c.Code)
		return err
	})
	return out, err
}

// PutCalendar replaces weekend and working times. Errors: those of
// rules.Calendar.Validate, with NO_WORKING_TIME for a calendar without any (C3).
func (s *Store) PutCalendar(ctx context.Context, q CalendarChange, weekend []rules.Weekday, hours []rules.WorkingTime) (CalendarDetail, error) {
	if err := (rules.Calendar{Weekend: weekend, Hours: hours}).Validate(); err != nil {
		return CalendarDetail{}, err
	}
	return s.changeCalendar(ctx, q, func(_ *gorm.DB, _ Scope, c *Calendar) (entry, error) {
		before := c.facts()
		c.Weekend, c.Hours = append([]rules.Weekday{}, weekend...), append([]rules.WorkingTime{}, hours...)
		return entry{"calendar.changed", c.Code, withReason(q.Reason, map[string]any{"before": before, "after": c.facts()})}, nil
	})
}

// AddCalendar gives a region a calendar of its own, as a copy of its country's with
// all holidays. Errors: NOT_FOUND for a country without a calendar, STATE_CONFLICT
// for a region that has one, REASON_REQUIRED.
func (s *Store) AddCalendar(ctx context.Context, country, region, reason string) (CalendarDetail, error) {
	region = rules.NormaliseRegion(country, region)
	if err := rules.CheckRegion(country, region); err != nil {
		return CalendarDetail{}, err
	}
	code := calendarCode(country, region)
	var out CalendarDetail
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) (err error) {
		if err := scope.service(); err != nil {
			return err
		}
		if strings.TrimSpace(reason) == "" {
			return rules.Refuse(rules.ReasonRequired, "A calendar is added with a reason only.", "Send the reason along.")
		}
		from, err := s.calendarDetail(tx, country)
		if err != nil {
			return err
		}
		c := from.Calendar
		c.Code, c.Region, c.Version, c.UpdatedAt, c.Alerts = code, region, 1, s.clock.Now(), []rules.CalendarAlert{}
		created := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&c)
		if created.Error != nil {
			return created.Error
		}
		if created.RowsAffected == 0 {
			return rules.Refuse(rules.StateConflict, "The region has a calendar already.", "Read it and change it.")
		}
		days := from.Holidays
		for i := range days {
			days[i].Calendar = code
		}
		if len(days) > 0 {
			if err := tx.CreateInBatches(&days, 500).Error; err != nil {
				return err
			}
		}
		e := entry{"calendar.added", code, withReason(reason, map[string]any{"copy_of": country, "copied_version": from.Version, "holidays": len(days)})}
		if err := s.calendarAudit(tx, scope, e); err != nil {
			return err
		}
		out, err = s.calendarDetail(tx, code)
		return err
	})
	return out, err
}
