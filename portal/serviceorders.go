package portal

import (
	"slices"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
)

// orderView is a line under "Pedidos de serviço" (R98).
type orderView struct {
	ID, Service, Term  string
	Path               string // of its page
	Number             string // the vendor's, as in the confirmation mail; may be empty
	Serial             string // of a warranty from before
	Quantity           int64
	Bought             int64 // where a part was cancelled; 0: nothing was
	Start, End, State  string
	StartNote          string // "on first assignment", above Start
	Pending, Cancelled bool
	Tone               string // look of the state
}

// The page reads the newest lines of the register, and shows a part of them: what is not over
// first. The page of contracts has all, and each leads to its cancellation.
const (
	newestOrders = 200
	mostOrders   = 50
)

type ordersPage struct {
	Orders []orderView
	More   bool // the page leaves lines out
	Label  string
	Days   int
	Open   []cancellableView // what the administrator can still cancel
	Claims []claimView
	Admin  bool
}

func showServiceOrders(v *visit) (answer, error) {
	// What can still be canceled is among the newest.
	contracts, next, err := v.entitlements.Contracts(v.scoped(), entitlement.ContractFilter{
		AccountID: v.who.account().ID,
		Page:      db.Page{Limit: newestOrders},
	})
	if err != nil {
		return answer{}, err
	}

	orders, err := v.orderViews(contracts)
	if err != nil {
		return answer{}, err
	}
	shown := orders[:min(len(orders), mostOrders)]

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
		data: ordersPage{
			Orders: shown,
			More:   next != "" || len(orders) > len(shown),
			Label:  label,
			Days:   v.program.StartFallbackDays,
			Open:   open[:min(len(open), mostOrders)],
			Claims: claims,
			Admin:  v.isAdmin() && v.base == "",
		},
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
		ID:   c.ID,
		Path: contractPath(c.ID),
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

	// What partial cancellations left counts, beside what was bought (S12).
	if c.InForce > 0 && c.InForce < c.Quantity {
		o.Bought = o.Quantity
		o.Quantity = c.InForce
	}

	// What was cancelled ended then, whatever its term was.
	if o.Cancelled && c.CancelledAt != nil {
		o.End = v.dayIn(*c.CancelledAt, c.TimeZone)
		return o
	}
	if c.EndAt != nil {
		o.End = v.day(rules.LastCoveredDay(*c.EndAt, location(c.TimeZone)))
	}

	return o
}

var tones = map[rules.ContractState]string{
	rules.ContractProcessing:   "blue",
	rules.ContractPendingStart: "blue",
	rules.ContractActive:       "green",
	rules.ContractSuspended:    "amber",
	rules.ContractExpired:      "",
	rules.ContractCancelled:    "",
}
