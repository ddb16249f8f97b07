package operations_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
	"roomcover.dev/roomcover/rules/ticket"
)

// One row of each kind is put into every state, with what matters beside it: the query
// answers with the situations that the rules name, and no others.
func TestProcessesAreInTheSituationsThatTheRulesName(t *testing.T) {
	env := storetest.SQLite(t)
	c, unit := env.Spare(t)
	env.Agreed(t, c, unit)
	env.Requested(t, c)
	_, err := env.CreateShipment(env.Context, logistics.NewShipment{
		AccountID:  c.Account,
		Direction:  shipping.ShipOut,
		SubjectID:  "rma_1",
		BookingKey: "k",
		Carrier:    "sim",
	})
	require.NoError(t, err)

	seen := map[processes.Situation]bool{}
	look := func() {
		list, _, err := env.ListProcesses(env.Context, operations.ProcessFilter{Page: db.Page{Limit: 200}})
		require.NoError(t, err)
		for _, p := range list {
			seen[processes.Situation{Kind: p.Kind, State: p.State, WaitsFor: p.WaitsFor, Actor: p.Actor}] = true
		}
	}
	put := func(table, state string, columns ...string) {
		t.Helper()
		query := fmt.Sprintf("UPDATE %s SET state = '%s'", table, state)
		for _, column := range columns {
			query += ", " + column
		}
		require.NoError(t, env.Exec(query))
		look()
	}

	for _, s := range rules.OrderStates() {
		put("orders", string(s))
	}
	require.NoError(t, env.Exec(`INSERT INTO order_cancellations
		(id, order_id, sequence, state, whole, quantity, reason, requested_by, role, created_at)
		SELECT 'can_' || id, id, 1, 'REQUESTED', true, 1, 'x', 'x', 'RESELLER', created_at FROM orders`))
	for _, s := range []rules.OrderState{rules.OrderPartiallyCancelled, rules.OrderCancelled} {
		put("orders", string(s))
	}

	for _, s := range rules.InvitationStates() {
		if s != rules.InvitationSent { // which follows from the mail
			put("invitations", string(s))
		}
	}
	put("invitations", string(rules.InvitationIssued))
	put("notifications", string(rules.NotificationUnknown))
	put("notifications", string(rules.NotificationSent))

	for _, s := range rma.RMAStates() {
		closed := "closed_at = NULL"
		if s.Over() {
			closed = "closed_at = created_at"
		}
		put("rmas", string(s), closed)
	}
	put("rmas", string(rma.RMAShipped), "closed_at = NULL", "silence_asked_at = created_at")
	put("rmas", string(rma.RMAOverdue), "fee_asked_at = created_at")

	for _, s := range spare.SpareStates() {
		closed := "closed_at = NULL"
		if s.Over() {
			closed = "closed_at = created_at"
		}
		put("spare_units", string(s), closed, "selected_at = NULL")
	}
	put("spare_units", string(spare.SpareSelectionPending), "closed_at = NULL", "selected_at = created_at")
	put("spare_units", string(spare.SpareReplenishing), "shipped_at = created_at")
	put("spare_units", string(spare.SpareRecallRequested), "fee_asked_at = created_at")
	put("spare_units", string(spare.SpareRecallRequested), "recall_scanned_at = created_at")

	for _, service := range []string{"", "EXPRESS"} {
		for _, direction := range []shipping.ShipmentDirection{shipping.ShipOut, shipping.ShipReturn} {
			for _, s := range shipping.ShipmentStates() {
				put("shipments", string(s), "service = '"+service+"'", "direction = '"+string(direction)+"'")
			}
		}
	}
	put("shipments", string(shipping.ShipmentCreated), "cancel_asked_at = created_at")
	put("shipments", string(shipping.ShipmentLabelled))

	require.NoError(t, env.Exec(`INSERT INTO contact_questions
		(id, account_id, order_id, email, contact_name, seller, sent_by, state, role, asked_at,
			answer_until, answered_by)
		SELECT 'qst_' || id, account_id, id, id || '@acme.example', 'Rui', 'Revenda Sul', '', 'OPEN', '',
			created_at, created_at, ''
		FROM orders`))
	for _, s := range []identity.QuestionState{
		identity.QuestionConfirmed, identity.QuestionRefused, identity.QuestionOpen,
	} {
		put("contact_questions", string(s))
	}
	put("contact_questions", string(identity.QuestionOpen), "escalated_at = asked_at")

	env.OpenedTicket(t, c)
	for _, s := range []ticket.State{
		ticket.New, ticket.Open, ticket.InProgress, ticket.PendingCustomer,
		ticket.PendingThirdParty, ticket.PendingRMA, ticket.Resolved,
	} {
		for _, shipped := range []bool{false, true} {
			put("tickets", string(s), "turn = '"+string(ticket.TurnOf(s, shipped))+"'")
		}
	}

	want := map[processes.Situation]bool{}
	for _, s := range processes.Situations() {
		want[s] = true
	}
	require.Equal(t, want, seen)
}

// The sums are those of the list, whatever it is narrowed to.
func TestProcessesAreCountedAsTheyAreListed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		env.Approved(t, c)
		storetest.TakeOrders(t, env, 3)
		for _, at := range []time.Time{storetest.Now, storetest.Now.AddDate(0, 0, 20)} {
			env.Calendar.Set(at)
			for _, f := range []operations.ProcessFilter{
				{}, {Kind: processes.RMA}, {Kind: processes.Order}, {AccountID: c.Account}, {AccountID: "acc_none"},
				{Actor: processes.ByOperator}, {State: string(rma.RMAApproved)}, {Overdue: true}, {Stuck: true},
				{Customer: "acme"}, {Customer: "100%"}, {DueBy: at.AddDate(0, 0, 40)}, {DueAfter: at}, {Kind: "CAT"},
			} {
				f.Page.Limit = 200
				list, _, err := env.ListProcesses(env.Context, f)
				require.NoError(t, err)
				sums, err := env.SumProcesses(env.Context, f, at.AddDate(0, 0, 1))
				require.NoError(t, err)
				want, got := map[processes.Situation]int64{}, map[processes.Situation]int64{}
				late, due := int64(0), int64(0)
				for _, p := range list {
					want[processes.Situation{Kind: p.Kind, State: p.State, Actor: p.Actor}]++
					if p.Overdue {
						late++
					}
					if p.Until != nil && p.Until.After(at) && !p.Until.After(at.AddDate(0, 0, 1)) {
						due++
					}
				}
				for _, s := range sums {
					got[processes.Situation{Kind: s.Kind, State: s.State, Actor: s.Actor}] = s.N
					late -= s.Late
					due -= s.Due
				}
				require.Equal(t, want, got, "%+v", f)
				require.Zero(t, late, "%+v", f)
				require.Zero(t, due, "%+v", f)
			}
		}
	})
}
