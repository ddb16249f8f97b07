package console

import (
	"slices"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/web"
)

// listSection is a card with a table of things of an account, or what to say without any.
func (v *visit) listSection(
	acc account.Account, name string, columns []web.Column, lines []web.Line, next string,
) web.Section {
	s := web.Section{Further: v.further(accountTab(acc.ID, name), next)}
	if len(lines) == 0 {
		s.Nothing = true
		s.Empty = web.EmptyState{
			Icon:  "building-2",
			Title: v.language.Say("console.account.none." + name),
		}
		return s
	}
	s.Table = v.tableOf("console.account", columns, lines)
	return s
}

func accountContracts(v *visit, acc account.Account) ([]web.Section, error) {
	page, err := v.accountAfter(acc, "contracts")
	if err != nil {
		return nil, err
	}
	found, next, err := v.entitlements.Contracts(v.scope(), entitlement.ContractFilter{
		AccountID: acc.ID,
		Page:      page,
	})
	if err != nil {
		return nil, err
	}
	names, err := namesFrom(v, found, func(c entitlement.ContractEntry) []string {
		return []string{c.OrderID}
	})
	if err != nil {
		return nil, err
	}

	var lines []web.Line
	for _, c := range found {
		l := web.Line{Cells: map[string]web.Cell{
			"service": {Text: v.serviceName(c.Type), Small: c.Serial},
			"state":   {Badge: v.contractState(c.State)},
			"order":   {Text: names[c.OrderID]},
			"units": {Text: v.say("console.accounts.inuse",
				"used", v.language.Number(c.Assigned), "all", v.language.Number(c.InForce))},
			"start": {},
			"last":  {},
		}}
		switch {
		case c.StartAt != nil:
			l.Cells["start"] = v.dayAt(*c.StartAt, c.TimeZone)
		case c.State == rules.ContractPendingStart:
			l.Cells["start"] = web.Cell{
				Text:  v.say("console.account.startsby"),
				Small: v.dayAt(c.FallbackStartAt, c.TimeZone).Text,
			}
		}
		if c.EndAt != nil {
			l.Cells["last"] = v.lastDay(*c.EndAt, c.TimeZone)
		}
		if c.Source == entitlement.EntryContract {
			l.Link = contractPath(c.ID)
		}
		lines = append(lines, l)
	}
	columns := []web.Column{
		{Name: "service"}, {Name: "state"}, {Name: "order"},
		{Name: "units", Number: true}, {Name: "start"}, {Name: "last"},
	}
	return []web.Section{v.listSection(acc, "contracts", columns, lines, next)}, nil
}

func accountRooms(v *visit, acc account.Account) ([]web.Section, error) {
	page, err := v.accountAfter(acc, "rooms")
	if err != nil {
		return nil, err
	}
	found, next, err := v.entitlements.ListRooms(v.scope(), entitlement.RoomFilter{
		AccountID: acc.ID,
		State:     licensing.RoomState(v.query("state")),
		Search:    web.Shortened(v.query("q"), web.LongestSearch),
		Page:      page,
	})
	if err != nil {
		return nil, err
	}
	subjects := make([]entitlement.CoverSubject, len(found))
	for i, r := range found {
		subjects[i].RoomID = r.ID
	}
	answers, err := v.entitlements.Coverage(v.scope(), subjects, v.now, cover.ForTechnical)
	if err != nil {
		return nil, err
	}

	var lines []web.Line
	for i, r := range found {
		l := web.Line{
			Link: roomPath(r.ID),
			Cells: map[string]web.Cell{
				"room":     {Text: r.Name, Small: placeOf(r)},
				"covered":  {Badge: v.coverBadge(answers[i].Answer)},
				"why":      {Text: v.coverReason(answers[i].Answer)},
				"until":    v.coverUntil(answers[i].Answer, acc.TimeZone),
				"platform": {Text: v.language.Say("console.platform." + string(r.Platform))},
				"matters":  {Text: v.language.Say("console.criticality." + string(r.Criticality))},
			},
		}
		if r.State == licensing.RoomArchived {
			l.Cells["covered"] = web.Cell{
				Badge: web.Badge{Text: v.say("console.roomstate.ARCHIVED")},
			}
		}
		lines = append(lines, l)
	}
	columns := []web.Column{
		{Name: "room"}, {Name: "covered"}, {Name: "why"}, {Name: "until"},
		{Name: "platform"}, {Name: "matters"},
	}
	return []web.Section{v.listSection(acc, "rooms", columns, lines, next)}, nil
}

// placeOf is where a room is: its site and country.
func placeOf(r entitlement.Room) string {
	if r.Site == "" {
		return r.Country
	}
	return r.Site + ", " + r.Country
}

// deviceColors are the states of devices by what they mean; the others are neutral.
var deviceColors = map[licensing.DeviceState]string{
	licensing.DeviceInRoom:      "green",
	licensing.DeviceSpareOnSite: "green",
	licensing.DeviceInRMA:       "amber",
	licensing.DeviceLost:        "red",
}

func (v *visit) deviceState(s licensing.DeviceState) web.Badge {
	return web.Badge{
		Text:  v.language.Say("console.devicestate." + string(s)),
		Color: deviceColors[s],
	}
}

func accountDevices(v *visit, acc account.Account) ([]web.Section, error) {
	page, err := v.accountAfter(acc, "devices")
	if err != nil {
		return nil, err
	}
	found, next, err := v.entitlements.ListDevices(v.scope(), entitlement.DeviceFilter{
		AccountID: acc.ID,
		Search:    web.Shortened(v.query("q"), web.LongestSearch),
		Page:      page,
	})
	if err != nil {
		return nil, err
	}
	lines, err := v.deviceLines(acc, found)
	if err != nil {
		return nil, err
	}
	columns := []web.Column{
		{Name: "device"}, {Name: "state"}, {Name: "room"}, {Name: "covered"},
		{Name: "why"}, {Name: "until"},
	}
	return []web.Section{v.listSection(acc, "devices", columns, lines, next)}, nil
}

// deviceLines are devices with their rooms and their cover.
func (v *visit) deviceLines(acc account.Account, devices []entitlement.Device) ([]web.Line, error) {
	subjects := make([]entitlement.CoverSubject, len(devices))
	for i, d := range devices {
		subjects[i].Serial = db.Text(d.Serial)
	}
	answers, err := v.entitlements.Coverage(v.scope(), subjects, v.now, cover.ForHardware)
	if err != nil {
		return nil, err
	}
	var rooms []string
	for _, a := range answers {
		rooms = append(rooms, a.Answer.RoomID)
	}
	names, err := v.entitlements.RoomNames(v.scope(), rooms)
	if err != nil {
		return nil, err
	}

	var lines []web.Line
	for i, d := range devices {
		a := answers[i].Answer
		l := web.Line{
			Link: devicePath(d.ID),
			Cells: map[string]web.Cell{
				"device": {Text: v.modelName(d.ModelCode, v.now), Small: db.Text(d.Serial)},
				"state":  {Badge: v.deviceState(d.State)},
				"room":   {Text: names[a.RoomID]},
			},
		}
		if answers[i].Found && answers[i].DeviceID == d.ID {
			l.Cells["covered"] = web.Cell{Badge: v.coverBadge(a)}
			l.Cells["why"] = web.Cell{Text: v.coverReason(a)}
			l.Cells["until"] = v.coverUntil(a, acc.TimeZone)
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// accountPeople are who has access, and who was invited with where that mail is.
func accountPeople(v *visit, acc account.Account) ([]web.Section, error) {
	page, err := v.accountAfter(acc, "people")
	if err != nil {
		return nil, err
	}
	members, err := v.people.MembersOf(v.scope(), acc.ID)
	if err != nil {
		return nil, err
	}
	invitations, next, err := v.people.ListInvitations(v.scope(), acc.ID, "", page)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(invitations))
	for i, inv := range invitations {
		ids[i] = inv.ID
	}
	mails, err := v.notifications.LastMails(v.scope(), "invitation", ids)
	if err != nil {
		return nil, err
	}

	var inside []web.Line
	for _, m := range members {
		joined := m.CreatedAt
		inside = append(inside, web.Line{Cells: map[string]web.Cell{
			"person": {Owner: web.FaceOf(m.UserID, m.Name)},
			"email":  {Text: m.Email},
			"role":   {Text: v.language.Say("console.invite." + string(m.Role))},
			"access": {Badge: web.Badge{
				Text: v.language.Say("console.account.access." + string(m.State)),
				Color: map[rules.MembershipState]string{
					rules.MembershipActive:    "green",
					rules.MembershipSuspended: "amber",
				}[m.State],
			}},
			"since": v.when(&joined, acc.TimeZone),
		}})
	}
	people := v.listSection(acc, "people", []web.Column{
		{Name: "person"}, {Name: "email"}, {Name: "role"}, {Name: "access"}, {Name: "since"},
	}, inside, "")
	people.Title = v.say("console.account.people")

	var invited []web.Line
	for _, inv := range invitations {
		issued := inv.IssuedAt
		l := web.Line{Cells: map[string]web.Cell{
			"person": {Text: inv.ContactName, Small: inv.Email},
			"role":   {Text: v.language.Say("console.invite." + string(inv.Role))},
			"state":  {Badge: v.invitationState(inv)},
			"issued": v.when(&issued, acc.TimeZone),
			"valid":  {Due: v.dueAt(inv.ExpiresAt, acc.TimeZone)},
		}}
		switch inv.State {
		case rules.InvitationIssued, rules.InvitationSent, rules.InvitationBounced:
		default:
			l.Cells["valid"] = web.Cell{}
		}
		if mail, ok := mails[inv.ID]; ok {
			delivery := v.mailDelivery(mail)
			delivery.Text = v.templateName(mail.Template)
			delivery.Link = v.pageOfThing(mail.ID, "")
			l.Cells["mail"] = delivery
		}
		invited = append(invited, l)
	}
	asked := v.listSection(acc, "invitations", []web.Column{
		{Name: "person"}, {Name: "role"}, {Name: "state"}, {Name: "mail"},
		{Name: "issued"}, {Name: "valid"},
	}, invited, "")
	asked.Title = v.say("console.account.invitations")
	asked.Further = v.further(accountTab(acc.ID, "people"), next)

	partners, err := v.delegationsSections(acc)
	if err != nil {
		return nil, err
	}
	ways, err := v.ownSignInSections(acc)
	return slices.Concat([]web.Section{people, asked}, partners, ways), err
}

// rmaLines are replacements with their rooms.
func (v *visit) rmaLines(acc account.Account, rmas []replacement.RMA) ([]web.Line, error) {
	names, err := namesFrom(v, rmas, func(r replacement.RMA) []string {
		return []string{db.Text(r.RoomID)}
	})
	if err != nil {
		return nil, err
	}
	var lines []web.Line
	for _, r := range rmas {
		lines = append(lines, v.rmaLine(acc, r, names[db.Text(r.RoomID)]))
	}
	return lines, nil
}

// rmaLine is a replacement with the name of its room.
func (v *visit) rmaLine(acc account.Account, r replacement.RMA, room string) web.Line {
	asked := r.CreatedAt
	l := web.Line{
		Link: v.linkTo(processes.RMA, r.ID),
		Cells: map[string]web.Cell{
			"number": {Text: r.Name(), Mono: true},
			"device": {Text: v.modelName(r.ModelCode, r.RequestedAt), Small: r.FaultySerial},
			"room":   {Text: room},
			"state":  {Badge: v.rmaState(r)},
			"asked":  v.when(&asked, acc.TimeZone),
		},
	}
	if r.PromisedUntil != nil {
		promised := v.dueAt(*r.PromisedUntil, acc.TimeZone)
		if r.DeliveredAt != nil || r.SwappedAt != nil || r.ClosedAt != nil {
			promised.Class = ""
			promised.Text = web.Day(v.language, r.PromisedUntil.Add(-1), v.now,
				web.Zone(acc.TimeZone))
			promised.Small = ""
		}
		l.Cells["promised"] = web.Cell{Due: promised}
	}
	return l
}

var rmaColumns = []web.Column{
	{Name: "number"}, {Name: "device"}, {Name: "room"}, {Name: "state"},
	{Name: "promised"}, {Name: "asked"},
}

func accountReplacements(v *visit, acc account.Account) ([]web.Section, error) {
	page, err := v.accountAfter(acc, "replacements")
	if err != nil {
		return nil, err
	}
	rmas, next, err := v.replacements.ListRMAs(v.scope(), replacement.RMAFilter{
		AccountID: acc.ID,
		Page:      page,
	})
	if err != nil {
		return nil, err
	}
	lines, err := v.rmaLines(acc, rmas)
	if err != nil {
		return nil, err
	}
	asked := v.listSection(acc, "replacements", rmaColumns, lines, next)
	asked.Title = v.say("console.account.tab.replacements")

	units, _, err := v.replacements.ListSpareUnits(v.scope(), replacement.SpareFilter{
		AccountID: acc.ID,
		Page:      db.Page{Limit: web.ListPageSize},
	})
	if err != nil {
		return nil, err
	}
	names, err := namesFrom(v, units, func(u replacement.SpareUnit) []string {
		return []string{db.Text(u.SiteID)}
	})
	if err != nil {
		return nil, err
	}
	var kept []web.Line
	for _, u := range units {
		since := u.StateSince
		kept = append(kept, web.Line{
			Link: v.linkTo(processes.Spare, u.ID),
			Cells: map[string]web.Cell{
				"number": {Text: u.Name(), Mono: true},
				"device": {Text: v.modelName(u.ModelCode, v.now), Small: u.Serial},
				"site":   {Text: names[db.Text(u.SiteID)]},
				"state":  {Badge: v.spareState(u)},
				"since":  v.when(&since, acc.TimeZone),
			},
		})
	}
	spares := v.listSection(acc, "spares", []web.Column{
		{Name: "number"}, {Name: "device"}, {Name: "site"}, {Name: "state"}, {Name: "since"},
	}, kept, "")
	spares.Title = v.say("console.account.spares")
	return []web.Section{asked, spares}, nil
}

func accountMails(v *visit, acc account.Account) ([]web.Section, error) {
	page, err := v.accountAfter(acc, "mails")
	if err != nil {
		return nil, err
	}
	found, next, err := v.notifications.ListNotifications(v.scope(),
		notification.NotificationFilter{AccountID: acc.ID, Page: page})
	if err != nil {
		return nil, err
	}
	names, err := namesFrom(v, found, func(n notification.Notification) []string {
		return []string{n.SubjectID}
	})
	if err != nil {
		return nil, err
	}

	var lines []web.Line
	for _, n := range found {
		at := n.CreatedAt
		if n.SentAt != nil {
			at = *n.SentAt
		}
		lines = append(lines, web.Line{Link: v.pageOfThing(n.ID, ""), Cells: map[string]web.Cell{
			"mail":     {Text: v.templateName(n.Template)},
			"to":       {Text: n.Recipient},
			"about":    {Text: names[n.SubjectID]},
			"delivery": v.mailDelivery(n),
			"when":     v.when(&at, acc.TimeZone),
		}})
	}
	columns := []web.Column{
		{Name: "mail"}, {Name: "to"}, {Name: "about"}, {Name: "delivery"}, {Name: "when"},
	}
	return []web.Section{v.listSection(acc, "mails", columns, lines, next)}, nil
}

func accountTasks(v *visit, acc account.Account) ([]web.Section, error) {
	const name = "tasks"
	after, err := v.OpenCursor(accountTab(acc.ID, name))
	if err != nil {
		return nil, err
	}
	q := operations.QueueQuery{AccountID: acc.ID, Zone: v.zone, Uncounted: true}
	if q.After, err = operations.ParseQueueCursor("/query/after", after); err != nil {
		return nil, errBadCursor
	}
	found, err := v.operations.Queue(v.scope(), q)
	if err != nil {
		return nil, err
	}

	s := v.listSection(acc, name, nil, nil, found.Next.String())
	for _, t := range found.Items {
		s.Rows = append(s.Rows, v.taskRow(t))
	}
	s.Nothing = len(s.Rows) == 0
	return []web.Section{s}, nil
}

// namesFrom names what things are about, by the id, in one statement.
func namesFrom[T any](v *visit, things []T, ids func(T) []string) (map[string]string, error) {
	var all []string
	for _, t := range things {
		all = append(all, ids(t)...)
	}
	found, err := v.operations.NamesOf(v.scope(), all)
	names := map[string]string{}
	for _, n := range found {
		names[n.ID] = n.Name
	}
	return names, err
}
