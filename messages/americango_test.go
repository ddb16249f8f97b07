package messages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	// aSentence finds texts that people read, as refusals, tasks, help and output are.
	aSentence = regexp.MustCompile(`[A-Za-z,.;:)%][ \n]+[a-z(]`)
	// aQuery finds SQL among them.
	aQuery = regexp.MustCompile(`\b(SELECT|FROM|WHERE|JOIN|UPDATE|INSERT|EXISTS|CASE|ORDER BY|AND|OR|IN|IS|AS)\b|[=<>] ?[?'@]`)
	// aName finds names of flags, events, fields and codes, and examples of commands.
	aName = regexp.MustCompile(`--[\w-]+|\b\w+\.\w+\b|\b\w*_\w*\b|\b[A-Z][A-Z]+\b|'[\w ]+'`)
)

// What Go says to people is spelled as Americans spell, wherever it stands: in refusals and
// their remedies, in tasks, and in what the command line prints. Names of fields, codes and
// columns keep the spelling with which they were published.
func TestWhatGoSaysIsAmerican(t *testing.T) {
	read := 0
	err := filepath.WalkDir("..", func(path string, f fs.DirEntry, err error) error {
		if err != nil || f.IsDir() || !strings.HasSuffix(path, ".go") ||
			strings.HasSuffix(path, "_test.go") {
			return err
		}

		for _, said := range saidIn(t, path) {
			read++
			require.NotRegexp(t, british, aName.ReplaceAllString(said.text, ""), said.at)
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, read, 1000)
}

// saying is a text of the source, and where it stands.
type saying struct {
	text string
	at   token.Position
}

// notSaid are texts that nobody is told: words that are looked for, and what an earlier release
// said.
var notSaid = []string{"{program} order cancelled", "direccion sac atendimento"}

// saidIn returns the texts of a Go file that people read: the explanations in its tags too.
func saidIn(t *testing.T, path string) []saying {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, 0)
	require.NoError(t, err)

	var out []saying
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			if n.Tag != nil {
				tag := reflect.StructTag(strings.Trim(n.Tag.Value, "`"))
				at := files.Position(n.Tag.Pos())
				out = append(out, saying{tag.Get("doc"), at}, saying{tag.Get("help"), at})
				n.Tag = nil
			}
		case *ast.BasicLit:
			if n.Kind != token.STRING {
				return false
			}
			text, err := strconv.Unquote(n.Value)
			require.NoError(t, err)
			searched := slices.ContainsFunc(notSaid, func(part string) bool {
				return strings.Contains(text, part)
			})
			if aSentence.MatchString(text) && !aQuery.MatchString(text) && !searched {
				out = append(out, saying{text, files.Position(n.Pos())})
			}
		}
		return true
	})
	return out
}
