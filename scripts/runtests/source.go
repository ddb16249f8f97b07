package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// manyAtOnce are packages whose own code is about things at once: all of their tests run
// with the race detector.
var manyAtOnce = []string{"clock", "server", "worker", "mail/smtptest", "carrier/simulator"}

// pure are the packages that decide from their inputs and share nothing: where their tests do
// things at once, it is for speed.
const pure = "rules/"

// heardElsewhere are tests that do things at once and take the detector long, by the test that lets
// it hear the same.
var heardElsewhere = map[string]string{
	"TestS54_TheConsoleAmongManyTickets": "TestS54_WhoPullAtOnceNeverGetTheSame",
}

// eachPackage calls fn for each package that has tests, with the files of these. The packages with
// the most to read come first: they run the longest, and none of them shall begin at the end.
func eachPackage(dir string, patterns []string, fn func(path string, files []string) error) error {
	const fields = "-json=ImportPath,Dir,TestGoFiles,XTestGoFiles"
	cmd := exec.Command("go", append([]string{"list", fields}, patterns...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, append(os.Environ(), "CGO_ENABLED=0"), os.Stderr

	list, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}

	var all []tested
	for d := json.NewDecoder(strings.NewReader(string(list))); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}

		t, err := p.tested()
		if err != nil {
			return err
		}
		if len(t.files) > 0 {
			all = append(all, t)
		}
	}

	slices.SortFunc(all, func(a, b tested) int {
		return cmp.Or(cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.path, b.path))
	})
	for _, t := range all {
		if err := fn(t.path, t.files); err != nil {
			return err
		}
	}
	return nil
}

// listed is what go list says of a package.
type listed struct {
	ImportPath   string
	Dir          string
	TestGoFiles  []string
	XTestGoFiles []string
}

// tested is a package with the files of its tests.
type tested struct {
	path  string
	files []string
	bytes int64 // of the files
}

func (p listed) tested() (tested, error) {
	t := tested{path: p.ImportPath}
	for _, name := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
		file := filepath.Join(p.Dir, name)
		info, err := os.Stat(file)
		if err != nil {
			return tested{}, err
		}
		t.files, t.bytes = append(t.files, file), t.bytes+info.Size()
	}
	return t, nil
}

// source is what the files of one package's tests declare. The name of a method begins with a
// point, since what mentions x.run does not use a function named run.
type source struct {
	tests    []string
	starts   map[string]bool     // the functions that start goroutines
	launches map[string]bool     // the functions that start processes
	halves   map[string]bool     // the functions that run something on each database
	mentions map[string][]string // the names that a function uses
}

func parse(files []string) (source, error) {
	s := source{
		starts:   map[string]bool{},
		launches: map[string]bool{},
		halves:   map[string]bool{},
		mentions: map[string][]string{},
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return source{}, err
		}

		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				s.add(f)
			}
		}
	}

	return s, nil
}

func (s *source) add(f *ast.FuncDecl) {
	name := f.Name.Name
	if f.Recv != nil {
		name = "." + name
	}
	if strings.HasPrefix(name, "Test") && name != "TestMain" {
		s.tests = append(s.tests, name)
	}

	var look func(n ast.Node) bool
	look = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			s.starts[name] = true
		case *ast.SelectorExpr:
			if n.Sel.Name == "AtOnce" || n.Sel.Name == "Go" {
				s.starts[name] = true
			}
			if n.Sel.Name == "Each" {
				s.halves[name] = true
			}
			if of, ok := n.X.(*ast.Ident); ok && of.Name == "exec" {
				s.launches[name] = true
			}
			s.mentions[name] = append(s.mentions[name], "."+n.Sel.Name)
			ast.Inspect(n.X, look)
			return false
		case *ast.Ident:
			s.mentions[name] = append(s.mentions[name], n.Name)
		}
		return true
	}
	ast.Inspect(f.Body, look)
}

// atOnce finds the tests that do things at once: those that start goroutines, themselves
// or by way of a function of their package's tests. It goes by their source, so that a new test
// is never forgotten. Tests of whole processes are not among them: what they start at once are
// processes, which the detector makes slow and in which it would be heard by nobody.
func (s *source) atOnce() []string {
	var out []string
	for _, name := range s.tests {
		if heardElsewhere[name] != "" || s.reaches(name, s.launches, map[string]bool{}) {
			continue
		}
		if s.reaches(name, s.starts, map[string]bool{}) {
			out = append(out, name)
		}
	}
	return out
}

// onEachDatabase finds the tests of which the detector runs the half on PostgreSQL alone.
func (s *source) onEachDatabase() []string {
	var out []string
	for _, name := range s.tests {
		if s.reaches(name, s.halves, map[string]bool{}) {
			out = append(out, name)
		}
	}
	return out
}

// reaches reports whether a function is one of those wanted or uses one, itself or by way of
// others.
func (s *source) reaches(name string, wanted, seen map[string]bool) bool {
	if wanted[name] || seen[name] {
		return wanted[name]
	}

	seen[name] = true
	return slices.ContainsFunc(s.mentions[name], func(next string) bool {
		_, ours := s.mentions[next]
		return ours && s.reaches(next, wanted, seen)
	})
}
