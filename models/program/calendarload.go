package program

import (
	"context"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program/holidays"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

// calendarYears is how many years are loaded: the current one and the next two.
const calendarYears = 3

// LoadCalendars adds the calendars that are missing, one for each country and each
// region that has holidays of its own, loads the holidays of the current and the next two
// years where they are not loaded yet, and corrects what an earlier source had wrong. A
// day that an operator added or removed stays as it is. What was promised stays too: a
// promise is stored (S20). A calendar's version grows only when its days change. It
// returns how many calendars it added or loaded, and may run at any time, also twice at
// once.
func (s *Programs) LoadCalendars(ctx context.Context) (int, error) {
	changed := 0
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		changed = 0
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		var have []Calendar
		if err := tx.Find(&have).Error; err != nil {
			return err
		}

		if newLoad(tx, have).nothing() {
			return nil
		}

		have = nil // read again under the lock: another sweep may have been first
		if err := tx.ForUpdate().Order("code").Find(&have).Error; err != nil {
			return err
		}

		l := newLoad(tx, have)
		if l.nothing() {
			return nil
		}

		changed = len(l.missing) + len(l.stale)
		if err := l.write(tx); err != nil {
			return err
		}
		if len(have) == 0 { // the first data, like the rest of the reference, has no audit
			return nil
		}

		return l.audit(tx)
	})

	return changed, err
}

// calendarLoad is what one run adds and corrects.
type calendarLoad struct {
	now     time.Time
	last    int // year
	missing []Calendar
	stale   []Calendar // that lack a year, or were loaded from an earlier source
	days    []CalendarHoliday
	changes []calendarCorrection // of the stale ones whose days change
}

// nothing reports whether there is nothing to load.
func (l *calendarLoad) nothing() bool { return len(l.missing)+len(l.stale) == 0 }

// newLoad works out what is missing beside the calendars that are there.
func newLoad(tx *db.Tx, have []Calendar) *calendarLoad {
	l := &calendarLoad{now: tx.Now()}
	l.last = l.now.Year() + calendarYears - 1
	present := map[string]bool{}
	for _, c := range have {
		present[c.Code] = true
		if c.LoadedThrough < l.last || holidays.OlderThanThis(c.Source) {
			l.stale = append(l.stale, c)
		}
	}

	for _, country := range rules.Countries() {
		for _, region := range append([]string{""}, holidays.Regions(country)...) {
			if !present[calendarCode(country, region)] {
				l.add(country, region)
			}
		}
	}

	return l
}

// add collects a calendar that is missing, with its holidays.
func (l *calendarLoad) add(country, region string) {
	weekend := holidays.Weekend(country)
	c := Calendar{
		Code:          calendarCode(country, region),
		Country:       country,
		Region:        region,
		Weekend:       weekend,
		Hours:         calendar.DefaultHours(weekend),
		Source:        holidays.Source,
		LoadedThrough: l.last,
		Alerts:        []calendar.CalendarAlert{},
		UpdatedAt:     l.now,
		Version:       1,
	}

	l.missing = append(l.missing, c)
	days, _ := holidays.Of(country, region, l.now.Year(), l.last)
	for _, d := range days {
		l.days = append(l.days, l.row(c.Code, d))
	}
}

// row is a holiday as the source has it.
func (l *calendarLoad) row(code string, h holidays.Holiday) CalendarHoliday {
	return CalendarHoliday{
		Calendar:  code,
		OnDay:     h.On.String(),
		Name:      h.Name,
		Origin:    HolidayLoaded,
		ChangedBy: loadedBy,
		ChangedAt: l.now,
	}
}

// write stores the run.
func (l *calendarLoad) write(tx *db.Tx) error {
	if err := l.writeStale(tx); err != nil {
		return err
	}

	keep := clause.OnConflict{DoNothing: true}
	if len(l.missing) > 0 {
		if err := tx.Clauses(keep).Create(&l.missing).Error; err != nil {
			return err
		}
	}

	if len(l.days) == 0 {
		return nil
	}
	return tx.Clauses(keep).CreateInBatches(&l.days, 1000).Error
}

// writeStale brings the calendars that are there up to date. Those whose days do not
// change keep their version.
func (l *calendarLoad) writeStale(tx *db.Tx) error {
	if len(l.stale) == 0 {
		return nil
	}

	codes := make([]string, len(l.stale))
	for i, c := range l.stale {
		codes[i] = c.Code
	}

	at := tx.Model(&Calendar{}).Session(&gorm.Session{})
	err := at.Where("code IN ?", codes).
		Updates(map[string]any{"loaded_through": l.last, "source": holidays.Source}).Error
	if err != nil {
		return err
	}

	if err := l.compare(tx, codes); err != nil {
		return err
	}

	var changed []string
	for _, c := range l.changes {
		changed = append(changed, c.calendar.Code)
		l.days = append(l.days, c.added...)
		if err := c.write(tx, l.now); err != nil {
			return err
		}
	}

	if len(changed) == 0 {
		return nil
	}
	return at.Where("code IN ?", changed).
		Updates(map[string]any{"updated_at": l.now, "version": gorm.Expr("version + 1")}).Error
}

// compare holds the days of the stale calendars against the source, from the current
// year on.
func (l *calendarLoad) compare(tx *db.Tx, codes []string) error {
	from := civil.Date{Year: l.now.Year(), Month: time.January, Day: 1}
	var rows []CalendarHoliday
	err := tx.Where("calendar IN ? AND on_day >= ?", codes, from.String()).
		Order("calendar, on_day").Find(&rows).Error
	if err != nil {
		return err
	}

	byCode := map[string][]CalendarHoliday{}
	for _, h := range rows {
		byCode[h.Calendar] = append(byCode[h.Calendar], h)
	}

	for _, c := range l.stale {
		// Another release may have loaded a later year already.
		through := max(l.last, c.LoadedThrough)
		want, known := holidays.Of(c.Country, c.Region, l.now.Year(), through)
		if !known {
			continue
		}

		correction := calendarCorrection{calendar: c}
		correction.compare(byCode[c.Code], want, l)
		if correction.any() {
			l.changes = append(l.changes, correction)
		}
	}

	return nil
}

// audit writes what the run did: a line for the run, and one for each calendar whose
// days it corrected.
func (l *calendarLoad) audit(tx *db.Tx) error {
	err := calendarAudit(tx, db.Entry{
		Verb:     "calendar.loaded",
		ObjectID: "calendars",
		Details: map[string]any{
			"source":   holidays.Source,
			"through":  l.last,
			"added":    len(l.missing),
			"loaded":   len(l.stale),
			"holidays": len(l.days),
		},
	})
	if err != nil {
		return err
	}

	for _, c := range l.changes {
		if !c.corrects() {
			continue
		}
		if err := calendarAudit(tx, c.entry()); err != nil {
			return err
		}
	}

	return nil
}
