package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/timestamppb"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/workflows"
)

// A worker is ready once Temporal has seen it poll its queues, and no longer where one is not
// polled any more, by whomever else it may be. A worker full of files polls for no other one
// and is ready; so is one whose clock differs from Temporal's.
func TestReadyMeansThatTheQueuesArePolled(t *testing.T) {
	now := time.Now()
	all := func(queue string, _ enums.TaskQueueType) []*taskqueue.PollerInfo {
		return []*taskqueue.PollerInfo{
			{Identity: "another", LastAccessTime: timestamppb.New(now)},
			{Identity: "me", LastAccessTime: timestamppb.New(now.Add(-time.Minute))},
		}
	}
	except := func(queue string, kind enums.TaskQueueType, instead ...*taskqueue.PollerInfo) pollers {
		return func(q string, k enums.TaskQueueType) []*taskqueue.PollerInfo {
			if q == queue && k == kind {
				return instead
			}
			return all(q, k)
		}
	}
	const activities, tasks = enums.TASK_QUEUE_TYPE_ACTIVITY, enums.TASK_QUEUE_TYPE_WORKFLOW
	another := &taskqueue.PollerInfo{Identity: "another", LastAccessTime: timestamppb.New(now)}
	old := &taskqueue.PollerInfo{Identity: "me", LastAccessTime: timestamppb.New(now.Add(-5 * time.Minute))}
	// a poll a minute ago, by a clock a minute and a half off
	ahead := &taskqueue.PollerInfo{Identity: "me", LastAccessTime: timestamppb.New(now.Add(-151 * time.Second))}
	behind := &taskqueue.PollerInfo{Identity: "me", LastAccessTime: timestamppb.New(now.Add(30 * time.Second))}
	for name, c := range map[string]struct {
		seen  pollers
		ready bool
	}{
		"all are polled":               {all, true},
		"no workflow tasks":            {except(workflows.QueueMain, tasks), false},
		"no database steps":            {except(workflows.QueueMain, activities), false},
		"mails by another alone":       {except(workflows.QueueMail, activities, another), false},
		"mails no longer":              {except(workflows.QueueMail, activities, old), false},
		"full of files":                {except(workflows.QueueImport, activities, old), true},
		"our clock runs ahead":         {except(workflows.QueueMail, activities, ahead), true},
		"our clock runs behind":        {except(workflows.QueueMail, activities, behind), true},
		"nobody looks for the carrier": {except(workflows.QueueCarrier, activities), false},
	} {
		t.Run(name, func(t *testing.T) {
			p := &Polling{}
			require.Error(t, p.Ready(t.Context()), "nothing runs yet")
			p.began(c.seen.client(t), "me")
			require.Equal(t, c.ready, p.Ready(t.Context()) == nil)
			p.ended()
			require.Error(t, p.Ready(t.Context()), "nothing runs any more")
		})
	}

	f := mocks.NewClient(t)
	f.On("DescribeTaskQueue", mock.Anything, mock.Anything, mock.Anything).Return(nil, serviceerror.NewUnavailable("no"))
	p := &Polling{}
	p.began(f, "me")
	require.ErrorContains(t, p.Ready(t.Context()), "not known")
}

// pollers are those that Temporal knows of a queue.
type pollers func(queue string, kind enums.TaskQueueType) []*taskqueue.PollerInfo

func (p pollers) client(t *testing.T) *mocks.Client {
	f := mocks.NewClient(t)
	f.On("DescribeTaskQueue", mock.Anything, mock.Anything, mock.Anything).Return(
		func(_ context.Context, queue string, kind enums.TaskQueueType) (*workflowservice.DescribeTaskQueueResponse, error) {
			return &workflowservice.DescribeTaskQueueResponse{Pollers: p(queue, kind)}, nil
		})
	return f
}

// idleWorker is a worker that does nothing.
type idleWorker struct{ worker.Worker }

func (idleWorker) Start() error { return nil }
func (idleWorker) Stop()        {}

// A worker that gives up ends the process, unless its namespace is gone: that is put back, and
// all start again.
func TestAWorkerThatGivesUpEndsTheProcess(t *testing.T) {
	schedules := mocks.NewScheduleClient(t)
	schedules.On("Create", mock.Anything, mock.Anything).Return(nil, nil)
	keeper := keeperOf(t, storetest.SQLite(t), &fakeService{there: true}, schedules)
	o := keeper.options
	o.Polling = &Polling{}
	causes := []error{
		serviceerror.NewNamespaceNotFound("roomcover"),
		serviceerror.NewInvalidArgument("the client is too old"),
	}
	started := 0
	err := o.runWorkers(t.Context(), keeper, func(_ string, gaveUp func(error)) []worker.Worker {
		gaveUp(causes[started])
		started++
		return []worker.Worker{idleWorker{}}
	})
	require.Equal(t, 2, started, "the first was put right")
	require.ErrorIs(t, err, causes[1])
	require.True(t, errors.Is(o.Polling.Ready(t.Context()), errNotPolling))
}
