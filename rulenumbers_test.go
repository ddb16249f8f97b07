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

// proved are the rules of the specification that a test's name carries: conventions, rules, our
// own rules, and golden vectors.
var proved = strings.Fields(`
	C1 C2 C3 C4 C5 C6 C7 C8

	R1 R2 R25a R25b R25c R27a R27b R27c R28a R28b R28c R28d R29 R30a R30b R31 R32a R32b R34a R34b
	R35a R35b R35c R35d R35e R38 R39a R39b R39c R40a R40b R41a R41b R41c R41d R41e R42 R43a R43b
	R43c R45a R45b R45c R47a R47b R47c R49a R49b R51a R51b R53a R53b R53c R55a R55b R55c R55d R55e
	R57a R57b R59a R59b R60 R70 R74 R75 R78a R78b R78c R78d R78e R80 R81a R81b R81c R82a R82b R84
	R88a R88b R88c R90a R90b R90c R92a R92b R92c R94 R96 R98 R100a R100b R100c R103 R105 R107a
	R107b R108 R109 R111a R111b R111c R113 R115a R115b R117a R117b R117c R119 R121 R123 R125a R125b
	R125c R125d

	S1 S2 S3 S4 S5 S6 S7 S8 S9 S10 S11 S12 S13 S14 S15 S16 S17 S18 S19 S20 S21 S22 S23 S24 S25 S26
	S27 S28 S29 S30 S31 S32 S33 S35 S36 S37 S38 S39 S40 S41 S42 S43 S44 S45 S46 S47 S48 S49 S50 S51
	S52 S53 S54 S55 S56 S57 S58 S59 S60 S61 S62 S63 S64 S65

	V1 V2 V3 V4 V5 V6 V7 V8 V9 V10 V11 V12 V13 V14 V15 V16 V17
`)

// toCome are the rules whose part of the service is not built, with what they wait for.
var toCome = map[string][]string{
	"webhooks to customers": {"S34"},
}

// A rule whose last test goes, or is given another name, is missed here, and so is a rule that
// is proved and still stands among those to come.
func TestEveryRuleHasATestThatCarriesItsNumber(t *testing.T) {
	named := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func Test(\w+)\(t \*testing\.T\)`)
	number := regexp.MustCompile(`^[CRSV][0-9]{1,3}[a-z]?$`)
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, name := range declared.FindAllStringSubmatch(string(text), -1) {
			for _, part := range strings.Split(name[1], "_") {
				if !number.MatchString(part) {
					break // numbers come first
				}
				named[part] = true
			}
		}
		return err
	})
	require.NoError(t, err)

	for _, rule := range proved {
		require.True(t, named[rule], "no test carries %s", rule)
	}
	for part, rules := range toCome {
		for _, rule := range rules {
			require.False(t, named[rule], "%s is proved: it waits no more for %s", rule, part)
			require.NotContains(t, proved, rule)
		}
	}
}

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
