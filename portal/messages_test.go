package portal

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
)

// The texts that pages name by their key alone, without asking for them: titles,
// messages to show once, problems.
func TestEveryTextThatAPageNamesExists(t *testing.T) {
	source, en := sources(t), messages.In("en")
	for _, m := range regexp.MustCompile(`(?:title: |Problem: |done\("[^"]*", |return )"([a-z]+\.[a-z0-9.]*[a-z0-9])"`).
		FindAllStringSubmatch(source, -1) {
		require.True(t, en.Has(m[1]), m[1])
	}
	for _, m := range regexp.MustCompile(`problem\(http\.\w+, "([a-z]+)"`).FindAllStringSubmatch(source, -1) {
		require.True(t, en.Has("problem."+m[1]+".title"), m[1])
		require.True(t, en.Has("problem."+m[1]+".text"), m[1])
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
		if strings.HasSuffix(path, ".html") ||
			(strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")) {
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

func TestDaysAreThoseOfTheZone(t *testing.T) {
	v := &visit{language: messages.In("en")}
	at := time.Date(2027, 1, 1, 2, 0, 0, 0, time.UTC)
	require.Equal(t, "1~January 2027", visible(v.day(civil.DateOf(at))))
	require.Equal(t, "31~December 2026", visible(v.dayIn(at, "America/Sao_Paulo")))
	require.Equal(t, "31~December 2026, 23:00", visible(v.moment(at, "America/Sao_Paulo")))
	require.Equal(t, "1~January 2027, 02:00", visible(v.moment(at, "no such zone")))
}
