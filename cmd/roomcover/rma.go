package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// rmaCommand is about replacements of faulty hardware.
type rmaCommand struct {
	List    rmaListCommand    `cmd:"" help:"List replacements."`
	Show    rmaShowCommand    `cmd:"" help:"Show one with its promise, its timeline and what you may do."`
	Request rmaRequestCommand `cmd:"" help:"Request a replacement."`
	Do      rmaDoCommand      `cmd:"" help:"Do one of a replacement's commands, such as approve, ship or inspect."`
}

// rma is one line, or the whole.
type rma struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	Serial    string `json:"serial,omitempty"`
	Model     string `json:"model"`
	Speed     string `json:"speed,omitempty"`
	Cover     string `json:"cover,omitempty"`
	Late      bool   `json:"late"`
	Held      bool   `json:"held"`
	Fee       string `json:"fee"`
	New       string `json:"replacement_serial,omitempty"`
	Tracking  string `json:"tracking,omitempty"`
	ReturnDue string `json:"return_due_on,omitempty"`
	Promise   *struct {
		On          string            `json:"on,omitempty"`
		Explanation map[string]string `json:"explanation"`
	} `json:"promise,omitempty"`
	course
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
	q := filters(map[string]string{"state": strings.ToUpper(c.State), "serial": c.Serial, "open": truth(c.Open), "late": truth(c.Late)})
	list, err := every[rma](ctx, client, "/v1/rmas", q, c.Limit)
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

func (a *app) rmaTable(w io.Writer, list []rma) {
	if len(list) == 0 {
		fmt.Fprintln(w, "No replacements.")
		return
	}
	t := a.table(w, "id", "state", "model", "serial", "promised", "late", "return due", "fee")
	for _, r := range list {
		t.AppendRow([]any{r.ID, r.State, r.Model, r.Serial, r.promisedOn(), truth(r.Late), r.ReturnDue, r.Fee})
	}
	t.Render()
}

func (r rma) promisedOn() string {
	if r.Promise == nil {
		return ""
	}
	return r.Promise.On
}

type rmaShowCommand struct {
	output
	apiOptions
	ID string `arg:"" help:"Id of the replacement."`
}

// Run shows.
func (c rmaShowCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	var r rma
	if err := client.read(ctx, "/v1/rmas/"+url.PathEscape(c.ID), &r); err != nil {
		return err
	}
	return c.show(a, r, r.tell)
}

// tell shows a replacement in plain words.
func (r rma) tell(w io.Writer) {
	fmt.Fprintf(w, "%s: %s, %s %s\n", r.ID, r.State, r.Model, r.Serial)
	if r.Cover != "" {
		fmt.Fprintf(w, "Cover: %s, speed %s\n", r.Cover, r.Speed)
	}
	if r.Held {
		fmt.Fprintln(w, "Held: waits for the proof of purchase.")
	}
	if r.Promise != nil {
		fmt.Fprintf(w, "Promised: %s (%s)\n", r.Promise.On, r.Promise.Explanation["en"])
	}
	if r.New != "" {
		fmt.Fprintf(w, "Replacement: %s %s\n", r.New, r.Tracking)
	}
	if r.ReturnDue != "" {
		fmt.Fprintf(w, "Return by: %s; fee: %s\n", r.ReturnDue, r.Fee)
	}
	r.course.tell(w)
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
	for name, value := range map[string]string{"serial": c.Serial, "room_id": c.Room, "model": c.Model, "site_id": c.Site} {
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

func postRMA(ctx context.Context, a *app, o output, options apiOptions, path string, body map[string]any) error {
	client, err := options.client()
	if err != nil {
		return err
	}
	var r rma
	if err := client.post(ctx, path, body, &r); err != nil {
		return err
	}
	return o.show(a, r, r.tell)
}

type rmaDoCommand struct {
	output
	apiOptions
	ID      string            `arg:"" help:"Id of the replacement."`
	Command string            `arg:"" help:"What to do: one of those that 'rma show' lists, or tell."`
	With    map[string]string `short:"w" placeholder:"FIELD=VALUE" help:"What the command needs, as in the API: reason, code, model, expected_on, serial, carrier, tracking, outcome, photo, spare_unit_id, fact, at."`
}

// Help is shown by --help.
func (rmaDoCommand) Help() string {
	return `Approving confirms the defect.

Examples:
  roomcover rma do rma_01kb approve
  roomcover rma do rma_01kb ship -w serial=NEW100 -w carrier=sim -w tracking=TRK1
  roomcover rma do rma_01kb tell -w fact=DELIVERED
  roomcover rma do rma_01kb inspect -w serial=OLD100 -w outcome=DEFECT`
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
	return postRMA(ctx, a, c.output, c.apiOptions, "/v1/rmas/"+url.PathEscape(c.ID)+"/"+url.PathEscape(c.Command), body)
}
