package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"time"

	"roomcover.dev/roomcover/dev/bench"
)

// benchCommand measures the stack next to workflows that do nothing.
type benchCommand struct {
	Orders      int           `help:"Orders per half of a pair." default:"400"`
	RMAs        int           `name:"rmas" help:"Measure RMAs rather than orders: so many per half of a pair; 0 for orders."`
	Tickets     bool          `help:"Measure nothing but a worker while tickets wait: so many as --waiting says."`
	Concurrency int           `help:"Orders or RMAs under way at once." default:"32"`
	Pairs       int           `help:"How often the stack and each of its floors run, alternating." default:"5"`
	Database    string        `help:"sqlite or postgres." enum:"sqlite,postgres" default:"sqlite"`
	DatabaseURL string        `name:"database-url" help:"A PostgreSQL server that runs already, with an empty database; its CPU is not counted. Without it a throw-away one is started."`
	Acceptance  time.Duration `help:"How long each measure of acceptance lasts; 0 leaves it out." default:"20s"`
	Waiting     int           `help:"Orders, RMAs or tickets that wait while a worker's memory and CPU are measured; 0 leaves it out." default:"10000"`
	WaitingTime time.Duration `help:"How long they are measured." default:"30s"`
	Program     string        `help:"The released program roomcover, to measure its worker's memory; with --database postgres." type:"existingfile"`
	JSON        string        `name:"json" help:"File to write the report to." type:"path"`
	CPUProfile  string        `name:"cpuprofile" help:"File for a CPU profile of the first run of the stack; those of the floors go to FILE.floor and FILE.byhand." type:"path"`
}

// Run measures and prints the table.
func (c benchCommand) Run(ctx context.Context, out io.Writer) error {
	if c.DatabaseURL != "" {
		c.Database = "postgres"
	}

	run := bench.Run
	switch {
	case c.Tickets:
		run, c.Orders = bench.RunTickets, c.Waiting
	case c.RMAs > 0:
		run, c.Orders = bench.RunRMAs, c.RMAs
	}

	report, err := run(ctx, bench.Options{
		Orders:        c.Orders,
		Concurrency:   c.Concurrency,
		Pairs:         c.Pairs,
		Database:      c.Database,
		DatabaseURL:   c.DatabaseURL,
		Acceptance:    c.Acceptance,
		Waiting:       c.Waiting,
		WaitingTime:   c.WaitingTime,
		CPUProfile:    c.CPUProfile,
		Program:       c.Program,
		WorkerCommand: workerArguments,
		Progress:      out,
	})
	if err != nil {
		return err
	}
	return showReport(out, report, c.JSON)
}

// workerCommand is a worker alone, as the benchmark starts it to measure its
// memory and CPU.
type workerCommand struct {
	Dir         string `help:"Folder of the SQLite file."`
	DatabaseURL string `name:"database-url" help:"PostgreSQL address; empty for SQLite."`
	Temporal    string `help:"Address of Temporal."`
	Namespace   string `help:"Namespace of Temporal."`
	SMTPPort    int    `name:"smtp-port" help:"Port of the SMTP catcher."`
	PortalURL   string `name:"portal-url" help:"Address of the portal."`
}

// Run works until ctx ends.
func (c workerCommand) Run(ctx context.Context) error {
	return bench.RunWorker(ctx, bench.WorkerOptions(c))
}

func workerArguments(o bench.WorkerOptions) []string {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}

	return []string{
		self, "worker", "--dir=" + o.Dir, "--database-url=" + o.DatabaseURL,
		"--temporal=" + o.Temporal, "--namespace=" + o.Namespace,
		"--smtp-port=" + strconv.Itoa(o.SMTPPort), "--portal-url=" + o.PortalURL,
	}
}

// showReport prints a report for people, and writes it to the file for programs unless that is
// empty.
func showReport(out io.Writer, report interface{ Print(io.Writer) error }, file string) error {
	if err := report.Print(out); err != nil || file == "" {
		return err
	}

	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
