package console

import (
	"cmp"
	"hash/fnv"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// What the parts of templates/parts.html are told. Their texts are in the reader's language
// already; a screen fills them in and names the part: {{template "rows" .Data.Rows}}.

// facet is a chip that shows how a list is narrowed, and opens the choices.
type facet struct {
	Label, Value string
	Icon         string
	On           bool // it narrows
	Options      []facetOption
}

type facetOption struct {
	Label, Link, Count string
	Current            bool
}

// row is a line of a list, a link as a whole. Without a Link it is none.
type row struct {
	Link       string
	Title, Sub string
	Due        due
	Badge      badge
	Beside     string // under the badge, such as the customer's time
	Owner      face
	Selected   bool
	Pick       string // what the box of the line sends, see bulkAct; empty: it has none
	Chosen     bool
}

// due says by when; Class is "late", "soon" or empty.
type due struct {
	Text, Small, Class string
	Instant            string // for machines
	Exact              string // on hover
	// Near is what the Text counts from now, "ahead" to the instant or "since" it; empty: the
	// Text is a day. The browser keeps it right, see console.js.
	Near string
}

// badge is a word with a color that means the same: green kept, amber soon, red late, blue
// information, violet an outside party, empty neutral.
type badge struct{ Text, Color string }

// face stands for a person; without a name, for nobody.
type face struct{ Initials, Name, Color string }

// fact is a term with its value; Link leads on, Mono is for serials.
type fact struct {
	Term, Value, Link string
	Mono              bool
}

// step is a step of a process; State is "done", "now" or empty.
type step struct{ Label, State string }

// moment is an entry of a timeline; Ours are those of the service and its operators.
type moment struct {
	Who, What, When string
	Ours            bool
}

// emptyState says what to do where a list has nothing.
type emptyState struct{ Icon, Title, Text, Link, LinkText string }

// tile is a number that leads to its list.
type tile struct{ Label, Number, Small, Link, Class string }

// faceOf is the face of somebody, in the color that the id always has.
func faceOf(id, name string) face {
	if name == "" {
		return face{}
	}
	var initials []rune
	for _, word := range strings.Fields(name) {
		letters := []rune(word)
		if unicode.IsLetter(letters[0]) {
			initials = append(initials, unicode.ToUpper(letters[0]))
		}
	}
	if n := len(initials); n > 2 {
		initials = []rune{initials[0], initials[n-1]}
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return face{
		Initials: string(initials),
		Name:     name,
		Color:    []string{"", "b", "g"}[h.Sum32()%3],
	}
}

// soon is how near an end has to be for a line to say so in amber.
const soon = 2 * time.Hour

// dueAt says by when, by the clock of a zone: relative under a day, else by its day.
func (v *visit) dueAt(at time.Time, zone string) due {
	place := web.Zone(zone)
	end := at.In(place)
	last := end
	midnight := end.Hour() == 0 && end.Minute() == 0
	if midnight { // the end of the day before
		last = end.Add(-time.Nanosecond)
	}

	d := due{
		Text:    web.Day(v.language, last, v.now, place),
		Instant: at.UTC().Format(time.RFC3339),
		Exact:   v.moment(at, zone),
	}
	if !midnight {
		d.Small = end.Format("15:04")
	}
	if near := web.Distance(v.language, at, v.now); near != "" && !midnight || !at.After(v.now) {
		d.Small = strings.TrimSpace(d.Text + " " + d.Small)
		d.Text = near
		d.Near = "ahead"
	}
	switch ahead := at.Sub(v.now); {
	case ahead <= 0:
		d.Class = "late"
	case ahead < soon:
		d.Class = "soon"
	}
	return d
}

// pastAt says when something was, by the clock of a zone: relative under a day, else by its day.
func (v *visit) pastAt(at time.Time, zone string) due {
	if zone == "" {
		zone = v.zone
	}
	place := web.Zone(zone)
	d := due{
		Text:    web.Ago(v.language, at, v.now),
		Instant: at.UTC().Format(time.RFC3339),
		Exact:   v.moment(at, zone),
		Class:   "past",
		Near:    "since",
	}
	if d.Text == "" {
		d.Near = ""
		d.Text = web.Day(v.language, at, v.now, place)
		d.Small = at.In(place).Format("15:04")
	}
	return d
}

// narrowed is the address of a list with another value of one of its parameters; empty takes
// the parameter away. The page within the list is always the first, with no line chosen.
func (v *visit) narrowed(path, name, value string) string {
	q := v.request.URL.Query()
	q.Del(cursorParameter)
	q.Del(chosenParameter)
	if value == "" {
		q.Del(name)
	} else {
		q.Set(name, value)
	}
	return address(path, q)
}

func address(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// choiceOf is a facet of a list: one of the options, or none of them.
func (v *visit) choiceOf(
	path, name, label string, options []facetOption, values []string,
) facet {
	f := facet{Label: label, Value: v.say("console.facet.all")}
	chosen := v.query(name)
	f.Options = append(f.Options, facetOption{
		Label:   v.say("console.facet.all"),
		Link:    v.narrowed(path, name, ""),
		Current: chosen == "",
	})
	for i, o := range options {
		o.Link = v.narrowed(path, name, values[i])
		o.Current = values[i] == chosen
		if o.Current {
			f.Value = o.Label
			f.On = true
		}
		f.Options = append(f.Options, o)
	}
	return f
}

// namedFacet offers things that have names, by their ids, in the order of their names. The one
// that the list is narrowed to is always among them, though no line of the page has it.
func (v *visit) namedFacet(
	path, name, label string, ids []string, names map[string]string,
) facet {
	chosen := v.query(name)
	nameOf := func(id string) string { return names[id] }
	if chosen != "" && names[chosen] == "" {
		found, err := v.namesOf(chosen)
		if err != nil {
			v.log.Error("console: names could not be read", "request", v.id, "error", err)
		}
		unknown := cmp.Or(found[chosen], v.say("console.facet.account.one"))
		nameOf = func(id string) string {
			if id == chosen {
				return unknown
			}
			return names[id]
		}
	}

	offered := slices.DeleteFunc(append(slices.Clone(ids), chosen), func(id string) bool {
		return id == "" || nameOf(id) == ""
	})
	slices.SortFunc(offered, func(a, b string) int {
		return cmp.Or(cmp.Compare(nameOf(a), nameOf(b)), cmp.Compare(a, b))
	})
	offered = slices.Compact(offered)
	var options []facetOption
	for _, id := range offered {
		options = append(options, facetOption{Label: nameOf(id)})
	}
	return v.choiceOf(path, name, label, options, offered)
}

// accountFacet offers the customers of what is shown, and the one that is chosen.
func (v *visit) accountFacet(path string, ids []string, names map[string]string) facet {
	return v.namedFacet(path, "account", v.say("console.facet.account"), ids, names)
}

// cursorParameter is where a link to further lines carries the place at which it goes on.
const cursorParameter = "after"

// further returns the address of a list's page behind the position; empty: there is none.
func (v *visit) further(path, position string) string {
	if position == "" {
		return ""
	}
	q := v.request.URL.Query()
	q.Del(chosenParameter)
	q.Set(cursorParameter, v.db.Secrets().SignCursor("console\x00"+path, position))
	return address(path, q)
}

// openCursor returns the position at which the request's page begins; empty: the list's first.
func (v *visit) openCursor(path string) (string, error) {
	cursor := v.query(cursorParameter)
	if cursor == "" {
		return "", nil
	}
	position, ok := v.db.Secrets().OpenCursor("console\x00"+path, cursor)
	if !ok {
		return "", errBadCursor
	}
	return position, nil
}

// joined puts what is known of a thing on one line.
func joined(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return strings.Join(parts, " · ")
}

// roleName names an operator's role; without one it says so.
func (v *visit) roleName(role rules.Role) string {
	if !role.IsOperator() {
		return v.say("console.role.none")
	}
	return v.say("console.role." + string(role))
}
