package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
)

// stockCommands are about what the depots have.
type stockCommands struct {
	List    stockListCommand    `cmd:"" default:"withargs" help:"Show what the depots have of each model (the default)."`
	Show    stockShowCommand    `cmd:"" help:"Show the entries that made the levels, newest first."`
	Receipt stockReceiptCommand `cmd:"" help:"Enter units that came to a depot."`
	Adjust  stockAdjustCommand  `cmd:"" help:"Correct a level after a count."`
}

// Help is shown by --help.
func (stockCommands) Help() string {
	return `Examples:
  roomcover stock
  roomcover stock show --depot SAO --model RALLY-BAR`
}

type stockListCommand struct {
	output
	apiOptions
	Depot string `placeholder:"DEPOT" help:"Only of this depot: its code, name or id."`
	Model string `placeholder:"CODE" help:"Only of this model."`
}

// Help is shown by --help.
func (stockListCommand) Help() string {
	return `Example:
  roomcover stock list --model RALLY-BAR`
}

// Run lists.
func (c stockListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	depot, err := client.depotID(ctx, c.Depot)
	if err != nil {
		return err
	}

	levels, err := whole[api.StockLevelView](ctx, client, "/v1/stock",
		filters(map[string]string{"depot_id": depot, "model": c.Model}))
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, levels, func(out io.Writer, w *words) {
		if len(levels) == 0 {
			fmt.Fprintln(out, "No depot has anything.")
			return
		}

		t := a.table(out, "depot", "model", "on hand", "reserved", "free")
		for _, l := range levels {
			t.AppendRow([]any{w.name(l.DepotID), l.Model, l.OnHand, l.Reserved, l.Free})
		}
		t.Render()
	})
}

type stockShowCommand struct {
	output
	apiOptions
	Depot string `placeholder:"DEPOT" help:"Only of this depot: its code, name or id."`
	Model string `placeholder:"CODE" help:"Only of this model."`
	Kind  string `enum:",receipt,reservation,release,shipment,adjustment" default:"" help:"Only receipts, reservations, releases, shipments or adjustments."`
	Limit int    `default:"50" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (stockShowCommand) Help() string {
	return `Example:
  roomcover stock show --depot SAO --model RALLY-BAR`
}

// Run shows.
func (c stockShowCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	depot, err := client.depotID(ctx, c.Depot)
	if err != nil {
		return err
	}

	list, err := every[api.StockEntryView](ctx, client, "/v1/stock/entries",
		filters(map[string]string{
			"depot_id": depot,
			"model":    c.Model,
			"kind":     strings.ToUpper(c.Kind),
		}), c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list,
		func(out io.Writer, w *words) { a.stockEntries(out, w, list) })
}

func (a *app) stockEntries(out io.Writer, w *words, list []api.StockEntryView) {
	if len(list) == 0 {
		fmt.Fprintln(out, "Nothing was entered.")
		return
	}

	t := a.table(out, "when", "depot", "model", "what", "units", "for", "by", "reason")
	for _, e := range list {
		t.AppendRow([]any{
			w.since(e.CreatedAt, w.zone(e.DepotID)),
			w.name(e.DepotID),
			e.Model,
			plain(string(e.Kind)),
			e.Quantity,
			w.known(e.SubjectID),
			w.known(e.EnteredBy),
			cutAt(w.prose(e.Reason), 60),
		})
	}
	t.Render()
}

// stockEntry is what a receipt and an adjustment have in common.
type stockEntry struct {
	output
	apiOptions
	Depot     string `required:"" placeholder:"DEPOT" help:"The depot: its code, name or id."`
	Model     string `required:"" placeholder:"CODE" help:"Code of the model."`
	Quantity  int    `required:"" placeholder:"N" help:"How many units."`
	Reference string `placeholder:"TEXT" help:"Delivery note or count: the same one makes one entry, however often it is sent."`
}

// enter sends an entry and shows the level that it made.
func (c stockEntry) enter(ctx context.Context, a *app, path, reason string) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	depot, err := client.depotID(ctx, c.Depot)
	if err != nil {
		return err
	}

	var e api.StockEntered
	err = client.post(ctx, path, api.StockRequest{
		DepotID:   depot,
		Model:     c.Model,
		Quantity:  c.Quantity,
		Reference: c.Reference,
		Reason:    reason,
	}, &e)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, e,
		func(out io.Writer, w *words) {
			a.stockEntries(out, w, []api.StockEntryView{e.StockEntryView})
			writeWaiting(out, w, e)
		})
}

// writeWaiting says who waits for units of the model that was entered, and how one of them
// gets a unit: an entry alone allocates nothing.
func writeWaiting(out io.Writer, w *words, e api.StockEntered) {
	if len(e.Waiting) == 0 {
		return
	}

	fmt.Fprintf(out, "\nFor %s wait, the earliest promise first:\n", e.Model)
	for _, k := range e.Waiting {
		promised := "no day is promised"
		if k.PromisedOn != "" {
			promised = "promised for " + w.day(k.PromisedOn)
		}
		do := "roomcover rma do " + k.Number + " allocate"
		if k.Spare {
			do = "roomcover spare do " + k.Number + " ship"
		}
		fmt.Fprintf(out, "  %s: %s to %s, %s: %s\n",
			k.Number, count(k.Quantity, "unit"), k.Country, promised, do)
	}
}

type stockReceiptCommand struct{ stockEntry }

// Help is shown by --help.
func (stockReceiptCommand) Help() string {
	return `Example:
  roomcover stock receipt --depot SAO --model RALLY-BAR --quantity 20 --reference DN-4711`
}

// Run enters.
func (c stockReceiptCommand) Run(ctx context.Context, a *app) error {
	return c.enter(ctx, a, "/v1/stock/receipts", "")
}

type stockAdjustCommand struct {
	stockEntry
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (stockAdjustCommand) Help() string {
	return `What is missing is entered as a negative quantity.

Example:
  roomcover stock adjust --depot SAO --model RALLY-BAR --quantity=-1 --reason "count of November"`
}

// Run corrects.
func (c stockAdjustCommand) Run(ctx context.Context, a *app) error {
	return c.enter(ctx, a, "/v1/stock/adjustments", c.Reason)
}

// depotCommands are about the depots.
type depotCommands struct {
	List depotListCommand `cmd:"" help:"List the depots."`
	Show depotShowCommand `cmd:"" help:"Show one with what it has."`
	Set  depotSetCommand  `cmd:"" help:"Add a depot, or change the one of this code."`
}

func (c *apiClient) depots(ctx context.Context) ([]api.DepotView, error) {
	return whole[api.DepotView](ctx, c, "/v1/depots", nil)
}

type depotListCommand struct {
	output
	apiOptions
}

// Help is shown by --help.
func (depotListCommand) Help() string {
	return `Example:
  roomcover depot list`
}

// Run lists.
func (c depotListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	list, err := client.depots(ctx)
	if err != nil {
		return err
	}
	return c.show(a, list, func(out io.Writer) { a.depotTable(out, list) })
}

func (a *app) depotTable(out io.Writer, list []api.DepotView) {
	if len(list) == 0 {
		fmt.Fprintln(out, "No depots.")
		return
	}

	t := a.table(out, "code", "depot", "address", "time zone", "id")
	for _, d := range list {
		t.AppendRow([]any{d.Code, d.Name, depotAddress(d), d.TimeZone, d.ID})
	}
	t.Render()
}

func depotAddress(d api.DepotView) string {
	var parts []string
	for _, part := range []string{
		d.Street, strings.TrimSpace(d.PostalCode + " " + d.City), d.Region, d.Country,
	} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

type depotShowCommand struct {
	output
	apiOptions
	Depot string `arg:"" help:"The depot: its code, name or id."`
}

// Help is shown by --help.
func (depotShowCommand) Help() string {
	return `Example:
  roomcover depot show SAO`
}

// depotWithStock is a depot with what it has.
type depotWithStock struct {
	api.DepotView
	Stock []api.StockLevelView `json:"stock"`
}

// Run shows.
func (c depotShowCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	id, err := client.depotID(ctx, c.Depot)
	if err != nil {
		return err
	}

	list, err := client.depots(ctx)
	if err != nil {
		return err
	}

	shown := depotWithStock{}
	for _, d := range list {
		if d.ID == id {
			shown.DepotView = d
		}
	}
	if shown.ID == "" {
		return settingsError{fmt.Errorf("there is no such depot")}
	}

	shown.Stock, err = whole[api.StockLevelView](ctx, client, "/v1/stock",
		url.Values{"depot_id": {id}})
	if err != nil {
		return err
	}

	return c.show(a, shown, func(out io.Writer) {
		fmt.Fprintf(out, "%s (%s)\n\n", shown.Name, shown.Code)
		writeFacts(out,
			fact{"Address", depotAddress(shown.DepotView)},
			fact{"Time zone", shown.TimeZone},
		)
		fmt.Fprintln(out)
		if len(shown.Stock) == 0 {
			fmt.Fprintln(out, "It has nothing.")
		} else {
			t := a.table(out, "model", "on hand", "reserved", "free")
			for _, l := range shown.Stock {
				t.AppendRow([]any{l.Model, l.OnHand, l.Reserved, l.Free})
			}
			t.Render()
		}
		fmt.Fprintf(out, "\n%s\n", shown.ID)
	})
}

type depotSetCommand struct {
	output
	apiOptions
	Code       string `arg:"" help:"Short name; it says which depot it is."`
	Name       string `required:"" placeholder:"NAME" help:"What people call it."`
	Street     string `required:"" placeholder:"TEXT" help:"Street and number."`
	City       string `required:"" placeholder:"TEXT" help:"City."`
	Region     string `placeholder:"CODE" help:"State or province, such as SP."`
	PostalCode string `placeholder:"CODE" help:"Postal code."`
	Country    string `required:"" placeholder:"CODE" help:"Country, such as BR."`
	TimeZone   string `placeholder:"ZONE" help:"IANA name; left out: that of the country."`
}

// Help is shown by --help.
func (depotSetCommand) Help() string {
	return `Everything that is not given is set to its default: the command says what the depot
is, not what to change.

Example:
  roomcover depot set SAO --name "São Paulo" --street "Rua A 1" --city "São Paulo" --region SP \
    --country BR`
}

// Run stores it.
func (c depotSetCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	var d api.DepotView
	err = client.put(ctx, "/v1/depots", api.DepotRequest{
		Code:       c.Code,
		Name:       c.Name,
		Street:     c.Street,
		City:       c.City,
		Region:     c.Region,
		PostalCode: c.PostalCode,
		Country:    c.Country,
		TimeZone:   c.TimeZone,
	}, &d)
	if err != nil {
		return err
	}

	return c.show(a, d, func(out io.Writer) { a.depotTable(out, []api.DepotView{d}) })
}
