package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// bulkAct is something that can be done with many lines of a list at once. Whoever asks for it
// reads first how many lines it will be done to, and which would be refused and why; then it is
// done line by line, and what was refused is told with its reason.
type bulkAct struct {
	name   string // in its address, see bulkAddress
	label  string // key of the verb
	says   string // key of the sentence that says what happens to each line
	icon   string
	needs  access
	fresh  bool // it asks for a sign-in of the last ten minutes
	danger bool
	// fields are what the act asks for once, for all lines; nil: nothing. They read what was
	// typed by visit.form.
	fields func(*visit) ([]web.Field, error)
	// check reads the lines with those ids, in one go, and says of each what would refuse it.
	// An id that it leaves out is of something that is gone.
	check func(v *visit, ids []string) ([]bulkLine, error)
	// do does it with one line, in the state that was seen. Where the operator has done it
	// already it does nothing and returns nil, so that a form that comes twice answers twice
	// the same.
	do func(v *visit, l bulkLine) error
	// instead, where there is one, answers with a page of its own about the chosen lines: nothing
	// is asked and nothing done.
	instead func(v *visit, lines []bulkLine) answer
}

// bulkLine is a line that a bulk act is about.
type bulkLine struct {
	ID, Seen    string // Seen names the state in which the line was seen
	AccountID   string // on whose behalf it is done; empty: nobody's
	Name, Small string
	Link        string
	Refused     error // why it would be, or was, refused
}

const (
	// fieldLine names a line in the form of a list, fieldSeen its state.
	fieldLine = "id"
	fieldSeen = "seen"
	// mostAtOnce bounds the lines of one form.
	mostAtOnce = 200
)

// bulkAddress is where the form of a list sends the lines of an act. The tilde keeps it apart
// from the page of something with that name.
func bulkAddress(list, name string) string { return list + "/~" + name }

// bulkRoutes are the routes of the bulk acts of the list with that path.
func bulkRoutes(list string, acts []bulkAct) []route {
	var routes []route
	for _, act := range acts {
		routes = append(routes, route{
			method: post,
			path:   bulkAddress(list, act.name),
			access: act.needs,
			fresh:  act.fresh,
			do:     func(v *visit) (answer, error) { return v.doMany(list, act) },
		})
	}
	return routes
}

// bulkBar is the bar for a list with so many lines; nil where the operator can do nothing with
// many lines at once.
func (v *visit) bulkBar(list string, acts []bulkAct, lines int) *web.BulkBar {
	bar := &web.BulkBar{
		Back: v.withParameter(list, web.ChosenParameter, ""),
		All:  v.withParameter(list, web.ChosenParameter, "all"),
		Many: v.language.Count("console.bulk.all", int64(lines)),

		Chosen: v.say("console.bulk.chosen", "n", "#"),
	}
	for _, act := range acts {
		if (route{access: act.needs}).allows(v.who.Role) {
			bar.Acts = append(bar.Acts, web.BulkButton{
				Action: bulkAddress(list, act.name),
				Label:  v.language.Say(act.label),
				Icon:   act.icon,
				Danger: act.danger,
			})
		}
	}
	if len(bar.Acts) == 0 || lines == 0 {
		return nil
	}
	return bar
}

// withParameter is the address of this page of a list with another value of a parameter; empty
// takes the parameter away.
func (v *visit) withParameter(list, name, value string) string {
	q := v.request.URL.Query()
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	return web.Address(list, q)
}

// bulkPage asks before a bulk act, and says afterwards what became of it.
type bulkPage struct {
	confirmation
	Over    bool
	Summary string
	Fine    []bulkShown // what will be done, or was
	Refused []bulkShown

	FineCount, RefusedCount string

	Undo *undo // of what is held; nil: nothing
}

// bulkShown is a line with the reason of its refusal. A reason of the service stands in English.
type bulkShown struct {
	bulkLine
	Reason  string
	English bool
}

// doMany asks about an act with the lines of the form, or does it once that is confirmed.
func (v *visit) doMany(list string, act bulkAct) (answer, error) {
	back := v.bulkBack(list)
	chosen, err := v.chosenLines()
	if err != nil {
		return answer{}, err
	}
	if len(chosen) == 0 {
		return v.done(back, "console.bulk.none"), nil
	}
	lines, err := v.checkLines(act, chosen)
	if err != nil {
		return answer{}, err
	}

	if act.instead != nil {
		return act.instead(v, lines), nil
	}

	p := bulkPage{confirmation: confirmation{
		Title:  v.language.Say(act.label),
		Says:   []string{v.language.Say(act.says)},
		Action: v.request.URL.Path,
		Submit: v.language.Say(act.label),
		Danger: act.danger,
		Back:   back,
		Hidden: []web.Hidden{{Name: "back", Value: back}},
	}}
	if act.fields != nil {
		if p.Fields, err = act.fields(v); err != nil {
			return answer{}, err
		}
	}
	missing := v.missing(p.Fields)
	if v.confirmed() && !missing {
		v.doLines(act, lines)
		p.Over = true
		if len(v.heldNow) > 0 {
			p.Undo = &undo{
				Action:  v.undoHeld(back),
				Seconds: int(notification.UndoFor.Seconds()),
			}
		}
	}
	v.sortLines(&p, lines)
	a := answer{page: "bulk", title: p.Title, data: p}
	if v.confirmed() && missing {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

// bulkBack is the list that the form came from, as it was narrowed there.
func (v *visit) bulkBack(list string) string {
	path, _, _ := strings.Cut(v.form("back"), "?")
	if path == list && v.isPage(v.form("back")) {
		return v.form("back")
	}
	return list
}

// chosenLines are the lines that the form names, each once, with the state that was seen where
// the form says it.
func (v *visit) chosenLines() ([]bulkLine, error) {
	ids, seen := v.request.PostForm[fieldLine], v.request.PostForm[fieldSeen]
	if len(ids) > mostAtOnce || len(seen) > 0 && len(seen) != len(ids) {
		return nil, errBadForm
	}
	var lines []bulkLine
	for i, id := range ids {
		if slices.ContainsFunc(lines, func(l bulkLine) bool { return l.ID == id }) {
			continue
		}
		l := bulkLine{ID: id}
		if len(seen) > 0 {
			l.Seen = seen[i]
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// checkLines reads what the chosen lines are, and keeps the states that were seen before.
func (v *visit) checkLines(act bulkAct, chosen []bulkLine) ([]bulkLine, error) {
	ids := make([]string, len(chosen))
	for i, l := range chosen {
		ids[i] = l.ID
	}
	found, err := act.check(v, ids)
	if err != nil {
		return nil, err
	}
	for i, l := range chosen {
		at := slices.IndexFunc(found, func(f bulkLine) bool { return f.ID == l.ID })
		if at < 0 {
			chosen[i].Name = v.say("console.bulk.unknown")
			chosen[i].Refused = errNoPage
			continue
		}
		chosen[i] = found[at]
		if l.Seen != "" {
			chosen[i].Seen = l.Seen
		}
	}
	return chosen, nil
}

// missing marks the fields that are required and empty.
func (v *visit) missing(fields []web.Field) (any bool) {
	for i, f := range fields {
		if v.confirmed() && f.Required && strings.TrimSpace(v.form(f.Name)) == "" {
			fields[i].Problem = v.say("console.bulk.missing")
			any = true
		}
	}
	return any
}

// doLines does the act line by line. What check said is not asked again: the state may have
// changed, and what the operator did already is no refusal. Where the service itself fails the
// rest is not tried.
func (v *visit) doLines(act bulkAct, lines []bulkLine) {
	var failed error
	for i := range lines {
		if failed != nil {
			lines[i].Refused = failed
			continue
		}
		lines[i].Refused = act.do(v, lines[i])
		if err := lines[i].Refused; err != nil && !isRefusal(err) {
			v.log.ErrorContext(v.ctx, "console: a bulk act failed",
				"act", act.name, "request", v.id, "error", err)
			failed = err
		}
	}
}

func isRefusal(err error) bool {
	var refused *rules.Error
	return errors.As(err, &refused)
}

// sortLines puts the lines into those that are fine and those that are refused.
func (v *visit) sortLines(p *bulkPage, lines []bulkLine) {
	for _, l := range lines {
		if l.Refused != nil {
			reason, english := v.reasonOf(l.Refused)
			p.Refused = append(p.Refused, bulkShown{l, reason, english})
			continue
		}
		p.Fine = append(p.Fine, bulkShown{bulkLine: l})
		p.Hidden = append(p.Hidden, web.Hidden{
			Name:  fieldLine,
			Value: l.ID,
		}, web.Hidden{Name: fieldSeen, Value: l.Seen})
	}
	p.FineCount = v.language.Number(int64(len(p.Fine)))
	p.RefusedCount = v.language.Number(int64(len(p.Refused)))
	fine, refused := "console.bulk.will", "console.bulk.would"
	if p.Over {
		fine, refused = "console.bulk.did", "console.bulk.refused"
	}
	p.Summary = v.language.Count(fine, int64(len(p.Fine)))
	if len(p.Refused) > 0 {
		p.Summary += " " + v.language.Count(refused, int64(len(p.Refused)))
	}
}

// reasonOf says in a sentence why something is refused. What only the domain knows is its own
// English sentence.
func (v *visit) reasonOf(err error) (text string, english bool) {
	switch code := rules.CodeOf(err); {
	case code == rules.NotFound:
		return v.say("console.bulk.gone"), false
	case code == rules.VersionMismatch:
		return v.say("console.problem.changed.title"), false
	case code == rules.Forbidden:
		return v.say("console.problem.forbidden.title"), false
	}
	var refused *rules.Error
	if errors.As(err, &refused) {
		said := v.worded(refused)
		if len(refused.Fields) > 0 {
			return said.Fields[0].Message, said.Fields[0].Message == refused.Fields[0].Message
		}
		return said.Message, said.Message == refused.Message
	}
	if db.Unavailable(err) {
		return v.say("console.problem.unavailable.title"), false
	}
	return v.say("console.problem.internal.title"), false
}
