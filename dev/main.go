// Command roomcover-dev runs all of Roomcover in one process, for development
// on one machine: no Docker, no database server, nothing outside the data
// folder.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes: 0 stopped as asked, 1 could not start or failed, 2 wrong usage.
const (
	exitFailed = 1
	exitUsage  = 2
)

type commands struct {
	Up         upCommand         `cmd:"" default:"withargs" help:"Start everything in one process (the default)."`
	Env        envCommand        `cmd:"" help:"Print the tokens and addresses of what is up, for a shell."`
	Answer     answerCommand     `cmd:"" help:"Answer the last mail about a ticket, as its reader would."`
	TXT        txtCommand        `cmd:"" name:"txt" help:"Add the TXT record of a mail domain, or remove it."`
	Scan       scanCommand       `cmd:"" help:"Have the simulated carrier scan a parcel now."`
	Temporal   temporalCommand   `cmd:"" help:"Start the embedded Temporal server alone."`
	SMTP       smtpCommand       `cmd:"" name:"smtp" help:"Start the SMTP catcher and its page of mails alone."`
	Carrier    carrierCommand    `cmd:"" help:"Start the simulated carrier alone."`
	Bench      benchCommand      `cmd:"" help:"Measure throughput and cost next to workflows that do nothing."`
	BenchRooms benchRoomsCommand `cmd:"" name:"bench-rooms" help:"Measure rooms, devices and cover on PostgreSQL."`
	BenchSync  benchSyncCommand  `cmd:"" name:"bench-sync" help:"Measure customers' Sync on PostgreSQL."`
	Worker     workerCommand     `cmd:"" hidden:"" help:"Run a worker alone, for the benchmark."`
}

// common are the options of every command.
type common struct {
	Data string `help:"Folder that holds all data; made when missing. A fast calendar has a folder fast of its own in the default one." default:"./data" type:"path"`
	Host string `help:"IP address to listen on." default:"127.0.0.1"`
}

type temporalPorts struct {
	TemporalPort   int `help:"Port of the Temporal server (gRPC)." default:"7233"`
	TemporalUIPort int `name:"temporal-ui-port" help:"Port of the Temporal web UI; 0 for none." default:"8233"`
}

type mailPorts struct {
	SMTPPort  int `name:"smtp-port" help:"Port of the SMTP catcher." default:"1025"`
	MailsPort int `help:"Port of the page that shows the mails; 0 for none." default:"8025"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run parses the arguments, runs one command until ctx ends, and returns the
// exit code.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	var c commands
	exited := -1
	parser := kong.Must(&c,
		kong.Name("roomcover-dev"),
		kong.Description("Roomcover on one machine, for development: everything in one process."),
		kong.Writers(out, errs),
		kong.Exit(func(code int) { exited = code }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(out, (*io.Writer)(nil)),
	)

	parsed, err := parser.Parse(args)
	switch {
	case exited >= 0: // --help
		return exited
	case err != nil:
		fmt.Fprintf(errs, "roomcover-dev: %v\nTry roomcover-dev --help.\n", err)
		return exitUsage
	}

	if err := parsed.Run(); err != nil {
		fmt.Fprintf(errs, "roomcover-dev: %v\n", err)
		return exitFailed
	}

	return 0
}
