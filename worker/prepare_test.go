package worker

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/workflows"
)

// fakeOperator is Temporal's operator service with some search attributes; its
// first calls fail with err.
type fakeOperator struct {
	operatorservice.OperatorServiceClient
	known, added map[string]enums.IndexedValueType
	fails        int
	err          error
}

func (f *fakeOperator) ListSearchAttributes(
	context.Context, *operatorservice.ListSearchAttributesRequest, ...grpc.CallOption,
) (*operatorservice.ListSearchAttributesResponse, error) {
	if f.fails--; f.fails >= 0 {
		return nil, f.err
	}
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: f.known}, nil
}

func (f *fakeOperator) AddSearchAttributes(
	_ context.Context, r *operatorservice.AddSearchAttributesRequest, _ ...grpc.CallOption,
) (*operatorservice.AddSearchAttributesResponse, error) {
	f.added = r.SearchAttributes
	return &operatorservice.AddSearchAttributesResponse{}, nil
}

func prepareWith(t *testing.T, operator *fakeOperator, schedules *mocks.ScheduleClient) {
	t.Helper()
	f := mocks.NewClient(t)
	f.On("OperatorService").Return(operator)
	f.On("ScheduleClient").Return(schedules)
	require.NoError(t, prepare(context.Background(), Options{
		Domains:   storetest.SQLite(t).Domains,
		Temporal:  f,
		Namespace: "roomcover",
		Log:       quiet,
	}))
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
	prepareWith(t, &fakeOperator{known: SearchAttributes()}, created(t, &o))
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
	prepareWith(t, &fakeOperator{known: SearchAttributes()}, s)
}

func TestSearchAttributesAreAddedWhereMissing(t *testing.T) {
	var o client.ScheduleOptions
	known := SearchAttributes()
	delete(known, workflows.AttributeUntil.GetName())
	f := &fakeOperator{known: known}
	prepareWith(t, f, created(t, &o))
	require.Equal(t, map[string]enums.IndexedValueType{
		workflows.AttributeUntil.GetName(): enums.INDEXED_VALUE_TYPE_DATETIME,
	}, f.added)
}

func TestServiceThatForbidsSearchAttributesIsNoObstacle(t *testing.T) {
	var o client.ScheduleOptions
	prepareWith(t, &fakeOperator{fails: 1, err: serviceerror.NewPermissionDenied("no", "")}, created(t, &o))
}

func TestWorkerWaitsForATemporalThatComesLater(t *testing.T) {
	var o client.ScheduleOptions
	f := &fakeOperator{known: SearchAttributes(), fails: 1, err: serviceerror.NewUnavailable("not yet")}
	prepareWith(t, f, created(t, &o))
	require.Negative(t, f.fails, "it asked again")
}

func TestWorkerStopsWaitingWhenItIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f := mocks.NewClient(t)
	f.On("OperatorService").Return(&fakeOperator{fails: 1 << 30, err: serviceerror.NewUnavailable("not yet")})
	s := mocks.NewScheduleClient(t)
	s.On("Create", mock.Anything, mock.Anything).Return(nil, serviceerror.NewUnavailable("not yet"))
	f.On("ScheduleClient").Return(s)
	require.ErrorIs(t, prepare(ctx, Options{Domains: storetest.SQLite(t).Domains, Temporal: f, Log: quiet}),
		context.Canceled)
}
