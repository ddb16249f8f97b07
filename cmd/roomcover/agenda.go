package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/text"

	"roomcover.dev/roomcover/api"
)

// agendaCommand shows what is late and what is due.
type agendaCommand struct {
	output
	apiOptions
	On       string `placeholder:"DAY" help:"The day, such as 2026-11-26; otherwise today."`
	TimeZone string `name:"time-zone" aliases:"zone" env:"TZ" placeholder:"ZONE" help:"Where the day of tasks begins, such as America/Sao_Paulo (${env}); left out: where this machine is."`
	Account  string `placeholder:"ACCOUNT" help:"Only of this account: its id, or the company's exact name where one account has it."`
	Limit    int    `default:"50" help:"At most so many of each list, 200 at most."`
}

// Help is shown by --help.
func (agendaCommand) Help() string {
	return `Shows what is late and what is due today, over orders in review, invitations,
replacements, spares, shipments and operator tasks. A day is that of the
place: a replacement that is due today is due today where it goes to. Tasks have no
place: their day is yours, and the answer says which that is.

Examples:
  roomcover agenda
  roomcover agenda --on 2026-11-27 --time-zone America/Sao_Paulo
  roomcover agenda --account "Acme Ltda" --json`
}

// Run shows.
func (c agendaCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	zone := readersZone(c.TimeZone)
	q := url.Values{"time_zone": {zone}, "limit": {strconv.Itoa(c.Limit)}}
	if c.On != "" {
		q.Set("on", c.On)
	}

	if c.Account != "" {
		id, err := client.accountID(ctx, c.Account)
		if err != nil {
			return err
		}
		q.Set("account_id", id)
	}

	var list api.AgendaView
	if err := client.call(ctx, request{
		method: http.MethodGet,
		path:   "/v1/agenda",
		query:  q,
	}, &list); err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list, func(out io.Writer, w *words) {
		a.agendaTable(out, w, "Late", list.Late, text.FgRed)
		fmt.Fprintln(out)
		due := "Due today"
		if c.On != "" {
			due = "Due " + w.day(c.On)
		}
		a.agendaTable(out, w, due, list.Due, text.FgYellow)
		by := "by the time " + w.place(zone)
		if w.place(zone) == "UTC" {
			by = "in UTC"
		}
		fmt.Fprintf(out, "\nDays of tasks are counted %s.\n", by)
	})
}

func (a *app) agendaTable(
	out io.Writer, w *words, name string, list api.AgendaListView, c text.Color,
) {
	if list.Total == 0 {
		fmt.Fprintf(out, "%s: nothing.\n", name)
		return
	}

	fmt.Fprintf(out, "%s: %d\n", name, list.Total)
	t := a.table(out, "how late", "what", "customer", "waits for", "who must act", "id")
	for _, i := range list.Items {
		t.AppendRow([]any{
			a.paint(c, i.Text),
			agendaSubject(w, i),
			w.name(i.AccountID),
			plain(cmp.Or(string(i.TaskKind), i.WaitsFor)),
			a.actor(i.Actor),
			cmp.Or(numberOf(i.Kind, i.Number), i.ID),
		})
	}

	t.Render()
	if more := list.Total - int64(len(list.Items)); more > 0 {
		fmt.Fprintf(out, "and %d more\n", more)
	}
}

// agendaSubject says what a line of the agenda is about.
func agendaSubject(w *words, i api.AgendaItemView) string {
	if i.What != "" {
		return cutAt(w.prose(i.What), 60)
	}
	return about(w, i.Kind, i.ID, "")
}
