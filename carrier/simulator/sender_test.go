package simulator_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/carrier/simulator"
)

var key = []byte("0123456789abcdef0123456789abcdef")

// inbox takes webhooks, after the given number of refusals.
type inbox struct {
	mu      sync.Mutex
	refuse  int
	asked   int
	forged  int
	arrived []carrier.Event
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked++
	if carrier.Verify(r.Header, body, time.Now(), key) != nil {
		i.forged++
	}
	if i.asked <= i.refuse {
		w.WriteHeader(500)
		return
	}
	e, _ := carrier.ParseEvent(body)
	i.arrived = append(i.arrived, e)
	w.WriteHeader(202)
}

func (i *inbox) list() []carrier.Event {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]carrier.Event(nil), i.arrived...)
}

func (i *inbox) ids() map[string]int {
	out := map[string]int{}
	for _, e := range i.list() {
		out[e.EventID]++
	}
	return out
}

// running is a simulator that sends its webhooks to the inbox.
func running(t *testing.T, c *calendar, i *inbox, o simulator.Options) (*simulator.Simulator, context.CancelFunc) {
	t.Helper()
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	o.Now = c.Now
	o.RealUntil = c.until
	o.WebhookURL = server.URL
	o.WebhookKeys = [][]byte{key}
	s := open(t, o)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	cancel := func() { stop(); <-done }
	t.Cleanup(cancel)
	return s, cancel
}

func await(t *testing.T, fn func() bool) {
	t.Helper()
	require.Eventually(t, fn, 20*time.Second, 2*time.Millisecond)
}

func TestWebhooksAreSignedAndFollowTheCalendar(t *testing.T) {
	c, i := &calendar{now: monday}, &inbox{}
	s, _ := running(t, c, i, simulator.Options{})
	tracking := book(t, s, 1)
	c.pass(5 * time.Hour)
	await(t, func() bool { return len(i.list()) >= 1 })
	require.Equal(t, carrier.PickedUp, i.list()[0].Kind)
	c.pass(40 * time.Hour)
	await(t, func() bool { return len(i.list()) == 3 })
	require.Equal(t, []string{carrier.PickedUp, carrier.InTransit, carrier.Delivered}, kinds(i.list()))
	require.Equal(t, events(t, s, tracking), i.list())
	require.Zero(t, i.forged)
}

// What the receiver does not take is sent again until it does, also by the next
// process; what it took is not.
func TestWebhooksAreSentUntilTheyAreTaken(t *testing.T) {
	file := filepath.Join(t.TempDir(), "carrier.jsonl")
	c, i := &calendar{now: monday}, &inbox{refuse: 5}
	s, stop := running(t, c, i, simulator.Options{File: file})
	for n := range 4 {
		book(t, s, n)
	}
	c.pass(6 * time.Hour)
	await(t, func() bool { return len(i.ids()) >= 4 })
	stop()
	before := i.ids()
	next := &inbox{}
	running(t, c, next, simulator.Options{File: file})
	c.pass(100 * time.Hour)
	again := func() (n int) {
		for id := range before {
			n += next.ids()[id]
		}
		return n
	}
	await(t, func() bool { return len(before)+len(next.ids())-again() == 12 })
	require.LessOrEqual(t, again(), 1, "at most the one that was under way comes again")
}

func TestDuplicatesShuffledAndLateWebhooks(t *testing.T) {
	c, i := &calendar{now: monday}, &inbox{}
	s, _ := running(t, c, i, simulator.Options{Seed: 5})
	require.NoError(t, s.SetFaults(simulator.Faults{Duplicates: 0.6, Shuffled: 0.6, LateScans: 0.3}))
	for n := range 20 {
		book(t, s, n)
	}
	c.pass(1000 * time.Hour)
	await(t, func() bool { return len(i.ids()) == 60 })
	twice, backwards := 0, 0
	for _, n := range i.ids() {
		require.LessOrEqual(t, n, 5)
		if n > 1 {
			twice++
		}
	}
	last := map[string]time.Time{}
	for _, e := range i.list() {
		if e.OccurredAt.Before(last[e.Tracking]) {
			backwards++
		}
		last[e.Tracking] = e.OccurredAt
	}
	require.Greater(t, twice, 10)
	require.Greater(t, backwards, 10)
	require.Zero(t, i.forged)
}

// The parcel is not seen before the carrier tells of it.
func TestLateScansAreKnownLate(t *testing.T) {
	c, i := &calendar{now: monday}, &inbox{}
	s, _ := running(t, c, i, simulator.Options{})
	require.NoError(t, s.SetFaults(simulator.Faults{LateScans: 1}))
	tracking := book(t, s, 1)
	c.pass(20 * time.Hour)
	require.Empty(t, events(t, s, tracking))
	c.pass(60 * time.Hour)
	await(t, func() bool { return len(i.list()) >= 2 })
	require.True(t, i.list()[0].OccurredAt.Before(monday.Add(11*time.Hour)), fmt.Sprint(i.list()[0].OccurredAt))
}
