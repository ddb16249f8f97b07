package messages

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

// visible shows the blanks at which no line ends.
func visible(text string) string { return strings.ReplaceAll(text, "\u00a0", "~") }

func TestInFindsTheNearestLanguage(t *testing.T) {
	for locale, want := range map[string]string{
		"pt-BR": "pt-BR",
		"pt":    "pt-BR",
		"pt-PT": "pt-BR",
		"en":    "en",
		"en-GB": "en",
		"de":    "en",
		"":      "en",
		"?":     "en",
	} {
		require.Equal(t, want, In(locale).Locale(), locale)
	}
	require.True(t, Knows("pt-BR"))
	require.False(t, Knows("pt"))
	require.Equal(t, []string{"en", "pt-BR"}, Locales())
}

func TestDatesSpeakTheLanguage(t *testing.T) {
	pt, en := In("pt-BR"), In("en")
	day := time.Date(2027, time.March, 1, 2, 5, 0, 0, time.UTC)
	require.Equal(t, "1º~de~março de~2027",
		visible(pt.Date(day)), "the first is an ordinal; a line ends before the year only")
	require.Equal(t, "22~de~dezembro de~2026", visible(pt.Date(time.Date(2026, 12, 22, 0, 0, 0, 0, time.UTC))))
	require.Equal(t, "1~March 2027", visible(en.Date(day)))
	require.Equal(t, "1~March 2027, 02:05", visible(en.DateTime(day)))
	require.Equal(t, "01/03/2027", pt.ShortDate(day))
	require.Equal(t, "1 March 2027", en.ShortDate(day))
	require.Equal(t, "Monday 1 March", en.WeekdayAndDate(day))
	require.Equal(t, "segunda-feira, 1 de março", pt.WeekdayAndDate(day))
	require.Equal(t, "sábado", pt.Weekday(time.Saturday))
}

func TestNumbersSpeakTheLanguage(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1.000", 1234567: "1.234.567"} {
		require.Equal(t, want, In("pt-BR").Number(n))
	}
	require.Equal(t, "1,234", In("en").Number(1234))
}

// A company's name that ends with a full stop ends the sentence too.
func TestAFullStopIsNotDoubled(t *testing.T) {
	for locale, want := range map[string]string{
		"en":    "A new account is opened for Loja S.A.",
		"pt-BR": "Abre-se uma conta nova para Loja S.A.",
	} {
		require.Equal(t, want,
			In(locale).Say("console.order.accept.new", Args{"company": "Loja S.A."}))
	}
	require.Equal(t, "As pessoas da sua empresa podem consultar a conta da Loja S.A. por 1 dia.",
		In("pt-BR").Count("customers.approve.says.READ_ONLY", 1, Args{"name": "Loja S.A."}))
}

func TestListsAreJoinedAsInASentence(t *testing.T) {
	require.Empty(t, In("en").List(nil))
	require.Equal(t, "a", In("en").List([]string{"a"}))
	require.Equal(t, "a e b", In("pt-BR").List([]string{"a", "b"}))
	require.Equal(t, "a, b and c", In("en").List([]string{"a", "b", "c"}))
}

// sample reads a language of the texts given, one file per pair.
func sample(t *testing.T, locale string, files ...string) (*Language, error) {
	t.Helper()
	folder := fstest.MapFS{}
	for i, content := range files {
		folder[locale+"/"+string(rune('a'+i))+".json"] = &fstest.MapFile{Data: []byte(content)}
	}
	return read(folder, locale)
}

func TestSayFillsPlaceholdersByTheirName(t *testing.T) {
	l, err := sample(t, "en", `{
		"a.order": "{second}, then {first} and {second} again: 100 % of $ %d",
		"a.plain": "nothing"
	}`)
	require.NoError(t, err)
	require.Equal(t, "2,000, then %s{second} and 2,000 again: 100 % of $ %d",
		l.Say("a.order", Args{"first": "%s{second}", "second": 2000}))
	require.Equal(t, "x, then {first} and x again: 100 % of $ %d", l.Say("a.order", Args{"second": "x", "other": 1}))
	require.Equal(t, "nothing", l.Say("a.plain", Args{"first": 1}))
	require.Equal(t, "no.such.key", l.Say("no.such.key"))
	require.True(t, l.Has("a.plain"))
	require.False(t, l.Has("a"))
}

func TestCountChoosesTheForm(t *testing.T) {
	l, err := sample(t, "pt-BR", `{
		"year": {"one": "{n} ano de {what}", "other": "{n} anos de {what}"},
		"unit": {"=0": "nenhuma", "one": "uma", "other": "várias"}
	}`)
	require.NoError(t, err)
	what := Args{"what": "garantia"}
	require.Equal(t, "1 ano de garantia", l.Count("year", 1, what))
	require.Equal(t, "1.200 anos de garantia", l.Count("year", 1200, what))
	require.Equal(t, "0 ano de garantia", l.Count("year", 0, what), "as CLDR counts in Portuguese")
	for n, want := range map[int64]string{0: "nenhuma", 1: "uma", 2: "várias"} {
		require.Equal(t, want, l.Count("unit", n))
	}
}

func TestReadRefusesWhatNobodyCouldMean(t *testing.T) {
	for problem, files := range map[string][]string{
		"two.files stands in a.json already": {`{"two.files": "x"}`, `{"two.files": "x"}`},
		"one.file stands in a.json already":  {`{"one.file": "x", "one.file": "y"}`},
		"is not a key":                       {`{"a b": "x"}`},
		`the form "" is empty`:               {`{"a": " "}`},
		"no language has":                    {`{"a": {"some": "x", "other": "y"}}`},
		"cannot unmarshal number":            {`{"a": 1}`},
		"not an object":                      {`["a"]`},
		"EOF":                                {`{"a": "x"`},
	} {
		_, err := sample(t, "en", files...)
		require.ErrorContains(t, err, problem)
	}
	_, err := sample(t, "no language", `{}`)
	require.Error(t, err)
	require.Panics(t, func() { mustRead(fstest.MapFS{"en/a.json": {Data: []byte(`{"a": ""}`)}}, "en") })
}
