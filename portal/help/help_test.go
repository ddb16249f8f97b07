package help

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var locales = []string{"pt-BR", "en"}

// valuesOf gives every placeholder of the files a value.
func valuesOf(t *testing.T, value string) map[string]string {
	t.Helper()
	values := map[string]string{}
	for name, text := range texts(t) {
		for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
			values[m[1]] = value
		}
		require.NotEmpty(t, text, name)
	}
	return values
}

// texts are the files by their names.
func texts(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	found, err := fs.Glob(files, "*/*.md")
	require.NoError(t, err)
	for _, name := range found {
		text, err := files.ReadFile(name)
		require.NoError(t, err)
		all[name] = string(text)
	}
	require.Len(t, all, len(locales)*len(Groups), "each group has its file in each language")
	return all
}

// What a value holds is text, whatever it looks like; what a file holds is never HTML.
func TestR2_NoValueBecomesMarkup(t *testing.T) {
	b, err := Read(locales)
	require.NoError(t, err)
	evil := "<script>alert(1)</script> **x** [y](javascript:alert(2)) `z`\n\n# big"
	for _, locale := range locales {
		e, err := b.In(locale, valuesOf(t, evil))
		require.NoError(t, err)
		for _, c := range e.Chapters {
			for _, one := range c.Entries {
				page := string(one.HTML)
				require.NotContains(t, page, "<script")
				require.NotRegexp(t, `href="[^"/#m]`, page, "links lead into the portal, or to the mailbox")
				require.NotContains(t, page, "<code>z")
				require.NotContains(t, page, "<h1")
				require.NotRegexp(t, `<strong>x`, page)
			}
		}
	}
}

func TestR2_TheFilesHoldNoHTMLAndNoStyles(t *testing.T) {
	for name, text := range texts(t) {
		require.NotRegexp(t, `<[a-zA-Z/!]`, text, name)
		require.NotContains(t, text, "](http", name)
	}
}

// Configuration decides how a program is called and how many days people have (C8).
func TestC8_TheFilesNameNoProgramAndNoWindow(t *testing.T) {
	number := regexp.MustCompile(`\b\d+ (business )?(day|year|hour|minute|dia|ano|hora|minuto)`)
	for name, text := range texts(t) {
		require.NotRegexp(t, `(?i)logitech|\bselect\b|@[a-z]+\.`, text, name)
		require.NotRegexp(t, number, text, name)
	}
}

func TestR2_APlaceholderWithoutAValueIsAnError(t *testing.T) {
	b, err := Read(locales)
	require.NoError(t, err)
	values := valuesOf(t, "x")
	delete(values, "mailbox")
	_, err = b.In("en", values)
	require.ErrorContains(t, err, "{mailbox}")
}

func TestR2_TheHelpOfOneProgramIsRenderedOnce(t *testing.T) {
	b, err := Read(locales)
	require.NoError(t, err)
	values := valuesOf(t, "x")
	first, err := b.In("en", values)
	require.NoError(t, err)
	again, err := b.In("en", valuesOf(t, "x"))
	require.NoError(t, err)
	require.Same(t, first, again)

	values["program"] = "y"
	other, err := b.In("en", values)
	require.NoError(t, err)
	require.NotSame(t, first, other)
	require.Contains(t, other.Chapters[0].Entries[0].Title, "y")
}

func TestR2_WordsAreAkinByTheirBeginning(t *testing.T) {
	for _, pair := range []struct {
		a, b string
		akin bool
	}{
		{"cancelar", "cancelamento", true},
		{"return", "returning", true},
		{"devolvo", "devolver", true},
		{"sala", "salas", true},
		{"sso", "sso", true},
		{"sso", "ssos", false},
		{"pedido", "pedimos", false},
		{"licenca", "licencas", true},
		{"room", "rooms", true},
		{"root", "room", false},
	} {
		require.Equal(t, pair.akin, akin(pair.a, pair.b), "%s %s", pair.a, pair.b)
	}
}

func TestR2_AnExcerptShowsWhatWasAskedFor(t *testing.T) {
	text := strings.Repeat("filler ", 60) + "the spare arrives " + strings.Repeat("more ", 60)
	got := excerptOf(text, []string{"spare"})
	require.Contains(t, got, "spare")
	require.LessOrEqual(t, len([]rune(got)), excerpt+2)
	require.True(t, strings.HasPrefix(got, "…") && strings.HasSuffix(got, "…"))
}
