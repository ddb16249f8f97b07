// Command roomcover runs the service and the tools of those who operate it.
//
// serve, worker and mailin run for ever and may each run several times over; migrate, temporal,
// restart, token, operator and audit work on the database directly; org does where there is
// no token; the others talk to the API as anyone else does. Secrets come from the environment
// or from a file, never from the command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	_ "time/tzdata" // the image has no zone files

	"github.com/alecthomas/kong"
)

// version is set by the linker: -ldflags "-X main.version=v1.2.3".
var version = ""

type commands struct {
	Serve    serveCommand     `cmd:"" help:"Serve the API and the portal."`
	Worker   workerCommand    `cmd:"" help:"Run the workflows, the relay and the mails."`
	Mailin   mailinCommand    `cmd:"" help:"Take the mails that come in."`
	Migrate  migrateCommand   `cmd:"" help:"Bring the database's schema up to date."`
	Temporal temporalCommands `cmd:"" help:"Set Temporal up, and start the workflows that it lacks (on the database)."`
	Restart  restartCommand   `cmd:"" help:"Start the workflows again that Temporal has lost (on the database)."`
	Token    tokenCommands    `cmd:"" help:"Make, list and revoke API tokens (on the database)."`
	Operator operatorCommands `cmd:"" help:"Who may use the operators' console (on the database)."`
	Org      orgCommands      `cmd:"" help:"Add, change and list organizations (by the API where there is a token, else on the database)."`
	Audit    auditCommands    `cmd:"" help:"Read the audit, and check it (on the database)."`
	Secrets  secretsCommands  `cmd:"" help:"Encrypt what is stored with the present key (on the database)."`
	Config   configCommands   `cmd:"" help:"Check the environment."`
	Doctor   doctorCommand    `cmd:"" help:"Say what would hurt tonight, and what to do about it (on everything)."`
	Import   importCommands   `cmd:"" help:"Upload a file of orders or rooms and show its report (by the API)."`
	Assign   assignCommand    `cmd:"" help:"Assign licenses of a contract to rooms (by the API)."`
	Ps       psCommand        `cmd:"" help:"Show what is under way (by the API)."`
	Agenda   agendaCommand    `cmd:"" help:"Show what is late, and what is due today (by the API)."`
	Find     findCommand      `cmd:"" help:"Find things by what is known of them (by the API)."`
	Numbers  numbersCommand   `cmd:"" help:"Count what came and what ended, by the week (by the API)."`
	Task     taskCommands     `cmd:"" aliases:"tasks" help:"Show what needs an operator, and decide (by the API)."`
	Order    orderCommands    `cmd:"" help:"Orders: list, show, accept, reject, reopen, cancel (by the API)."`
	Account  accountCommands  `cmd:"" help:"Customers' accounts (by the API)."`
	User     userCommands     `cmd:"" help:"The people who have access to an account (by the API)."`
	Invite   inviteCommands   `cmd:"" help:"Invitations to an account (by the API)."`
	Room     roomCommands     `cmd:"" help:"Rooms with their devices and licenses (by the API)."`
	Device   deviceCommands   `cmd:"" help:"Devices by their serials (by the API)."`
	Site     siteCommands     `cmd:"" help:"Sites that parcels go to (by the API)."`
	Stock    stockCommands    `cmd:"" help:"What the depots have (by the API)."`
	Depot    depotCommands    `cmd:"" help:"The depots (by the API)."`
	Coverage coverageCommand  `cmd:"" help:"Say what is covered, until when, and why (by the API)."`
	RMA      rmaCommand       `cmd:"" name:"rma" help:"Replacements of faulty hardware (by the API)."`
	Ticket   ticketCommand    `cmd:"" help:"Support tickets (by the API)."`
	Spare    spareCommand     `cmd:"" help:"Spare units on loan (by the API)."`
	Demo     demoCommand      `cmd:"" help:"Play the whole story against a running development process."`
	Contract contractCommands `cmd:"" help:"Contracts with their licenses and days (by the API)."`
	Shipment shipmentCommands `cmd:"" help:"Parcels and where they are (by the API)."`
	Mail     mailCommands     `cmd:"" help:"Mails and whether they arrived (by the API)."`
	Warranty warrantyCommands `cmd:"" help:"Extended warranties from before (by the API)."`
	Calendar calendarCommands `cmd:"" help:"The calendars of countries and regions, with their holidays (by the API)."`
	Holidays holidaysCommand  `cmd:"" help:"Show which customers' countries have no public holidays entered (by the API)."`
	CSM      csmCommand       `cmd:"" name:"csm" help:"Customer success managers, and whose accounts they look after (by the API)."`
	Mailbox  mailboxCommand   `cmd:"" help:"What people wrote to the mailbox (by the API)."`
	Privacy  privacyCommand   `cmd:"" help:"Export what is known of a person, and erase people (by the API)."`
	Health   healthCommand    `cmd:"" help:"Ask a running serve or worker whether it is ready."`
	Version  versionCommand   `cmd:"" help:"Say which version this is."`
}

const description = `Roomcover runs service contracts for meeting rooms.

Exit codes: 0 done; 1 failed; 2 wrong usage or settings; 3 refused, not found,
or rows of a file refused; 4 a check found something wrong; 130 interrupted.`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], newApp(os.Stdout, os.Stderr))
	stop()
	os.Exit(code)
}

// run parses the arguments, runs one command until it is done or ctx ends, and
// returns the exit code.
func run(ctx context.Context, args []string, a *app) int {
	var c commands
	exited := -1
	parser := kong.Must(&c,
		kong.Name("roomcover"),
		kong.Description(description),
		kong.Writers(a.out, a.errs),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 90}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(a),
		choices(),
	)

	parsed, err := parser.Parse(args)
	switch {
	case exited >= 0: // --help
		return exited
	case err != nil:
		fmt.Fprint(a.errs, misused(err))
		return exitUsage
	}

	a.spelling = spellingOf(parsed.Selected())
	a.args = args
	a.told = changes{}
	err = parsed.Run()
	if err == nil && a.told.none() {
		// Behind the answer, and beside one for programs.
		fmt.Fprintln(a.errs, "Nothing to change: it was that way already.")
	}
	return a.exit(ctx, err)
}

// misused says what is wrong with a command line, and whose help tells more.
func misused(err error) string {
	command := "roomcover"
	if parsing := (*kong.ParseError)(nil); errors.As(err, &parsing) {
		for _, part := range parsing.Context.Path {
			if part.Command != nil {
				command += " " + part.Command.Name
			}
		}
	}

	// a flag that may be left out has an empty choice, which nobody types
	said := strings.ReplaceAll(err.Error(), `must be one of "",`, "must be one of ")
	return fmt.Sprintf("roomcover: %s\nTry %s --help.\n", said, command)
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(out *app) error {
	_, err := io.WriteString(out.out, versionText()+"\n")
	return err
}

// versionText is the linked version, or what Go knows of the build.
func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		return builtVersion(info)
	}
	return "development"
}

// builtVersion is the module's version, or the commit that was built.
func builtVersion(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}

	commit, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "-dirty"
		}
	}

	if commit == "" {
		return "development"
	}
	return commit[:min(12, len(commit))] + changed
}
