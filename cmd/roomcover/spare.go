package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules/processes"
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
	Parent  string `placeholder:"PARENT" help:"Only those of this customer's parent: its id, or the name of an account of it."`
	Account string `placeholder:"ACCOUNT" help:"Only those at sites of this account: its id or the company's name."`
	State   string `placeholder:"STATE" help:"Only those in this state, such as on_site."`
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

	parent, err := client.parentID(ctx, c.Parent)
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}

	q := filters(map[string]string{
		"parent_id":  parent,
		"account_id": account,
		"state":      strings.ToUpper(c.State),
		"model":      c.Model,
		"serial":     c.Serial,
		"open":       truth(c.Open),
	})

	list, err := every[api.SpareUnitView](ctx, client, "/v1/spare-units", q, c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list,
		func(out io.Writer, w *words) { a.spareTable(out, w, list) })
}

func (a *app) spareTable(out io.Writer, w *words, list []api.SpareUnitView) {
	if len(list) == 0 {
		fmt.Fprintln(out, "No spare units.")
		return
	}

	t := a.table(out, "number", "unit", "state", "customer", "site", "return by")
	for _, s := range list {
		t.AppendRow([]any{
			s.Number,
			dash(strings.TrimSpace(s.Model + " " + s.Serial)),
			plain(string(s.State)),
			w.name(cmp.Or(s.AccountID, s.ParentOrgID)),
			dash(w.name(s.SiteID)),
			returnBy(w, s),
		})
	}

	t.Render()
}

// returnBy is until when a recalled unit may be sent back.
func returnBy(w *words, s api.SpareUnitView) string {
	if s.RecallUntil == nil {
		return ""
	}
	return w.until(*s.RecallUntil, w.zone(s.SiteID, s.AccountID))
}

type spareShowCommand struct {
	output
	apiOptions
	Spare string `arg:"" help:"The spare unit: its number, such as SPARE-7F3K2, its id or serial."`
}

// Help is shown by --help.
func (spareShowCommand) Help() string {
	return `Example:
  roomcover spare show SPARE-7F3K2`
}

// Run shows.
func (c spareShowCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	id, err := client.spareID(ctx, c.Spare)
	if err != nil {
		return err
	}

	var s api.SpareUnitDetail
	if err := client.read(ctx, "/v1/spare-units/"+url.PathEscape(id), &s); err != nil {
		return err
	}

	return c.showSpare(ctx, a, client, s)
}

// showSpare answers with a spare unit: what comes next, what is known, what happened.
func (o output) showSpare(
	ctx context.Context, a *app, client *apiClient, s api.SpareUnitDetail,
) error {
	if o.JSON {
		return o.show(a, s, nil)
	}

	standing, err := client.standing(ctx, s.ID)
	if err != nil {
		return err
	}

	return o.showNamed(ctx, a, client, s, func(out io.Writer, w *words) {
		a.explainSpare(out, w, s, standing)
	})
}

// explainSpare shows a spare unit in plain words.
func (a *app) explainSpare(
	out io.Writer, w *words, s api.SpareUnitDetail, standing *api.ProcessView,
) {
	c := course{
		kind:     processes.Spare,
		state:    string(s.State),
		standing: standing,
		events:   s.Timeline,
		commands: lower(s.Commands),
		tell:     lower(s.Facts),
		takeBack: lower(s.ToTakeBack),
		zone:     w.zone(s.SiteID, s.AccountID, s.ParentOrgID),
	}

	fmt.Fprintf(out, "%s: spare unit %s for %s: %s\n\n",
		s.Number, cmp.Or(strings.TrimSpace(s.Model+" "+s.Serial), "that is not chosen yet"),
		w.name(cmp.Or(s.AccountID, s.ParentOrgID)), plain(string(s.State)))
	c.writeNext(out, w, a)

	recall := ""
	if s.RecallPending {
		recall = "when it arrives"
	}
	writeFacts(out,
		fact{"Customer", w.name(s.AccountID)},
		fact{"Parent", w.name(s.ParentOrgID)},
		fact{"Site", w.name(s.SiteID)},
		fact{"Used for", w.name(s.RMAID)},
		fact{"Parcel", strings.TrimSpace(s.Carrier + " " + s.Tracking)},
		fact{"Label", unprintable(s.Unprintable)},
		fact{"From", w.name(s.DepotID)},
		fact{"Recalled", recall},
		fact{"Return by", returnBy(w, s.SpareUnitView)},
	)

	c.writeHistory(out, w)
	fmt.Fprintf(out, "\n%s\n", s.ID)
}

type spareDoCommand struct {
	output
	apiOptions
	Spare   string            `arg:"" help:"The spare unit: its number, such as SPARE-7F3K2, its id or serial."`
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
  roomcover spare do SPARE-7F3K2 tell -w fact=delivered
  roomcover spare do SPARE-7F3K2 take_back -w fact=delivered -w reason="It was another parcel."`
}

// Run does it.
func (c spareDoCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	id, err := client.spareID(ctx, c.Spare)
	if err != nil {
		return err
	}

	body := withFields(c.With)
	if n, err := strconv.ParseInt(c.With["version"], 10, 64); err == nil {
		body["version"] = n
	}

	var s api.SpareUnitDetail
	path := "/v1/spare-units/" + url.PathEscape(id) + "/" + url.PathEscape(c.Command)
	if err := client.post(ctx, path, body, &s); err != nil {
		return err
	}

	return c.showSpare(ctx, a, client, s)
}
