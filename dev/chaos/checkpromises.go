package chaos

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// workdays is a calendar as the oracle reads it from the tables: which days nobody
// works. It shares no code with the rules, so that one mistake is not made twice.
type workdays struct {
	off  map[string]bool // MON to SUN
	free map[string]bool // YYYY-MM-DD
}

const dayLayout = "2006-01-02"

// works reports whether a day, at noon in UTC, is a business day.
func (w workdays) works(day time.Time) bool {
	return !w.off[weekdayOf(day)] && !w.free[day.Format(dayLayout)]
}

// weekdayOf is the day of the week as calendars spell it, MON to SUN.
func weekdayOf(day time.Time) string { return strings.ToUpper(day.Weekday().String()[:3]) }

// after is the n-th business day after a day. It gives up after a year.
func (w workdays) after(day time.Time, n int) time.Time {
	for tries := 0; n > 0 && tries < 366; tries++ {
		if day = day.AddDate(0, 0, 1); w.works(day) {
			n--
		}
	}
	return day
}

// promisedDay computes anew what is promised for an approval (S20): the day counts
// when it is a business day and the clock on the wall shows 15:00 at most; NBD is
// the next business day. Empty where the speed promises none.
func promisedDay(w workdays, approved time.Time, zone *time.Location, speed string) string {
	days := 1
	if speed != "NBD" {
		if n, err := fmt.Sscanf(speed, "%dBD", &days); n != 1 || err != nil {
			return ""
		}
	}

	local := approved.In(zone)
	noon := time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, time.UTC)
	cutOff := time.Date(1, 1, 1, 15, 0, 0, 0, time.UTC)

	wall := time.Date(1, 1, 1, local.Hour(), local.Minute(), local.Second(), local.Nanosecond(),
		time.UTC)
	if !w.works(noon) || wall.After(cutOff) {
		days++
	}

	return w.after(noon, days).Format(dayLayout)
}

// promise is a row of what was promised, and for what.
type promise struct {
	id, on, speed, zone, country, region string
	from, due                            sql.NullTime
}

//go:embed facts/promises.sql
var promisesSQL string

// promises holds every promise against the calculation: the first one from the
// approval on, each new one of a backorder from the day on which a unit is expected.
func promises(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	rows, err := e.Rows.QueryContext(ctx, promisesSQL)
	if err != nil {
		return err
	}
	defer rows.Close()

	var all []promise
	for rows.Next() {
		var p promise
		if err := rows.Scan(&p.id, &p.on, &p.speed, &p.zone, &p.country, &p.region, &p.from,
			&p.due); err != nil {
			return err
		}
		all = append(all, p)
	}

	if err := rows.Err(); err != nil {
		return err
	}

	known := map[string]workdays{}
	for _, p := range all {
		if err := p.check(ctx, e, known, report); err != nil {
			return err
		}
	}

	return nil
}

func (p promise) check(
	ctx context.Context, e Evidence, known map[string]workdays, report func(string, string, ...any),
) error {
	w, ok := known[p.country+"-"+p.region]
	if !ok {
		var err error
		if w, err = readWorkdays(ctx, e.Rows, p.country, p.region); err != nil {
			return err
		}
		known[p.country+"-"+p.region] = w
	}

	zone, err := time.LoadLocation(p.zone)
	if err != nil {
		return err
	}

	want := promisedDay(w, p.from.Time, zone, p.speed)
	if p.on != want || !p.from.Valid {
		report(p.id, "promised is %q, it should be %q (%s, %s)",
			p.on, want, p.speed, p.from.Time.In(zone).Format(time.RFC1123Z))
	}

	if p.due.Valid {
		day, err := time.ParseInLocation(dayLayout, p.on, zone)
		if err != nil || !p.due.Time.Equal(day.AddDate(0, 0, 1)) {
			report(p.id, "the promise of %q is late from %s on", p.on, p.due.Time)
		}
	}

	return nil
}

//go:embed facts/calendar.sql
var calendarSQL string

// readWorkdays reads the calendar of a region, or else of its country.
func readWorkdays(ctx context.Context, db Facts, country, region string) (workdays, error) {
	var code, weekend, hours string
	err := db.QueryRowContext(ctx, calendarSQL, country, region).Scan(&code, &weekend, &hours)
	if err != nil {
		return workdays{}, err
	}
	return workdaysOf(ctx, db, code, weekend, hours)
}

// workdaysOf reads the business days of a calendar, of which weekend and hours are JSON.
func workdaysOf(
	ctx context.Context, db Facts, code, weekend, hours string,
) (workdays, error) {
	w := workdays{
		off: map[string]bool{
			"MON": true,
			"TUE": true,
			"WED": true,
			"THU": true,
			"FRI": true,
			"SAT": true,
			"SUN": true,
		},
		free: map[string]bool{},
	}

	var off []string
	var open []struct{ Day string }
	if err := json.Unmarshal([]byte(weekend), &off); err != nil {
		return w, err
	}
	if err := json.Unmarshal([]byte(hours), &open); err != nil {
		return w, err
	}
	for _, h := range open {
		delete(w.off, h.Day)
	}
	for _, day := range off {
		w.off[day] = true
	}

	days, err := column(ctx, db,
		`SELECT on_day FROM calendar_holidays WHERE calendar = $1 AND NOT removed`, code)
	for _, day := range days {
		w.free[day] = true
	}

	return w, err
}
