package operations

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// DayLoad is how much is due on a day, where it is done.
type DayLoad struct {
	Day civil.Date
	N   int64
}

// Load counts what is due on each of the days after today, of all that is under way: as the
// agenda of each day lists it, in one statement. For the service and its operators.
func (s *Operations) Load(ctx context.Context, zone string, days int) ([]DayLoad, error) {
	return s.loads.get(ctx, fmt.Sprint(zone, " ", days), func() ([]DayLoad, error) {
		return s.countLoad(ctx, zone, days)
	})
}

func (s *Operations) countLoad(ctx context.Context, zone string, days int) ([]DayLoad, error) {
	now := s.db.Now()
	v, err := newAgendaView(AgendaQuery{Zone: zone}, now, now.Add(-s.db.Patience()))
	if err != nil {
		return nil, err
	}
	first := rules.DateIn(now, v.zone).AddDays(1)
	last := first.AddDays(days - 1)
	v.args["latest"] = rules.StartOfDay(last.AddDays(1), westernmost).UTC()

	var rows []struct {
		TimeZone string
		Until    time.Time
		N        int64
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		rows = nil
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		v.args["now"] = now
		return tx.Raw("SELECT time_zone, until, count(*) AS n FROM ("+v.source()+`) b
			WHERE until > @now AND until <= @latest
			GROUP BY time_zone, until`, v.args).Scan(&rows).Error
	})
	if err != nil {
		return nil, err
	}

	counts := map[civil.Date]int64{}
	for _, r := range rows {
		// An end at midnight belongs to the day before it.
		counts[rules.DateIn(r.Until.Add(-time.Nanosecond), v.location(r.TimeZone))] += r.N
	}
	var out []DayLoad
	for day := first; !day.After(last); day = day.AddDays(1) {
		out = append(out, DayLoad{day, counts[day]})
	}
	return out, nil
}
