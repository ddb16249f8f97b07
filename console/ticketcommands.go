package console

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

// ticketActs are the commands that have a page of their own, in the order in which they are
// offered. What is said, and what it leads to, stands in the form of the ticket's page.
var ticketActs = []rule.Command{
	rule.DoWaitRMA, rule.DoSetSeverity, rule.DoResume, rule.DoReopen, rule.DoUndoReopen,
	rule.DoLink, rule.DoCancel,
}

// ticketBeside are shown without opening the menu.
var ticketBeside = []rule.Command{
	rule.DoWaitRMA, rule.DoSetSeverity, rule.DoUndoReopen, rule.DoResume,
}

var ticketIcons = map[rule.Command]string{
	rule.DoWaitRMA:     "repeat-2",
	rule.DoSetSeverity: "flag",
	rule.DoResume:      "play",
	rule.DoReopen:      "rotate-ccw",
	rule.DoUndoReopen:  "undo-2",
	rule.DoLink:        "link",
	rule.DoCancel:      "ban",
}

// ticketFields are what each command asks for, by the names of the form.
var ticketFields = map[rule.Command][]string{
	rule.DoWaitRMA:     {"device", "site", "fault", "text"},
	rule.DoSetSeverity: {"severity", "reason"},
	rule.DoResume:      {"reason"},
	rule.DoReopen:      {"reason"},
	rule.DoUndoReopen:  {"reason"},
	rule.DoLink:        {"ticket"},
	rule.DoCancel:      {"reason"},
}

// ticketReasons are the commands that have to be explained.
var ticketReasons = []rule.Command{rule.DoSetSeverity, rule.DoUndoReopen}

// replyToTicket sends a reply, and what the ticket is set to behind it. Where others wrote
// meanwhile, what was typed is kept, and shown under what they wrote.
func replyToTicket(v *visit) (answer, error) {
	t, err := v.tickets.Get(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	version, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil {
		return answer{}, errBadForm
	}
	c := ticket.Command{
		Name:    rule.DoAnswer,
		Text:    v.typedText("text"),
		Once:    "reply/" + v.form("once") + "/" + db.HashSecret(v.typedText("text"))[:12],
		Version: version,

		Undoable:  true,
		EndsDraft: true,
	}
	if then := rule.Command(v.form("then")); then != "" {
		if !saysFirst(then) || then == rule.DoWaitRMA {
			return answer{}, errBadForm
		}
		c.Name = then
		c.Reason = v.typedText("reason")
		if c.Text == "" { // what it waits for is said to the customer, not only set
			c.Name = rule.DoAnswer
		}
	}

	if web.WrongFiles(v.files) {
		return v.replyAgain(t, c.Text)
	}
	c.Files = v.attached()
	_, err = v.tickets.Do(v.acting(t.AccountID), t.ID, c)
	switch {
	case v.blameFiles(err):
		return v.replyAgain(t, c.Text)
	case err == nil:
		return v.doneUndoable(ticketPath(t.Number), "console.flash.replied",
			ticketPath(t.Number)+"/undo"), nil
	case rules.CodeOf(err) == rules.VersionMismatch:
		if err := v.tickets.KeepDraft(v.acting(t.AccountID), t.ID, false, c.Text); err != nil {
			return answer{}, err
		}
		seen, _ := strconv.ParseInt(v.form("seen"), 10, 64)
		return v.ticketAnswer(&ticketAsked{seen: max(seen, 1)})
	}
	if refused := v.commandRefusal(err); refused != nil {
		return v.ticketAnswer(&ticketAsked{refused: refused})
	}
	return answer{}, err
}

// replyAgain shows the reply with what is wrong with its files; what was typed stays, as a draft
// too.
func (v *visit) replyAgain(t ticket.Ticket, text string) (answer, error) {
	err := v.tickets.KeepDraft(v.acting(t.AccountID), t.ID, false, text)
	if err != nil && rules.CodeOf(err) != rules.ValidationFailed {
		return answer{}, err
	}
	return v.ticketAnswer(&ticketAsked{})
}

// noteTicket adds a note, which operators alone read (S42). It decides nothing, so it is added
// whatever others wrote meanwhile.
func noteTicket(v *visit) (answer, error) {
	t, err := v.tickets.Get(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	text := v.typedText("text")
	once := "note/" + v.form("once") + "/" + db.HashSecret(text)[:12]
	if web.WrongFiles(v.files) {
		return v.ticketAnswer(&ticketAsked{note: true})
	}
	_, err = v.notes.Add(v.acting(t.AccountID), t.ID, text, once, 0, v.attached()...)
	if v.blameFiles(err) {
		return v.ticketAnswer(&ticketAsked{note: true})
	}
	if err != nil {
		if refused := v.commandRefusal(err); refused != nil {
			return v.ticketAnswer(&ticketAsked{refused: refused, note: true})
		}
		return answer{}, err
	}
	return v.done(ticketPath(t.Number), "console.flash.noted"), nil
}

// keepTicketDraft keeps what was begun, for the operator who wrote it.
func keepTicketDraft(v *visit) (answer, error) {
	t, err := v.tickets.Get(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	internal := v.form("kind") == "note"
	err = v.tickets.KeepDraft(v.acting(t.AccountID), t.ID, internal, v.typedText("text"))
	if err != nil {
		if refused := v.commandRefusal(err); refused != nil {
			return v.ticketAnswer(&ticketAsked{refused: refused, note: internal})
		}
		return answer{}, err
	}
	return v.done(ticketPath(t.Number), "console.flash.drafted"), nil
}

// giveTicket gives the ticket to the operator of the form; empty: to nobody. Its task in the
// queue goes with it.
func giveTicket(v *visit) (answer, error) {
	t, err := v.tickets.Get(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	to, held := v.form("operator"), v.form("held")
	_, err = v.tickets.Do(v.acting(t.AccountID), t.ID, ticket.Command{
		Name:     rule.DoAssign,
		Assignee: &to,
		Held:     &held,
	})
	switch rules.CodeOf(err) {
	case rules.ValidationFailed:
		return answer{}, errBadForm
	case rules.VersionMismatch:
		return v.ticketAnswer(&ticketAsked{given: true})
	}
	if err != nil {
		return answer{}, err
	}
	flash := "console.flash.given"
	switch to {
	case v.who.ID:
		flash = "console.flash.taken"
	case "":
		flash = "console.flash.handedback"
	}
	return v.done(ticketPath(t.Number), flash), nil
}

func askOfTicket(v *visit) (answer, error) {
	d, err := v.tickets.AtDesk(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	return v.askAboutTicket(d, nil)
}

// askAboutTicket shows what a command will do, with the fields that it needs.
func (v *visit) askAboutTicket(d ticket.Desk, refused *commandRefused) (answer, error) {
	c := rule.Command(v.param("action"))
	names, known := ticketFields[c]
	if !known {
		return answer{}, errNoPage
	}
	if refused == nil && !v.mayTicket(c, d.Ticket) {
		refused = v.commandRefusal(rule.May(c, v.who.Role, d.FactsAt(v.now)))
	}

	ask := confirmation{
		Title: v.language.Say("console.ticketact."+string(c)) + " · " + d.Number,
		Says: []string{
			web.Joined(d.Summary, d.RoomName, d.AccountName),
			v.language.Say("console.ticketact." + string(c) + ".says"),
		},
		Hidden: []web.Hidden{{Name: "version", Value: v.formVersion(d.Version)}},
		Action: v.request.URL.Path,
		Submit: v.language.Say("console.ticketact." + string(c)),
		Danger: c == rule.DoCancel,
		Back:   ticketPath(d.Number),
	}
	if c == rule.DoWaitRMA {
		if err := v.askReplacementFor(&ask, d); err != nil {
			return answer{}, err
		}
	} else {
		for _, name := range names {
			ask.Fields = append(ask.Fields, v.ticketField(c, d, name))
		}
	}
	if refused != nil {
		ask.Problem = refused.message
		for i, f := range ask.Fields {
			ask.Fields[i].Problem = cmp.Or(refused.fields[f.Name], f.Problem)
		}
	}
	a, err := v.ask(ask)
	if refused != nil {
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}

// ticketField is a field that a command asks for, with what was typed into it.
func (v *visit) ticketField(c rule.Command, d ticket.Desk, name string) web.Field {
	f := web.Field{
		Name:     name,
		Label:    v.language.Say("console.ticketfield." + name),
		Kind:     "text",
		Value:    v.form(name),
		Required: true,
	}
	switch name {
	case "reason":
		f.Kind = "area"
		f.Help = v.say("console.field.reason.help")
		f.Required = slices.Contains(ticketReasons, c)
	case "text":
		f.Kind = "area"
		f.Help = v.say("console.ticketfield.text.help")
		f.Required = d.State == rule.New
	case "fault":
		f.Kind = "area"
		if v.request.Method == get && f.Value == "" {
			f.Value = d.Summary
		}
	case "severity":
		f.Kind = "choice"
		chosen := cmp.Or(f.Value, strconv.Itoa(int(d.Severity)))
		for _, s := range []cover.Severity{cover.Sev1, cover.Sev2, cover.Sev3, cover.Sev4} {
			if s == d.Severity && d.WorseAskedAt == nil {
				continue
			}
			value := strconv.Itoa(int(s))
			f.Offer(value, v.severityName(s), value == chosen)
		}
	case "ticket":
		f.Help = v.say("console.ticketfield.ticket.help")
		f.Required = false
		if v.request.Method == get && f.Value == "" {
			f.Value = d.DuplicateNumber
		}
	}
	return f
}

// askReplacementFor asks for the replacement that the ticket waits for: what is to be replaced,
// where it goes and what is wrong are filled in, and what covers it and which day an approval
// promises is said before.
func (v *visit) askReplacementFor(ask *confirmation, d ticket.Desk) error {
	devices, err := v.devicesFor(d)
	if err != nil {
		return err
	}
	chosen := cmp.Or(v.given("device"), db.Text(d.DeviceID))
	device := web.Field{
		Name:     "device",
		Label:    v.language.Say("console.ticketfield.device"),
		Kind:     "choice",
		Required: true,
	}
	var picked *entitlement.Device
	for i, one := range devices {
		if one.ID == chosen || chosen == "" && picked == nil {
			picked = &devices[i]
		}
	}
	for _, one := range devices {
		device.Offer(one.ID, web.Joined(v.modelName(one.ModelCode, v.now), db.Text(one.Serial)),
			picked != nil && one.ID == picked.ID)
	}
	if picked == nil {
		ask.Problem = v.say("console.ticketact.wait_for_replacement.nodevice")
		ask.Back = web.ListAddress(newReplacementPath, "account", d.AccountID)
		return nil
	}

	under, err := v.underReplacement(*picked)
	if err != nil {
		return err
	}
	if under != nil {
		ask.Says = append(ask.Says, v.say("console.ticketact.wait_for_replacement.under",
			"number", under.Name()))
		ask.Hidden = append(ask.Hidden, web.Hidden{Name: "rma", Value: under.ID})
		ask.Fields = append(ask.Fields, device, v.ticketField(rule.DoWaitRMA, d, "text"))
		return nil
	}

	sites, err := v.accounts.EverySite(v.scope(), d.AccountID)
	if err != nil {
		return err
	}
	site := web.Field{
		Name:     "site",
		Label:    v.language.Say("console.ticketfield.site"),
		Kind:     "choice",
		Required: true,
	}
	at := -1
	for i, s := range sites {
		here := s.NameKey == rules.SiteKey(d.RoomSite) && d.RoomSite != ""
		if v.given("site") != "" {
			here = s.ID == v.given("site")
		}
		if here {
			at = i
		}
	}
	if at < 0 && len(sites) > 0 {
		at = 0
	}
	for i, s := range sites {
		site.Offer(s.ID, web.Joined(s.Name, s.City, s.ContactName), i == at)
	}

	covered, err := v.coverOf(entitlement.CoverSubject{Serial: db.Text(picked.Serial)})
	if err != nil {
		return err
	}
	a := covered.Answer
	ask.Says = append(ask.Says, v.coverBadge(a).Text+": "+v.coverReason(a))
	if at >= 0 && a.Covered {
		var p newReplacementPage
		p.Subject = &newSubject{}
		if err := v.addPromise(&p, sites[at], a); err != nil {
			return err
		}
		ask.Says = append(ask.Says, web.Joined(p.Subject.Promise.Title, p.Subject.Promise.Text))
	}
	ask.Fields = append(ask.Fields, device, site,
		v.ticketField(rule.DoWaitRMA, d, "fault"), v.ticketField(rule.DoWaitRMA, d, "text"))
	return nil
}

// underReplacement is the replacement that is under way for a device; nil where there is none.
func (v *visit) underReplacement(d entitlement.Device) (*replacement.RMA, error) {
	rmas, _, err := v.replacements.ListRMAs(v.scope(), replacement.RMAFilter{
		AccountID: d.AccountID,
		DeviceID:  d.ID,
		Open:      true,
		Page:      db.Page{Limit: 1},
	})
	if err != nil || len(rmas) == 0 {
		return nil, err
	}
	return &rmas[0], nil
}

// devicesFor are the devices that a ticket may be about: its own, else those of its room.
func (v *visit) devicesFor(d ticket.Desk) ([]entitlement.Device, error) {
	var out []entitlement.Device
	if d.RoomID != nil {
		found, _, err := v.entitlements.ListDevices(v.scope(), entitlement.DeviceFilter{
			RoomID: *d.RoomID,
			Page:   db.Page{Limit: mostFound},
		})
		if err != nil {
			return nil, err
		}
		out = found
	}
	is := func(one entitlement.Device) bool { return one.ID == db.Text(d.DeviceID) }
	if d.DeviceID != nil && !slices.ContainsFunc(out, is) {
		one, err := v.entitlements.GetDevice(v.scope(), *d.DeviceID)
		if err != nil {
			return nil, err
		}
		out = append([]entitlement.Device{one}, out...)
	}
	return slices.DeleteFunc(out, func(one entitlement.Device) bool {
		return one.Serial == nil
	}), nil
}

// doToTicket does what the confirmation asked about, for the version that it showed.
func doToTicket(v *visit) (answer, error) {
	d, err := v.tickets.AtDesk(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.askAboutTicket(d, nil)
	}
	c := rule.Command(v.param("action"))
	if _, known := ticketFields[c]; !known {
		return answer{}, errNoPage
	}
	version, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil {
		return answer{}, errBadForm
	}

	severity, _ := strconv.Atoi(v.form("severity"))
	do := ticket.Command{
		Name:     c,
		Text:     v.typedText("text"),
		Reason:   v.typedText("reason"),
		Severity: cover.Severity(severity),
		Ticket:   v.form("ticket"),
		Version:  version,
	}
	if c == rule.DoWaitRMA {
		do.Once = "rma/" + v.form("version")
		if do.RMAID = v.form("rma"); do.RMAID == "" {
			do.RMA, err = v.replacementFor(d)
		} else {
			var same bool
			if same, err = v.replaces(do.RMAID, v.form("device")); err == nil && !same {
				return v.askAboutTicket(d, nil) // another device was chosen since
			}
		}
		if err != nil {
			return answer{}, err
		}
	}
	err = v.giveAct(d.AccountID, operations.Act{SubjectID: d.ID, Ticket: &do})
	if err == nil {
		return v.doneAct(ticketPath(d.Number), "console.flash.acted"), nil
	}
	if c == rule.DoLink && rules.CodeOf(err) == rules.NotFound {
		none := v.say("console.ticketfield.ticket.none")
		return v.askAboutTicket(d, &commandRefused{
			message: none,
			fields:  map[string]string{"ticket": none},
		})
	}
	if refused := v.commandRefusal(err); refused != nil {
		return v.askAboutTicket(d, refused)
	}
	return answer{}, err
}

// replaces reports whether a replacement is that of a device.
func (v *visit) replaces(rmaID, deviceID string) (bool, error) {
	r, err := v.replacements.GetRMA(v.scope(), rmaID)
	return err == nil && db.Text(r.DeviceID) == deviceID, err
}

// replacementFor is the replacement that the form asks for.
func (v *visit) replacementFor(d ticket.Desk) (*replacement.NewRMA, error) {
	n := &replacement.NewRMA{SiteID: v.form("site"), Fault: v.typedText("fault")}
	devices, err := v.devicesFor(d)
	for _, one := range devices {
		if one.ID == v.form("device") {
			n.Serial = db.Text(one.Serial)
		}
	}
	return n, err
}
