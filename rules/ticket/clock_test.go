package ticket

import (
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/testday"
)

// story is a ticket whose times are told by the wall clock of its room.
type story struct {
	t      testing.TB
	terms  *Terms
	events []Event
}

// ticketAt opens a ticket of severity 1.
func ticketAt(t testing.TB, terms *Terms, wall string) *story {
	s := &story{t: t, terms: terms}
	return s.add(Event{Kind: EventOpened, Severity: cover.Sev1}, wall)
}

func (s *story) at(wall string) time.Time {
	zone := "UTC"
	if s.terms != nil {
		zone = s.terms.Zone.String()
	}
	at, _ := testday.Wall(s.t, zone, wall)
	return at
}

func (s *story) add(e Event, wall string) *story {
	e.At, e.Seq = s.at(wall), len(s.events)+1
	s.events = append(s.events, e)
	return s
}

func (s *story) moved(to State, wall string) *story {
	return s.add(Event{Kind: EventMoved, State: to}, wall)
}

func (s *story) answered(wall string) *story { return s.add(Event{Kind: EventOurText}, wall) }

func (s *story) is(kind EventKind, wall string) *story { return s.add(Event{Kind: kind}, wall) }

func (s *story) severe(severity cover.Severity, wall string) *story {
	return s.add(Event{Kind: EventSeverity, Severity: severity}, wall)
}

// clocks of a kind as they stand at a time.
func (s *story) clocks(kind ClockKind, now string) []Clock {
	var found []Clock
	for _, c := range Clocks(s.terms, s.events, s.at(now)) {
		if c.Kind == kind {
			found = append(found, c)
		}
	}
	return found
}

// clock is the last one of its kind.
func (s *story) clock(kind ClockKind, now string) Clock {
	found := s.clocks(kind, now)
	require.NotEmpty(s.t, found)
	return found[len(found)-1]
}

// shows an instant by the wall clock of the room.
func (s *story) shows(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.In(s.terms.Zone).Format("2006-01-02 15:04")
}

// steps tells an explanation in a line a stretch.
func (s *story) steps(c Clock) []string {
	var lines []string
	for _, x := range c.Explanation {
		line := string(x.Kind) + " " + s.shows(&x.From) + " " + s.shows(&x.To)
		if x.Reason != "" {
			line += " " + x.Reason
		}
		lines = append(lines, line)
	}
	return lines
}

var satSun = []calendar.Weekday{calendar.Saturday, calendar.Sunday}

// office works Monday to Friday between two hours.
func office(from, to string, holidays ...string) calendar.Calendar {
	c := calendar.Calendar{
		Code: "XX", Version: 3, Weekend: satSun, Holidays: map[civil.Date]string{},
	}
	for _, d := range calendar.Weekdays()[:5] {
		c.Hours = append(c.Hours, calendar.WorkingTime{Day: d, From: from, To: to})
	}
	for _, h := range holidays {
		d, _ := civil.ParseDate(h)
		c.Holidays[d] = "Holiday"
	}
	return c
}

// promising is a policy that promises every severity the same.
func promising(alwaysOn bool, p cover.SLAPromise) cover.SLAPolicy {
	return cover.SLAPolicy{
		Code:     "TEST",
		Version:  7,
		AlwaysOn: alwaysOn,
		Promises: map[cover.Severity]cover.SLAPromise{
			cover.Sev1: p,
			cover.Sev2: p,
			cover.Sev3: p,
			cover.Sev4: p,
		},
	}
}

func within(d time.Duration) cover.SLATarget { return cover.SLATarget{Within: d} }

// restoring is a policy of business time, or of all time, that promises four hours.
func restoring(t testing.TB, alwaysOn bool, c calendar.Calendar) *Terms {
	return &Terms{
		Policy:   promising(alwaysOn, cover.SLAPromise{Restore: within(4 * time.Hour)}),
		Calendar: c,
		Zone:     testday.Zone(t, testday.SaoPaulo),
	}
}

// 2026-03-02 is a Monday.

func TestV10_AnHourFromFridaysLastHalfHourIsDueOnMonday(t *testing.T) {
	terms := restoring(t, false, office("09:00", "17:00"))
	terms.Policy = promising(false, cover.SLAPromise{FirstResponse: within(time.Hour)})
	s := ticketAt(t, terms, "2026-03-06 16:30")
	c := s.clock(FirstResponse, "2026-03-06 16:30")
	require.Equal(t, "2026-03-09 09:30", s.shows(c.DueAt))
	require.Equal(t, Running, c.State)
}

func TestV11_S41_FourHoursFromMondayEveningWithAWarningAnHourBefore(t *testing.T) {
	terms := restoring(t, false, office("08:00", "18:00"))
	terms.Policy = promising(false, cover.SLAPromise{
		FirstResponse: cover.SLATarget{Within: 4 * time.Hour, WarnBefore: time.Hour},
	})
	s := ticketAt(t, terms, "2026-03-02 17:00")
	c := s.clock(FirstResponse, "2026-03-02 17:00")
	require.Equal(t, "2026-03-03 11:00", s.shows(c.DueAt))
	require.Equal(t, "2026-03-03 10:00", s.shows(c.WarnAt))
	require.Equal(t, []string{
		"COUNTED 2026-03-02 17:00 2026-03-02 18:00",
		"CLOSED 2026-03-02 18:00 2026-03-03 08:00",
		"COUNTED 2026-03-03 08:00 2026-03-03 11:00",
	}, s.steps(c))
	require.Equal(t, "TEST", c.Policy)
	require.Equal(t, 7, c.PolicyVersion)
	require.Equal(t, "XX", c.Calendar)
	require.Equal(t, int64(3), c.CalendarVersion)
}

func TestV12_APauseThatEndsBeforeOpeningAddsNothing(t *testing.T) {
	s := ticketAt(t, restoring(t, false, office("09:00", "17:00")), "2026-03-02 20:00").
		moved(PendingCustomer, "2026-03-02 21:00").moved(InProgress, "2026-03-03 07:00")
	require.Equal(t, "2026-03-03 13:00", s.shows(s.clock(Restore, "2026-03-03 07:00").DueAt))
}

func TestV13_S41_APauseInHoursMovesTheDueInstantByItself(t *testing.T) {
	s := ticketAt(t, restoring(t, false, office("09:00", "17:00")), "2026-03-02 20:00").
		moved(PendingCustomer, "2026-03-03 10:00").moved(InProgress, "2026-03-03 11:30")
	c := s.clock(Restore, "2026-03-03 12:00")
	require.Equal(t, "2026-03-03 14:30", s.shows(c.DueAt))
	require.Equal(t, []string{
		"CLOSED 2026-03-02 20:00 2026-03-03 09:00",
		"COUNTED 2026-03-03 09:00 2026-03-03 10:00",
		"PAUSED 2026-03-03 10:00 2026-03-03 11:30 PENDING_CUSTOMER",
		"COUNTED 2026-03-03 11:30 2026-03-03 14:30",
	}, s.steps(c))
	require.Equal(t, 90*time.Minute, c.Elapsed)
}

func TestV14_OfAPauseOverTheEveningOnlyItsHoursCount(t *testing.T) {
	s := ticketAt(t, restoring(t, false, office("09:00", "17:00")), "2026-03-02 15:00").
		moved(PendingCustomer, "2026-03-02 16:00").moved(InProgress, "2026-03-02 22:00")
	require.Equal(t, "2026-03-03 12:00", s.shows(s.clock(Restore, "2026-03-02 22:00").DueAt),
		"an hour before the pause, three after it")
}

func TestV15_AClockThatAlwaysRunsMovesByTheWholePause(t *testing.T) {
	for _, c := range []struct{ opened, paused, resumed, due string }{
		{"2026-03-02 20:00", "2026-03-02 21:00", "2026-03-03 07:00", "2026-03-03 10:00"},
		{"2026-03-03 09:00", "2026-03-03 10:00", "2026-03-03 11:30", "2026-03-03 14:30"},
		{"2026-03-02 15:00", "2026-03-02 16:00", "2026-03-02 22:00", "2026-03-03 01:00"},
	} {
		s := ticketAt(t, restoring(t, true, office("09:00", "17:00")), c.opened).
			moved(PendingCustomer, c.paused).moved(InProgress, c.resumed)
		require.Equal(t, c.due, s.shows(s.clock(Restore, c.resumed).DueAt))
	}
}

func TestV16_ANewSeverityKeepsThePause(t *testing.T) {
	terms := restoring(t, true, office("09:00", "17:00"))
	terms.Policy.Promises[cover.Sev2] = cover.SLAPromise{Restore: within(24 * time.Hour)}
	s := ticketAt(t, terms, "2026-03-02 10:00").
		moved(PendingCustomer, "2026-03-02 11:00").moved(InProgress, "2026-03-04 11:00")
	require.Equal(t, "2026-03-04 14:00", s.shows(s.clock(Restore, "2026-03-04 11:00").DueAt))

	s.severe(cover.Sev2, "2026-03-04 12:00")
	c := s.clock(Restore, "2026-03-04 12:00")
	require.Equal(t, "2026-03-05 10:00", s.shows(c.DueAt), "24 hours and the two days")
	require.Equal(t, 2*time.Hour, c.Elapsed)
	require.Equal(t, cover.Sev2, c.Severity)
}

func TestR35a_SelectsFirstResponseIsDueWhateverTheDay(t *testing.T) {
	sel, ok := cover.PolicyOn(cover.DefaultPolicies(), catalogue.ServiceSelect,
		testday.Day(t, "2026-11-15"))
	require.True(t, ok)

	for _, c := range []struct {
		name, zone, opened string
		severity           cover.Severity
		due                string
	}{
		{
			"a Sunday at three that is a holiday too", testday.SaoPaulo, "2026-11-15 03:00",
			cover.Sev1, "2026-11-15 04:00",
		},
		{
			"on Christmas Eve, over midnight", "Europe/London", "2026-12-24 23:30",
			cover.Sev1, "2026-12-25 00:30",
		},
		{
			"on New Year's Day", testday.SaoPaulo, "2027-01-01 02:00",
			cover.Sev2, "2027-01-01 06:00",
		},
		{
			"on the night that Berlin skips an hour", "Europe/Berlin", "2026-03-29 01:30",
			cover.Sev1, "2026-03-29 03:30",
		},
		{
			"on the day that has 25 hours", "Europe/Berlin", "2026-10-25 00:30",
			cover.Sev4, "2026-10-25 23:30",
		},
		{
			"on a Friday in Jerusalem", "Asia/Jerusalem", "2026-08-07 20:00",
			cover.Sev3, "2026-08-08 04:00",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			zone := testday.Zone(t, c.zone)
			cal := office("09:00", "17:00", c.opened[:10])
			s := &story{t: t, terms: &Terms{Policy: sel, Calendar: cal, Zone: zone}}
			s.add(Event{Kind: EventOpened, Severity: c.severity}, c.opened)
			require.Equal(t, c.due, s.shows(s.clock(FirstResponse, c.opened).DueAt))
		})
	}
}

func TestR35a_TheFirstResponseWarnsAndIsBreachedOnce(t *testing.T) {
	terms := &Terms{Policy: cover.DefaultPolicies()[0], Zone: testday.Zone(t, testday.SaoPaulo)}
	s := ticketAt(t, terms, "2026-11-15 03:00")
	require.Equal(t, "2026-11-15 03:45", s.shows(s.clock(FirstResponse, "2026-11-15 03:00").WarnAt))
	require.Nil(t, s.clock(FirstResponse, "2026-11-15 03:44").WarnedAt)

	warned := s.clock(FirstResponse, "2026-11-15 03:45")
	require.Equal(t, "2026-11-15 03:45", s.shows(warned.WarnedAt))
	require.Nil(t, warned.BreachedAt)

	late := s.clock(FirstResponse, "2026-11-15 09:00")
	require.Equal(t, Breached, late.State)
	require.Equal(t, "2026-11-15 03:45", s.shows(late.WarnedAt))
	require.Equal(t, "2026-11-15 04:00", s.shows(late.BreachedAt))
	require.Nil(t, late.EndedAt, "late, and still not done")

	s.answered("2026-11-15 10:00")
	done := s.clock(FirstResponse, "2026-12-15 10:00")
	require.Equal(t, Breached, done.State)
	require.Equal(t, "2026-11-15 10:00", s.shows(done.EndedAt))
	require.Equal(t, 7*time.Hour, done.Elapsed, "a miss does not grow")
}
