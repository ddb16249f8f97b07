package server

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
)

// What the alerts watch is measured: mails of unknown fate, and since when no sweep has come
// to its end.
func TestMetricsShowWhatWaitsForPeopleAndTheSweepsAge(t *testing.T) {
	env := storetest.SQLite(t)
	_, text := get(t, Metrics(env.Domains, NewRegistry(env.Domains, quiet()), quiet()), "/metrics")
	require.Contains(t, text, `roomcover_tasks_open{kind="MAIL_UNKNOWN"} 0`)
	require.NotContains(t, text, "roomcover_sweep_age_seconds", "nobody waits for a sweep yet")

	require.NoError(t, env.RaiseTask(env.Context, db.OperatorTask{
		Kind:      db.TaskMailUnknown,
		SubjectID: "ntf_1",
		What:      "x",
		Why:       "y",
	}))
	require.NoError(t, env.SweepFinished(env.Context, hourlySweep, operations.Sweep{}))
	_, text = get(t, Metrics(env.Domains, NewRegistry(env.Domains, quiet()), quiet()), "/metrics")
	require.Contains(t, text, `roomcover_tasks_open{kind="MAIL_UNKNOWN"} 1`)
	require.Regexp(t, `roomcover_sweep_age_seconds \d`, text)
}
