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

// Metrics answers /healthz, /readyz and /metrics on an address of their own, which no
// customer reaches: r is what the process measures, see NewRegistry. The process is ready
// where the database is and each of also returns nil.
func Metrics(
	d *domains.Domains, r *prometheus.Registry, log *slog.Logger,
	also ...func(context.Context) error,
) http.Handler {
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
				"the database is not reachable, takes no changes, or its schema is too old")
			return
		}

		for _, ready := range also {
			if err := ready(ctx); err != nil {
				log.Warn("not ready", "error", err)
				answer(w, http.StatusServiceUnavailable, err.Error())
				return
			}
		}

		answer(w, http.StatusOK, "ok")
	})

	return mux
}

// NewRegistry measures a process: its memory and connections, what waits in the outbox and
// what is under way. The backlog is read from the database at most every 15 seconds, and what
// is under way every minute, however often and by however many they are asked for.
func NewRegistry(d *domains.Domains, log *slog.Logger) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newMeasure(backlogSource(d.DB), log),
		newMeasure(processSource(d.Operations), log),
		newMeasure(alertSource(d.Operations), log),
		newMeasure(overdueSource(d.Operations), log),
	)

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
