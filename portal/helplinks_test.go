package portal

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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/portal/help"
)

// Each page leads to an answer about what it shows; the help itself has its own links.
func TestR2_EachPageLeadsToItsAnswer(t *testing.T) {
	book, err := help.Read(messages.Locales())
	require.NoError(t, err)
	asked := regexp.MustCompile(`\.Help "([^"]+)"`)

	files, err := fs.Glob(templateFiles, "templates/pages/*.html")
	require.NoError(t, err)
	require.Greater(t, len(files), 30)
	for _, file := range files {
		text, err := templateFiles.ReadFile(file)
		require.NoError(t, err)
		found := asked.FindAllStringSubmatch(string(text), -1)
		for _, m := range found {
			require.True(t, book.Has(m[1]), "%s leads to %s", file, m[1])
		}

		name := strings.TrimSuffix(filepath.Base(file), ".html")
		byItself := name == "help" || name == "helpchapter" || name == "list" || name == "record" ||
			strings.Contains(string(text), ".HelpOn ") || strings.Contains(string(text), ".HelpHere")
		assert.True(t, byItself || len(found) > 0,
			`%s: put {{template "help" ($.Help "an-anchor")}} beside its heading`, file)
	}
}

// The addresses that ask for a confirmation each have an answer.
func TestR2_EachConfirmationLeadsToItsAnswer(t *testing.T) {
	book, err := help.Read(messages.Locales())
	require.NoError(t, err)
	for _, path := range irreversible {
		first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		require.True(t, book.Has(helpOnPages[first]), "%s: add it to helpOnPages", path)
	}
}

// Each error that a page can show leads to an answer that is there in every language.
func TestR2_EachErrorLeadsToItsAnswer(t *testing.T) {
	book, err := help.Read(messages.Locales())
	require.NoError(t, err)
	for key, anchor := range helpOnProblems {
		require.True(t, book.Has(anchor), "%s leads to %s, which does not exist", key, anchor)
	}

	keys := problemKeys(t)
	for _, known := range []string{
		"problem.readonly", "problem.limited", "email.invalid", "password.short", "code.wrong", "proof.wrong",
		"sites.wrong.region", "refusal.NOT_COVERED", "refusal.two", "timezone.choose", "claim.serial.wrong",
	} {
		require.Contains(t, keys, known, "the errors of the code are found")
	}
	for _, key := range keys {
		assert.True(t, book.Has(helpOnProblem(key)), "%s: add it to helpOnProblems", key)
	}
}

var messageKey = regexp.MustCompile(`^[a-z]+(\.[A-Za-z_0-9]+)+$`)

// problemKeys are the keys of the messages that say what is wrong: those that code gives to a
// field named so, returns from a function named so, or blames a field with; the pages of
// refusals; and what a key in code is the beginning of.
func problemKeys(t *testing.T) []string {
	t.Helper()
	en := messages.In("en")
	found := map[string]bool{}
	note := func(key string) {
		if messageKey.MatchString(key) && en.Has(key) && !strings.HasPrefix(key, "flash.") {
			found[key] = true
		}
	}
	literals := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, _ := strconv.Unquote(lit.Value)
				note(text)
			}
			return true
		})
	}
	problem := func(name string) bool { return strings.Contains(strings.ToLower(name), "problem") }

	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if problem(n.Name.Name) && n.Name.Name != "problem" || n.Name.Name == "nameProblem" {
					literals(n.Body)
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && problem(key.Name) {
					literals(n.Value)
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if to, ok := left.(*ast.SelectorExpr); ok && problem(to.Sel.Name) && i < len(n.Rhs) {
						literals(n.Rhs[i])
					}
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok {
					switch {
					case f.Sel.Name == "blame" || f.Sel.Name == "codePage":
						for _, arg := range n.Args {
							literals(arg)
						}
					case f.Sel.Name == "problem" || f.Sel.Name == "tooMany":
						if lit, ok := n.Args[len(n.Args)-1].(*ast.BasicLit); ok {
							kind, _ := strconv.Unquote(lit.Value)
							require.True(t, en.Has("problem."+kind+".title"), kind)
							found["problem."+kind] = true
						}
					}
				}
			}
			return true
		})
	}

	// Returned by functions that have other names: everything that is said to be wrong.
	wrong := regexp.MustCompile(`"((?:[a-z]+\.)+(?:missing|wrong|long|short|common|personal|unusable|unseen|link|` +
		`invalid|choose|already|role|expired|tried))"`)
	text, err := os.ReadFile("../messages/en/portal.json")
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`"((?:refusal|password)\.[A-Za-z_.]+)"`).FindAllStringSubmatch(string(text), -1) {
		if m[1] != "password.hint" {
			note(m[1])
		}
	}
	for _, m := range wrong.FindAllStringSubmatch(sources(t), -1) {
		if m[1] != "colleagues.role" && m[1] != "invitation.role" && m[1] != "pending.expired" {
			note(m[1])
		}
	}

	var keys []string
	for key := range found {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
