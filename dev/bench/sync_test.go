package bench

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBudgetsOfSync runs the whole measure on a few places: what depends on no machine is asserted,
// times are the benchmark's alone.
func TestBudgetsOfSync(t *testing.T) {
	var progress bytes.Buffer
	r, err := RunSync(t.Context(), SyncOptions{
		Places:   12,
		Adds:     3,
		Polls:    4,
		Progress: &progress,
	})
	skipWithoutPostgres(t, err)
	require.NoError(t, err)
	require.Len(t, r.Unchanged.Seconds, 4)
	require.Len(t, r.Changed.Seconds, 4)
	require.Positive(t, r.Unchanged.Statements)
	require.LessOrEqual(t, r.Unchanged.Statements, 20.0, "a poll with nothing new")
	require.Greater(t, r.Changed.Statements, r.Unchanged.Statements)
	require.Equal(t, 3, r.Added)
	require.Nil(t, r.Watch, "there is no program whose worker could be watched")
	require.Contains(t, progress.String(), "12 places are known")
	requireSyncTable(t, r)
}

// requireSyncTable: both forms of the report tell the same, and what is over its budget shows.
func requireSyncTable(t *testing.T, r SyncReport) {
	t.Helper()
	r.Watch = &SyncWatch{
		Connections: 100,
		PlacesEach:  10,
		Seconds:     60,
		Requests:    100,
		IdlePercent: 1,
		Percent:     7,
	}
	var out bytes.Buffer
	require.NoError(t, r.Print(&out))
	var missed []string
	for _, b := range r.Budgets() {
		require.Contains(t, out.String(), b.What)
		if !b.OK {
			missed = append(missed, b.What)
		}
	}
	require.Contains(t, missed, "CPU of 100 connections of 10 places, worker and database")
	require.NotContains(t, missed, "requests a minute of each of them")
	text, err := json.Marshal(r)
	require.NoError(t, err)
	var back SyncReport
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, r, back)
}
