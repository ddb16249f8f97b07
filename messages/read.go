package messages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// counted is the placeholder of the number in a counted text.
const counted = "n"

// text is one text of a language as its file has it. There are fifteen thousand, and every process
// holds them as long as it runs: most are words and nothing else.
type text struct {
	file         string
	words        string            // of a text that counts nothing
	forms        map[string]string // by plural form; nil: it counts nothing
	placeholders []string          // in the order in which the catalogue gets their values
	articles     []articled        // behind them, in the same order
	pieces       []piece           // of a text that counts nothing and has placeholders; see filled
}

// piece is a part of a text: words, and the place of the value behind them.
type piece struct {
	words string
	place int
}

// nowhere is the place where a text has no value: at its end.
const nowhere = -1

// articled is the place of an article before a name: {da company}.
type articled struct{ article, name string }

var (
	placeholder = regexp.MustCompile(`\{(?:(\pL+) )?(\w+)\}`)
	keyForm     = regexp.MustCompile(`^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$`)
)

// mustRead reads the languages. A broken file stops the program with the first text: the files
// are built into it, so that no program whose tests have passed has one.
func mustRead(files fs.FS, locales ...string) map[string]*Language {
	out := map[string]*Language{}
	for _, locale := range locales {
		l, err := read(files, locale)
		if err != nil {
			panic("messages: " + err.Error())
		}
		out[locale] = l
	}

	return out
}

// read merges the files of a language's folder. It refuses a key that stands
// twice, in two files or in one.
func read(files fs.FS, locale string) (*Language, error) {
	tag, err := language.Parse(locale)
	if err != nil {
		return nil, err
	}

	names, err := fs.Glob(files, locale+"/*.json")
	if err != nil {
		return nil, err
	}

	texts := map[string]*text{}
	for _, name := range names {
		if err := readFile(files, name, texts); err != nil {
			return nil, err
		}
	}

	builder := catalog.NewBuilder()
	for key, t := range texts {
		if t.plain() {
			continue
		}
		if err := t.enter(builder, tag, key); err != nil {
			return nil, fmt.Errorf("%s/%s: %s: %w", locale, t.file, key, err)
		}
	}

	return &Language{
		locale:  locale,
		texts:   texts,
		printer: message.NewPrinter(tag, message.Catalog(builder)),
	}, nil
}

// readFile adds a file's texts. It reads token by token, because a map would
// hide a key that stands twice.
func readFile(files fs.FS, name string, into map[string]*text) error {
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}

	d := json.NewDecoder(bytes.NewReader(content))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return fmt.Errorf("%s: not an object of texts: %w", name, err)
	}

	for d.More() {
		token, err := d.Token()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}

		key := token.(string)
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return fmt.Errorf("%s: %s: %w", name, key, err)
		}

		t, err := readText(raw)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", name, key, err)
		}

		if earlier, twice := into[key]; twice {
			return fmt.Errorf("%s: %s stands in %s already", name, key, earlier.file)
		}
		if !keyForm.MatchString(key) {
			return fmt.Errorf("%s: %q is not a key", name, key)
		}

		t.file = path.Base(name)
		into[key] = t
	}

	_, err = d.Token()
	return err
}

// readText reads a text, or the forms of a counted one.
func readText(raw json.RawMessage) (*text, error) {
	t := &text{}
	if err := json.Unmarshal(raw, &t.words); err != nil {
		if err := json.Unmarshal(raw, &t.forms); err != nil {
			return nil, err
		}
	}

	for form, words := range t.wordings() {
		if strings.TrimSpace(words) == "" {
			return nil, fmt.Errorf("the form %q is empty", form)
		}

		for _, m := range placeholder.FindAllStringSubmatch(words, -1) {
			if !slices.Contains(t.placeholders, m[2]) {
				t.placeholders = append(t.placeholders, m[2])
			}
			if m[1] == "" {
				continue
			}
			if _, known := masculineForms[m[1]]; !known {
				return nil, fmt.Errorf("%s: there is no article of this form", m[0])
			}
			if a := (articled{m[1], m[2]}); !slices.Contains(t.articles, a) {
				t.articles = append(t.articles, a)
			}
		}
	}

	if !t.invariable() && !slices.Contains(t.placeholders, counted) {
		t.placeholders = append(t.placeholders, counted) // some forms leave it to the page
	}

	slices.Sort(t.placeholders)
	if t.invariable() && !t.plain() {
		t.pieces = t.split(t.words)
	}
	return t, nil
}

// split takes a text apart at its placeholders.
func (t *text) split(words string) (pieces []piece) {
	end := 0
	for _, at := range placeholder.FindAllStringSubmatchIndex(words, -1) {
		before, name := words[end:at[0]], words[at[4]:at[5]]
		end = at[1]
		if at[2] >= 0 { // an article stands before the name
			article := slices.Index(t.articles, articled{words[at[2]:at[3]], name})
			pieces = append(pieces, piece{before, len(t.placeholders) + article})
			before = " "
		}
		pieces = append(pieces, piece{before, slices.Index(t.placeholders, name)})
	}
	return append(pieces, piece{words[end:], nowhere})
}

// filled is a text that counts nothing with values in their places; ok is false where one of them
// is no text: x/text writes numbers as the language does, and takes many times as long for it.
func (t *text) filled(values []any) (said string, ok bool) {
	var out strings.Builder
	for _, p := range t.pieces {
		out.WriteString(p.words)
		if p.place == nowhere {
			continue
		}
		value, isText := values[p.place].(string)
		if !isText {
			return "", false
		}
		out.WriteString(value)
	}
	return out.String(), len(t.pieces) > 0
}

// invariable reports whether a text counts nothing.
func (t *text) invariable() bool { return t.forms == nil }

// plain reports whether a text is its words: there is nothing to fill in.
func (t *text) plain() bool { return len(t.placeholders) == 0 }

// wordings are all that a text may say, by plural form; the form of one that counts nothing has no
// name.
func (t *text) wordings() iter.Seq2[string, string] {
	if t.invariable() {
		return func(yield func(form, words string) bool) { yield("", t.words) }
	}
	return maps.All(t.forms)
}

// enter puts the text into x/text's catalogue, which knows placeholders by
// their place.
func (t *text) enter(b *catalog.Builder, tag language.Tag, key string) error {
	if t.invariable() {
		return b.SetString(tag, key, t.placed(t.words))
	}

	var cases []any
	for _, form := range []string{"=0", "zero", "one", "two", "few", "many", "other"} {
		// the first that fits is taken
		if words, ok := t.forms[form]; ok {
			cases = append(cases, form, t.placed(words))
		}
	}

	if len(cases) != 2*len(t.forms) {
		return fmt.Errorf("it has a form that no language has")
	}
	return b.Set(tag, key, plural.Selectf(1+slices.Index(t.placeholders, counted), "%d", cases...))
}

// placed writes {name} as %[i]v, and {da name} as two of them. What else x/text would read
// as its own is escaped.
func (t *text) placed(words string) string {
	words = strings.ReplaceAll(words, "%", "%%")
	return placeholder.ReplaceAllStringFunc(words, func(found string) string {
		m := placeholder.FindStringSubmatch(found)
		value := fmt.Sprintf("%%[%d]v", 1+slices.Index(t.placeholders, m[2]))
		if m[1] == "" {
			return value
		}
		at := 1 + len(t.placeholders) + slices.Index(t.articles, articled{m[1], m[2]})
		return fmt.Sprintf("%%[%d]v %s", at, value)
	})
}
