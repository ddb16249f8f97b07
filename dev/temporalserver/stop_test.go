package temporalserver_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/dev/temporalserver"
	roomcover "roomcover.dev/roomcover/worker"
	"roomcover.dev/roomcover/workflows"
)

// hanging has every step of Roomcover's workers hang, and heed neither its context nor the
// stop, until it is let go.
type hanging struct {
	interceptor.InterceptorBase
	letGo chan struct{}
	hangs chan string // the queues of steps that began
}

func (h *hanging) InterceptActivity(
	ctx context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &hangingStep{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, h: h}
}

type hangingStep struct {
	interceptor.ActivityInboundInterceptorBase
	h *hanging
}

func (s *hangingStep) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	s.h.hangs <- activity.GetInfo(ctx).TaskQueue
	<-s.h.letGo
	return nil, context.Canceled
}

// stepOn is a step of each of Roomcover's queues.
var stepOn = map[string]string{
	workflows.QueueMain:    activities.NameRaiseStuck,
	workflows.QueueMail:    activities.NameSendMails,
	workflows.QueueImport:  activities.NameRunImport,
	workflows.QueueCarrier: activities.NameSettleParcels,
}

// askQueues asks for a step on each of the queues.
func askQueues(ctx workflow.Context, queues []string) error {
	for _, queue := range queues {
		workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			TaskQueue:           queue,
			StartToCloseTimeout: time.Hour,
		}), stepOn[queue], nil)
	}
	return workflow.Sleep(ctx, time.Hour)
}

// stopWith returns how long Roomcover's workers take to stop while a step hangs on each of the
// queues.
func stopWith(t *testing.T, s *temporalserver.Server, timeout time.Duration, queues ...string) time.Duration {
	t.Helper()
	h := &hanging{letGo: make(chan struct{}), hangs: make(chan string, 100)}
	var once sync.Once
	letGo := func() { once.Do(func() { close(h.letGo) }) }
	t.Cleanup(letGo)
	c, err := client.Dial(client.Options{
		HostPort: s.Address(), Namespace: s.Namespace(),
		Logger:       log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		Interceptors: []interceptor.ClientInterceptor{h},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	asker := worker.New(connect(t, s), "asker", worker.Options{})
	asker.RegisterWorkflow(askQueues)
	require.NoError(t, asker.Start())
	t.Cleanup(asker.Stop)

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- roomcover.Run(ctx, roomcover.Options{
			Domains:     world(t).Domains,
			Temporal:    c,
			Sender:      taken{},
			Namespace:   s.Namespace(),
			PortalURL:   "https://portal.example",
			Log:         slog.New(slog.DiscardHandler),
			StopTimeout: timeout,
		})
	}()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: "asker"}, askQueues, queues)
	require.NoError(t, err)
	hang := map[string]bool{}
	for len(hang) < len(queues) {
		select {
		case queue := <-h.hangs:
			if slices.Contains(queues, queue) {
				hang[queue] = true
			}
		case <-time.After(deadline):
			require.Fail(t, "not every queue has its step", "%v", hang)
		}
	}

	began := time.Now()
	stop()
	require.NoError(t, <-ended)
	took := time.Since(began)
	require.NoError(t, c.TerminateWorkflow(t.Context(), run.GetID(), "", "over"))
	letGo()
	return took
}

// A worker whose every queue hangs stops as soon as one with a single queue that hangs: each
// queue has the whole time, and all have it at once. Whatever stops it waits a little longer than
// that time (see deploy).
func TestFourHangingQueuesStopAsSoonAsOne(t *testing.T) {
	s := start(t, options(t))
	const timeout = 3 * time.Second
	all := []string{workflows.QueueMain, workflows.QueueMail, workflows.QueueImport, workflows.QueueCarrier}
	var one, four time.Duration
	for range 3 { // what else this machine does may make one of them longer
		one = stopWith(t, s, timeout, workflows.QueueMail)
		four = stopWith(t, s, timeout, all...)
		t.Logf("one hanging queue: %s; four: %s", one, four)
		if float64(four) <= 1.3*float64(one) {
			break
		}
	}
	require.GreaterOrEqual(t, one, timeout, "it hung")
	require.LessOrEqual(t, float64(four), 1.3*float64(one))
}
