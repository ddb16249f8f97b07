package replacement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/rma"
)

// What an open RMA waits for, whom for and until when, from request to close.
func TestProcessesShowRMAs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		r := env.Requested(t, c)
		expect := func(waits, actor string, overdue bool) {
			t.Helper()
			list, _, err := env.ListProcesses(env.Context, operations.ProcessFilter{Kind: processes.RMA})
			require.NoError(t, err)
			require.Len(t, list, 1)
			p := list[0]
			require.Equal(t, []any{
				r.ID, "rma/" + r.ID, waits, actor, overdue,
			}, []any{p.ID, p.WorkflowID, p.WaitsFor, p.Actor, p.Overdue})
			late, _, err := env.ListProcesses(env.Context, operations.ProcessFilter{Kind: processes.RMA, Overdue: true})
			require.NoError(t, err)
			require.Equal(t, overdue, len(late) == 1)
		}
		must := func(_ replacement.RMA, err error) { t.Helper(); require.NoError(t, err) }
		expect(processes.WaitsForDecision, "OPERATOR", false)
		must(env.ApproveRMA(storetest.AgentContext, r.ID, replacement.RMAApproval{DefectConfirmed: true}))
		expect(processes.WaitsForStock, "OPERATOR", false)
		must(env.AllocateRMA(storetest.AgentContext, r.ID, ""))
		expect(processes.WaitsForShipping, "OPERATOR", false)
		must(env.ShipRMA(storetest.AgentContext, r.ID, replacement.RMAShipment{Serial: "NEW1"}))
		expect(processes.WaitsForDelivery, "CARRIER", false)
		due, _, err := env.ListProcesses(
			env.Context, operations.ProcessFilter{DueBy: *storetest.GetRMA(t, env, r.ID).PromisedUntil},
		)
		require.NoError(t, err)
		require.Len(t, due, 1, "due today")
		env.Calendar.Set(*storetest.GetRMA(t, env, r.ID).SilenceDueAt)
		expect(processes.WaitsForDelivery, "CARRIER", true)
		_, err = env.RunRMATimers(env.Context, r.ID)
		require.NoError(t, err)
		expect(processes.WaitsForLossDecision, "OPERATOR", true)
		must(env.RecordRMAFact(env.Context, r.ID, rma.FactDelivered, time.Time{}))
		expect(processes.WaitsForReturn, "CUSTOMER", false)
		storetest.RunRMAUntil(t, env, r.ID, *storetest.GetRMA(t, env, r.ID).FeeConfirmAt)
		expect(processes.WaitsForFeeDecision, "OPERATOR", true)
		env.Calendar.Set(env.Calendar.Now().Add(24 * time.Hour))
		_, err = env.WatchOverdue(env.Context)
		require.NoError(t, err)
		for _, task := range env.Tasks(t, db.TaskProcessStuck) {
			require.NotEqual(t, r.ID, task.SubjectID, "the customer is late, not the service")
		}
		must(env.RecordRMAFact(env.Context, r.ID, rma.FactReturnScanned, time.Time{}))
		expect(processes.WaitsForReturnParcel, "CARRIER", false)
		must(env.ReceiveRMA(storetest.AgentContext, r.ID))
		expect(processes.WaitsForInspection, "OPERATOR", false)
		must(env.InspectRMA(storetest.AgentContext, r.ID, replacement.RMAInspection{
			Serial:  "SN-100",
			Outcome: rma.OutcomeDamage,
		}))
		expect(processes.WaitsForFeeDecision, "OPERATOR", false)
		must(env.BillRMA(storetest.AgentContext, r.ID, ""))
		list, _, err := env.ListProcesses(env.Context, operations.ProcessFilter{Kind: processes.RMA})
		require.NoError(t, err)
		require.Empty(t, list)
	})
}

// A timer of the workflow that nobody ran is what an operator is told of.
func TestWatchSeesAnRMAWhoseTimerIsLate(t *testing.T) {
	env := storetest.SQLite(t)
	r := env.DeliveredRMA(t, env.Covered(t))
	env.Calendar.Set(r.NextAt.Add(time.Hour))
	_, err := env.WatchOverdue(env.Context)
	require.NoError(t, err)
	var subjects []string
	for _, task := range env.Tasks(t, db.TaskProcessStuck) {
		subjects = append(subjects, task.SubjectID)
		if task.SubjectID == r.ID {
			require.NoError(t, env.RetryProcess(storetest.AgentContext, task.ID))
		}
	}
	require.Contains(t, subjects, r.ID)
	require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'rma.retry'"))
}
