package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

const checkTimeout = 2 * time.Second

// health mounts /healthz (the process lives) and /readyz (the database is reachable,
// takes changes, and its schema is right). What is measured is served elsewhere: these
// are public.
func (s *service) health(router *gin.Engine) {
	router.GET("/healthz", func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"status": "ok", "version": s.Version})
	})
	router.GET("/readyz", s.ready)
}

// ready answers 200 with a warning when Temporal fails: accepting an order does
// not need it.
func (s *service) ready(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), checkTimeout)
	defer cancel()
	checks := gin.H{"database": "ok"}
	status, word := http.StatusOK, "ok"

	if s.TemporalCheck != nil {
		checks["temporal"] = "ok"
		if err := s.TemporalCheck(ctx); err != nil {
			s.Log.WarnContext(ctx, "temporal does not answer", "error", err)
			checks["temporal"], word = "failed", "warning"
		}
	}

	if err := s.domains.DB.Ready(ctx); err != nil {
		s.Log.ErrorContext(ctx, "not ready", "error", err)
		checks["database"] = "failed"
		word = "failed"
		status = http.StatusServiceUnavailable
	}

	c.JSON(status, gin.H{"status": word, "checks": checks})
}

// countRequests counts and times requests by method, route template and status.
func countRequests(registry *prometheus.Registry) gin.HandlerFunc {
	labels := []string{"method", "route", "status"}
	count := registered(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "roomcover_http_requests_total",
		Help: "Requests answered.",
	}, labels))

	took := registered(registry, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "roomcover_http_request_seconds",
		Help:    "Time to answer.",
		Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
	}, labels[:2]))

	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		method, route := known(c.Request.Method), routeTemplate(c)
		count.WithLabelValues(method, route, strconv.Itoa(c.Writer.Status())).Inc()
		took.WithLabelValues(method, route).Observe(time.Since(start).Seconds())
	}
}

// known bounds the label: a caller can send any word as a method.
func known(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return method
	}
	return "other"
}

// registered registers a collector, or gives the one that is there already.
func registered[C prometheus.Collector](registry *prometheus.Registry, c C) C {
	var there prometheus.AlreadyRegisteredError
	if err := registry.Register(c); errors.As(err, &there) {
		if old, ok := there.ExistingCollector.(C); ok {
			return old
		}
	}
	return c
}
