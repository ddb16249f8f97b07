package console

import (
	"html/template"
	"net/url"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/web"
)

// Two people at one thing see each other: the page of a task, an order or the like, whose answer
// is shared, shows the faces of who else has it open. A page counts as open as long as it
// asks for what is new.

// others is who else has the page open.
type others struct {
	Faces []web.Face
	Text  string

	Held string // that a command is given here and waits; empty: none
	Undo string // the address of the form that takes it back, for who gave it

	UndoLabel string
}

// presence reads who else has this page open, and whether a command on its subject was given and
// waits, so that nobody begins the same. A page that asks for what is new also says that the
// operator has it open; the first time right after it was opened.
func (v *visit) presence(subjectID string, said bool) (others, error) {
	page := v.request.URL.Path
	var found []identity.Colleague
	var err error
	if v.refreshes() {
		found, err = v.operators.SeePage(v.acting(""), page, v.who.Name, subjectID)
	} else {
		found, err = v.operators.OthersOn(v.scope(), page, subjectID)
	}
	if err != nil {
		return others{}, err
	}
	o := others{}
	var names []string
	for _, c := range found {
		switch {
		case c.ActID == "":
			o.Faces = append(o.Faces, web.FaceOf(c.OperatorID, c.Name))
			names = append(names, c.Name)
		case c.OperatorID != v.who.ID:
			o.Held = v.say("console.held.others", "name", c.Name)
		case !said: // no message of this page does
			o.Held = v.say("console.held.own")
			o.UndoLabel = v.say("console.undo")
			o.Undo = web.Address(undoPath, url.Values{"id": {c.ActID}, "back": {page}})
		}
	}
	if len(names) > 0 {
		o.Text = v.language.Count("console.presence", int64(len(names)),
			messages.Args{"names": v.language.List(names)})
	}
	return o, nil
}

// othersHTML is what stands at the head of a page about other people: who has it open, and which
// command waits. It is empty where there is neither.
func (w *view) othersHTML(t *template.Template) ([]byte, error) {
	if len(w.Others.Faces) == 0 && w.Others.Held == "" {
		return nil, nil
	}
	return web.Made(t, "others", w.Others)
}
