package portal

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/portal/help"
	"roomcover.dev/roomcover/web"
)

//go:embed templates
var templateFiles embed.FS

// pages is every page's template with the layout around it, by file name.
type pages map[string]*template.Template

// readPages reads the templates once for a process: that takes a fifth of a second, and a process
// has several handlers, that of its tests hundreds.
var readPages = sync.OnceValues(parsePages)

func parsePages() (pages, error) {
	files, err := fs.Glob(templateFiles, "templates/pages/*.html")
	if err != nil {
		return nil, err
	}

	out := pages{}
	for _, f := range files {
		t, err := web.Parts(template.New(""))
		if err == nil {
			t, err = t.ParseFS(templateFiles, "templates/*.html", f)
		}
		if err != nil {
			return nil, fmt.Errorf("portal: %s: %w", f, err)
		}
		out[strings.TrimSuffix(path.Base(f), ".html")] = t
	}

	return out, nil
}

// view is what a template sees.
type view struct {
	Locale    string
	Brand     string
	Mail      string // where people write to
	Title     string
	Flash     string
	Here      string
	Search    *searchBox
	Menu      []menuGroup
	Own       []menuItem // what is the visitor's own, under their name
	Languages []languageLink
	Who       *whoView
	Look      *lookView      // an operator looks; nil: nobody does
	ProvesBy  string         // link to prove again who one is, elsewhere; empty: by the password
	ProvesOwn bool           // and that is the company's own sign-in
	Unproved  bool           // what was sent waits for it
	For       *delegatedView // for whom a partner acts; nil: nobody
	Data      any
	language  *messages.Language
	edition   func() (*help.Edition, error)
}

// searchBox is the one search of the top bar: the page that answers it, and what was searched.
type searchBox struct{ Path, Query string }

// menuGroup is a part of the navigation; the first has no label.
type menuGroup struct {
	Label string
	Items []menuItem
}

type menuItem struct {
	Path, Label, Icon string
	Under             []string // other pages that it stands for
	Waiting           string   // how many wait for the reader; empty: none
	Current           bool
}

// stands reports whether the entry stands for a page of another address, or one below it.
func (m menuItem) stands(here string) bool {
	return slices.ContainsFunc(m.Under, func(path string) bool {
		return path == here || strings.HasPrefix(here, path+"/")
	})
}

type languageLink struct{ Locale, Name, Path string }

// whoView is the signed-in person in the page's head.
type whoView struct {
	Face              web.Face
	Name, Company     string
	Admin, HasAccount bool
	Others            []accountView
}

type accountView struct {
	ID, Name, Place string
	Current         bool
}

func (v *visit) view(a answer) view {
	w := view{
		Locale:   v.language.Locale(),
		Brand:    v.program.Name,
		Mail:     v.program.Mailbox,
		Title:    v.language.Say(a.title, messages.Args{"program": v.program.Name}),
		Here:     a.here,
		Data:     a.data,
		language: v.language,
		edition:  sync.OnceValues(v.helpFor),
	}

	if a.label != "" {
		w.Title = a.label
	}
	if w.Here == "" {
		w.Here = v.request.URL.Path
	}
	if key := v.value(keyFlash); key != "" {
		w.Flash = v.language.Say(key)
		v.removeValues(keyFlash)
	}

	for _, l := range v.offered() {
		w.Languages = append(w.Languages, languageLink{
			Locale: l,
			Name:   messages.In(l).Say("language.name"),
			Path:   v.inLanguage(w.Here, l),
		})
	}

	if v.who != nil {
		w.Who, w.Own = v.whoView(), v.own()
		w.Menu = v.menu(v.request.URL.Path)
		w.Search = v.searchBox()
		w.ProvesBy = v.provesBy(w.Here)
		w.ProvesOwn = v.value(keyConnection) != ""
		w.Unproved = v.unproved
	}
	w.Look = v.lookView()
	w.For = v.delegatedView()

	return w
}

// inLanguage is the address of this page in another language, with what it is asked for. The
// secret of a link stays out of it.
func (v *visit) inLanguage(here, locale string) string {
	q := url.Values{}
	if here == v.request.URL.Path {
		q = v.request.URL.Query()
	}
	q.Del("token")
	q.Set("lang", locale)
	return here + "?" + q.Encode()
}

func (v *visit) whoView() *whoView {
	w := &whoView{Face: web.FaceOf(v.who.user.ID, v.who.user.Name), Name: v.who.user.Name}
	if len(v.who.accounts) == 0 {
		return w
	}

	at := v.who.account()
	w.HasAccount = true
	w.Company = at.LegalName
	w.Admin = v.isAdmin()

	for _, a := range v.who.accounts {
		if len(v.who.accounts) > 1 {
			place := a.Street + ", " + a.City
			w.Others = append(w.Others, accountView{a.ID, a.LegalName, place, a.ID == at.ID})
		}
	}

	return w
}

// searchPath is the page that answers the search of the top bar.
const searchPath = "/rooms"

func (v *visit) searchBox() *searchBox {
	if !pagePath(searchPath) {
		return nil
	}
	b := &searchBox{Path: searchPath}
	if v.request.URL.Path == searchPath {
		b.Query = v.request.URL.Query().Get("q")
	}
	return b
}

// own are the pages about the visitor, and not about the account at hand.
func (v *visit) own() []menuItem {
	return v.open([]menuItem{
		{Path: "/me", Label: v.say("menu.me"), Icon: "user-check"},
		{Path: "/sessions", Label: v.say("sessions.title"), Icon: "monitor"},
	})
}

// menu is the left navigation: what people work with, and below it what is set once. The
// label of the service orders is the program's (R98). A page below an entry, such as a
// form's answer, belongs to it; one that does not exist belongs to none.
func (v *visit) menu(here string) []menuGroup {
	if len(v.who.accounts) == 0 {
		return nil
	}

	groups := []menuGroup{
		{Items: []menuItem{
			{Path: "/", Label: v.say("menu.home"), Icon: "house", Under: []string{"/onboarding"}},
			{Path: "/rooms", Label: v.say("menu.rooms"), Icon: "door-open"},
			{Path: "/devices", Label: v.say("menu.devices"), Icon: "monitor"},
			{
				Path:  "/service-orders",
				Label: v.program.ServiceOrdersLabel(v.language.Locale()),
				Icon:  "file-text",
				Under: []string{"/contracts"},
			},
			{
				Path:    ticketsPath,
				Label:   v.say("menu.tickets"),
				Icon:    "life-buoy",
				Waiting: v.ticketsWaiting(),
			},
			{Path: replacementsPath, Label: v.say("menu.replacements"), Icon: "arrow-left-right"},
			{Path: sparesPath, Label: v.say("menu.spares"), Icon: "box"},
			{Path: customersPath, Label: v.say("menu.customers"), Icon: "building-2"},
			{Path: "/colleagues", Label: v.say("menu.colleagues"), Icon: "users"},
			{Path: "/activity", Label: v.say("menu.activity"), Icon: "history"},
			{Path: "/help", Label: v.say("menu.help"), Icon: "circle-help"},
		}},
		{Label: v.say("menu.settings"), Items: []menuItem{
			{Path: "/account", Label: v.say("menu.account"), Icon: "building-2"},
			{Path: sitesPath, Label: v.say("menu.sites"), Icon: "map-pin"},
			{Path: v.syncOffered(), Label: v.say("sync.title"), Icon: "link"},
			{Path: ownSignInPath, Label: v.say("ownsignin.title"), Icon: "shield-check"},
			{Path: partnersPath, Label: v.say("menu.partners"), Icon: "wrench"},
			{Path: "/tokens", Label: v.say("tokens.title"), Icon: "key-round"},
			{Path: directoryPath, Label: v.say("directory.title"), Icon: "users"},
			{Path: "/privacy", Label: v.say("menu.privacy"), Icon: "shield-check"},
		}},
	}

	for i := range groups {
		groups[i].Items = v.open(groups[i].Items)
		for j, item := range groups[i].Items {
			groups[i].Items[j].Current = item.Path == here || item.stands(here) ||
				item.Path != "/" && strings.HasPrefix(here, item.Path+"/")
		}
	}

	return groups
}

// open are the entries whose pages there are and this person may open.
func (v *visit) open(items []menuItem) []menuItem {
	return slices.DeleteFunc(items, func(item menuItem) bool {
		return !slices.ContainsFunc(routes(), func(r route) bool {
			return r.method == get && r.path == item.Path &&
				(r.access == anyone || v.mayOpen(r))
		})
	})
}

// T is a text for templates; pairs are the names and values of its placeholders.
func (w view) T(key string, pairs ...any) string {
	args := messages.Args{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i].(string)] = pairs[i+1]
	}
	return w.language.Say(key, args)
}

// N is a counted text.
func (w view) N(key string, n int64) string { return w.language.Count(key, n) }

// Len is how many texts a list has.
func (w view) Len(list []string) int64 { return int64(len(list)) }

// Num is a number in the language's form.
func (w view) Num(n int64) string { return w.language.Number(n) }

// The methods below give the shared parts of templates/parts.html what they
// show.

type ordersPart struct {
	View   view
	Label  string
	Orders []orderView
}

// Orders is the table of service orders.
func (w view) Orders() ordersPart {
	p, _ := w.Data.(ordersPage)
	return ordersPart{w, p.Label, p.Orders}
}

type checklistPart struct {
	View  view
	Steps []step
}

// Checklist is the onboarding list on the start page and on its own.
func (w view) Checklist() checklistPart {
	switch p := w.Data.(type) {
	case homePage:
		return checklistPart{w, p.Steps.Steps}
	case onboarding:
		return checklistPart{w, p.Steps}
	}
	return checklistPart{View: w}
}

type progressPart struct {
	View view
	At   int
	Keys []string
}

// Progress is the line of three steps above the pages of an invitation.
func (w view) Progress(at int) progressPart {
	return progressPart{w, at, []string{"progress.invitation", "progress.code", "progress.person"}}
}

type problemPart struct {
	ID, Text string
	Help     helpLink
}

// Problem is what is wrong with a field; id is what the field describes itself
// by.
func (w view) Problem(id, key string) problemPart {
	return problemPart{
		ID: id,
		Text: w.T(key,
			"least", web.LeastPassword, "most", web.MostPassword, "mailbox", w.Mail),
		Help: w.HelpOn(key),
	}
}

// part is a view with what one part of a page shows.
type part struct {
	View view
	Data any
}

// Part hands a part of the page its data, and the view for its words.
func (w view) Part(data any) part { return part{w, data} }

type problemsPart struct {
	View view
	ID   string
	Keys []string
}

// ProblemsOf is what is wrong with a field of the request for a replacement.
func (w view) ProblemsOf(field string) problemsPart {
	p := problemsPart{View: w, ID: field + "-problem"}
	if page, ok := w.Data.(requestPage); ok {
		p.Keys = page.Problems[field]
	}
	return p
}
