package worker

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/workflows"
)

// fakeService is Temporal's workflow service with or without our namespace.
type fakeService struct {
	workflowservice.WorkflowServiceClient
	there      bool
	fails      int // of the first looks, with down
	down       error
	err        error // of making the namespace
	registered *workflowservice.RegisterNamespaceRequest
	retention  time.Duration
	updates    int
}

func (f *fakeService) UpdateNamespace(
	_ context.Context, r *workflowservice.UpdateNamespaceRequest, _ ...grpc.CallOption,
) (*workflowservice.UpdateNamespaceResponse, error) {
	f.updates++
	f.retention = r.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	return &workflowservice.UpdateNamespaceResponse{}, nil
}

func (f *fakeService) DescribeNamespace(
	_ context.Context, r *workflowservice.DescribeNamespaceRequest, _ ...grpc.CallOption,
) (*workflowservice.DescribeNamespaceResponse, error) {
	if f.fails--; f.fails >= 0 {
		return nil, f.down
	}
	if !f.there {
		return nil, serviceerror.NewNamespaceNotFound(r.Namespace)
	}
	return &workflowservice.DescribeNamespaceResponse{Config: &namespace.NamespaceConfig{
		WorkflowExecutionRetentionTtl: durationpb.New(f.retention),
	}}, nil
}

func (f *fakeService) RegisterNamespace(
	_ context.Context, r *workflowservice.RegisterNamespaceRequest, _ ...grpc.CallOption,
) (*workflowservice.RegisterNamespaceResponse, error) {
	if f.err != nil {
		return nil, f.err
	}
	f.there, f.registered = true, r
	f.retention = r.WorkflowExecutionRetentionPeriod.AsDuration()
	return &workflowservice.RegisterNamespaceResponse{}, nil
}

func prepareWith(t *testing.T, service *fakeService, schedules *mocks.ScheduleClient) {
	t.Helper()
	c := keeperOf(t, storetest.SQLite(t), service, schedules)
	require.NoError(t, c.prepare(context.Background()))
}

func keeperOf(
	t *testing.T, env storetest.Env, service *fakeService, schedules *mocks.ScheduleClient,
) *caretaker {
	f := mocks.NewClient(t)
	f.On("WorkflowService").Return(service)
	f.On("ScheduleClient").Return(schedules).Maybe()
	return newCaretaker(Options{
		Domains:   env.Domains,
		Temporal:  f,
		Namespace: "roomcover",
		Log:       quiet,
	})
}

// created is a schedule client that takes the sweep's schedule.
func created(t *testing.T, options *client.ScheduleOptions) *mocks.ScheduleClient {
	s := mocks.NewScheduleClient(t)
	s.On("Create", mock.Anything, mock.Anything).
		Run(func(args mock.Arguments) { *options = args.Get(1).(client.ScheduleOptions) }).
		Return(nil, nil)
	return s
}

func TestS1_SweepRunsEveryHourAndNeverTwiceAtOnce(t *testing.T) {
	var o client.ScheduleOptions
	prepareWith(t, &fakeService{there: true}, created(t, &o))
	require.Equal(t, "daily-sweep", o.ID)
	require.Equal(t, time.Hour, o.Spec.Intervals[0].Every)
	require.Equal(t, enums.SCHEDULE_OVERLAP_POLICY_SKIP, o.Overlap)
	action := o.Action.(*client.ScheduleWorkflowAction)
	require.Equal(t, workflows.SweepName, action.Workflow)
	require.Equal(t, workflows.QueueMain, action.TaskQueue)
}

func TestS1_ScheduleThatIsThereGetsTheInterval(t *testing.T) {
	s, handle := mocks.NewScheduleClient(t), mocks.NewScheduleHandle(t)
	s.On("Create", mock.Anything, mock.Anything).Return(nil, temporal.ErrScheduleAlreadyRunning)
	s.On("GetHandle", mock.Anything, "daily-sweep").Return(handle)
	handle.On("Update", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		old := client.Schedule{
			Spec: &client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Minute}}},
		}
		u, err := args.Get(1).(client.ScheduleUpdateOptions).DoUpdate(
			client.ScheduleUpdateInput{Description: client.ScheduleDescription{Schedule: old}},
		)
		require.NoError(t, err)
		require.Equal(t, time.Hour, u.Schedule.Spec.Intervals[0].Every)
	}).Return(nil)
	prepareWith(t, &fakeService{there: true}, s)
}

func TestWorkerWaitsForATemporalThatComesLater(t *testing.T) {
	var o client.ScheduleOptions
	f := &fakeService{there: true, fails: 1, down: serviceerror.NewUnavailable("not yet")}
	prepareWith(t, f, created(t, &o))
	require.Negative(t, f.fails, "it asked again")
}

func TestWorkerStopsWaitingWhenItIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := keeperOf(t, storetest.SQLite(t),
		&fakeService{fails: 1 << 30, down: serviceerror.NewUnavailable("not yet")}, mocks.NewScheduleClient(t))
	require.ErrorIs(t, c.prepare(ctx), context.Canceled)
}

func TestNamespaceIsMadeWithItsRetention(t *testing.T) {
	var o client.ScheduleOptions
	service := &fakeService{}
	c := keeperOf(t, storetest.SQLite(t), service, created(t, &o))
	require.NoError(t, c.lookAfter(context.Background(), putSchedule))
	require.Equal(t, "roomcover", service.registered.Namespace)
	require.Equal(t, 720*time.Hour, service.registered.WorkflowExecutionRetentionPeriod.AsDuration())

	service = &fakeService{}
	c = keeperOf(t, storetest.SQLite(t), service, created(t, &o))
	c.options.Retention = 240 * time.Hour
	require.NoError(t, c.lookAfter(context.Background(), putSchedule))
	require.Equal(t, 240*time.Hour, service.registered.WorkflowExecutionRetentionPeriod.AsDuration())
}

func TestNamespaceThatAnotherWorkerMakesIsNoObstacle(t *testing.T) {
	var o client.ScheduleOptions
	service := &fakeService{err: serviceerror.NewNamespaceAlreadyExists("first")}
	c := keeperOf(t, storetest.SQLite(t), service, created(t, &o))
	require.NoError(t, c.lookAfter(context.Background(), putSchedule))

	service.err = serviceerror.NewPermissionDenied("no", "")
	require.ErrorContains(t, c.lookAfter(context.Background(), putSchedule), "cannot be made")
}

// Temporal loses its data while the workers run: within a look everything is back, and what
// was under way is told to go on, once.
func TestLostTemporalIsPutBackWhileTheWorkersRun(t *testing.T) {
	env := storetest.SQLite(t)
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	service := &fakeService{there: true}
	schedules := mocks.NewScheduleClient(t)
	scheduled := true
	schedules.On("Create", mock.Anything, mock.Anything).Return(
		func(context.Context, client.ScheduleOptions) (client.ScheduleHandle, error) {
			if scheduled {
				return nil, temporal.ErrScheduleAlreadyRunning
			}
			scheduled = true
			return nil, nil
		})
	c := keeperOf(t, env, service, schedules)
	restarted := func() int {
		return env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind IN ('order.retry', 'invitation.retry')"+
			" AND (subject_id = '"+o.ID+"' OR subject_id LIKE 'inv_%')")
	}

	require.NoError(t, c.lookAfter(env.Context, keepSchedule))
	require.Zero(t, restarted(), "nothing was lost")

	service.there, scheduled = false, false
	require.NoError(t, c.lookAfter(env.Context, keepSchedule))
	require.True(t, service.there)
	require.True(t, scheduled)
	require.EqualValues(t, 2, restarted(), "the order and its invitation")

	require.NoError(t, c.lookAfter(env.Context, keepSchedule))
	require.EqualValues(t, 2, restarted(), "once")

	scheduled = false // the namespace was made again by somebody else
	require.NoError(t, c.lookAfter(env.Context, keepSchedule))
	require.EqualValues(t, 4, restarted())
}

// The caretaker looks again and again, by itself.
func TestCaretakerLooksUntilItIsTold(t *testing.T) {
	env := storetest.SQLite(t)
	looks := make(chan struct{}, 100)
	schedules := mocks.NewScheduleClient(t)
	schedules.On("Create", mock.Anything, mock.Anything).
		Run(func(mock.Arguments) { looks <- struct{}{} }).
		Return(nil, temporal.ErrScheduleAlreadyRunning)
	c := keeperOf(t, env, &fakeService{there: true}, schedules)
	c.pause = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.keep(ctx) }()
	for range 3 {
		<-looks
	}
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}

// Setup makes what is missing, raises a retention that is too short, and does nothing twice.
func TestSetupIsDoneOnce(t *testing.T) {
	env := storetest.SQLite(t)
	schedules := mocks.NewScheduleClient(t)
	handle := mocks.NewScheduleHandle(t)
	schedules.On("Create", mock.Anything, mock.Anything).Return(nil, nil).Once()
	schedules.On("Create", mock.Anything, mock.Anything).Return(nil, temporal.ErrScheduleAlreadyRunning)
	schedules.On("GetHandle", mock.Anything, mock.Anything).Return(handle)
	handle.On("Update", mock.Anything, mock.Anything).Return(nil)
	service := &fakeService{}
	o := keeperOf(t, env, service, schedules).options

	made, err := Setup(env.Context, o)
	require.NoError(t, err)
	require.True(t, made)
	require.Zero(t, service.updates, "it was made with it")

	made, err = Setup(env.Context, o)
	require.NoError(t, err)
	require.False(t, made)
	require.Zero(t, service.updates)

	o.Retention = 60 * 24 * time.Hour
	_, err = Setup(env.Context, o)
	require.NoError(t, err)
	require.Equal(t, 1, service.updates)
	o.Retention = 24 * time.Hour
	_, err = Setup(env.Context, o)
	require.NoError(t, err)
	require.Equal(t, 1, service.updates, "a longer one stays")
}
