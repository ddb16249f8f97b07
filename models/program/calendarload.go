package program

import (
	"context"
	"time"

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
// region that has holidays of its own, and loads the holidays of the current and
// the next two years where they are not loaded yet. A day that is there already stays
// as it is, also one that an operator added or removed. It returns how many calendars
// it added or loaded, and may run at any time, also twice at once.
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

		return calendarAudit(tx, db.Entry{
			Verb:     "calendar.loaded",
			ObjectID: "calendars",
			Details: map[string]any{
				"source":   holidays.Source,
				"through":  l.last,
				"added":    len(l.missing),
				"loaded":   len(l.stale),
				"holidays": l.added,
			},
		})
	})

	return changed, err
}

// calendarLoad is what one run adds.
type calendarLoad struct {
	now     time.Time
	last    int // year
	missing []Calendar
	stale   []string // codes
	known   []string // those of them that the source has holidays for
	days    []CalendarHoliday
	added   int64 // days that were not there
}

// nothing reports whether there is nothing to add.
func (l *calendarLoad) nothing() bool { return len(l.missing)+len(l.stale) == 0 }

// newLoad works out what is missing beside the calendars that are there.
func newLoad(tx *db.Tx, have []Calendar) *calendarLoad {
	l := &calendarLoad{now: tx.Now()}
	l.last = l.now.Year() + calendarYears - 1
	present := map[string]bool{}
	for _, c := range have {
		present[c.Code] = true
		if c.LoadedThrough < l.last || c.Source != holidays.Source {
			l.stale = append(l.stale, c.Code)
			if l.load(c) {
				l.known = append(l.known, c.Code)
			}
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
	l.load(c)
}

// load collects the holidays of a calendar; false where the source has none.
func (l *calendarLoad) load(c Calendar) bool {
	days, ok := holidays.Of(c.Country, c.Region, l.now.Year(), l.last)
	for _, d := range days {
		l.days = append(l.days, CalendarHoliday{
			Calendar:  c.Code,
			OnDay:     d.On.String(),
			Name:      d.Name,
			Origin:    HolidayLoaded,
			ChangedBy: "system",
			ChangedAt: l.now,
		})
	}

	return ok
}

// write stores the run. A calendar that the source has nothing for keeps its
// version.
func (l *calendarLoad) write(tx *db.Tx) error {
	at := tx.Model(&Calendar{}).Session(&gorm.Session{})
	if len(l.stale) > 0 {
		err := at.Where("code IN ?", l.stale).
			Updates(map[string]any{"loaded_through": l.last, "source": holidays.Source}).Error
		if err != nil {
			return err
		}
	}

	if len(l.known) > 0 {
		err := at.Where("code IN ?", l.known).
			Updates(map[string]any{"updated_at": l.now, "version": gorm.Expr("version + 1")}).Error
		if err != nil {
			return err
		}
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

	res := tx.Clauses(keep).CreateInBatches(&l.days, 1000)
	l.added = res.RowsAffected
	return res.Error
}
