package console

import (
	"html/template"

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
}

// presence reads who else has this page open. A page that asks for what is new also says that
// the operator has it open; the first time right after it was opened.
func (v *visit) presence() (others, error) {
	page := v.request.URL.Path
	var found []identity.OperatorPresence
	var err error
	if v.refreshes() {
		found, err = v.operators.SeePage(v.acting(""), page, v.who.Name)
	} else {
		found, err = v.operators.OthersOn(v.scope(), page)
	}
	if err != nil || len(found) == 0 {
		return others{}, err
	}
	o := others{}
	var names []string
	for _, p := range found {
		o.Faces = append(o.Faces, web.FaceOf(p.OperatorID, p.Name))
		names = append(names, p.Name)
	}
	o.Text = v.language.Count("console.presence", int64(len(names)),
		messages.Args{"names": v.language.List(names)})
	return o, nil
}

// othersHTML is the line of faces at the head of a page; empty where nobody else is there.
func (w *view) othersHTML(t *template.Template) ([]byte, error) {
	if len(w.Others.Faces) == 0 {
		return nil, nil
	}
	return made(t, "others", w.Others)
}
