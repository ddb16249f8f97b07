package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestHandlerServesAPIPortalAndHealth(t *testing.T) {
	env := storetest.SQLite(t)
	h, err := Handler(Options{
		Domains:   env.Domains,
		Log:       quiet(),
		PublicURL: "https://portal.example.com",
		Version:   "7",
	})
	require.NoError(t, err)
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/healthz":         {http.StatusOK, `"7"`},
		"/readyz":          {http.StatusOK, "ok"},
		"/metrics":         {http.StatusNotFound, "<html"}, // it has an address of its own
		"/v1/openapi.json": {http.StatusOK, "3.1"},
		"/v1/orders":       {http.StatusUnauthorized, "UNAUTHENTICATED"},
		"/v1/nothing":      {http.StatusNotFound, "NOT_FOUND"},
		"/nothing":         {http.StatusNotFound, "<html"},
	} {
		status, text := get(t, h, path)
		require.Equal(t, want.status, status, path)
		require.Contains(t, text, want.text, path)
	}
}

func TestHandlerAnswersAWrongMethodOfAPageWithAPage(t *testing.T) {
	env := storetest.SQLite(t)
	h, err := Handler(Options{Domains: env.Domains, Log: quiet(), PublicURL: "https://portal.example.com"})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodDelete, "/sign-in", nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Contains(t, w.Body.String(), "<html")
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodDelete, "/v1/orders", nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Contains(t, w.Body.String(), `"code"`)
}

func TestHandlerRefusesAPublicURLThatIsNone(t *testing.T) {
	env := storetest.SQLite(t)
	_, err := Handler(Options{Domains: env.Domains, Log: quiet(), PublicURL: "portal"})
	require.Error(t, err)
}

// slow answers when the test lets it.
type slow struct{ begun, finish chan struct{} }

func (s slow) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	close(s.begun)
	<-s.finish
	_, _ = io.WriteString(w, "finished")
}

func serving(
	t *testing.T, h http.Handler, timeout time.Duration,
) (url string, stop context.CancelFunc, ended chan error) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended = make(chan error, 1)
	address := make(chan string, 1)
	go func() {
		ended <- Serve(ctx, Listen{
			Address:     "127.0.0.1:0",
			Handler:     h,
			Log:         quiet(),
			StopTimeout: timeout,
			Ready:       func(a string) { address <- a },
		})
	}()
	return "http://" + <-address, stop, ended
}

func TestServeFinishesRequestsUnderWayWhenToldToStop(t *testing.T) {
	h := slow{make(chan struct{}), make(chan struct{})}
	url, stop, ended := serving(t, h, time.Minute)
	text := make(chan string, 1)
	go func() {
		res, err := http.Get(url)
		if err != nil {
			text <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		text <- string(b)
	}()
	<-h.begun
	stop()
	// No new connection is taken, and the old one is not cut.
	require.Eventually(t, func() bool {
		_, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(url)
		return err != nil
	}, time.Minute, time.Millisecond)
	select {
	case err := <-ended:
		require.Fail(t, "stopped before the request was done", "%v", err)
	default:
	}
	close(h.finish)
	require.Equal(t, "finished", <-text)
	require.NoError(t, <-ended)
}

func TestServeSaysWhenRequestsWereCutOff(t *testing.T) {
	h := slow{make(chan struct{}), make(chan struct{})}
	defer close(h.finish)
	url, stop, ended := serving(t, h, time.Millisecond)
	go func() {
		if res, err := http.Get(url); err == nil {
			res.Body.Close()
		}
	}()
	<-h.begun
	stop()
	require.ErrorContains(t, <-ended, "cut off")
}

func TestServeRefusesATakenAddress(t *testing.T) {
	url, _, _ := serving(t, http.NotFoundHandler(), 0)
	err := Serve(t.Context(), Listen{
		Address: strings.TrimPrefix(url, "http://"),
		Handler: http.NotFoundHandler(),
		Log:     quiet(),
	})
	require.ErrorContains(t, err, "listen")
}

func TestMetricsOfAWorkerCountWhatWaits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		reseller := env.Reseller(t, "Revenda Sul")
		env.Fulfilled(t, reseller, storetest.Form("PO-1"))
		env.Calendar.Set(storetest.Now.Add(10 * time.Minute))
		h := Metrics(env.Domains, NewRegistry(env.Domains, quiet()), quiet())

		status, text := get(t, h, "/metrics")
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, text, `roomcover_processes{actor="NOBODY",kind="ORDER",waits_for="CANCELLATION_WINDOW"} 1`)
		require.Contains(t, text, "roomcover_outbox_oldest_seconds 600")
		require.NotContains(t, text, "roomcover_outbox_backlog 0")
		require.Contains(t, text, "go_sql_open_connections")

		status, _ = get(t, h, "/readyz")
		require.Equal(t, http.StatusOK, status)
		status, _ = get(t, h, "/healthz")
		require.Equal(t, http.StatusOK, status)
	})
}

// However often somebody asks for the metrics, and however many at once: the database is
// read once in 15 seconds.
func TestMetricsAreReadOnceInFifteenSeconds(t *testing.T) {
	var reads atomic.Int64
	fails := false
	now := time.Now()
	m := newMeasure(source{
		what:         "the test",
		descriptions: []*prometheus.Desc{backlogCount},
		query: func(context.Context) ([]prometheus.Metric, error) {
			n := reads.Add(1)
			if fails {
				return nil, errors.New("down")
			}
			return []prometheus.Metric{gauge(backlogCount, float64(n))}, nil
		},
	}, quiet())
	m.now = func() time.Time { return now }
	registry := prometheus.NewRegistry()
	registry.MustRegister(m)
	scrape := func() string {
		w := httptest.NewRecorder()
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).
			ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return w.Body.String()
	}

	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() { scrape() })
	}
	wait.Wait()
	require.EqualValues(t, 1, reads.Load())

	now = now.Add(readPause - time.Nanosecond)
	require.Contains(t, scrape(), "roomcover_outbox_backlog 1")
	now = now.Add(time.Nanosecond)
	require.Contains(t, scrape(), "roomcover_outbox_backlog 2")

	fails = true
	now = now.Add(readPause)
	require.NotContains(t, scrape(), "roomcover_outbox_backlog ", "an old number would hide an outage")
	scrape()
	require.EqualValues(t, 3, reads.Load(), "a database that is down is not asked more often")
}

func TestReadyzFailsAndHealthzLivesWithoutTheDatabase(t *testing.T) {
	env := storetest.SQLite(t)
	var log bytes.Buffer
	logs := slog.New(slog.NewTextHandler(&log, nil))
	h := Metrics(env.Domains, NewRegistry(env.Domains, logs), logs)
	require.NoError(t, env.Close())
	status, _ := get(t, h, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	status, _ = get(t, h, "/healthz")
	require.Equal(t, http.StatusOK, status)
	status, text := get(t, h, "/metrics")
	require.Equal(t, http.StatusOK, status)
	require.NotContains(t, text, "roomcover_outbox_backlog")
	require.Contains(t, log.String(), "cannot be measured")
}
