package ticket

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/testday"
)

func waiting(t testing.TB, s State, since string, holidays ...string) Waiting {
	at, zone := testday.Wall(t, testday.SaoPaulo, since)
	return Waiting{
		State:    s,
		Since:    at,
		Calendar: office("09:00", "17:00", holidays...),
		Zone:     zone,
	}
}

func (w Waiting) shown(t testing.TB) []string {
	t.Helper()
	var lines []string
	for _, timer := range w.Timers() {
		lines = append(lines, string(timer.Kind)+" "+timer.At.In(w.Zone).Format("2006-01-02 15:04"))
	}
	return lines
}

func TestS40_ACustomerIsRemindedAndTheTicketResolvedByBusinessDays(t *testing.T) {
	w := waiting(t, PendingCustomer, "2026-03-05 22:00", "2026-03-09") // Thursday; Monday off
	require.Equal(t, []string{
		"CUSTOMER_REMINDER 2026-03-10 09:00",
		"CUSTOMER_REMINDER 2026-03-13 09:00",
		"AUTO_RESOLVE 2026-03-21 00:00",
	}, w.shown(t))

	before, _ := testday.Wall(t, testday.SaoPaulo, "2026-03-10 08:59")
	require.Equal(t, 0, w.RemindersDue(before))
	require.Equal(t, 1, w.RemindersDue(before.Add(time.Minute)))
	require.Equal(t, 2, w.RemindersDue(before.AddDate(0, 0, 9)))

	w.RemindersSent = 2
	require.Equal(t, []string{"AUTO_RESOLVE 2026-03-21 00:00"}, w.shown(t))
	require.Equal(t, 2, w.RemindersDue(before.AddDate(0, 0, 9)))
}

func TestS40_AResolvedTicketClosesAtTheEndOfTheSeventhDay(t *testing.T) {
	w := waiting(t, Resolved, "2026-03-05 22:00")
	require.Equal(t, []string{"CLOSE 2026-03-13 00:00"}, w.shown(t))
	require.Equal(t, 0, w.RemindersDue(w.Since.AddDate(0, 1, 0)))
}

func TestNothingComesByItselfForATicketThatIsWorkedOn(t *testing.T) {
	for _, s := range States() {
		if s != PendingCustomer && s != Resolved {
			require.Empty(t, waiting(t, s, "2026-03-05 22:00").Timers(), s)
		}
	}
}

func TestC3_ACalendarWithoutWorkingTimeLetsNoTicketWaitForEver(t *testing.T) {
	w := waiting(t, PendingCustomer, "2026-03-05 22:00")
	w.Calendar.Hours = nil
	require.Equal(t, []string{
		"CUSTOMER_REMINDER 2026-03-07 09:00",
		"CUSTOMER_REMINDER 2026-03-10 09:00",
		"AUTO_RESOLVE 2026-03-16 00:00",
	}, w.shown(t))
}

func TestS41_TheNextInstantIsTheEarliestThatComesByItself(t *testing.T) {
	s := ticketAt(t, always(t), "2026-03-02 10:00")
	next := func(now string, timers ...Timer) string {
		return s.shows(NextInstant(Clocks(s.terms, s.events, s.at(now)), timers, s.at(now)))
	}
	require.Equal(t, "2026-03-02 10:45", next("2026-03-02 10:00"))
	require.Equal(t, "2026-03-02 11:00", next("2026-03-02 10:45"))
	require.Empty(t, next("2026-03-02 11:00"), "it was breached, and nothing else is due")
	require.Equal(t, "2026-03-02 10:20", next("2026-03-02 10:00", Timer{At: s.at("2026-03-02 10:20")}))
	require.Equal(t, "2026-03-02 09:00", next("2026-03-02 10:00", Timer{At: s.at("2026-03-02 09:00")}))

	s.answered("2026-03-02 10:30").moved(PendingCustomer, "2026-03-02 10:40")
	require.Empty(t, next("2026-03-02 10:50"), "every clock stands still")
}

func TestS54_ATicketStandsInTheQueueByItsEarliestDue(t *testing.T) {
	s := ticketAt(t, always(t), "2026-03-02 10:00")
	due := func(now string) string {
		return s.shows(EffectiveDue(Clocks(s.terms, s.events, s.at(now))))
	}
	require.Equal(t, "2026-03-02 11:00", due("2026-03-02 10:00"))
	require.Equal(t, "2026-03-02 11:00", due("2026-03-02 20:00"), "late, and still not answered")
	s.answered("2026-03-02 21:00")
	require.Equal(t, "2026-03-03 01:00", due("2026-03-02 21:00"), "the next update")
	s.moved(PendingCustomer, "2026-03-02 22:00")
	require.Empty(t, due("2026-03-02 22:00"))
	require.Equal(t, cover.Sev1, s.clock(Update, "2026-03-02 22:00").Severity)
}

func TestS40_AReplyOnTheSeventhDayStillReopens(t *testing.T) {
	resolved, zone := testday.Wall(t, testday.SaoPaulo, "2026-03-05 00:30")
	last, _ := testday.Wall(t, testday.SaoPaulo, "2026-03-12 23:59")
	closes := ClosesAt(resolved, zone)
	require.True(t, last.Before(closes))
	require.True(t, last.Add(time.Minute).Equal(closes))
}
