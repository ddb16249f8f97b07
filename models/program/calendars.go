package program

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

// Calendar says which days are business days in a country, or in a region of it
// (C3). Code is BR or BR-SP. Version grows with every change, holidays included;
// what was computed from an earlier one stays as it was stored (S20).
type Calendar struct {
	Code    string `gorm:"primaryKey"`
	Country string // ISO 3166
	// ISO 3166-2 without the country; empty: the whole country
	Region        string
	Weekend       []calendar.Weekday     `gorm:"serializer:json"`
	Hours         []calendar.WorkingTime `gorm:"serializer:json"`
	Source        string                 // holidays.Source that it was last loaded from
	LoadedThrough int                    // last year that was loaded
	// those that a task was raised for
	Alerts    []calendar.CalendarAlert `gorm:"serializer:json"`
	UpdatedAt time.Time
	Version   int64
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

// HolidayOrigin says who put a holiday into a calendar.
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
	Lacks    []calendar.CalendarAlert
}

// calendarCode is the code of a country's or a region's calendar.
func calendarCode(country, region string) string {
	if region == "" {
		return country
	}
	return country + "-" + region
}

// rule is what the calculations need of a calendar.
func (c Calendar) rule(days []CalendarHoliday) calendar.Calendar {
	out := calendar.Calendar{
		Code:     c.Code,
		Version:  c.Version,
		Weekend:  c.Weekend,
		Hours:    c.Hours,
		Holidays: map[civil.Date]string{},
	}

	for _, h := range days {
		if d := db.DateOf(h.OnDay); d != nil && !h.Removed {
			out.Holidays[*d] = h.Name
		}
	}

	return out
}

func (c Calendar) facts() map[string]any {
	return map[string]any{"weekend": c.Weekend, "hours": c.Hours}
}

// calendarCache keeps the versions of calendars that this process has read, each under
// its key, such as BR-SP@3. A version never changes, so the process need not read one
// twice. The holidays are shared: nobody may change them.
type calendarCache struct{ byKey sync.Map }

// CalendarVersion returns a version of a calendar that this process has read, by
// its key, such as BR-SP@3; false where it has not.
func (s *Programs) CalendarVersion(key string) (calendar.Calendar, bool) {
	return s.calendars.version(key)
}

// version returns a kept version by its key; false where it is not kept.
func (c *calendarCache) version(key string) (calendar.Calendar, bool) {
	kept, ok := c.byKey.Load(key)
	if !ok {
		return calendar.Calendar{}, false
	}
	return kept.(calendar.Calendar), true
}

// CalendarOf reads the calendar that counts at a site: its region's, else its
// country's (C3). The holidays come with the same statement: on PostgreSQL a second
// one could see those of a later version. No transaction that changes a calendar calls
// this, so the cache holds only what was committed. A country without a calendar
// answers NOT_FOUND.
func (s *Programs) CalendarOf(tx *db.Tx, site Site) (calendar.Calendar, error) {
	var rows []struct {
		Calendar
		OnDay *string
		Name  *string
	}

	err := tx.Table("calendars AS c").Select("c.*, h.on_day, h.name").
		Joins("LEFT JOIN calendar_holidays h ON h.calendar = c.code AND NOT h.removed").
		Where(`c.code = (
			SELECT code FROM calendars
			WHERE country = ? AND region IN ('', ?)
			ORDER BY region DESC LIMIT 1)`, site.Country, site.Region).
		Scan(&rows).Error
	if err != nil {
		return calendar.Calendar{}, err
	}

	if len(rows) == 0 {
		return calendar.Calendar{}, db.NotFound()
	}

	var days []CalendarHoliday
	for _, r := range rows {
		if r.OnDay != nil {
			days = append(days, CalendarHoliday{OnDay: *r.OnDay, Name: db.Text(r.Name)})
		}
	}

	out := rows[0].Calendar.rule(days)
	s.calendars.byKey.Store(fmt.Sprintf("%s@%d", out.Code, out.Version), out)
	return out, nil
}

// CalendarFilter narrows a list of calendars; an empty country does not narrow.
type CalendarFilter struct {
	Country string
	Page    db.Page
}

// ListCalendars lists calendars by code, each with the holidays of the next 12
// months and with what it lacks (C3). For the service and its operators.
func (s *Programs) ListCalendars(
	ctx context.Context, f CalendarFilter,
) ([]CalendarDetail, string, error) {
	var out []CalendarDetail
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		q := tx.Where("code > ?", f.Page.After).Limit(f.Page.Size() + 1)
		if f.Country != "" {
			q = q.Where("country = ?", f.Country)
		}

		out, err = readCalendars(tx, q)
		return err
	})

	out, next := db.Cut(f.Page, out, func(c CalendarDetail) string { return c.Code })
	return out, next, err
}

// readCalendars reads calendars by code with the holidays of the next 12 months,
// and what they lack.
func readCalendars(tx *db.Tx, where *gorm.DB) ([]CalendarDetail, error) {
	var calendars []Calendar
	if err := where.Order("code").Find(&calendars).Error; err != nil {
		return nil, err
	}

	today := calendarToday(tx)
	days := tx.Where("on_day >= ? AND on_day < ? AND NOT removed",
		today.String(), rules.AddYears(today, 1).String())

	if len(calendars) <= 201 { // a page; all of them need no list
		codes := make([]string, len(calendars))
		for i, c := range calendars {
			codes[i] = c.Code
		}
		days = days.Where("calendar IN ?", codes)
	}

	var holidays []CalendarHoliday
	if err := days.Order("calendar, on_day").Find(&holidays).Error; err != nil {
		return nil, err
	}

	byCode := map[string][]CalendarHoliday{}
	for _, h := range holidays {
		byCode[h.Calendar] = append(byCode[h.Calendar], h)
	}

	out := make([]CalendarDetail, len(calendars))
	for i, c := range calendars {
		out[i] = CalendarDetail{
			Calendar: c,
			Holidays: byCode[c.Code],
			Lacks:    c.rule(byCode[c.Code]).Alerts(today),
		}
	}

	return out, nil
}

// calendarToday is the day that the alerts of calendars count from, in UTC: they are
// about weeks and months.
func calendarToday(tx *db.Tx) civil.Date { return civil.DateOf(tx.Now().UTC()) }

// GetCalendar reads one calendar with all its holidays. For the service and its
// operators.
func (s *Programs) GetCalendar(ctx context.Context, code string) (CalendarDetail, error) {
	var out CalendarDetail
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		out, err = calendarDetail(tx, code)
		return err
	})
	return out, err
}

// calendarDetail reads a calendar with all its holidays.
func calendarDetail(tx *db.Tx, code string) (CalendarDetail, error) {
	var out CalendarDetail
	if err := db.Found(tx.First(&out.Calendar, "code = ?", code).Error); err != nil {
		return out, err
	}
	if err := tx.Where("calendar = ?", code).Order("on_day").Find(&out.Holidays).Error; err != nil {
		return out, err
	}

	out.Lacks = out.rule(out.Holidays).Alerts(calendarToday(tx))
	return out, nil
}

// CalendarChange is what an operator changes of a calendar, with the version that
// was read and the reason.
type CalendarChange struct {
	Code    string
	Version int64
	Reason  string
}

// calendarChange changes a calendar that is locked, or its holidays, and returns the
// audit entry of what it did.
type calendarChange func(tx *db.Tx, c *Calendar) (db.Entry, error)

// changeCalendar locks a calendar, runs the change and increments its version. What was
// promised by an earlier version stays as it is (S20). Errors: NOT_FOUND,
// STATE_CONFLICT for a version that is no longer the last, REASON_REQUIRED.
func (s *Programs) changeCalendar(
	ctx context.Context, q CalendarChange, change calendarChange,
) (CalendarDetail, error) {
	var out CalendarDetail
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		if strings.TrimSpace(q.Reason) == "" {
			return rules.Refuse(rules.ReasonRequired, "A calendar changes with a reason only.",
				"Send the reason along.")
		}

		var c Calendar
		if err := db.Found(tx.ForUpdate().First(&c, "code = ?", q.Code).Error); err != nil {
			return err
		}
		if err := db.Versioned(c.Version, q.Version); err != nil {
			return err
		}

		e, err := change(tx, &c)
		if err != nil {
			return err
		}
		if e.Verb == "" { // it was so already
			out, err = calendarDetail(tx, c.Code)
			return err
		}

		c.Version++
		c.UpdatedAt = tx.Now()
		e.Details["version"] = c.Version

		err = tx.Model(&Calendar{}).Where("code = ?", c.Code).
			Select("weekend", "hours", "version", "updated_at").Updates(&c).Error
		if err != nil {
			return err
		}
		if err := watchCalendar(tx, c.Code); err != nil {
			return err
		}
		if err := calendarAudit(tx, e); err != nil {
			return err
		}

		out, err = calendarDetail(tx, c.Code)
		return err
	})

	return out, err
}

// PutCalendar replaces weekend and working times. Errors: those of
// calendar.Calendar.Validate, with NO_WORKING_TIME for a calendar without any (C3).
func (s *Programs) PutCalendar(
	ctx context.Context, q CalendarChange, weekend []calendar.Weekday, hours []calendar.WorkingTime,
) (CalendarDetail, error) {
	if err := (calendar.Calendar{Weekend: weekend, Hours: hours}).Validate(); err != nil {
		return CalendarDetail{}, err
	}

	return s.changeCalendar(ctx, q, func(tx *db.Tx, c *Calendar) (db.Entry, error) {
		before := c.facts()
		c.Weekend = append([]calendar.Weekday{}, weekend...)
		c.Hours = append([]calendar.WorkingTime{}, hours...)
		if reflect.DeepEqual(before, c.facts()) {
			return db.Entry{}, nil
		}

		return db.Entry{
			Verb:     "calendar.changed",
			ObjectID: c.Code,
			Details: db.WithReason(q.Reason, map[string]any{
				"before": before,
				"after":  c.facts(),
			}),
		}, nil
	})
}

// AddCalendar gives a region a calendar of its own, as a copy of its country's with all
// holidays. Errors: NOT_FOUND for a country without a calendar, STATE_CONFLICT for a
// region that has one, REASON_REQUIRED.
func (s *Programs) AddCalendar(
	ctx context.Context, country, region, reason string,
) (CalendarDetail, error) {
	region = rules.NormaliseRegion(country, region)
	if err := rules.CheckRegion(country, region); err != nil {
		return CalendarDetail{}, err
	}

	code := calendarCode(country, region)
	var out CalendarDetail
	err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		if strings.TrimSpace(reason) == "" {
			return rules.Refuse(rules.ReasonRequired, "A calendar is added with a reason only.",
				"Send the reason along.")
		}

		from, err := calendarDetail(tx, country)
		if err != nil {
			return err
		}

		c := from.Calendar
		c.Code = code
		c.Region = region
		c.Version = 1
		c.UpdatedAt = tx.Now()
		c.Alerts = []calendar.CalendarAlert{}

		created := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&c)
		if created.Error != nil {
			return created.Error
		}

		if created.RowsAffected == 0 {
			return rules.Refuse(rules.StateConflict, "The region has a calendar already.",
				"Read it and change it.")
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

		e := db.Entry{
			Verb:     "calendar.added",
			ObjectID: code,
			Details: db.WithReason(reason, map[string]any{
				"copy_of":        country,
				"copied_version": from.Version,
				"holidays":       len(days),
			}),
		}

		if err := calendarAudit(tx, e); err != nil {
			return err
		}

		out, err = calendarDetail(tx, code)
		return err
	})

	return out, err
}

// AddHoliday adds a holiday to a calendar, also one that was removed. Errors: those
// of changeCalendar; VALIDATION_FAILED with DUPLICATE for a day that is a holiday
// already, and for a name that is empty or too long.
func (s *Programs) AddHoliday(
	ctx context.Context, q CalendarChange, on civil.Date, name string,
) (CalendarDetail, error) {
	if err := calendar.CheckHoliday(on, name); err != nil {
		return CalendarDetail{}, err
	}

	return s.changeCalendar(ctx, q, func(tx *db.Tx, c *Calendar) (db.Entry, error) {
		have, err := holidayOn(tx, c.Code, on)
		if err != nil {
			return db.Entry{}, err
		}

		if have != nil && !have.Removed {
			return db.Entry{}, rules.Invalid([]rules.FieldError{{
				Pointer: "/date",
				Code:    rules.Duplicate,
				Message: "The day is already a holiday.",
				Remedy:  "Remove it first to give it another name.",
			}})
		}

		row := CalendarHoliday{
			Calendar:  c.Code,
			OnDay:     on.String(),
			Name:      name,
			Origin:    HolidayOperator,
			Reason:    q.Reason,
			ChangedBy: tx.Scope.Actor.ID,
			ChangedAt: tx.Now(),
		}

		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return db.Entry{}, err
		}

		return db.Entry{
			Verb:     "calendar.holiday_added",
			ObjectID: c.Code,
			Details: db.WithReason(q.Reason, map[string]any{
				"on":   row.OnDay,
				"name": name,
			}),
		}, nil
	})
}

// RemoveHoliday makes a holiday a day like others. It stays out, also when the
// calendar is loaded again. Errors: those of changeCalendar; NOT_FOUND for a day that
// is none.
func (s *Programs) RemoveHoliday(
	ctx context.Context, q CalendarChange, on civil.Date,
) (CalendarDetail, error) {
	return s.changeCalendar(ctx, q, func(tx *db.Tx, c *Calendar) (db.Entry, error) {
		h, err := holidayOn(tx, c.Code, on)
		if err != nil {
			return db.Entry{}, err
		}

		if h == nil || h.Removed {
			return db.Entry{}, db.NotFound()
		}

		err = tx.Model(&CalendarHoliday{}).Where("calendar = ? AND on_day = ?", c.Code, h.OnDay).
			Updates(map[string]any{
				"removed":    true,
				"reason":     q.Reason,
				"changed_by": tx.Scope.Actor.ID,
				"changed_at": tx.Now(),
			}).Error
		if err != nil {
			return db.Entry{}, err
		}

		return db.Entry{
			Verb:     "calendar.holiday_removed",
			ObjectID: c.Code,
			Details: db.WithReason(q.Reason, map[string]any{
				"on":     h.OnDay,
				"name":   h.Name,
				"origin": h.Origin,
			}),
		}, nil
	})
}

// holidayOn reads the holiday of a day, also a removed one; nil for none.
func holidayOn(tx *db.Tx, code string, on civil.Date) (*CalendarHoliday, error) {
	var have []CalendarHoliday
	err := tx.Where("calendar = ? AND on_day = ?", code, on.String()).Find(&have).Error
	if err != nil || len(have) == 0 {
		return nil, err
	}
	return &have[0], nil
}

// calendarAudit adds an entry to the chain of the calendars.
func calendarAudit(tx *db.Tx, e db.Entry) error {
	return tx.Audit("calendars", nil, false, e)
}
