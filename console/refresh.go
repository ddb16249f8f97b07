package console

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"regexp"
	"strings"
)

// A page that changes while nobody does anything refreshes itself: every fifteen seconds the
// browser sends the version of what it shows, and is told "nothing new", or what there is
// instead. The version is made of what the page says, so it is right whatever a page shows and
// wherever that comes from; what merely counts the minutes is left out, and the browser keeps
// it right by itself.

// versionHeader carries the version of what the browser shows. Only a script of this site can
// send it.
const versionHeader = "Console-Version"

// refreshes reports whether the request asks only for what is new on a page.
func (v *visit) refreshes() bool { return v.request.Method == get && v.seenVersion() != "" }

func (v *visit) seenVersion() string { return v.request.Header.Get(versionHeader) }

// reload has the browser open the page anew: it is another one by now, such as the sign-in.
// One that failed is asked for again later.
func (v *visit) reload(a *answer) error {
	if a.status < http.StatusInternalServerError {
		a.status = http.StatusNoContent
		a.to = ""
		a.reload = true
	}
	return nil
}

// fill makes the parts of the page and the version of what they say.
func (w *view) fill(t *template.Template) error {
	var main, nav bytes.Buffer
	if err := t.ExecuteTemplate(&main, "main", w); err != nil {
		return err
	}
	if w.Who != nil {
		if err := t.ExecuteTemplate(&nav, "nav", w); err != nil {
			return err
		}
	}
	w.MainHTML = template.HTML(main.String())
	w.NavHTML = template.HTML(nav.String())
	if w.Live {
		w.Version = versionOf(main.Bytes(), nav.Bytes())
	}
	return nil
}

// frame is the template of the answer: the page, or what is new of it.
func (w *view) frame() string {
	if w.Fresh {
		return "fresh"
	}
	return "layout"
}

// byTheClock is text that changes as time goes by: how far off an instant is, and what time it
// is somewhere.
var byTheClock = regexp.MustCompile(`(data-(?:near|clock)="[^"]*"[^>]*)>[^<]*`)

func versionOf(parts ...[]byte) string {
	sum := sha256.New()
	for _, part := range parts {
		sum.Write(byTheClock.ReplaceAll(part, []byte("$1>")))
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:12])
}

// timeWords are the texts by which the browser says how far off an instant is, for one and for
// many, with # for the number.
func (v *visit) timeWords() string {
	words := map[string][]string{}
	for name, key := range map[string]string{
		"ahead.m": "time.ahead.minutes",
		"ahead.h": "time.ahead.hours",
		"late.m":  "time.late.minutes",
		"late.h":  "time.late.hours",
		"late.d":  "time.late.days",
		"since.m": "time.ago.minutes",
		"since.h": "time.ago.hours",
	} {
		words[name] = []string{
			strings.Replace(v.language.Count(key, 1), "1", "#", 1),
			strings.Replace(v.language.Count(key, 2), "2", "#", 1),
		}
	}
	text, _ := json.Marshal(words)
	return string(text)
}
