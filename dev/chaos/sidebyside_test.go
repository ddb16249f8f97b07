//go:build sidebyside

package chaos

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/carrier/simulator"
)

// TestWorkersOfTwoCommitsSideBySide runs the worker of another commit, which
// scripts/side-by-side.sh has built, beside this one's, on open orders and
// replacements, and moves all of them on. Whatever one of them has recorded the other
// replays; a difference would fail a workflow's task.
func TestWorkersOfTwoCommitsSideBySide(t *testing.T) {
	previous := os.Getenv("ROOMCOVER_PREVIOUS_BIN")
	require.NotEmpty(t, previous, "ROOMCOVER_PREVIOUS_BIN names the program of the other commit; use make side-by-side")
	bin := binaries(t)
	bin.OtherWorker = previous
	load, finish := 26*time.Second, 30*time.Second // each turn once
	if long() {
		load, finish = 50*time.Second, 100*time.Second
	}
	set := Settings{
		Seed:     1,
		Dir:      t.TempDir(),
		Binaries: bin,
		Load:     load,
		Quiet:    4 * time.Minute,
		Settle:   10 * time.Second,
		Finish:   finish,
		Pause:    150 * time.Millisecond,
		Faults:   simulator.Faults{Duplicates: 0.3, Shuffled: 0.3, LateScans: 0.2},
	}
	set.Log = logTo(t, set.Dir)
	set.Break = SideBySide(set.Log)
	result, err := Run(t.Context(), set)
	require.NoError(t, err)
	report(t, result)
	for _, v := range result.Violations {
		t.Errorf("VIOLATION %s", v)
	}
	t.Logf("%d of %d workflows were worked on by both programs", result.Shared, result.Workflows)
	require.NotZero(t, result.Counts.RMAs, "no replacement was requested")
	require.NotZero(t, result.Shared, "no workflow was worked on by both programs: nothing was compared")
}
