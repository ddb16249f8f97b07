package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
)

// The SDK measures one name with other labels at other places, and counts on where it asks
// for the same again.
func TestWhatTheSDKMeasuresIsShownUnderItsNames(t *testing.T) {
	r := prometheus.NewRegistry()
	h := TemporalMetrics(r)
	queue := h.WithTags(map[string]string{"task_queue": "roomcover"})
	queue.Counter("temporal_workflow_task_execution_failed").Inc(2)
	h.WithTags(map[string]string{"task_queue": "roomcover"}).
		Counter("temporal_workflow_task_execution_failed").Inc(1)
	queue.WithTags(map[string]string{"failure_reason": "NonDeterminismError"}).
		Counter("temporal_workflow_task_execution_failed").Inc(1)
	h.Gauge("temporal_worker_task_slots_available").Update(20)
	queue.Timer("temporal_workflow_task_schedule_to_start_latency").Record(20 * time.Second)

	w := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{}).
		ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, w.Code, string(text))
	for _, line := range []string{
		`temporal_workflow_task_execution_failed{task_queue="roomcover"} 3`,
		`temporal_workflow_task_execution_failed{failure_reason="NonDeterminismError",task_queue="roomcover"} 1`,
		`temporal_worker_task_slots_available 20`,
		`temporal_workflow_task_schedule_to_start_latency_seconds_bucket{task_queue="roomcover",le="10"} 0`,
		`temporal_workflow_task_schedule_to_start_latency_seconds_bucket{task_queue="roomcover",le="30"} 1`,
	} {
		require.Contains(t, string(text), line)
	}
}
