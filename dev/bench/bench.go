// Package bench measures Roomcover end to end: orders that come in over HTTP,
// become contracts and four mails each, and then wait; next to a floor of
// workflows of the very same shape that do nothing. Stack and floor run in one
// process on one Temporal server, alternating, so that both meet the same
// machine in the same minute.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"
)

// Options say what is measured.
type Options struct {
	// Orders, or RMAs, per half of a pair, Concurrency how many are under way at once.
	Orders, Concurrency int
	// Pairs of one run of the stack and one of the floor.
	Pairs int
	// Database is "sqlite" or "postgres"; DatabaseURL names a PostgreSQL server
	// that runs already, empty starts a throw-away one.
	Database, DatabaseURL string
	// Acceptance is how long each measure of acceptance lasts; 0 leaves it out.
	Acceptance time.Duration
	// So many Waiting are created before a worker's memory and CPU are measured
	// for WaitingTime; 0 leaves it out.
	Waiting     int
	WaitingTime time.Duration
	// WorkerCommand starts a worker as a process of its own; see WorkerOptions.
	WorkerCommand func(w WorkerOptions) []string
	// Program is the released program roomcover, to measure its worker rather
	// than ours, which carries a whole Temporal server; on PostgreSQL only.
	Program string
	// CPUProfile is the file for a profile of the first run of the stack; that of
	// the floor goes to the same name with ".floor". Empty for none.
	CPUProfile string
	// Progress is told what is going on; nil for nobody.
	Progress io.Writer
}

// counted is how many have their statements, histories and actions counted.
const counted = 10

// countedOrders names the workflows of the orders that are counted.
const countedOrders = `SELECT 'order/' || o.id || ' invitation/' || i.id
	FROM orders o
	JOIN invitations i ON i.order_id = o.id
	WHERE o.po_number LIKE 'PO-count-%'`

// Run measures orders and reports. It leaves nothing behind.
func Run(ctx context.Context, o Options) (Report, error) {
	return measure(ctx, o, "order", func(b *bench) []func(context.Context) error {
		b.subject = subject{
			stack:     b.parts.orders,
			runFloor:  b.parts.runFloor,
			workflows: countedOrders,
		}
		return []func(context.Context) error{b.counts, b.pairs, b.acceptance, b.waiting}
	})
}

// measure has everything up while the steps run.
func measure(
	ctx context.Context, o Options, of string, steps func(b *bench) []func(context.Context) error,
) (Report, error) {
	if o.Progress == nil {
		o.Progress = io.Discard
	}

	if o.Program != "" && o.Database != "postgres" {
		return Report{}, errors.New(
			"the released program's worker runs on PostgreSQL only: choose --database postgres",
		)
	}

	dir, err := os.MkdirTemp("", "roomcover-bench-")
	if err != nil {
		return Report{}, err
	}
	defer os.RemoveAll(dir)

	b := &bench{Options: o, began: time.Now(), report: newReport(o, of)}
	b.say("starting Temporal, %s, API and worker", o.Database)
	if b.parts, err = startParts(ctx, o, dir); err != nil {
		return Report{}, err
	}
	defer func() { _ = b.parts.stop() }()

	for _, step := range steps(b) {
		if err := step(ctx); err != nil {
			return b.report, err
		}
	}

	b.report.Load.After = loadAverage()
	return b.report, nil
}

// subject is what is measured, next to its floor.
type subject struct {
	stack    load                                                  // through API, worker and mail
	runFloor func(ctx context.Context, run func(load) error) error // while the floor's workers run
	// query of the workflows of the run "count"; see histories
	workflows string
}

// bench is one run.
type bench struct {
	Options
	subject
	parts  *parts
	report Report
	began  time.Time
	// workerEnvironment is what a worker of its own process is told beside the usual.
	workerEnvironment []string
}

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(b.Progress, "%6.1fs  %s\n",
		time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

// counts runs a few on the worker that came up with the stack and counts what they
// cost: figures that depend on no machine. Then it stops the worker; each measure
// starts its own.
func (b *bench) counts(ctx context.Context) error {
	b.say("counting SQL statements, events and actions of %d %ss", counted, b.report.Of)
	if _, err := b.stack(ctx, "first", 5, 5, nil); err != nil {
		// the program and the catalogue are read
		return err
	}

	b.parts.statements.start()
	if _, err := b.stack(ctx, "count", counted, counted, nil); err != nil {
		return err
	}

	b.report.Counts.Statements = b.parts.statements.stop(counted)
	b.report.Counts.StatementsEach = total(b.report.Counts.Statements)
	return errors.Join(
		b.parts.histories(ctx, b.workflows, &b.report.Counts), b.parts.stack.StopWorker(),
	)
}

// pairs alternates the stack and the floor; every second pair begins with the
// floor.
func (b *bench) pairs(ctx context.Context) error {
	for i := range b.Pairs {
		var p Pair
		halves := []func() error{
			func() (err error) {
				p.Stack, err = b.half(ctx, fmt.Sprintf("s%d", i), b.runStack)
				return err
			},
			func() (err error) {
				p.Floor, err = b.half(ctx, fmt.Sprintf("f%d", i), b.runFloor)
				return err
			},
		}

		if i%2 == 1 {
			slices.Reverse(halves)
		}

		for _, half := range halves {
			if err := half(); err != nil {
				return err
			}
		}

		p.rate()
		b.report.Pairs = append(b.report.Pairs, p)
		b.say(
			"pair %d of %d: stack %.1f/s, %.2f ms CPU; floor %.1f/s, %.2f ms CPU; "+
				"ratios %.2f and %.2f",
			i+1, b.Pairs, p.Stack.PerSecond, p.Stack.CPU*1000, p.Floor.PerSecond, p.Floor.CPU*1000,
			p.PerSecondRatio, p.CPURatio,
		)
	}

	b.report.sum()
	return nil
}

// settle is how long a half waits after its last until it reads the CPU
// used, so that what is done in the background is counted too.
const settle = 500 * time.Millisecond

// half runs one half of a pair: workers start, a tenth warms up, then the
// others are measured.
func (b *bench) half(
	ctx context.Context, name string, with func(context.Context, func(run load) error) error,
) (Half, error) {
	var h Half
	err := with(ctx, func(run load) error {
		if _, err := run(ctx, name+"w", max(b.Orders/10, 1), b.Concurrency, nil); err != nil {
			return err
		}

		time.Sleep(settle)
		runtime.GC()
		stop, err := b.profile(name)
		if err != nil {
			return err
		}

		before := b.parts.cpu()
		took, err := run(ctx, name, b.Orders, b.Concurrency, nil)
		if err = errors.Join(err, stop()); err != nil {
			return err
		}

		time.Sleep(settle)
		h = Half{
			Orders:    b.Orders,
			Seconds:   took.Seconds(),
			PerSecond: float64(b.Orders) / took.Seconds(),
			CPU:       (b.parts.cpu() - before).Seconds() / float64(b.Orders),
		}

		return nil
	})

	return h, err
}

// runStack has the stack's worker running while run is called.
func (b *bench) runStack(_ context.Context, run func(load) error) error {
	b.parts.stack.StartWorker()
	return errors.Join(run(b.stack), b.parts.stack.StopWorker())
}
