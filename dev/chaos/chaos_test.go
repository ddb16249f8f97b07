package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// TestKilledAndNothingLost kills every part of a running Roomcover and checks
// that nothing is lost. In the normal run one short seed, in which every kind of fault happens,
// but hardly any twice, among a hundred orders; make chaos and make test-long have them happen
// again and again, among hundreds. CHAOS_SEEDS=20 runs twenty,
// CHAOS_SEED=7 runs the seventh as short as that one, and ROOMCOVER_LONG makes it a long one; all
// of these have faults that last for a while beside the others.
// What a failed seed leaves is kept.
func TestKilledAndNothingLost(t *testing.T) {
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	bin := binaries(t)
	seeds := seedsToRun(t)
	load := 20 * time.Second
	settle := 5 * time.Second
	finish := 100 * time.Second
	if long() {
		load = 40 * time.Second
		settle = 3 * time.Minute
	}
	violations, done := 0, 0
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			done++
			longer := ""
			if long() {
				longer = "ROOMCOVER_LONG=1 "
			}
			t.Logf("seed %d; again with: %sCHAOS_SEED=%d go test ./chaos -run TestKilledAndNothingLost -v",
				seed, longer, seed)
			violations += runSeed(ctx, t, Settings{
				Seed:     seed,
				Binaries: bin,
				Load:     load,
				Quiet:    4 * time.Minute,
				Settle:   settle,
				Finish:   finish,
				Faults:   faults,
				Pause:    100 * time.Millisecond,
				Once:     !long(),
				Rare:     rareIn(seed),
			})
		})
		require.NoError(t, ctx.Err(), "interrupted")
	}
	t.Logf("%d violations in %d seeds", violations, done)
}

// runSeed runs one seed and tells how many violations it found.
func runSeed(ctx context.Context, t *testing.T, set Settings) int {
	var err error
	set.Dir, err = os.MkdirTemp("", fmt.Sprintf("roomcover-chaos-%d-", set.Seed))
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("logs, mails and histories are kept in %s", set.Dir)
			return
		}
		require.NoError(t, os.RemoveAll(set.Dir))
	})
	set.Log = logTo(t, set.Dir)
	result, err := Run(ctx, set)
	if errors.Is(err, pgserver.ErrMissing) && os.Getenv("ROOMCOVER_TEST_ALL") == "" {
		t.Skip("SKIPPED: PostgreSQL is not installed; install the package postgresql to run the chaos test")
	}
	report(t, result)
	require.NoError(t, err)
	for _, v := range result.Violations {
		set.Log("VIOLATION %s", v)
		t.Errorf("VIOLATION %s", v)
	}
	require.Empty(t, result.Missing, "a fault that never happened proves nothing")
	require.NotZero(t, result.Counts.Orders, "no order was acknowledged")
	require.NotZero(t, result.Counts.RMAs, "no replacement was acknowledged")
	require.NotZero(t, result.Counts.Tickets, "no ticket was acknowledged")
	require.NotZero(t, result.Counts.MailsIn, "no mail was taken")
	require.NotZero(t, result.Counts.RoomHelp, "nobody was helped with a room that Sync said was down")
	return len(result.Violations)
}

// logTo tells what happens when, and keeps it in the folder beside the logs.
func logTo(t *testing.T, dir string) func(format string, args ...any) {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, "chaos.log"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	began := time.Now()
	return func(format string, args ...any) {
		line := fmt.Sprintf("%6.1fs  %s", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
		t.Log(line)
		_, _ = fmt.Fprintln(file, time.Now().UTC().Format(time.RFC3339Nano), line)
	}
}

func report(t *testing.T, r Result) {
	t.Helper()
	total := 0
	for _, kind := range slices.Sorted(maps.Keys(r.Faults)) {
		total += r.Faults[kind]
		t.Logf("%3d x %s", r.Faults[kind], kind)
	}
	c := r.Counts
	t.Logf(
		"FIGURES seed=%d faults=%d orders=%d repeats=%d conflicts=%d refusals=%d cancellations=%d decisions=%d reissues=%d rmas=%d rma_commands=%d spare_commands=%d handed_in=%d rma_refusals=%d tickets=%d ticket_commands=%d ticket_refusals=%d notes=%d mails_in=%d room_help=%d retries=%d lost_answers=%d recovered=%d workflows=%d mails=%v quiet_after=%.0fs violations=%d",
		r.Seed, total, c.Orders, c.Repeats, c.Conflicts, c.Refusals, c.Cancellations, c.Decisions, c.Reissues, c.RMAs,
		c.Commands, c.SpareCommands, c.HandedIn, c.RMARefusals, c.Tickets, c.TicketCommands,
		c.TicketRefusals, c.Notes, c.MailsIn, c.RoomHelp, c.Retries, c.LostAnswers, c.Recovered, r.Workflows,
		r.Mails, r.Settled.Seconds(), len(r.Violations),
	)
}

// long reports whether more was asked for than the normal run's one short seed.
func long() bool {
	return slices.ContainsFunc([]string{"CHAOS_SEEDS", "ROOMCOVER_LONG"}, func(name string) bool {
		return os.Getenv(name) != ""
	})
}

func seedsToRun(t *testing.T) []uint64 {
	if text := os.Getenv("CHAOS_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, "CHAOS_SEED")
		return []uint64{seed}
	}
	n := 1
	if text := os.Getenv("CHAOS_SEEDS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(t, err, "CHAOS_SEEDS")
	} else if testing.Short() {
		t.Skip("SKIPPED: the chaos test takes a minute or two; run it without -short")
	}
	seeds := make([]uint64, n)
	for i := range seeds {
		seeds[i] = uint64(i + 1)
	}
	return seeds
}

// rareIn are the rare faults of a seed that was asked for: CI's run, which has to be as sure as it
// is short, takes none.
func rareIn(seed uint64) []Kind {
	if !long() && os.Getenv("CHAOS_SEED") == "" {
		return nil
	}
	return rareOf(seed)
}

// binaries builds the programs, or takes those of ROOMCOVER_BIN, which must be built
// with the tag fastcalendar, and ROOMCOVER_DEV_BIN.
func binaries(t *testing.T) Binaries {
	t.Helper()
	dir := t.TempDir()
	return Binaries{
		Roomcover: build(t, "ROOMCOVER_BIN",
			filepath.Join(dir, "roomcover"), "../..", "-tags=fastcalendar", "./cmd/roomcover"),
		Dev: build(t, "ROOMCOVER_DEV_BIN", filepath.Join(dir, "roomcover-dev"), "..", "-tags=", "."),
	}
}

func build(t *testing.T, variable, out, dir, tags, pkg string) string {
	t.Helper()
	if path := os.Getenv(variable); path != "" {
		return path
	}
	cmd := exec.Command("go", "build", tags, "-o", out, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, string(text))
	return out
}
