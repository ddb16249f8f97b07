package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const viewsPath = Root + "/views"

func viewRoutes() []route {
	const one = viewsPath + "/:id/:change"
	return []route{
		{method: get, path: viewsPath, access: operator, do: showViews},
		{method: get, path: viewsPath + "/new", access: operator, do: askView},
		{method: post, path: viewsPath + "/new", access: operator, do: saveView},
		{method: get, path: one, access: operator, do: askViewChange},
		{method: post, path: one, access: operator, do: changeView},
	}
}

// What can be done with a view that is kept.
const (
	changeRename = "rename"
	changeRemove = "remove"
)

// viewsPage lists the views of a list.
type viewsPage struct {
	List string // address of the list
	Rows []viewRow
	New  string
}

type viewRow struct {
	Link, Name, Owner  string
	Shared             bool
	RenameTo, RemoveTo string // addresses; empty: the operator may not
}

// isList reports whether a path is a list's: a page without anything named in it.
func (s *site) isList(path string) bool {
	return !strings.Contains(path, ":") && slices.ContainsFunc(s.routes(), func(r route) bool {
		return r.method == get && r.path == path && r.access != anyone
	})
}

// viewsFacet is the chip of the views of a list, with the way to keep the choice of this
// address. What the operator shows of a list by itself is not kept.
func (v *visit) viewsFacet(list string) (web.Facet, error) {
	found, err := v.operators.ViewsOf(v.scope(), list)
	if err != nil {
		return web.Facet{}, err
	}
	here := v.choice()
	f := web.Facet{Label: v.say("console.views.title"), Icon: "bookmark"}
	for _, w := range found {
		o := web.FacetOption{
			Label:   w.Name,
			Link:    list + asQuery(w.Query),
			Current: w.Query == here && here != "",
		}
		if w.Shared {
			o.Count = v.say("console.views.shared")
		}
		if o.Current {
			f.On = true
			f.Value = w.Name
		}
		f.Options = append(f.Options, o)
	}
	if here != "" && !f.On {
		f.Options = append(f.Options, web.FacetOption{
			Label: v.say("console.views.save"),
			Link:  web.ListAddress(viewsPath+"/new", "list", list, "query", here),
		})
	}
	f.Options = append(f.Options, web.FacetOption{
		Label: v.say("console.views.manage"),
		Link:  web.ListAddress(viewsPath, "list", list),
	})
	return f, nil
}

// choice is what the address of this list chooses, without the place within it.
func (v *visit) choice() string {
	q := v.request.URL.Query()
	for _, name := range []string{
		web.CursorParameter, web.ChosenParameter, openParameter, "format",
	} {
		q.Del(name)
	}
	return identity.KeptQuery(q.Encode())
}

func asQuery(query string) string {
	if query == "" {
		return ""
	}
	return "?" + query
}

// listOf is the list that the request names by its parameter; the page above all where it
// names none.
func (v *visit) listOf(name func(string) string) string {
	if list := name("list"); v.isList(list) {
		return list
	}
	return Root
}

func showViews(v *visit) (answer, error) {
	list := v.listOf(v.query)
	found, err := v.operators.ViewsOf(v.scope(), list)
	if err != nil {
		return answer{}, err
	}
	p := viewsPage{List: list}
	for _, w := range found {
		row := viewRow{
			Link:   list + asQuery(w.Query),
			Name:   w.Name,
			Owner:  w.OwnerName,
			Shared: w.Shared,
		}
		if w.MayChange(v.who.ID, v.who.Role) {
			row.RenameTo = viewsPath + "/" + w.ID + "/" + changeRename
			row.RemoveTo = viewsPath + "/" + w.ID + "/" + changeRemove
		}
		p.Rows = append(p.Rows, row)
	}
	return answer{page: "views", title: v.say("console.views.title"), data: p}, nil
}

// askView asks under which name the choice of a list is kept.
func askView(v *visit) (answer, error) {
	return v.askViewName(v.listOf(v.query), web.Shortened(v.query("query"), 1500), nil)
}

func (v *visit) askViewName(list, query string, refused error) (answer, error) {
	c := confirmation{
		Title:  v.say("console.views.save.title"),
		Says:   []string{v.say("console.views.save.says")},
		Fields: []web.Field{v.viewName(v.form("name"))},
		Hidden: []web.Hidden{{Name: "list", Value: list}, {Name: "query", Value: query}},
		Action: viewsPath + "/new",
		Submit: v.say("console.views.save.submit"),
		Back:   list + asQuery(query),
	}
	if identity.MayShareViews(v.who.Role) {
		c.Fields = append(c.Fields, web.Field{
			Name:  "shared",
			Label: v.say("console.views.whose"),
			Kind:  "choice",
			Choices: []web.Choice{
				{
					Value:  "",
					Label:  v.say("console.views.whose.mine"),
					Chosen: v.form("shared") == "",
				},
				{
					Value:  "yes",
					Label:  v.say("console.views.whose.all"),
					Chosen: v.form("shared") == "yes",
				},
			},
		})
	}
	return v.askForView(c, refused)
}

func (v *visit) viewName(value string) web.Field {
	return web.Field{
		Name:     "name",
		Label:    v.say("console.views.name"),
		Kind:     "text",
		Value:    value,
		Required: true,
	}
}

// askForView shows a confirmation, with what was refused of its answer where there is something.
func (v *visit) askForView(c confirmation, refused error) (answer, error) {
	status := http.StatusOK
	if refused != nil {
		status = http.StatusUnprocessableEntity
		c.Fields[0].Problem, _ = v.reasonOf(refused)
	}
	a, err := v.ask(c)
	a.status = status
	return a, err
}

func saveView(v *visit) (answer, error) {
	list := v.listOf(v.form)
	query, err := url.ParseQuery(v.form("query"))
	if err != nil {
		return answer{}, errBadForm
	}
	kept, err := v.operators.SaveView(v.acting(""), identity.OperatorView{
		List:   list,
		Name:   v.form("name"),
		Query:  query.Encode(),
		Shared: v.form("shared") == "yes",
	})
	if rules.CodeOf(err) == rules.StateConflict {
		return v.askViewName(list, query.Encode(), err)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(list+asQuery(kept.Query), "console.views.saved"), nil
}

// viewOf reads the view that a form or its page is about.
func (v *visit) viewOf() (identity.OperatorView, error) {
	w, err := v.operators.GetView(v.scope(), v.param("id"))
	if err != nil {
		return w, err
	}
	if !w.MayChange(v.who.ID, v.who.Role) {
		return w, errForbidden
	}
	if change := v.param("change"); change != changeRename && change != changeRemove {
		return w, errNoPage
	}
	return w, nil
}

func askViewChange(v *visit) (answer, error) {
	w, err := v.viewOf()
	if err != nil {
		return answer{}, err
	}
	return v.askAboutView(w, w.Name, nil)
}

func (v *visit) askAboutView(
	w identity.OperatorView, name string, refused error,
) (answer, error) {
	c := confirmation{
		Action: v.request.URL.Path,
		Back:   web.ListAddress(viewsPath, "list", w.List),
	}
	if v.param("change") == changeRename {
		c.Title = v.say("console.views.rename.title", "name", w.Name)
		c.Submit = v.say("console.views.rename")
		c.Fields = []web.Field{v.viewName(name)}
		return v.askForView(c, refused)
	}
	c.Title = v.say("console.views.remove.title", "name", w.Name)
	c.Submit = v.say("console.views.remove")
	c.Danger = true
	c.Says = []string{v.say("console.views.remove.says")}
	if w.Shared {
		c.Says = append(c.Says, v.say("console.views.remove.all"))
	}
	return v.ask(c)
}

func changeView(v *visit) (answer, error) {
	w, err := v.viewOf()
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.askAboutView(w, w.Name, nil)
	}
	back := web.ListAddress(viewsPath, "list", w.List)
	if v.param("change") == changeRemove {
		if err := v.operators.RemoveView(v.acting(""), w.ID); err != nil {
			return answer{}, err
		}
		return v.done(back, "console.views.removed"), nil
	}
	name := strings.TrimSpace(v.form("name"))
	err = v.operators.RenameView(v.acting(""), w.ID, name)
	if rules.CodeOf(err) == rules.StateConflict {
		return v.askAboutView(w, name, err)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(back, "console.views.renamed"), nil
}
