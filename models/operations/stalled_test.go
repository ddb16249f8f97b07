package operations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
)

func stalledTasks(t *testing.T, env storetest.Env) map[string]string {
	t.Helper()
	open, _, err := env.ListTasks(env.Context, db.TaskFilter{Kind: db.TaskProcessStuck, State: db.TaskOpen})
	require.NoError(t, err)
	out := map[string]string{}
	for _, task := range open {
		out[task.SubjectID] = task.Why
	}
	return out
}

// Mails and files that no workflow takes are noticed within hours, with one task for all of a
// kind, which closes itself. What an earlier release asked about reminders is closed.
func TestWhatNoWorkflowTakesIsNoticed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		start := env.Calendar.Now()
		o, _ := storetest.FulfilledWithInvitation(t, env) // its mails stay queued
		require.NoError(t, env.RaiseTask(env.Context, db.OperatorTask{
			Kind: db.TaskProcessStuck, SubjectID: "invitation reminders", Why: "Nobody works at 3.",
		}))
		_, err := env.CreateImport(env.Context, importjob.ImportJob{
			OrgID:   o.ResellerID,
			Format:  "json",
			Content: []byte("[]"),
		})
		require.NoError(t, err)

		waiting, err := env.WatchStalled(env.Context)
		require.NoError(t, err)
		require.Empty(t, stalledTasks(t, env), "it is early: %v", waiting)

		env.Calendar.Set(start.Add(3 * time.Hour))
		waiting, err = env.WatchStalled(env.Context)
		require.NoError(t, err)
		require.Equal(t, 1, waiting["imports"])
		require.Equal(t, env.Count(t, "SELECT count(*) FROM notifications WHERE state = 'QUEUED'"), waiting["mails"])
		require.Len(t, stalledTasks(t, env), 2)

		_, err = env.WatchStalled(t.Context())
		require.Error(t, err, "the service's own affair")
	})
}

// A task that stands for many says how many these are by now, and to retry it tells the
// workflow of each, and of nothing else, to go on.
func TestToRetryWhatNoWorkflowTakesTellsEachWorkflow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		start := env.Calendar.Now()
		seller := env.Reseller(t, "Revenda Sul")
		file := func() {
			_, err := env.CreateImport(env.Context, importjob.ImportJob{
				OrgID:   seller.ID,
				Format:  "json",
				Content: []byte("[]"),
			})
			require.NoError(t, err)
		}
		watch := func(hours time.Duration) {
			env.Calendar.Set(start.Add(hours * time.Hour))
			_, err := env.WatchStalled(env.Context)
			require.NoError(t, err)
		}
		env.Fulfilled(t, seller, storetest.Form("PO-1")) // with mails that wait too
		file()
		watch(3)
		require.Equal(t, "Nobody works at 1 imports.", stalledTasks(t, env)["imports"])
		file()
		watch(6)
		require.Equal(t, "Nobody works at 2 imports.", stalledTasks(t, env)["imports"])

		open, _, err := env.ListTasks(env.Context, db.TaskFilter{Kind: db.TaskProcessStuck, SubjectID: "imports"})
		require.NoError(t, err)
		require.Len(t, open, 1)
		told := "SELECT count(*) FROM outbox_events WHERE kind = '" + string(db.OutboxImportQueued) + "'"
		all, before := env.Count(t, "SELECT count(*) FROM outbox_events"), env.Count(t, told)
		done, err := env.Act(storetest.Operator(), open[0].ID, operations.TaskAction{Name: operations.ActRetry})
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, done.State)
		require.Equal(t, before+2, env.Count(t, told))
		require.Equal(t, all+2, env.Count(t, "SELECT count(*) FROM outbox_events"))

		watch(7)
		require.Contains(t, stalledTasks(t, env), "imports", "they still wait")
	})
}

// Reconcile counts by kind, of what is new alone where it is asked to, and tells nobody when it
// only tries.
func TestReconcileCountsByKind(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		begin := env.Calendar.Now()
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		events := func() int { return env.Count(t, "SELECT count(*) FROM outbox_events") }
		before := events()

		told, err := env.Reconcile(env.Context, operations.Reconciliation{DryRun: true})
		require.NoError(t, err)
		require.Equal(t, 1, told["order"])
		require.Equal(t, 1, told["invitation"])
		require.Positive(t, told["mail"])
		require.Equal(t, before, events(), "it was a dry run")

		env.Calendar.Set(begin.Add(24 * time.Hour))
		env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-2"))
		told, err = env.Reconcile(env.Context, operations.Reconciliation{Since: begin.Add(time.Hour)})
		require.NoError(t, err)
		require.Equal(t, 1, told["order"])
		require.Zero(t, told["invitation"])

		_, _, err = env.CancelOrder(storetest.Operator(), o.ID, order.CancelRequest{Reason: "x"})
		require.NoError(t, err)
		told, err = env.Reconcile(env.Context, operations.Reconciliation{Since: begin.Add(time.Hour)})
		require.NoError(t, err)
		require.Equal(t, 2, told["order"], "its cancellation is new")
	})
}
