package console

import (
	"slices"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/web"
)

// accountTabs are the pages of a customer, in their order; the first is the customer's own
// address.
var accountTabs = []string{
	"overview", "contracts", "rooms", "devices", "people", "tickets", "replacements", "mails",
	"tasks", "timeline",
}

func accountRoutes() []route {
	const one = accountsPath + "/:id"
	see := may(rules.ViewProcesses)
	tab := func(name string, show tabSections) route {
		return route{
			method: get,
			path:   one + "/" + name,
			access: see,
			do:     func(v *visit) (answer, error) { return showTab(v, name, show) },
		}
	}
	return []route{
		{method: get, path: one, access: see, do: showAccount},
		tab("contracts", accountContracts),
		tab("rooms", accountRooms),
		tab("devices", accountDevices),
		tab("people", accountPeople),
		tab("tickets", accountTickets),
		tab("replacements", accountReplacements),
		tab("mails", accountMails),
		tab("tasks", accountTasks),
		tab("timeline", accountTimeline),
	}
}

// tabSections are what one of a customer's pages shows.
type tabSections func(*visit, account.Account) ([]web.Section, error)

func showTab(v *visit, name string, show tabSections) (answer, error) {
	acc, err := v.accounts.GetAccount(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	sections, err := show(v, acc)
	if err != nil {
		return answer{}, err
	}
	return v.accountPage(acc, name, web.Record{Sections: sections}), nil
}

// accountTab is the address of one of a customer's pages.
func accountTab(id, name string) string {
	if name == accountTabs[0] {
		return accountPath(id)
	}
	return accountPath(id) + "/" + name
}

// accountPage puts the head and the tabs of a customer around one of its pages.
func (v *visit) accountPage(acc account.Account, at string, r web.Record) answer {
	r.Sub = acc.City + ", " + acc.Country + " · " + v.clockAt(acc.TimeZone)
	for _, name := range accountTabs {
		r.Tabs = append(r.Tabs, web.Tab{
			Link:    accountTab(acc.ID, name),
			Label:   v.language.Say("console.account.tab." + name),
			Current: name == at,
		})
	}
	return answer{page: "record", title: acc.LegalName, data: r, live: true, shared: true}
}

// How far ahead a customer's page looks, and how much of each kind it shows.
const (
	endingDays    = 90
	attentionMost = 5
)

func showAccount(v *visit) (answer, error) {
	acc, err := v.accounts.GetAccount(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	figures, err := v.operations.AccountFigures(v.scope(), []string{acc.ID})
	if err != nil {
		return answer{}, err
	}
	needs, err := v.operations.Attention(v.scope(), acc.ID, endingDays, attentionMost)
	if err != nil {
		return answer{}, err
	}
	balance, err := v.entitlements.Balance(v.scope(), acc.ID)
	if err != nil {
		return answer{}, err
	}
	members, err := v.people.MembersOf(v.scope(), acc.ID)
	if err != nil {
		return answer{}, err
	}

	f := figures[acc.ID]
	r := web.Record{
		Sections: []web.Section{v.attention(acc, needs)},
		Tiles:    v.accountTiles(acc, f, len(members)),
	}
	facts := v.accountFacts(acc, f)
	for _, service := range []catalogue.ServiceType{
		catalogue.ServiceSelect, catalogue.ServiceSyncPlus,
		catalogue.ServiceExtWarranty, catalogue.ServiceJumpStart,
	} {
		used := balance[service][rules.LicenceAssigned]
		free := balance[service][rules.LicenceAvailable]
		if used+free > 0 {
			facts = append(facts, web.Fact{
				Term: v.serviceName(service),
				Value: v.say("console.account.balance",
					"used", v.language.Number(used), "free", v.language.Number(free)),
				Link: accountTab(acc.ID, "contracts"),
			})
		}
	}
	r.Sections = append(r.Sections, web.Section{
		Title: v.say("console.account.facts"),
		Facts: facts,
	})
	if v.mayDo(rules.SeeAsCustomer) {
		r.Acts = append(r.Acts, web.ListAct{
			Link:  accountPath(acc.ID) + "/look",
			Label: v.say("console.account.look"),
			Icon:  "eye",
		})
	}
	if v.mayDo(rules.ManageCatalogue) {
		r.Acts = append(r.Acts, web.ListAct{
			Link:  accountPath(acc.ID) + "/partner",
			Label: v.say("console.account.partner"),
			Icon:  "wrench",
		})
	}
	if v.mayDo(rules.ReviewOrders) {
		r.Acts = append(r.Acts, web.ListAct{
			Link:  accountPath(acc.ID) + "/correct",
			Label: v.say("console.account.correct"),
			Icon:  "pencil",
		})
	}
	return v.accountPage(acc, "overview", r), nil
}

// attention is what needs somebody first: tasks, replacements that are late, invitations that
// nobody accepted, cover that ends.
func (v *visit) attention(acc account.Account, needs operations.AccountAttention) web.Section {
	s := web.Section{Title: v.say("console.account.first")}
	var asked []string
	for _, t := range needs.Tasks {
		asked = append(asked, t.What)
	}
	for i, said := range v.tellAll(asked...) {
		t := needs.Tasks[i]
		s.Rows = append(s.Rows, v.taskRow(operations.QueueItem{
			OperatorTask: t,
			SubjectName:  said.Text,
		}))
	}
	for _, r := range needs.LateRMAs {
		late := web.Row{
			Link:  v.linkTo(processes.RMA, r.ID),
			Title: v.say("console.account.late", "number", r.Name()),
			Sub:   web.Joined(v.modelName(r.ModelCode, r.RequestedAt), r.FaultySerial),
			Badge: v.rmaState(r),
		}
		if r.PromisedUntil != nil {
			late.Due = v.dueAt(*r.PromisedUntil, acc.TimeZone)
		}
		s.Rows = append(s.Rows, late)
	}
	for _, i := range needs.Invitations {
		title, color := "console.account.unclaimed", "amber"
		if i.State == rules.InvitationBounced {
			title, color = "console.account.bounced", "red"
		}
		s.Rows = append(s.Rows, web.Row{
			Link:  accountTab(acc.ID, "people"),
			Title: v.language.Say(title),
			Sub:   i.ContactName + " · " + i.Email,
			Due:   v.dueAt(i.ExpiresAt, acc.TimeZone),
			Badge: web.Badge{Text: v.say("console.subject.invitation"), Color: color},
		})
	}
	for _, c := range needs.Ending {
		s.Rows = append(s.Rows, web.Row{
			Link: accountTab(acc.ID, "contracts"),
			Title: v.say("console.account.ending",
				"service", v.serviceName(c.Type), "units", v.language.Number(c.Quantity)),
			Due:   v.dueAt(*c.EndAt, acc.TimeZone),
			Badge: web.Badge{Text: v.language.Say("contract." + string(c.State)), Color: "amber"},
		})
	}

	if len(s.Rows) == 0 {
		s.Says = []string{v.say("console.account.first.none")}
	}
	if len(needs.Tasks) == attentionMost {
		s.Further = accountTab(acc.ID, "tasks")
	}
	return s
}

// accountFacts are who the customer is.
func (v *visit) accountFacts(acc account.Account, f operations.AccountFigures) []web.Fact {
	street := acc.Street + ", " + acc.City
	for _, part := range []string{acc.Region, acc.PostalCode, acc.Country} {
		if part != "" {
			street += ", " + part
		}
	}
	csm := f.CSM
	if csm == "" {
		csm = v.say("console.accounts.nobody")
	}
	facts := []web.Fact{
		{Term: v.say("console.account.fact.company"), Value: acc.LegalName},
		{Term: v.say("console.account.fact.address"), Value: street},
		{Term: v.say("console.account.fact.parent"), Value: f.Parent},
		{Term: v.say("console.account.fact.csm"), Value: csm},
		{Term: v.say("console.account.fact.mode"), Value: v.accountMode(acc.Mode)},
		{
			Term:  v.say("console.account.fact.language"),
			Value: messages.In(acc.Locale).Say("language.name"),
		},
		{Term: v.say("console.account.fact.zone"), Value: acc.TimeZone},
		{Term: v.say("console.account.fact.since"), Value: v.moment(acc.CreatedAt, acc.TimeZone)},
	}
	return slices.DeleteFunc(facts, func(f web.Fact) bool { return f.Value == "" })
}

// accountTiles are what a customer has, each with the list of it.
func (v *visit) accountTiles(
	acc account.Account, f operations.AccountFigures, people int,
) []web.Tile {
	one := func(name string, n int64, small string) web.Tile {
		return web.Tile{
			Label:  v.language.Say("console.account.tab." + name),
			Number: v.language.Number(n),
			Small:  small,
			Link:   accountTab(acc.ID, name),
		}
	}
	replacements := one("replacements", f.OpenRMAs, v.say("console.account.open"))
	replacements.Link = web.ListAddress(replacementsPath, "account", acc.ID, "open", "yes")
	if f.LateRMAs > 0 {
		replacements.Small = v.language.Count("console.accounts.late", f.LateRMAs)
		replacements.Class = "down"
	}
	limit := v.say("console.account.limit", "most", v.language.Number(int64(acc.UserLimit)))
	rooms := one("rooms", f.Rooms, v.say("console.account.balance",
		"used", v.language.Number(f.Assigned), "free", v.language.Number(f.Available)))
	rooms.Link = web.ListAddress(rooms.Link, "state", string(licensing.RoomActive))
	return []web.Tile{
		rooms,
		replacements,
		one("tasks", f.OpenTasks, v.say("console.account.open")),
		one("people", int64(people), limit),
	}
}

// accountAfter is the page that the address asks for of one of the lists of a customer.
func (v *visit) accountAfter(acc account.Account, name string) (db.Page, error) {
	after, err := v.OpenCursor(accountTab(acc.ID, name))
	return db.Page{After: after, Limit: web.ListPageSize}, err
}
