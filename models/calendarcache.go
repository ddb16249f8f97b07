package models

import (
	"fmt"
	"sync"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// calendarCache keeps the versions of calendars that were read, each under its key,
// such as BR-SP@3. A version never changes, so one that a row names needs no second
// look. The holidays are shared: nobody changes them.
type calendarCache struct{ byKey sync.Map }

func (c *calendarCache) version(key string) (rules.Calendar, bool) {
	kept, ok := c.byKey.Load(key)
	if !ok {
		return rules.Calendar{}, false
	}
	return kept.(rules.Calendar), true
}

// calendarOf reads the calendar that counts at a site: its region's, else its
// country's (C3). The holidays come with the same statement: on PostgreSQL a second
// one could see those of a later version. No transaction that changes a calendar
// asks for it, so what is kept was committed.
func (s *Store) calendarOf(tx *gorm.DB, site Site) (rules.Calendar, error) {
	var rows []struct {
		Calendar
		OnDay *string
		Name  *string
	}
	err := tx.Table("calendars AS c").Select("c.*, h.on_day, h.name").
		Joins("LEFT JOIN calendar_holidays h ON h.calendar = c.code AND NOT h.removed").
		Where("c.code = (SELECT code FROM calendars WHERE country = ? AND region IN ('', ?) ORDER BY region DESC LIMIT 1)", site.Country, site.Region).Scan(&rows).Error
	if err != nil {
		return rules.Calendar{}, err
	}
	if len(rows) == 0 {
		return rules.Calendar{}, errNotFound()
	}
	var days []CalendarHoliday
	for _, r := range rows {
		if r.OnDay != nil {
			days = append(days, CalendarHoliday{OnDay: *r.OnDay, Name: text(r.Name)})
		}
	}
	out := rows[0].Calendar.rule(days)
	s.calendars.byKey.Store(fmt.Sprintf("%s@%d", out.Code, out.Version), out)
	return out, nil
}
