package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// RunRMAs measures ordinary RMAs and reports; Options.Orders is their number. It
// leaves nothing behind.
func RunRMAs(ctx context.Context, o Options) (Report, error) {
	return measure(ctx, o, "RMA", func(b *bench) []func(context.Context) error {
		r := &rmas{bench: b}
		b.subject = subject{
			stack:     r.all,
			runFloor:  r.runFloor,
			runByHand: r.runByHand,
			workflows: `SELECT 'rma/' || id FROM rmas WHERE fault LIKE 'count-%'`,
		}

		return []func(context.Context) error{
			r.prepare, r.counts, r.readScript, r.pairs, r.answers, r.waiting,
		}
	})
}

// rmas is the measure of RMAs.
type rmas struct {
	*bench
	ready  chan *faulty // devices that have not failed yet
	opened int          // accounts so far
	script script
}

// prepare makes a depot and the devices that are counted, while no worker runs.
func (r *rmas) prepare(ctx context.Context) error {
	r.ready = make(chan *faulty, 1<<17)
	if err := errors.Join(r.parts.stack.StopWorker(), r.openDepot(ctx),
		r.provide(ctx, 5+counted)); err != nil {
		return err
	}
	r.parts.stack.StartWorker()
	return nil
}

// pairs provides the devices of all halves first.
func (r *rmas) pairs(ctx context.Context) error {
	const both = 2 // the stack and by hand
	if err := r.provide(ctx, both*r.Pairs*(r.Orders+max(r.Orders/10, 1))); err != nil {
		return err
	}
	return r.bench.pairs(ctx)
}

// all takes RMAs from request to close, each step once the mails of the one before
// have arrived, and waits until every mail is recorded.
func (r *rmas) all(
	ctx context.Context, name string, n, concurrency int, begun func(),
) (time.Duration, error) {
	return r.allAt(ctx, r.parts.stack.URL, name, n, concurrency, begun)
}

// allAt is all of the program at an address, the stack or the one by hand.
func (r *rmas) allAt(
	ctx context.Context, url, name string, n, concurrency int, begun func(),
) (time.Duration, error) {
	took, err := r.parts.tracker.run(ctx, name, n, concurrency, 1, begun, func(
		ctx context.Context, key string,
	) error {
		d, err := r.take()
		if err != nil {
			return err
		}

		d.name, d.url = key, url
		for _, step := range rmaSteps {
			if err := r.step(ctx, d, step); err != nil {
				return err
			}
		}

		r.parts.tracker.step(key)
		return nil
	})
	if err != nil {
		return took, err
	}

	return took, r.parts.awaitSent(ctx)
}

func (r *rmas) take() (*faulty, error) {
	select {
	case d := <-r.ready:
		return d, nil
	default:
		return nil, errors.New("no device is left that could fail")
	}
}

// step does one step and waits until the site's contact has its mail.
func (r *rmas) step(ctx context.Context, d *faulty, s rmaStep) error {
	if !s.mails {
		return s.do(ctx, r.parts, d)
	}
	mailed := r.parts.tracker.expect(d.key, 1)
	if err := s.do(ctx, r.parts, d); err != nil {
		return err
	}
	return await(ctx, mailed, "the mail of "+d.id)
}

// await waits for a step that somebody else does.
func await(ctx context.Context, done <-chan struct{}, what string) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(orderTimeout):
		return fmt.Errorf("%s did not come in %s", what, orderTimeout)
	}
}

// answers measures request, approval and list while RMAs come in at half the
// measured throughput.
func (r *rmas) answers(ctx context.Context) error {
	if r.Acceptance == 0 {
		return nil
	}

	rate := max(r.report.Medians.Stack.PerSecond/2, 1)
	if err := r.provide(ctx, int(rate*r.Acceptance.Seconds())+1); err != nil {
		return err
	}

	kinds := []*answers{
		newAnswers("request", rate), newAnswers("approve", rate), newAnswers("list", rate),
	}
	r.parts.stack.StartWorker()

	steady(rate, r.Acceptance, func(i int, due time.Time) {
		d, err := r.take()
		if err == nil {
			d.name, d.url = fmt.Sprintf("a-%d", i), r.parts.stack.URL
		}

		for n, do := range []func(context.Context, *parts, *faulty) error{request, approve, list} {
			if err == nil {
				err = do(ctx, r.parts, d)
			}
			kinds[n].add(due, err)
			due = time.Now()
		}
	})

	for _, a := range kinds {
		r.tell(a)
	}

	return errors.Join(r.parts.awaitSent(ctx), r.parts.stack.StopWorker(), ctx.Err())
}

// waiting gives a worker of its own process RMAs whose units are awaited, and then
// looks at it meanwhile.
func (r *rmas) waiting(ctx context.Context) error {
	if r.Waiting == 0 {
		return nil
	}
	if err := errors.Join(r.provide(ctx, r.Waiting+1), r.deliverAll(ctx), r.hold(ctx)); err != nil {
		return err
	}
	return r.whileWaiting(ctx, func() error { return r.release(ctx) })
}
