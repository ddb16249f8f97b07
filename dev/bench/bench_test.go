package bench

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestBudgetsOfANormalOrder counts what ten orders cost on the real server.
// These figures depend on no machine; times are the benchmark's alone.
func TestBudgetsOfANormalOrder(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			var progress bytes.Buffer
			r, err := Run(t.Context(), Options{
				Orders:      10,
				Concurrency: 10,
				Pairs:       1,
				Database:    database,
				Progress:    &progress,
			})
			skipWithoutPostgres(t, err)
			require.NoError(t, err)
			t.Logf("%+v", r.Counts)
			require.Positive(t, r.Counts.Events)
			require.LessOrEqual(t, r.Counts.Events, 30, "history events of the two workflows")
			require.Positive(t, r.Counts.Bytes)
			require.LessOrEqual(t, r.Counts.Bytes, 8*1024, "history bytes of the two workflows")
			require.Equal(t, 7, r.Counts.Actions, "two starts, three activities, two timers")
			// The relay marks what it has told in batches: how many depends on the machine, two at
			// most, one for each event. The program's five tables are read once by each process, here
			// a tenth for each of ten orders.
			const most = 25.0 + 2 + 5.0/10
			require.LessOrEqual(t, math.Round(r.Counts.StatementsEach*100)/100, most,
				"SQL statements: %v", r.Counts.Statements)
			requireTable(t, r)
			require.Contains(t, progress.String(), "pair 1 of 1")
		})
	}
}

// requireTable: both forms of the report tell the same.
func requireTable(t *testing.T, r Report) {
	t.Helper()
	require.Len(t, r.Pairs, 1)
	require.Positive(t, r.Medians.CPURatio)
	require.Positive(t, r.Medians.PerSecondRatio)
	var out bytes.Buffer
	require.NoError(t, r.Print(&out))
	for _, b := range r.Budgets() {
		require.Contains(t, out.String(), b.What)
	}
	text, err := json.Marshal(r)
	require.NoError(t, err)
	var back Report
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, r, back)
}

// TestBudgetsOfAnOrdinaryRMA runs the whole measure of RMAs on a few: each from the
// request over HTTP to the carrier's webhook and the inspection, and as many on the
// floor.
func TestBudgetsOfAnOrdinaryRMA(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			var progress bytes.Buffer
			r, err := RunRMAs(t.Context(), Options{
				Orders:      4,
				Concurrency: 4,
				Pairs:       1,
				Database:    database,
				Acceptance:  time.Second,
				Progress:    &progress,
			})
			skipWithoutPostgres(t, err)
			require.NoError(t, err)
			t.Logf("%+v", r.Counts)
			require.Positive(t, r.Counts.Events)
			require.LessOrEqual(t, r.Counts.Events, 60, "history events")
			require.LessOrEqual(t, r.Counts.Bytes, 15*1024, "history bytes")
			require.LessOrEqual(t, r.Counts.Actions, 18, "actions")
			require.Len(t, r.Acceptance, 3)
			for _, l := range r.Acceptance {
				require.Zero(t, l.Failed, "%s\n%s", l.Condition, progress.String())
			}
			requireTable(t, r)
		})
	}
}
