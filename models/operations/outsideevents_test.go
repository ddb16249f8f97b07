package operations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// What finance has to know of an RMA that was late, billed and credited: each once,
// oldest first, and read on behind the last one.
func TestS22_FinanceReadsFeesOneAfterTheOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		r := env.Approved(t, env.Covered(t))
		run := func(at time.Time) {
			t.Helper()
			storetest.RunRMAUntil(t, env, r.ID, at)
		}
		run(*r.PromiseDueAt)
		_, err := env.AllocateRMA(storetest.AgentContext, r.ID, "")
		require.NoError(t, err)
		_, err = env.RecordRMAFact(env.Context, r.ID, rma.FactDelivered, time.Time{})
		require.NoError(t, err)
		run(*storetest.GetRMA(t, env, r.ID).FeeConfirmAt)
		for range 2 {
			_, err = env.BillRMA(storetest.AgentContext, r.ID, "")
			require.NoError(t, err)
		}
		_, err = env.ReceiveRMA(storetest.AgentContext, r.ID)
		require.NoError(t, err)
		_, err = env.InspectRMA(storetest.AgentContext, r.ID, replacement.RMAInspection{
			Serial:  "SN-100",
			Outcome: rma.OutcomeDefect,
		})
		require.NoError(t, err)

		events, _, err := env.OutsideEvents(storetest.AgentContext, db.OutboxFeeCredited, db.Page{})
		require.NoError(t, err)
		require.Empty(t, events, "one that commits late is not passed")
		env.Calendar.Set(env.Calendar.Now().Add(2 * time.Minute))
		var got []db.OutboxKind
		page := db.Page{Limit: 1}
		for {
			events, next, err := env.OutsideEvents(storetest.AgentContext, "", page)
			require.NoError(t, err)
			for _, e := range events {
				require.Equal(t, r.ID, e.SubjectID)
				got = append(got, e.Kind)
			}
			if page.After = next; next == "" {
				break
			}
		}
		require.Equal(t, operations.OutsideKinds(), got)
		events, _, err = env.OutsideEvents(storetest.AgentContext, db.OutboxFeeBilled, db.Page{})
		require.NoError(t, err)
		require.Len(t, events, 1)
		require.Equal(t, "non_return", events[0].Why())
		events, _, err = env.OutsideEvents(storetest.AgentContext, "", db.Page{After: events[0].ID})
		require.NoError(t, err)
		require.Len(t, events, 1)
		_, _, err = env.OutsideEvents(storetest.Customer(r.AccountID), "", db.Page{})
		storetest.RequireCode(t, rules.NotFound, err)
	})
}
