package server

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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
		"/metrics":         {http.StatusOK, "roomcover_processes_overdue 0"},
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
		h := Metrics(env.Domains, quiet())

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

func TestReadyzFailsAndHealthzLivesWithoutTheDatabase(t *testing.T) {
	env := storetest.SQLite(t)
	var log bytes.Buffer
	h := Metrics(env.Domains, slog.New(slog.NewTextHandler(&log, nil)))
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
