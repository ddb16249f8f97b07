package bench

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBudgetsOfRooms runs the whole measure on a few rooms: what depends on no
// machine is asserted, times are the benchmark's alone.
func TestBudgetsOfRooms(t *testing.T) {
	var progress bytes.Buffer
	r, err := RunRooms(t.Context(), RoomsOptions{
		Sizes:     []int{6, 12},
		Accounts:  3,
		Requests:  4,
		Contracts: 9,
		Progress:  &progress,
	})
	skipWithoutPostgres(t, err)
	require.NoError(t, err)
	require.Len(t, r.Sizes, 2)
	for _, f := range r.Sizes {
		require.Len(t, f.Reads, len(questions))
		require.Positive(t, f.ManyStatements)
		require.LessOrEqual(t, f.ManyStatements, 10.0, "coverage of many rooms in one call")
	}
	last := r.Sizes[1]
	require.Equal(t, 9, last.SweepContracts)
	require.Positive(t, last.SweepStatements)
	require.LessOrEqual(t, last.SweepStatements, 20.0, "a sweep with nothing to do")
	require.Zero(t, r.Sizes[0].SweepContracts, "the sweep is measured at the last size")
	requireRoomsTable(t, r)
	require.Contains(t, progress.String(), "3 accounts with 4 rooms each")
}

// requireRoomsTable: both forms of the report tell the same.
func requireRoomsTable(t *testing.T, r RoomsReport) {
	t.Helper()
	r.Sizes[1].Import = &Import{
		Rows:          3,
		RowsPerSecond: 1,
		RSS:           151,
		ReadsBefore:   Latency{P99: 1},
		ReadsDuring:   Latency{P99: 3},
	}
	var out bytes.Buffer
	require.NoError(t, r.Print(&out))
	missed := 0
	for _, b := range r.Budgets() {
		require.Contains(t, out.String(), b.What)
		if b.What == "import of 3 rows" || b.What == "its worker's memory" ||
			b.What == "others' reads, p99 during / before" {
			require.False(t, b.OK, b.What)
			missed++
		}
	}
	require.Equal(t, 3, missed)
	text, err := json.Marshal(r)
	require.NoError(t, err)
	var back RoomsReport
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, r, back)
}

// The questions name what the seed made; that it is covered is checked in each run.
func TestQuestionsNameWhatTheSeedMade(t *testing.T) {
	require.Equal(t, "rom_1", roomOf(tenant{room: "rom_1"}, 1))
	require.Equal(t, "rom_1-7", roomOf(tenant{room: "rom_1"}, 7))
	require.Equal(t, "000001S0X7", serialOf(tenant{serial: "000001S0"}, 7))
	require.Equal(t, 4, bytes.Count(roomsFile(3), []byte("\n")))
}
