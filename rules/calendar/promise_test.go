package calendar

import (
	"encoding/json"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/testday"
)

func promiseOn(t require.TestingT, c Calendar, zone, approved string, speed RMASpeed) Promise {
	at, loc := testday.Wall(t, zone, approved)
	p, err := PromiseReplacement(PromiseRequest{ApprovedAt: at, Zone: loc, Speed: speed, Calendar: c, CutOff: "15:00"})
	require.NoError(t, err)
	return p
}

func brazil(t require.TestingT) Calendar {
	return office(t, satSun, "2026-09-07", "2026-10-12", "2026-11-02", "2026-12-25", "2027-01-01")
}

func TestV6_S20_ApprovedByTheCutOffBeforeAHoliday(t *testing.T) {
	p := promiseOn(t, brazil(t), testday.SaoPaulo, "2026-09-04 14:00", SpeedNBD)
	require.Equal(t, testday.Day(t, "2026-09-08"), p.On)
}

func TestV7_S20_ApprovedAfterTheCutOff(t *testing.T) {
	p := promiseOn(t, brazil(t), testday.SaoPaulo, "2026-09-04 15:01", SpeedNBD)
	require.Equal(t, testday.Day(t, "2026-09-09"), p.On)
}

func TestV8_S20_ApprovedOnTheLastDayOfTheYear(t *testing.T) {
	require.Equal(t, testday.Day(t, "2027-01-04"),
		promiseOn(t, brazil(t), testday.SaoPaulo, "2026-12-31 10:00", SpeedNBD).On)
}

func TestR35c_S20_PromisesOverZonesWeekendsAndHolidays(t *testing.T) {
	bavaria := office(t, satSun, "2026-01-06",
		"2026-06-04", "2026-08-15", "2026-11-01", "2026-12-25", "2026-12-26", "2027-01-01", "2027-01-06")
	hesse := office(t, satSun, "2026-06-04", "2026-12-25", "2026-12-26", "2027-01-01")
	saxony := office(t, satSun, "2026-10-31", "2026-11-18", "2027-01-01")
	israel := office(t, friSat, "2026-09-12", "2026-09-13", "2026-09-21", "2026-09-26", "2026-10-03")
	egypt := office(t, friSat, "2026-03-19", "2026-03-20", "2026-03-21", "2026-03-22", "2026-04-25")
	goldenWeek := office(t, satSun, "2026-10-01",
		"2026-10-02", "2026-10-03", "2026-10-04", "2026-10-05", "2026-10-06", "2026-10-07", "2026-10-08")
	england := office(t, satSun, "2026-12-25", "2026-12-28", "2027-01-01", "2027-12-27", "2027-12-28", "2028-01-03")
	plain, sixDays := office(t, satSun), office(t, []Weekday{Sunday})
	for _, c := range []struct {
		name, zone, approved string
		calendar             Calendar
		speed                RMASpeed
		want                 string
	}{
		// Daylight saving: the wall clock decides, whatever its offset.
		{
			"the night in which Berlin springs forward", "Europe/Berlin", "2026-03-29 03:00", plain, SpeedNBD,
			"2026-03-31",
		},
		{"the Friday before it, at the cut-off", "Europe/Berlin", "2026-03-27 15:00", plain, SpeedNBD, "2026-03-30"},
		{"the Monday after it, one second late", "Europe/Berlin", "2026-03-30 15:00:01", plain, SpeedNBD, "2026-04-01"},
		{"the day on which New York falls back", "America/New_York", "2026-11-01 15:30", plain, SpeedNBD, "2026-11-03"},
		{
			"the first hour that New York has twice, before it", "America/New_York", "2026-11-01 01:30", sixDays,
			SpeedNBD, "2026-11-03",
		},
		{"three days over Adelaide's change", "Australia/Adelaide", "2026-10-02 14:59", plain, "3BD", "2026-10-07"},
		{"Lord Howe changes by half an hour", "Australia/Lord_Howe", "2026-04-03 15:00", plain, SpeedNBD, "2026-04-06"},
		// Half-hour zones: 15:00 in Kolkata is 09:30 in UTC.
		{"Kolkata at the cut-off", "Asia/Kolkata", "2026-08-13 15:00", plain, SpeedNBD, "2026-08-14"},
		{"Kolkata a minute late", "Asia/Kolkata", "2026-08-13 15:01", plain, SpeedNBD, "2026-08-17"},
		{
			"Kolkata just past midnight is UTC's day before", "Asia/Kolkata", "2026-08-17 00:10", plain, SpeedNBD,
			"2026-08-18",
		},
		{"Kathmandu at the cut-off", "Asia/Kathmandu", "2026-08-14 15:00", sixDays, SpeedNBD, "2026-08-15"},
		// Weekends of Friday and Saturday.
		{"Jerusalem on a Thursday", "Asia/Jerusalem", "2026-08-06 10:00", israel, SpeedNBD, "2026-08-09"},
		{"Jerusalem on a Friday", "Asia/Jerusalem", "2026-08-07 10:00", israel, SpeedNBD, "2026-08-10"},
		{
			"Jerusalem over the new year's two days", "Asia/Jerusalem", "2026-09-10 15:01", israel, SpeedNBD,
			"2026-09-15",
		},
		{"Cairo over the end of Ramadan", "Africa/Cairo", "2026-03-18 12:00", egypt, SpeedNBD, "2026-03-23"},
		{
			"Dubai when Friday and Saturday were off", "Asia/Dubai", "2026-05-07 15:00", office(t, friSat), "2BD",
			"2026-05-11",
		},
		// Holidays of a region.
		{"Munich on the eve of Epiphany", "Europe/Berlin", "2026-01-05 09:00", bavaria, SpeedNBD, "2026-01-07"},
		{"Frankfurt on the same day", "Europe/Berlin", "2026-01-05 09:00", hesse, SpeedNBD, "2026-01-06"},
		{"Dresden before its day of prayer", "Europe/Berlin", "2026-11-17 16:00", saxony, SpeedNBD, "2026-11-20"},
		{
			"São Paulo's own holiday", testday.SaoPaulo, "2026-07-09 11:00", office(t, satSun, "2026-07-09"), SpeedNBD,
			"2026-07-13",
		},
		// Ends of years.
		{"London's Christmas of 2026", "Europe/London", "2026-12-24 15:01", england, SpeedNBD, "2026-12-30"},
		{"London's shifted Christmas of 2027", "Europe/London", "2027-12-24 12:00", england, SpeedNBD, "2027-12-29"},
		{
			"London over the shifted new year's day", "Europe/London", "2027-12-31 23:59", england, SpeedNBD,
			"2028-01-05",
		},
		{
			"Kiritimati's year is over first", "Pacific/Kiritimati", "2027-01-01 00:00",
			office(t, satSun, "2027-01-01"), SpeedNBD, "2027-01-05",
		},
		{
			"Pago Pago's last", "Pacific/Pago_Pago", "2026-12-31 15:00", office(t, satSun, "2027-01-01"), SpeedNBD,
			"2027-01-04",
		},
		{"the leap day", "Europe/Paris", "2028-02-28 15:00", plain, SpeedNBD, "2028-02-29"},
		// Several holidays in a row.
		{"eve of a golden week", "Asia/Shanghai", "2026-09-30 14:00", goldenWeek, SpeedNBD, "2026-10-09"},
		{"eve of a golden week, late", "Asia/Shanghai", "2026-09-30 15:30", goldenWeek, SpeedNBD, "2026-10-12"},
		{"within a golden week", "Asia/Shanghai", "2026-10-03 14:00", goldenWeek, "3BD", "2026-10-14"},
		{
			"a holiday on the weekend takes nothing", "Europe/Berlin", "2026-08-14 14:00", bavaria, SpeedNBD,
			"2026-08-17",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, testday.Day(t, c.want), promiseOn(t, c.calendar, c.zone, c.approved, c.speed).On)
		})
	}
}

func TestR78c_SpeedSetsTheNumberOfBusinessDays(t *testing.T) {
	for speed, want := range map[RMASpeed]string{
		SpeedNBD: "2026-09-08",
		"1BD":    "2026-09-08",
		"3BD":    "2026-09-10",
		"10BD":   "2026-09-21",
	} {
		require.Equal(t, testday.Day(t, want), promiseOn(t, brazil(t), testday.SaoPaulo, "2026-09-04 14:00", speed).On,
			speed)
	}
}

func TestR78c_StandardSpeedPromisesNoDay(t *testing.T) {
	p := promiseOn(t, brazil(t), testday.SaoPaulo, "2026-09-04 14:00", SpeedStandard)
	require.True(t, p.On.IsZero())
	_, ok := p.Due(time.UTC)
	require.False(t, ok)
	stored, err := json.Marshal(p)
	require.NoError(t, err)
	require.NotContains(t, string(stored), "0000")
	_, err = PromiseReplacement(PromiseRequest{time.Now(), time.UTC, "SOON", brazil(t), "15:00"})
	require.ErrorContains(t, err, "speed")
}

func TestS20_PromiseExplainsItselfAsData(t *testing.T) {
	p := promiseOn(t, brazil(t), testday.SaoPaulo, "2026-09-04 15:01", "2BD")
	on := func(s string) civil.Date { return testday.Day(t, s) }
	require.Equal(t, []PromiseStep{
		{Code: PromiseAfterCutOff, On: on("2026-09-04"), At: "15:01", CutOff: "15:00"},
		{Code: PromiseWeekend, On: on("2026-09-05")}, {Code: PromiseWeekend, On: on("2026-09-06")},
		{Code: PromiseHoliday, On: on("2026-09-07"), Holiday: "Holiday of 2026-09-07"},
		{Code: PromiseCountedFrom, On: on("2026-09-08")},
		{Code: PromisePromised, On: on("2026-09-10"), Days: 2},
	}, p.Steps)
	require.Equal(t, []any{
		"XX", int64(3), testday.SaoPaulo, RMASpeed("2BD"),
	}, []any{p.Calendar, p.CalendarVersion, p.Zone, p.Speed})
	_, zone := testday.Wall(t, testday.SaoPaulo, "2026-09-04 15:01")
	due, ok := p.Due(zone)
	require.True(t, ok)
	require.Equal(t, "2026-09-11T03:00:00Z", due.Format(time.RFC3339))
	text, err := json.Marshal(p)
	require.NoError(t, err)
	var again Promise
	require.NoError(t, json.Unmarshal(text, &again))
	require.Equal(t, p, again, "a stored promise is read back as it was")
}

// What comes after the cut-off never reads as if it had come by it.
func TestS20_PartsOfASecondAreRoundedUp(t *testing.T) {
	at, loc := testday.Wall(t, testday.SaoPaulo, "2026-09-02 15:00")
	for after, want := range map[time.Duration]string{
		0:                "15:00",
		time.Nanosecond:  "15:00:01",
		time.Second:      "15:00:01",
		-time.Nanosecond: "15:00",
		9*time.Hour - 1:  "23:59:59",
	} {
		p, err := PromiseReplacement(PromiseRequest{at.Add(after), loc, SpeedNBD, brazil(t), "15:00"})
		require.NoError(t, err)
		require.Equal(t, want, p.Steps[0].At, after)
		require.Equal(t, after > 0, p.Steps[0].Code == PromiseAfterCutOff, after)
	}
}
