package main

import (
	"context"
	"io"
	"time"

	"roomcover.dev/roomcover/dev/bench"
)

// benchSyncCommand measures customers' Sync on PostgreSQL.
type benchSyncCommand struct {
	Places      int           `help:"Places of one connection." default:"5000"`
	Adds        int           `help:"How many of them are added as rooms." default:"1000"`
	Polls       int           `help:"Polls of each kind." default:"8"`
	Connections int           `help:"Connections that a worker asks each minute; 0 leaves them out." default:"100"`
	PlacesEach  int           `name:"places-each" help:"Places of each of them." default:"100"`
	Watched     time.Duration `help:"How long the worker is watched, without and with them." default:"5m"`
	Program     string        `help:"The released program roomcover, whose worker asks." type:"existingfile"`
	JSON        string        `name:"json" help:"File to write the report to." type:"path"`
}

// Run measures and prints the table.
func (c benchSyncCommand) Run(ctx context.Context, out io.Writer) error {
	report, err := bench.RunSync(ctx, bench.SyncOptions{
		Places:      c.Places,
		Adds:        c.Adds,
		Polls:       c.Polls,
		Connections: c.Connections,
		PlacesEach:  c.PlacesEach,
		Watched:     c.Watched,
		Program:     c.Program,
		Progress:    out,
	})
	if err != nil {
		return err
	}
	return showReport(out, report, c.JSON)
}
