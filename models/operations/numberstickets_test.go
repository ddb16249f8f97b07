package operations_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// helpdesk opens and moves tickets by the clock of the test: one thing after the other.
type helpdesk struct {
	t    *testing.T
	env  storetest.Env
	room string
	ids  []string
}

// at sets the clock, and has every ticket do what was due until then.
func (d *helpdesk) at(at time.Time) {
	d.t.Helper()
	for _, id := range d.ids {
		storetest.RunTicketUntil(d.t, d.env, id, at)
	}
	d.env.Calendar.Set(at)
}

// open opens a ticket whose severity follows from whether the room can be used.
func (d *helpdesk) open(usable rule.Usable) string {
	d.t.Helper()
	n := storetest.RoomTicket(d.room)
	n.Usable = usable
	tk, err := d.env.Tickets.Open(storetest.Operator(), n)
	require.NoError(d.t, err)
	d.ids = append(d.ids, tk.ID)
	return tk.ID
}

func (d *helpdesk) do(id string, c ticket.Command) {
	d.t.Helper()
	_, err := d.env.Tickets.Do(storetest.Operator(), id, c)
	require.NoError(d.t, err)
}

func (d *helpdesk) answer(id string) {
	d.do(id, ticket.Command{Name: rule.DoAnswer, Text: "We look at it."})
}

// What is known of each ticket here is what the numbers say: how many first answers came within
// the promise and how long they took, what is open of which age and for whom, and why promises
// were broken.
func TestS58_S41_TicketsAreCountedByWhatBecameOfThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		monday := time.Date(2026, time.December, 7, 12, 0, 0, 0, time.UTC)
		d := &helpdesk{t: t, env: env, room: env.Covered(t).Room.ID}
		d.at(monday)
		inTime := d.open(rule.UsableNo)
		nobodys := d.open(rule.UsableNo)
		taken := d.open(rule.UsableNo)
		raised := d.open(rule.UsablePartly)
		resolved := d.open(rule.UsableYes)
		back := d.open(rule.UsableYes)
		unanswered := d.open(rule.UsableYes)

		me := "opr_one"
		agent := db.WithScope(env.Context, db.Scope{
			System: true,
			Actor:  db.Actor{ID: me, Role: rules.OperatorAgent},
		})
		d.at(monday.Add(10 * time.Minute))
		_, err := env.Tickets.Do(agent, taken, ticket.Command{Name: rule.DoAssign, Assignee: &me})
		require.NoError(t, err)
		d.at(monday.Add(30 * time.Minute))
		d.answer(inTime)
		d.at(monday.Add(90 * time.Minute))
		d.answer(taken)
		d.at(monday.Add(2 * time.Hour))
		d.answer(nobodys)
		d.do(raised, ticket.Command{
			Name:     rule.DoSetSeverity,
			Severity: cover.Sev1,
			Reason:   "The whole room is down now",
		})
		d.at(monday.Add(3 * time.Hour))
		d.answer(raised)
		for _, id := range []string{resolved, back} {
			d.do(id, ticket.Command{Name: rule.DoResolve, Text: "It is done."})
		}
		d.at(monday.Add(4 * time.Hour))
		d.do(back, ticket.Command{Name: rule.DoReopen, Reason: "It is back"})
		for _, id := range []string{taken, nobodys, raised, back} {
			d.do(id, ticket.Command{Name: rule.DoWaitCustomer, Reason: "A photo of it"})
		}
		d.do(inTime, ticket.Command{Name: rule.DoWaitOther, Reason: "The maker looks at it"})
		d.at(monday.Add(26 * time.Hour)) // the news of inTime were due before, in four hours

		n, err := env.Numbers(storetest.Operator(), operations.NumbersQuery{})
		require.NoError(t, err)
		this := len(n.Weeks) - 1
		cell := func(name operations.FigureName) operations.FigureCell {
			f := figureOf(t, n, name)
			require.Equal(t, f.Total, f.Weeks[this], "all of it was this week")
			return f.Total
		}
		minutes := func(n int64) *int64 { n *= 60; return &n }

		require.EqualValues(t, 7, cell(operations.TicketsOpened).Count)
		require.EqualValues(t, 3, partOf(figureOf(t, n, operations.TicketsOpened), "3").Count)
		require.EqualValues(t, 1, cell(operations.TicketsResolved).Count, "what came back is open")
		require.Equal(t, operations.FigureCell{
			Count:    1,
			Of:       4,
			Measured: 4,
			P50:      minutes(90),
			P85:      minutes(180),
			P90:      minutes(180),
			P95:      minutes(180),
		}, cell(operations.AnsweredSev1), "with the one that became urgent")
		require.Zero(t, cell(operations.AnsweredSev2).Of)
		require.EqualValues(t, 2, cell(operations.AnsweredSev3).Count)
		require.EqualValues(t, 1, figureOf(t, n, operations.AnsweredSev3).Open, unanswered)

		causes := map[string]int64{}
		for _, p := range figureOf(t, n, operations.TicketsBreached).Parts {
			causes[p.Key] = p.Count
		}
		require.Equal(t, map[string]int64{
			"NOT_TAKEN":       2,
			"NOT_ANSWERED":    1,
			"SEVERITY_RAISED": 1,
			"NO_NEWS":         1,
		}, causes)
		require.EqualValues(t, 5, cell(operations.TicketsBreached).Count)
		require.EqualValues(t, 2, figureOf(t, n, operations.TicketsBreached).Open, "late and not done")

		require.EqualValues(t, 6, figureOf(t, n, operations.TicketsResolved).Open)
		ages := func(name operations.FigureName) (out []string) {
			for _, p := range figureOf(t, n, name).OpenParts {
				out = append(out, fmt.Sprintf("%s: %d", p.Key, p.Count))
			}
			return out
		}
		require.Equal(t, []string{"0: 0", "1: 1", "3: 0", "7: 0", "30: 0"}, ages(operations.WaitForUs))
		require.Equal(t, []string{"0: 0", "1: 4", "3: 0", "7: 0", "30: 0"},
			ages(operations.WaitForCustomer))
		require.EqualValues(t, 1, figureOf(t, n, operations.WaitForOthers).Open)
		require.Zero(t, figureOf(t, n, operations.WaitForCarrier).Open)

		// S39: where a time until the repair is promised, why it was broken is in the events.
		for id, cause := range map[string]string{
			inTime: "WAITED_FOR_OTHERS",
			back:   "CAME_BACK",
			raised: "NOT_RESTORED",
		} {
			at := monday.Add(25 * time.Hour)
			late := stored(&at)
			where := " WHERE kind = 'RESTORE' AND ticket_id = '" + id + "'"
			require.NoError(t, env.Exec("UPDATE ticket_clocks SET due_at = "+late+", breached_at = "+
				late+where))
			require.NoError(t, env.Exec("INSERT INTO ticket_clock_marks "+
				"SELECT id, 'BREACH', account_id, "+late+", "+late+" FROM ticket_clocks"+where))
			n, err = env.Numbers(storetest.Operator(), operations.NumbersQuery{})
			require.NoError(t, err)
			require.EqualValues(t, 1,
				partOf(figureOf(t, n, operations.TicketsBreached), cause).Count, cause)
		}
	})
}
