package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
)

// What waits is read from the database when a metric is asked for, so every
// process shows the same. Nothing is shown while the database does not answer.

const readTimeout = 3 * time.Second

func reading() (context.Context, context.CancelFunc) {
	return context.WithTimeout(db.WithSystem(context.Background()), readTimeout)
}

// backlog measures the outbox. The API has the same under the same names.
type backlog struct {
	db  *db.DB
	log *slog.Logger
}

var (
	backlogCount = prometheus.NewDesc("roomcover_outbox_backlog",
		"Outbox events not yet told to a workflow.", nil, nil)
	backlogAge = prometheus.NewDesc("roomcover_outbox_oldest_seconds",
		"Age of the oldest of them, in calendar seconds.", nil, nil)
)

// Describe is part of prometheus.Collector.
func (b backlog) Describe(out chan<- *prometheus.Desc) {
	out <- backlogCount
	out <- backlogAge
}

// Collect is part of prometheus.Collector.
func (b backlog) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := reading()
	defer cancel()
	n, oldest, err := b.db.OutboxBacklog(ctx)
	if err != nil {
		b.log.Warn("the backlog cannot be measured", "error", err)
		return
	}

	age := 0.0
	if n > 0 {
		age = b.db.Clock().Now().Sub(oldest).Seconds()
	}

	out <- prometheus.MustNewConstMetric(backlogCount, prometheus.GaugeValue, float64(n))
	out <- prometheus.MustNewConstMetric(backlogAge, prometheus.GaugeValue, age)
}

// underWay counts orders and invitations by what they wait for.
type underWay struct {
	operations *operations.Operations
	log        *slog.Logger
}

var (
	processes = prometheus.NewDesc("roomcover_processes",
		"Orders, invitations, replacements and accounts without a manager, under way.",
		[]string{"kind", "waits_for", "actor"}, nil)
	overdue = prometheus.NewDesc("roomcover_processes_overdue",
		"Those that should have moved on and did not, 200 at most.", nil, nil)
)

// Describe is part of prometheus.Collector.
func (u underWay) Describe(out chan<- *prometheus.Desc) {
	out <- processes
	out <- overdue
}

// Collect is part of prometheus.Collector.
func (u underWay) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := reading()
	defer cancel()
	counts, err := u.operations.CountProcesses(ctx)
	if err != nil {
		u.log.Warn("the processes cannot be counted", "error", err)
		return
	}

	for _, c := range counts {
		out <- prometheus.MustNewConstMetric(processes, prometheus.GaugeValue, float64(c.N),
			string(c.Kind), c.WaitsFor, c.Actor)
	}

	late, _, err := u.operations.ListProcesses(ctx, operations.ProcessFilter{
		Overdue: true,
		Page:    db.Page{Limit: 200},
	})
	if err != nil {
		u.log.Warn("the overdue processes cannot be counted", "error", err)
		return
	}

	out <- prometheus.MustNewConstMetric(overdue, prometheus.GaugeValue, float64(len(late)))
}
