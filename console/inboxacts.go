package console

import (
	"errors"
	"strings"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

// actFind looks for an invitation that the sender's address does not find. It changes nothing.
const actFind mailbox.Action = "find"

// fieldAbout names what an action is about: an invitation, an account or a warranty.
const fieldAbout = "about"

// inboxActs are the pages of actions by their names: each asks for what it needs, previews what
// follows, and does it by another button.
var inboxActs = map[mailbox.Action]func(*visit, mailbox.Look, string) (answer, error){
	actFind:                findForItem,
	mailbox.ActReissue:     reissueForItem,
	mailbox.ActRedirect:    redirectForItem,
	mailbox.ActAddPerson:   addPersonForItem,
	mailbox.ActWarranty:    decideWarrantyForItem,
	mailbox.ActOpenTicket:  openTicketForItem,
	mailbox.ActAddToTicket: addItemToTicket,
	mailbox.ActAnswer:      answerItem,
	mailbox.ActSpam:        markItemSpam,
	mailbox.ActNoteCall:    noteCallForItem,
	mailbox.ActSendCode:    sendCodeForItem,
	mailbox.ActProve:       proveItemByCode,
	mailbox.ActSetKind:     setKindOfItem,
}

func actOnInboxItem(v *visit) (answer, error) {
	act := inboxActs[mailbox.Action(v.param("action"))]
	if act == nil {
		return answer{}, errNoPage
	}
	v.resume(v.request.URL.Path)
	about := v.given(fieldAbout)
	at := mailbox.LookAt{}
	switch db.KindOf(about) {
	case db.PrefixInvitation:
		at.InvitationID = about
	case db.PrefixAccount:
		at.AccountID = about
	}
	l, err := v.mailbox.Look(v.scope(), v.param("id"), at)
	if err != nil {
		return answer{}, err
	}
	return act(v, l, about)
}

// inboxEdit leads through an action: the frame that all of them share. What hinders it is said
// before anything is typed.
func (v *visit) inboxEdit(l mailbox.Look, a mailbox.Action, about string, e edit) (answer, error) {
	for _, o := range l.Offers {
		if o.Action == a && o.About == about && o.Why != "" {
			e.Says = append(e.Says, v.language.Say("console.inbox.why."+string(o.Why)))
		}
	}
	e.Title = v.language.Say("console.inbox.act." + string(a))
	e.Submit = e.Title
	e.Seen = v.version(l.Version)
	e.Back = inboxItemPath(l.ID)
	if about != "" {
		e.Hidden = append(e.Hidden, web.Hidden{Name: fieldAbout, Value: about})
	}
	return v.runEdit(e)
}

// closes is the end of every preview of an action that closes the item.
func (v *visit) closes(says ...string) func() ([]string, error) {
	return func() ([]string, error) {
		return append(says, v.say("console.inbox.will.close")), nil
	}
}

// decidedInbox is how every action that closes an item ends.
func decidedInbox(err error) (to, flash string, failed error) {
	return queuePath, "console.flash.inbox", err
}

// givesAccess has an action that sends a link ask for a fresh sign-in.
func (v *visit) givesAccess(do func() error) (to, flash string, failed error) {
	if err := v.needFresh(); err != nil {
		return "", "", err
	}
	return decidedInbox(do())
}

// foundInvitation is the invitation that an action is about; errNoPage: there is none.
func foundInvitation(l mailbox.Look, about string) (mailbox.FoundInvitation, error) {
	inv := invitationIn(l, about)
	if inv.ID == "" {
		return inv, errNoPage
	}
	return inv, nil
}

func findForItem(v *visit, l mailbox.Look, _ string) (answer, error) {
	if text := strings.TrimSpace(v.form("find")); v.request.Method == post && text != "" {
		return redirect(web.ListAddress(inboxItemPath(l.ID), "find",
			web.Shortened(text, web.LongestSearch))), nil
	}
	return v.ask(confirmation{
		Title: v.say("console.inbox.act.find"),
		Fields: []web.Field{{
			Name:     "find",
			Label:    v.say("console.inbox.find"),
			Help:     v.say("console.inbox.find.help"),
			Kind:     "text",
			Required: true,
		}},
		Action: v.request.URL.Path,
		Submit: v.say("console.inbox.find.do"),
		Back:   inboxItemPath(l.ID),
	})
}

func reissueForItem(v *visit, l mailbox.Look, about string) (answer, error) {
	inv, err := foundInvitation(l, about)
	if err != nil {
		return answer{}, err
	}
	return v.inboxEdit(l, mailbox.ActReissue, about, edit{
		Says:   []string{v.say("console.inbox.says.reissue")},
		Fields: []web.Field{v.reasonField()},
		Follows: v.closes(v.say("console.inbox.will.reissue",
			"to", inv.Email, "company", inv.AccountName)),
		Make: func() (string, string, error) {
			return v.givesAccess(func() error {
				_, err := v.mailbox.ReissueInvitation(v.acting(inv.AccountID), l.ID, l.Version,
					inv.ID, v.form("reason"))
				return err
			})
		},
	})
}

// personFields ask for the person whom a link goes to.
func (v *visit) personFields() *typedFields {
	f := &typedFields{v: v}
	f.add("email", "email", v.say("console.field.email"), "", true)
	f.add("text", "contact_name", v.say("console.field.contact_name"), "", true)
	return f
}

// checkPerson refuses an address or a name that is none, before anything is previewed.
func checkPerson(email, name string) error {
	var k rules.Checker
	k.Email("/email", email)
	k.Text("/contact_name", name, 200)
	return rules.Invalid(k.Fields)
}

func redirectForItem(v *visit, l mailbox.Look, about string) (answer, error) {
	inv, err := foundInvitation(l, about)
	if err != nil {
		return answer{}, err
	}
	f := v.personFields()
	fields := append(f.list, v.reasonField())
	email, name := f.value("email"), f.value("contact_name")
	return v.inboxEdit(l, mailbox.ActRedirect, about, edit{
		Says:   []string{v.say("console.inbox.says.redirect")},
		Fields: fields,
		Danger: true,
		Follows: func() ([]string, error) {
			if err := checkPerson(email, name); err != nil {
				return nil, err
			}
			return v.closes(
				v.say("console.inbox.will.end", "to", inv.Email),
				v.say("console.inbox.will.invite", "to", email, "name", name,
					"company", inv.AccountName, "role", v.memberRole(inv.Role)),
			)()
		},
		Make: func() (string, string, error) {
			return v.givesAccess(func() error {
				_, err := v.mailbox.ChangeRecipient(v.acting(inv.AccountID), l.ID, l.Version,
					identity.Reissue{
						ID:          inv.ID,
						Email:       email,
						ContactName: name,
						Reason:      v.form("reason"),
					})
				return err
			})
		},
	})
}

func (v *visit) memberRole(r identity.MemberRole) string {
	return v.language.Say("console.invite." + string(r))
}

func addPersonForItem(v *visit, l mailbox.Look, about string) (answer, error) {
	company := l.NameOf(about)
	if company == "" {
		return answer{}, errNoPage
	}
	f := v.personFields()
	f.choose("role", v.say("console.inbox.role"), string(identity.RoleReadOnly),
		web.Choice{
			Value: string(identity.RoleReadOnly),
			Label: v.memberRole(identity.RoleReadOnly),
		},
		web.Choice{Value: string(identity.RoleAdmin), Label: v.memberRole(identity.RoleAdmin)})
	f.help(v.say("console.inbox.role.help"))
	fields := append(f.list, v.reasonField())
	n := identity.NewInvite{
		AccountID:   about,
		Email:       f.value("email"),
		ContactName: f.value("contact_name"),
		Role:        identity.MemberRole(f.value("role")),
		Reason:      v.form("reason"),
	}
	return v.inboxEdit(l, mailbox.ActAddPerson, about, edit{
		Says:   []string{v.say("console.inbox.says.add_person")},
		Fields: fields,
		Follows: func() ([]string, error) {
			if err := checkPerson(n.Email, n.ContactName); err != nil {
				return nil, err
			}
			return v.closes(v.say("console.inbox.will.invite", "to", n.Email,
				"name", n.ContactName, "company", company, "role", v.memberRole(n.Role)))()
		},
		Make: func() (string, string, error) {
			return v.givesAccess(func() error {
				_, err := v.mailbox.AddPerson(v.acting(about), l.ID, l.Version, n)
				return err
			})
		},
	})
}

func decideWarrantyForItem(v *visit, l mailbox.Look, about string) (answer, error) {
	var w warranty.EarlierWarranty
	for _, one := range l.Warranties {
		if one.ID == about {
			w = one
		}
	}
	if w.ID == "" {
		return answer{}, errNoPage
	}
	f := typedFields{v: v}
	f.choose("link", v.say("console.inbox.warranty"), "yes",
		web.Choice{Value: "yes", Label: v.say("console.inbox.warranty.link")},
		web.Choice{Value: "no", Label: v.say("console.inbox.warranty.refuse")})
	f.add("date", "starts_on", v.say("console.field.starts_on"), "", false)
	f.add("date", "last_day", v.say("console.field.last_day"), "", false)
	fields := append(f.list, v.reasonField())
	d := warranty.WarrantyDecision{
		Link:     f.value("link") == "yes",
		StartsOn: f.value("starts_on"),
		LastDay:  f.value("last_day"),
		Reason:   v.form("reason"),
	}
	return v.inboxEdit(l, mailbox.ActWarranty, about, edit{
		Says:   []string{v.say("console.inbox.says.decide_warranty")},
		Fields: fields,
		Danger: !d.Link,
		Follows: func() ([]string, error) {
			if err := rules.CheckReason(d.Reason); err != nil {
				return nil, err
			}
			if d.Link {
				return v.closes(v.say("console.inbox.will.link", "serial", w.Serial))()
			}
			return v.closes(v.say("console.inbox.will.refuse", "serial", w.Serial))()
		},
		Make: func() (string, string, error) {
			_, err := v.mailbox.LinkWarranty(v.acting(db.Text(w.AccountID)), l.ID, l.Version,
				w.ID, d)
			return decidedInbox(err)
		},
	})
}

// memberIn is the sender's place in an account; an empty one: there is none.
func memberIn(l mailbox.Look, accountID string) (found mailbox.FoundMember) {
	for _, m := range l.Members {
		if m.AccountID == accountID {
			return m
		}
	}
	return found
}

func openTicketForItem(v *visit, l mailbox.Look, about string) (answer, error) {
	member := memberIn(l, about)
	if member.UserID == "" {
		return answer{}, errNoPage
	}
	rooms, _, err := v.entitlements.ListRooms(v.scope(), entitlement.RoomFilter{
		AccountID: about,
		State:     licensing.RoomActive,
		Page:      db.Page{Limit: 200},
	})
	if err != nil {
		return answer{}, err
	}

	f := typedFields{v: v}
	places := []web.Choice{{Label: v.say("console.inbox.room.none")}}
	for _, r := range rooms {
		places = append(places, web.Choice{Value: r.ID, Label: web.Joined(r.Name, r.Site)})
	}
	f.choose("room", v.say("console.ticket.fact.room"), "", places...)
	var categories, usables []web.Choice
	for _, c := range rule.Categories() {
		categories = append(categories, web.Choice{Value: string(c), Label: v.categoryName(c)})
	}
	for _, u := range rule.Usables() {
		usables = append(usables, web.Choice{
			Value: string(u),
			Label: v.language.Say("console.usable." + string(u)),
		})
	}
	f.choose("category", v.say("console.newticket.category"), string(rule.Hardware), categories...)
	f.choose("usable", v.say("console.newticket.usable"), string(rule.UsablePartly), usables...)
	f.add("text", "summary", v.say("console.newticket.summary"),
		web.Shortened(l.Subject, 120), true)
	f.add("area", "text", v.say("console.newticket.text"), l.Words(), true)
	n := mailbox.NewTicket{
		AccountID: about,
		RoomID:    f.value("room"),
		Category:  rule.Category(f.value("category")),
		Usable:    rule.Usable(f.value("usable")),
		Summary:   f.value("summary"),
		Text:      strings.ReplaceAll(f.value("text"), "\r\n", "\n"),
		For:       member.UserID,
	}
	return v.inboxEdit(l, mailbox.ActOpenTicket, about, edit{
		Says: []string{v.say("console.inbox.says.open_ticket",
			"name", member.Name, "company", member.AccountName)},
		Fields: f.list,
		Follows: func() ([]string, error) {
			p, err := v.tickets.Preview(v.scope(), n)
			if rules.CodeOf(err) == rules.NotFound {
				return nil, rules.Invalid([]rules.FieldError{{
					Pointer: "/room",
					Code:    rules.Required,
					Message: v.say("console.inbox.room.missing"),
					Remedy:  "",
				}})
			}
			if err != nil {
				return nil, err
			}
			preview := v.previewOf(p)
			if !preview.May {
				return nil, rules.Refuse(rules.StateConflict,
					v.say("console.newticket.refused"), strings.Join(preview.Reasons, " "))
			}
			return v.closes(
				v.say("console.inbox.will.open", "name", member.Name,
					"severity", preview.Severity.Text),
				preview.Cover.Text+": "+strings.Join(preview.Reasons, " "),
				preview.Due,
			)()
		},
		Make: func() (string, string, error) {
			done, err := v.mailbox.OpenTicket(v.acting(about), l.ID, l.Version, n)
			if err != nil {
				return "", "", err
			}
			return ticketPath(done.DecisionRef), "console.flash.inbox", nil
		},
	})
}

func addItemToTicket(v *visit, l mailbox.Look, _ string) (answer, error) {
	if l.Ticket == "" {
		return answer{}, errNoPage
	}
	return v.inboxEdit(l, mailbox.ActAddToTicket, l.Ticket, edit{
		Says: []string{v.say("console.inbox.says.add_to_ticket")},
		Follows: v.closes(v.say("console.inbox.will.add",
			"ticket", l.Ticket, "sender", v.senderOf(l.InboxItem))),
		Make: func() (string, string, error) {
			_, err := v.mailbox.AddToTicket(v.acting(db.Text(l.AccountID)), l.ID, l.Version)
			return ticketPath(l.Ticket), "console.flash.inbox", err
		},
	})
}

// answerItem writes to the sender. A text for what is asked stands there already, in the language
// that the sender's words seem to be in.
func answerItem(v *visit, l mailbox.Look, _ string) (answer, error) {
	locale := v.typed("language", l.Locale())
	f := typedFields{v: v}
	var languages []web.Choice
	for _, known := range v.program.Locales {
		languages = append(languages, web.Choice{Value: known, Label: languageName(known)})
	}
	f.choose("language", v.say("console.inbox.language"), locale, languages...)
	f.add("area", "text", v.say("console.inbox.answer"),
		messages.In(locale).Say("console.inbox.canned."+string(l.Kind)), true)
	f.help(v.say("console.inbox.answer.help"))
	return v.inboxEdit(l, mailbox.ActAnswer, "", edit{
		Fields: f.list,
		Follows: v.closes(v.say("console.inbox.will.answer",
			"to", v.senderOf(l.InboxItem), "language", languageName(f.value("language")))),
		Make: func() (string, string, error) {
			_, err := v.mailbox.Answer(v.acting(db.Text(l.AccountID)), l.ID, l.Version,
				v.typedText("text"), f.value("language"))
			return decidedInbox(err)
		},
	})
}

func markItemSpam(v *visit, l mailbox.Look, _ string) (answer, error) {
	return v.inboxEdit(l, mailbox.ActSpam, "", edit{
		Danger:  true,
		Says:    []string{v.say("console.inbox.says.spam")},
		Follows: v.closes(v.say("console.inbox.will.spam")),
		Make: func() (string, string, error) {
			_, err := v.mailbox.MarkSpam(v.acting(db.Text(l.AccountID)), l.ID, l.Version)
			return decidedInbox(err)
		},
	})
}

func noteCallForItem(v *visit, l mailbox.Look, _ string) (answer, error) {
	f := typedFields{v: v}
	f.add("area", "text", v.say("console.inbox.note"), "", true)
	f.help(v.say("console.inbox.note.help"))
	return v.inboxEdit(l, mailbox.ActNoteCall, "", edit{
		Says:   []string{v.say("console.inbox.says.note_call")},
		Fields: f.list,
		Follows: func() ([]string, error) {
			if err := rules.CheckReason(v.typedText("text")); err != nil {
				return nil, atText(err)
			}
			return []string{v.say("console.inbox.will.prove")}, nil
		},
		Make: func() (string, string, error) {
			_, err := v.mailbox.NoteCall(v.acting(db.Text(l.AccountID)), l.ID, l.Version,
				v.typedText("text"))
			return inboxItemPath(l.ID), "console.flash.noted", err
		},
	})
}

// atText has a refused reason stand beside the field in which it was typed.
func atText(err error) error {
	var refused *rules.Error
	if errors.As(err, &refused) {
		for i := range refused.Fields {
			refused.Fields[i].Pointer = "/text"
		}
	}
	return err
}

func sendCodeForItem(v *visit, l mailbox.Look, about string) (answer, error) {
	inv, err := foundInvitation(l, about)
	if err != nil {
		return answer{}, err
	}
	return v.inboxEdit(l, mailbox.ActSendCode, about, edit{
		Says: []string{v.say("console.inbox.says.send_code")},
		Follows: func() ([]string, error) {
			return []string{
				v.say("console.inbox.will.code", "to", inv.Seller.Email,
					"seller", inv.Seller.Company, "po", inv.Seller.PONumber),
				v.language.Count("console.inbox.will.code.days", mailbox.CodeDays),
			}, nil
		},
		Make: func() (string, string, error) {
			_, err := v.mailbox.SendCode(v.acting(inv.AccountID), l.ID, l.Version, inv.ID)
			return inboxItemPath(l.ID), "console.flash.inboxcode", err
		},
	})
}

func proveItemByCode(v *visit, l mailbox.Look, _ string) (answer, error) {
	f := typedFields{v: v}
	f.add("text", "code", v.say("console.inbox.code.told"), "", true)
	f.help(v.say("console.inbox.code.help"))
	return v.inboxEdit(l, mailbox.ActProve, "", edit{
		Says:   []string{v.say("console.inbox.says.prove")},
		Fields: f.list,
		Follows: func() ([]string, error) {
			return []string{v.say("console.inbox.will.code.prove")}, nil
		},
		Make: func() (string, string, error) {
			_, err := v.mailbox.ProveByCode(v.acting(db.Text(l.AccountID)), l.ID, l.Version,
				f.value("code"))
			return inboxItemPath(l.ID), "console.flash.inboxproved", err
		},
	})
}

func setKindOfItem(v *visit, l mailbox.Look, _ string) (answer, error) {
	f := typedFields{v: v}
	var kinds []web.Choice
	for _, k := range mailbox.FormKinds {
		kinds = append(kinds, web.Choice{Value: string(k), Label: v.inboxKind(k)})
	}
	f.choose("kind", v.say("console.inbox.column.asks"), string(l.Kind), kinds...)
	kind := inbound.Kind(f.value("kind"))
	return v.inboxEdit(l, mailbox.ActSetKind, "", edit{
		Fields: f.list,
		Follows: func() ([]string, error) {
			return v.changes(v.changeOf(v.say("console.inbox.column.asks"),
				v.inboxKind(l.Kind), v.inboxKind(kind))), nil
		},
		Make: func() (string, string, error) {
			_, err := v.mailbox.SetKind(v.acting(db.Text(l.AccountID)), l.ID, l.Version, kind)
			return inboxItemPath(l.ID), "console.flash.acted", err
		},
	})
}
