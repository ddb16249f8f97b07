package console

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// Replies that the desk uses again and again. Leads write them, in both languages; whoever
// answers a ticket has one filled in, and goes on writing.

const repliesPath = settingsPath + "/replies"

func replyRoutes() []route {
	view, manage, work := may(rules.ViewProcesses), may(rules.ManageCatalogue), may(rules.WorkTasks)
	return []route{
		{method: get, path: repliesPath, access: view, do: showReplies},
		{method: get, path: repliesPath + "/:id", access: manage, do: changeReply},
		{method: post, path: repliesPath + "/:id", access: manage, do: changeReply},
		{method: get, path: settingsPath + "/new-reply", access: manage, do: addReply},
		{method: post, path: settingsPath + "/new-reply", access: manage, do: addReply},
		{method: post, path: ticketsPath + "/:id/canned", access: work, do: fillReply},
	}
}

// showReplies lists the replies, with how each begins.
func showReplies(v *visit) (answer, error) {
	all, err := v.tickets.CannedReplies(v.scope(), false)
	if err != nil {
		return answer{}, err
	}

	var lines []sheetLine
	for _, r := range all {
		state := web.Badge{Text: v.say("console.replies.offered"), Color: "green"}
		if !r.Active {
			state = web.Badge{Text: v.say("console.replies.retired")}
		}
		lines = append(lines, sheetLine{v.changing(repliesPath + "/" + r.ID), []web.Cell{
			{Text: r.Name},
			{Text: r.English},
			{Text: r.Portuguese},
			{Badge: state},
		}})
	}
	part := sheetPart{
		Table: linesUnder([]sheetColumn{
			{label: v.say("console.replies.name")},
			{label: v.say("console.replies.english")},
			{label: v.say("console.replies.portuguese")},
			{label: v.say("console.stock.state")},
		}, lines),
	}
	if len(all) == 0 {
		part = sheetPart{Note: v.say("console.replies.none")}
	}
	if link := v.changing(settingsPath + "/new-reply"); link != "" {
		part.Acts = []web.ListAct{{Link: link, Label: v.say("console.replies.add"), Icon: "plus"}}
	}
	return sheet(v.say("console.replies.title"), sheetPage{
		Sub:   v.say("console.settings.replies.says"),
		Parts: []sheetPart{part},
	}), nil
}

func (v *visit) replyFields(r ticket.CannedReply) typedFields {
	f := typedFields{v: v}
	f.add("text", "name", v.say("console.replies.name"), r.Name, true)
	variables := v.say("console.replies.variables",
		"variables", strings.Join(ticket.ReplyVariables(), " "))
	f.add("area", "english", v.say("console.replies.english"), r.English, true)
	f.help(variables)
	f.add("area", "portuguese", v.say("console.replies.portuguese"), r.Portuguese, true)
	f.help(variables)
	return f
}

// typedReply is the reply as it was typed.
func typedReply(f typedFields, r ticket.CannedReply) ticket.CannedReply {
	r.Name = f.value("name")
	r.English = f.value("english")
	r.Portuguese = f.value("portuguese")
	return r
}

// inWords says in the reader's language what is wrong with a field, where there are words for it.
func (v *visit) inWords(err error) error {
	var refused *rules.Error
	if !errors.As(err, &refused) {
		return err
	}
	said := *refused
	said.Fields = slices.Clone(refused.Fields)
	for i, f := range said.Fields {
		if v.language.Has("console.refused." + f.Code) {
			said.Fields[i].Message = v.refusalText(f.Code, f.Message)
			said.Fields[i].Remedy = ""
		}
	}
	return &said
}

// changeReply changes a reply, or takes it out of what is offered.
func changeReply(v *visit) (answer, error) {
	r, err := v.tickets.GetCannedReply(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	f := v.replyFields(r)
	f.yesOrNo("active", v.say("console.replies.still"), r.Active)
	active := "no"
	if r.Active {
		active = "yes"
	}
	holds := holding("name", r.Name, "english", r.English, "portuguese", r.Portuguese,
		"active", active)
	f.list = append(f.list, v.reasonField())

	next := typedReply(f, r)
	next.Active = f.value("active") == "yes"
	return v.runEdit(edit{
		Title:  v.say("console.replies.change", "name", r.Name),
		Fields: f.list,
		Seen:   strconv.FormatInt(r.Version, 10),
		Submit: v.say("console.settings.save"),
		Back:   repliesPath,
		Follows: func() ([]string, error) {
			if err := rules.CheckReason(v.form("reason")); err != nil {
				return nil, err
			}
			return f.differences(holds), v.inWords(next.Check())
		},
		Make: func() (string, string, error) {
			_, err := v.tickets.ChangeCannedReply(v.acting(""), next, v.form("reason"))
			return repliesPath, "console.flash.setting", err
		},
	})
}

// addReply adds a reply.
func addReply(v *visit) (answer, error) {
	v.resume(v.request.URL.Path)
	f := v.replyFields(ticket.CannedReply{})
	f.list = append(f.list, v.reasonField())
	next := typedReply(f, ticket.CannedReply{})
	return v.runEdit(edit{
		Title:  v.say("console.replies.add"),
		Fields: f.list,
		Submit: v.say("console.replies.add"),
		Back:   repliesPath,
		Follows: func() ([]string, error) {
			if err := rules.CheckReason(v.form("reason")); err != nil {
				return nil, err
			}
			return []string{v.say("console.replies.will.add", "name", next.Name)},
				v.inWords(next.Check())
		},
		Make: func() (string, string, error) {
			_, err := v.tickets.AddCannedReply(v.acting(""), next, v.form("reason"))
			return repliesPath, "console.flash.setting", err
		},
	})
}

// cannedChoices are the replies that the form of a ticket offers.
func (v *visit) cannedChoices() ([]web.Choice, error) {
	all, err := v.tickets.CannedReplies(v.scope(), true)
	var out []web.Choice
	for _, r := range all {
		out = append(out, web.Choice{Value: r.ID, Label: r.Name})
	}
	return out, err
}

// fillReply puts a canned reply behind what was typed, in the customer's language and with what
// its variables stand for here. It is kept as a draft, and sends nothing.
func fillReply(v *visit) (answer, error) {
	d, err := v.tickets.AtDesk(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	offered, err := v.tickets.CannedReplies(v.scope(), true)
	if err != nil {
		return answer{}, err
	}
	at := slices.IndexFunc(offered, func(r ticket.CannedReply) bool {
		return r.ID == v.form("canned")
	})
	if at < 0 {
		return v.ticketAnswer(&ticketAsked{})
	}

	filled := offered[at].Fill(d.Speaks, ticket.ReplyValues{
		Customer: d.AccountName,
		Person:   d.OpenedByName,
		Room:     d.RoomName,
		Number:   d.Number,
		Agent:    v.who.Name,
		Program:  v.program.Name,
	})
	text := strings.TrimSpace(v.typedText("text") + "\n\n" + filled)
	err = v.tickets.KeepDraft(v.acting(d.AccountID), d.ID, false, text)
	if err != nil {
		if refused := v.commandRefusal(err); refused != nil {
			return v.ticketAnswer(&ticketAsked{refused: refused})
		}
		return answer{}, err
	}
	v.request.PostForm.Set("text", text)
	return v.ticketAnswer(&ticketAsked{filled: true})
}
