package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/processes"
)

// orderCommands are about orders. An order is named by the sender's number, ours or its id.
type orderCommands struct {
	List      orderListCommand      `cmd:"" help:"List orders."`
	Show      orderShowCommand      `cmd:"" help:"Show one with what to do next, its contracts and what happened."`
	Refused   orderRefusedCommand   `cmd:"" help:"List what was sent and refused at the door, so that no order exists."`
	Accept    orderAcceptCommand    `cmd:"" help:"Accept an order in review."`
	Reject    orderRejectCommand    `cmd:"" help:"Reject an order in review."`
	Reopen    orderReopenCommand    `cmd:"" help:"Take an order that was rejected by mistake back into review."`
	Cancel    orderCancelCommand    `cmd:"" help:"Cancel an order within its window, as a whole or in part."`
	Terminate orderTerminateCommand `cmd:"" help:"End an order after its window, as goodwill."`
}

type orderListCommand struct {
	output
	apiOptions
	State   string `placeholder:"STATE" help:"Only those in this state, such as needs_review."`
	Account string `placeholder:"ACCOUNT" help:"Only those of this account: its id or the company's name."`
	Number  string `placeholder:"NUMBER" help:"Only those that the sender or we call by this number."`
	Limit   int    `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (orderListCommand) Help() string {
	return `Examples:
  roomcover order list --state needs_review
  roomcover order list --account "Acme Ltda" --json`
}

// Run lists.
func (c orderListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}

	list, err := every[api.OrderSummary](ctx, client, "/v1/orders", filters(map[string]string{
		"state":      coded(c.State),
		"account_id": account,
		"number":     c.Number,
	}), c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list,
		func(out io.Writer, w *words) { a.orderTable(out, w, list) })
}

func (a *app) orderTable(out io.Writer, w *words, list []api.OrderSummary) {
	if len(list) == 0 {
		fmt.Fprintln(out, "No orders.")
		return
	}

	t := a.table(out, "number", "customer", "seller", "lines", "state", "purchased", "id")
	for _, o := range list {
		t.AppendRow([]any{
			orderNumber(o),
			dash(w.name(o.AccountID)),
			w.name(o.ResellerID),
			orderLines(o.Lines),
			plain(string(o.State)),
			w.day(o.PurchasedOn),
			o.ID,
		})
	}

	t.Render()
	fmt.Fprintf(out, "\n%s.\n", count(len(list), "order"))
}

// orderNumber is what people call an order: our number, where it has one, and the sender's.
func orderNumber(o api.OrderSummary) string {
	if o.VendorOrderNo == "" {
		return o.PONumber
	}
	return o.VendorOrderNo + " (" + o.PONumber + ")"
}

func orderLines(lines []api.OrderLineView) string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = fmt.Sprintf("%d × %s", l.Quantity, l.SKU)
	}
	return strings.Join(out, ", ")
}

// oneOrder names the order that a command is about.
type oneOrder struct {
	output
	apiOptions
	Order string `arg:"" help:"The order: the sender's number, ours, or its id."`
}

// find reads the order, and the client to go on with.
func (c oneOrder) find(ctx context.Context) (*apiClient, api.OrderDetail, error) {
	var o api.OrderDetail
	client, err := c.client()
	if err != nil {
		return nil, o, err
	}

	id, err := client.orderID(ctx, c.Order)
	if err != nil {
		return nil, o, err
	}

	return client, o, client.read(ctx, "/v1/orders/"+url.PathEscape(id), &o)
}

type orderShowCommand struct{ oneOrder }

// Help is shown by --help.
func (orderShowCommand) Help() string {
	return `Says first what to do next; then who ordered what for whom; then what became of it and
what happened, by the clock of the order's place.

Example:
  roomcover order show PO-2026-0017`
}

// Run shows.
func (c orderShowCommand) Run(ctx context.Context, a *app) error {
	client, o, err := c.find(ctx)
	if err != nil {
		return err
	}
	return c.showOrder(ctx, a, client, o)
}

// showOrder answers with an order.
func (c oneOrder) showOrder(
	ctx context.Context, a *app, client *apiClient, d api.OrderDetail,
) error {
	if c.JSON {
		return c.show(a, d, nil)
	}

	standing, err := client.standing(ctx, d.ID)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, d, func(out io.Writer, w *words) {
		a.explainOrder(out, w, c.Order, d, standing)
	})
}

func (a *app) explainOrder(
	out io.Writer, w *words, said string, o api.OrderDetail, standing *api.ProcessView,
) {
	c := course{
		kind:     processes.Order,
		state:    string(o.State),
		standing: standing,
		events:   o.Timeline,
		zone:     o.TimeZone,
	}
	if o.State == rules.OrderNeedsReview {
		c.commands = []string{"accept", "reject"}
	} else if w.now.Before(o.CancellableUntil) && o.State != rules.OrderCancelled &&
		o.State != rules.OrderRejected {
		c.commands = []string{"cancel"}
	}

	fmt.Fprintf(out, "Order %s: %s\n\n", orderNumber(o.OrderSummary), plain(string(o.State)))
	c.writeNext(out, w, a)
	if o.State == rules.OrderNeedsReview {
		writeDecisions(out, "roomcover order accept "+quoted(said),
			"roomcover order reject "+quoted(said), o)
	}

	writeFacts(out, orderFacts(w, o)...)

	a.orderContracts(out, w, o)
	for _, x := range o.Cancellations {
		writeCancellation(out, w, o.TimeZone, x)
	}

	c.writeHistory(out, w)
	fmt.Fprintf(out, "\n%s\n", o.ID)
}

// orderFacts are what an order says, and what a decision about it is about.
func orderFacts(w *words, o api.OrderDetail) []fact {
	cancellable := w.until(o.CancellableUntil, o.TimeZone)
	if o.State == rules.OrderCancelled {
		cancellable = ""
	}

	facts := []fact{
		{"Looked at because", w.codes(o.ReviewReasons)},
		{"Customer", w.name(o.AccountID)},
		{"Seller", w.name(o.ResellerID)},
		{"Distributor", w.name(o.DistributorID)},
		{"Lines", orderLines(o.Lines)},
		{"Purchased", w.day(o.PurchasedOn)},
		{"Cancel until", cancellable},
	}
	if s := o.Submitted; s != nil {
		facts = append(facts,
			fact{"Ordered for", s.EndCustomer.Company + ", " + s.EndCustomer.Address.Line()},
			fact{"Contact", s.EndCustomer.ContactName + " <" + s.EndCustomer.Email + ">"},
		)
	}
	if o.InvitationFailed {
		facts = append(facts, fact{"Invitation", "could not be delivered"})
	}
	return facts
}

func (a *app) orderContracts(out io.Writer, w *words, o api.OrderDetail) {
	if len(o.Contracts) == 0 {
		return
	}

	fmt.Fprintln(out)
	t := a.table(out, "contract", "licenses", "state", "from", "to", "id")
	for _, k := range o.Contracts {
		from := w.day(k.StartOn)
		if from == "" && k.LatestStartOn != "" {
			from = "by " + w.day(k.LatestStartOn)
		}
		licenses := strconv.FormatInt(k.Quantity, 10)
		if k.InForce > 0 && k.InForce < k.Quantity { // a part was canceled
			licenses = fmt.Sprintf("%d of %d", k.InForce, k.Quantity)
		}
		to := w.day(k.LastDay)
		if k.CancelledAt != nil { // it ended then, whatever its term was
			to = w.moment(*k.CancelledAt, k.TimeZone)
		}
		t.AppendRow([]any{
			serviceName(k.Type),
			licenses,
			plain(string(k.State)),
			dash(from),
			dash(to),
			k.ID,
		})
	}
	t.Render()
}

// serviceName is what a kind of service is called.
func serviceName(t catalogue.ServiceType) string {
	switch t {
	case catalogue.ServiceSelect:
		return "Select"
	case catalogue.ServiceSyncPlus:
		return "Sync Plus"
	case catalogue.ServiceJumpStart:
		return "JumpStart"
	case catalogue.ServiceExtWarranty:
		return "Extended warranty"
	}
	return plain(string(t))
}

// addressOf writes an address on one line.
func addressOf(a rules.Address) string { return a.Line() }
