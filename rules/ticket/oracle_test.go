package ticket

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/cover"
)

// The oracle knows no stretches: it looks at every minute by itself.
const (
	minutesOfStory = 5 * 24 * 60
	minutesOfAll   = minutesOfStory + 12*24*60
)

// oracle is what is true of each minute since a ticket was opened.
type oracle struct {
	terms    *Terms
	start    time.Time
	now      int
	working  []bool // somebody works at the room's place
	business []bool // it is a business day
	day      []int  // local days since the ticket was opened
	state    []State
	severity []cover.Severity // at the end of each minute's first instant
	coming   []bool           // a replacement is approved and not there
	clocks   []*oracleClock
}

type oracleClock struct {
	kind       ClockKind
	seq        int
	start, end int // minutes; no end is -1
	ended      ClockState
	lastSev    cover.Severity // when it ended
}

func newOracle(terms *Terms, events []Event, now time.Time) *oracle {
	o := &oracle{terms: terms, start: events[0].At, now: int(now.Sub(events[0].At).Minutes())}
	var zero civil.Date
	for m := range minutesOfAll {
		local := o.start.Add(time.Duration(m) * time.Minute).In(terms.Zone)
		d := civil.DateOf(local)
		if m == 0 {
			zero = d
		}

		_, off := terms.Calendar.Holidays[d]
		short := []calendar.Weekday{
			"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT",
		}[local.Weekday()]
		clock := fmt.Sprintf("%02d:%02d", local.Hour(), local.Minute())
		opens, anyHours := false, false
		for _, h := range terms.Calendar.Hours {
			anyHours = anyHours || h.Day == short
			opens = opens || h.Day == short && h.From <= clock && clock < h.To
		}
		o.working = append(o.working, opens && !off)
		o.business = append(o.business, anyHours && !off)
		o.day = append(o.day, d.DaysSince(zero))
	}
	o.tell(events)
	return o
}

// kept goes backwards: from an undoing to its reopening no move happened.
func kept(events []Event) (left []Event) {
	undoing := false
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		switch {
		case e.Kind == EventUndone:
			undoing = true
		case undoing && e.Kind == EventReopened:
			undoing = false
		case undoing && e.Kind == EventMoved:
		default:
			left = append([]Event{e}, left...)
		}
	}
	return left
}

// tell goes forwards through the events and starts and ends clocks as they come.
func (o *oracle) tell(events []Event) {
	var sev cover.Severity
	state, coming, answered := New, map[string]bool{}, false
	var first, restore, update *oracleClock
	end := func(c *oracleClock, m int, s ClockState) {
		if c != nil && c.end < 0 {
			c.end, c.ended, c.lastSev = m, s, sev
		}
	}
	begin := func(kind ClockKind, seq, m int) *oracleClock {
		c := &oracleClock{kind: kind, seq: seq, start: m, end: -1}
		o.clocks = append(o.clocks, c)
		return c
	}

	fill := func(until int) {
		for len(o.state) < until {
			o.state, o.severity = append(o.state, state), append(o.severity, sev)
			o.coming = append(o.coming, len(coming) > 0)
		}
	}
	for _, e := range kept(events) {
		m := int(e.At.Sub(o.start).Minutes())
		fill(m)
		switch e.Kind {
		case EventOpened:
			sev = e.Severity
			first, restore = begin(FirstResponse, e.Seq, m), begin(Restore, e.Seq, m)
		case EventSeverity:
			sev = e.Severity
		case EventRMAApproved:
			coming[e.RMA] = true
		case EventRMAEnded:
			delete(coming, e.RMA)
		case EventOurText:
			if !answered {
				first.end = -1
				end(first, m, Met)
			}
			answered = true
			end(update, m, Met)
			if !state.Done() {
				update = begin(Update, e.Seq, m)
			}
		case EventReopened:
			state, restore.end = InProgress, -1
			if !answered {
				first.end = -1
			} else {
				update = begin(Update, e.Seq, m)
			}
		case EventMoved:
			state = e.State
			if state.Done() {
				end(first, m, ClockCancelled)
				end(update, m, ClockCancelled)
				how := Met
				if state == Cancelled {
					how = ClockCancelled
				}
				end(restore, m, how)
			}
		}
	}
	fill(minutesOfAll)
}

func (o *oracle) paused(c *oracleClock, m int) bool {
	if c.end >= 0 && m >= c.end {
		return false
	}
	if o.state[m].Done() {
		return true
	}
	return c.kind != FirstResponse && (o.state[m] == PendingCustomer ||
		o.state[m] == PendingRMA && o.coming[m] ||
		o.state[m] == PendingThirdParty && o.terms.Policy.ThirdPartyPauses)
}

func (c *oracleClock) target(p cover.SLAPromise) cover.SLATarget {
	return map[ClockKind]cover.SLATarget{
		FirstResponse: p.FirstResponse, Update: p.Updates, Restore: p.Restore,
	}[c.kind]
}

// counted lists how many minutes a clock has counted at each one, by a target.
func (o *oracle) counted(c *oracleClock, t cover.SLATarget) []int {
	used := make([]int, minutesOfAll)
	for m := c.start; m+1 < minutesOfAll; m++ {
		counts := o.terms.Policy.AlwaysOn || o.working[m]
		if t.BusinessDays > 0 {
			counts = o.business[m] && o.day[m] > o.day[c.start]
		}
		used[m+1] = used[m]
		if counts && !o.paused(c, m) {
			used[m+1]++
		}
	}
	return used
}

// promised returns a target in minutes.
func (o *oracle) promised(c *oracleClock, t cover.SLATarget) (all, warn int) {
	all = int(t.Within.Minutes())
	left, last := t.BusinessDays, -1
	for m := c.start; t.BusinessDays > 0; m++ {
		if !o.business[m] || o.day[m] == o.day[c.start] {
			continue
		}
		if o.day[m] != last {
			if left == 0 {
				break
			}
			left, last = left-1, o.day[m]
		}
		all++
	}
	if t.WarnBefore > 0 {
		return all, all - int(t.WarnBefore.Minutes())
	}
	return all, all - all/4
}

// seen is a clock as the oracle and the engine can be compared.
type seen struct {
	kind                        ClockKind
	seq, start, end             int
	state                       ClockState
	due, warn, warned, breached int
	elapsed                     int
	severity                    cover.Severity
}

// look tells how a clock stands.
func (o *oracle) look(c *oracleClock) seen {
	s := seen{c.kind, c.seq, c.start, c.end, Running, -1, -1, -1, -1, 0, 0}
	until := o.now
	if c.end >= 0 {
		until, s.state = c.end, c.ended
	} else if o.paused(c, o.now) {
		s.state = Paused
	}

	var used []int
	for m := c.start; m <= until && s.breached < 0; m++ {
		sev := o.severity[m]
		if m == c.end {
			sev = c.lastSev
		}
		if sev != s.severity {
			s.severity, s.due, s.warn = sev, -1, -1
			target := c.target(o.terms.Policy.Promises[sev])
			used = o.counted(c, target)
			if all, warn := o.promised(c, target); all > 0 {
				s.due = slices.IndexFunc(used, reaches(all))
				s.warn = slices.IndexFunc(used, reaches(warn))
			}
		}

		still := o.paused(c, m) && m != c.end
		now := func(at int) bool { return at >= 0 && (at == m || at < m && !still) }
		if now(s.due) {
			s.breached = m
		} else if s.warned < 0 && now(s.warn) {
			s.warned = m
		}
	}

	s.elapsed = used[until]
	switch {
	case s.breached >= 0:
		s.state = Breached
	case s.state == Paused:
		s.due, s.warn = -1, -1
	}
	return s
}

func reaches(n int) func(int) bool { return func(used int) bool { return used >= n } }

func minuteOf(start time.Time, at *time.Time) int {
	if at == nil {
		return -1
	}
	return int(at.Sub(start).Minutes())
}

func (o *oracle) seenOf(c Clock) seen {
	return seen{
		kind:     c.Kind,
		seq:      c.Seq,
		start:    minuteOf(o.start, &c.StartedAt),
		end:      minuteOf(o.start, c.EndedAt),
		state:    c.State,
		due:      minuteOf(o.start, c.DueAt),
		warn:     minuteOf(o.start, c.WarnAt),
		warned:   minuteOf(o.start, c.WarnedAt),
		breached: minuteOf(o.start, c.BreachedAt),
		elapsed:  int(c.Elapsed.Minutes()),
		severity: c.Severity,
	}
}

// drawnTarget has a quarter in whole minutes.
func drawnTarget(t *rapid.T, name string) cover.SLATarget {
	switch rapid.IntRange(0, 5).Draw(t, name) {
	case 0:
		return cover.SLATarget{}
	case 1:
		return cover.SLATarget{BusinessDays: rapid.IntRange(1, 2).Draw(t, name+" days")}
	}

	target := within(time.Duration(rapid.IntRange(1, 120).Draw(t, name+" minutes")*4) * time.Minute)
	if rapid.Bool().Draw(t, name+" warns") {
		target.WarnBefore = time.Minute
	}
	return target
}

func drawnTerms(t *rapid.T) *Terms {
	zone, err := time.LoadLocation(rapid.SampledFrom([]string{
		"America/Sao_Paulo", "Europe/Berlin", "Asia/Kolkata", "America/New_York", "Pacific/Chatham",
	}).Draw(t, "zone"))
	require.NoError(t, err)

	p := promising(rapid.Bool().Draw(t, "always"), cover.SLAPromise{})
	p.ThirdPartyPauses = rapid.Bool().Draw(t, "third party pauses")
	for s := cover.Sev1; s <= cover.Sev4; s++ {
		p.Promises[s] = cover.SLAPromise{
			FirstResponse: drawnTarget(t, "first"),
			Updates:       drawnTarget(t, "updates"),
			Restore:       drawnTarget(t, "restore"),
		}
	}

	c := office("06:00", "12:30", rapid.SampledFrom([]string{
		"2026-03-27", "2026-03-30", "2026-04-01", "2026-03-09",
	}).Draw(t, "holiday"))
	for _, d := range calendar.Weekdays()[:rapid.IntRange(0, 5).Draw(t, "long days")] {
		c.Hours = append(c.Hours, calendar.WorkingTime{Day: d, From: "13:15", To: "24:00"})
	}
	slices.Reverse(c.Hours) // the order of the intervals says nothing
	return &Terms{Policy: p, Calendar: c, Zone: zone}
}

// drawnEvents is a ticket's life as its guards allow it.
func drawnEvents(t *rapid.T) (events []Event, now time.Time) {
	day := rapid.SampledFrom([]int{5, 25, 27, 28}).Draw(t, "day")
	from := time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC)
	m := rapid.IntRange(0, 1439).Draw(t, "minute")
	state, reopened := New, false
	sev := func() cover.Severity { return cover.Severity(rapid.IntRange(1, 4).Draw(t, "severity")) }
	add := func(e Event) {
		e.Seq, e.At = len(events)+1, from.Add(time.Duration(m)*time.Minute)
		events = append(events, e)
	}
	add(Event{Kind: EventOpened, Severity: sev()})
	opened := m

	for range rapid.IntRange(0, 14).Draw(t, "events") {
		m += rapid.SampledFrom([]int{0, 0, 1, 7, 60, 240, 500, 1200}).Draw(t, "wait")
		if m-opened >= minutesOfStory || state.Over() {
			break
		}
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0, 1:
			add(Event{Kind: EventOurText})
			if next := AfterAnswer(state); next != state {
				add(Event{Kind: EventMoved, State: next})
				state = next
			}
		case 2:
			add(Event{Kind: rapid.SampledFrom([]EventKind{
				EventNote, EventAutomatic, EventTheirText,
			}).Draw(t, "said")})
		case 3:
			add(Event{Kind: EventSeverity, Severity: sev()})
		case 4:
			kinds := []EventKind{EventRMAApproved, EventRMAEnded}
			add(Event{Kind: rapid.SampledFrom(kinds).Draw(t, "rma"), RMA: "1"})
		case 5:
			if reopened && !state.Done() {
				add(Event{Kind: EventUndone})
				state, reopened = Resolved, false
			}
		default:
			next := rapid.SampledFrom(moves[state]).Draw(t, "to")
			if state == Resolved && next == InProgress {
				add(Event{Kind: EventReopened})
				reopened = true
			} else {
				add(Event{Kind: EventMoved, State: next})
				reopened = reopened && next != Resolved
			}
			state = next
		}
	}
	last := events[len(events)-1].At
	return events, last.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "later")) * time.Minute)
}

func TestS40_ClocksAgreeWithAnOracleThatCountsEveryMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := drawnTerms(t)
		events, now := drawnEvents(t)
		got := Clocks(terms, events, now)

		o := newOracle(terms, events, now)
		var want, found []seen
		for _, c := range o.clocks {
			if c.kind == Update && c.ended == ClockCancelled && c.start == c.end {
				continue // resolved by the command that wrote the text
			}
			want = append(want, o.look(c))
		}
		for _, c := range got {
			found = append(found, o.seenOf(c))
			explained(t, terms, c)
		}
		require.Equal(t, want, found)
	})
}

// explained checks what has to hold of every explanation.
func explained(t *rapid.T, terms *Terms, c Clock) {
	require.LessOrEqual(t, len(c.Explanation), MaxStretches)
	at, counted := c.StartedAt, time.Duration(0)
	for _, s := range c.Explanation {
		require.True(t, s.From.Equal(at), "without a gap, and none over another")
		require.True(t, s.From.Before(s.To))
		at = s.To
		if s.Kind == Counted {
			counted += s.To.Sub(s.From)
		}
	}
	if c.DueAt == nil {
		return
	}

	require.False(t, c.DueAt.Before(c.StartedAt), "due before it began")
	require.False(t, c.WarnAt.After(*c.DueAt))
	require.True(t, c.DueAt.Equal(at))
	promised, ok := terms.promised(c.Target, c.StartedAt)
	require.True(t, ok)
	require.Equal(t, promised, counted)
}

// TestTheOracleSeesEveryKindOfEnd keeps the property from agreeing about nothing.
func TestTheOracleSeesEveryKindOfEnd(t *testing.T) {
	drawn := rapid.Custom(func(t *rapid.T) []Clock {
		terms := drawnTerms(t)
		events, now := drawnEvents(t)
		return Clocks(terms, events, now)
	})

	found := map[string]bool{}
	for seed := range 300 {
		for _, c := range drawn.Example(seed) {
			found[string(c.Kind)+" "+string(c.State)] = true
		}
	}
	for _, want := range []string{
		"FIRST_RESPONSE RUNNING", "FIRST_RESPONSE MET", "FIRST_RESPONSE BREACHED",
		"UPDATE RUNNING", "UPDATE PAUSED", "UPDATE MET", "UPDATE BREACHED", "UPDATE CANCELLED",
		"RESTORE RUNNING", "RESTORE PAUSED", "RESTORE MET", "RESTORE BREACHED",
	} {
		require.True(t, found[want], want)
	}
}
