package replacement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// A serial number that was misread is refused, and no mail tells the customer that it sent
// the wrong unit; confirmed, what was read is kept.
func TestAMisreadSerialIsNoWrongUnitUntilSomebodySaysSo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		r := env.DeliveredRMA(t, env.Covered(t))
		mails := len(env.Mails(t, rules.TemplateRMA))
		for _, outcome := range []rma.RMAOutcome{rma.OutcomeDefect, rma.OutcomeNoFault, rma.OutcomeDamage} {
			_, err := env.InspectRMA(storetest.AgentContext, r.ID,
				replacement.RMAInspection{Serial: "SN-1OO", Outcome: outcome})
			requireField(t, err, "/serial", rma.SerialIsAnotherOne)
		}
		require.Equal(t, r.Version, storetest.GetRMA(t, env, r.ID).Version)
		require.Len(t, env.Mails(t, rules.TemplateRMA), mails)

		inspecting("sn-777", rma.OutcomeWrongUnit)(t, env, r.ID)
		require.Equal(t, "SN777", lastOf(storetest.GetRMA(t, env, r.ID).Tellings).Serial)
		events, err := env.Timeline(env.Context, r.ID)
		require.NoError(t, err)
		require.Equal(t, "SN777", lastOf(events).Details["serial"])
		env.AuditHolds(t)
	})
}

// Two returns whose labels were swapped, of one customer or of two: the unit's own return
// is named, and takes it.
func TestAUnitOfAnotherOpenReturnFindsItsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		one := env.DeliveredRMA(t, env.Covered(t))
		two := env.DeliveredRMA(t, env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200"))
		inspect := func(id, serial string, outcome rma.RMAOutcome) error {
			_, err := env.InspectRMA(storetest.AgentContext, id,
				replacement.RMAInspection{Serial: serial, Outcome: outcome})
			return err
		}

		for _, outcome := range []rma.RMAOutcome{rma.OutcomeDefect, rma.OutcomeWrongUnit} {
			err := inspect(one.ID, "sn 200", outcome)
			storetest.RequireCode(t, rma.UnitOfAnotherReturn, err)
			var refusal *rules.Error
			require.ErrorAs(t, err, &refusal)
			require.Contains(t, refusal.Message, two.Number)
			require.Equal(t, "/serial", refusal.Fields[0].Pointer)
		}
		require.Nil(t, storetest.GetRMA(t, env, one.ID).WrongUnitAt)

		require.NoError(t, inspect(two.ID, "SN-200", rma.OutcomeDefect))
		require.Equal(t, rma.RMAClosed, storetest.GetRMA(t, env, two.ID).StoredState)

		// Its own return is over: in the other one's parcel came a wrong unit.
		require.NoError(t, inspect(one.ID, "SN-200", rma.OutcomeWrongUnit))
		require.Equal(t, rma.RMAAwaitingReturn, storetest.GetRMA(t, env, one.ID).StoredState)
	})
}

// A request that waits for its approval is no return yet.
func TestAUnitThatNobodyHasToReturnIsNobodysElse(t *testing.T) {
	env := storetest.SQLite(t)
	one := env.DeliveredRMA(t, env.Covered(t))
	env.Requested(t, env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200"))
	inspecting("SN-200", rma.OutcomeWrongUnit)(t, env, one.ID)
	require.NotNil(t, storetest.GetRMA(t, env, one.ID).WrongUnitAt)
}
