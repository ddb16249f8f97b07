package portal

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

const mostReason = 1000 // characters

// mostNamed bounds the rooms that a confirmation names; it counts the rest.
const mostNamed = 50

// cancellableView is an order that an administrator can still cancel (S7).
type cancellableView struct {
	Path, Until string
	Number      string // the vendor's, as in the confirmation mail
	Contracts   []orderView
}

// What an administrator cancels of an order.
const (
	scopeWhole = "whole"
	scopePart  = "part"
)

// cancellationPage is the form to cancel an order, with what was typed and what is wrong
// with it. Nothing is chosen for the reader: neither the whole order nor a part.
type cancellationPage struct {
	Order                         cancellableView
	All, Free                     int64 // licences that the order has, and those in no room
	Scope, Quantity, Reason, Once string
	Named                         []string // licences in rooms that are to go
	Rooms                         []choice // to name them; empty: no need
	Missing                       int64    // how many are to be named
	ReasonMostLength              int
	// What is wrong, as messages' keys.
	ScopeProblem, QuantityProblem, ReasonProblem, FormProblem string
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
	c := cancellableView{Path: cancellationPath(o.ID)}
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

func cancellationPath(orderID string) string {
	return "/service-orders/" + orderID + "/cancellation"
}

func showCancellation(v *visit) (answer, error) {
	if v.resumes(cancellationPath(v.param("id"))) {
		return v.cancellationPage(v.typedCancellation())
	}
	return v.cancellationPage(cancellationPage{Once: db.NewID("once")})
}

// typedCancellation is what was chosen and typed into the form.
func (v *visit) typedCancellation() cancellationPage {
	return cancellationPage{
		Scope:    v.form("scope"),
		Quantity: strings.TrimSpace(v.form("quantity")),
		Reason:   v.form("reason"),
		Once:     v.form("once"),
		Named:    v.request.PostForm["licence"],
	}
}

func (v *visit) cancellationPage(p cancellationPage) (answer, error) {
	o, err := v.cancellable(v.param("id"))
	if err != nil {
		return answer{}, err
	}

	contracts, err := v.contracts()
	if err != nil {
		return answer{}, err
	}

	p.All, p.Free, err = v.orders.CountCancellable(v.acting(), o.ID)
	if err != nil {
		return answer{}, err
	}
	p.Order = v.cancellableView(o, contracts)
	p.ReasonMostLength = mostReason

	wanted, _ := strconv.ParseInt(p.Quantity, 10, 64)
	if p.Missing = wanted - p.Free; p.Scope == scopePart && p.Missing > 0 && wanted <= p.All {
		licences, err := v.orders.CancellableLicences(v.acting(), o.ID)
		if err != nil {
			return answer{}, err
		}
		for _, l := range licences {
			if l.Assigned {
				p.Rooms = append(p.Rooms, choice{l.ID, l.Room, slices.Contains(p.Named, l.ID)})
			}
		}
		sortChoices(p.Rooms)
	}

	a := answer{page: "cancellation", title: "cancellation.title", data: p}
	a.here = p.Order.Path
	return a, nil
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

	return o, rules.Refuse(rules.StateConflict, "The order cannot be canceled.",
		"Read the order again.")
}

// cancelOrder cancels the whole order or a number of its licences (S7, S12), after a page
// that says what will happen. The form's own name makes a second press of the button the
// same request.
func cancelOrder(v *visit) (answer, error) {
	p := v.typedCancellation()
	r := p.request()
	if p.wrong() {
		return v.cancellationAgain(p, http.StatusUnprocessableEntity)
	}

	if !v.confirmed() {
		will, err := v.orders.PreviewCancellation(v.acting(), v.param("id"), r)
		if err != nil {
			return v.cancellationRefused(p, err)
		}
		return v.askCancellation(p, will)
	}

	r.Seen = v.form("seen")
	_, _, err := v.orders.CancelOrder(v.acting(), v.param("id"), r)
	if rules.CodeOf(err) == rules.VersionMismatch {
		return v.cancellationChanged(p, r)
	}
	if err != nil {
		return v.cancellationRefused(p, err)
	}

	return v.done("/service-orders", "flash.cancelled"), nil
}

// cancellationChanged asks again, and says first that something else would happen than what was
// read.
func (v *visit) cancellationChanged(p cancellationPage, r order.CancelRequest) (answer, error) {
	will, err := v.orders.PreviewCancellation(v.acting(), v.param("id"), r)
	if err != nil {
		return v.cancellationRefused(p, err)
	}
	a, err := v.askCancellation(p, will)
	if c, ok := a.data.(confirmation); ok {
		c.Says = slices.Insert(c.Says, 0, v.say("cancellation.says.changed"))
		a.data = c
		a.status = http.StatusPreconditionFailed
	}
	return a, err
}

// request is what the form asks for; what is wrong with it is written beside its field.
func (p *cancellationPage) request() order.CancelRequest {
	r := order.CancelRequest{Reason: p.Reason, Once: p.Once}

	switch p.Scope {
	case scopeWhole:
	case scopePart:
		n, err := strconv.Atoi(p.Quantity)
		if err != nil || n < 1 {
			p.QuantityProblem = "cancellation.quantity.wrong"
		}
		r.Quantity = n
		r.LicenceIDs = p.Named
	default:
		p.ScopeProblem = "cancellation.scope.missing"
	}

	switch rules.CodeOf(rules.CheckReason(p.Reason)) {
	case rules.ReasonRequired:
		p.ReasonProblem = "cancellation.reason.missing"
	case rules.ValidationFailed:
		p.ReasonProblem = "cancellation.reason.long"
	}

	return r
}

func (p *cancellationPage) wrong() bool {
	return p.ScopeProblem != "" || p.QuantityProblem != "" || p.ReasonProblem != ""
}

// cancellationRefused shows the form again with what the order's licences do not allow.
func (v *visit) cancellationRefused(p cancellationPage, err error) (answer, error) {
	status := http.StatusUnprocessableEntity

	switch rules.CodeOf(err) {
	case rules.ValidationFailed:
		p.QuantityProblem = "cancellation.quantity.wrong"
		if pointsTo(err, "/licence_ids") {
			p.QuantityProblem = ""
			p.FormProblem = "cancellation.rooms.wrong"
		}
	case rules.LicencesNotNamed:
		p.FormProblem = "cancellation.assigned"
		status = http.StatusConflict
	default:
		return answer{}, err
	}

	return v.cancellationAgain(p, status)
}

// pointsTo reports whether a refusal is about a field first.
func pointsTo(err error, pointer string) bool {
	var refusal *rules.Error
	return errors.As(err, &refusal) && len(refusal.Fields) > 0 &&
		strings.HasPrefix(refusal.Fields[0].Pointer, pointer)
}

func (v *visit) cancellationAgain(p cancellationPage, status int) (answer, error) {
	a, err := v.cancellationPage(p)
	a.status = status
	return a, err
}

// askCancellation says what the cancellation will do: how many licences end and how many
// stay, what becomes of the price, of spares and invitations, who is told, which replacements
// and spares end with them, and which rooms lose their cover.
func (v *visit) askCancellation(
	p cancellationPage, will order.CancellationPreview,
) (answer, error) {
	o, err := v.cancellable(v.param("id"))
	if err != nil {
		return answer{}, err
	}

	contracts, err := v.contracts()
	if err != nil {
		return answer{}, err
	}

	spares, err := v.sparesAtStake(o, contracts)
	if err != nil {
		return answer{}, err
	}

	readers, err := v.orders.AudienceOf(v.acting(), o.ID)
	if err != nil {
		return answer{}, err
	}

	n := int64(len(will.Gone))
	held, err := v.orders.WouldHoldMail(v.acting(), o.ID, n, will.Whole)
	if err != nil {
		return answer{}, err
	}
	told := "cancellation.says.told"
	if held {
		told = "cancellation.says.held"
	}

	c := confirmation{
		Title:  v.language.Count("cancellation.ask.part", n),
		Says:   []string{v.language.Count("cancellation.says.part", n)},
		Action: cancellationPath(o.ID),
		Submit: v.language.Count("cancellation.do.part", n),
		Keep:   v.say("cancellation.keep"),
		Back:   "/service-orders",
		Final:  true,
		Fields: []hidden{
			{"scope", p.Scope},
			{"quantity", p.Quantity},
			{"reason", p.Reason},
			{"once", p.Once},
			{"seen", will.Seen()},
		},
	}
	for _, id := range p.Named {
		c.Fields = append(c.Fields, hidden{"licence", id})
	}

	if will.Whole {
		c.Title = v.say("cancellation.ask.whole")
		c.Says = []string{v.language.Count("cancellation.says.whole", n)}
		c.Submit = v.say("cancellation.do.whole")
		c.Says = append(c.Says, v.invitationsAtStake(o, contracts))
	} else {
		c.Says = append(c.Says, v.language.Count("cancellation.says.left", int64(will.Left)))
	}

	c.Says = append(c.Says,
		v.say("cancellation.says.price", "seller", o.Payload.Reseller.Company),
		spares,
		v.ends("cancellation.says.withdrawn", will.Ended.Replacements),
		v.ends("cancellation.says.voided", will.Ended.Voided),
		v.ends("cancellation.says.recalled", will.Ended.Recalled),
		v.say(told, "names", strings.Join(namesOf(readers), ", ")),
	)

	rooms := roomsOf(will.Gone)
	if len(rooms) == 0 {
		c.Says = append(c.Says, v.say("cancellation.says.norooms"))
		return v.ask(c)
	}

	c.Says = append(c.Says, v.language.Count("cancellation.says.rooms", int64(len(rooms))))
	c.Names = rooms
	if more := len(rooms) - mostNamed; more > 0 {
		c.Names = append(rooms[:mostNamed:mostNamed],
			v.language.Count("cancellation.says.morerooms", int64(more)))
	}
	return v.ask(c)
}

// ends names what ends with the licences, and counts what it does not name; empty where
// nothing does.
func (v *visit) ends(key string, numbers []string) string {
	if len(numbers) == 0 {
		return ""
	}

	named := slices.Clone(numbers[:min(len(numbers), mostNamed)])
	if more := len(numbers) - len(named); more > 0 {
		named = append(named, v.language.Count("cancellation.says.morerooms", int64(more)))
	}
	return v.language.Count(key, int64(len(numbers)),
		messages.Args{"numbers": strings.Join(named, ", ")})
}

// roomsOf are the names of the rooms that licences cover.
func roomsOf(licences []order.CancellableLicence) (out []string) {
	for _, l := range licences {
		if l.Assigned {
			out = append(out, l.Room)
		}
	}
	slices.Sort(out)
	return out
}

// sparesAtStake says that spares are counted again, where the customer has any and the
// order counts for them.
func (v *visit) sparesAtStake(
	o order.Order, contracts []entitlement.ContractEntry,
) (string, error) {
	counts := slices.ContainsFunc(contracts, func(c entitlement.ContractEntry) bool {
		return c.OrderID == o.ID && c.Type == catalogue.ServiceSelect
	})
	if !counts {
		return "", nil
	}

	earned, err := v.replacements.GetSpares(v.acting(), v.who.account().ParentOrgID)
	if err != nil || earned.Entitled == 0 {
		return "", err
	}
	return v.language.Count("cancellation.says.spares", int64(earned.Entitled)), nil
}

// invitationsAtStake says that open invitations end with the account's last order (S11).
func (v *visit) invitationsAtStake(
	o order.Order, contracts []entitlement.ContractEntry,
) string {
	others := slices.ContainsFunc(contracts, func(c entitlement.ContractEntry) bool {
		return c.OrderID != o.ID && c.Source == entitlement.EntryContract &&
			c.State != rules.ContractCancelled
	})
	if others {
		return ""
	}
	return v.say("cancellation.says.invitations")
}

// namesOf names who gets a mail, as people know them.
func namesOf(readers []identity.OrderReader) []string {
	var names []string
	for _, r := range readers {
		names = append(names, cmp.Or(r.Name, r.Email))
	}
	return names
}
