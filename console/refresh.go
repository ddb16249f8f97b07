package console

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/web"
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
	main, err := web.Made(t, "main", w)
	if err != nil {
		return err
	}
	var nav []byte
	if w.Who != nil {
		if nav, err = web.Made(t, "nav", w); err != nil {
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

// frame is the template of the answer: the page, or what is new of it.
func (w *view) frame() string {
	if w.Fresh {
		return "fresh"
	}
	return "layout"
}

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
	var pairs []string
	for _, text := range longest {
		pairs = append(pairs, template.HTMLEscapeString(text), texts[text])
	}
	replace := strings.NewReplacer(pairs...)
	sum := sha256.New()
	if len(v.sentences) > 0 {
		_, _ = fmt.Fprint(sum, v.now.Unix()/int64(outOfDate.Seconds()))
	}
	for _, part := range parts {
		_, _ = io.WriteString(sum, replace.Replace(steady(string(part))))
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:12])
}

// steady is what a part of a page says apart from how far off its instants are, and from their
// hover text: their datetime says the same, and no clock of the page can be taken for a part of it.
// The templates escape each < and > of what a page shows, so that these begin and end tags alone.
func steady(part string) string {
	var out strings.Builder
	out.Grow(len(part))
	for piece := range strings.SplitSeq(part, "<") {
		tag, text, _ := strings.Cut(piece, ">")
		if strings.HasPrefix(tag, "time ") {
			before, title, _ := strings.Cut(tag, ` title="`)
			_, after, _ := strings.Cut(title, `"`)
			tag = before + after
		}
		out.WriteString("<")
		out.WriteString(tag)
		if !countsOn(tag) {
			out.WriteString(">")
			out.WriteString(text)
		}
	}
	return out.String()
}

// countsOn reports whether the browser counts on what stands behind the tag. A text of somebody
// has no bare quotation mark within a tag, and cannot say so.
func countsOn(tag string) bool {
	return strings.Contains(tag, ` data-near="`) || strings.HasSuffix(tag, " data-ago")
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
	words["since.0"] = []string{v.say("time.ago.now")}
	text, _ := json.Marshal(words)
	return string(text)
}
