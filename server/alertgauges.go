package server

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"roomcover.dev/roomcover/models/operations"
)

// hourlySweep is the name under which the sweep records its end.
const hourlySweep = "contracts"

var (
	openTasks = prometheus.NewDesc("roomcover_tasks_open",
		"Operators' tasks that are open, by kind; MAIL_UNKNOWN are mails of unknown fate.",
		[]string{"kind"}, nil)
	sweepAge = prometheus.NewDesc("roomcover_sweep_age_seconds",
		"Since when the hourly sweep has not come to its end.", nil, nil)
)

// alertSource measures what deploy/alerts.yml watches beside what is under way.
func alertSource(o *operations.Operations) source {
	return source{
		what:         "what waits for people",
		descriptions: []*prometheus.Desc{openTasks, sweepAge},
		query: func(ctx context.Context) ([]prometheus.Metric, error) {
			counts, err := o.CountOpenTasks(ctx)
			if err != nil {
				return nil, err
			}

			// A kind whose alert asks for it is shown with none, too.
			known := map[string]float64{"MAIL_UNKNOWN": 0, "PROCESS_STUCK": 0, "OUTBOX_STUCK": 0}
			for _, c := range counts {
				known[string(c.Kind)] = float64(c.N)
			}

			var out []prometheus.Metric
			for kind, n := range known {
				out = append(out, gauge(openTasks, n, kind))
			}

			age, swept, err := o.SweepAge(ctx, hourlySweep)
			if err == nil && swept {
				out = append(out, gauge(sweepAge, age.Seconds()))
			}
			return out, err
		},
	}
}
