package temporalserver_test

import (
	"context"
	"log/slog"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/workflows"
)

// refusing has the reminder of an invitation refused, for good.
type refusing struct{ interceptor.InterceptorBase }

func (*refusing) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &refusingStep{interceptor.ActivityInboundInterceptorBase{Next: next}}
}

type refusingStep struct {
	interceptor.ActivityInboundInterceptorBase
}

func (s *refusingStep) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	if activity.GetInfo(ctx).ActivityType.Name == activities.NameRemindInvitation {
		return nil, temporal.NewNonRetryableApplicationError("REFUSED", activities.ErrorRefused, nil)
	}
	return s.Next.ExecuteActivity(ctx, in)
}

// takenSteps is the query of docs/operations.md for running workflows that took a step which
// an earlier release does not know.
func takenSteps(t *testing.T) string {
	t.Helper()
	guide, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	found := regexp.MustCompile(`temporal workflow list --query '([^']+TemporalChangeVersion[^']+)'`).FindSubmatch(guide)
	require.NotNil(t, found, "the guide has the query")
	return string(found[1])
}

// stuckInvitation has an invitation stuck in its first reminder, which is where a workflow takes
// its newest step, and returns its history. Where an earlier release's worker is there, it has
// polled just before.
func stuckInvitation(t *testing.T, earlier bool) (c client.Client, id string, told *history.History) {
	t.Helper()
	s := start(t, options(t))
	c, err := client.Dial(client.Options{
		HostPort: s.Address(), Namespace: s.Namespace(),
		Logger:       log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		Interceptors: []interceptor.ClientInterceptor{&refusing{}},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	if earlier {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, _ = c.WorkflowService().PollWorkflowTaskQueue(ctx, &workflowservice.PollWorkflowTaskQueueRequest{
			Namespace: s.Namespace(),
			TaskQueue: &taskqueue.TaskQueue{Name: workflows.QueueMain},
			Identity:  "1@earlier@ABCDEFGH",
		}) // there is nothing to do: the time ends it
		cancel()
	}

	env := worldOf(t, time.Second)
	workOn(t, env, c, nil)
	o := env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	stuck := func() bool {
		return env.Count(t, "SELECT count(*) FROM operator_tasks WHERE kind = 'PROCESS_STUCK' AND subject_id LIKE 'inv_%'"+
			" AND why LIKE '%REFUSED%'") == 1
	}
	require.Eventually(t, stuck, deadline, 50*time.Millisecond, "the invitation of %s is stuck", o.ID)
	id = "invitation/" + env.InvitationOf(t, o.ID).ID

	told = &history.History{}
	for it := c.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		e, err := it.Next()
		require.NoError(t, err)
		require.NotEqual(t, enums.EVENT_TYPE_WORKFLOW_TASK_FAILED, e.EventType)
		told.Events = append(told.Events, e)
	}
	return c, id, told
}

// replays reports whether the history fits a worker whose gate is so.
func replays(t *testing.T, told *history.History, open bool) error {
	t.Helper()
	r := worker.NewWorkflowReplayer()
	w := workflows.Invitation{
		Clock: clock.Fast(time.Now(), time.Now().UTC(), time.Second),
		Gate:  func() bool { return open },
	}
	r.RegisterWorkflowWithOptions(w.Run, workflow.RegisterOptions{Name: workflows.InvitationName})
	return r.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), told)
}

// Where all workers know a step it is taken, and the guide's query names the workflows that an
// earlier release could not go on with.
func TestTheGuidesQueryFindsWorkflowsThatTookANewStep(t *testing.T) {
	c, id, told := stuckInvitation(t, false)
	var found []string
	require.Eventually(t, func() bool {
		page, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: takenSteps(t)})
		require.NoError(t, err)
		found = nil
		for _, e := range page.Executions {
			found = append(found, e.GetExecution().GetWorkflowId())
		}
		return len(found) > 0
	}, deadline, 50*time.Millisecond)
	require.Equal(t, []string{id}, found)
	require.NoError(t, replays(t, told, true))
	require.NoError(t, replays(t, told, false), "what was taken stays taken")

	queue, err := c.DescribeTaskQueue(t.Context(), workflows.QueueMain, enums.TASK_QUEUE_TYPE_WORKFLOW)
	require.NoError(t, err)
	require.NotEmpty(t, queue.GetPollers())
	for _, poller := range queue.GetPollers() {
		require.Regexp(t, `^\d+@[^@]+@\w+/steps-\d+$`, poller.GetIdentity(), "as the guide says")
	}
}

// While a worker of an earlier release polls, a workflow takes no step that it does not know:
// it can go on with each, so going back is safe. The run stays as it began, also once all
// workers know the step.
func TestNoNewStepIsTakenBesideAnEarlierRelease(t *testing.T) {
	c, _, told := stuckInvitation(t, true)
	for _, e := range told.Events {
		require.NotEqual(t, enums.EVENT_TYPE_MARKER_RECORDED, e.EventType, "no mark of a new step")
	}
	page, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: takenSteps(t)})
	require.NoError(t, err)
	require.Empty(t, page.Executions)
	require.NoError(t, replays(t, told, true))
	require.NoError(t, replays(t, told, false))
}
