package worker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"google.golang.org/protobuf/types/known/timestamppb"

	"roomcover.dev/roomcover/workflows"
)

// looked is what Look says of a Temporal with this service, schedule and last poll.
func looked(
	t *testing.T, service *fakeService, schedule *client.ScheduleDescription, polled time.Duration,
) (Standing, error) {
	t.Helper()
	f, schedules, handle := mocks.NewClient(t), mocks.NewScheduleClient(t), mocks.NewScheduleHandle(t)
	f.On("WorkflowService").Return(service)
	f.On("ScheduleClient").Return(schedules).Maybe()
	schedules.On("GetHandle", mock.Anything, "daily-sweep").Return(handle).Maybe()
	if schedule == nil {
		handle.On("Describe", mock.Anything).Return(nil, serviceerror.NewNotFound("gone")).Maybe()
	} else {
		handle.On("Describe", mock.Anything).Return(schedule, nil).Maybe()
	}
	f.On("DescribeTaskQueue", mock.Anything, workflows.QueueMain, mock.Anything).
		Return(&workflowservice.DescribeTaskQueueResponse{Pollers: []*taskqueue.PollerInfo{
			{LastAccessTime: timestamppb.New(time.Now().Add(-polled))},
		}}, nil).Maybe()
	return Look(t.Context(), Options{Temporal: f, Namespace: "roomcover", Retention: 48 * time.Hour})
}

func TestALookNamesWhatTemporalLacks(t *testing.T) {
	running := &client.ScheduleDescription{}
	paused := &client.ScheduleDescription{}
	paused.Schedule.State = &client.ScheduleState{Paused: true}
	all := Standing{Namespace: true, Retention: 48 * time.Hour, Schedule: true, Polled: true}

	for name, c := range map[string]struct {
		service  *fakeService
		schedule *client.ScheduleDescription
		polled   time.Duration
		want     func(*Standing)
	}{
		"all is there": {
			&fakeService{there: true, retention: 48 * time.Hour}, running, time.Second, func(*Standing) {},
		},
		"no namespace": {
			&fakeService{}, running, time.Second, func(s *Standing) { *s = Standing{} },
		},
		"kept too short": {
			&fakeService{there: true, retention: 47 * time.Hour}, running, time.Second,
			func(s *Standing) { s.Retention, s.Short = 47*time.Hour, true },
		},
		"no schedule": {
			&fakeService{there: true, retention: 48 * time.Hour}, nil, time.Second,
			func(s *Standing) { s.Schedule = false },
		},
		"a paused schedule": {
			&fakeService{there: true, retention: 48 * time.Hour}, paused, time.Second,
			func(s *Standing) { s.Paused = true },
		},
		"no worker": {
			&fakeService{there: true, retention: 48 * time.Hour}, running, time.Hour,
			func(s *Standing) { s.Polled = false },
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := all
			c.want(&want)
			got, err := looked(t, c.service, c.schedule, c.polled)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}

	_, err := looked(t, &fakeService{fails: 1, down: serviceerror.NewUnavailable("down")}, running, 0)
	require.ErrorContains(t, err, "down")
}
