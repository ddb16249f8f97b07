package carrier_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/carrier"
)

// against is a client of a server that answers by fn.
func against(t *testing.T, fn http.HandlerFunc, change ...func(*carrier.Options)) *carrier.Client {
	t.Helper()
	server := httptest.NewServer(fn)
	t.Cleanup(server.Close)
	o := carrier.Options{URL: server.URL, APIKey: "secret", TripAfter: 1000}
	for _, c := range change {
		c(&o)
	}
	c, err := carrier.NewClient(o)
	require.NoError(t, err)
	return c
}

func TestAnswersBecomeCodes(t *testing.T) {
	for name, c := range map[string]struct {
		status    int
		media     string
		body      string
		code      carrier.Code
		temporary bool
	}{
		"500":            {500, "text/plain", "Av. Paulista 1000", carrier.Unavailable, true},
		"503":            {503, "application/problem+json", `{"code":"KEY_REUSED"}`, carrier.Unavailable, true},
		"408":            {408, "", "", carrier.Unavailable, true},
		"429":            {429, "", "", carrier.RateLimited, true},
		"401":            {401, "", "", carrier.Unauthorised, true},
		"403":            {403, "", "", carrier.Unauthorised, true},
		"redirect":       {302, "", "", carrier.BadAnswer, true},
		"404 of a proxy": {404, "text/html", "<h1>not here</h1>", carrier.BadAnswer, true},
		"404 of the carrier": {
			404, "application/problem+json", `{"code":"UNKNOWN_PARCEL"}`, carrier.UnknownParcel, false,
		},
		"409 reused": {409, "application/problem+json", `{"code":"KEY_REUSED"}`, carrier.KeyReused, false},
		"409 picked up": {
			409, "application/problem+json", `{"code":"ALREADY_PICKED_UP"}`, carrier.AlreadyPickedUp, false,
		},
		"409 of its own": {409, "application/problem+json", `{"code":"MOON_PHASE"}`, carrier.Refused, false},
		"422":            {422, "application/problem+json", `{}`, carrier.InvalidBooking, false},
		"400":            {400, "text/plain", "", carrier.Refused, false},
		"a page":         {200, "text/html", "<html>", carrier.BadAnswer, true},
		"no JSON":        {201, "application/json", "{", carrier.BadAnswer, true},
		"no number":      {201, "application/json", `{"booked_at":"2026-09-07T12:00:00Z"}`, carrier.BadAnswer, true},
		"too long": {
			201, "application/json", `{"tracking":"` + strings.Repeat("x", 2<<20) + `"}`, carrier.BadAnswer, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			client := against(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", c.media)
				w.Header().Set("Retry-After", "7")
				w.Header().Set("Location", "http://elsewhere.example/")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			_, err := client.Book(context.Background(), "k", booking())
			require.Equal(t, c.code, carrier.CodeOf(err))
			require.Equal(t, c.temporary, carrier.IsTemporary(err))
			require.NotContains(t, err.Error(), "Paulista", "an answer may repeat an address")
			var e *carrier.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.status, e.Status)
			if c.temporary && c.status >= 400 {
				require.Equal(t, 7*time.Second, e.RetryAfter)
			}
		})
	}
}

func TestRequestsCarryKeyAndCredentials(t *testing.T) {
	seen := make(chan *http.Request, 1)
	client := against(t, func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"tracking":"T1"}`)
	})
	_, err := client.Book(context.Background(), "shp_1", booking())
	require.NoError(t, err)
	r := <-seen
	require.Equal(t, "/v1/bookings", r.URL.Path)
	require.Equal(t, "shp_1", r.Header.Get("Idempotency-Key"))
	require.Equal(t, "Bearer secret", r.Header.Get("Authorization"))
	require.Equal(t, "application/json", r.Header.Get("Content-Type"))
}

func TestNoAnswerIsTemporaryAndNamesNoParcel(t *testing.T) {
	client := against(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err := client.Track(context.Background(), "SECRET-NUMBER")
	require.Equal(t, carrier.Unavailable, carrier.CodeOf(err))
	require.NotContains(t, err.Error()+errors.Unwrap(err).Error(), "SECRET-NUMBER")
}

func TestSlowCarrierIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	client := against(t, func(http.ResponseWriter, *http.Request) {
		<-release
	}, func(o *carrier.Options) { o.Timeout = 20 * time.Millisecond })
	defer close(release)
	_, err := client.Book(context.Background(), "k", booking())
	require.Equal(t, carrier.Unavailable, carrier.CodeOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestCircuitOpensAndClosesAgain(t *testing.T) {
	var asked atomic.Int32
	var well atomic.Bool
	client := against(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if !well.Load() {
			w.WriteHeader(500)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"tracking":"T1"}`)
	}, func(o *carrier.Options) {
		o.TripAfter = 3
		o.OpenFor = 50 * time.Millisecond
	})
	ask := func() error { _, err := client.Book(context.Background(), "k", booking()); return err }
	for range 3 {
		require.Equal(t, carrier.Unavailable, carrier.CodeOf(ask()))
	}
	err := ask()
	require.Equal(t, carrier.CircuitOpen, carrier.CodeOf(err))
	require.True(t, carrier.IsTemporary(err))
	require.EqualValues(t, 3, asked.Load(), "nothing is sent while it is open")
	well.Store(true)
	require.Eventually(t, func() bool { return ask() == nil }, 10*time.Second, 5*time.Millisecond)
}

// Refusals, and callers that go away, are no reason to spare the carrier.
func TestCircuitStaysClosedOnRefusals(t *testing.T) {
	client := against(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(422)
	}, func(o *carrier.Options) { o.TripAfter = 2 })
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for range 10 {
		_, err := client.Book(context.Background(), "k", booking())
		require.Equal(t, carrier.InvalidBooking, carrier.CodeOf(err))
		_, err = client.Track(gone, "x")
		require.ErrorIs(t, err, context.Canceled)
	}
}

func TestLabelsThatAreNone(t *testing.T) {
	client := against(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Type", "text/html") })
	_, err := client.Label(context.Background(), "T1")
	require.Equal(t, carrier.BadAnswer, carrier.CodeOf(err))
}

func TestOptionsThatCannotBe(t *testing.T) {
	for _, bad := range []string{
		"", "carrier.example", "ftp://carrier.example", "https://", "https://user:pass@carrier.example", "http://a b/",
	} {
		_, err := carrier.NewClient(carrier.Options{URL: bad})
		require.Error(t, err, bad)
		require.NotContains(t, err.Error(), "pass")
	}
}

func TestCodesOfOtherErrors(t *testing.T) {
	require.Empty(t, carrier.CodeOf(nil))
	require.Empty(t, carrier.CodeOf(io.EOF))
	require.False(t, carrier.IsTemporary(io.EOF))
	require.Equal(t, "carrier: CIRCUIT_OPEN", (&carrier.Error{Code: carrier.CircuitOpen}).Error())
}
