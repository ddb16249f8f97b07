package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/api"
)

// spareCommand is about spare units on loan.
type spareCommand struct {
	List spareListCommand `cmd:"" help:"List spare units."`
	Show spareShowCommand `cmd:"" help:"Show one with its timeline and what you may do."`
	Do   spareDoCommand   `cmd:"" help:"Do one of a spare unit's commands, such as select, agree or ship."`
	Aid  spareAidCommand  `cmd:"" help:"Rank models and sites for a parent's spares, with reasons."`
}

type spareListCommand struct {
	output
	apiOptions
	Parent  string `placeholder:"ID" help:"Only those of this customer's parent."`
	Account string `placeholder:"ID" help:"Only those at sites of this account."`
	State   string `placeholder:"STATE" help:"Only those in this state, such as ON_SITE."`
	Model   string `placeholder:"CODE" help:"Only those of this model."`
	Serial  string `placeholder:"SERIAL" help:"Only the one with this serial."`
	Open    bool   `help:"Only those that have not come to their end."`
	Limit   int    `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Run lists.
func (c spareListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	q := filters(map[string]string{
		"parent_id":  c.Parent,
		"account_id": c.Account,
		"state":      strings.ToUpper(c.State),
		"model":      c.Model,
		"serial":     c.Serial,
		"open":       truth(c.Open),
	})

	list, err := every[api.SpareUnitView](ctx, client, "/v1/spare-units", q, c.Limit)
	if err != nil {
		return err
	}

	return c.show(a, list, func(w io.Writer) { a.spareTable(w, list) })
}

func (a *app) spareTable(w io.Writer, list []api.SpareUnitView) {
	if len(list) == 0 {
		fmt.Fprintln(w, "No spare units.")
		return
	}

	t := a.table(w, "number", "state", "model", "serial", "account", "site", "return until")
	for _, s := range list {
		t.AppendRow([]any{s.Number, s.State, s.Model, s.Serial, s.AccountID, s.SiteID, returnUntil(s)})
	}

	t.Render()
}

// returnUntil is when the time to send a recalled unit back ends.
func returnUntil(s api.SpareUnitView) string {
	if s.RecallUntil == nil {
		return ""
	}
	return minute(*s.RecallUntil)
}

type spareShowCommand struct {
	output
	apiOptions
	ID string `arg:"" help:"Number or id of the spare unit, such as SPARE-7F3K2."`
}

// Run shows.
func (c spareShowCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	var s api.SpareUnitDetail
	if err := client.read(ctx, "/v1/spare-units/"+url.PathEscape(c.ID), &s); err != nil {
		return err
	}

	return c.show(a, s, func(w io.Writer) { explainSpare(w, s) })
}

// explainSpare shows a spare unit in plain words.
func explainSpare(w io.Writer, s api.SpareUnitDetail) {
	fmt.Fprintf(w, "%s: %s, %s %s\n", s.Number, s.State, s.Model, s.Serial)
	for _, line := range []struct{ what, value string }{
		{"Site", s.SiteID},
		{"Used for", s.RMAID},
		{"Parcel", s.Tracking},
		{"Return before", returnUntil(s.SpareUnitView)},
	} {
		if line.value != "" {
			fmt.Fprintf(w, "%s: %s\n", line.what, line.value)
		}
	}

	if s.RecallPending {
		fmt.Fprintln(w, "It is recalled when it arrives.")
	}
	writeUnprintable(w, s.Unprintable)
	writeCourse(w, s.WaitsFor, s.WaitsUntil, s.Timeline, s.Commands)
	writeFacts(w, "You may tell", s.Facts)
}

type spareDoCommand struct {
	output
	apiOptions
	ID      string            `arg:"" help:"Number or id of the spare unit, such as SPARE-7F3K2."`
	Command string            `arg:"" help:"What to do: one of those that 'spare show' lists."`
	With    map[string]string `short:"w" placeholder:"FIELD=VALUE" help:"What the command needs, as in the API: model, site_id, version, serial, carrier, tracking, fact, at, reason."`
}

// Help is shown by --help.
func (spareDoCommand) Help() string {
	return `To use a spare that is on site:
  roomcover rma do <replacement> use_spare -w spare_unit_id=<spare>

Examples:
  roomcover spare do SPARE-7F3K2 select -w model=RALLY-BAR -w site_id=sit_01kb
  roomcover spare do SPARE-7F3K2 agree
  roomcover spare do SPARE-7F3K2 ship -w serial=NEW100 -w carrier=sim -w tracking=TRK1
  roomcover spare do SPARE-7F3K2 tell -w fact=DELIVERED`
}

// Run does it.
func (c spareDoCommand) Run(ctx context.Context, a *app) error {
	body := map[string]any{}
	for name, value := range c.With {
		body[name] = value
		if n, err := strconv.ParseInt(value, 10, 64); name == "version" && err == nil {
			body[name] = n
		}
	}

	client, err := c.client()
	if err != nil {
		return err
	}

	var s api.SpareUnitDetail
	path := "/v1/spare-units/" + url.PathEscape(c.ID) + "/" + url.PathEscape(c.Command)
	if err := client.post(ctx, path, body, &s); err != nil {
		return err
	}

	return c.show(a, s, func(w io.Writer) { explainSpare(w, s) })
}
