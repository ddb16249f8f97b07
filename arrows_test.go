package roomcover_test

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "roomcover.dev/roomcover/"

// arrows are the packages of ours that each package may import. A folder that
// is not here may import what its parent may. Tests may import anything.
var arrows = map[string][]string{
	"rules": {}, "clock": {}, "config": {}, "carrier": {}, "strictjson": {"rules"},
	"messages":          {}, // the catalogue: texts alone
	"messages/promise":  {"messages", "rules"},
	"messages/process":  {"messages", "rules"},
	"mail":              {"messages"},
	"label":             {"messages"},
	"rowfile":           {"rules"},
	"orderfile":         {"rowfile", "rules", "strictjson"},
	"roomfile":          {"rowfile", "rules", "strictjson"},
	"models":            {"rules", "clock", "messages"},
	"models/sqlitedb":   {},          // dev and tests only
	"mail/smtptest":     {},          // dev and tests only
	"carrier/simulator": {"carrier"}, // dev and tests only
	"activities":        {"models", "mail", "carrier", "label", "rules", "clock", "orderfile", "roomfile", "rowfile"},
	"workflows":         {"activities", "rules", "clock"},
	"worker":            {"workflows", "activities", "models", "carrier", "rules", "clock"},
	"api": {
		"messages", "workflows", "models", "carrier", "label", "rules", "clock", "orderfile", "roomfile", "rowfile",
		"strictjson",
	},
	"portal": {"messages", "workflows", "models", "rules", "clock"},
	"server": {"api", "portal", "models", "carrier", "rules", "clock", "config"},
	"demo":   {},
	"cmd": {
		"demo", "server", "worker", "workflows", "activities", "api", "portal", "models", "mail", "carrier", "rules",
		"clock", "config", "orderfile", "roomfile", "rowfile", "strictjson",
	},
}

// testOnly are packages that production never links: only their own tests, dev
// (a module of its own) and each other import them.
var testOnly = []string{
	"models/storetest", "models/storetest/pgserver", "models/sqlitedb", "mail/smtptest", "carrier/simulator",
	"scripts/testpostgres",
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

// packages lists the module's packages with the imports of their code, tests
// apart.
func packages(t *testing.T) (out []goPackage) {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "./...")
	raw, err := cmd.Output()
	require.NoError(t, err)
	for d := json.NewDecoder(strings.NewReader(string(raw))); ; {
		var p goPackage
		err := d.Decode(&p)
		if err == io.EOF {
			return out
		}
		require.NoError(t, err)
		out = append(out, p)
	}
}

// TestImportArrows holds the packages to the plan: arrows point one way.
func TestImportArrows(t *testing.T) {
	seen := 0
	for _, p := range packages(t) {
		from := strings.TrimPrefix(p.ImportPath, module)
		for _, i := range p.Imports {
			to, ours := strings.CutPrefix(i, module)
			if !ours {
				continue
			}
			seen++
			if why := forbidden(from, to); why != "" {
				t.Errorf("%s imports %s: %s", from, to, why)
			}
		}
	}
	require.Greater(t, seen, 20, "the imports were read")
}

// forbidden says why an arrow may not be; empty when it may.
func forbidden(from, to string) string {
	if slices.Contains(testOnly, from) {
		return ""
	}
	if slices.Contains(testOnly, to) {
		return "it is for dev and tests only"
	}
	if root, _, _ := strings.Cut(from, "/"); root == to || strings.HasPrefix(to, root+"/") {
		return ""
	}
	allowed, known := allowedFor(from)
	if !known {
		return "the package is not in the plan; add it to arrows on purpose"
	}
	for _, a := range allowed {
		if to == a || strings.HasPrefix(to, a+"/") {
			return ""
		}
	}
	return "the arrow is not in the plan"
}

func allowedFor(path string) ([]string, bool) {
	for {
		if allowed, ok := arrows[path]; ok {
			return allowed, true
		}
		i := strings.LastIndex(path, "/")
		if i < 0 {
			return nil, false
		}
		path = path[:i]
	}
}

func TestForbiddenArrows(t *testing.T) {
	for _, c := range [][2]string{
		{"rules", "models"},
		{"models", "activities"},
		{"models", "mail"},
		{"mail", "rules"},
		{"carrier", "rules"},
		{"label", "rules"},
		{"carrier", "models"},
		{"workflows", "carrier"},
		{"activities", "carrier/simulator"},
		{"workflows", "models"},
		{"worker", "api"},
		{"api", "activities"},
		{"portal", "mail"},
		{"rules", "messages"},
		{"messages", "rules"},
		{"clock", "rules"},
		{"worker", "models/sqlitedb"},
		{"cmd/roomcover", "models/storetest"},
		{"newcomer", "rules"},
	} {
		require.NotEmpty(t, forbidden(c[0], c[1]), "%s → %s", c[0], c[1])
	}
	for _, c := range [][2]string{
		{"cmd/roomcover", "worker"},
		{"activities", "mail"},
		{"activities", "carrier"},
		{"api", "carrier"},
		{"models/storetest", "models"},
		{"orderfile", "rules"},
	} {
		require.Empty(t, forbidden(c[0], c[1]), "%s → %s", c[0], c[1])
	}
}
