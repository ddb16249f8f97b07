package operations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
)

// Whether anything moves is read from rows: it is known with workers and Temporal down.
func TestThePulseIsReadFromRows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		pulse := func() operations.Pulse {
			t.Helper()
			p, err := env.Pulse(env.Context)
			require.NoError(t, err)
			return p
		}
		quiet := func(sign string) {
			at := time.Now().UTC().Add(-time.Hour).Format("2006-01-02 15:04:05-07:00")
			require.NoError(t, env.Exec("UPDATE sweeps SET finished_at = '"+at+"' WHERE name = '"+sign+"'"))
		}

		require.Equal(t, operations.Pulse{}, pulse(), "nothing waits, and nobody has to come")
		env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		require.Equal(t, operations.Moving, pulse().Still, "it was told a moment ago")
		env.Calendar.Set(storetest.Now.Add(time.Hour))
		require.Equal(t, operations.NoWorker, pulse().Still)
		require.Positive(t, pulse().Waiting)
		require.Zero(t, pulse().Silent)

		require.NoError(t, env.Beat(env.Context, operations.WorkerLooked))
		require.Equal(t, operations.NoWorkflows, pulse().Still)
		require.NoError(t, env.Beat(env.Context, operations.TemporalAnswered))
		require.Equal(t, operations.Pulse{}, pulse())

		quiet(operations.TemporalAnswered)
		require.Equal(t, operations.NoWorkflows, pulse().Still)
		require.InDelta(t, time.Hour.Seconds(), pulse().Silent.Seconds(), 60)
		quiet(operations.WorkerLooked)
		require.Equal(t, operations.NoWorker, pulse().Still)
	})
}
