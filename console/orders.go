package console

import (
	"slices"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/web"
)

const ordersPath = Root + "/orders"

func orderPath(id string) string { return ordersPath + "/" + id }

// ordersList is the list of purchase orders, the newest first.
var ordersList = listing{
	path:   ordersPath,
	words:  "console.orders",
	needs:  may(rules.ViewProcesses),
	search: true,
	columns: []web.Column{
		{Name: "number"},
		{Name: "customer"},
		{Name: "service"},
		{Name: "quantity", Number: true},
		{Name: "seller"},
		{Name: "state"},
		{Name: "review", Sorts: true},
		{Name: "received", Sorts: true},
		{Name: "purchased", Hidden: true},
		{Name: "vendor", Hidden: true},
		{Name: "sender", Hidden: true},
	},
	bulk: []bulkAct{rejectOrders},
	read: readOrders,
}

// The values of the facet of by when an order has to be decided.
const (
	reviewLate = "late"
	reviewSoon = "soon"
)

// soonDecided is how near the end of a review is that the facet calls soon.
const soonDecided = 7 * 24 * time.Hour

// ordersFilter reads from the address how the list is narrowed.
func (v *visit) ordersFilter(q web.ListQuery) order.OrderFilter {
	f := order.OrderFilter{
		State:     rules.OrderState(v.query("state")),
		AccountID: v.query("account"),
		SellerID:  v.query("seller"),
		Service:   catalogue.ServiceType(v.query("service")),
		Text:      q.Text,
		Page:      db.Page{After: q.After, Limit: q.Limit},
	}
	switch v.query("due") {
	case reviewLate:
		f.ReviewedSince = v.today()
	case reviewSoon:
		f.ReviewEndsBy = v.now.Add(soonDecided)
	}
	switch {
	case q.Sort == "received" && !q.Descending:
		f.Sort = order.SortOldest
	case q.Sort == "review":
		f.Sort = order.SortByReview
	}
	return f
}

// today is when the desk's day began.
func (v *visit) today() time.Time {
	place := web.Zone(v.zone)
	return rules.StartOfDay(rules.DateIn(v.now, place), place)
}

func readOrders(v *visit, q web.ListQuery) (web.ListResult, error) {
	f := v.ordersFilter(q)
	found, next, err := v.orders.ListOrders(v.scope(), f)
	if err != nil {
		return web.ListResult{}, err
	}
	var ids []string
	for _, o := range found {
		ids = append(ids, o.ResellerID, o.SubmittedBy, db.Text(o.AccountID))
	}
	names, err := v.orderNames(ids...)
	if err != nil {
		return web.ListResult{}, err
	}

	r := web.ListResult{Next: next}
	for _, o := range found {
		r.Lines = append(r.Lines, v.orderLine(o, names))
	}
	if v.query("format") == "csv" {
		return r, nil
	}

	counts, err := v.orders.CountOrders(v.scope(), f, v.today())
	if err != nil {
		return web.ListResult{}, err
	}
	r.Summary = v.ordersSummary(counts)
	r.Facets = v.ordersFacets(found, names)
	r.Acts = []web.ListAct{{
		Link:  refusalsPath,
		Label: v.say("console.refusals.title"),
		Icon:  "ban",
	}}
	r.Empty = web.EmptyState{
		Icon:  "receipt",
		Title: v.say("console.orders.empty.title"),
		Text:  v.say("console.orders.empty.text"),
	}
	if v.request.URL.RawQuery != "" {
		r.Empty.Text = v.say("console.orders.empty.narrowed")
		r.Empty.Link = ordersPath
		r.Empty.LinkText = v.say("console.orders.empty.all")
	}
	return r, nil
}

// ordersSummary says what the list amounts to: what waits for a person first.
func (v *visit) ordersSummary(c order.OrderCounts) string {
	total := v.say("console.orders.total", "total", v.counted(c.Total, 1000))
	switch {
	case c.InReview == 0:
		return total
	case c.Late == 0:
		return v.say("console.orders.inreview",
			"review", v.counted(c.InReview, 1000)) + " · " + total
	}
	return v.say("console.orders.late",
		"review", v.counted(c.InReview, 1000), "late", v.counted(c.Late, 1000)) + " · " + total
}

// orderNames names things by their ids, with one statement for each kind of thing.
func (v *visit) orderNames(ids ...string) (map[string]string, error) {
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" })
	names := map[string]string{}
	if len(ids) == 0 {
		return names, nil
	}

	found, err := v.operations.NamesOf(v.scope(), ids)
	for _, n := range found {
		names[n.ID] = n.Name
	}
	return names, err
}

func (v *visit) orderLine(o order.Order, names map[string]string) web.Line {
	var quantity int64
	for _, l := range o.Lines {
		quantity += l.Quantity
	}
	received := o.CreatedAt
	l := web.Line{
		ID:   o.ID,
		Link: orderPath(o.ID),
		Cells: map[string]web.Cell{
			"number":    {Text: o.PONumber, Small: db.Text(o.VendorOrderNo), Plain: o.PONumber},
			"customer":  {Text: o.Payload.EndCustomer.Company},
			"service":   {Text: v.serviceName(o.ServiceType)},
			"quantity":  {Text: v.language.Number(quantity)},
			"seller":    {Text: names[o.ResellerID]},
			"state":     {Badge: v.orderState(o.State)},
			"purchased": v.day(o.PurchasedOn),
			"received":  v.when(&received, ""),
			"vendor":    {Text: db.Text(o.VendorOrderNo)},
			"sender":    {Text: names[o.SubmittedBy]},
		},
	}
	if o.State == rules.OrderNeedsReview && o.ReviewUntil != nil {
		l.Cells["review"] = web.Cell{Due: v.dueAt(*o.ReviewUntil, o.TimeZone)}
	}
	return l
}

// ordersFacets narrow the list: by what all orders have, and by sellers and customers of those
// that are shown.
func (v *visit) ordersFacets(found []order.Order, names map[string]string) []web.Facet {
	var states, services []web.FacetOption
	var stateValues, serviceValues []string
	for _, s := range rules.OrderStates() {
		if s == rules.OrderReceived || s == rules.OrderProvisioning { // none is stored
			continue
		}
		states = append(states, web.FacetOption{Label: v.orderState(s).Text})
		stateValues = append(stateValues, string(s))
	}
	for _, s := range orderServices {
		services = append(services, web.FacetOption{Label: v.serviceName(s)})
		serviceValues = append(serviceValues, string(s))
	}

	var sellers, accounts []string
	for _, o := range found {
		sellers = append(sellers, o.ResellerID, o.SubmittedBy)
		accounts = append(accounts, db.Text(o.AccountID))
	}
	return []web.Facet{
		v.choiceOf(ordersPath, "state", v.say("console.orders.column.state"), states, stateValues),
		v.choiceOf(ordersPath, "due", v.say("console.facet.due"), []web.FacetOption{
			{Label: v.say("console.orders.due.late")},
			{Label: v.say("console.orders.due.soon")},
		}, []string{reviewLate, reviewSoon}),
		v.namedFacet(ordersPath, "seller", v.say("console.orders.column.seller"), sellers, names),
		v.accountFacet(ordersPath, accounts, names),
		v.choiceOf(ordersPath, "service", v.say("console.orders.column.service"),
			services, serviceValues),
	}
}

// orderServices are the services that can be ordered.
var orderServices = []catalogue.ServiceType{
	catalogue.ServiceSelect,
	catalogue.ServiceSyncPlus,
	catalogue.ServiceExtWarranty,
	catalogue.ServiceJumpStart,
}
