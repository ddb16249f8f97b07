package console

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
)

const ordersPath = Root + "/orders"

// ordersList is the list of purchase orders, the newest first.
var ordersList = listing{
	path:  ordersPath,
	words: "console.orders",
	needs: may(rules.ViewProcesses),
	columns: []column{
		{name: "number"},
		{name: "customer"},
		{name: "service"},
		{name: "state"},
		{name: "purchased"},
		{name: "received"},
		{name: "vendor", hidden: true},
	},
	read: readOrders,
}

func readOrders(v *visit, q listQuery) (listResult, error) {
	f := order.OrderFilter{
		State:     rules.OrderState(v.query("state")),
		AccountID: v.query("account"),
		Page:      db.Page{After: q.After, Limit: q.Limit},
	}
	found, next, err := v.orders.ListOrders(v.scope(), f)
	if err != nil {
		return listResult{}, err
	}

	r := listResult{
		Next:   next,
		Facets: []facet{v.orderStates()},
		Empty: emptyState{
			Icon:  "receipt",
			Title: v.say("console.orders.empty.title"),
			Text:  v.say("console.orders.empty.text"),
		},
	}
	for _, o := range found {
		r.Lines = append(r.Lines, v.orderLine(o))
	}
	return r, nil
}

func (v *visit) orderLine(o order.Order) line {
	received := o.CreatedAt
	return line{
		ID: o.ID,
		Cells: map[string]cell{
			"number":    {Text: o.PONumber},
			"customer":  {Text: o.Payload.EndCustomer.Company},
			"service":   {Text: v.language.Say("service." + string(o.ServiceType))},
			"state":     {Badge: v.orderState(o.State)},
			"purchased": v.day(o.PurchasedOn),
			"received":  v.when(&received, ""),
			"vendor":    {Text: db.Text(o.VendorOrderNo)},
		},
	}
}

// orderColors are the states of orders by what they mean; the others are neutral.
var orderColors = map[rules.OrderState]string{
	rules.OrderReceived:           "blue",
	rules.OrderNeedsReview:        "amber",
	rules.OrderAccepted:           "blue",
	rules.OrderProvisioning:       "blue",
	rules.OrderFulfilled:          "green",
	rules.OrderRejected:           "red",
	rules.OrderPartiallyCancelled: "amber",
}

func (v *visit) orderState(s rules.OrderState) badge {
	return badge{Text: v.language.Say("console.orderstate." + string(s)), Color: orderColors[s]}
}

// orderStates is the facet of the states.
func (v *visit) orderStates() facet {
	var options []facetOption
	var values []string
	for _, s := range rules.OrderStates() {
		options = append(options, facetOption{Label: v.orderState(s).Text})
		values = append(values, string(s))
	}
	return v.choiceOf(ordersPath, "state", v.say("console.orders.column.state"), options, values)
}
