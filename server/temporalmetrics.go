package server

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
)

// TemporalMetrics measures what Temporal's SDK does in this process: calls, polls, slots,
// latencies and failed tasks, under the SDK's own names (temporal_...). Durations are
// histograms in seconds, and say so in their names.
func TemporalMetrics(r *prometheus.Registry) client.MetricsHandler {
	all := &sdkMetrics{vectors: map[string]prometheus.Collector{}}
	r.MustRegister(all)
	return sdkHandler{all: all}
}

// sdkHelp is what /metrics says of each: the SDK's own documentation explains them.
const sdkHelp = "Measured by the SDK of Temporal; see its documentation."

// sdkBuckets go from a database step on the same machine to a queue that stands still.
var sdkBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}

// sdkMetrics holds what was measured so far. The SDK says what it measures, and with which
// labels, only as it goes, and measures one name with other labels at other places: each
// set of labels is a vector of its own.
type sdkMetrics struct {
	mu      sync.Mutex
	vectors map[string]prometheus.Collector
}

// Describe is part of prometheus.Collector. It says nothing: nothing is known beforehand.
func (m *sdkMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect is part of prometheus.Collector.
func (m *sdkMetrics) Collect(out chan<- prometheus.Metric) {
	m.mu.Lock()
	vectors := slices.Collect(maps.Values(m.vectors))
	m.mu.Unlock()

	for _, v := range vectors {
		v.Collect(out)
	}
}

// vectorOf returns the vector for a name with these labels, which build makes where it is
// new.
func vectorOf[V prometheus.Collector](
	m *sdkMetrics, name string, tags prometheus.Labels, build func(labels []string) V,
) V {
	labels := slices.Sorted(maps.Keys(tags))
	key := name + "{" + strings.Join(labels, ",")

	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.vectors[key].(V); ok {
		return v
	}

	v := build(labels)
	m.vectors[key] = v
	return v
}

// sdkHandler is the SDK's view of it, with the labels that it has set so far.
type sdkHandler struct {
	all  *sdkMetrics
	tags prometheus.Labels
}

// WithTags is part of client.MetricsHandler.
func (h sdkHandler) WithTags(tags map[string]string) client.MetricsHandler {
	all := maps.Clone(h.tags)
	if all == nil {
		all = prometheus.Labels{}
	}
	for name, value := range tags {
		all[strings.ReplaceAll(name, "-", "_")] = value
	}
	return sdkHandler{all: h.all, tags: all}
}

// Counter is part of client.MetricsHandler.
func (h sdkHandler) Counter(name string) client.MetricsCounter {
	v := vectorOf(h.all, name, h.tags, func(labels []string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: sdkHelp}, labels)
	})
	return sdkCounter{v.With(h.tags)}
}

// Gauge is part of client.MetricsHandler.
func (h sdkHandler) Gauge(name string) client.MetricsGauge {
	v := vectorOf(h.all, name, h.tags, func(labels []string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: sdkHelp}, labels)
	})
	return sdkGauge{v.With(h.tags)}
}

// Timer is part of client.MetricsHandler.
func (h sdkHandler) Timer(name string) client.MetricsTimer {
	name += "_seconds"
	v := vectorOf(h.all, name, h.tags, func(labels []string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    name,
			Help:    sdkHelp,
			Buckets: sdkBuckets,
		}, labels)
	})
	return sdkTimer{v.With(h.tags)}
}

type sdkCounter struct{ prometheus.Counter }

// Inc is part of client.MetricsCounter.
func (c sdkCounter) Inc(n int64) { c.Counter.Add(float64(n)) }

type sdkGauge struct{ prometheus.Gauge }

// Update is part of client.MetricsGauge.
func (g sdkGauge) Update(value float64) { g.Gauge.Set(value) }

type sdkTimer struct{ prometheus.Observer }

// Record is part of client.MetricsTimer.
func (t sdkTimer) Record(d time.Duration) { t.Observer.Observe(d.Seconds()) }
