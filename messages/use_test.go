package messages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// used is what the module's code and templates have of keys, tests apart.
type used struct {
	literals map[string]bool // every string; a key among them is used
	asked    []question
	begun    []string // beginnings to which code adds an end
}

// question is a place that asks for a text by its key.
type question struct {
	key     string
	counted bool     // with a number
	names   []string // of the values that it gives
	open    bool     // it gives values that are not to be seen here
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
			if name == "node_modules" || name == "testdata" || name == "bin" || name != ".." && strings.HasPrefix(name, ".") {
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
				u.readCall(method.Sel.Name, n.Args)
			}
		}
		return true
	})
	return nil
}

// readCall notes the key of a call of Say or Count, and the names of its values.
func (u *used) readCall(method string, args []ast.Expr) {
	first := map[string]int{"Say": 1, "Count": 2}[method] // of the values
	if first == 0 {
		return
	}
	if beginning, ok := beginningOf(args[0]); ok {
		u.begun = append(u.begun, beginning)
	}
	key, ok := literal(args[0])
	if !ok {
		return
	}

	q := question{key: key, counted: method == "Count"}
	for _, values := range args[min(first, len(args)):] {
		given, ok := values.(*ast.CompositeLit)
		q.open = q.open || !ok
		if !ok {
			continue
		}
		for _, element := range given.Elts {
			name, _ := literal(element.(*ast.KeyValueExpr).Key)
			q.names = append(q.names, name)
		}
	}
	u.asked = append(u.asked, q)
}

// beginningOf is the string with which a sum of strings begins.
func beginningOf(e ast.Expr) (string, bool) {
	sum, ok := e.(*ast.BinaryExpr)
	if !ok {
		return "", false
	}
	if beginning, nested := beginningOf(sum.X); nested {
		return beginning, true
	}
	return literal(sum.X)
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// readTemplate reads a template of the portal or of a mail.
func (u *used) readTemplate(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	trees := map[string]*parse.Tree{}
	tree := parse.New(path)
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(string(text), "", "", trees); err != nil {
		return err
	}
	for _, t := range trees {
		u.readNode(t.Root)
	}
	return nil
}

func (u *used) readNode(node parse.Node) {
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			u.readNode(child)
		}
	case *parse.ActionNode:
		u.readNode(n.Pipe)
	case *parse.TemplateNode:
		u.readNode(n.Pipe)
	case *parse.IfNode:
		u.readBranch(&n.BranchNode)
	case *parse.RangeNode:
		u.readBranch(&n.BranchNode)
	case *parse.WithNode:
		u.readBranch(&n.BranchNode)
	case *parse.PipeNode:
		if n == nil {
			return
		}
		for _, command := range n.Cmds {
			u.readCommand(command)
		}
	case *parse.StringNode:
		u.literals[n.Text] = true
	}
}

func (u *used) readBranch(n *parse.BranchNode) {
	u.readNode(n.Pipe)
	u.readNode(n.List)
	u.readNode(n.ElseList)
}

// readCommand notes the key of what a template calls to show a text: T and N are
// the portal's, the rest the mails'.
func (u *used) readCommand(c *parse.CommandNode) {
	for _, arg := range c.Args {
		u.readNode(arg)
	}
	at := map[string]int{"T": 1, "say": 1, "markup": 1, "N": 1, "count": 1, "word": 1, "wordOrCode": 1, "Problem": 2}
	name := calledBy(c)
	if at[name] == 0 || len(c.Args) <= at[name] {
		return
	}

	values := c.Args[at[name]+1:]
	switch key := c.Args[at[name]].(type) {
	case *parse.PipeNode: // (print "a." .B) or (printf "a.%s" .B)
		if text, ok := key.Cmds[0].Args[1].(*parse.StringNode); ok {
			beginning, _, _ := strings.Cut(text.Text, "%")
			u.begun = append(u.begun, beginning)
		}
	case *parse.StringNode:
		if strings.HasPrefix(name, "word") {
			u.begun = append(u.begun, key.Text)
			return
		}
		q := question{key: key.Text, counted: name == "N" || name == "count", open: name == "Problem"}
		if q.counted {
			values = values[1:]
		}
		for i := 0; i < len(values); i += 2 {
			if value, ok := values[i].(*parse.StringNode); ok {
				q.names = append(q.names, value.Text)
			}
		}
		u.asked = append(u.asked, q)
	}
}

// calledBy is the name of the function or method that a command calls.
func calledBy(c *parse.CommandNode) string {
	switch n := c.Args[0].(type) {
	case *parse.IdentifierNode:
		return n.Ident
	case *parse.FieldNode:
		return n.Ident[len(n.Ident)-1]
	case *parse.VariableNode:
		return n.Ident[len(n.Ident)-1]
	}
	return ""
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
	for key := range languages()[fallback].texts {
		assert.True(t, u.literals[key] || made[key], "nothing shows %s", key)
	}
	for key := range made {
		assert.True(t, languages()[fallback].Has(key), "code composes %s", key)
	}
}

func TestEveryTextThatIsAskedForExistsAndGetsItsValues(t *testing.T) {
	u := keysInUse(t)
	for _, q := range u.asked {
		require.True(t, languages()[fallback].Has(q.key), q.key)
		text := languages()[fallback].texts[q.key]
		require.Equal(t, q.counted, !text.invariable(), "%s counts, or it does not", q.key)
		if q.open {
			continue
		}
		if q.counted {
			q.names = append(q.names, counted)
		}
		slices.Sort(q.names)
		require.Equal(t, text.placeholders, q.names, "the values of %s", q.key)
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
			stem, _, _ := strings.Cut(end, ".")
			require.True(t, u.literals[stem], "no code knows %s%s", beginning, end)
		}
		require.False(t, slices.Contains(ends, ""), beginning)
	}
}
