package roomcover_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Code is 100 columns wide at most, tests 120; a tab counts as four columns.
const (
	codeWidth = 100
	testWidth = 120
)

// listedOnly are the lines that are listed when they are too wide, and do not fail: tests.
var listedOnly = regexp.MustCompile(`_test\.go:`)

var (
	// address is what cannot be wrapped.
	address = regexp.MustCompile(`https?://`)
	// structTag ends the line of a field.
	structTag = regexp.MustCompile("`[a-z]+:\".*\"`( *//.*)?$")
	// tableRow is a case of a table in a test.
	tableRow = regexp.MustCompile(`^\t+(\{.*\},?|"[^"]*": +\{.*\},)( *//.*)?$`)

	generatedCode = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
)

func TestCodeIsNotTooWide(t *testing.T) {
	var wide []string
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && file == "bin" { // what was built here, an earlier program's source too
			return filepath.SkipDir
		}
		if err != nil || entry.IsDir() || filepath.Ext(file) != ".go" {
			return err
		}

		text, err := os.ReadFile(file)
		if err != nil || generatedCode.Match(text) {
			return err
		}
		wide = append(wide, tooWide(file, text)...)
		return nil
	})
	require.NoError(t, err)

	t.Logf("%d lines are too wide\n%s", len(wide), strings.Join(wide, "\n"))
	require.Empty(t, slices.DeleteFunc(wide, listedOnly.MatchString))
}

// tooWide lists the lines of a file that are wider than they may be.
func tooWide(file string, text []byte) []string {
	test := strings.HasSuffix(file, "_test.go")
	most := codeWidth
	if test {
		most = testWidth
	}

	var out []string
	for i, line := range bytes.Split(text, []byte("\n")) {
		columns := utf8.RuneCount(line) + 3*bytes.Count(line, []byte("\t"))
		switch {
		case columns <= most, address.Match(line), structTag.Match(line):
		case test && tableRow.Match(line):
		default:
			out = append(out, fmt.Sprintf("%s:%d: %d columns", file, i+1, columns))
		}
	}
	return out
}
