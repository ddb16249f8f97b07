package messages

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

// used is what the module's code and templates have of keys, tests apart.
type used struct {
	literals map[string]bool // every string; a key among them is used
	asked    []string        // keys that are asked for by themselves
	counted  []string        // keys that are asked for with a number
	begun    []string        // beginnings to which code adds an end
}

// keysInUse reads the Go files and templates of the module.
func keysInUse(t *testing.T) *used {
	t.Helper()
	u := &used{literals: map[string]bool{}}
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == "node_modules" || name == "testdata" || name != ".." && strings.HasPrefix(name, ".") {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case strings.HasSuffix(name, "_test.go"):
			return nil
		case strings.HasSuffix(name, ".go"):
			return u.readGo(path)
		case strings.Contains(path, "/templates/"):
			return u.readTemplate(path)
		}
		return nil
	}))
	require.Greater(t, len(u.literals), 1000, "the sources were read")
	require.Greater(t, len(u.asked), 100, "and the keys in them")
	return u
}

func (u *used) readGo(path string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if text, ok := literal(n); ok {
				u.literals[text] = true
			}
		case *ast.CallExpr:
			if method, ok := n.Fun.(*ast.SelectorExpr); ok && len(n.Args) > 0 {
				u.readCall(method.Sel.Name, n.Args[0])
			}
		}
		return true
	})
	return nil
}

// readCall notes the key of a call of Say or Count.
func (u *used) readCall(method string, key ast.Expr) {
	if method != "Say" && method != "Count" {
		return
	}
	if sum, ok := key.(*ast.BinaryExpr); ok {
		for { // the beginning of "a" + b + "c"
			left, nested := sum.X.(*ast.BinaryExpr)
			if !nested {
				break
			}
			sum = left
		}
		if text, ok := literal(sum.X); ok {
			u.begun = append(u.begun, text)
		}
		return
	}
	if text, ok := literal(key); ok && method == "Count" {
		u.counted = append(u.counted, text)
	} else if ok {
		u.asked = append(u.asked, text)
	}
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

var (
	inQuotes      = regexp.MustCompile(`"([^"\s]+)"`)
	askedInPage   = regexp.MustCompile(`(?:\.T|\.Problem "[a-z-]+"|\bsay|\bmarkup) "([^"]+)"`)
	countedInPage = regexp.MustCompile(`\.N "([^"]+)"`)
)

func (u *used) readTemplate(path string) error {
	text, err := os.ReadFile(path)
	for _, m := range inQuotes.FindAllSubmatch(text, -1) {
		u.literals[string(m[1])] = true
	}
	for _, m := range askedInPage.FindAllSubmatch(text, -1) {
		u.asked = append(u.asked, string(m[1]))
	}
	for _, m := range countedInPage.FindAllSubmatch(text, -1) {
		u.counted = append(u.counted, string(m[1]))
	}
	return err
}

func TestEveryTextIsUsed(t *testing.T) {
	u := keysInUse(t)
	made := map[string]bool{}
	for beginning, ends := range composed {
		for _, end := range ends {
			made[beginning+end] = true
		}
	}
	for ending, beginnings := range endings {
		for _, beginning := range beginnings {
			made[beginning+ending] = true
		}
	}
	for key := range languages[fallback].texts {
		require.True(t, u.literals[key] || made[key], "nothing shows %s", key)
	}
	for key := range made {
		require.True(t, languages[fallback].Has(key), "code composes %s", key)
	}
}

func TestEveryTextThatIsAskedForExists(t *testing.T) {
	u := keysInUse(t)
	for _, key := range u.asked {
		require.True(t, languages[fallback].Has(key), key)
		require.True(t, languages[fallback].texts[key].invariable(), "%s needs a number", key)
	}
	for _, key := range u.counted {
		require.True(t, languages[fallback].Has(key), key)
		require.False(t, languages[fallback].texts[key].invariable(), "%s counts nothing", key)
	}
	for _, beginning := range u.begun {
		require.NotEmpty(t, composed[beginning], "list the ends that code adds to %s", beginning)
	}
}

// An end that a list here gives is one that the code knows: the list is not kept
// alive by itself.
func TestComposedKeysAreKnownToTheCode(t *testing.T) {
	u := keysInUse(t)
	for beginning, ends := range composed {
		for _, end := range ends {
			if slices.Contains(ofNoString, beginning) {
				continue
			}
			stem := strings.TrimSuffix(strings.TrimSuffix(end, ".title"), ".text")
			require.True(t, u.literals[stem], "no code knows %s%s", beginning, end)
		}
		require.False(t, slices.Contains(ends, ""), beginning)
	}
}
