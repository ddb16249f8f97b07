package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
)

// ticketCommand is about support tickets.
type ticketCommand struct {
	List  ticketListCommand  `cmd:"" help:"List tickets."`
	Show  ticketShowCommand  `cmd:"" help:"Show one with its conversation, its clocks and what you may do."`
	Reply ticketReplyCommand `cmd:"" help:"Write to one; everybody who sees it reads it."`
}

type ticketListCommand struct {
	output
	apiOptions
	Account  string `placeholder:"ACCOUNT" help:"Only those of this account: its id or the company's name."`
	State    string `placeholder:"STATE" help:"Only those in this state, such as pending_customer."`
	Severity int    `placeholder:"N" help:"Only those of this severity, 1 to 4."`
	Turn     string `placeholder:"SIDE" help:"Only those that wait for us, customer, third_party or carrier."`
	Assignee string `placeholder:"OPERATOR" help:"Only those that this operator has taken, by id; nobody: that nobody has."`
	Open     bool   `help:"Only those that are neither resolved nor over."`
	Limit    int    `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Run lists.
func (c ticketListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}

	severity := ""
	if c.Severity != 0 {
		severity = fmt.Sprint(c.Severity)
	}
	q := filters(map[string]string{
		"account_id":  account,
		"state":       strings.ToUpper(c.State),
		"severity":    severity,
		"turn":        strings.ToUpper(c.Turn),
		"assignee_id": c.Assignee,
		"open":        truth(c.Open),
	})

	list, err := every[api.TicketView](ctx, client, "/v1/tickets", q, c.Limit)
	if err != nil {
		return err
	}
	return c.showNamed(ctx, a, client, list,
		func(out io.Writer, w *words) { a.ticketTable(out, w, list) })
}

func (a *app) ticketTable(out io.Writer, w *words, list []api.TicketView) {
	if len(list) == 0 {
		fmt.Fprintln(out, "No tickets.")
		return
	}

	t := a.table(out,
		"number", "severity", "customer", "room", "about", "state", "waits for", "due")
	for _, one := range list {
		due := ""
		if one.DueAt != nil {
			due = w.moment(*one.DueAt, w.zone(one.RoomID, one.AccountID))
		}
		t.AppendRow([]any{
			one.Number,
			one.Severity,
			w.name(one.AccountID),
			w.name(one.RoomID),
			one.Summary,
			w.state("ticket", string(one.State)),
			plain(string(one.Turn)),
			due,
		})
	}
	t.Render()
}

type ticketShowCommand struct {
	output
	apiOptions
	Ticket string `arg:"" help:"The ticket: its number, such as TK-7F3K2, or its id."`
}

// Help shows an example.
func (ticketShowCommand) Help() string {
	return `Example:
  roomcover ticket show TK-7F3K2`
}

// Run shows.
func (c ticketShowCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	var t api.TicketDetail
	if err := client.read(ctx, "/v1/tickets/"+url.PathEscape(c.Ticket), &t); err != nil {
		return err
	}
	return c.showTicket(ctx, a, client, t)
}

// showTicket answers with a ticket: how it stands, its clocks, and what was said.
func (o output) showTicket(
	ctx context.Context, a *app, client *apiClient, t api.TicketDetail,
) error {
	return o.showNamed(ctx, a, client, t, func(out io.Writer, w *words) {
		zone := w.zone(t.RoomID, t.AccountID)
		fmt.Fprintf(out, "%s, severity %d: %s\n", t.Number, t.Severity, t.Summary)
		fmt.Fprintf(out, "%s; it waits for %s.\n",
			w.state("ticket", string(t.State)), plain(string(t.Turn)))
		if t.DueAt != nil {
			fmt.Fprintf(out, "Due by %s.\n", w.moment(*t.DueAt, zone))
		}
		fmt.Fprintf(out, "%s\n", strings.TrimSpace(w.name(t.AccountID)+", "+w.name(t.RoomID)))

		for _, e := range t.Entries {
			at := w.moment(e.At, zone)
			switch {
			case e.Message != nil:
				from := plain(string(e.Message.From))
				fmt.Fprintf(out, "\n%s  %s:\n%s\n", at, from, e.Message.Text)
			case e.Event != nil:
				fmt.Fprintf(out, "\n%s  %s %s\n", at, plain(string(e.Event.Kind)),
					plain(string(e.Event.State)))
			}
		}
		for _, n := range t.Notes {
			fmt.Fprintf(out, "\n%s  note, for operators alone:\n%s\n", w.moment(n.At, zone), n.Text)
		}
		fmt.Fprintf(out, "\n%s\n", t.ID)
	})
}

type ticketReplyCommand struct {
	output
	apiOptions
	Ticket string `arg:"" help:"The ticket: its number, such as TK-7F3K2, or its id."`
	Text   string `required:"" placeholder:"TEXT" help:"What you say."`
}

// Help is shown by --help.
func (ticketReplyCommand) Help() string {
	return `Example:
  roomcover ticket reply TK-7F3K2 --text "Is the cable plugged in?"`
}

// Run writes.
func (c ticketReplyCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	var t api.TicketDetail
	path := "/v1/tickets/" + url.PathEscape(c.Ticket) + "/messages"
	if err := client.post(ctx, path, map[string]any{"text": c.Text}, &t); err != nil {
		return err
	}
	return c.showTicket(ctx, a, client, t)
}
