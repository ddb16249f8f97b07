package ticket

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/testday"
)

// always is the default policy of Select, with nothing promised for restoring.
func always(t testing.TB) *Terms {
	return &Terms{
		Policy:   cover.DefaultPolicies()[0],
		Calendar: office("09:00", "17:00"),
		Zone:     testday.Zone(t, testday.SaoPaulo),
	}
}

func TestS39_WithoutATargetRestoringIsMeasuredAndNeverBreached(t *testing.T) {
	s := ticketAt(t, always(t), "2026-03-02 10:00").answered("2026-03-02 10:30")
	c := s.clock(Restore, "2026-05-02 10:00")
	require.Equal(t, Running, c.State)
	require.Nil(t, c.DueAt)
	require.Nil(t, c.WarnAt)
	require.Nil(t, c.BreachedAt)
	require.Equal(t, 61*24*time.Hour, c.Elapsed)
	require.Equal(t, []string{"COUNTED 2026-03-02 10:00 2026-05-02 10:00"}, s.steps(c))

	s.moved(Resolved, "2026-05-03 10:00")
	done := s.clock(Restore, "2026-06-01 10:00")
	require.Equal(t, Met, done.State)
	require.Equal(t, 62*24*time.Hour, done.Elapsed)
}

func TestS39_ATargetOfEightHoursIsDueAndBreachedLikeTheOthers(t *testing.T) {
	terms := always(t)
	terms.Policy = promising(true, cover.SLAPromise{Restore: within(8 * time.Hour)})
	s := ticketAt(t, terms, "2026-03-02 10:00")
	require.Equal(t, "2026-03-02 18:00", s.shows(s.clock(Restore, "2026-03-02 10:00").DueAt))
	require.Equal(t, "2026-03-02 16:00", s.shows(s.clock(Restore, "2026-03-02 10:00").WarnAt))
	require.Equal(t, Running, s.clock(Restore, "2026-03-02 17:59").State)
	require.Equal(t, Breached, s.clock(Restore, "2026-03-02 18:00").State)
}

func TestS40_NothingIsPromisedNothingRuns(t *testing.T) {
	s := ticketAt(t, always(t), "2026-03-02 10:00")
	require.Empty(t, Clocks(nil, s.events, s.at("2026-03-02 11:00")))
	require.Empty(t, Clocks(s.terms, nil, s.at("2026-03-02 11:00")))
}

// TestS40_WhatMovesWhichClock goes through the rows of the table by which clocks move:
// each row a story, and how the clocks stand after it.
func TestS40_WhatMovesWhichClock(t *testing.T) {
	type stand struct {
		first, update, restore ClockState
		updates                int
	}
	open := func(t testing.TB) *story { return ticketAt(t, always(t), "2026-03-02 10:00") }
	worked := func(t testing.TB) *story {
		return open(t).answered("2026-03-02 10:10").moved(Open, "2026-03-02 10:10")
	}

	for _, row := range []struct {
		name  string
		story func(testing.TB) *story
		want  stand
	}{
		{"created", open, stand{Running, "", Running, 0}},
		{
			"created by an agent who answers at once",
			func(t testing.TB) *story { return open(t).answered("2026-03-02 10:00") },
			stand{Met, Running, Running, 1},
		},
		{
			"an automatic reply and an internal note",
			func(t testing.TB) *story {
				return open(t).is(EventAutomatic, "2026-03-02 10:01").
					is(EventNote, "2026-03-02 10:02")
			},
			stand{Running, "", Running, 0},
		},
		{"a public answer of ours", worked, stand{Met, Running, Running, 1}},
		{
			"a second one starts the next update",
			func(t testing.TB) *story { return worked(t).answered("2026-03-02 10:20") },
			stand{Met, Running, Running, 2},
		},
		{
			"an answer and waiting for the customer in one command",
			func(t testing.TB) *story {
				return open(t).answered("2026-03-02 10:10").moved(Open, "2026-03-02 10:10").
					moved(PendingCustomer, "2026-03-02 10:10")
			},
			stand{Met, Paused, Paused, 1},
		},
		{
			"waiting for the customer before the first answer",
			func(t testing.TB) *story { return open(t).moved(PendingCustomer, "2026-03-02 10:10") },
			stand{Running, "", Paused, 0},
		},
		{
			"what the customer writes changes no cadence",
			func(t testing.TB) *story {
				return worked(t).moved(PendingCustomer, "2026-03-02 10:20").
					is(EventTheirText, "2026-03-02 10:25").moved(InProgress, "2026-03-02 10:25")
			},
			stand{Met, Running, Running, 1},
		},
		{
			"waiting for a third party is ours to pursue",
			func(t testing.TB) *story {
				return worked(t).moved(PendingThirdParty, "2026-03-02 10:20")
			},
			stand{Met, Running, Running, 1},
		},
		{
			"a replacement that nobody approved yet",
			func(t testing.TB) *story { return worked(t).moved(PendingRMA, "2026-03-02 10:20") },
			stand{Met, Running, Running, 1},
		},
		{
			"from its approval on",
			func(t testing.TB) *story {
				return worked(t).moved(PendingRMA, "2026-03-02 10:20").
					is(EventRMAApproved, "2026-03-02 10:25")
			},
			stand{Met, Paused, Paused, 1},
		},
		{
			"until it is delivered",
			func(t testing.TB) *story {
				return worked(t).moved(PendingRMA, "2026-03-02 10:20").
					is(EventRMAApproved, "2026-03-02 10:25").is(EventRMAEnded, "2026-03-02 10:28")
			},
			stand{Met, Running, Running, 1},
		},
		{
			"resolved",
			func(t testing.TB) *story { return worked(t).moved(Resolved, "2026-03-02 10:20") },
			stand{Met, ClockCancelled, Met, 1},
		},
		{
			"resolved with a last word",
			func(t testing.TB) *story {
				return worked(t).answered("2026-03-02 10:20").moved(Resolved, "2026-03-02 10:20")
			},
			stand{Met, Met, Met, 1},
		},
		{
			"reopened",
			func(t testing.TB) *story {
				return worked(t).moved(Resolved, "2026-03-02 10:20").
					is(EventReopened, "2026-03-02 10:25")
			},
			stand{Met, Running, Running, 2},
		},
		{
			"taken back before anybody answered",
			func(t testing.TB) *story { return open(t).moved(Cancelled, "2026-03-02 10:20") },
			stand{ClockCancelled, "", ClockCancelled, 0},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, now := row.story(t), "2026-03-02 10:30"
			got := stand{
				first:   s.clock(FirstResponse, now).State,
				restore: s.clock(Restore, now).State,
				updates: len(s.clocks(Update, now)),
			}
			if got.updates > 0 {
				got.update = s.clock(Update, now).State
			}
			require.Equal(t, row.want, got)
		})
	}
}

func TestS40_AReplyBeforeAMoveOfTheSameInstantComesFirst(t *testing.T) {
	terms := always(t)
	s := ticketAt(t, terms, "2026-03-02 10:00").answered("2026-03-02 10:10").
		answered("2026-03-02 12:00").moved(Resolved, "2026-03-02 12:00").
		is(EventReopened, "2026-03-02 12:00")

	updates := s.clocks(Update, "2026-03-02 12:00")
	require.Len(t, updates, 2)
	require.Equal(t, Met, updates[0].State)
	require.Equal(t, 2, updates[0].Seq)
	require.Equal(t, Running, updates[1].State)
	require.Equal(t, 5, updates[1].Seq)
}

func TestS40_UpdatesAreDueFromOneTextToTheNextAndPauseWithRestoring(t *testing.T) {
	s := ticketAt(t, always(t), "2026-03-02 10:00").answered("2026-03-02 10:30")
	require.Equal(t, "2026-03-02 14:30", s.shows(s.clock(Update, "2026-03-02 10:30").DueAt))

	s.moved(PendingCustomer, "2026-03-02 11:00")
	paused := s.clock(Update, "2026-03-02 20:00")
	require.Equal(t, Paused, paused.State)
	require.Nil(t, paused.DueAt)
	require.Equal(t, 30*time.Minute, paused.Elapsed)

	s.moved(InProgress, "2026-03-02 13:00")
	require.Equal(t, "2026-03-02 16:30", s.shows(s.clock(Update, "2026-03-02 13:00").DueAt))
	s.answered("2026-03-02 17:00")
	updates := s.clocks(Update, "2026-03-02 17:00")
	require.Equal(t, Breached, updates[0].State)
	require.Equal(t, "2026-03-02 16:30", s.shows(updates[0].BreachedAt))
	require.Equal(t, "2026-03-02 21:00", s.shows(updates[1].DueAt))
}

func TestS40_AThirdPartyPausesWhereThePolicySaysSo(t *testing.T) {
	terms := always(t)
	terms.Policy.ThirdPartyPauses = true
	s := ticketAt(t, terms, "2026-03-02 10:00").answered("2026-03-02 10:30").
		moved(PendingThirdParty, "2026-03-02 11:00")
	c := s.clock(Restore, "2026-03-02 15:00")
	require.Equal(t, Paused, c.State)
	require.Equal(t, time.Hour, c.Elapsed)
	require.Equal(t, "PAUSED 2026-03-02 11:00 2026-03-02 15:00 PENDING_THIRD_PARTY",
		s.steps(c)[1])
}

func TestS40_OfTwoReplacementsTheLastOneEndsThePause(t *testing.T) {
	s := ticketAt(t, always(t), "2026-03-02 10:00").moved(PendingRMA, "2026-03-02 11:00").
		add(Event{Kind: EventRMAApproved, RMA: "rma_1"}, "2026-03-02 12:00").
		add(Event{Kind: EventRMAApproved, RMA: "rma_2"}, "2026-03-02 12:00").
		add(Event{Kind: EventRMAEnded, RMA: "rma_1"}, "2026-03-03 12:00")
	require.Equal(t, Paused, s.clock(Restore, "2026-03-03 13:00").State)
	s.add(Event{Kind: EventRMAEnded, RMA: "rma_2"}, "2026-03-04 12:00")
	c := s.clock(Restore, "2026-03-04 13:00")
	require.Equal(t, Running, c.State)
	require.Equal(t, 3*time.Hour, c.Elapsed)
}

func TestS40_ReopenedGoesOnWithTheTimeUsed(t *testing.T) {
	terms := always(t)
	terms.Policy = promising(true, cover.SLAPromise{Restore: within(4 * time.Hour)})
	s := ticketAt(t, terms, "2026-03-02 10:00").answered("2026-03-02 10:30").
		moved(Resolved, "2026-03-02 13:00").is(EventReopened, "2026-03-04 09:00")
	c := s.clock(Restore, "2026-03-04 09:30")
	require.Equal(t, Running, c.State)
	require.Equal(t, 3*time.Hour+30*time.Minute, c.Elapsed)
	require.Equal(t, "2026-03-04 10:00", s.shows(c.DueAt))
	require.Nil(t, c.EndedAt)
	require.Equal(t, Met, s.clock(FirstResponse, "2026-03-04 09:30").State, "not started again")
}

func TestS40_WhatWasBreachedStaysSoThoughTheSeveritySinks(t *testing.T) {
	s := ticketAt(t, always(t), "2026-03-02 10:00").severe(cover.Sev4, "2026-03-02 11:30")
	c := s.clock(FirstResponse, "2026-03-02 12:00")
	require.Equal(t, Breached, c.State)
	require.Equal(t, "2026-03-02 11:00", s.shows(c.BreachedAt))
	require.Equal(t, cover.Sev1, c.Severity)

	s = ticketAt(t, always(t), "2026-03-02 10:00").severe(cover.Sev4, "2026-03-02 10:50")
	c = s.clock(FirstResponse, "2026-03-02 12:00")
	require.Equal(t, Running, c.State)
	require.Equal(t, "2026-03-03 10:00", s.shows(c.DueAt))
	require.Equal(t, "2026-03-02 10:45", s.shows(c.WarnedAt), "it was warned of")
}

func TestS40_ASeverityThatIsRaisedLateIsBreachedFromThenOn(t *testing.T) {
	s := ticketAt(t, always(t), "2026-03-02 10:00")
	s.events[0].Severity = cover.Sev4
	s.severe(cover.Sev1, "2026-03-02 13:00")
	c := s.clock(FirstResponse, "2026-03-02 13:00")
	require.Equal(t, Breached, c.State)
	require.Equal(t, "2026-03-02 11:00", s.shows(c.DueAt), "from the start")
	require.Equal(t, "2026-03-02 13:00", s.shows(c.BreachedAt))
	require.Nil(t, c.WarnedAt, "nobody is warned of what has happened")
}

func TestS40_NothingIsBreachedInAPause(t *testing.T) {
	terms := always(t)
	terms.Policy = promising(true, cover.SLAPromise{Restore: within(24 * time.Hour)})
	terms.Policy.Promises[cover.Sev1] = cover.SLAPromise{Restore: within(time.Hour)}
	s := ticketAt(t, terms, "2026-03-02 10:00")
	s.events[0].Severity = cover.Sev2
	s.moved(PendingCustomer, "2026-03-02 13:00").severe(cover.Sev1, "2026-03-02 14:00")

	c := s.clock(Restore, "2026-03-02 15:00")
	require.Equal(t, Paused, c.State)
	require.Nil(t, c.BreachedAt)
	require.Nil(t, c.DueAt)

	s.moved(InProgress, "2026-03-02 16:00")
	require.Equal(t, "2026-03-02 16:00", s.shows(s.clock(Restore, "2026-03-02 16:00").BreachedAt))
}

func TestS45_UndoingAReopeningRestoresTheClocks(t *testing.T) {
	terms := always(t)
	terms.Policy = promising(true, cover.SLAPromise{
		FirstResponse: within(time.Hour), Updates: within(time.Hour), Restore: within(8 * time.Hour),
	})
	s := ticketAt(t, terms, "2026-03-02 10:00").answered("2026-03-02 10:30").
		moved(Open, "2026-03-02 10:30").moved(Resolved, "2026-03-02 11:00")
	before := Clocks(terms, s.events, s.at("2026-03-05 10:00"))

	s.is(EventTheirText, "2026-03-03 09:00").is(EventReopened, "2026-03-03 09:00").
		moved(PendingCustomer, "2026-03-03 12:00").moved(InProgress, "2026-03-03 15:00")
	require.NotEqual(t, before, Clocks(terms, s.events, s.at("2026-03-05 10:00")))

	s.is(EventUndone, "2026-03-03 16:00")
	require.Equal(t, before, Clocks(terms, s.events, s.at("2026-03-05 10:00")))

	s.is(EventReopened, "2026-03-04 09:00")
	again := s.clocks(Update, "2026-03-04 09:00")
	require.Equal(t, s.events[len(s.events)-1].Seq, again[len(again)-1].Seq,
		"no clock has the name of one that never was")
	require.Equal(t, time.Hour, s.clock(Restore, "2026-03-04 09:00").Elapsed)
}

func TestS45_AnUndoWithoutAReopeningChangesNothing(t *testing.T) {
	s := ticketAt(t, always(t), "2026-03-02 10:00").moved(PendingCustomer, "2026-03-02 11:00")
	before := Clocks(s.terms, s.events, s.at("2026-03-05 10:00"))
	s.is(EventUndone, "2026-03-02 12:00")
	require.Equal(t, before, Clocks(s.terms, s.events, s.at("2026-03-05 10:00")))
}

// termsOf is what a ticket was promised that policies apply to, the first one its own.
func termsOf(policies []cover.SLAPolicy, c calendar.Calendar, zone *time.Location) *Terms {
	return &Terms{Policy: policies[0], Also: policies[1:], Calendar: c, Zone: zone}
}

func TestR32a_OfSeveralPoliciesTheFirstDueCounts(t *testing.T) {
	zone := testday.Zone(t, testday.SaoPaulo)
	policies := []cover.SLAPolicy{cover.DefaultPolicies()[0], cover.DefaultPolicies()[1]}
	terms := termsOf(policies, office("09:00", "17:00"), zone)
	c := ticketAt(t, terms, "2026-03-02 10:00").clock(FirstResponse, "2026-03-02 10:00")
	require.Equal(t, "SELECT", c.Policy)

	// Select promises a question later than the end of the next business day here.
	sel := cover.DefaultPolicies()[0]
	sel.Promises[cover.Sev1] = cover.SLAPromise{FirstResponse: within(48 * time.Hour)}
	terms = termsOf([]cover.SLAPolicy{sel, policies[1]}, office("09:00", "17:00"), zone)
	s := ticketAt(t, terms, "2026-03-02 10:00")
	c = s.clock(FirstResponse, "2026-03-02 10:00")
	require.Equal(t, "JUMPSTART", c.Policy)
	require.Equal(t, "2026-03-04 00:00", s.shows(c.DueAt))

	c = ticketAt(t, terms, "2026-03-06 10:00").clock(FirstResponse, "2026-03-06 10:00")
	require.Equal(t, "SELECT", c.Policy, "a weekend is between")
}

func TestABusinessDayEndsAtMidnightOfTheNextOne(t *testing.T) {
	terms := termsOf(cover.DefaultPolicies()[1:], office("09:00", "17:00", "2026-03-09"),
		testday.Zone(t, testday.SaoPaulo))
	s := ticketAt(t, terms, "2026-03-06 10:00") // a Friday; the Monday is a holiday
	c := s.clock(FirstResponse, "2026-03-06 10:00")
	require.Equal(t, "2026-03-11 00:00", s.shows(c.DueAt))
	require.Equal(t, "2026-03-10 18:00", s.shows(c.WarnAt))
	require.Equal(t, []string{
		"CLOSED 2026-03-06 10:00 2026-03-09 00:00",
		"HOLIDAY 2026-03-09 00:00 2026-03-10 00:00 Holiday",
		"COUNTED 2026-03-10 00:00 2026-03-11 00:00",
	}, s.steps(c))
}

func TestC3_ACalendarWithoutWorkingTimePromisesNothingAndEndsTheWalk(t *testing.T) {
	never := office("09:00", "17:00")
	never.Hours = nil
	for _, p := range []cover.SLAPromise{
		{FirstResponse: within(time.Hour)}, {FirstResponse: cover.SLATarget{BusinessDays: 2}},
	} {
		terms := restoring(t, false, never)
		terms.Policy = promising(false, p)
		c := ticketAt(t, terms, "2026-03-02 10:00").clock(FirstResponse, "2027-03-02 10:00")
		require.Equal(t, Running, c.State)
		require.Nil(t, c.DueAt)
		require.LessOrEqual(t, len(c.Explanation), 1)
	}
}

func TestS41_AnExplanationIsBounded(t *testing.T) {
	terms := restoring(t, false, office("09:00", "17:00"))
	terms.Policy = promising(false, cover.SLAPromise{})
	c := ticketAt(t, terms, "2026-03-02 10:00").clock(Restore, "2029-03-02 10:00")
	require.Len(t, c.Explanation, MaxStretches)
	require.Greater(t, c.Elapsed, 700*8*time.Hour, "all of it is counted all the same")
}
