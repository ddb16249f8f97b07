package messages

import (
	"embed"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed en pt-BR
var files embed.FS

// fallback is the language of people who have none of ours.
const fallback = "en"

// locales are the languages of the catalogue, sorted.
var locales = []string{"en", "pt-BR"}

// languages are read when the first text is asked for: to read them takes longer than much of
// what a command without a text does.
var languages = sync.OnceValue(func() map[string]*Language { return mustRead(files, locales...) })

// Language is one language of the catalogue. It is safe for concurrent use.
type Language struct {
	locale  string
	texts   map[string]*text
	printer *message.Printer // of the texts that are more than their words
}

// Args are the values of a text's placeholders, by name. Whole numbers are
// written as the language groups them; a number that is a name, such as a year,
// is passed as a string.
type Args map[string]any

// In returns the language of a BCP 47 locale: the locale's own, else one with
// the same base ("pt-PT" reads pt-BR), else English.
func In(locale string) *Language {
	if l, ok := languages()[locale]; ok {
		return l
	}

	base := baseOf(locale)
	for _, known := range locales {
		if baseOf(known) == base {
			return languages()[known]
		}
	}

	return languages()[fallback]
}

func baseOf(locale string) string {
	base, _ := language.Make(locale).Base()
	return base.String()
}

// Knows reports whether the catalogue has the locale itself.
func Knows(locale string) bool {
	return slices.Contains(locales, locale)
}

// Locales returns the locales of the catalogue, sorted.
func Locales() []string { return slices.Clone(locales) }

// Locale returns the BCP 47 name of the language.
func (l *Language) Locale() string { return l.locale }

// Has reports whether there is a text for the key. It is for codes that come
// from outside and are readable by themselves.
func (l *Language) Has(key string) bool {
	_, ok := l.texts[key]
	return ok
}

// Keys returns the keys that begin with a prefix, sorted.
func (l *Language) Keys(prefix string) []string {
	var keys []string
	for key := range l.texts {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Say returns a text with its placeholders filled in. A key that does not exist
// comes back as it is, and a placeholder without a value stays in braces, so
// that a mistake is seen and breaks no page; tests forbid both.
func (l *Language) Say(key string, args ...Args) string {
	return l.print(key, nil, args)
}

// Count returns the form of a text for n things; {n} is the number as the
// language writes it.
func (l *Language) Count(key string, n int64, args ...Args) string {
	return l.print(key, &n, args)
}

func (l *Language) print(key string, n *int64, args []Args) string {
	t, ok := l.texts[key]
	if !ok {
		return key
	}

	if t.plain() {
		return t.words
	}

	values := make([]any, len(t.placeholders))
	for i, name := range t.placeholders {
		values[i] = "{" + name + "}"
		for _, a := range args {
			if value, given := a[name]; given {
				values[i] = value
			}
		}

		if name == counted && n != nil {
			values[i] = *n
		}
	}

	for _, a := range t.articles {
		name := values[slices.Index(t.placeholders, a.name)]
		values = append(values, ArticleFor(a.article, nameOf(name)))
	}

	said, ok := t.filled(values)
	if !ok {
		said = l.printer.Sprintf(key, values...)
	}
	return stoppedOnce(said, values)
}

// stoppedOnce takes away the full stop of a sentence behind a value that ends with one of its own:
// "Loja S.A." ends a sentence as it is.
func stoppedOnce(said string, values []any) string {
	for _, value := range values {
		name, isText := value.(string)
		if !isText || len(name) < 2 {
			continue
		}
		if strings.HasSuffix(name, ".") && !strings.HasSuffix(name, "..") {
			said = strings.ReplaceAll(said, name+".", name)
		}
	}
	return said
}

// Number returns a whole number as the language groups it: 1,234 or 1.234.
func (l *Language) Number(n int64) string { return l.printer.Sprintf("%d", n) }

// List joins texts as a sentence does: "a", "a and b", "a, b and c".
func (l *Language) List(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return l.Say("list.last", Args{"items": strings.Join(items[:last], ", "), "last": items[last]})
}
