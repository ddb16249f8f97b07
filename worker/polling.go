package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"roomcover.dev/roomcover/workflows"
)

// Polling knows whether this process takes work: whether Temporal has seen its workers poll
// their queues of late. Its zero value says no.
type Polling struct {
	mu       sync.Mutex
	client   client.Client
	identity string // of the workers that run; empty: none do

	asked  time.Time
	answer error // of the last time
}

const (
	// pollPatience is longer than a poll without work, a minute, with a clock that is a minute
	// and a half off Temporal's, and shorter than Temporal remembers a poller that is gone, five.
	pollPatience = 4 * time.Minute
	pollPause    = 2 * time.Second // between two questions to Temporal
)

var errNotPolling = errors.New("the workers do not run yet, or no longer")

// Ready returns nil where every one of askedQueues is polled, or else why not.
func (p *Polling) Ready(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()

	if p.identity == "" {
		return errNotPolling
	}
	if time.Since(p.asked) < pollPause {
		return p.answer
	}

	p.answer = p.ask(ctx)
	p.asked = time.Now()
	return p.answer
}

func (p *Polling) ask(ctx context.Context) error {
	for _, queue := range askedQueues() {
		kinds := []enums.TaskQueueType{enums.TASK_QUEUE_TYPE_ACTIVITY}
		if queue == workflows.QueueMain {
			kinds = append(kinds, enums.TASK_QUEUE_TYPE_WORKFLOW)
		}

		for _, kind := range kinds {
			polled, err := p.polled(ctx, queue, kind)
			if err != nil {
				return fmt.Errorf("who polls %s is not known: %w", queue, err)
			}
			if !polled {
				return fmt.Errorf("no poll of %s (%s) has reached Temporal of late", queue, kind)
			}
		}
	}

	return nil
}

func (p *Polling) polled(
	ctx context.Context, queue string, kind enums.TaskQueueType,
) (bool, error) {
	told, err := p.client.DescribeTaskQueue(ctx, queue, kind)
	if err != nil {
		return false, err
	}

	for _, poller := range told.GetPollers() {
		since := time.Since(poller.GetLastAccessTime().AsTime())
		if poller.GetIdentity() == p.identity && since < pollPatience {
			return true, nil
		}
	}

	return false, nil
}

// askedQueues are the queues that readiness asks about: all that a process polls but the one
// for files. A worker full of files has no slot for another one, and does not poll for it while
// all is well.
func askedQueues() []string {
	return []string{workflows.QueueMain, workflows.QueueMail, workflows.QueueCarrier}
}

// began notes that workers with an identity run.
func (p *Polling) began(c client.Client, identity string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.client, p.identity, p.asked = c, identity, time.Time{}
}

// ended notes that none do.
func (p *Polling) ended() { p.began(nil, "") }

// newIdentity names workers in Temporal: by process and machine, unlike those that this
// process, or one of the same number before it, had earlier, and with the steps they know.
func newIdentity() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%d@%s@%s%s%d", os.Getpid(), host, rand.Text()[:8], stepsMark, knownSteps)
}
