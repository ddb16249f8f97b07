package roomcover_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ruleNumber is how the specification numbers its rules. The reader of a page, a mail, an
// error or the reference does not have it.
var ruleNumber = regexp.MustCompile(`\b[RSCA][0-9]{1,3}[a-z]?\b`)

// noRules are texts that look like a rule's number and are none.
var noRules = []string{
	"A4", // of paper
}

// explained is where the reference says what each number in the field "rule" means.
const explained = "api/operations/get-coverage.md"

func TestTheReferenceExplainsEveryRuleOfAnAnswer(t *testing.T) {
	text, err := os.ReadFile(explained)
	require.NoError(t, err)
	source, err := os.ReadFile("rules/cover/answer.go")
	require.NoError(t, err)

	told := 0
	for _, rule := range regexp.MustCompile(`Rule: +"(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		require.Contains(t, string(text), rule[1]+",")
		told++
	}
	require.Greater(t, told, 20)
}

// What people read names no rule by its number: nothing explains the number to them. The field
// "rule" of an answer on cover is for programs; the reference explains its values.
func TestNoTextForPeopleNamesARuleByItsNumber(t *testing.T) {
	read := 0
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != "." && (strings.HasPrefix(d.Name(), ".") ||
				slices.Contains([]string{"dev", "node_modules", "testdata", "bin", "data"}, d.Name())) {
				return fs.SkipDir
			}
			return nil
		}

		switch {
		case strings.HasSuffix(path, "_test.go"):
			return nil
		case strings.HasSuffix(path, ".go"):
			read++
			return noRuleIn(t, path)
		case strings.HasPrefix(path, "messages/"), strings.Contains(path, "/templates/"),
			strings.HasPrefix(path, "api/operations/"), strings.HasPrefix(path, "api/docspage/") &&
				strings.HasSuffix(path, ".html"):
			read++
			text, err := os.ReadFile(path)
			if path != explained {
				require.Empty(t, numbersIn(string(text)), "%s", path)
			}
			return err
		}
		return nil
	}))
	require.Greater(t, read, 300)
}

// Nor do the documents, apart from what stands in code, such as the name of a test. Whoever
// works on the service reads CONTRIBUTING.md, which says how tests are named.
func TestNoDocumentNamesARuleByItsNumber(t *testing.T) {
	documents, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	decisions, err := filepath.Glob("docs/decisions/*.md")
	require.NoError(t, err)
	documents = append(documents, decisions...)
	require.Greater(t, len(documents), 10)

	for _, document := range append(documents, "README.md", "CHANGELOG.md", "CONTRIBUTING.md") {
		raw, err := os.ReadFile(document)
		require.NoError(t, err)
		text := quoted.ReplaceAllString(codeBlock.ReplaceAllString(string(raw), ""), "")
		require.Empty(t, numbersIn(text), document)
		require.NotRegexp(t, `\bRULES\b|\b[LV][0-9]{1,3}\b`, text, document)
	}
}

// noRuleIn looks at the strings of a Go file, the struct tags with the reference's texts among
// them.
func noRuleIn(t *testing.T, path string) error {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, 0)
	if err != nil {
		return err
	}

	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			key, ok := n.Key.(*ast.Ident)
			return !ok || key.Name != "Rule"
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if n.Kind == token.STRING && err == nil && !strings.HasPrefix(text, "SELECT ") {
				require.Empty(t, numbersIn(text), "%s", fset.Position(n.Pos()))
			}
		}
		return true
	})
	return nil
}

func numbersIn(text string) []string {
	return slices.DeleteFunc(ruleNumber.FindAllString(text, -1),
		func(number string) bool { return slices.Contains(noRules, number) })
}
