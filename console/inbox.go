package console

import (
	"slices"
	"strings"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const inboxPath = Root + "/inbox"

func inboxItemPath(id string) string { return inboxPath + "/" + id }

// inboxList is the list of what people wrote to the mailbox or into the form on the web, the
// newest first (S56). What waits stands in the queue as well.
var inboxList = listing{
	path:  inboxPath,
	words: "console.inbox",
	needs: may(rules.ViewProcesses),
	columns: []web.Column{
		{Name: "asks"},
		{Name: "state"},
		{Name: "sender"},
		{Name: "customer"},
		{Name: "came"},
	},
	bulk: []bulkAct{spamItems},
	read: readInbox,
}

func inboxRoutes() []route {
	const (
		one = inboxPath + "/:id"
		act = one + "/do/:action"
	)
	desk := may(rules.WorkTasks)
	return append(inboxList.routes(),
		route{method: get, path: one, access: may(rules.ViewProcesses), do: showInboxItem},
		route{method: get, path: one + "/mail", access: desk, do: fetchInboxMail},
		route{method: get, path: act, access: desk, do: actOnInboxItem},
		route{method: post, path: act, access: desk, do: actOnInboxItem},
	)
}

var inboxColors = map[mailbox.ItemState]string{
	mailbox.ItemOpen:  "amber",
	mailbox.ItemFiled: "",
	mailbox.ItemDone:  "green",
	mailbox.ItemSpam:  "",
}

func (v *visit) inboxState(s mailbox.ItemState) web.Badge {
	return web.Badge{
		Text:  v.language.Say("console.inbox.state." + string(s)),
		Color: inboxColors[s],
	}
}

func (v *visit) inboxKind(k inbound.Kind) string {
	return v.language.Say("console.inbox.kind." + string(k))
}

func readInbox(v *visit, q web.ListQuery) (web.ListResult, error) {
	found, next, err := v.mailbox.ListItems(v.scope(), mailbox.ItemFilter{
		State: mailbox.ItemState(v.query("state")),
		Kind:  inbound.Kind(v.query("kind")),
		Page:  db.Page{After: q.After, Limit: q.Limit},
	})
	if err != nil {
		return web.ListResult{}, err
	}
	var accounts []string
	for _, i := range found {
		accounts = append(accounts, db.Text(i.AccountID))
	}
	names, err := v.namesOf(accounts...)
	if err != nil {
		return web.ListResult{}, err
	}

	r := web.ListResult{
		Next:   next,
		Facets: v.inboxFacets(),
		Empty: web.EmptyState{
			Icon:  "inbox",
			Title: v.say("console.inbox.empty.title"),
			Text:  v.say("console.inbox.empty.text"),
		},
	}
	for _, i := range found {
		r.Lines = append(r.Lines, web.Line{
			ID:   i.ID,
			Link: inboxItemPath(i.ID),
			Cells: map[string]web.Cell{
				"asks":     {Text: v.inboxKind(i.Kind), Small: i.Subject},
				"state":    {Badge: v.inboxState(i.State)},
				"sender":   {Text: v.senderOf(i), Small: i.SenderName},
				"customer": {Text: names[db.Text(i.AccountID)]},
				"came":     v.when(&i.CreatedAt, ""),
			},
		})
	}
	return r, nil
}

func (v *visit) inboxFacets() []web.Facet {
	var states, kinds []web.FacetOption
	var stateValues, kindValues []string
	for _, s := range []mailbox.ItemState{
		mailbox.ItemOpen, mailbox.ItemFiled, mailbox.ItemDone, mailbox.ItemSpam,
	} {
		states = append(states, web.FacetOption{Label: v.inboxState(s).Text})
		stateValues = append(stateValues, string(s))
	}
	for _, k := range inbound.Kinds {
		kinds = append(kinds, web.FacetOption{Label: v.inboxKind(k)})
		kindValues = append(kindValues, string(k))
	}
	return []web.Facet{
		v.choiceOf(inboxPath, "state", v.say("console.inbox.column.state"), states, stateValues),
		v.choiceOf(inboxPath, "kind", v.say("console.facet.kind"), kinds, kindValues),
	}
}

// senderOf is the address that an item says it is from.
func (v *visit) senderOf(i mailbox.InboxItem) string {
	if i.Sender == "" {
		return v.say("console.inbox.nosender")
	}
	return i.Sender
}

// showInboxItem shows what somebody wrote, as text, who it may be from and how far that is proved,
// and what can be done about it: what is not possible says why.
func showInboxItem(v *visit) (answer, error) {
	find := v.query("find")
	at, err := v.lookAt(find)
	if err != nil {
		return answer{}, err
	}
	l, err := v.mailbox.Look(v.scope(), v.param("id"), at)
	if err != nil {
		return answer{}, err
	}
	names, err := v.namesOf(db.Text(l.AccountID), l.DecidedBy, l.ProvedBy, l.DecisionRef)
	if err != nil {
		return answer{}, err
	}

	p := sheetPage{
		Badge: v.inboxState(l.State),
		Sub:   v.say("console.inbox.from", "sender", v.senderOf(l.InboxItem)),
		Parts: []sheetPart{
			v.inboxWords(l),
			v.inboxSender(l, names),
			v.inboxOffers(l, find),
		},
	}
	if l.Verdict == inbound.Fail && l.Proof == mailbox.NoProof {
		p.Alert = v.say("console.inbox.disowned")
	}
	if l.Decision != mailbox.Undecided {
		p.Parts = slices.Insert(p.Parts, 0, v.inboxDecision(l, names))
	}
	return sheet(v.inboxKind(l.Kind), p), nil
}

// lookAt reads what an operator looks for beside what the sender's address finds: the address of
// who was invited, the number of an order, or a customer's name.
func (v *visit) lookAt(find string) (at mailbox.LookAt, err error) {
	switch find = strings.TrimSpace(find); {
	case find == "":
		return at, nil
	case strings.Contains(find, "@"):
		at.Email = find
		return at, nil
	}
	id, err := v.operations.IDOf(v.scope(), find)
	if err != nil {
		return at, err
	}
	switch db.KindOf(id) {
	case db.PrefixOrder:
		at.OrderID = id
		return at, nil
	case db.PrefixAccount:
		at.AccountID = id
		return at, nil
	}
	at.AccountID, err = v.operations.AuditSubject(v.scope(), operations.AuditAccount, find)
	if rules.CodeOf(err) == rules.ValidationFailed {
		err = nil // several are called so: the operator says it better
	}
	return at, err
}

// inboxWords is what was written, as text and nothing else.
func (v *visit) inboxWords(l mailbox.Look) sheetPart {
	var files []string
	for _, f := range l.Attachments {
		files = append(files, f.Name)
	}
	text := l.Body
	if l.Quoted != "" {
		text = strings.TrimSpace(text + "\n\n> " + strings.ReplaceAll(l.Quoted, "\n", "\n> "))
	}
	part := sheetPart{
		Title: v.say("console.inbox.words"),
		Note:  v.say("console.inbox.words.note"),
		Facts: knownFacts(
			web.Fact{Term: v.say("console.inbox.subject"), Value: l.Subject},
			web.Fact{Term: v.say("console.inbox.files"), Value: strings.Join(files, ", ")},
			web.Fact{
				Term:  v.say("console.inbox.ticket"),
				Value: l.Ticket,
				Link:  v.pageOfTicket(l.Ticket),
			},
			web.Fact{Term: v.say("console.inbox.hinted"), Value: l.Hinted},
		),
		Text: text,
	}
	if text == "" {
		part.Empty = v.say("console.inbox.notext")
	}
	if l.Channel == mailbox.ByMail && v.mayDo(rules.WorkTasks) {
		part.Acts = []web.ListAct{{
			Link:  inboxItemPath(l.ID) + "/mail",
			Label: v.say("console.inbox.raw"),
			Icon:  "download",
		}}
	}
	return part
}

func (v *visit) pageOfTicket(number string) string {
	if number == "" {
		return ""
	}
	return ticketPath(number)
}

// inboxSender says who it may be from, and how far that is proved, in plain words.
func (v *visit) inboxSender(l mailbox.Look, names map[string]string) sheetPart {
	verdict := v.language.Say("console.inbox.verdict." + string(l.Verdict))
	if l.Channel == mailbox.ByForm {
		verdict = v.say("console.inbox.verdict.FORM")
	}
	proof := v.say("console.inbox.proof.NONE")
	if l.Proof != mailbox.NoProof && l.ProvedAt != nil {
		proof = v.language.Say("console.inbox.proof."+string(l.Proof), messages.Args{
			"who":  names[l.ProvedBy],
			"when": v.moment(*l.ProvedAt, ""),
		})
	}
	var places []string
	for _, m := range l.Members {
		places = append(places, m.Name+", "+m.AccountName)
	}
	further := ""
	if l.Further > 0 {
		further = v.language.Count("console.inbox.further.n", l.Further)
	}
	code := ""
	if v.codeOpen(l) {
		code = v.say("console.inbox.codeopen", "until", v.moment(*l.CodeUntil, ""))
	}

	part := sheetPart{
		Title: v.say("console.inbox.who"),
		Facts: knownFacts(
			web.Fact{Term: v.say("field.email"), Value: v.senderOf(l.InboxItem)},
			web.Fact{Term: v.say("console.inbox.name"), Value: l.SenderName},
			web.Fact{Term: v.say("console.inbox.came"), Value: v.moment(l.CreatedAt, "")},
			web.Fact{
				Term:  v.say("console.inbox.reason"),
				Value: v.language.Say("console.inbox.reason." + string(l.Reason)),
			},
			web.Fact{Term: v.say("console.inbox.verdict"), Value: verdict},
			web.Fact{Term: v.say("console.inbox.proof"), Value: proof},
			web.Fact{Term: v.say("console.inbox.note"), Value: l.ProofNote},
			web.Fact{Term: v.say("console.inbox.code"), Value: code},
			web.Fact{Term: v.say("console.inbox.places"), Value: strings.Join(places, "; ")},
			web.Fact{Term: v.say("console.inbox.further"), Value: further},
		),
	}
	if !l.IsOpen() || !v.mayDo(rules.WorkTasks) {
		return part
	}
	if v.codeOpen(l) {
		part.Acts = append(part.Acts, web.ListAct{
			Link:  v.inboxAct(l, mailbox.ActProve, ""),
			Label: v.say("console.inbox.act.prove"),
			Icon:  "key-round",
		})
	}
	part.Acts = append(part.Acts, web.ListAct{
		Link:  v.inboxAct(l, mailbox.ActSetKind, ""),
		Label: v.say("console.inbox.act.set_kind"),
		Icon:  "tag",
	})
	return part
}

// codeOpen reports whether a code that was mailed can still be told.
func (v *visit) codeOpen(l mailbox.Look) bool {
	return l.CodeUntil != nil && l.CodeUntil.After(db.RealNow()) && l.IsOpen()
}

// inboxDecision says what was decided, and leads to what came of it.
func (v *visit) inboxDecision(l mailbox.Look, names map[string]string) sheetPart {
	facts := []web.Fact{
		{
			Term:  v.say("console.inbox.decision"),
			Value: v.language.Say("console.inbox.decision." + string(l.Decision)),
		},
		{
			Term:  v.say("console.fact.about"),
			Value: names[l.DecisionRef],
			Link:  v.pageOfThing(l.DecisionRef, db.Text(l.AccountID)),
		},
		{Term: v.say("console.inbox.by"), Value: names[l.DecidedBy]},
	}
	if l.DecidedAt != nil {
		facts = append(facts, web.Fact{
			Term:  v.say("console.inbox.decided"),
			Value: v.moment(*l.DecidedAt, ""),
		})
	}
	return sheetPart{Title: v.say("console.inbox.decision"), Facts: knownFacts(facts...)}
}

// inboxOffers are the actions, each with what it is about and where its link would go. One that
// is not possible leads nowhere and says why.
func (v *visit) inboxOffers(l mailbox.Look, find string) sheetPart {
	part := sheetPart{
		Title: v.say("console.inbox.offers"),
		Note: v.say("console.inbox.offers.note",
			"act", v.language.Say("console.inbox.act."+string(l.Suggested()))),
	}
	if l.IsOpen() && v.mayDo(rules.WorkTasks) {
		part.Acts = []web.ListAct{{
			Link:  v.inboxAct(l, actFind, ""),
			Label: v.say("console.inbox.act.find"),
			Icon:  "search",
		}}
	}
	if find != "" {
		part.Note += " " + v.say("console.inbox.found", "text", find)
	}

	suggested := l.Suggested()
	usual := slices.DeleteFunc(slices.Clone(l.Offers), func(o mailbox.Offer) bool {
		return o.Action != suggested
	})
	others := slices.DeleteFunc(slices.Clone(l.Offers), func(o mailbox.Offer) bool {
		return o.Action == suggested
	})
	var lines []sheetLine
	for _, o := range append(usual, others...) {
		link, why := v.inboxAct(l, o.Action, o.About), ""
		if o.Why != "" {
			link, why = "", v.language.Say("console.inbox.why."+string(o.Why))
		}
		lines = append(lines, sheetLine{link, []web.Cell{
			{Text: v.language.Say("console.inbox.act." + string(o.Action))},
			v.aboutOffer(l, o),
			{Text: o.To},
			{Text: why},
		}})
	}
	part.Table = linesUnder([]sheetColumn{
		{label: v.say("console.inbox.act")},
		{label: v.say("console.fact.about")},
		{label: v.say("console.inbox.to")},
		{label: v.say("console.inbox.why")},
	}, lines)
	return part
}

// aboutOffer names what an action is about.
func (v *visit) aboutOffer(l mailbox.Look, o mailbox.Offer) web.Cell {
	switch {
	case o.Action == mailbox.ActAddToTicket:
		return web.Cell{Text: o.About}
	case db.KindOf(o.About) == db.PrefixInvitation:
		inv := invitationIn(l, o.About)
		return web.Cell{
			Text:  inv.AccountName,
			Small: web.Joined(inv.ContactName, inv.Email, v.invitationState(inv.Invitation).Text),
		}
	case db.KindOf(o.About) == db.PrefixAccount:
		return web.Cell{Text: l.NameOf(o.About)}
	}
	for _, w := range l.Warranties {
		if w.ID == o.About {
			return web.Cell{Text: w.Serial, Small: w.PONumber}
		}
	}
	return web.Cell{}
}

// invitationIn is an invitation that was found; an empty one: it was not.
func invitationIn(l mailbox.Look, id string) (found mailbox.FoundInvitation) {
	for _, inv := range l.Invitations {
		if inv.ID == id {
			return inv
		}
	}
	return found
}

// inboxAct is the page of an action, about something that was found.
func (v *visit) inboxAct(l mailbox.Look, a mailbox.Action, about string) string {
	page := inboxItemPath(l.ID) + "/do/" + string(a)
	if about == "" {
		return page
	}
	return web.ListAddress(page, "about", about)
}

// fetchInboxMail hands out a mail as it came: a file that no browser opens by itself.
func fetchInboxMail(v *visit) (answer, error) {
	item, err := v.mailbox.GetItem(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	content, err := v.mailbox.RawBytes(v.scope(), item.MailID)
	if err != nil {
		return answer{}, err
	}
	return answer{file: &download{
		name: item.ID + ".eml",
		kind: "message/rfc822",
		body: content,
	}}, nil
}
