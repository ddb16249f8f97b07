package console

import (
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
	acc account.Account, name string, columns []column, lines []line, next string,
) recordSection {
	s := recordSection{Further: v.further(accountTab(acc.ID, name), next)}
	if len(lines) == 0 {
		s.Nothing = true
		s.Empty = emptyState{
			Icon:  "building-2",
			Title: v.language.Say("console.account.none." + name),
		}
		return s
	}
	s.Table = v.tableOf("console.account", columns, lines)
	return s
}

func accountContracts(v *visit, acc account.Account) ([]recordSection, error) {
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

	var lines []line
	for _, c := range found {
		l := line{Cells: map[string]cell{
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
			l.Cells["start"] = cell{
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
	columns := []column{
		{name: "service"}, {name: "state"}, {name: "order"},
		{name: "units", number: true}, {name: "start"}, {name: "last"},
	}
	return []recordSection{v.listSection(acc, "contracts", columns, lines, next)}, nil
}

func accountRooms(v *visit, acc account.Account) ([]recordSection, error) {
	page, err := v.accountAfter(acc, "rooms")
	if err != nil {
		return nil, err
	}
	found, next, err := v.entitlements.ListRooms(v.scope(), entitlement.RoomFilter{
		AccountID: acc.ID,
		State:     licensing.RoomState(v.query("state")),
		Search:    shortened(v.query("q"), longestSearch),
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

	var lines []line
	for i, r := range found {
		l := line{
			Link: roomPath(r.ID),
			Cells: map[string]cell{
				"room":     {Text: r.Name, Small: placeOf(r)},
				"covered":  {Badge: v.coverBadge(answers[i].Answer)},
				"why":      {Text: v.coverReason(answers[i].Answer)},
				"until":    v.coverUntil(answers[i].Answer, acc.TimeZone),
				"platform": {Text: v.language.Say("console.platform." + string(r.Platform))},
				"matters":  {Text: v.language.Say("console.criticality." + string(r.Criticality))},
			},
		}
		if r.State == licensing.RoomArchived {
			l.Cells["covered"] = cell{Badge: badge{Text: v.say("console.roomstate.ARCHIVED")}}
		}
		lines = append(lines, l)
	}
	columns := []column{
		{name: "room"}, {name: "covered"}, {name: "why"}, {name: "until"},
		{name: "platform"}, {name: "matters"},
	}
	return []recordSection{v.listSection(acc, "rooms", columns, lines, next)}, nil
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

func (v *visit) deviceState(s licensing.DeviceState) badge {
	return badge{v.language.Say("console.devicestate." + string(s)), deviceColors[s]}
}

func accountDevices(v *visit, acc account.Account) ([]recordSection, error) {
	page, err := v.accountAfter(acc, "devices")
	if err != nil {
		return nil, err
	}
	found, next, err := v.entitlements.ListDevices(v.scope(), entitlement.DeviceFilter{
		AccountID: acc.ID,
		Search:    shortened(v.query("q"), longestSearch),
		Page:      page,
	})
	if err != nil {
		return nil, err
	}
	lines, err := v.deviceLines(acc, found)
	if err != nil {
		return nil, err
	}
	columns := []column{
		{name: "device"}, {name: "state"}, {name: "room"}, {name: "covered"},
		{name: "why"}, {name: "until"},
	}
	return []recordSection{v.listSection(acc, "devices", columns, lines, next)}, nil
}

// deviceLines are devices with their rooms and their cover.
func (v *visit) deviceLines(acc account.Account, devices []entitlement.Device) ([]line, error) {
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

	var lines []line
	for i, d := range devices {
		a := answers[i].Answer
		l := line{
			Link: devicePath(d.ID),
			Cells: map[string]cell{
				"device": {Text: v.modelName(d.ModelCode, v.now), Small: db.Text(d.Serial)},
				"state":  {Badge: v.deviceState(d.State)},
				"room":   {Text: names[a.RoomID]},
			},
		}
		if answers[i].Found && answers[i].DeviceID == d.ID {
			l.Cells["covered"] = cell{Badge: v.coverBadge(a)}
			l.Cells["why"] = cell{Text: v.coverReason(a)}
			l.Cells["until"] = v.coverUntil(a, acc.TimeZone)
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// accountPeople are who has access, and who was invited with where that mail is.
func accountPeople(v *visit, acc account.Account) ([]recordSection, error) {
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

	var inside []line
	for _, m := range members {
		joined := m.CreatedAt
		inside = append(inside, line{Cells: map[string]cell{
			"person": {Owner: faceOf(m.UserID, m.Name)},
			"email":  {Text: m.Email},
			"role":   {Text: v.language.Say("console.invite." + string(m.Role))},
			"access": {Badge: badge{v.language.Say("console.account.access." + string(m.State)),
				map[rules.MembershipState]string{
					rules.MembershipActive:    "green",
					rules.MembershipSuspended: "amber",
				}[m.State]}},
			"since": v.when(&joined, acc.TimeZone),
		}})
	}
	people := v.listSection(acc, "people", []column{
		{name: "person"}, {name: "email"}, {name: "role"}, {name: "access"}, {name: "since"},
	}, inside, "")
	people.Title = v.say("console.account.people")

	var invited []line
	for _, inv := range invitations {
		issued := inv.IssuedAt
		l := line{Cells: map[string]cell{
			"person": {Text: inv.ContactName, Small: inv.Email},
			"role":   {Text: v.language.Say("console.invite." + string(inv.Role))},
			"state":  {Badge: v.invitationState(inv)},
			"issued": v.when(&issued, acc.TimeZone),
			"valid":  {Due: v.dueAt(inv.ExpiresAt, acc.TimeZone)},
		}}
		switch inv.State {
		case rules.InvitationIssued, rules.InvitationSent, rules.InvitationBounced:
		default:
			l.Cells["valid"] = cell{}
		}
		if mail, ok := mails[inv.ID]; ok {
			delivery := v.mailDelivery(mail)
			delivery.Text = v.templateName(mail.Template)
			delivery.Link = v.pageOfThing(mail.ID, "")
			l.Cells["mail"] = delivery
		}
		invited = append(invited, l)
	}
	asked := v.listSection(acc, "invitations", []column{
		{name: "person"}, {name: "role"}, {name: "state"}, {name: "mail"},
		{name: "issued"}, {name: "valid"},
	}, invited, "")
	asked.Title = v.say("console.account.invitations")
	asked.Further = v.further(accountTab(acc.ID, "people"), next)
	return []recordSection{people, asked}, nil
}

// rmaLines are replacements with their rooms.
func (v *visit) rmaLines(acc account.Account, rmas []replacement.RMA) ([]line, error) {
	names, err := namesFrom(v, rmas, func(r replacement.RMA) []string {
		return []string{db.Text(r.RoomID)}
	})
	if err != nil {
		return nil, err
	}
	var lines []line
	for _, r := range rmas {
		lines = append(lines, v.rmaLine(acc, r, names[db.Text(r.RoomID)]))
	}
	return lines, nil
}

// rmaLine is a replacement with the name of its room.
func (v *visit) rmaLine(acc account.Account, r replacement.RMA, room string) line {
	asked := r.CreatedAt
	l := line{
		Link: v.linkTo(processes.RMA, r.ID),
		Cells: map[string]cell{
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
		l.Cells["promised"] = cell{Due: promised}
	}
	return l
}

var rmaColumns = []column{
	{name: "number"}, {name: "device"}, {name: "room"}, {name: "state"},
	{name: "promised"}, {name: "asked"},
}

func accountReplacements(v *visit, acc account.Account) ([]recordSection, error) {
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
		Page:      db.Page{Limit: listPageSize},
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
	var kept []line
	for _, u := range units {
		since := u.StateSince
		kept = append(kept, line{
			Link: v.linkTo(processes.Spare, u.ID),
			Cells: map[string]cell{
				"number": {Text: u.Name(), Mono: true},
				"device": {Text: v.modelName(u.ModelCode, v.now), Small: u.Serial},
				"site":   {Text: names[db.Text(u.SiteID)]},
				"state":  {Badge: v.spareState(u)},
				"since":  v.when(&since, acc.TimeZone),
			},
		})
	}
	spares := v.listSection(acc, "spares", []column{
		{name: "number"}, {name: "device"}, {name: "site"}, {name: "state"}, {name: "since"},
	}, kept, "")
	spares.Title = v.say("console.account.spares")
	return []recordSection{asked, spares}, nil
}

func accountMails(v *visit, acc account.Account) ([]recordSection, error) {
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

	var lines []line
	for _, n := range found {
		at := n.CreatedAt
		if n.SentAt != nil {
			at = *n.SentAt
		}
		lines = append(lines, line{Link: v.pageOfThing(n.ID, ""), Cells: map[string]cell{
			"mail":     {Text: v.templateName(n.Template)},
			"to":       {Text: n.Recipient},
			"about":    {Text: names[n.SubjectID]},
			"delivery": v.mailDelivery(n),
			"when":     v.when(&at, acc.TimeZone),
		}})
	}
	columns := []column{
		{name: "mail"}, {name: "to"}, {name: "about"}, {name: "delivery"}, {name: "when"},
	}
	return []recordSection{v.listSection(acc, "mails", columns, lines, next)}, nil
}

func accountTasks(v *visit, acc account.Account) ([]recordSection, error) {
	const name = "tasks"
	after, err := v.openCursor(accountTab(acc.ID, name))
	if err != nil {
		return nil, err
	}
	q := operations.QueueQuery{AccountID: acc.ID, Zone: v.zone}
	if q.After, err = operations.ParseAgendaCursor("/query/after", after); err != nil {
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
	return []recordSection{s}, nil
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
