package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"roomcover.dev/roomcover/models/account"
)

// RoomsOptions say what is measured of rooms, devices and cover, on a throw-away
// PostgreSQL server with fsync on.
type RoomsOptions struct {
	// Sizes are the numbers of rooms, three devices each, spread over Accounts.
	Sizes    []int
	Accounts int
	// Requests of each kind, one after another.
	Requests int
	// Contracts that the sweep looks at and leaves alone.
	Contracts int
	// ImportRows are the rows of the imported file, one device each, three to a
	// room; 0 leaves the import out. Its worker is a process of its own.
	ImportRows    int
	WorkerCommand func(w WorkerOptions) []string
	// Program is the released program roomcover, to measure its worker.
	Program string
	// Progress is told what is going on; nil for nobody.
	Progress io.Writer
}

// RunRooms measures each size on a database of its own and reports. It leaves
// nothing behind.
func RunRooms(ctx context.Context, o RoomsOptions) (RoomsReport, error) {
	if o.Progress == nil {
		o.Progress = io.Discard
	}

	report := newRoomsReport(o)
	for i, rooms := range o.Sizes {
		last := i == len(o.Sizes)-1
		figures, err := measureRooms(ctx, o, rooms, last)
		if err != nil {
			return report, fmt.Errorf("%d rooms: %w", rooms, err)
		}
		report.Sizes = append(report.Sizes, figures)
	}

	report.Load.After = loadAverage()
	return report, nil
}

// roomsBench is the measure of one size.
type roomsBench struct {
	*bench
	o        RoomsOptions
	rooms    int
	reseller account.Org
	tenants  []tenant
	figures  RoomsFigures
}

// measureRooms measures one size; the sweep and the import at the last size only.
func measureRooms(ctx context.Context, o RoomsOptions, rooms int, last bool) (RoomsFigures, error) {
	dir, err := os.MkdirTemp("", "roomcover-bench-")
	if err != nil {
		return RoomsFigures{}, err
	}
	defer os.RemoveAll(dir)

	b := &roomsBench{o: o, rooms: rooms, figures: RoomsFigures{Rooms: rooms}}
	b.bench = &bench{
		Options: Options{
			Database:      "postgres",
			Program:       o.Program,
			WorkerCommand: o.WorkerCommand,
			Progress:      o.Progress,
		},
		began: time.Now(),
	}

	b.say("starting PostgreSQL, Temporal and the API for %d rooms", rooms)
	if b.parts, err = startParts(ctx, b.Options, dir); err != nil {
		return b.figures, err
	}
	defer func() { _ = b.parts.stop() }()

	steps := []func(context.Context) error{b.stopOwnWorker, b.seed, b.reads, b.many}
	if last {
		steps = append(steps, b.sweep, b.importFile)
	}

	for _, step := range steps {
		if err := errors.Join(step(ctx), ctx.Err()); err != nil {
			return b.figures, err
		}
	}

	return b.figures, nil
}

// stopOwnWorker ends the worker that came up with the stack: it would take part.
func (b *roomsBench) stopOwnWorker(context.Context) error { return b.parts.stack.StopWorker() }
