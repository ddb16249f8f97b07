package workflows_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"
)

// goldenVersions are the histories on both sides of each step that workflows did not always have:
// of runs that took it, and of runs that came to its place under a release that did not know it.
var goldenVersions = map[string]struct{ before, after []string }{
	"asks the rows behind mails": {
		before: []string{"ticket_begun_by_mails_before"},
		after:  []string{"ticket_begun_by_mails"},
	},
	"listens when stuck": {
		before: []string{"rma_stuck_before_it_listened", "invitation_stuck_before_it_listened"},
		after:  []string{"rma_stuck", "invitation_stuck"},
	},
	"calendars": {
		before: []string{"sweep"},
		after:  []string{"sweep_calendars"},
	},
	"calendars-all-the-same": {
		before: []string{"sweep_failed_before"},
		after:  []string{"sweep_failed"},
	},
}

// Each step that is new has a history on both sides, which TestGoldenHistoriesReplay plays: those
// behind it have its mark, those before it have none.
func TestEachNewStepHasHistoriesOnBothSides(t *testing.T) {
	steps := newSteps(t)
	require.Len(t, goldenVersions, len(steps))
	for _, step := range steps {
		of, ok := goldenVersions[step]
		require.True(t, ok, "record histories on both sides of %q", step)
		require.NotEmpty(t, of.before, step)
		require.NotEmpty(t, of.after, step)
		for _, name := range of.before {
			require.NotContains(t, stepsTaken(t, name), step, name)
		}
		for _, name := range of.after {
			require.Contains(t, stepsTaken(t, name), step, name)
		}
	}
}

// newSteps are the names of the steps that the workflows ask for by version.
func newSteps(t *testing.T) (steps []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			called, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || called.Sel.Name != "GetVersion" && called.Sel.Name != "takesStep" {
				return true
			}
			if name, ok := call.Args[1].(*ast.BasicLit); ok { // the gate passes a name on
				step, err := strconv.Unquote(name.Value)
				require.NoError(t, err)
				steps = append(steps, step)
			}
			return true
		})
	}
	require.NotEmpty(t, steps)
	return steps
}

// stepsTaken are the new steps whose marks a history has.
func stepsTaken(t *testing.T, name string) (steps []string) {
	t.Helper()
	for _, e := range golden(t, name).Events {
		if e.EventType != enums.EVENT_TYPE_MARKER_RECORDED {
			continue
		}
		mark := e.GetMarkerRecordedEventAttributes()
		require.Equal(t, "Version", mark.MarkerName)
		var step string
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(
			mark.Details["change-id"], &step))
		steps = append(steps, step)
	}
	return steps
}
