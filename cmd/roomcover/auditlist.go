package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
)

// auditListCommand says who did what for whom.
type auditListCommand struct {
	output
	apiOptions
	Person   string `placeholder:"WHO" help:"Only what this one did: a name, an e-mail address, an id, or a part of them."`
	Account  string `placeholder:"CUSTOMER" help:"Only what is about this customer: the company's name, a part of it, or the account's id."`
	Thing    string `placeholder:"WHAT" help:"Only what was done to this: the number of an order, a replacement or a spare unit, or an id."`
	Verb     string `placeholder:"VERB" help:"Only what was done, such as order.rejected; order. for all about orders."`
	Since    string `placeholder:"DAY" help:"Only from this day or instant on, such as 2026-11-23."`
	Until    string `placeholder:"DAY" help:"Only to the end of this day, or before this instant."`
	TimeZone string `name:"time-zone" aliases:"zone" env:"TZ" placeholder:"ZONE" help:"By whose clock the times are, such as America/Sao_Paulo (${env}); left out: by this machine's."`
	Limit    int    `default:"50" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (auditListCommand) Help() string {
	return `Who did what, to what, for which customer and why, the newest first. It needs a lead's
token. Persons who were erased have no name any more.

Examples:
  roomcover audit list --account "Acme Ltda"
  roomcover audit list --person ana@desk.example --since 2026-11-23
  roomcover audit list --thing RMA-7F3K2 --json`
}

// Run lists.
func (c auditListCommand) Run(ctx context.Context, a *app) error {
	zone := readersZone(c.TimeZone)
	q := url.Values{}
	for name, value := range map[string]string{
		"person":  c.Person,
		"account": c.Account,
		"thing":   c.Thing,
		"verb":    c.Verb,
		"since":   instantOf(c.Since, zone, 0),
		"until":   instantOf(c.Until, zone, 1),
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	list, err := every[api.AuditEventView](ctx, client, "/v1/audit", q, c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list, func(out io.Writer, w *words) {
		if len(list) == 0 {
			fmt.Fprintln(out, "The audit has nothing like this.")
			return
		}
		t := a.table(out, "when", "who", "what", "for", "why", "to what")
		for _, e := range list {
			by := w.by(api.EventView{Actor: e.ActorID, Role: e.Role})
			if by == "" {
				by = "the service"
			}
			t.AppendRow([]any{
				w.moment(e.At, zone), by, w.happened(e.Verb), dash(w.known(e.AccountID)),
				dash(e.Reason), e.ObjectID,
			})
		}
		t.Render()
		fmt.Fprintf(out, "\n%s, %s.\n", count(len(list), "event"), w.place(zone))
	})
}

// instantOf is the first instant of a day in a zone, so many days later; what is no day stays
// as it was said.
func instantOf(said, zone string, days int) string {
	day, err := civil.ParseDate(said)
	if err != nil {
		return said
	}
	place, err := time.LoadLocation(zone)
	if err != nil {
		place = time.UTC
	}
	return rules.StartOfDay(day.AddDays(days), place).UTC().Format(time.RFC3339)
}
