package operations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
)

// What is under way is told to go on, each thing once, over as many transactions as it
// takes; what is over is left alone.
func TestRestartTellsWhatIsUnderWayAndNothingElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		storetest.TakeOrders(t, env, 205)
		told, err := env.RestartProcesses(env.Context)
		require.NoError(t, err)
		require.Equal(t, 205, told)
		require.Equal(t, 205, env.Count(t,
			"SELECT count(DISTINCT subject_id) FROM outbox_events WHERE kind = 'order.retry'"))

		_, err = env.RestartProcesses(t.Context())
		require.Error(t, err, "the service's own affair")
	})
}

// A mail that a workflow had claimed when Temporal lost its data belongs to nobody until it is
// told too.
func TestRestartTellsOfMailsThatAreBeingSent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		n, ok, err := env.NextMail(env.Context, o.ID, notification.MailResult{}, nil)
		require.NoError(t, err)
		require.True(t, ok)
		_, err = env.RestartProcesses(env.Context)
		require.NoError(t, err)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = '"+
			string(db.OutboxNotificationQueued)+"' AND subject_id = '"+n.ID+"'"))
	})
}

func TestRestartLeavesAloneWhatIsOver(t *testing.T) {
	env := storetest.SQLite(t)
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	inv := env.InvitationOf(t, o.ID)
	env.Join(t, inv)
	restarted := func(id string) int {
		return env.Count(t, "SELECT count(*) FROM outbox_events WHERE subject_id = '"+id+"' AND kind LIKE '%.retry'")
	}
	_, err := env.RestartProcesses(env.Context)
	require.NoError(t, err)
	require.Equal(t, 1, restarted(o.ID), "its window is open")
	require.Zero(t, restarted(inv.ID), "it was accepted")

	_, _, err = env.CancelOrder(storetest.Operator(), o.ID, order.CancelRequest{Reason: "x"})
	require.NoError(t, err)
	_, err = env.RestartProcesses(env.Context)
	require.NoError(t, err)
	require.Equal(t, 2, restarted(o.ID), "its cancellation is to be done")

	other := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-2"))
	env.Calendar.Set(env.Calendar.Now().Add(40 * 24 * time.Hour))
	_, err = env.RestartProcesses(env.Context)
	require.NoError(t, err)
	require.Zero(t, restarted(other.ID), "its window is closed")
}
