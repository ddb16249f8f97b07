package api_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
)

// source is what the test reads of the service's code: the string constants of every
// package, and the codes with which something is refused.
type source struct {
	constants map[string]string // "package.Name" → value
	refused   map[string]string // code → file that refuses with it
	codeAt    map[string]int    // function → which of its parameters is a code
}

var looksLikeACode = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)

// readSource reads the packages that refuse.
func readSource(t *testing.T) source {
	s := source{
		constants: map[string]string{},
		refused:   map[string]string{},
		codeAt:    map[string]int{"Refuse": 0},
	}
	files := map[string]*ast.File{}
	for _, dir := range []string{
		"api", "attachment", "models", "rules", "strictjson", "orderfile", "roomfile", "rowfile",
	} {
		root := filepath.Join("..", dir)
		require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") ||
				strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			files[path] = file
			return err
		}))
	}

	for _, path := range slices.Sorted(maps.Keys(files)) {
		s.readConstants(files[path])
	}
	for range 2 { // a constant may be named after one of another package
		for _, path := range slices.Sorted(maps.Keys(files)) {
			s.readConstants(files[path])
		}
	}
	for known := -1; known < len(s.codeAt); { // one function may hand a code on to another
		known = len(s.codeAt)
		for _, path := range slices.Sorted(maps.Keys(files)) {
			s.readParameters(files[path])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		s.readRefusals(path, files[path])
		s.readReasons(path, files[path])
	}

	return s
}

func (s source) readConstants(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			if i < len(spec.Values) {
				if value := s.value(file.Name.Name, spec.Values[i]); value != "" {
					s.constants[file.Name.Name+"."+name.Name] = value
				}
			}
		}
		return true
	})
}

// value is the text that an expression stands for, "" when that is not known from it.
func (s source) value(pkg string, e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.Ident:
		return s.constants[pkg+"."+e.Name]
	case *ast.SelectorExpr:
		if from, ok := e.X.(*ast.Ident); ok {
			return s.constants[from.Name+"."+e.Sel.Name]
		}
	}
	return ""
}

// readParameters notes the functions that get a code as a parameter, and refuse with it.
func (s source) readParameters(file *ast.File) {
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}

		at := map[string]int{}
		i := 0
		for _, field := range f.Type.Params.List {
			for _, name := range field.Names {
				if of, ok := field.Type.(*ast.Ident); ok && of.Name == "string" {
					at[name.Name] = i
				}
				i++
			}
		}
		isCode := func(e ast.Expr) {
			if name, ok := e.(*ast.Ident); ok {
				if i, parameter := at[name.Name]; parameter {
					s.codeAt[f.Name.Name] = i
				}
			}
		}

		ast.Inspect(f.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if i, known := s.codeAt[called(n.Fun)]; known && i < len(n.Args) {
					isCode(n.Args[i])
				}
			case *ast.CompositeLit:
				for _, literal := range refusals(n) {
					noteCode(literal, isCode)
				}
			}
			return true
		})
	}
}

// readReasons notes the codes of review_reasons, which are constants of these beginnings.
func (s source) readReasons(path string, file *ast.File) {
	if of := file.Name.Name; of != "ordering" && of != "rma" {
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			for _, name := range spec.Names {
				code := s.constants[file.Name.Name+"."+name.Name]
				if reasonName.MatchString(name.Name) && looksLikeACode.MatchString(code) {
					s.refused[code] = path
				}
			}
		}
		return true
	})
}

var reasonName = regexp.MustCompile(`^(Reason|Review)[A-Z]`)

// readRefusals notes every code that is given to a function or a literal that makes a
// refusal, a field's error or a warning.
func (s source) readRefusals(path string, file *ast.File) {
	note := func(e ast.Expr) {
		if code := s.value(file.Name.Name, e); looksLikeACode.MatchString(code) {
			s.refused[code] = path
		}
	}

	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if i, known := s.codeAt[called(n.Fun)]; known && i < len(n.Args) {
				note(n.Args[i])
			}
			switch called(n.Fun) {
			case "Fail", "Warn", "fail", "warn":
				for _, arg := range n.Args[:min(2, len(n.Args))] {
					note(arg)
				}
			}
		case *ast.CompositeLit:
			for _, literal := range refusals(n) {
				noteCode(literal, note)
			}
		}
		return true
	})
}

// refusals returns the refusals or fields' errors of a literal: itself, or those that it lists.
func refusals(n *ast.CompositeLit) []ast.Expr {
	of, literals := n.Type, []ast.Expr{n}
	if list, ok := n.Type.(*ast.ArrayType); ok {
		of, literals = list.Elt, n.Elts
	}
	if name := called(of); name != "FieldError" && name != "Error" {
		return nil
	}
	return literals
}

func called(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// noteCode notes the field Code of a literal.
func noteCode(literal ast.Expr, note func(ast.Expr)) {
	fields, ok := literal.(*ast.CompositeLit)
	if !ok {
		return
	}
	for _, element := range fields.Elts {
		if kv, ok := element.(*ast.KeyValueExpr); ok && called(kv.Key) == "Code" {
			note(kv.Value)
		}
	}
}

// explained is the table of codes as it is served.
func explained(t *testing.T) map[string]api.Code {
	content, err := os.ReadFile("errors.json")
	require.NoError(t, err)
	var codes []api.Code
	require.NoError(t, json.Unmarshal(content, &codes))

	table := map[string]api.Code{}
	for _, c := range codes {
		require.NotContains(t, table, c.Code, "it stands twice")
		table[c.Code] = c
	}
	return table
}

func TestEveryCodeIsExplainedAndEveryExplainedCodeExists(t *testing.T) {
	src, table := readSource(t), explained(t)
	require.Greater(t, len(src.refused), 80, "the test reads the code")

	var lacking []string
	for _, code := range slices.Sorted(maps.Keys(src.refused)) {
		if _, ok := table[code]; !ok {
			lacking = append(lacking, code+" of "+src.refused[code])
		}
	}

	known := map[string]bool{}
	for _, value := range src.constants {
		known[value] = true
	}
	for code := range src.refused {
		known[code] = true
	}
	for code := range api.Statuses() {
		if _, ok := table[code]; !ok {
			lacking = append(lacking, code+" of api/problem.go")
		}
		known[code] = true
	}
	require.Empty(t, strings.Join(lacking, "\n"), "api/errors.json does not explain these codes")

	for code, c := range table {
		require.True(t, known[code], "nothing in the code is called %s", code)
		require.NotEmpty(t, c.Means, code)
		require.NotEmpty(t, c.Do, code)
		require.NotRegexp(t, ruleNumber, c.Means+c.Do, code)
	}
}
