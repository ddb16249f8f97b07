package simulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/carrier/simulator"
)

var monday = time.Date(2026, 9, 7, 12, 0, 0, 0, time.UTC)

type calendar struct {
	mu  sync.Mutex
	now time.Time
}

func (c *calendar) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *calendar) pass(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
}

// until is due when the calendar has come, and asked again soon when not.
func (c *calendar) until(at time.Time) time.Duration {
	if at.After(c.Now()) {
		return 2 * time.Millisecond
	}
	return 0
}

func booking(n int) carrier.Booking {
	a := carrier.Address{Name: "Ana", Street: "Rua A 1", City: "Campinas", Country: "BR"}
	return carrier.Booking{Reference: fmt.Sprint("shp_", n), Service: carrier.Express, From: a, To: a}
}

func open(t *testing.T, o simulator.Options) *simulator.Simulator {
	t.Helper()
	s, err := simulator.New(o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func book(t *testing.T, s *simulator.Simulator, n int) string {
	t.Helper()
	b, err := s.Book(context.Background(), fmt.Sprint("key ", n), booking(n))
	require.NoError(t, err)
	return b.Tracking
}

func events(t *testing.T, s *simulator.Simulator, tracking string) []carrier.Event {
	t.Helper()
	got, err := s.Track(context.Background(), tracking)
	require.NoError(t, err)
	return got.Events
}

func kinds(events []carrier.Event) (out []string) {
	for _, e := range events {
		out = append(out, e.Kind)
	}
	return out
}

var every = simulator.Faults{
	LateScans:      0.3,
	LateDeliveries: 0.3,
	Lost:           0.3,
	Exceptions:     0.3,
	Returned:       0.3,
	Duplicates:     0.3,
	Shuffled:       0.3,
}

// The same seed tells the same story, whatever was booked before; another seed
// tells another.
func TestSeedDecidesEverything(t *testing.T) {
	story := func(seed int64, order []int) map[int][]carrier.Event {
		c := &calendar{now: monday}
		s := open(t, simulator.Options{Seed: seed, Now: c.Now})
		require.NoError(t, s.SetFaults(every))
		for _, n := range order {
			book(t, s, n)
		}
		c.pass(1000 * time.Hour)
		out := map[int][]carrier.Event{}
		for _, n := range order {
			out[n] = events(t, s, book(t, s, n))
		}
		return out
	}
	one := story(1, []int{1, 2, 3, 4, 5})
	require.Equal(t, one, story(1, []int{5, 3, 1, 4, 2}))
	require.NotEqual(t, one, story(2, []int{1, 2, 3, 4, 5}))
}

func TestFaultsOfParcels(t *testing.T) {
	for name, c := range map[string]struct {
		faults simulator.Faults
		want   string
	}{
		"none":       {simulator.Faults{}, "PICKED_UP IN_TRANSIT DELIVERED"},
		"lost":       {simulator.Faults{Lost: 1}, "PICKED_UP IN_TRANSIT"},
		"returned":   {simulator.Faults{Returned: 1}, "PICKED_UP IN_TRANSIT RETURNED_TO_SENDER"},
		"exceptions": {simulator.Faults{Exceptions: 1}, "PICKED_UP IN_TRANSIT EXCEPTION IN_TRANSIT DELIVERED"},
	} {
		t.Run(name, func(t *testing.T) {
			cal := &calendar{now: monday}
			s := open(t, simulator.Options{Now: cal.Now})
			require.NoError(t, s.SetFaults(c.faults))
			tracking := book(t, s, 1)
			cal.pass(1000 * time.Hour)
			require.Equal(t, c.want, strings.Join(kinds(events(t, s, tracking)), " "))
		})
	}
}

func TestLateDeliveriesBreakThePromise(t *testing.T) {
	by := monday.Add(28 * time.Hour)
	for _, late := range []float64{0, 1} {
		c := &calendar{now: monday}
		s := open(t, simulator.Options{Now: c.Now})
		require.NoError(t, s.SetFaults(simulator.Faults{LateDeliveries: late}))
		b := booking(1)
		b.DeliverBy = &by
		booked, err := s.Book(context.Background(), "k", b)
		require.NoError(t, err)
		c.pass(1000 * time.Hour)
		all := events(t, s, booked.Tracking)
		require.Equal(t, late == 1, all[len(all)-1].OccurredAt.After(by))
	}
}

func TestScansByHandEndTheStory(t *testing.T) {
	for _, end := range []string{carrier.Lost, carrier.Delivered, carrier.ReturnedToSender} {
		c := &calendar{now: monday}
		s := open(t, simulator.Options{Now: c.Now})
		tracking := book(t, s, 1)
		c.pass(8 * time.Hour)
		require.NoError(t, s.Scan(tracking, end))
		c.pass(1000 * time.Hour)
		got := kinds(events(t, s, tracking))
		require.Equal(t, end, got[len(got)-1])
		require.Equal(t, carrier.PickedUp, got[0])
	}
	s := open(t, simulator.Options{})
	require.Error(t, s.Scan("none", carrier.Lost))
	require.Error(t, s.Scan(book(t, s, 1), "ABDUCTED"))
	require.Error(t, s.Scan(book(t, s, 1), carrier.Cancelled), "cancelling has its own request")
}

// A simulator that is killed has in its file all that it answered: nothing is
// closed here before the next one opens the file.
func TestKilledSimulatorLosesNoBooking(t *testing.T) {
	file := filepath.Join(t.TempDir(), "carrier.jsonl")
	c := &calendar{now: monday}
	o := simulator.Options{Seed: 3, Now: c.Now, File: file}
	first := open(t, o)
	require.NoError(t, first.SetFaults(every))
	var all []string
	for n := range 20 {
		all = append(all, book(t, first, n))
	}
	require.NoError(t, first.Cancel(context.Background(), all[0]))
	require.NoError(t, first.Scan(all[1], carrier.Lost))
	torn, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = torn.WriteString(`{"booked":{"key":"half a li`)
	require.NoError(t, err)
	require.NoError(t, torn.Close())
	second := open(t, o)
	require.Equal(t, every, second.Faults())
	require.ElementsMatch(t, first.Parcels(), second.Parcels())
	require.Equal(t, "SIM", book(t, second, 99)[:3], "the torn line is gone, and the next one whole")
	third := open(t, o)
	require.Len(t, third.Parcels(), 21)
	c.pass(1000 * time.Hour)
	for n, tracking := range all {
		require.Equal(t, tracking, book(t, third, n), "the key finds its booking")
		require.Equal(t, events(t, first, tracking), events(t, third, tracking))
	}
	require.Equal(t, []string{carrier.Cancelled}, kinds(events(t, third, all[0])))
}

func TestJournalThatIsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "carrier.jsonl")
	for _, content := range []string{"nonsense\n", `{"cancelled":{"tracking":"SIM1"}}` + "\n"} {
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		_, err := simulator.New(simulator.Options{File: file})
		require.Error(t, err)
	}
	_, err := simulator.New(simulator.Options{File: t.TempDir()})
	require.Error(t, err)
	_, err = simulator.New(simulator.Options{WebhookURL: "http://localhost"})
	require.Error(t, err, "webhooks are signed")
}

func TestTestersOrderFaultsOverHTTP(t *testing.T) {
	s := open(t, simulator.Options{APIKey: "secret", Now: (&calendar{now: monday}).Now})
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	ask := func(method, path, body, key string) (int, string) {
		r, err := http.NewRequest(method, server.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+key)
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer res.Body.Close()
		var got json.RawMessage
		_ = json.NewDecoder(res.Body).Decode(&got)
		return res.StatusCode, string(got)
	}
	status, body := ask("GET", "/simulator/faults", "", "wrong")
	require.Equal(t, 401, status)
	require.Contains(t, body, "UNAUTHORISED")
	status, _ = ask("PUT", "/simulator/faults", `{"server_errors":1}`, "secret")
	require.Equal(t, 200, status)
	status, _ = ask("GET", "/v1/bookings/x", "", "secret")
	require.Equal(t, 500, status)
	for _, bad := range []string{`{"lost":1.5}`, `{"lost":-1}`, `{"slow_millis":-1}`} {
		status, _ = ask("PUT", "/simulator/faults", bad, "secret")
		require.Equal(t, 400, status, bad)
	}
	status, _ = ask("PUT", "/simulator/faults", `{`, "secret")
	require.Equal(t, 422, status)
	_, body = ask("GET", "/simulator/faults", "", "secret")
	require.Contains(t, body, `"server_errors":1`)
	tracking := book(t, s, 1)
	status, _ = ask("POST", "/simulator/parcels/"+tracking+"/scans", `{"kind":"LOST"}`, "secret")
	require.Equal(t, 200, status)
	status, _ = ask("POST", "/simulator/parcels/none/scans", `{"kind":"LOST"}`, "secret")
	require.Equal(t, 404, status)
	_, body = ask("GET", "/simulator/parcels", "", "secret")
	require.Contains(t, body, `"key":"key 1"`)
	require.Equal(t, []string{carrier.Lost}, kinds(events(t, s, tracking)))
}

func TestSlowAnswers(t *testing.T) {
	s := open(t, simulator.Options{})
	require.NoError(t, s.SetFaults(simulator.Faults{SlowAnswers: 1, SlowMillis: 600_000}))
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	client, err := carrier.NewClient(carrier.Options{URL: server.URL, Timeout: 30 * time.Millisecond})
	require.NoError(t, err)
	_, err = client.Track(context.Background(), "x")
	require.Equal(t, carrier.Unavailable, carrier.CodeOf(err))
}
