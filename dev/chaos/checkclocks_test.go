package chaos

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// drawnTicket is a ticket at random, as the oracle and as the rules have it.
type drawnTicket struct {
	story  *story
	terms  *rule.Terms
	events []rule.Event
}

var officeHours = [][2]string{{"08:00", "12:30"}, {"13:15", "18:00"}}

// drawTerms draws a policy and a place.
func (d *drawnTicket) drawTerms(t *testing.T, r *rand.Rand) {
	t.Helper()
	zones := []string{"America/Sao_Paulo", "Europe/Berlin", "Asia/Kolkata"}
	zone, err := time.LoadLocation(zones[r.IntN(len(zones))])
	require.NoError(t, err)

	free := "2026-03-27"
	place := &office{
		days:  workdays{off: map[string]bool{"SAT": true, "SUN": true}, free: map[string]bool{free: true}},
		hours: map[string][][2]string{},
		zone:  zone,
		known: map[int64]minuteThere{},
	}
	there := calendar.Calendar{
		Code:     "XX",
		Weekend:  []calendar.Weekday{calendar.Saturday, calendar.Sunday},
		Holidays: map[civil.Date]string{{Year: 2026, Month: 3, Day: 27}: "Day off"},
	}
	for _, day := range calendar.Weekdays() {
		if day == calendar.Saturday || day == calendar.Sunday {
			continue
		}
		place.hours[string(day)] = officeHours
		for _, h := range officeHours {
			there.Hours = append(there.Hours, calendar.WorkingTime{Day: day, From: h[0], To: h[1]})
		}
	}

	policy := policyOf{
		code:             "P",
		alwaysOn:         r.IntN(2) == 0,
		thirdPartyPauses: r.IntN(2) == 0,
		promises:         map[int]promised{},
	}
	rules := cover.SLAPolicy{
		Code:             "P",
		Version:          1,
		AlwaysOn:         policy.alwaysOn,
		ThirdPartyPauses: policy.thirdPartyPauses,
		Promises:         map[cover.Severity]cover.SLAPromise{},
	}
	for severity := 1; severity <= 4; severity++ {
		p := promised{drawTarget(r), drawTarget(r), drawTarget(r)}
		policy.promises[severity] = p
		rules.Promises[cover.Severity(severity)] = cover.SLAPromise{
			FirstResponse: cover.SLATarget(p.FirstResponse),
			Updates:       cover.SLATarget(p.Updates),
			Restore:       cover.SLATarget(p.Restore),
		}
	}
	d.story = &story{office: place, policies: []policyOf{policy}}
	d.terms = &rule.Terms{Policy: rules, Calendar: there, Zone: zone}
}

func drawTarget(r *rand.Rand) (t promisedTime) {
	switch r.IntN(5) {
	case 0:
	case 1:
		t.BusinessDays = 1 + r.IntN(3)
	default:
		t.Within = time.Duration(1+r.IntN(30)) * time.Hour
		if r.IntN(3) == 0 {
			t.WarnBefore = 10 * time.Minute
		}
	}
	return t
}

// drawEvents draws a life as the guards of the commands allow it.
func (d *drawnTicket) drawEvents(r *rand.Rand) {
	at := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.Int64N(int64(240 * time.Hour))))
	at = at.Truncate(time.Microsecond)
	state, reopened, severity := rule.New, false, 1+r.IntN(4)
	add := func(e rule.Event) {
		e.Seq, e.At = len(d.events)+1, at
		d.events = append(d.events, e)
		d.story.happenings = append(d.story.happenings, happening{
			seq:      int64(e.Seq),
			at:       at,
			kind:     string(e.Kind),
			severity: int(e.Severity),
			state:    string(e.State),
			rma:      e.RMA,
		})
	}
	move := func(to rule.State) {
		add(rule.Event{Kind: rule.EventMoved, State: to})
		state = to
	}

	add(rule.Event{Kind: rule.EventOpened, Severity: cover.Severity(severity)})
	for range r.IntN(16) {
		if r.IntN(3) > 0 {
			at = at.Add(time.Duration(r.Int64N(int64(20 * time.Hour)))).Truncate(time.Microsecond)
		}
		if state.Over() {
			break
		}
		switch r.IntN(9) {
		case 0, 1:
			add(rule.Event{Kind: rule.EventOurText})
			if state == rule.New {
				move(rule.Open)
			}
		case 2:
			add(rule.Event{Kind: rule.EventSeverity, Severity: cover.Severity(1 + r.IntN(4))})
		case 3:
			kinds := []rule.EventKind{rule.EventRMAApproved, rule.EventRMAEnded}
			add(rule.Event{Kind: kinds[r.IntN(2)], RMA: "rma_1"})
		case 4:
			if reopened && !state.Done() {
				add(rule.Event{Kind: rule.EventUndone})
				state, reopened = rule.Resolved, false
			}
		default:
			states := rule.States()
			to := states[r.IntN(len(states))]
			switch {
			case !state.CanBecome(to):
			case state == rule.Resolved && to == rule.InProgress:
				add(rule.Event{Kind: rule.EventReopened})
				state, reopened = to, true
			default:
				move(to)
				reopened = reopened && to != rule.Resolved
			}
		}
	}
	d.story.clockedAt = at.Add(time.Duration(r.Int64N(int64(100 * time.Hour)))).Truncate(time.Microsecond)
}

// The oracle's calculation is worth something only where it is right: it agrees with the rules,
// which were held against another one (rules/ticket/oracle_test.go).
func TestClocks_OfTheOracleAgreeWithTheRules(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		var d drawnTicket
		d.drawTerms(t, r)
		d.drawEvents(r)
		d.story.tell()

		found := map[string]*storyClock{}
		for _, c := range d.story.clocks {
			found[fmt.Sprint(c.kind, c.seq)] = c
		}
		all := rule.Clocks(d.terms, d.events, d.story.clockedAt)
		require.Len(t, found, len(all), "seed %d", seed)
		for _, want := range all {
			about := fmt.Sprintf("seed %d: %s of %d, now %s", seed, want.Kind, want.Seq, d.story.clockedAt)
			c := found[fmt.Sprint(string(want.Kind), int64(want.Seq))]
			require.NotNil(t, c, about)
			got := c.look(d.story.clockedAt)
			seen[got.state] = true
			require.Equal(t, string(want.State), got.state, about)
			require.Equal(t, int(want.Severity), got.severity, about)
			require.Equal(t, want.Elapsed, got.elapsed, about)
			for name, pair := range map[string][2]*time.Time{
				"due":      {want.DueAt, got.due},
				"warns":    {want.WarnAt, got.warn},
				"warned":   {want.WarnedAt, got.warned},
				"breached": {want.BreachedAt, got.breached},
				"ended":    {want.EndedAt, c.end},
			} {
				require.Equal(t, orNone(pair[0]), orNone(pair[1]), "%s: %s", about, name)
			}
		}
	}
	require.Len(t, seen, 5, "every state of a clock was seen: %v", seen)
}
