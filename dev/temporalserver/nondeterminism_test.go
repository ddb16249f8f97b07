package temporalserver_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/dev/temporalserver"
	"roomcover.dev/roomcover/server"
)

// measured is a client whose workers are measured as those of serve and worker are, and what
// /metrics says of them.
func measured(t *testing.T, s *temporalserver.Server) (client.Client, func() string) {
	t.Helper()
	r := prometheus.NewRegistry()
	return measuredBy(t, s, r), func() string {
		w := httptest.NewRecorder()
		promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return w.Body.String()
	}
}

// measuredBy is a client whose workers are measured as those of serve and worker are.
func measuredBy(t *testing.T, s *temporalserver.Server, r *prometheus.Registry) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{
		HostPort:       s.Address(),
		Namespace:      s.Namespace(),
		Logger:         log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		MetricsHandler: server.TemporalMetrics(r),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// The alert on failed workflow tasks can fire: a worker whose code does not fit a history raises
// its metric. So can the others: what they ask of the SDK is measured under these names.
func TestAWorkerThatDoesNotFitAHistoryIsMeasured(t *testing.T) {
	ctx := testContext(t)
	o := options(t)
	s := start(t, o)
	c, metrics := measured(t, s)

	// A step that is handed over with its task waits for nobody, and is not measured.
	w := worker.New(c, taskQueue, worker.Options{DisableEagerActivities: true})
	w.RegisterWorkflow(answer)
	w.RegisterActivity(double)
	require.NoError(t, w.Start())
	_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "ord_1", TaskQueue: taskQueue}, answer, 10)
	require.NoError(t, err)

	// Only when the worker has nothing left does the signal go to the next one: a worker that
	// ends a task is given the next together with the answer, even while it stops.
	awaitEvents(ctx, t, c, "ord_1",
		enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
	require.NotContains(t, metrics(), "temporal_workflow_task_execution_failed")
	w.Stop()

	other := worker.New(c, taskQueue, worker.Options{})
	other.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ int) (int, error) {
		return 0, workflow.Sleep(ctx, time.Hour)
	}, workflow.RegisterOptions{Name: "answer"})
	require.NoError(t, other.Start())
	t.Cleanup(other.Stop)
	require.NoError(t, c.SignalWorkflow(ctx, "ord_1", "", "go on", nil))
	require.Eventually(t, func() bool {
		return regexp.MustCompile(`temporal_workflow_task_execution_failed\{[^}]*failure_reason="NonDeterminismError"[^}]*\} [1-9]`).
			MatchString(metrics())
	}, deadline, 50*time.Millisecond)

	alerts, err := os.ReadFile("../../deploy/alerts.yml")
	require.NoError(t, err)
	text := metrics()
	for _, name := range regexp.MustCompile(`temporal_[a-z_]+`).FindAllString(string(alerts), -1) {
		if strings.HasSuffix(name, "request_failure") {
			continue // nothing was refused
		}
		require.True(t, strings.Contains(text, "\n"+name+"{"), "%s is not measured", name)
	}
}
