//go:build long

package temporalserver_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/workflows"
)

// scheduleToStart is what the SDK calls how long a workflow's task waited for a worker.
const scheduleToStart = "temporal_workflow_task_schedule_to_start_latency_seconds"

// mostWindows is how many windows end at one midnight where there are very many.
const mostWindows = 30_000

// So many windows of orders end at one midnight, or ROOMCOVER_WINDOWS of them while the calendar
// runs faster by as much as they are fewer: as many end in a second. 95 of 100 tasks find a worker
// within 30 seconds. The workflow is the real one; its steps do nothing, so that all begins and
// ends in Temporal.
func TestManyWindowsEndAtOneMidnight(t *testing.T) {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("ROOMCOVER_WINDOWS"), "1000"))
	require.NoError(t, err)
	s := start(t, options(t))
	metrics := prometheus.NewRegistry()
	c := measuredBy(t, s, metrics)

	midnight := time.Now().Add(time.Minute + time.Duration(n)*30*time.Millisecond)
	calendar := clock.Fast(midnight, midnight, 24*time.Hour*time.Duration(n)/mostWindows)
	w := worker.New(c, taskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(workflows.Order{Clock: calendar}.Run,
		workflow.RegisterOptions{Name: "Order"})
	w.RegisterActivityWithOptions(func(context.Context, string) (activities.OrderStatus, error) {
		return activities.OrderStatus{CancellableUntil: midnight}, nil
	}, activity.RegisterOptions{Name: activities.NameFulfil})
	mails := worker.New(c, workflows.QueueMail, worker.Options{})
	mails.RegisterActivityWithOptions(func(context.Context, activities.SendMails) (activities.MailsSent, error) {
		return activities.MailsSent{}, nil
	}, activity.RegisterOptions{Name: activities.NameSendMails})
	for _, each := range []worker.Worker{w, mails} {
		require.NoError(t, each.Start())
		t.Cleanup(each.Stop)
	}

	startWindows(t, c, n)
	require.True(t, time.Now().Before(midnight), "it takes longer to begin them: leave more time until midnight")
	time.Sleep(time.Until(midnight))
	before := tasksWaited(t, metrics)

	ended := func() int64 {
		count, err := c.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: s.Namespace(), Query: "ExecutionStatus = 'Completed'",
		})
		require.NoError(t, err)
		return count.Count
	}
	require.Eventually(t, func() bool { return ended() == int64(n) }, 40*time.Minute, 5*time.Second)

	after := tasksWaited(t, metrics)
	tasks := after.GetSampleCount() - before.GetSampleCount()
	require.GreaterOrEqual(t, tasks, uint64(n))
	for i, b := range after.GetBucket() {
		within := b.GetCumulativeCount() - before.GetBucket()[i].GetCumulativeCount()
		t.Logf("%6.2f%% of %d tasks within %g s", 100*float64(within)/float64(tasks), tasks, b.GetUpperBound())
		if b.GetUpperBound() >= 30 {
			require.GreaterOrEqual(t, 100*within, 95*tasks, "within 30 s")
			return
		}
	}
	require.Fail(t, "no bucket holds 30 s")
}

// startWindows starts the workflows of so many orders.
func startWindows(t *testing.T, c client.Client, n int) {
	t.Helper()
	var next atomic.Int64
	var starters sync.WaitGroup
	for range 16 {
		starters.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				id := fmt.Sprintf("ord_%d", i)
				_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
					ID: "order/" + id, TaskQueue: taskQueue,
				}, "Order", workflows.OrderInput{OrderID: id})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	starters.Wait()
}

// tasksWaited is how long tasks of workflows waited for a worker so far.
func tasksWaited(t *testing.T, r *prometheus.Registry) *dto.Histogram {
	t.Helper()
	families, err := r.Gather()
	require.NoError(t, err)
	sum := &dto.Histogram{SampleCount: new(uint64)}
	for _, f := range families {
		if f.GetName() != scheduleToStart {
			continue
		}
		for _, m := range f.GetMetric() {
			addHistogram(sum, m.GetHistogram())
		}
	}
	require.NotZero(t, sum.GetSampleCount(), "%s is measured", scheduleToStart)
	return sum
}

func addHistogram(sum, h *dto.Histogram) {
	*sum.SampleCount += h.GetSampleCount()
	for i, b := range h.GetBucket() {
		if i == len(sum.GetBucket()) {
			sum.Bucket = append(sum.Bucket, &dto.Bucket{UpperBound: b.UpperBound, CumulativeCount: new(uint64)})
		}
		*sum.Bucket[i].CumulativeCount += b.GetCumulativeCount()
	}
}
