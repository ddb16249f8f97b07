package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
)

func TestServerSetsEveryLimit(t *testing.T) {
	s := api.Server(":0", http.NotFoundHandler())
	for _, d := range []time.Duration{s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout} {
		require.Positive(t, d)
		require.LessOrEqual(t, d, 2*time.Minute)
	}
	require.Greater(t, s.WriteTimeout, s.ReadTimeout)
	require.Equal(t, 16<<10, s.MaxHeaderBytes)
}

func TestHealthAndReadiness(t *testing.T) {
	fault := error(nil)
	h := sqlite(t, func(o *api.Options) { o.TemporalCheck = func(context.Context) error { return fault } })
	open := client{house: h}
	health := as[map[string]string](t, open.get("/healthz"), 200)
	require.Equal(t, map[string]string{"status": "ok", "version": "test"}, health)
	type readiness struct {
		Status string
		Checks map[string]string
	}
	require.Equal(t, readiness{"ok", map[string]string{"database": "ok", "temporal": "ok"}},
		as[readiness](t, open.get("/readyz"), 200))
	fault = errors.New("connection refused to 10.0.0.1")
	require.Equal(t, readiness{"warning", map[string]string{"database": "ok", "temporal": "failed"}},
		as[readiness](t, open.get("/readyz"), 200))
	fault = nil
	require.NoError(t, h.Rollback(h.Context))
	require.Equal(t, readiness{"failed", map[string]string{"database": "failed", "temporal": "ok"}},
		as[readiness](t, open.get("/readyz"), 503))
	require.NoError(t, h.Close())
	a := open.get("/readyz")
	require.Equal(t, 503, a.Status)
	require.NotContains(t, string(a.Body), "sql")
	problem(t, h.Seller.get("/v1/orders"), 503, "SERVICE_UNAVAILABLE")
	require.Contains(t, h.Log.String(), "request failed")
	require.Equal(t, 200, open.get("/healthz").Status)
}

func TestMetricsCountByRouteTemplate(t *testing.T) {
	registry := prometheus.NewRegistry()
	h := sqlite(t, func(o *api.Options) { o.Metrics = registry })
	ref := h.Seller.accepted(storetest.Form("PO-1"))
	h.Seller.get("/v1/orders/" + ref.ID)
	h.Seller.send("BREW", "/v1/pot", nil)
	text := measured(t, registry)
	require.Contains(t, text, `roomcover_http_requests_total{method="GET",route="/v1/orders/:id",status="200"} 1`)
	require.Contains(t, text, `roomcover_http_requests_total{method="other",route="none"`)
	require.NotContains(t, text, ref.ID)
}

// What is measured tells outsiders how much is done and what is late: it is not served
// where customers are.
func TestMetricsAreNotServedToThePublic(t *testing.T) {
	h := sqlite(t)
	problem(t, h.Seller.get("/v1/metrics"), 404, "NOT_FOUND")
	require.Equal(t, 404, h.Seller.get("/metrics").Status)
}

// measured is what a registry would answer to Prometheus.
func measured(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).
		ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func TestWhatIsNotThereAnswersInTheAPIsFormUnderItsPrefix(t *testing.T) {
	h := sqlite(t, func(o *api.Options) { o.NotFound = func(c *gin.Context) { c.String(404, "a page") } })
	problem(t, h.Seller.get("/v1/nothing"), 404, "NOT_FOUND")
	problem(t, h.Seller.get("/v1/orders/"), 404, "NOT_FOUND")
	problem(t, h.Seller.send("PATCH", "/v1/orders", "{}"), 405, "METHOD_NOT_ALLOWED")
	require.Equal(t, "a page", string(h.Seller.get("/nothing").Body))
	require.Equal(t, 405, h.Seller.send("POST", "/healthz", "{}").Status)
}

func TestRequestIdsAreTakenWhenSound(t *testing.T) {
	h := sqlite(t)
	require.Equal(t, "abc-123_DEF",
		h.Seller.send("GET", "/healthz", nil, "X-Request-Id", "abc-123_DEF").Header.Get("X-Request-Id"))
	for _, id := range []string{"short", strings.Repeat("x", 65), "with space 12", "ana@acme.example"} {
		require.Regexp(t, `^req-[a-z2-7]{26}$`,
			h.Seller.send("GET", "/healthz", nil, "X-Request-Id", id).Header.Get("X-Request-Id"))
	}
}

func TestPanicsAnswer500AndAreLogged(t *testing.T) {
	log := &lockedBuffer{}
	h := sqlite(t)
	o := api.Options{
		Domains: h.Domains,
		Log:     logger(log),
		Failed:  func(c *gin.Context) { c.String(500, "a sorry page") },
		Metrics: prometheus.NewRegistry(),
	}
	router := api.NewRouter(o)
	api.NewRouter(o) // the same registry twice is fine
	router.GET("/v1/panic", func(*gin.Context) { panic("secret-cause") })
	router.GET("/panic", func(*gin.Context) { panic("secret-cause") })
	router.GET("/late", func(c *gin.Context) { c.String(200, "begun"); panic("late") })
	server := httptest.NewServer(router)
	defer server.Close()
	h.URL = server.URL
	problem(t, h.Seller.get("/v1/panic"), 500, "INTERNAL_ERROR")
	require.Equal(t, "a sorry page", string(h.Seller.get("/panic").Body))
	require.Equal(t, "begun", string(h.Seller.get("/late").Body))
	require.Contains(t, log.String(), "secret-cause")
	require.Contains(t, log.String(), "stack")
}

func TestAccessLogHoldsNoQueryAndNoPath(t *testing.T) {
	h := sqlite(t)
	h.Seller.get("/v1/orders?po_number=ana.souza")
	h.Seller.get("/nowhere/ana.souza")
	log := h.Log.String()
	require.Contains(t, log, `"route":"/v1/orders"`)
	require.Contains(t, log, h.Seller.tokenID)
	require.NotContains(t, log, "ana.souza")
	require.NotContains(t, log, h.Seller.token)
	require.NotContains(t, log, "127.0.0.1")
}
