package bench

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// load runs n orders, at most concurrency of them under way at once, and
// returns how long it took until the last was done. name keeps apart the
// orders of several runs. begun, when given, is called as each begins.
type load func(
	ctx context.Context, name string, n, concurrency int, begun func(),
) (time.Duration, error)

// tracker knows which orders are under way and when each is done.
type tracker struct {
	mu    sync.Mutex
	steps map[string]*steps
}

type steps struct {
	left int
	done chan struct{}
}

func newTracker() *tracker { return &tracker{steps: map[string]*steps{}} }

// expect announces an order that is done after n steps.
func (t *tracker) expect(key string, n int) <-chan struct{} {
	s := &steps{left: n, done: make(chan struct{})}
	t.mu.Lock()
	t.steps[key] = s
	t.mu.Unlock()
	return s.done
}

// step says that a step of an order is done; orders that nobody waits for
// are ignored.
func (t *tracker) step(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.steps[key]
	if s == nil {
		return
	}

	if s.left--; s.left == 0 {
		close(s.done)
		delete(t.steps, key)
	}
}

// orderTimeout is how long one order may be under way; a machine under heavy
// load needs seconds, and what takes longer is broken.
const orderTimeout = 5 * time.Minute

// run begins n orders and waits for each.
func (t *tracker) run(
	ctx context.Context,
	name string,
	n, concurrency, stepsEach int,
	begun func(),
	begin func(ctx context.Context, key string) error,
) (time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()

	for range concurrency {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n) && ctx.Err() == nil; i = next.Add(1) {
				key := fmt.Sprintf("%s-%d", name, i)
				done := t.expect(key, stepsEach)
				if err := begin(ctx, key); err != nil {
					cancel(fmt.Errorf("order %s: %w", key, err))
					return
				}
				if begun != nil {
					begun()
				}

				select {
				case <-done:
				case <-ctx.Done():
				case <-time.After(orderTimeout):
					cancel(fmt.Errorf("order %s was not done after %s", key, orderTimeout))
				}
			}
		})
	}

	wg.Wait()
	return time.Since(began), context.Cause(ctx)
}
