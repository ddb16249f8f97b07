// Package help holds the answers to what people ask about the service: a page for each group
// of questions, an anchor for each question, the same in every language. The texts are
// Markdown files beside this one and name nothing of a program: what it is called, where
// people write to and how many days they have are filled in when they are rendered.
package help

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
)

//go:embed */*.md
var files embed.FS

// Groups are the pages, in the order in which people read them.
var Groups = []string{
	"service", "orders", "invitation", "people", "rooms", "tickets", "replacements", "support",
}

// Book is the help in every language.
type Book struct {
	chapters map[string][]chapter // by locale
	groups   map[string]string    // the group of each anchor

	mu       sync.Mutex
	editions map[string]*Edition // the last of each locale
}

// chapter is a file as it was written.
type chapter struct {
	name, title, lead string
	questions         []question
}

type question struct{ anchor, title, text string }

var (
	heading     = regexp.MustCompile(`^## (.+) \{#([a-z0-9-]+)\}$`)
	placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)
	ownLink     = regexp.MustCompile(`\]\(#([a-z0-9-]+)\)`)
)

// Read reads the files of the languages. It refuses a question without an answer, an anchor
// that is used twice or missing in a language, and a link to an anchor that does not exist.
func Read(locales []string) (*Book, error) {
	b := &Book{
		chapters: map[string][]chapter{},
		groups:   map[string]string{},
		editions: map[string]*Edition{},
	}

	for i, locale := range locales {
		found := map[string]string{}
		for _, name := range Groups {
			c, err := readChapter(locale, name)
			if err != nil {
				return nil, err
			}

			for _, q := range c.questions {
				if found[q.anchor] != "" {
					return nil, fmt.Errorf("help: %s: %s is asked twice", locale, q.anchor)
				}
				found[q.anchor] = name
			}
			b.chapters[locale] = append(b.chapters[locale], c)
		}

		if i == 0 {
			b.groups = found
		} else if !maps.Equal(b.groups, found) {
			return nil, fmt.Errorf("help: %s has other questions than %s: %s",
				locale, locales[0], difference(b.groups, found))
		}
	}

	return b, b.checkLinks()
}

func readChapter(locale, name string) (chapter, error) {
	file := path.Join(locale, name+".md")
	text, err := fs.ReadFile(files, file)
	if err != nil {
		return chapter{}, fmt.Errorf("help: %w", err)
	}

	c := chapter{name: name}
	var body []string
	for line := range strings.SplitSeq(string(text)+"\n# ", "\n") {
		if !strings.HasPrefix(line, "# ") && !strings.HasPrefix(line, "## ") {
			body = append(body, line)
			continue
		}

		// A heading ends what stands before it.
		said := strings.TrimSpace(strings.Join(body, "\n"))
		body = nil
		switch last := len(c.questions) - 1; {
		case c.title == "":
		case said == "":
			return c, fmt.Errorf("help: %s: nothing is said before %q", file, line)
		case last < 0:
			c.lead = said
		default:
			c.questions[last].text = said
		}

		if m := heading.FindStringSubmatch(line); m != nil {
			c.questions = append(c.questions, question{anchor: m[2], title: m[1]})
		} else if strings.HasPrefix(line, "## ") {
			return c, fmt.Errorf("help: %s: %q has no anchor", file, line)
		} else if title := strings.TrimSpace(line[1:]); title != "" {
			c.title = title
		}
	}

	return c, nil
}

// difference names the anchors that only one of two languages has.
func difference(a, b map[string]string) string {
	var only []string
	for anchor, group := range a {
		if b[anchor] != group {
			only = append(only, anchor)
		}
	}
	for anchor, group := range b {
		if a[anchor] != group {
			only = append(only, anchor)
		}
	}
	slices.Sort(only)
	return strings.Join(slices.Compact(only), ", ")
}

func (b *Book) checkLinks() error {
	for locale, chapters := range b.chapters {
		for _, c := range chapters {
			for _, q := range c.questions {
				for _, m := range ownLink.FindAllStringSubmatch(q.text, -1) {
					if b.groups[m[1]] == "" {
						return fmt.Errorf("help: %s: %s leads to %s, which does not exist",
							locale, q.anchor, m[1])
					}
				}
			}
		}
	}
	return nil
}

// Path is the address of an answer; it is empty for an anchor that does not exist.
func (b *Book) Path(anchor string) string {
	group, ok := b.groups[anchor]
	if !ok {
		return ""
	}
	return Path + "/" + group + "#" + anchor
}

// Path is where the help begins.
const Path = "/help"

// Has reports whether an anchor exists.
func (b *Book) Has(anchor string) bool { return b.groups[anchor] != "" }

// Anchors are all anchors, sorted.
func (b *Book) Anchors() []string { return slices.Sorted(maps.Keys(b.groups)) }

// Edition is the help in one language, for one program.
type Edition struct {
	Chapters []Chapter
	values   map[string]string
	entries  map[string]Entry
}

// Chapter is a page of the help.
type Chapter struct {
	Name, Path, Title, Lead string
	Entries                 []Entry
}

// Entry is a question with its answer.
type Entry struct {
	Anchor, Path, Title string
	HTML                template.HTML // of goldmark, which passes no HTML and no script through
	text                string        // without marks, for the search
}

// Entry returns the answer that an anchor names.
func (e *Edition) Entry(anchor string) (Entry, bool) {
	one, ok := e.entries[anchor]
	return one, ok
}

// Chapter returns the page of a group.
func (e *Edition) Chapter(name string) (Chapter, bool) {
	for _, c := range e.Chapters {
		if c.Name == name {
			return c, true
		}
	}
	return Chapter{}, false
}

// In returns the help in a language, with the values of the placeholders. It is rendered once
// for the same values; a placeholder without a value is an error.
func (b *Book) In(locale string, values map[string]string) (*Edition, error) {
	b.mu.Lock()
	defer b.mu.Unlock()

	if last := b.editions[locale]; last != nil && maps.Equal(last.values, values) {
		return last, nil
	}

	e, err := b.render(locale, values)
	if err != nil {
		return nil, err
	}
	b.editions[locale] = e
	return e, nil
}

func (b *Book) render(locale string, values map[string]string) (*Edition, error) {
	e := &Edition{values: maps.Clone(values), entries: map[string]Entry{}}
	for _, c := range b.chapters[locale] {
		out := Chapter{Name: c.name, Path: Path + "/" + c.name}
		var err error
		if out.Title, err = fill(c.title, values, asText); err != nil {
			return nil, err
		}
		if out.Lead, err = fill(c.lead, values, asText); err != nil {
			return nil, err
		}

		for _, q := range c.questions {
			entry, err := b.renderEntry(q, values)
			if err != nil {
				return nil, fmt.Errorf("help: %s: %s: %w", locale, q.anchor, err)
			}
			out.Entries = append(out.Entries, entry)
			e.entries[q.anchor] = entry
		}
		e.Chapters = append(e.Chapters, out)
	}
	return e, nil
}

func (b *Book) renderEntry(q question, values map[string]string) (Entry, error) {
	e := Entry{Anchor: q.anchor, Path: b.Path(q.anchor)}
	var err error
	if e.Title, err = fill(q.title, values, asText); err != nil {
		return e, err
	}

	text, err := fill(q.text, values, asMarkdown)
	if err != nil {
		return e, err
	}
	text = ownLink.ReplaceAllStringFunc(text, func(link string) string {
		return "](" + b.Path(strings.Trim(link, "]()#")) + ")"
	})

	var page bytes.Buffer
	if err := goldmark.Convert([]byte(text), &page); err != nil {
		return e, err
	}
	e.HTML = template.HTML(page.String())
	e.text = plain(page.String())
	return e, nil
}

// fill puts the values in the places of their names.
func fill(text string, values map[string]string, as func(string) string) (string, error) {
	var missing error
	filled := placeholder.ReplaceAllStringFunc(text, func(name string) string {
		value, ok := values[strings.Trim(name, "{}")]
		if !ok {
			missing = fmt.Errorf("help: nothing is known of %s", name)
		}
		return as(value)
	})
	return filled, missing
}

func asText(value string) string { return value }

// asMarkdown keeps a value from being read as Markdown: a program may be called what it likes.
func asMarkdown(value string) string {
	var b strings.Builder
	for _, r := range value {
		if r < 0x80 && strings.ContainsRune("\\`*_{}[]<>()#+-.!|~&\"'$%,/:;=?@^", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
