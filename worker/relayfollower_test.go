package worker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/spare"
	"roomcover.dev/roomcover/workflows"
)

// about are the calls for one workflow.
func (f *fakeTemporal) about(id string) (out []call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if c.id == id {
			out = append(out, c)
		}
	}
	f.calls = nil
	return out
}

// A spare's workflow is started when it is earned, told each change that matters to
// it, and started again by a change after it came to rest.
func TestR88a_TheRelayStartsAndTellsASparesWorkflow(t *testing.T) {
	env := storetest.SQLite(t)
	r, f := newTestRelay(t, env)
	c, u := env.Spare(t)
	r.round(t, env)
	calls := f.about("spare/" + u.ID)
	require.Len(t, calls, 1)
	require.Equal(t, []string{"start", workflows.SpareName}, []string{calls[0].what, calls[0].name})
	require.Equal(t, workflows.SpareInput{SpareUnitID: u.ID, Status: &activities.Status{
		Version:  1,
		State:    "SELECTION_PENDING",
		WaitsFor: "SPARE_CHOICE",
	}}, calls[0].arg)
	require.Regexp(t, `^Spare: unit \d by [A-Z_]+$`, calls[0].options.StaticSummary)

	u = env.OnSite(t, env.Agreed(t, c, u), "SP-1")
	r.round(t, env)
	calls = f.about("spare/" + u.ID)
	require.Len(t, calls, 3, "chosen, shipped and on site; the consent has nothing to tell")
	for i, closed := range []bool{false, false, true} {
		require.Equal(t, []string{"signalWithStart", workflows.SignalChanged}, []string{calls[i].what, calls[i].name})
		st := calls[i].arg.(activities.Status)
		require.Equal(t, []bool{true, closed}, []bool{st.Mails, st.Closed})
	}

	_, err := env.UseSpare(storetest.Customer(c.Account), env.Requested(t, c).ID, u.ID)
	require.NoError(t, err)
	r.round(t, env)
	calls = f.about("spare/" + u.ID)
	require.Len(t, calls, 1)
	require.False(t, calls[0].arg.(activities.Status).Closed)
}

// An operator retries a spare's step that failed for good.
func TestASpareThatIsStuckIsRetried(t *testing.T) {
	env := storetest.SQLite(t)
	r, f := newTestRelay(t, env)
	c, u := env.SpareOnSite(t)
	for _, id := range env.Strings(t, "SELECT id FROM orders WHERE account_id = '"+c.Account+"'") {
		_, _, err := env.CancelOrder(storetest.Operator(), id, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
	}
	require.NoError(t, env.RecordFailure(env.Context, u.ID, "the step fails"))
	env.Calendar.Set(env.Calendar.Now().Add(21 * 24 * time.Hour)) // nobody has looked at its reminder
	n, err := env.WatchOverdue(env.Context)
	require.NoError(t, err)
	require.NotZero(t, n)
	list, _, err := env.ListProcesses(env.Context, operations.ProcessFilter{Kind: processes.Spare})
	require.NoError(t, err)
	require.Equal(t, []any{true, "the step fails"}, []any{list[0].Overdue, list[0].LastError})
	r.round(t, env)
	f.about("")
	for _, task := range tasks(t, env, db.TaskProcessStuck) {
		if task.SubjectID == u.ID {
			require.NoError(t, env.RetryProcess(operator(), task.ID))
		}
	}
	r.round(t, env)
	calls := f.about("spare/" + u.ID)
	require.Len(t, calls, 1)
	require.Equal(t, workflows.SignalRetry, calls[0].name)
	st, err := env.RunSpareTimers(env.Context, u.ID)
	require.NoError(t, err)
	require.Equal(t, string(spare.TimerRecallReminder), st.Timer)
}
