package entitlement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
)

// A suspended contract covers nothing and gives no licence; its end does not move, and resumed
// it covers again (RULES 2).
func TestR39c_ASuspendedContractCoversNothingUntilItIsResumed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		ctx := storetest.Operator()
		id := c.Licence.ContractID
		covered := func() cover.Answer {
			answers, err := env.Coverage(ctx, []entitlement.CoverSubject{{RoomID: c.Room.ID}}, env.Calendar.Now(),
				cover.ForTechnical)
			require.NoError(t, err)
			return answers[0].Answer
		}
		require.True(t, covered().Covered)
		before := storetest.OneContract(t, env, c.Order.ID)

		_, err := env.ResumeContract(ctx, id, "r")
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.SuspendContract(ctx, id, "")
		storetest.RequireCode(t, rules.ReasonRequired, err)
		for _, who := range []struct{ name string }{{"customer"}, {"csm"}} {
			refused := storetest.Customer(c.Account)
			if who.name == "csm" {
				refused = storetest.CSM()
			}
			_, err = env.SuspendContract(refused, id, "r")
			storetest.RequireCode(t, rules.Forbidden, err)
		}

		stopped, err := env.SuspendContract(ctx, id, "the invoice is disputed")
		require.NoError(t, err)
		require.Equal(t, rules.ContractSuspended, stopped.State)
		require.True(t, stopped.EndAt.Equal(*before.EndAt), "its end does not move")
		answer := covered()
		require.False(t, answer.Covered)
		require.True(t, answer.Has(cover.ReasonSuspended))
		_, err = env.SuspendContract(ctx, id, "again")
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.AssignMany(ctx, entitlement.AssignManyRequest{
			ContractID: id, RoomIDs: []string{env.Room(t, c.Account, "Sala 9").ID}, Reason: "r",
		})
		require.Error(t, err, "none of its licences is assigned")

		_, err = env.ResumeContract(ctx, id, "settled")
		require.NoError(t, err)
		require.True(t, covered().Covered)
		events, err := env.Timeline(ctx, id)
		require.NoError(t, err)
		require.Subset(t, storetest.VerbsOf(events), []string{"contract.suspended", "contract.resumed"})

		_, err = env.SuspendContract(ctx, id, "again")
		require.NoError(t, err)
		env.Calendar.Set(before.EndAt.Add(time.Hour))
		_, err = env.ResumeContract(ctx, id, "too late")
		storetest.RequireCode(t, rules.StateConflict, err)
		storetest.SweepOnce(t, env)
		require.Equal(t, rules.ContractExpired, storetest.OneContract(t, env, c.Order.ID).State, "it ends all the same")
	})
}

// A suspended contract ends with its order, and nothing brings it back.
func TestR39c_ASuspendedContractOfACancelledOrderIsNotResumed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		ctx := storetest.Operator()
		id := c.Licence.ContractID
		_, err := env.SuspendContract(ctx, id, "the invoice is disputed")
		require.NoError(t, err)
		_, _, err = env.CancelOrder(ctx, c.Order.ID, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
		require.Equal(t, rules.ContractCancelled, storetest.OneContract(t, env, c.Order.ID).State)
		events, err := env.Timeline(ctx, id)
		require.NoError(t, err)
		require.Contains(t, storetest.VerbsOf(events), "contract.cancelled")
		env.AuditHolds(t)
		_, err = env.ResumeContract(ctx, id, "settled")
		storetest.RequireCode(t, rules.StateConflict, err)

		// So it is with one that an earlier release left suspended.
		require.NoError(t, env.Exec("UPDATE service_contracts SET state = 'SUSPENDED', cancelled_at = NULL WHERE id = '"+id+"'"))
		_, err = env.ResumeContract(ctx, id, "settled")
		storetest.RequireCode(t, rules.StateConflict, err)
		require.ErrorContains(t, err, "licenses is in force")
	})
}
