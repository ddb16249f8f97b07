package calendar

import (
	"strconv"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/rules"
)

// slowCalendar is a second, slow reading of the rules: it goes through the days at
// UTC noon, one by one, and knows nothing of Calendar's methods.
type slowCalendar struct {
	off      map[time.Weekday]bool
	holidays map[string]bool
}

func (s slowCalendar) open(noon time.Time) bool {
	return !s.off[noon.Weekday()] && !s.holidays[noon.Format(time.DateOnly)]
}

func noonOf(local time.Time) time.Time {
	y, m, d := local.Date()
	return time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
}

// count gives the n-th open day after noon's.
func (s slowCalendar) count(noon time.Time, n int) time.Time {
	for n > 0 {
		noon = noon.Add(24 * time.Hour)
		if s.open(noon) {
			n--
		}
	}
	return noon
}

// promise: one business day more than the speed says, unless it was approved on a
// business day while the clock had not passed three in the afternoon.
func (s slowCalendar) promise(approved time.Time, zone *time.Location, days int) string {
	local := approved.In(zone)
	noon := noonOf(local)
	early := local.Hour() < 15 || local.Format("15:04:05.999999999") == "15:00:00"
	if !s.open(noon) || !early {
		days++
	}
	return s.count(noon, days).Format(time.DateOnly)
}

// endOf finds the end of a local day by walking through it a quarter at a time: no
// zone of these years has any other offset.
func endOf(date string, zone *time.Location) time.Time {
	at, _ := time.Parse(time.DateOnly, date)
	for at = at.Add(-24 * time.Hour); at.In(zone).Format(time.DateOnly) <= date; {
		at = at.Add(15 * time.Minute)
	}
	return at
}

var oracleZones = []string{
	"America/Sao_Paulo", "America/New_York", "America/St_Johns", "Europe/Berlin", "Europe/London", "Africa/Cairo",
	"Asia/Jerusalem", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Adelaide", "Australia/Lord_Howe",
	"Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Pago_Pago",
}

// drawnCalendar has a weekend of up to six days and many holidays around the day.
func drawnCalendar(t *rapid.T, around civil.Date) (Calendar, slowCalendar) {
	weekend := rapid.SliceOfNDistinct(rapid.SampledFrom(Weekdays()), 0, 6, rapid.ID[Weekday]).Draw(t, "weekend")
	c := Calendar{Code: "XX", Weekend: weekend, Hours: DefaultHours(weekend), Holidays: map[civil.Date]string{}}
	slow := slowCalendar{map[time.Weekday]bool{}, map[string]bool{}}
	for _, d := range weekend {
		slow.off[time.Weekday(map[Weekday]int{
			Monday:    1,
			Tuesday:   2,
			Wednesday: 3,
			Thursday:  4,
			Friday:    5,
			Saturday:  6,
			Sunday:    0,
		}[d])] = true
	}
	for _, n := range rapid.SliceOfN(rapid.IntRange(-3, 60), 0, 40).Draw(t, "holidays") {
		d := around.AddDays(n)
		c.Holidays[d], slow.holidays[d.String()] = "x", true
	}
	return c, slow
}

// drawnInstant is any of six years, half of them near the cut-off.
func drawnInstant(t *rapid.T, zone *time.Location) time.Time {
	at := time.Unix(
		rapid.Int64Range(1704067200, 1893456000).Draw(t, "at"), rapid.SampledFrom([]int64{0, 0, 1}).Draw(t, "ns"),
	)
	if rapid.Bool().Draw(t, "near the cut-off") {
		y, m, d := at.In(zone).Date()
		at = time.Date(y, m, d, 15, 0, rapid.IntRange(-2, 2).Draw(t, "seconds"), at.Nanosecond(), zone)
	}
	return at
}

func TestR35c_S20_PromisesAgreeWithASlowOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(oracleZones).Draw(t, "zone"))
		require.NoError(t, err)
		at := drawnInstant(t, zone)
		c, slow := drawnCalendar(t, rules.DateIn(at, zone))
		days := rapid.IntRange(1, 12).Draw(t, "days")
		p, err := PromiseReplacement(PromiseRequest{at, zone, RMASpeed(strconv.Itoa(days) + "BD"), c, "15:00"})
		require.NoError(t, err)
		require.Equal(t, slow.promise(at, zone, days), p.On.String())
		due, ok := p.Due(zone)
		require.True(t, ok)
		require.True(t, endOf(p.On.String(), zone).Equal(due), "%s %s", p.On, due)
		last := p.Steps[0].On // the steps lead from the approval to the promise, day by day
		for _, s := range p.Steps[1:] {
			require.False(t, s.On.Before(last))
			last = s.On
		}
		require.Equal(t, p.On, last)
	})
}

func TestS22_ReturnsAgreeWithASlowOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(oracleZones).Draw(t, "zone"))
		require.NoError(t, err)
		at := drawnInstant(t, zone)
		c, slow := drawnCalendar(t, rules.DateIn(at, zone))
		r, err := DueReturn(at, zone, c, tenDays)
		require.NoError(t, err)
		noon := noonOf(at.In(zone))
		require.Equal(t, slow.count(noon, 10).Format(time.DateOnly), r.On.String())
		require.Equal(t, slow.count(noon, 15).Format(time.DateOnly), r.FeeConfirmOn.String())
		require.True(t, endOf(r.On.String(), zone).Equal(r.Until))
		require.True(t, endOf(r.FeeConfirmOn.String(), zone).Equal(r.FeeConfirmFrom))
		for i, n := range []int{3, 7, 10} {
			require.Equal(t, slow.count(noon, n).Format(time.DateOnly), r.Reminders[i].On.String())
		}
	})
}
