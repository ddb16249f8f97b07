package operations_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/rma"
)

const agendaZone = "America/Sao_Paulo"

func agenda(t *testing.T, env storetest.Env, q operations.AgendaQuery) operations.Agenda {
	t.Helper()
	if q.Zone == "" {
		q.Zone = agendaZone
	}
	a, err := env.Agenda(env.Context, q)
	require.NoError(t, err)
	return a
}

// lines are what a list says, without the tasks.
func lines(l operations.AgendaList) (out []string) {
	for _, i := range l.Items {
		if i.Kind != processes.Task {
			out = append(out, strings.Join([]string{string(i.Kind), i.WaitsFor, i.Actor, i.DueText}, ", "))
		}
	}
	return out
}

func tasksOf(l operations.AgendaList) (out []string) {
	for _, i := range l.Items {
		if i.Kind == processes.Task {
			out = append(out, string(i.TaskKind)+", "+i.DueText)
		}
	}
	return out
}

// The course of a replacement, day by day: what is due today, and what is late.
func TestAgendaFollowsAReplacement(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t) // Wednesday, 25 November
		r := env.Requested(t, c)
		a := agenda(t, env, operations.AgendaQuery{})
		require.Equal(t, []string{"DECIDE_RMA, due today by 21:00"}, tasksOf(a.Due), "S20: to be decided")
		require.Equal(t, []string{"ASSIGN_CSM, 2 days late"}, tasksOf(a.Late))
		require.Empty(t, append(lines(a.Due), lines(a.Late)...), "a cancellation window asks nobody to act")
		_, err := env.ApproveRMA(storetest.AgentContext, r.ID, replacement.RMAApproval{DefectConfirmed: true})
		require.NoError(t, err)
		require.Empty(t, lines(agenda(t, env, operations.AgendaQuery{}).Due), "it is promised for tomorrow")
		thursday := civil.Date{Year: 2026, Month: 11, Day: 26}
		require.Equal(t, []string{"RMA, STOCK, OPERATOR, due tomorrow"},
			lines(agenda(t, env, operations.AgendaQuery{On: &thursday}).Due))
		friday := thursday.AddDays(1)
		require.Equal(t, []string{"RMA, STOCK, OPERATOR, due tomorrow"},
			lines(agenda(t, env, operations.AgendaQuery{On: &friday}).Late), "late by then, unless somebody acts")

		env.SetLocal(t, agendaZone, "2026-11-26 08:00")
		require.Equal(t, []string{"RMA, STOCK, OPERATOR, due today"},
			lines(agenda(t, env, operations.AgendaQuery{}).Due))
		_, err = env.AllocateRMA(storetest.AgentContext, r.ID, "")
		require.NoError(t, err)
		_, err = env.ShipRMA(storetest.AgentContext, r.ID,
			replacement.RMAShipment{Serial: "NEW1", Carrier: "sim", Tracking: "TRK1"})
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"RMA, DELIVERY, CARRIER, due today", "SHIPMENT, PICK_UP, CARRIER, due today"},
			lines(agenda(t, env, operations.AgendaQuery{}).Due))
		env.SetLocal(t, agendaZone, "2026-11-27 00:00")
		a = agenda(t, env, operations.AgendaQuery{})
		require.Empty(t, lines(a.Due))
		require.ElementsMatch(t,
			[]string{"RMA, DELIVERY, CARRIER, 1 day late", "SHIPMENT, PICK_UP, CARRIER, 1 day late"}, lines(a.Late))
		_, err = env.RecordRMAFact(env.Context, r.ID, rma.FactDelivered, time.Time{})
		require.NoError(t, err)
		require.Empty(t, lines(agenda(t, env, operations.AgendaQuery{}).Late), "delivered")

		due := *storetest.GetRMA(t, env, r.ID).ReturnDueAt
		env.Calendar.Set(due.Add(-time.Hour))
		require.Equal(t, []string{"RMA, RETURN, CUSTOMER, due today"},
			lines(agenda(t, env, operations.AgendaQuery{}).Due))
		storetest.RunRMAUntil(t, env, r.ID, *storetest.GetRMA(t, env, r.ID).FeeConfirmAt)
		a = agenda(t, env, operations.AgendaQuery{})
		require.Len(t, lines(a.Late), 1)
		require.Contains(t, lines(a.Late)[0], "RMA, FEE_DECISION, OPERATOR, ")
		require.Contains(t, tasksOf(a.Due), "RMA_FEE, due today by 21:00", "S22: a person confirms")
		_, err = env.BillRMA(storetest.AgentContext, r.ID, "")
		require.NoError(t, err)
		require.Empty(t, lines(agenda(t, env, operations.AgendaQuery{}).Late))
	})
}

func TestAgendaHasOrdersInReviewAndInvitations(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller, review := storetest.InReview(t, env)
		o := env.Fulfilled(t, seller, storetest.Form("PO-2"))
		inv := env.InvitationOf(t, o.ID)
		env.Deliver(t, inv.ID)
		require.Equal(t, []string{"REVIEW_ORDER, due today by 21:00"},
			tasksOf(agenda(t, env, operations.AgendaQuery{AccountID: ""}).Due)[:1])
		env.Calendar.Set(review.ReviewUntil.Add(-time.Hour))
		require.Contains(t, lines(agenda(t, env, operations.AgendaQuery{}).Due),
			"ORDER, REVIEW_DECISION, OPERATOR, due today")
		env.Calendar.Set(inv.ExpiresAt.Add(-time.Hour))
		a := agenda(t, env, operations.AgendaQuery{AccountID: *o.AccountID})
		require.Equal(t, []string{"INVITATION, ACCEPTANCE, CUSTOMER, due today"}, lines(a.Due))
		require.Equal(t, map[processes.Kind]int64{processes.Invitation: 1}, a.Due.Total)
		require.Equal(t, inv.ID, a.Due.Items[0].ID)
		require.Empty(t, agenda(t, env, operations.AgendaQuery{AccountID: "acc_none"}).Late.Items)
	})
}

// A task is due when the queue has it due: that of a ticket with its clock, and the others at the
// end of the desk's day, which is midnight in UTC here (S54).
func TestS54_AgendaHasTasksDueAsTheQueueHasThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		raise := func(kind db.TaskKind, due time.Time) {
			t.Helper()
			err := env.DB.Write(db.WithSystem(env.Context), func(tx *db.Tx) error {
				return tx.KeepTask(db.OperatorTask{
					Kind: kind, SubjectID: "any", What: "Look.", Why: "So.", DueAt: due,
				})
			})
			require.NoError(t, err)
		}
		now := env.Calendar.Now()
		require.NoError(t, env.Exec("DELETE FROM operator_tasks"))
		raise(db.TaskAssignCSM, time.Time{})
		raise(db.TaskTicket, now.Add(time.Hour))
		raise(db.TaskReviewOrder, now.Add(72*time.Hour))

		utc := operations.AgendaQuery{Zone: "UTC"}
		a := agenda(t, env, utc)
		require.Equal(t, []string{
			"TICKET, due today by " + now.Add(time.Hour).UTC().Format("15:04"),
			"ASSIGN_CSM, due today",
		}, tasksOf(a.Due), "what is due in an hour stands first")
		require.Empty(t, tasksOf(a.Late))

		ahead, err := env.Load(env.Context, "UTC", 14)
		require.NoError(t, err)
		require.Equal(t, []int64{0, 0, 1}, []int64{ahead[0].N, ahead[1].N, ahead[2].N})
		utc.On = &ahead[2].Day
		require.Len(t, tasksOf(agenda(t, env, utc).Due), 1, "and on the day on which it is due")

		env.Calendar.Set(now.Add(time.Hour))
		require.Equal(t, "TICKET, late since "+now.Add(time.Hour).UTC().Format("15:04")+" today",
			tasksOf(agenda(t, env, operations.AgendaQuery{Zone: "UTC"}).Late)[0])
	})
}

// An RMA that is due today is due today where the parcel goes to (C1).
func TestC1_AgendaCountsDaysAtTheShipTo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.Approved(t, c)
		until := *storetest.GetRMA(t, env, r.ID).PromisedUntil // midnight in São Paulo, 03:00 UTC
		for _, zone := range []string{"UTC", "Pacific/Auckland", "Pacific/Honolulu"} {
			q := operations.AgendaQuery{Zone: zone}
			env.Calendar.Set(until.Add(-25 * time.Hour))
			require.Empty(t, lines(agenda(t, env, q).Due), "the evening before, whoever asks: %s", zone)
			env.Calendar.Set(until.Add(-24 * time.Hour))
			require.Equal(t, []string{"RMA, STOCK, OPERATOR, due today"}, lines(agenda(t, env, q).Due), zone)
			env.Calendar.Set(until.Add(-time.Second))
			require.Equal(t, []string{"RMA, STOCK, OPERATOR, due today"}, lines(agenda(t, env, q).Due), zone)
			env.Calendar.Set(until)
			a := agenda(t, env, q)
			require.Empty(t, lines(a.Due), zone)
			require.Equal(t, []string{"RMA, STOCK, OPERATOR, 1 day late"}, lines(a.Late), zone)
			require.Equal(t, agendaZone,
				a.Late.Items[slices.IndexFunc(a.Late.Items, func(i operations.AgendaItem) bool {
					return i.Kind == processes.RMA
				})].Zone)
		}
	})
}

func TestAgendaAgreesWithTheProcesses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.DeliveredRMA(t, env.Covered(t))
		env.Shipped(t, env.CoveredFor(t, "Beta SA", "bia@beta.example", "SN-200"))
		env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-STUCK")) // nobody fulfils it
		for day := range 45 {
			env.Calendar.Set(storetest.Now.Add(time.Duration(day)*24*time.Hour + 5*time.Hour))
			var want, got []string
			for _, p := range storetest.ListOf(
				env.ListProcesses(env.Context, operations.ProcessFilter{Overdue: true, Page: db.Page{Limit: 200}}),
			)(t) {
				if p.Until != nil && !env.Calendar.Now().Before(*p.Until) || p.Until == nil && p.Actor == "SYSTEM" {
					want = append(want, p.ID+" "+p.WaitsFor)
				}
			}
			a := agenda(t, env, operations.AgendaQuery{Limit: 200})
			for _, i := range a.Late.Items {
				if i.Kind != processes.Task {
					require.True(t, i.Overdue)
					got = append(got, i.ID+" "+i.WaitsFor)
				}
			}
			require.ElementsMatch(t, want, got, "day %d", day)
			for _, i := range a.Due.Items {
				require.False(t, i.Overdue, "%d %v", day, i)
			}
		}
	})
}

func TestAgendaPagesThroughBothLists(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		raise := func(n int) {
			for i := range n {
				require.NoError(t, env.RaiseTask(env.Context, db.OperatorTask{
					Kind:      db.TaskShipmentContradicted,
					SubjectID: fmt.Sprint("shp_", env.Calendar.Now().Day(), i),
					What:      "w",
					Why:       "y",
				}))
			}
		}
		raise(5)
		env.Calendar.Set(env.Calendar.Now().Add(24 * time.Hour))
		raise(7)
		seen := map[string]bool{}
		q := operations.AgendaQuery{Limit: 2}
		for {
			a := agenda(t, env, q)
			require.EqualValues(t, 5, a.Late.Total[processes.Task])
			require.EqualValues(t, 7, a.Due.Total[processes.Task])
			for _, i := range a.Late.Items {
				require.False(t, seen[i.ID])
				seen[i.ID] = true
			}
			if a.Late.Next.String() == "" {
				break
			}
			next, err := operations.ParseAgendaCursor("/query/late_cursor", a.Late.Next.String())
			require.NoError(t, err)
			require.Equal(t, a.Late.Next.ID, next.ID)
			q.LateAfter = next
		}
		require.Len(t, seen, 5)
		for _, text := range []string{"x", "20261126T000000.000000000Z", "20261126T000000.000000000Z-"} {
			_, err := operations.ParseAgendaCursor("/query/late_cursor", text)
			storetest.RequireCode(t, rules.ValidationFailed, err)
		}
	})
}

func TestAgendaRefusesWhatItCannotTell(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		over := civil.DateOf(storetest.Now).AddDays(-1)
		today := civil.DateOf(storetest.Now)
		for _, q := range []operations.AgendaQuery{{On: &over}, {Zone: "Mars/Olympus"}, {Zone: "Local"}} {
			_, err := env.Agenda(env.Context, q)
			storetest.RequireCode(t, rules.ValidationFailed, err)
		}
		_, err := env.Agenda(env.Context, operations.AgendaQuery{On: &today})
		require.NoError(t, err)
		_, err = env.Agenda(storetest.Customer("acc_x"), operations.AgendaQuery{})
		storetest.RequireCode(t, rules.NotFound, err)
	})
}
