package worker

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"roomcover.dev/roomcover/workflows"
)

// knownSteps counts the steps that were added to workflows since the first release, those
// behind workflow.GetVersion. It stands at the end of a worker's identity: raise it with each
// such step, and a new worker takes none of them while one that knows fewer polls.
const knownSteps = 2

const gatePause = 10 * time.Second // between two looks at who polls

// stepGate is closed while a worker polls for workflow tasks that does not know every step
// which this one knows, and until Temporal has said who polls.
type stepGate struct {
	client client.Client
	log    *slog.Logger
	isOpen atomic.Bool
}

func newStepGate(o Options) *stepGate { return &stepGate{client: o.Temporal, log: o.Log} }

// open reports whether steps that are new may be taken.
func (g *stepGate) open() bool { return g.isOpen.Load() }

// watch looks again and again until the context ends.
func (g *stepGate) watch(ctx context.Context) error {
	for {
		if err := pause(ctx, gatePause); err != nil {
			return err
		}
		g.look(ctx)
	}
}

// look finds out who polls. Where Temporal does not answer, what it said last holds.
func (g *stepGate) look(ctx context.Context) {
	told, err := g.client.DescribeTaskQueue(ctx, workflows.QueueMain,
		enums.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return
	}

	older := ""
	for _, poller := range told.GetPollers() {
		gone := time.Since(poller.GetLastAccessTime().AsTime()) >= pollPatience
		if !gone && stepsKnownBy(poller.GetIdentity()) < knownSteps {
			older = poller.GetIdentity()
		}
	}

	if open := older == ""; g.isOpen.Swap(open) && !open {
		g.log.Warn("an older worker polls; steps that are new wait until it is gone",
			"worker", older)
	}
}

// stepsKnownBy reads how many steps the worker of an identity knows; one of an earlier release
// does not say it, and knows none.
func stepsKnownBy(identity string) int {
	_, after, found := strings.Cut(identity, stepsMark)
	if !found {
		return 0
	}
	n, err := strconv.Atoi(after)
	if err != nil {
		return 0
	}
	return n
}

const stepsMark = "/steps-" // between who a worker is and how many steps it knows
