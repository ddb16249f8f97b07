package bench

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"

	"roomcover.dev/roomcover/models/storetest/pgserver"
)

// skipWithoutPostgres skips aloud where PostgreSQL is not installed.
func skipWithoutPostgres(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, pgserver.ErrMissing) && os.Getenv("ROOMCOVER_TEST_ALL") == "" {
		t.Skip("SKIPPED: PostgreSQL is not installed; install the package postgresql to run this half")
	}
}

func TestKindOfAStatement(t *testing.T) {
	for sql, want := range map[string]string{
		"INSERT INTO `orders` (`id`) VALUES (1)":                                                    "INSERT orders",
		`INSERT INTO "licences" ("id") VALUES ($1)`:                                                 "INSERT licences",
		"INSERT INTO orders(id) VALUES (1)":                                                         "INSERT orders",
		"UPDATE notifications SET state = 'x' WHERE id IN (SELECT id FROM orders)":                  "UPDATE notifications",
		"SELECT * FROM `accounts` WHERE id = 1":                                                     "SELECT accounts",
		"DELETE FROM sessions":                                                                      "DELETE sessions",
		"WITH due AS (SELECT id FROM orders FOR UPDATE SKIP LOCKED) UPDATE outbox_events SET x = 1": "UPDATE outbox_events",
		"SELECT 1": "SELECT",
		"":         "",
	} {
		require.Equal(t, want, kindOf(sql), sql)
	}
}

func TestStatementsCountOnlyWhileAsked(t *testing.T) {
	s := newStatements()
	trace := func(sql string) {
		s.Trace(context.Background(), time.Now(), func() (string, int64) { return sql, 1 }, nil)
	}
	trace("SELECT * FROM orders")
	s.start()
	trace("SELECT * FROM orders")
	trace("SELECT * FROM orders")
	trace("UPDATE orders SET x = 1")
	s.Trace(context.Background(), time.Now(), func() (string, int64) {
		return "UPDATE outbox_events SET x = 1", 0
	}, nil)
	got := s.stop(2)
	trace("SELECT * FROM orders")
	require.Equal(t, []Statement{{"SELECT orders", 1}, {"UPDATE orders", 0.5}}, got)
	require.InDelta(t, 1.5, total(got), 1e-9)
}

func TestActionsAreWhatATemporalServiceBills(t *testing.T) {
	attempt := &history.HistoryEvent{
		EventType: enums.EVENT_TYPE_ACTIVITY_TASK_STARTED,
		Attributes: &history.HistoryEvent_ActivityTaskStartedEventAttributes{
			ActivityTaskStartedEventAttributes: &history.ActivityTaskStartedEventAttributes{Attempt: 3}},
	}
	require.Equal(t, 3, actions(attempt), "each attempt of an activity")
	for kind, want := range map[enums.EventType]int{
		enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:  1,
		enums.EVENT_TYPE_TIMER_STARTED:               1,
		enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: 1,
		enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:     0,
		enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:     0,
		enums.EVENT_TYPE_TIMER_FIRED:                 0,
	} {
		require.Equal(t, want, actions(&history.HistoryEvent{EventType: kind}), kind)
	}
}

func TestFormIsAcceptedAndItsAddressesNameTheOrder(t *testing.T) {
	f := form("s0-17")
	for _, address := range []string{f.EndCustomer.Email, f.Reseller.Email, f.Distributor.Email} {
		require.Equal(t, "s0-17", keyOf(address))
	}
	require.NotEqual(t, form("s0-18").EndCustomer.Company, f.EndCustomer.Company, "each order is of a new customer")
}

func TestTrackerWaitsForEveryStepAndBoundsWhatIsUnderWay(t *testing.T) {
	tr := newTracker()
	running := make(chan string, 100)
	go func() {
		for key := range running {
			tr.step("somebody else's")
			tr.step(key)
			tr.step(key)
		}
	}()
	begun := 0
	_, err := tr.run(t.Context(), "x", 20, 1, 2, func() { begun++ }, func(_ context.Context, key string) error {
		require.Empty(t, running, "with one at a time the order before is done")
		running <- key
		return nil
	})
	close(running)
	require.NoError(t, err)
	require.Equal(t, 20, begun)
	require.Empty(t, tr.steps)
}

func TestTrackerEndsWithTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	_, err := newTracker().run(t.Context(), "x", 5, 2, 1, nil, func(context.Context, string) error { return broken })
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "order x-")
}

func TestQuantile(t *testing.T) {
	var times []time.Duration
	for i := range 200 {
		times = append(times, time.Duration(i+1)*time.Millisecond)
	}
	require.InDelta(t, 101, quantile(times, 0.5), 1e-9)
	require.InDelta(t, 199, quantile(times, 0.99), 1e-9)
	require.InDelta(t, 200, quantile(times, 1), 1e-9)
	require.Zero(t, quantile(nil, 0.5))
}

func TestMediansAreOfTheRatiosOfEachPair(t *testing.T) {
	r := newReport(Options{Orders: 10}, "order")
	for i, stack := range []float64{100, 80, 90} {
		p := Pair{Stack: Half{PerSecond: stack, CPU: 0.02}, Floor: Half{PerSecond: 100, CPU: 0.01 * float64(i+1)}}
		p.rate()
		r.Pairs = append(r.Pairs, p)
	}
	r.sum()
	require.InDelta(t, 90, r.Medians.Stack.PerSecond, 1e-9)
	require.InDelta(t, 0.9, r.Medians.PerSecondRatio, 1e-9)
	require.InDelta(t, 1, r.Medians.CPURatio, 1e-9)
	r.Counts = Counts{Events: 31, Bytes: 8192, Actions: 7, StatementsEach: 25}
	r.Acceptance = []Latency{{Condition: "workers stopped", P99: 10, Failed: 1}}
	r.Waiting = &Waiting{RSS: 151, CPUPercent: 0.5}
	var missed []string
	for _, b := range r.Budgets() {
		if !b.OK {
			missed = append(missed, b.What)
		}
	}
	require.Equal(t,
		[]string{"history events, all workflows", "p99, workers stopped", "worker memory, 0 orders waiting"}, missed)
}

func TestMemoryAndCPUOfThisProcessAreSeen(t *testing.T) {
	p := &parts{}
	before := p.cpu()
	for p.cpu() == before { // spins, so it must rise
	}
	require.Greater(t, p.cpu(), before)
	require.Positive(t, megabytes(os.Getpid(), resident))
	require.Len(t, statOf(os.Getpid()), 50)
}
