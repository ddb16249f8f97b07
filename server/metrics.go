package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"roomcover.dev/roomcover/models/domains"
)

// Metrics answers /healthz, /readyz and /metrics of a process that serves
// nothing else, such as a worker.
func Metrics(d *domains.Domains, log *slog.Logger) http.Handler {
	r := registry(d, log)
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(
		collectors.ProcessCollectorOpts{},
	), backlog{db: d.DB, log: log})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, "ok")
	})

	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		if err := d.DB.Ready(ctx); err != nil {
			log.Warn("not ready", "error", err)
			answer(w, http.StatusServiceUnavailable,
				"the database is not reachable or its schema is too old")
			return
		}

		answer(w, http.StatusOK, "ok")
	})

	return mux
}

// registry measures the pool of connections and what is under way.
func registry(d *domains.Domains, log *slog.Logger) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(underWay{operations: d.Operations, log: log})
	if pool, err := d.DB.Pool(); err == nil {
		r.MustRegister(collectors.NewDBStatsCollector(pool, "roomcover"))
	}
	return r
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}
