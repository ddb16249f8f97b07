package worker

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/sdk/mocks"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Steps that are new wait while a worker polls that does not know them, and for as long as
// nobody knows who polls. One that has not polled for minutes is gone; one that knows more is
// no hindrance.
func TestStepsThatAreNewWaitForOlderWorkersToBeGone(t *testing.T) {
	seen := func(identity string, ago time.Duration) *taskqueue.PollerInfo {
		return &taskqueue.PollerInfo{
			Identity:       identity,
			LastAccessTime: timestamppb.New(time.Now().Add(-ago)),
		}
	}
	me, newer := newIdentity(), "1@host@ABCDEFGH/steps-99"
	for name, c := range map[string]struct {
		who  []*taskqueue.PollerInfo
		open bool
	}{
		"this one alone":              {[]*taskqueue.PollerInfo{seen(me, 0)}, true},
		"nobody yet":                  {nil, true},
		"an earlier release":          {[]*taskqueue.PollerInfo{seen(me, 0), seen("1@host@ABCDEFGH", time.Minute)}, false},
		"one before the first step":   {[]*taskqueue.PollerInfo{seen("1@host@ABCDEFGH/steps-0", 0), seen(me, 0)}, false},
		"an earlier release, gone":    {[]*taskqueue.PollerInfo{seen(me, 0), seen("1@host@ABCDEFGH", 5*time.Minute)}, true},
		"a later release":             {[]*taskqueue.PollerInfo{seen(me, 0), seen(newer, 0)}, true},
		"one that nobody understands": {[]*taskqueue.PollerInfo{seen("1@host/steps-all", 0)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := newStepGate(Options{
				Temporal: pollers(func(string, enums.TaskQueueType) []*taskqueue.PollerInfo { return c.who }).client(t),
				Log:      slog.New(slog.DiscardHandler),
			})
			require.False(t, g.open(), "nobody has said who polls")
			g.look(t.Context())
			require.Equal(t, c.open, g.open())
		})
	}

	away := mocks.NewClient(t)
	away.On("DescribeTaskQueue", mock.Anything, mock.Anything, mock.Anything).Return(nil, errors.New("away"))
	g := newStepGate(Options{Temporal: away, Log: slog.New(slog.DiscardHandler)})
	g.look(t.Context())
	require.False(t, g.open())
	g.isOpen.Store(true)
	g.look(t.Context())
	require.True(t, g.open(), "what Temporal said last holds")
}
