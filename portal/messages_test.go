package portal

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
)

var placeholder = regexp.MustCompile(`\{\w+\}`)

func TestBothLanguagesSayTheSameThings(t *testing.T) {
	pt, en := tongues["pt-BR"].texts, tongues["en"].texts
	for key, text := range pt {
		require.Contains(t, en, key)
		require.NotEmpty(t, text, key)
		a, b := placeholder.FindAllString(text, -1), placeholder.FindAllString(en[key], -1)
		slices.Sort(a)
		slices.Sort(b)
		require.Equal(t, a, b, key)
	}
	require.Len(t, en, len(pt))
}

// composed are the keys that code puts together, by their beginning.
var composed = []string{"service.", "contract.", "claimstate.", "problem.", "onboarding.", "date.", "number.",
	"rma.", "next.", "reject.", "fee.", "outcome.", "event.", "refusal.", "spare.", "sparenext."}

func TestEveryTextIsUsedAndEveryUsedTextExists(t *testing.T) {
	source := sources(t)
	for key := range tongues["en"].texts {
		stem := strings.TrimSuffix(strings.TrimSuffix(key, ".one"), ".other") // a counted text
		used := strings.Contains(source, `"`+stem+`"`) || slices.ContainsFunc(composed, func(p string) bool { return strings.HasPrefix(key, p) })
		require.True(t, used, "%s is never shown", key)
	}
	for _, m := range regexp.MustCompile(`\.(?:T|Problem "[a-z-]+") "([a-z0-9.]+)"`).FindAllStringSubmatch(source, -1) {
		require.Contains(t, tongues["en"].texts, m[1])
	}
	for _, m := range regexp.MustCompile(`(?:say\(|title: |Problem: |done\("[^"]*", |return )"([a-z]+\.[a-z0-9.]+)"`).FindAllStringSubmatch(source, -1) {
		require.Contains(t, tongues["en"].texts, m[1])
	}
	for _, m := range regexp.MustCompile(`(?:\.N |count\()"([a-z.]+)"`).FindAllStringSubmatch(source, -1) {
		require.Contains(t, tongues["en"].texts, m[1]+".one")
		require.Contains(t, tongues["en"].texts, m[1]+".other")
	}
	for _, m := range regexp.MustCompile(`problem\(http\.\w+, "([a-z]+)"`).FindAllStringSubmatch(source, -1) {
		require.Contains(t, tongues["en"].texts, "problem."+m[1]+".title")
		require.Contains(t, tongues["en"].texts, "problem."+m[1]+".text")
	}
}

func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && d.Name() == "node_modules" {
				return fs.SkipDir
			}
			return err
		}
		if strings.HasSuffix(path, ".html") || (strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")) {
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		}
		return nil
	}))
	return all.String()
}

func TestTemplatesHoldNoTextsOfTheirOwn(t *testing.T) {
	tags := regexp.MustCompile(`(?s)<[^>]*>|\{\{.*?\}\}|<!--.*?-->`)
	files, err := fs.Glob(templateFiles, "templates/pages/*.html")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		text, err := templateFiles.ReadFile(f)
		require.NoError(t, err)
		require.NotRegexp(t, `[A-Za-zÀ-ú]{3}`, tags.ReplaceAllString(tags.ReplaceAllString(string(text), " "), " "), f)
	}
}

// visible shows the blanks at which no line ends.
func visible(text string) string { return strings.ReplaceAll(text, noBreak, "~") }

func TestDatesAndNumbersSpeakTheLanguage(t *testing.T) {
	d := civil.Date{Year: 2027, Month: time.March, Day: 1}
	require.Equal(t, "1º~de~março de~2027", visible(tongues["pt-BR"].day(d)), "the first is an ordinal, as in the mails; a line ends before \"de 2027\" only")
	require.Equal(t, "1~March 2027", visible(tongues["en"].day(d)))
	require.Equal(t, "31~December 2026", visible(tongues["en"].dayIn(time.Date(2027, 1, 1, 2, 0, 0, 0, time.UTC), "America/Sao_Paulo")))
	require.Equal(t, "1~January 2027, 02:00", visible(tongues["en"].moment(time.Date(2027, 1, 1, 2, 0, 0, 0, time.UTC), "no such zone")))
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1.000", 1234567: "1.234.567"} {
		require.Equal(t, want, tongues["pt-BR"].number(n))
	}
	require.Equal(t, "1 year", tongues["en"].count("term", 1))
	require.Equal(t, "3 anos", tongues["pt-BR"].count("term", 3))
	require.Equal(t, "no.such.key", tongues["en"].say("no.such.key"))
}
