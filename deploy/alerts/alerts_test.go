package alerts

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/stretchr/testify/require"
)

// watched is for how long the series below are looked at, once a minute.
const watched = 120

// healthy are the series of a worker and a serve where all is well: work comes and goes, a
// Temporal that was short of time now and then refused a few calls, files fill their slots.
const healthy = `
up{job="roomcover-worker"} 1x120
up{job="roomcover-serve"} 1x120
roomcover_outbox_backlog 0 3 1 0 0 2x115
roomcover_outbox_oldest_seconds 0 2 4 0 0 1x115
roomcover_processes_overdue 0 1 0 0x117
temporal_workflow_task_schedule_to_start_latency_seconds_bucket{task_queue="roomcover",le="0.05"} 0+9x120
temporal_workflow_task_schedule_to_start_latency_seconds_bucket{task_queue="roomcover",le="30"} 0+10x120
temporal_workflow_task_schedule_to_start_latency_seconds_bucket{task_queue="roomcover",le="+Inf"} 0+10x120
temporal_activity_schedule_to_start_latency_seconds_bucket{task_queue="roomcover-mail",le="0.05"} 0+9x120
temporal_activity_schedule_to_start_latency_seconds_bucket{task_queue="roomcover-mail",le="30"} 0+10x120
temporal_activity_schedule_to_start_latency_seconds_bucket{task_queue="roomcover-mail",le="+Inf"} 0+10x120
temporal_activity_schedule_to_start_latency_seconds_bucket{task_queue="roomcover-import",le="30"} 0x120
temporal_activity_schedule_to_start_latency_seconds_bucket{task_queue="roomcover-import",le="300"} 0+10x120
temporal_activity_schedule_to_start_latency_seconds_bucket{task_queue="roomcover-import",le="+Inf"} 0+10x120
temporal_worker_task_slots_available{task_queue="roomcover",worker_type="ActivityWorker"} 20 0 5 20x117
temporal_worker_task_slots_available{task_queue="roomcover-import",worker_type="ActivityWorker"} 0x120
temporal_worker_task_slots_available{worker_type="LocalActivityWorker"} 0x120
temporal_request{operation="PollWorkflowTaskQueue"} 0+30x120
temporal_request_failure{operation="StartWorkflowExecution",status_code="RESOURCE_EXHAUSTED"} 0+1x120
temporal_long_request_failure{operation="PollWorkflowTaskQueue",status_code="DEADLINE_EXCEEDED"} 0+5x120
roomcover_sweep_age_seconds 60 120 3600x118
roomcover_tasks_open{kind="MAIL_UNKNOWN"} 0x120
roomcover_tasks_open{kind="PROCESS_STUCK"} 4x120
`

// with are the healthy series with others in place of those of the same names and labels.
func with(instead ...string) string {
	kept := strings.TrimSpace(healthy)
	for _, series := range instead {
		name, _, _ := strings.Cut(series, " ")
		var others []string
		for _, line := range strings.Split(kept, "\n") {
			if !strings.HasPrefix(line, name+" ") {
				others = append(others, line)
			}
		}
		kept = strings.Join(append(others, series), "\n")
	}
	return kept
}

// without are the healthy series but those that begin so.
func without(beginning string) string {
	var kept []string
	for _, line := range strings.Split(strings.TrimSpace(healthy), "\n") {
		if !strings.HasPrefix(line, beginning) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// rules are those of deploy/alerts.yml, read and checked as Prometheus reads them, templates
// included.
func rules(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.ParseFile("../alerts.yml", false, model.UTF8Validation,
		parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	require.Empty(t, errs)
	var all []rulefmt.Rule
	for _, g := range groups.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// firing are the minutes at which each alert fires, for the series given.
func firing(t *testing.T, series string) map[string][]int {
	t.Helper()
	storage := promqltest.LoadedStorage(t, "load 1m\n  "+strings.ReplaceAll(series, "\n", "\n  "))
	engine := promqltest.NewTestEngineWithOpts(t, promql.EngineOpts{
		MaxSamples: 1_000_000,
		Timeout:    time.Minute,
		Parser:     parser.NewParser(parser.Options{}),
	})

	fired := map[string][]int{}
	for _, rule := range rules(t) {
		since := map[string]int{} // from when on each series of it has been true
		for minute := range watched + 1 {
			at := time.Unix(int64(minute)*60, 0)
			query, err := engine.NewInstantQuery(t.Context(), storage, nil, rule.Expr, at)
			require.NoError(t, err, rule.Alert)
			result := query.Exec(t.Context())
			require.NoError(t, result.Err, rule.Alert)
			vector, err := result.Vector()
			require.NoError(t, err)

			now := map[string]int{}
			fires := false
			for _, sample := range vector {
				labels := sample.Metric.String()
				begin, ok := since[labels]
				if !ok {
					begin = minute
				}
				now[labels] = begin
				fires = fires || time.Duration(minute-begin)*time.Minute >= time.Duration(rule.For)
			}
			since = now
			if fires {
				fired[rule.Alert] = append(fired[rule.Alert], minute)
			}
			query.Close()
		}
	}
	return fired
}

func TestNoAlertFiresWhereAllIsWell(t *testing.T) {
	require.Empty(t, firing(t, with()))
}

// Each alert fires at what it is for, alone, not before its time, and then without a break.
func TestEachAlertFiresAtWhatItIsFor(t *testing.T) {
	slow := func(metric, queue string) []string {
		of := metric + `_schedule_to_start_latency_seconds_bucket{task_queue="` + queue + `",le="`
		return []string{of + `0.05"} 0x120`, of + `30"} 0x120`, of + `60"} 0+10x120`, of + `+Inf"} 0+10x120`}
	}
	refused := func(metric, code string, each int) string {
		return fmt.Sprintf(`%s{operation="RespondWorkflowTaskCompleted",status_code=%q} 0+%dx120`, metric, code, each)
	}
	const failed = `temporal_workflow_task_execution_failed{workflow_type="Order",failure_reason="NonDeterminismError"} `

	seen := map[string]bool{}
	for name, c := range map[string]struct {
		alert  string
		series string
		first  int // minute
	}{
		"no worker is scraped":           {"RoomcoverMetricsAbsent", with(`up{job="roomcover-worker"} 0x120`), 5},
		"no worker is known":             {"RoomcoverMetricsAbsent", without(`up{job="roomcover-worker"}`), 5},
		"the outbox cannot be read":      {"RoomcoverMetricsAbsent", without("roomcover_outbox_backlog"), 5},
		"what is late cannot be counted": {"RoomcoverMetricsAbsent", without("roomcover_processes_overdue"), 5},
		"events wait":                    {"RoomcoverOutboxOld", with("roomcover_outbox_oldest_seconds 0+60x120"), 7},
		"a process is late":              {"RoomcoverProcessesOverdue", with("roomcover_processes_overdue 1x120"), 15},
		"a workflow does not fit its history": {
			"RoomcoverWorkflowTasksFail", with(failed + "_x9 1+1x110"), 10,
		},
		"it is tried again every ten minutes": {
			"RoomcoverWorkflowTasksFail", with(failed + "1x9 2x9 3x9 4x9 5x9 6x9 7x9 8x9 9x9 10x9 11x9 12x9"), 10,
		},
		"workflow tasks wait": {
			"RoomcoverWorkWaits", with(slow("temporal_workflow_task", "roomcover")...), 6,
		},
		"mails wait": {
			"RoomcoverWorkWaits", with(slow("temporal_activity", "roomcover-mail")...), 6,
		},
		"steps hang": {
			"RoomcoverNoSlots",
			with(`temporal_worker_task_slots_available{task_queue="roomcover",worker_type="ActivityWorker"} 0x120`),
			10,
		},
		"the sweep does not end": {"RoomcoverSweepOld", with("roomcover_sweep_age_seconds 0+3600x120"), 9},
		"a mail is unknown":      {"RoomcoverMailsUnknown", with(`roomcover_tasks_open{kind="MAIL_UNKNOWN"} 1x120`), 30},
		"the key has expired": {
			"RoomcoverTemporalRefuses", with(refused("temporal_request_failure", "PERMISSION_DENIED", 2)), 6,
		},
		"polls are refused": {
			"RoomcoverTemporalRefuses", with(refused("temporal_long_request_failure", "UNAUTHENTICATED", 2)), 6,
		},
		"the same call is refused short and long": {
			"RoomcoverTemporalRefuses", with(refused("temporal_request_failure", "PERMISSION_DENIED", 2),
				refused("temporal_long_request_failure", "PERMISSION_DENIED", 2)), 6,
		},
		"the limit is reached all the time": {
			"RoomcoverTemporalRefuses", with(refused("temporal_request_failure", "RESOURCE_EXHAUSTED", 20)), 10,
		},
	} {
		t.Run(name, func(t *testing.T) {
			fired := firing(t, c.series)
			minutes := fired[c.alert]
			delete(fired, c.alert)
			require.Empty(t, fired, "no other fires")
			require.NotEmpty(t, minutes)
			require.Equal(t, c.first, minutes[0])
			require.Len(t, minutes, watched-c.first+1, "it goes on: %v", minutes)
		})
		seen[c.alert] = true
	}

	for _, rule := range rules(t) {
		require.True(t, seen[rule.Alert], "%s is raised above", rule.Alert)
	}
}
