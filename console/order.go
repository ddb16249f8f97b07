package console

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/web"
)

func orderRoutes() []route {
	return []route{
		{method: get, path: ordersPath + "/:id", access: may(rules.ViewProcesses), do: showOrder},
		{
			method: get,
			path:   ordersPath + "/:id/review",
			access: may(rules.ViewProcesses),
			do:     showReview,
		},
		{
			method: post,
			path:   ordersPath + "/:id/review/accept",
			access: may(rules.ReviewOrders),
			do:     acceptOrder,
		},
		{
			method: get,
			path:   ordersPath + "/:id/reject",
			access: may(rules.ReviewOrders),
			do:     askRejection,
		},
		{
			method: post,
			path:   ordersPath + "/:id/reject",
			access: may(rules.ReviewOrders),
			do:     rejectOrder,
		},
	}
}

// orderPage is an order: what it waits for, what was ordered, what became of it, who did what.
type orderPage struct {
	Badge    web.Badge
	Sentence string // what it waits for, until when, and who can move it
	Trouble  string // the last error of a step, in English; empty: none
	Failed   bool   // its invitation could not be delivered
	Main     *orderAct
	Acts     []orderAct
	Facts    []web.Fact
	Tasks    []web.Row
	Tables   []orderTable
	Story    []web.Moment
}

// orderAct is a button that leads to a page on which something is decided.
type orderAct struct{ Link, Label, Icon string }

// orderTable is a table of the page; without rows it is left out.
type orderTable struct {
	Title   string
	Columns []web.Heading
	Rows    []web.ListRow
}

func showOrder(v *visit) (answer, error) {
	f, err := v.operations.OrderFile(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}

	p := orderPage{
		Badge:    v.orderState(f.State),
		Sentence: v.orderSentence(f.Order, f.WaitsFor()),
		Trouble:  f.LastError,
		Failed:   f.InvitationFailed,
		Facts:    v.orderFacts(f),
		Tasks:    v.orderTasks(f),
		Story:    v.orderStory(f),
	}
	for _, t := range []orderTable{
		v.orderLines(f.Order.Lines), v.orderContracts(f), v.orderPeople(f), v.orderCancellations(f),
		v.orderMails(f),
	} {
		if len(t.Rows) > 0 {
			p.Tables = append(p.Tables, t)
		}
	}
	p.Main, p.Acts = v.orderActs(f.Order)
	return answer{
		page:   "order",
		title:  v.orderTitle(f.Order),
		data:   p,
		live:   true,
		shared: true,
		about:  f.ID,
	}, nil
}

func (v *visit) orderTitle(o order.Order) string {
	return o.PONumber + " · " + o.Payload.EndCustomer.Company
}

// orderSentence says where the order stands. One whose window is over waits for nothing.
func (v *visit) orderSentence(f order.Order, waits string) string {
	var until *time.Time
	switch waits {
	case processes.WaitsForDecision:
		until = f.ReviewUntil
	case processes.WaitsForWindow:
		until = &f.CancellableUntil
		if !rules.CancellationOpen(f.CancellableUntil, v.now) {
			return v.say("console.order.windowclosed",
				"day", v.language.NearDate(f.CancellableUntil.Add(-time.Nanosecond).
					In(web.Zone(f.TimeZone)), v.now))
		}
	}
	return v.sentence(process.Standing{
		Kind:     processes.Order,
		State:    string(f.State),
		WaitsFor: waits,
		Until:    until,
		Zone:     f.TimeZone,
	})
}

// orderActs are what the operator may do with the order now; what takes something away stands
// last.
func (v *visit) orderActs(o order.Order) (main *orderAct, others []orderAct) {
	if o.State == rules.OrderNeedsReview {
		look := orderAct{
			Link:  orderPath(o.ID) + "/review",
			Label: v.say("console.order.review.look"),
			Icon:  "git-compare",
		}
		if v.mayDo(rules.ReviewOrders) {
			look.Label = v.say("console.order.review.title")
		}
		main = &look
	}
	if o.State == rules.OrderRejected && v.mayDo(rules.ReviewOrders) {
		others = append(others, orderAct{
			Link:  orderPath(o.ID) + "/reopen",
			Label: v.say("console.order.reopen.open"),
			Icon:  "rotate-ccw",
		})
	}
	if o.State.Cancellable() && v.mayDo(rules.CancelOrder) {
		end := orderAct{
			Link:  orderPath(o.ID) + "/cancel",
			Label: v.say("console.order.cancel.open"),
			Icon:  "x",
		}
		if !rules.CancellationOpen(o.CancellableUntil, v.now) {
			end.Link = orderPath(o.ID) + "/terminate"
			end.Label = v.say("console.order.terminate.open")
		}
		others = append(others, end)
	}
	return main, others
}

// orderFacts is whose order it is, and by which numbers and days it goes.
func (v *visit) orderFacts(f operations.OrderFile) []web.Fact {
	customer := f.Payload.EndCustomer
	account := db.Text(f.AccountID)
	place := web.Zone(f.TimeZone)
	facts := []web.Fact{
		{Term: v.say("console.fact.customer"), Value: cmp.Or(f.Names[account], customer.Company)},
		{
			Term:  v.say("console.order.contact"),
			Value: customer.ContactName + " <" + customer.Email + ">",
		},
		{Term: v.say("console.order.field.address"), Value: addressLine(customer.Address)},
		{Term: v.say("console.fact.clock"), Value: v.clockAt(f.TimeZone)},
		{
			Term:  v.say("console.order.field.reseller"),
			Value: f.Names[f.ResellerID],
			Link:  web.ListAddress(ordersPath, "seller", f.ResellerID),
		},
		{
			Term:  v.say("console.order.field.distributor"),
			Value: f.Payload.Distributor.Company,
		},
		{Term: v.say("console.orders.column.sender"), Value: f.Names[f.SubmittedBy]},
		{Term: v.say("console.order.field.po_number"), Value: f.PONumber, Mono: true},
		{Term: v.say("console.orders.column.vendor"), Value: db.Text(f.VendorOrderNo), Mono: true},
		{Term: v.say("console.orders.column.purchased"), Value: v.day(f.PurchasedOn).Text},
		{Term: v.say("console.orders.column.received"), Value: v.moment(f.CreatedAt, "")},
	}
	facts[0].Link = v.pageOfThing("", account)
	if id := db.Text(f.DistributorID); id != "" {
		facts[5].Value = f.Names[id]
		facts[5].Link = web.ListAddress(ordersPath, "seller", id)
	}
	if f.State == rules.OrderFulfilled || f.State == rules.OrderPartiallyCancelled {
		last := f.CancellableUntil.Add(-time.Nanosecond).In(place)
		facts = append(facts, web.Fact{
			Term:  v.say("console.order.cancellable"),
			Value: v.language.NearDate(last, v.now),
		})
	}
	return slices.DeleteFunc(facts, func(f web.Fact) bool { return f.Value == "" })
}

func addressLine(a rules.Address) string {
	parts := []string{a.Street, a.City, a.Region, a.PostalCode, a.Country}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return strings.Join(parts, ", ")
}

// orderTableOf makes a table of columns, whose names stand in the catalogue under
// console.order.column, and of lines with a cell for each.
func (v *visit) orderTableOf(title string, columns []string, lines []web.Line) orderTable {
	t := orderTable{Title: title}
	for _, name := range columns {
		t.Columns = append(t.Columns, web.Heading{
			Label:  v.language.Say("console.order.column." + name),
			Number: name == "quantity" || name == "inforce",
		})
	}
	for _, l := range lines {
		r := web.ListRow{Link: l.Link}
		for i, name := range columns {
			c := web.ListCell{
				Cell:   l.Cells[name],
				Label:  t.Columns[i].Label,
				Number: t.Columns[i].Number,
			}
			if i == 0 {
				c.Cell.Link = l.Link
			}
			r.Cells = append(r.Cells, c)
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

func (v *visit) orderLines(ordered []order.OrderLine) orderTable {
	var lines []web.Line
	for _, l := range ordered {
		c := web.Line{Cells: map[string]web.Cell{
			"sku":      {Text: l.SKU},
			"service":  {Text: v.serviceName(l.ServiceType)},
			"term":     {Text: v.termOf(l.TermYears)},
			"quantity": {Text: v.language.Number(l.Quantity)},
		}}
		if l.RenewsContractID != nil {
			c.Cells["sku"] = web.Cell{Text: l.SKU, Small: v.say("console.order.renews")}
		}
		lines = append(lines, c)
	}
	return v.orderTableOf(v.say("console.order.lines"),
		[]string{"sku", "service", "term", "quantity"}, lines)
}

// termOf is how long a service runs; empty: some days, as JumpStart does.
func (v *visit) termOf(years int) string {
	if years == 0 {
		return ""
	}
	return v.language.Count("console.order.years", int64(years))
}

func (v *visit) orderContracts(f operations.OrderFile) orderTable {
	var lines []web.Line
	for _, c := range f.Contracts {
		l := web.Line{Cells: map[string]web.Cell{
			"contract": {Text: v.serviceName(c.Type), Small: v.termOf(c.TermYears)},
			"inforce":  {Text: v.inForce(c)},
			"start":    v.startOf(c),
			"end":      {},
			"state":    {Badge: v.contractState(c.State)},
		}}
		if c.EndAt != nil {
			last := rules.LastCoveredDay(*c.EndAt, web.Zone(c.TimeZone))
			l.Cells["end"] = v.day(last.String())
		}
		lines = append(lines, l)
	}
	return v.orderTableOf(v.say("console.order.contracts"),
		[]string{"contract", "inforce", "start", "end", "state"}, lines)
}

// inForce is how many licences of a contract are in force; "7 of 10" where some are not.
func (v *visit) inForce(c entitlement.ContractEntry) string {
	if c.InForce == c.Quantity {
		return v.language.Number(c.Quantity)
	}
	return v.say("console.order.of",
		"n", v.language.Number(c.InForce), "all", v.language.Number(c.Quantity))
}

// startOf is the first day of a contract, or the day on which it starts at the latest.
func (v *visit) startOf(c entitlement.ContractEntry) web.Cell {
	place := web.Zone(c.TimeZone)
	if c.StartAt != nil {
		return v.day(rules.DateIn(*c.StartAt, place).String())
	}
	if c.State != rules.ContractPendingStart {
		return web.Cell{}
	}
	day := rules.DateIn(c.FallbackStartAt, place).String()
	return web.Cell{
		Text:  v.day(day).Text,
		Small: v.say("console.order.latest"),
		Plain: day,
	}
}

// orderPeople are the invitations that came with the order, with how far their mail came, and
// the questions to administrators whether the person may come in (S15).
func (v *visit) orderPeople(f operations.OrderFile) orderTable {
	var lines []web.Line
	for _, i := range f.Invitations {
		issued := i.IssuedAt
		l := web.Line{Cells: map[string]web.Cell{
			"person":   {Text: cmp.Or(i.ContactName, i.Email), Small: i.Email},
			"role":     {Text: v.language.Say("console.invite." + string(i.Role))},
			"state":    {Badge: v.invitationState(i), Small: v.pastText(v.pastAt(issued, ""))},
			"delivery": {},
		}}
		for _, m := range f.Mails {
			if m.SubjectID == i.ID && m.Template == rules.TemplateInvitation {
				l.Cells["delivery"] = v.mailDelivery(m)
				break
			}
		}
		lines = append(lines, l)
	}
	for _, q := range f.Questions {
		asked := q.AskedAt
		lines = append(lines, web.Line{Cells: map[string]web.Cell{
			"person": {Text: cmp.Or(q.ContactName, q.Email), Small: q.Email},
			"role":   {Text: v.say("console.order.asked")},
			"state": {
				Badge: web.Badge{
					Text: v.language.Say("console.order.question." + string(q.Standing())),
				},
				Small: v.pastText(v.pastAt(asked, "")),
			},
		}})
	}
	return v.orderTableOf(v.say("console.order.people"),
		[]string{"person", "role", "state", "delivery"}, lines)
}

func (v *visit) orderMails(f operations.OrderFile) orderTable {
	var lines []web.Line
	for _, m := range f.Mails {
		lines = append(lines, v.orderMail(m))
	}
	return v.orderTableOf(v.say("console.order.mails"),
		[]string{"mail", "state", "since"}, lines)
}

func (v *visit) orderMail(m notification.Notification) web.Line {
	at := &m.CreatedAt
	if m.SentAt != nil {
		at = m.SentAt
	}
	return web.Line{Link: v.pageOfThing(m.ID, ""), Cells: map[string]web.Cell{
		"mail":  {Text: v.templateName(m.Template), Small: m.Recipient},
		"state": {Badge: v.mailState(m.State), Small: m.LastError},
		"since": v.when(at, ""),
	}}
}

func (v *visit) orderCancellations(f operations.OrderFile) orderTable {
	var lines []web.Line
	for _, c := range f.Cancellations {
		at := c.CreatedAt
		what := v.language.Count("console.order.licenses", c.Quantity)
		if c.Whole {
			what = v.say("console.order.whole")
		}
		lines = append(lines, web.Line{Cells: map[string]web.Cell{
			"cancelled": {Text: what, Small: c.Reason},
			"ended":     {Text: v.endedWith(c)},
			"since":     v.when(&at, ""),
		}})
	}
	return v.orderTableOf(v.say("console.order.cancellations"),
		[]string{"cancelled", "ended", "since"}, lines)
}

// endedWith names what ended beside the licences of a cancellation.
func (v *visit) endedWith(c order.OrderCancellation) string {
	ended := slices.Concat(c.Ended.Replacements, c.Ended.Voided, c.Ended.Recalled)
	return strings.Join(ended, ", ")
}

func (v *visit) orderTasks(f operations.OrderFile) (rows []web.Row) {
	for _, t := range f.Tasks {
		r := v.taskRow(operations.QueueItem{
			OperatorTask: t,
			AssigneeName: f.Names[db.Text(t.AssigneeID)],
		})
		if t.State == db.TaskDone {
			if t.ResolvedAt != nil {
				r.Due = v.pastAt(*t.ResolvedAt, v.zone)
			}
			r.Sub = v.say("console.task.done")
			if name := f.Names[t.ResolvedBy]; name != "" {
				r.Sub += " · " + name
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// orderStory is what happened, the latest first: filled what the service and its operators did,
// hollow what others did.
func (v *visit) orderStory(f operations.OrderFile) (story []web.Moment) {
	for i, e := range f.Events {
		m := v.orderMoment(e, f.Names)
		if i > 0 && len(story) > 0 && m == story[len(story)-1] {
			continue // the contracts of one order, and the like
		}
		story = append(story, m)
	}
	slices.Reverse(story)
	return story
}

func (v *visit) orderMoment(e db.AuditEvent, names map[string]string) web.Moment {
	at := v.pastAt(e.At, "")
	m := web.Moment{
		Who:  v.whoDid(e, names),
		What: v.verbText(e.Verb),
		When: v.pastText(at),
		Ours: e.ActorRole.IsOperator() || e.ActorRole == systemRole,
	}
	if changed, _ := e.Details["changed"].([]any); len(changed) > 0 {
		var fields []string
		for _, pointer := range changed {
			if text, ok := pointer.(string); ok {
				fields = append(fields, v.orderField(text))
			}
		}
		m.What += ": " + strings.Join(fields, ", ")
	}
	if reason, _ := e.Details["reason"].(string); reason != "" && !codeOnly.MatchString(reason) {
		m.What += ": “" + reason + "”"
	}
	return m
}

// codeOnly is a reason that the service gives itself, for machines.
var codeOnly = regexp.MustCompile(`^[A-Z]+(_[A-Z]+)+$`)

// pastText is an instant in one line of text.
func (v *visit) pastText(d web.Due) string {
	return v.passing(strings.TrimSpace(d.Text+" "+d.Small), d.Instant)
}

// systemRole is the role of what the service does by itself.
const systemRole rules.Role = "SYSTEM"

// whoDid names who did something: an operator or a customer's user by name, a seller by its
// organisation.
func (v *visit) whoDid(e db.AuditEvent, names map[string]string) string {
	switch {
	case e.ActorRole == systemRole:
		return v.program.Name
	case e.ActorRole.IsOperator():
		return cmp.Or(names[e.ActorID], v.roleName(e.ActorRole))
	case e.ActorRole == rules.Reseller, e.ActorRole == rules.Distributor:
		return cmp.Or(names[e.ActingOrg], v.say("console.orders.column.seller"))
	}
	return cmp.Or(names[e.ActorID], v.say("console.fact.customer"))
}
