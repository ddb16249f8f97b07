package web

import (
	"hash/fnv"
	"slices"
	"strings"
	"unicode"
)

// What the parts of templates/parts.html are given. Their texts are in the reader's language
// already; a page fills them in and names the part: {{template "rows" .Data.Rows}}.

// Facet is a chip that shows how a list is narrowed, and opens the choices.
type Facet struct {
	Label, Value string
	Icon         string
	On           bool // it narrows
	Options      []FacetOption
}

// FacetOption is a choice of a facet; Count is how many lines it leaves.
type FacetOption struct {
	Label, Link, Count string
	Current            bool
}

// Row is a line of a list, a link as a whole. Without a Link it is none.
type Row struct {
	Link       string
	Title, Sub string
	Due        Due
	Badge      Badge
	Beside     string // under the badge, such as the customer's time
	Owner      Face
	Selected   bool
	Pick       string // what the box of the line sends; empty: it has none
	Chosen     bool
}

// Due says by when; Class is "late", "soon", "past" or empty.
type Due struct {
	Text, Small, Class string
	Instant            string // for machines
	Exact              string // on hover
	Place              string // whose clock it is by, where it differs from the reader's own
	// Near is what the Text counts from now, "ahead" to the instant or "since" it; empty: the
	// Text is a day. The browser keeps it right, see console.js.
	Near string
}

// Badge is a word with a color that means the same everywhere: green kept, amber soon, red late,
// blue information, violet an outside party, empty neutral.
type Badge struct{ Text, Color string }

// Face stands for a person; without a name, for nobody.
type Face struct{ Initials, Name, Color string }

// Fact is a term with its value; Link leads on, Mono is for serials.
type Fact struct {
	Term, Value, Link string
	Mono              bool
}

// Step is a step of a process; State is "done", "now" or empty.
type Step struct{ Label, State string }

// Moment is an entry of a timeline; Ours are those of the service and its operators.
type Moment struct {
	Who, What, When string
	Ours            bool
}

// EmptyState says what to do where a list has nothing.
type EmptyState struct{ Icon, Title, Text, Link, LinkText string }

// Tile is a number that leads to its list.
type Tile struct{ Label, Number, Small, Link, Class string }

// Hidden is a field that a form sends along.
type Hidden struct{ Name, Value string }

// Field is a field of a form. Kind is text, area, date, email or choice.
type Field struct {
	Name, Label, Help, Kind, Value string
	Required                       bool
	Choices                        []Choice
	Problem                        string
}

// Choice is one of the values that a field of the kind choice can have.
type Choice struct {
	Value, Label string
	Chosen       bool
}

// FaceOf returns the face of somebody, in the color that the id always has.
func FaceOf(id, name string) Face {
	if name == "" {
		return Face{}
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
	return Face{
		Initials: string(initials),
		Name:     name,
		Color:    []string{"", "b", "g"}[h.Sum32()%3],
	}
}

// Joined puts what is known of a thing on one line.
func Joined(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return strings.Join(parts, " · ")
}

// Offer adds a choice to the field.
func (f *Field) Offer(value, label string, chosen bool) {
	f.Choices = append(f.Choices, Choice{Value: value, Label: label, Chosen: chosen})
}
