package operations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
)

// proved are two accounts of one company in two countries whose administrators are at one
// domain, so that their parents are joined.
func proved(t *testing.T, env storetest.Env, company, domain string) (into, from order.Order) {
	t.Helper()
	into = boughtAny(t, env, "PO-1-"+company, company+" Ltda", "BR", "ana@"+domain, 3)
	from = boughtAny(t, env, "PO-2-"+company, company+" GmbH", "DE", "hans@"+domain, 3)
	env.Join(t, env.InvitationOf(t, into.ID))
	env.Join(t, env.InvitationOf(t, from.ID))
	return into, from
}

// A step of the sweep that fails keeps no other from running, and is not lost.
func TestS1_S60_AStepOfTheSweepThatFailsKeepsNoOtherFromRunning(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		into, from := proved(t, env, "Alfa", "alfa.example")
		end := time.Date(2030, 1, 10, 3, 0, 0, 0, time.UTC)
		require.NoError(t, env.Exec("UPDATE service_contracts SET state = 'ACTIVE', time_zone = 'No/Where', "+
			"start_at = created_at, end_at = '"+end.Format(time.RFC3339)+"' WHERE order_id = '"+into.ID+"'"))
		env.Calendar.Set(end.AddDate(0, 0, -5))

		beats := 0
		_, err := env.SweepContracts(env.Context, func(operations.Sweep) { beats++ })
		require.ErrorContains(t, err, "remind of contracts")
		require.NotContains(t, err.Error(), "join")
		require.Equal(t, storetest.ParentOf(t, env, into), storetest.ParentOf(t, env, from))
		require.GreaterOrEqual(t, beats, 4)
	})
}

// Two parents that cannot be joined keep no others from it.
func TestS60_APairThatCannotBeJoinedKeepsNoOtherApart(t *testing.T) {
	env := storetest.SQLite(t)
	bad, badFrom := proved(t, env, "Alfa", "alfa.example")
	good, goodFrom := proved(t, env, "Beta", "beta.example")
	require.NoError(t, env.Exec("CREATE TRIGGER stays BEFORE UPDATE OF parent_org_id ON accounts "+
		"WHEN old.id = '"+*badFrom.AccountID+"' BEGIN SELECT RAISE(ABORT, 'it stays'); END"))

	n, err := env.JoinProvedParents(env.Context, func() {})
	require.ErrorContains(t, err, "it stays")
	require.Equal(t, 1, n)
	require.Equal(t, storetest.ParentOf(t, env, good), storetest.ParentOf(t, env, goodFrom))
	require.NotEqual(t, storetest.ParentOf(t, env, bad), storetest.ParentOf(t, env, badFrom))
}
