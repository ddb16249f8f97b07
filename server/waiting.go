package server

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
)

const (
	readTimeout = 3 * time.Second  // of each reading
	readPause   = 15 * time.Second // between two readings from the database
	countPause  = time.Minute      // the same of what is under way, which is much
)

// measure is what is read from the database, so that every process shows the same. It is
// kept for a while: whoever asks often, or many at once, costs one query. Nothing is shown
// while the database does not answer.
type measure struct {
	source source
	log    *slog.Logger
	now    func() time.Time

	mu   sync.Mutex
	read time.Time
	kept []prometheus.Metric
}

// source is a query whose rows are metrics.
type source struct {
	what         string
	pause        time.Duration // 0: readPause
	descriptions []*prometheus.Desc
	query        func(ctx context.Context) ([]prometheus.Metric, error)
}

func newMeasure(s source, log *slog.Logger) *measure {
	return &measure{source: s, log: log, now: time.Now}
}

// Describe is part of prometheus.Collector.
func (m *measure) Describe(out chan<- *prometheus.Desc) {
	for _, d := range m.source.descriptions {
		out <- d
	}
}

// Collect is part of prometheus.Collector.
func (m *measure) Collect(out chan<- prometheus.Metric) {
	for _, metric := range m.current() {
		out <- metric
	}
}

// current returns what was read last, or reads it where that is too old.
func (m *measure) current() []prometheus.Metric {
	m.mu.Lock()
	defer m.mu.Unlock()

	now := m.now()
	if !m.read.IsZero() && now.Sub(m.read) < cmp.Or(m.source.pause, readPause) {
		return m.kept
	}

	ctx, cancel := context.WithTimeout(db.WithSystem(context.Background()), readTimeout)
	defer cancel()
	metrics, err := m.source.query(ctx)
	if err != nil {
		m.log.Warn(m.source.what+" cannot be measured", "error", err)
		metrics = nil
	}

	m.read, m.kept = now, metrics
	return metrics
}

var (
	backlogCount = prometheus.NewDesc("roomcover_outbox_backlog",
		"Outbox events not yet told to a workflow.", nil, nil)
	backlogAge = prometheus.NewDesc("roomcover_outbox_oldest_seconds",
		"Age of the oldest of them, in calendar seconds.", nil, nil)
)

// backlogSource measures the outbox.
func backlogSource(d *db.DB) source {
	return source{
		what:         "the backlog",
		descriptions: []*prometheus.Desc{backlogCount, backlogAge},
		query: func(ctx context.Context) ([]prometheus.Metric, error) {
			n, oldest, err := d.OutboxBacklog(ctx)
			if err != nil {
				return nil, err
			}

			age := 0.0
			if n > 0 {
				age = d.Clock().Now().Sub(oldest).Seconds()
			}

			return []prometheus.Metric{gauge(backlogCount, float64(n)), gauge(backlogAge, age)}, nil
		},
	}
}

var (
	processes = prometheus.NewDesc("roomcover_processes",
		"Orders, invitations, replacements and accounts without a manager, under way.",
		[]string{"kind", "waits_for", "actor"}, nil)
	overdue = prometheus.NewDesc("roomcover_processes_overdue",
		"Those that should have moved on and did not, 200 at most.", nil, nil)
)

// processSource counts what is under way by what it waits for.
func processSource(o *operations.Operations) source {
	return source{
		what:         "what is under way",
		pause:        countPause,
		descriptions: []*prometheus.Desc{processes},
		query: func(ctx context.Context) ([]prometheus.Metric, error) {
			counts, err := o.CountProcesses(ctx)
			if err != nil {
				return nil, err
			}

			var out []prometheus.Metric
			for _, c := range counts {
				out = append(out,
					gauge(processes, float64(c.N), string(c.Kind), c.WaitsFor, c.Actor))
			}

			return out, nil
		},
	}
}

// overdueSource counts what is overdue. It is read apart, so that the count of all that is
// under way cannot take its time away.
func overdueSource(o *operations.Operations) source {
	return source{
		what:         "what is overdue",
		pause:        countPause,
		descriptions: []*prometheus.Desc{overdue},
		query: func(ctx context.Context) ([]prometheus.Metric, error) {
			late, _, err := o.ListProcesses(ctx, operations.ProcessFilter{
				Overdue: true,
				Page:    db.Page{Limit: 200},
			})
			return []prometheus.Metric{gauge(overdue, float64(len(late)))}, err
		},
	}
}

func gauge(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}
