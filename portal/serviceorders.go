package portal

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
)

// orderView is a line under "Pedidos de serviço" (R98).
type orderView struct {
	ID, Service, Term  string
	Number             string // the vendor's, as in the confirmation mail; may be empty
	Serial             string // of a warranty from before
	Quantity           int64
	Start, End, State  string
	StartNote          string // "on first assignment", above Start
	Pending, Cancelled bool
	Tone               string // look of the state
}

type ordersPage struct {
	Orders []orderView
	Label  string
	Days   int
	Open   []cancellableView // what the administrator can still cancel
	Claims []claimView
	Admin  bool
}

func showServiceOrders(v *visit) (answer, error) {
	contracts, err := v.contracts()
	if err != nil {
		return answer{}, err
	}

	orders, err := v.orderViews(contracts)
	if err != nil {
		return answer{}, err
	}

	open, err := v.cancellables(contracts)
	if err != nil {
		return answer{}, err
	}

	claims, err := v.claims()
	if err != nil {
		return answer{}, err
	}

	label := v.program.ServiceOrdersLabel(v.language.Locale())
	return answer{
		page:  "serviceorders",
		label: label,
		data:  ordersPage{orders, label, v.program.StartFallbackDays, open, claims, v.isAdmin()},
	}, nil
}

// orderViews puts what is over below what is not; each part runs from new to
// old.
func (v *visit) orderViews(contracts []entitlement.ContractEntry) ([]orderView, error) {
	slices.SortStableFunc(contracts, func(a, b entitlement.ContractEntry) int {
		return rankOf(a) - rankOf(b)
	})
	numbers, err := v.orders.OrderNumbers(v.scoped(), v.who.account().ID)

	out := make([]orderView, len(contracts))
	for i, c := range contracts {
		out[i] = v.orderView(c)
		out[i].Number = numbers[c.OrderID]
	}

	return out, err
}

func rankOf(c entitlement.ContractEntry) int {
	if c.State == rules.ContractCancelled || c.State == rules.ContractExpired {
		return 1
	}
	return 0
}

// orderView shows dates in the account's zone, and the end as the last covered
// day (C2). What has not started shows the latest possible start.
func (v *visit) orderView(c entitlement.ContractEntry) orderView {
	o := orderView{
		ID: c.ID,
		Service: v.language.Say(
			"service."+string(c.Type), messages.Args{"program": v.program.Name},
		),
		Quantity:  c.Quantity,
		Serial:    c.Serial,
		State:     v.language.Say("contract." + string(c.State)),
		Tone:      tones[c.State],
		Pending:   c.State == rules.ContractPendingStart,
		Cancelled: c.State == rules.ContractCancelled,
	}

	if c.TermYears > 0 {
		o.Term = v.language.Count("term", int64(c.TermYears))
	}

	switch {
	case c.StartAt != nil:
		o.Start = v.dayIn(*c.StartAt, c.TimeZone)
	case o.Pending:
		o.StartNote = v.language.Say("start.pending")
		o.Start = v.language.Say("start.latest",
			messages.Args{"day": v.dayIn(c.FallbackStartAt, c.TimeZone)})
	}

	if c.EndAt != nil {
		o.End = v.day(rules.LastCoveredDay(*c.EndAt, location(c.TimeZone)))
	}

	return o
}

var tones = map[rules.ContractState]string{
	rules.ContractProcessing:   "waiting",
	rules.ContractPendingStart: "waiting",
	rules.ContractActive:       "good",
	rules.ContractSuspended:    "warning",
	rules.ContractExpired:      "quiet",
	rules.ContractCancelled:    "quiet",
}

const mostReason = 1000 // characters

// cancellableView is an order that an administrator can still cancel (S7).
type cancellableView struct {
	Path, Until string
	Number      string // the vendor's, as in the confirmation mail
	Contracts   []orderView
}

// cancellationPage is the form to cancel an order, with what was typed and
// what is wrong with it. An empty quantity is the whole order.
type cancellationPage struct {
	Order                                       cancellableView
	Quantity, Reason, Once                      string
	QuantityProblem, ReasonProblem, FormProblem string // message keys
	ReasonMostLength                            int
}

// cancellables shows an administrator the orders whose window is open (R90).
func (v *visit) cancellables(contracts []entitlement.ContractEntry) ([]cancellableView, error) {
	if !v.isAdmin() {
		return nil, nil
	}
	orders, err := v.orders.CancellableOrders(v.acting(), v.who.account().ID)

	out := make([]cancellableView, len(orders))
	for i, o := range orders {
		out[i] = v.cancellableView(o, contracts)
	}

	return out, err
}

// cancellableView names the last day of the window: its end is exclusive.
func (v *visit) cancellableView(
	o order.Order, contracts []entitlement.ContractEntry,
) cancellableView {
	zone := v.who.account().TimeZone
	c := cancellableView{Path: "/service-orders/" + o.ID + "/cancellation"}
	if o.VendorOrderNo != nil {
		c.Number = *o.VendorOrderNo
	}

	for _, k := range contracts {
		if k.OrderID == o.ID && k.State != rules.ContractCancelled {
			c.Contracts, zone = append(c.Contracts, v.orderView(k)), k.TimeZone
		}
	}

	c.Until = v.day(rules.LastCoveredDay(o.CancellableUntil, location(zone)))
	return c
}

func showCancellation(v *visit) (answer, error) {
	return v.cancellationPage(cancellationPage{Once: db.NewID("once")})
}

func (v *visit) cancellationPage(p cancellationPage) (answer, error) {
	o, err := v.cancellable(v.param("id"))
	if err != nil {
		return answer{}, err
	}
	contracts, err := v.contracts()
	p.Order, p.ReasonMostLength = v.cancellableView(o, contracts), mostReason
	return answer{page: "cancellation", title: "cancellation.title", data: p}, err
}

// cancellable finds an order of the account at hand and says why it cannot be
// cancelled any more; a foreign one does not exist (C5).
func (v *visit) cancellable(id string) (order.Order, error) {
	o, err := v.orders.GetOrder(v.acting(), id)
	if err != nil {
		return o, err
	}

	open, err := v.orders.CancellableOrders(v.acting(), v.who.account().ID)
	switch {
	case err != nil || slices.ContainsFunc(open, func(x order.Order) bool { return x.ID == id }):
		return o, err
	case o.State.Cancellable():
		return o, rules.Refuse(rules.CancellationWindowClosed, "The window has closed.",
			"Write to the mailbox.")
	}

	return o, rules.Refuse(rules.StateConflict, "The order cannot be cancelled.",
		"Read the order again.")
}

// cancelOrder cancels the whole order or a number of its licences (S7, S12).
// The form's own name makes a second press of the button the same request.
func cancelOrder(v *visit) (answer, error) {
	p := cancellationPage{
		Quantity: strings.TrimSpace(v.form("quantity")),
		Reason:   v.form("reason"),
		Once:     v.form("once"),
	}

	n, err := strconv.Atoi(p.Quantity)
	if p.Quantity != "" && (err != nil || n < 1) {
		p.QuantityProblem = "cancellation.quantity.wrong"
		return v.cancellationAgain(p, http.StatusUnprocessableEntity)
	}

	_, _, err = v.orders.CancelOrder(v.acting(), v.param("id"),
		order.CancelRequest{Quantity: n, Reason: p.Reason, Once: p.Once})
	if err == nil {
		return v.done("/service-orders", "flash.cancelled"), nil
	}

	switch rules.CodeOf(err) {
	case rules.ReasonRequired:
		p.ReasonProblem = "cancellation.reason.missing"
	case rules.ValidationFailed:
		p.blame(err)
	case rules.LicencesNotNamed:
		p.FormProblem = "cancellation.assigned"
		return v.cancellationAgain(p, http.StatusConflict)
	default:
		return answer{}, err
	}

	return v.cancellationAgain(p, http.StatusUnprocessableEntity)
}

// blame puts a refused value under its own field.
func (p *cancellationPage) blame(err error) {
	var refusal *rules.Error
	if errors.As(err, &refusal) && len(refusal.Fields) > 0 &&
		refusal.Fields[0].Pointer == "/reason" {
		p.ReasonProblem = "cancellation.reason.long"
		return
	}
	p.QuantityProblem = "cancellation.quantity.wrong"
}

func (v *visit) cancellationAgain(p cancellationPage, status int) (answer, error) {
	a, err := v.cancellationPage(p)
	a.status = status
	return a, err
}
