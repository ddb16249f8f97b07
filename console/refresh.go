package console

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages/process"
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
	main, err := made(t, "main", w)
	if err != nil {
		return err
	}
	var nav []byte
	if w.Who != nil {
		if nav, err = made(t, "nav", w); err != nil {
			return err
		}
	}
	others, err := w.othersHTML(t)
	if err != nil {
		return err
	}
	w.MainHTML = template.HTML(string(others) + string(main))
	w.NavHTML = template.HTML(nav)
	if w.Live {
		w.Version = w.visit.versionOf(others, main, nav)
		w.Clocks = w.visit.clocksShown()
	}
	return nil
}

// made is what a template makes of the data.
func made(t *template.Template, name string, data any) ([]byte, error) {
	var out bytes.Buffer
	err := t.ExecuteTemplate(&out, name, data)
	return out.Bytes(), err
}

// frame is the template of the answer: the page, or what is new of it.
func (w *view) frame() string {
	if w.Fresh {
		return "fresh"
	}
	return "layout"
}

// distances is text that says how far off an instant is. In a list the browser counts on.
var distances = regexp.MustCompile(`((?:data-near="[^"]*"[^>]*|data-ago))>[^<]*`)

// exactly is the hover text of an instant. Its datetime says the same, and no clock of the page can
// be taken for a part of it.
var exactly = regexp.MustCompile(`(<time [^>]*) title="[^"]*"`)

// outOfDate is how long a sentence that says how far off something is stays as it is.
const outOfDate = 30 * time.Minute

// versionOf is the version of what parts of a page say, apart from what changes by itself.
func (v *visit) versionOf(parts ...[]byte) string {
	texts := maps.Clone(v.clocks)
	for text, same := range v.sentences {
		texts = with(texts, text, same)
	}
	// Of two texts that begin alike the longer one is meant.
	longest := slices.SortedFunc(maps.Keys(texts), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	var steady []string
	for _, text := range longest {
		steady = append(steady, template.HTMLEscapeString(text), texts[text])
	}
	replace := strings.NewReplacer(steady...)
	sum := sha256.New()
	if len(v.sentences) > 0 {
		_, _ = fmt.Fprint(sum, v.now.Unix()/int64(outOfDate.Seconds()))
	}
	for _, part := range parts {
		text := distances.ReplaceAll(part, []byte("$1>"))
		text = exactly.ReplaceAll(text, []byte("$1"))
		_, _ = replace.WriteString(sum, string(text))
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:12])
}

// sentence says where something that is under way stands.
func (v *visit) sentence(s process.Standing) string {
	text := process.Sentence(s, v.now, v.language.Locale())
	same := string(s.Kind) + "/" + s.State + "/" + s.WaitsFor
	if s.Until != nil {
		same += "/" + s.Until.UTC().Format(time.RFC3339)
	}
	return v.passing(text, same)
}

// passing is a text that changes as time goes by, with the same apart from the clock.
func (v *visit) passing(text, same string) string {
	if text != "" {
		v.sentences = with(v.sentences, text, same)
	}
	return text
}

// with is a map with an entry more.
func with(m map[string]string, key, value string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	m[key] = value
	return m
}

// clocksShown are the clocks of this answer for the browser, which has them go on.
func (v *visit) clocksShown() string {
	if len(v.clocks) == 0 {
		return ""
	}
	text, _ := json.Marshal(v.clocks)
	return string(text)
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
