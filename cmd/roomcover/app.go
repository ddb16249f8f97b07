package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"roomcover.dev/roomcover/config"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/sso"
	outside "roomcover.dev/roomcover/sso/dial"
	"roomcover.dev/roomcover/tracing"
	"roomcover.dev/roomcover/tracing/export"
)

// app is what every command works with.
type app struct {
	out, errs io.Writer
	// terminal says whether out is read by a person at a terminal: only then
	// there are colours and a progress bar.
	terminal bool
	// spelling is how the command that runs calls what the API calls by fields.
	spelling spelling
	// args are what was typed behind the program's name.
	args []string
	// told counts what the API was told to change.
	told changes
	// open opens the database; tests put their own here.
	open func(config.Config, db.Session) (*domains.Domains, error)
	// close closes what open gave.
	close func(*domains.Domains)
	// records looks up what is published for a domain; tests put their own here.
	records sso.Records
}

func newApp(out, errs *os.File) *app {
	return &app{
		out:      out,
		errs:     errs,
		terminal: term.IsTerminal(int(out.Fd())) && os.Getenv("NO_COLOR") == "",
		open:     openDatabase,
		close:    func(d *domains.Domains) { _ = d.DB.Close() },
		records:  outside.Names{},
	}
}

func openDatabase(c config.Config, session db.Session) (*domains.Domains, error) {
	key, err := c.KeyBytes()
	if err != nil {
		return nil, settingsError{err}
	}

	before, err := c.KeysBeforeBytes()
	if err != nil {
		return nil, settingsError{err}
	}

	dialector, err := db.Postgres(c.DatabaseURL, session)
	if err != nil {
		return nil, settingsError{err}
	}

	days, err := calendar()
	if err != nil {
		return nil, err
	}

	return domains.Open(dialector, domains.Options{
		Options: db.Options{
			Clock:      days,
			Key:        key,
			KeysBefore: before,
			MaxConns:   c.DatabaseMax,
			Lifetime:   c.Timeouts.Lifetime,
			Desk:       db.ZoneOf(c.Operators.TimeZone),
			Traced:     export.On(),
		},
		Carrier:    c.Carrier.Booking(),
		ScansFiles: c.Clamd != "",
		Meetings:   meetingServices(c),
		Mailbox:    mailboxOptions(c.MailIn, key, before),
	})
}

// settings reads the environment; what is wrong with it is a usage error.
func settings() (config.Config, error) {
	c, err := config.Read()
	if err != nil {
		return c, settingsError{err}
	}
	return c, nil
}

// onDatabase runs fn on the database that the environment names.
func (a *app) onDatabase(
	ctx context.Context, fn func(context.Context, *domains.Domains) error,
) error {
	c, err := settings()
	if err != nil {
		return settingsError{fmt.Errorf("%w\n%s", err, ofDeployments)}
	}

	return a.onOpened(ctx, c, db.Session{}, fn)
}

// asOwner is onDatabase for the role that owns the tables.
func (a *app) asOwner(
	ctx context.Context, fn func(context.Context, *domains.Domains) error,
) error {
	c, err := settings()
	if err != nil {
		return settingsError{fmt.Errorf("%w\n%s", err, ofDeployments)}
	}

	return a.onOpened(ctx, c.AsOwner(), db.Session{}, fn)
}

func (a *app) onOpened(
	ctx context.Context, c config.Config, session db.Session,
	fn func(context.Context, *domains.Domains) error,
) error {
	d, err := a.open(c, session)
	if err != nil {
		return err
	}
	defer a.close(d)

	return fn(db.WithScope(ctx, operatorScope), d)
}

// onTimedDatabase is onReadyDatabase for a process that runs for ever: the database ends
// a statement that runs longer than it may, and what waits too long for a lock. It is not
// connected as a role that could change what it may only add to.
func (a *app) onTimedDatabase(
	ctx context.Context, c config.Config, log *slog.Logger, statement time.Duration,
	fn func(context.Context, *domains.Domains) error,
) error {
	session := db.Session{
		Statement: statement,
		Lock:      c.Timeouts.Lock,
		Idle:      c.Timeouts.Idle,
	}
	return a.onOpened(ctx, c, session, func(ctx context.Context, d *domains.Domains) error {
		if err := checkRoles(ctx, c, d, log); err != nil {
			return err
		}
		if err := d.DB.SchemaReady(ctx); err != nil {
			return err
		}
		return fn(ctx, d)
	})
}

// checkRoles refuses a role of the database that can do more than serve and worker need,
// unless that is allowed, or less.
func checkRoles(
	ctx context.Context, c config.Config, d *domains.Domains, log *slog.Logger,
) error {
	roles, err := d.DB.Roles(ctx)
	if err != nil {
		return err
	}

	wrong := roles.Wrong()
	switch {
	case wrong == nil:
	case roles.Owner && !roles.Unbound && c.AllowsOwner():
		log.Warn("the database's roles are not set up", "what", wrong.Error())
		return nil
	case roles.Owner && !roles.Unbound:
		return settingsError{fmt.Errorf("%w. Or accept it for now: "+
			"ROOMCOVER_ALLOW_INSECURE=ROOMCOVER_OWNER_DATABASE_URL", wrong)}
	default:
		return settingsError{wrong}
	}

	if roles.Leaves {
		log.Warn("SQL in a tenant's transaction could leave its role",
			"remedy", "run deploy/postgres-roles.sql as the superuser")
	}
	return nil
}

// ofDeployments says where commands on the database belong.
const ofDeployments = "This works on the PostgreSQL database of a deployment. A process of " +
	"make dev has none,\nand needs neither migrate, temporal nor restart. For all else set " +
	"ROOMCOVER_TOKEN to the operator's\ntoken that it prints, and use the commands that go by " +
	"the API."

// onReadyDatabase is onDatabase for a database that has this program's schema.
func (a *app) onReadyDatabase(
	ctx context.Context, fn func(context.Context, *domains.Domains) error,
) error {
	return a.onDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		if err := d.DB.SchemaReady(ctx); err != nil {
			return err
		}
		return fn(ctx, d)
	})
}

// operatorScope is how the audit names what is done on the database directly.
var operatorScope = db.Scope{
	System: true,
	Actor: db.Actor{
		ID:    "command_line",
		Role:  "SYSTEM",
		OrgID: account.OperatorOrgID,
	},
}

// output is the option of every command that answers with data.
type output struct {
	JSON bool `name:"json" help:"Answer with JSON, for programs."`
}

// show writes value as JSON, or whatever human writes.
func (o output) show(a *app, value any, human func(io.Writer)) error {
	if !o.JSON {
		human(a.out)
		return nil
	}

	e := json.NewEncoder(a.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(value)
}

// showNamed writes value as JSON, or whatever human writes with the names of all that stands
// in value.
func (o output) showNamed(
	ctx context.Context, a *app, c *apiClient, value any, human func(io.Writer, *words),
) error {
	if o.JSON {
		return o.show(a, value, nil)
	}

	w, err := c.words(ctx, value)
	if err != nil {
		return err
	}

	human(a.out, w)
	return nil
}

// table is a table that fits a person's terminal and stays plain in a pipe.
func (a *app) table(w io.Writer, head ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleLight
	if !a.terminal {
		style = table.StyleDefault
	}

	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatUpper
	style.Box.PaddingLeft = ""
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	t.AppendHeader(head)
	return t
}

// late marks what is late, or wrong.
func (a *app) late(s string) string { return a.paint(text.FgRed, s) }

// paint colours a text at a terminal and nowhere else.
func (a *app) paint(c text.Color, s string) string {
	if !a.terminal || s == "" {
		return s
	}
	return c.Sprint(s)
}

// logger writes JSON lines; an unknown level is a usage error.
func logger(w io.Writer, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, settingsError{
			fmt.Errorf("ROOMCOVER_LOG_LEVEL must be debug, info, warn or error"),
		}
	}
	return slog.New(tracing.Logs(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l}))), nil
}
