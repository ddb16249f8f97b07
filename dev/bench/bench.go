// Package bench measures Roomcover end to end: orders that come in over HTTP,
// become contracts and four mails each, and then wait; next to two floors: workflows of the
// very same shape that do nothing, and a program by hand that does the same work in as little
// as an expert would need. All run in one process on one Temporal server, alternating, so that
// they meet the same machine in the same minute.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"
)

// Options say what is measured.
type Options struct {
	// Orders, or RMAs, per half of a pair, Concurrency how many are under way at once.
	Orders, Concurrency int
	// Pairs of one run of the stack and one of each of its floors.
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
	// CPUProfile is the file for a profile of the first run of the stack; those of the floors
	// go to the same name with ".floor" and ".byhand". Empty for none.
	CPUProfile string
	// Progress is told what is going on; nil for nobody.
	Progress io.Writer

	keepMails bool // at the SMTP server, to compare them; the tracker is not told of them
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
			runByHand: b.parts.runByHand,
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

// runner runs something while the workers of one alternative run.
type runner func(ctx context.Context, run func(load) error) error

// subject is what is measured, next to its floors.
type subject struct {
	stack     load   // through API, worker and mail
	runFloor  runner // the workflows doing nothing
	runByHand runner // an expert's program; nil: there is none
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

// alternative is one of what alternates, with where its half of a pair goes.
type alternative struct {
	name string
	run  runner
	into *Half
}

// pairs alternates the stack and its floors; each pair begins with another one.
func (b *bench) pairs(ctx context.Context) error {
	for i := range b.Pairs {
		var p Pair
		alternatives := []alternative{
			{"s", b.runStack, &p.Stack},
			{"f", b.runFloor, &p.Floor},
		}
		if b.runByHand != nil {
			p.ByHand = &Half{}
			alternatives = append(alternatives, alternative{"h", b.runByHand, p.ByHand})
		}

		for turn := range alternatives {
			a := alternatives[(turn+i)%len(alternatives)]
			var err error
			if *a.into, err = b.half(ctx, fmt.Sprintf("%s%d", a.name, i), a.run); err != nil {
				return err
			}
		}

		p.rate()
		b.report.Pairs = append(b.report.Pairs, p)
		b.say("pair %d of %d: %s", i+1, b.Pairs, p)
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
	ctx context.Context, name string, with runner,
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
