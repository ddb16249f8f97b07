package api

import (
	"errors"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// countRequests counts and times requests by method, route template and status.
func countRequests(registry *prometheus.Registry) gin.HandlerFunc {
	labels := []string{"method", "route", "status"}
	count := registered(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "roomcover_http_requests_total", Help: "Requests answered."}, labels))
	took := registered(registry, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "roomcover_http_request_seconds", Help: "Time to answer.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 14)}, labels[:2]))
	registered(registry, collectors.NewGoCollector())
	registered(registry, collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
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
