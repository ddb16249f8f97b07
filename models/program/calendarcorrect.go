package program

import (
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program/holidays"
)

// loadedBy stands for the program itself where it changed a holiday.
const loadedBy = "system"

// edited reports whether an operator decided about the day: added it, or removed it. The
// program corrects all others.
func (h CalendarHoliday) edited() bool {
	return h.Origin != HolidayLoaded || h.Removed || h.ChangedBy != loadedBy
}

// calendarCorrection is how the days of a calendar change when it is loaded again: days
// of a year that is new to it, and what an earlier source had wrong.
type calendarCorrection struct {
	calendar Calendar // as it was before
	added    []CalendarHoliday
	removed  []CalendarHoliday
	renamed  []CalendarHoliday // under their new names
}

// any reports whether a day changes.
func (c calendarCorrection) any() bool { return len(c.added)+len(c.removed)+len(c.renamed) > 0 }

// compare works out what changes of the days that are there, so that those which nobody
// edited are as the source has them.
func (c *calendarCorrection) compare(
	have []CalendarHoliday, want []holidays.Holiday, l *calendarLoad,
) {
	there := map[string]CalendarHoliday{}
	for _, h := range have {
		there[h.OnDay] = h
	}

	for _, h := range want {
		on := h.On.String()
		was, taken := there[on]
		delete(there, on)

		switch {
		case !taken:
			c.added = append(c.added, l.row(c.calendar.Code, h))
		case !was.edited() && was.Name != h.Name:
			was.Name = h.Name
			c.renamed = append(c.renamed, was)
		}
	}

	for _, h := range have { // in order of the days
		if _, unwanted := there[h.OnDay]; unwanted && !h.edited() {
			c.removed = append(c.removed, h)
		}
	}
}

// write removes and renames days. The calendar is locked.
func (c calendarCorrection) write(tx *db.Tx, now time.Time) error {
	if len(c.removed) > 0 {
		err := tx.Where("calendar = ? AND on_day IN ?", c.calendar.Code, daysOf(c.removed)).
			Delete(&CalendarHoliday{}).Error
		if err != nil {
			return err
		}
	}

	for _, h := range c.renamed {
		err := tx.Model(&CalendarHoliday{}).
			Where("calendar = ? AND on_day = ?", h.Calendar, h.OnDay).
			Updates(map[string]any{"name": h.Name, "changed_at": now}).Error
		if err != nil {
			return err
		}
	}

	return nil
}

// corrects reports whether days change that had been loaded before, so that it is more
// than another year.
func (c calendarCorrection) corrects() bool {
	return len(c.removed)+len(c.renamed)+len(c.forgotten()) > 0
}

// forgotten are the added days of years that had been loaded without them.
func (c calendarCorrection) forgotten() (days []CalendarHoliday) {
	for _, h := range c.added {
		if d := db.DateOf(h.OnDay); d != nil && d.Year <= c.calendar.LoadedThrough {
			days = append(days, h)
		}
	}
	return days
}

// entry is the line of the audit about a correction.
func (c calendarCorrection) entry() db.Entry {
	return db.Entry{
		Verb:     "calendar.corrected",
		ObjectID: c.calendar.Code,
		Details: map[string]any{
			"before":  c.calendar.Source,
			"source":  holidays.Source,
			"added":   daysOf(c.forgotten()),
			"removed": daysOf(c.removed),
			"renamed": daysOf(c.renamed),
			"version": c.calendar.Version + 1,
		},
	}
}

// daysOf are the days of holidays, as YYYY-MM-DD.
func daysOf(list []CalendarHoliday) []string {
	days := make([]string, len(list))
	for i, h := range list {
		days[i] = h.OnDay
	}
	return days
}
