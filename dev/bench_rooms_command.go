package main

import (
	"context"
	"io"

	"roomcover.dev/roomcover/dev/bench"
)

// benchRoomsCommand measures rooms, devices and cover on PostgreSQL.
type benchRoomsCommand struct {
	Sizes      []int  `help:"Numbers of rooms, three devices each." default:"10000,100000"`
	Accounts   int    `help:"Accounts that they are spread over." default:"500"`
	Requests   int    `help:"Requests of each kind." default:"1000"`
	Contracts  int    `help:"Contracts that the sweep looks at." default:"100000"`
	ImportRows int    `name:"import-rows" help:"Rows of the imported file; 0 leaves the import out." default:"100000"`
	Program    string `help:"The released program roomcover, to measure its worker's memory." type:"existingfile"`
	JSON       string `name:"json" help:"File to write the report to." type:"path"`
}

// Run measures and prints the table.
func (c benchRoomsCommand) Run(ctx context.Context, out io.Writer) error {
	report, err := bench.RunRooms(ctx, bench.RoomsOptions{
		Sizes:         c.Sizes,
		Accounts:      c.Accounts,
		Requests:      c.Requests,
		Contracts:     c.Contracts,
		ImportRows:    c.ImportRows,
		Program:       c.Program,
		WorkerCommand: workerArguments,
		Progress:      out,
	})
	if err != nil {
		return err
	}
	return showReport(out, report, c.JSON)
}
