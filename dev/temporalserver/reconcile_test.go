//go:build long

package temporalserver_test

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/ordering"
	roomcover "roomcover.dev/roomcover/worker"
)

// running are the ids of the workflows that run.
func running(t *testing.T, c client.Client) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	var token []byte
	for {
		page, err := c.ListWorkflow(context.Background(), &workflowservice.ListWorkflowExecutionsRequest{
			Namespace:     "roomcover",
			Query:         "ExecutionStatus = 'Running'",
			NextPageToken: token,
		})
		require.NoError(t, err)
		for _, e := range page.Executions {
			out[e.Execution.WorkflowId] = true
		}
		if token = page.NextPageToken; len(token) == 0 {
			return out
		}
	}
}

// underWay is how many processes the test below has under way at least: 100, or
// ROOMCOVER_RECONCILE.
func underWay(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("ROOMCOVER_RECONCILE"), "100"))
	require.NoError(t, err)
	return n
}

// The namespace is deleted, and every workflow under way is gone with it: reconcile brings each back
// from the rows, with the reminders that are still to come, and a second time it changes nothing. It
// waits for those reminders, which takes minutes: only make test-long builds it.
func TestReconcileBringsBackWhatTemporalLost(t *testing.T) {
	s := start(t, options(t))
	c := connect(t, s)
	env := world(t)
	polling := &roomcover.Polling{}
	require.Error(t, polling.Ready(t.Context()), "nothing runs yet")
	end := workOn(t, env, c, polling)
	require.Eventually(t, func() bool { return polling.Ready(t.Context()) == nil }, deadline, 50*time.Millisecond,
		"each queue is polled")

	least := underWay(t)
	orders := least * 6 / 10 // and an invitation of most
	patience := 2*deadline + time.Duration(least)*200*time.Millisecond
	seller := env.Reseller(t, "Revenda Sul")
	for i := range orders {
		form := storetest.Form(storetest.PO(i))
		form.EndCustomer.Company = "Acme " + storetest.PO(i)
		group := strconv.Itoa(i / 200) // copies of 250 orders a day go to one address
		form.Reseller.Email = "pedidos" + group + "@revendasul.example"
		form.Distributor.Email = "orders" + group + "@norte.example"
		form.EndCustomer.Email = "ana" + group + "@acme.example"
		if i%10 == 0 {
			inReviewOf(&form)
		}
		env.Accept(t, seller, form)
	}
	_, err := env.CreateImport(env.Context, importjob.ImportJob{
		OrgID: seller.ID, Format: "json", DryRun: true, Content: []byte("[]"),
	})
	require.NoError(t, err)
	replacementAndSpare(t, env)
	under := func() map[string]bool {
		out := map[string]bool{}
		page := db.Page{Limit: 200}
		for {
			listed, next, err := env.ListProcesses(env.Context, operations.ProcessFilter{Page: page})
			require.NoError(t, err)
			for _, p := range listed {
				if p.WorkflowID != "" && p.Kind != "CSM" {
					out[p.WorkflowID] = true
				}
			}
			if page.After = next; next == "" {
				return out
			}
		}
	}
	missing := func() (ids []string) {
		runs := running(t, c)
		for id := range under() {
			if !runs[id] {
				ids = append(ids, id)
			}
		}
		return ids
	}
	require.Eventually(t, func() bool { return len(under()) > least && len(missing()) == 0 }, patience,
		200*time.Millisecond, "everything is under way")

	open := len(under())
	end()
	_, err = c.OperatorService().DeleteNamespace(t.Context(),
		&operatorservice.DeleteNamespaceRequest{Namespace: "roomcover"})
	require.NoError(t, err)
	setUpAnew(t, env, c)
	require.Eventually(t, func() bool { return len(missing()) > least }, patience, time.Second, "all are gone")

	began := time.Now()
	workOn(t, env, c, polling)
	told, err := env.Reconcile(env.Context, operations.Reconciliation{})
	require.NoError(t, err)
	t.Logf("told: %v", told)
	for _, kind := range []string{"order", "invitation", "rma", "spare"} {
		require.Positive(t, told[kind], kind)
	}
	require.Eventually(t, func() bool { return len(missing()) == 0 }, patience, 200*time.Millisecond,
		"each has its workflow again")
	t.Logf("%d under way, all back after %s", open, time.Since(began).Round(100*time.Millisecond))

	awaitNextReminders(t, env)
	_, err = env.Reconcile(env.Context, operations.Reconciliation{})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(missing()) == 0 }, patience, 200*time.Millisecond)
	require.Zero(t, env.Count(t, `SELECT count(*) FROM (SELECT subject_id FROM notifications
		WHERE template = 'invitation' GROUP BY subject_id, recipient HAVING count(*) > 1) n`), "nothing twice")
	require.Zero(t, env.Count(t, "SELECT count(*) FROM operator_tasks WHERE kind = 'OUTBOX_STUCK'"))
	requireNoFailedTasks(t, c)
}

// setUpAnew makes the namespace again, as `roomcover temporal setup` does, and waits until it is
// known everywhere.
func setUpAnew(t *testing.T, env storetest.Env, c client.Client) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, err := roomcover.Setup(t.Context(), roomcover.Options{
			Domains:   env.Domains,
			Temporal:  c,
			Namespace: "roomcover",
			Log:       slog.New(slog.DiscardHandler),
		})
		return err == nil
	}, 2*deadline, time.Second, "the namespace is there again")
}

// awaitNextReminders waits for the next reminder of each live invitation.
func awaitNextReminders(t *testing.T, env storetest.Env) {
	t.Helper()
	var ids []string
	require.NoError(t, env.DB.Read(env.Context, func(tx *db.Tx) error {
		return tx.Raw("SELECT id FROM invitations WHERE state IN ('ISSUED','SENT')").Scan(&ids).Error
	}))
	type reminder struct {
		invitation, epoch string
		at                time.Time
	}
	var next []reminder // read before any is waited for: then the next of many is past
	for _, id := range ids {
		plan, err := env.PlanInvitation(env.Context, id)
		require.NoError(t, err)
		if plan.Live && len(plan.Reminders) > 0 {
			first := plan.Reminders[0]
			next = append(next, reminder{id, "d+" + strconv.Itoa(first.Day), first.At})
		}
	}
	require.NotEmpty(t, next)

	days := env.DB.Clock()
	for _, r := range next {
		require.Eventually(t, func() bool {
			return env.Count(t, "SELECT count(*) FROM notifications WHERE template = 'invitation_reminder'"+
				" AND subject_id = '"+r.invitation+"' AND epoch = '"+r.epoch+"'") == 1
		}, max(0, days.RealDuration(r.at.Sub(days.Now())))+deadline, 100*time.Millisecond, "the reminder of %s", r.at)
	}
	t.Logf("%d reminders came", len(next))
}

// replacementAndSpare has a replacement and an earned spare unit under way.
func replacementAndSpare(t *testing.T, env storetest.Env) {
	t.Helper()
	form := storetest.FormFor("PO-50", "Delta SA", "rui@delta.example")
	form.Lines[0].Quantity = 50
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
	env.Join(t, env.InvitationOf(t, o.ID))
	env.Site(t, *o.AccountID, "HQ", "BR", "SP")
	room := env.Room(t, *o.AccountID, "Sala 1")
	env.Assigned(t, env.Licences(t, o)[0], room)
	env.Device(t, room, "SN-300", "RALLY-BAR", "2026-06-01")
	time.Sleep(fastDay + fastDay/10) // a day of the calendar: the serial is known
	_, err := env.RequestRMA(storetest.Operator(), replacement.NewRMA{Serial: "SN-300", Fault: "No picture"})
	require.NoError(t, err)
	require.Len(t, env.Units(t, *o.AccountID), 1)
}

func requireNoFailedTasks(t *testing.T, c client.Client) {
	t.Helper()
	for id := range running(t, c) {
		history := c.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for history.HasNext() {
			e, err := history.Next()
			require.NoError(t, err)
			require.NotEqual(t, enums.EVENT_TYPE_WORKFLOW_TASK_FAILED, e.EventType, id)
		}
	}
}

// inReviewOf makes an order need an operator's decision (R115b).
func inReviewOf(f *ordering.OrderForm) { f.EndCustomer.Email = "ana.souza@gmail.com" }
