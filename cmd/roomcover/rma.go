package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
)

// rmaCommand is about replacements of faulty hardware.
type rmaCommand struct {
	List    rmaListCommand    `cmd:"" help:"List replacements."`
	Show    rmaShowCommand    `cmd:"" help:"Show one with its promise, its timeline and what you may do."`
	Request rmaRequestCommand `cmd:"" help:"Request a replacement."`
	Do      rmaDoCommand      `cmd:"" help:"Do one of a replacement's commands, such as approve, ship or inspect."`
}

type rmaListCommand struct {
	output
	apiOptions
	State  string `placeholder:"STATE" help:"Only those in this state, such as AWAITING_RETURN."`
	Serial string `placeholder:"SERIAL" help:"Only those with this serial, of the faulty unit or of its replacement."`
	Open   bool   `help:"Only those that are not over."`
	Late   bool   `help:"Only those whose first promise was, or is being, missed."`
	Limit  int    `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Run lists.
func (c rmaListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	q := filters(map[string]string{
		"state":  strings.ToUpper(c.State),
		"serial": c.Serial,
		"open":   truth(c.Open),
		"late":   truth(c.Late),
	})

	list, err := every[api.RMAView](ctx, client, "/v1/rmas", q, c.Limit)
	if err != nil {
		return err
	}

	return c.show(a, list, func(w io.Writer) { a.rmaTable(w, list) })
}

func truth(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func (a *app) rmaTable(w io.Writer, list []api.RMAView) {
	if len(list) == 0 {
		fmt.Fprintln(w, "No replacements.")
		return
	}

	t := a.table(w, "number", "state", "model", "serial", "promised", "late", "return due", "fee")
	for _, r := range list {
		t.AppendRow([]any{
			r.Number,
			r.State,
			r.Model,
			r.Serial,
			promisedOn(r),
			truth(r.Late),
			r.ReturnDueOn,
			r.Fee,
		})
	}

	t.Render()
}

func promisedOn(r api.RMAView) string {
	if r.Promise == nil {
		return ""
	}
	return r.Promise.On
}

type rmaShowCommand struct {
	output
	apiOptions
	ID string `arg:"" help:"Number or id of the replacement, such as RMA-7F3K2."`
}

// Run shows.
func (c rmaShowCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	var r api.RMADetail
	if err := client.read(ctx, "/v1/rmas/"+url.PathEscape(c.ID), &r); err != nil {
		return err
	}

	return c.show(a, r, func(w io.Writer) { explainRMA(w, r) })
}

// explainRMA shows a replacement in plain words.
func explainRMA(w io.Writer, r api.RMADetail) {
	fmt.Fprintf(w, "%s: %s, %s %s\n", r.Number, r.State, r.Model, r.Serial)
	if r.Cover != "" {
		fmt.Fprintf(w, "Cover: %s, speed %s\n", r.Cover, r.Speed)
	}
	if r.Held {
		fmt.Fprintln(w, "Held: waits for the proof of purchase.")
	}
	if r.Promise != nil {
		fmt.Fprintf(w, "Promised: %s (%s)\n", r.Promise.On, r.Promise.Explanation.English)
	}
	writeUnprintable(w, r.Unprintable)
	if r.ReplacementSerial != "" {
		fmt.Fprintf(w, "Replacement: %s %s\n", r.ReplacementSerial, r.Tracking)
	}

	if r.ReturnDueOn != "" {
		fmt.Fprintf(w, "Return by: %s; fee: %s\n", r.ReturnDueOn, r.Fee)
	}

	writeCourse(w, r.WaitsFor, r.WaitsUntil, r.Timeline, r.Commands)
	writeFacts(w, "You may tell", r.Facts)
	writeFacts(w, "You may take back", r.ToTakeBack)
}

type rmaRequestCommand struct {
	output
	apiOptions
	Serial    string `placeholder:"SERIAL" help:"The faulty device."`
	Room      string `placeholder:"ID" help:"Of an accessory: its room."`
	Model     string `placeholder:"CODE" help:"Of an accessory: its model."`
	Quantity  int    `placeholder:"N" help:"Of an accessory: how many."`
	Site      string `placeholder:"ID" help:"Where it goes; otherwise the site of the room."`
	Fault     string `required:"" placeholder:"TEXT" help:"What is wrong."`
	Confirmed bool   `help:"The defect is confirmed: approve at once."`
}

// Run requests.
func (c rmaRequestCommand) Run(ctx context.Context, a *app) error {
	body := map[string]any{"fault": c.Fault}
	for name, value := range map[string]string{
		"serial":  c.Serial,
		"room_id": c.Room,
		"model":   c.Model,
		"site_id": c.Site,
	} {
		if value != "" {
			body[name] = value
		}
	}

	if c.Quantity != 0 {
		body["quantity"] = c.Quantity
	}
	if c.Confirmed {
		body["defect_confirmed"] = true
	}

	return postRMA(ctx, a, c.output, c.apiOptions, "/v1/rmas", body)
}

func postRMA(
	ctx context.Context, a *app, o output, options apiOptions, path string, body map[string]any,
) error {
	client, err := options.client()
	if err != nil {
		return err
	}

	var r api.RMADetail
	if err := client.post(ctx, path, body, &r); err != nil {
		return err
	}

	return o.show(a, r, func(w io.Writer) { explainRMA(w, r) })
}

type rmaDoCommand struct {
	output
	apiOptions
	ID      string            `arg:"" help:"Number or id of the replacement, such as RMA-7F3K2."`
	Command string            `arg:"" help:"What to do: one of those that 'rma show' lists."`
	With    map[string]string `short:"w" placeholder:"FIELD=VALUE" help:"What the command needs, as in the API: reason, code, model, expected_on, serial, carrier, tracking, outcome, photo, spare_unit_id, fact, at."`
}

// Help is shown by --help.
func (rmaDoCommand) Help() string {
	return `Approving confirms the defect.

Examples:
  roomcover rma do RMA-7F3K2 approve
  roomcover rma do RMA-7F3K2 ship -w serial=NEW100 -w carrier=sim -w tracking=TRK1
  roomcover rma do RMA-7F3K2 tell -w fact=DELIVERED
  roomcover rma do RMA-7F3K2 take_back -w fact=DELIVERED -w reason="It was another parcel."
  roomcover rma do RMA-7F3K2 inspect -w serial=OLD100 -w outcome=DEFECT`
}

// Run does it.
func (c rmaDoCommand) Run(ctx context.Context, a *app) error {
	body := map[string]any{}
	for name, value := range c.With {
		body[name] = value
	}

	if c.Command == "approve" {
		body["defect_confirmed"] = true
	}
	return postRMA(ctx, a, c.output, c.apiOptions,
		"/v1/rmas/"+url.PathEscape(c.ID)+"/"+url.PathEscape(c.Command), body)
}
