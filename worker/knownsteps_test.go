package worker

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// asksWithoutGate are the files that may ask for a version past the gate, and why.
var asksWithoutGate = map[string]string{
	"gate.go":  "it is the gate",
	"sweep.go": "its steps are older than the gate, and every worker knows them",
}

// A step that is new raises knownSteps, since workers are told apart by it alone.
func TestKnownStepsCountsTheStepsOfTheWorkflows(t *testing.T) {
	files, err := filepath.Glob("../workflows/*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)

	steps, asking := map[string]bool{}, map[string]bool{}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		name := filepath.Base(path)
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			called, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			switch called.Sel.Name {
			case "GetVersion":
				asking[name] = true
			case "takesStep":
				step, literal := call.Args[1].(*ast.BasicLit)
				require.True(t, literal, "%s: name the step where it is taken", name)
				steps[step.Value] = true
			}
			return true
		})
	}

	require.Len(t, steps, knownSteps, "raise knownSteps with each new step")
	for name := range asking {
		require.Contains(t, asksWithoutGate, name, "a new step goes through takesStep")
	}
	require.Len(t, asking, len(asksWithoutGate), "list no file that asks for none")
}
