package console

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/web"
)

//go:embed templates
var templateFiles embed.FS

// pages is every page's template with the layout and the parts around it, by file name.
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
		if err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
		t, err = t.ParseFS(templateFiles, "templates/*.html", f)
		if err != nil {
			return nil, fmt.Errorf("console: %s: %w", f, err)
		}
		out[strings.TrimSuffix(path.Base(f), ".html")] = t
	}
	return out, nil
}

// view is what a template sees.
type view struct {
	Locale    string
	Brand     string
	Title     string
	Waits     string // how much waits on the page
	Flash     string
	Undo      *undo  // the button of the Flash; nil: it has none
	Here      string // address of this page, for forms that come back to it
	Query     string // what was searched for
	Nav       []navGroup
	Who       *whoView // nil: a page without navigation
	Languages []languageChoice
	Data      any
	Live      bool   // the page refreshes itself
	Fresh     bool   // only what is new of it is asked for
	Version   string // of what it shows, see refresh.go
	Words     string // for the script that keeps times right
	Now       string // the service's clock, for the same
	Clocks    string // what time it is somewhere, for the script
	Shared    bool   // it shows who else has it open
	Others    others

	// The parts of the page that are told apart, made before the page around them.
	MainHTML, NavHTML template.HTML

	visit *visit
}

type languageChoice struct {
	Locale, Name string
	Current      bool
}

// whoView is the operator in the top bar.
type whoView struct {
	Face       web.Face
	Name, Role string
}

func (v *visit) view(a answer) (view, error) {
	w := view{
		Locale: v.language.Locale(),
		Brand:  v.program.Name,
		Title:  a.title,
		Waits:  a.waits,
		Here:   v.pageOf(v.request.URL.Path),
		Data:   a.data,
		visit:  v,
	}
	if v.request.Method == get && w.Here == v.request.URL.Path {
		w.Here = v.request.URL.RequestURI()
	}
	if a.live {
		w.Live = true
		w.Words = v.timeWords()
		w.Now = v.now.UTC().Format(time.RFC3339)
	}
	w.Fresh = v.refreshes()
	if !w.Fresh { // what is said once is said by a page
		if key := v.takeValue(keyFlash); key != "" {
			w.Flash = v.language.Say(key)
			w.Undo = v.takeUndo()
		}
	}
	for _, locale := range messages.Locales() {
		w.Languages = append(w.Languages, languageChoice{
			Locale:  locale,
			Name:    messages.In(locale).Say("language.name"),
			Current: locale == w.Locale,
		})
	}

	if v.who == nil || a.plain {
		return w, nil
	}
	w.Who = &whoView{
		Face: web.FaceOf(v.who.ID, v.who.Name),
		Name: v.who.Name,
		Role: v.roleName(v.who.Role),
	}
	if strings.HasPrefix(v.request.URL.Path, searchPath) {
		w.Query = v.query("q")
	}
	var err error
	if w.Nav, err = v.navigation(); err != nil || !a.shared {
		return w, err
	}
	w.Shared = true
	w.Others, err = v.presence(a.about, w.Undo != nil)
	return w, err
}

// T is a text for templates; pairs are the names and values of its placeholders.
func (w view) T(key string, pairs ...any) string { return w.visit.say(key, pairs...) }

// N is a counted text.
func (w view) N(key string, n int64) string { return w.visit.language.Count(key, n) }

// Num is a number in the language's form.
func (w view) Num(n int64) string { return w.visit.language.Number(n) }

// Part hands a part of a page its data, and the view for its words.
func (w view) Part(data any) part { return part{w, data} }

// part is a view with what one part of a page shows.
type part struct {
	View view
	Data any
}

// say is a text of the reader's language; pairs are names and values of its placeholders.
func (v *visit) say(key string, pairs ...any) string {
	args := messages.Args{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i].(string)] = pairs[i+1]
	}
	return v.language.Say(key, args)
}

// moment writes an instant by the clock of a zone, with its place; empty: the desk's.
func (v *visit) moment(at time.Time, zone string) string {
	return v.reader().Moment(at, zone)
}
