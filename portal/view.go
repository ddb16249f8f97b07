package portal

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/portal/help"
	"roomcover.dev/roomcover/web"
)

//go:embed templates
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// pages is every page's template with the layout around it, by file name.
type pages map[string]*template.Template

func readPages() (pages, error) {
	files, err := fs.Glob(templateFiles, "templates/pages/*.html")
	if err != nil {
		return nil, err
	}

	out := pages{}
	for _, f := range files {
		t, err := template.ParseFS(templateFiles, "templates/*.html", f)
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
	Menu      []menuItem
	Languages []languageLink
	Who       *whoView
	Data      any
	language  *messages.Language
	edition   func() (*help.Edition, error)
}

type menuItem struct {
	Path, Label, Icon string
	Under             []string // other pages that it stands for
	Current           bool
}

type languageLink struct{ Locale, Name, Path string }

// whoView is the signed-in person in the page's head.
type whoView struct {
	Name, Company, AccountID string
	Admin, HasAccount        bool
	Others                   []accountView
}

type accountView struct{ ID, Name, Place string }

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
			l, messages.In(l).Say("language.name"), v.inLanguage(w.Here, l),
		})
	}

	if v.who != nil {
		w.Who, w.Menu = v.whoView(), v.menu(v.request.URL.Path)
	}

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
	w := &whoView{Name: v.who.user.Name}
	if len(v.who.accounts) == 0 {
		return w
	}

	at := v.who.account()
	w.HasAccount = true
	w.Company = at.LegalName
	w.AccountID = at.ID
	w.Admin = v.isAdmin()

	for _, a := range v.who.accounts {
		if len(v.who.accounts) > 1 {
			w.Others = append(w.Others, accountView{a.ID, a.LegalName, a.Street + ", " + a.City})
		}
	}

	return w
}

// menu is the left navigation; the label of the service orders is the
// program's (R98). A page below an entry, such as a form's answer, belongs to it;
// one that does not exist belongs to none.
func (v *visit) menu(here string) []menuItem {
	if len(v.who.accounts) == 0 {
		return nil
	}

	items := []menuItem{
		{Path: "/", Label: v.language.Say("menu.home"), Icon: "home"},
		{
			Path:  "/service-orders",
			Label: v.program.ServiceOrdersLabel(v.language.Locale()),
			Icon:  "orders",
		},
		{Path: replacementsPath, Label: v.language.Say("menu.replacements"), Icon: "swap"},
		{Path: sparesPath, Label: v.language.Say("menu.spares"), Icon: "box"},
		{Path: sitesPath, Label: v.language.Say("menu.sites"), Icon: "place"},
		{Path: "/colleagues", Label: v.language.Say("menu.colleagues"), Icon: "people"},
		{
			Path:  "/account",
			Label: v.language.Say("menu.account"),
			Icon:  "account",
			Under: []string{"/tokens"},
		},
		{Path: "/onboarding", Label: v.language.Say("menu.onboarding"), Icon: "steps"},
	}

	if strings.HasPrefix(here, "/tokens/") {
		here = "/tokens"
	}
	for i, item := range items {
		items[i].Current = item.Path == here || slices.Contains(item.Under, here) ||
			item.Path != "/" && strings.HasPrefix(here, item.Path+"/")
	}

	return items
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

// Num is a number in the language's form.
func (w view) Num(n int64) string { return w.language.Number(n) }

// Style is the address of the style sheet; it changes with its content.
func (w view) Style() string { return "/static/portal.css?v=" + styleVersion }

var styleVersion = versionOf("static/portal.css")

func versionOf(file string) string {
	data, err := staticFiles.ReadFile(file)
	if err != nil {
		panic("portal: " + file + " is missing")
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}

// static serves the embedded files; an address that carries a version never
// changes its content.
func (s *site) static(c *gin.Context) {
	file := path.Join("static", path.Clean("/"+c.Param("file")))
	data, err := staticFiles.ReadFile(file)
	if err != nil {
		s.serve(route{do: func(*visit) (answer, error) { return answer{}, errNoPage }})(c)
		return
	}

	h := c.Writer.Header()
	web.Headers(h, s.secure, web.NoScripts)
	h.Set("Content-Type", mime.TypeByExtension(path.Ext(file)))
	h.Set("Cache-Control", "public, max-age=300")
	h.Del("Vary")
	if c.Query("v") != "" {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}

	c.Status(http.StatusOK)
	_, _ = c.Writer.Write(data)
}

// The methods below give the shared parts of templates/parts.html what they
// show.

type ordersPart struct {
	View   view
	Label  string
	Orders []orderView
}

// Orders is the table of service orders on the start page and on its own.
func (w view) Orders() ordersPart {
	switch p := w.Data.(type) {
	case homePage:
		return ordersPart{w, p.Label, p.Orders}
	case ordersPage:
		return ordersPart{w, p.Label, p.Orders}
	}
	return ordersPart{View: w}
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

type problemPart struct{ ID, Text string }

// Problem is what is wrong with a field; id is what the field describes itself
// by.
func (w view) Problem(id, key string) problemPart {
	return problemPart{
		id, w.T(key, "least", web.LeastPassword, "most", web.MostPassword, "mailbox", w.Mail),
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
