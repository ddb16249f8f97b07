package deploy_test

import (
	"encoding/json"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/server"
	"roomcover.dev/roomcover/workflows"
)

// unseen are metrics of ours that no panel shows, each with the reason.
var unseen = map[string]string{}

// dashboard is what the tests read of deploy/grafana/roomcover.json.
type dashboard struct {
	ID         *int
	UID        string
	Templating struct {
		List []struct{ Name, Type, Query string }
	}
	Panels []panel
}

type panel struct {
	ID          int
	Type        string
	Title       string
	Description string
	Datasource  source
	FieldConfig struct {
		Defaults struct{ Unit string }
	}
	Targets []struct {
		Datasource source
		Expr       string
	}
}

type source struct{ Type, UID string }

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	raw, err := os.ReadFile("grafana/roomcover.json")
	require.NoError(t, err)
	var d dashboard
	require.NoError(t, json.Unmarshal(raw, &d))
	require.NotEmpty(t, d.Panels)
	return d
}

// expressions are what the dashboard asks Prometheus, by the panel's title.
func (d dashboard) expressions() map[string][]string {
	out := map[string][]string{}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			out[p.Title] = append(out[p.Title], target.Expr)
		}
	}
	return out
}

// exported are the names under which serve and worker measure, and the routes that requests are
// counted by. The process is asked itself; the SDK of Temporal says what it measures only as it
// goes, so that its constants are read.
func exported(t *testing.T) (names, routes []string) {
	t.Helper()
	env := storetest.SQLite(t)
	quiet := slog.New(slog.DiscardHandler)
	registry := server.NewRegistry(env.Domains, quiet)
	handler, err := server.Handler(server.Options{
		Domains:   env.Domains,
		Log:       quiet,
		PublicURL: "https://portal.example.com",
		MailKeys:  [][]byte{storetest.Key},
		Metrics:   registry,
	})
	require.NoError(t, err)
	for _, r := range handler.(*gin.Engine).Routes() {
		routes = append(routes, r.Path)
	}

	described := make(chan *prometheus.Desc)
	go func() {
		defer close(described)
		registry.Describe(described)
	}()
	for d := range described {
		names = append(names, regexp.MustCompile(`fqName: "([^"]+)"`).FindStringSubmatch(d.String())[1])
	}
	return append(names, ofTemporalsSDK(t)...), routes
}

func ofTemporalsSDK(t *testing.T) (names []string) {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.temporal.io/sdk").Output()
	require.NoError(t, err)
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, filepath.Join(strings.TrimSpace(string(dir)),
		"internal/common/metrics/constants.go"), nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	metrics, err := (&types.Config{}).Check("metrics", files, []*ast.File{file}, nil)
	require.NoError(t, err)

	for _, name := range metrics.Scope().Names() {
		c, ok := metrics.Scope().Lookup(name).(*types.Const)
		if !ok || c.Val().Kind() != constant.String {
			continue
		}
		value := constant.StringVal(c.Val())
		if strings.HasSuffix(value, "latency") {
			value += "_seconds" // as server.TemporalMetrics says of durations
		}
		names = append(names, value)
	}
	require.Greater(t, len(names), 40, "the constants were found")
	return names
}

// asked are the metrics that an expression asks for. What is in quotes is none.
func asked(expression string) []string {
	plain := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(expression, `""`)
	return regexp.MustCompile(`\b(?:roomcover|temporal|go|process|promhttp)_[a-z_]+`).
		FindAllString(plain, -1)
}

func isExported(names []string, name string) bool {
	if slices.Contains(names, name) {
		return true
	}
	for _, part := range []string{"_bucket", "_count", "_sum"} { // of a histogram
		if of, ok := strings.CutSuffix(name, part); ok && slices.Contains(names, of) {
			return true
		}
	}
	return false
}

// A panel or an alert on a metric that nobody has would stay empty, and nobody would know.
func TestPanelsAndAlertsAskForMetricsThatAreMeasured(t *testing.T) {
	names, _ := exported(t)
	raw, err := os.ReadFile("alerts.yml")
	require.NoError(t, err)
	all := map[string][]string{"alerts.yml": {string(raw)}}
	for title, expressions := range readDashboard(t).expressions() {
		all[title] = expressions
	}
	for where, expressions := range all {
		for _, expression := range expressions {
			found := asked(expression)
			require.True(t, len(found) > 0 || strings.Contains(expression, "up{"), expression)
			for _, name := range found {
				require.True(t, isExported(names, name), "%s asks for %s", where, name)
			}
		}
	}
	require.False(t, isExported(names, "roomcover_outbox"))
	require.False(t, isExported(names, "temporal_requests"))
}

// What we measure somebody sees.
func TestEachMetricOfOursStandsInAPanel(t *testing.T) {
	var shown []string
	for _, expressions := range readDashboard(t).expressions() {
		for _, expression := range expressions {
			shown = append(shown, asked(expression)...)
		}
	}

	names, _ := exported(t)
	ours := slices.DeleteFunc(names, func(name string) bool {
		return !strings.HasPrefix(name, "roomcover_")
	})
	require.GreaterOrEqual(t, len(ours), 8)
	for _, name := range ours {
		there := slices.ContainsFunc(shown, func(metric string) bool {
			return isExported([]string{name}, metric)
		})
		_, hidden := unseen[name]
		require.True(t, there != hidden, "%s stands in a panel, or in unseen with its reason", name)
	}
	for name := range unseen {
		require.Contains(t, ours, name)
	}
}

// What the expressions choose by exists: a kind, a queue or a route under another name would
// leave a panel empty.
func TestPanelsChooseByWhatThereIs(t *testing.T) {
	_, routes := exported(t)
	var kinds []string
	tasks, err := os.ReadFile(root + "models/db/tasks.go")
	require.NoError(t, err)
	for _, kind := range regexp.MustCompile(`TaskKind = "([A-Z_]+)"`).FindAllStringSubmatch(string(tasks), -1) {
		kinds = append(kinds, kind[1])
	}
	for _, kind := range processes.Kinds() {
		kinds = append(kinds, string(kind))
	}
	known := map[string][]string{
		"kind":  kinds,
		"route": append(routes, "none"),
		"task_queue": {
			workflows.QueueMain, workflows.QueueMail, workflows.QueueImport, workflows.QueueCarrier,
		},
	}

	chosen := regexp.MustCompile(`\b(kind|route|task_queue)(?:=|=~|!~)"([^"]+)"`)
	seen := 0
	for title, expressions := range readDashboard(t).expressions() {
		for _, expression := range expressions {
			for _, c := range chosen.FindAllStringSubmatch(expression, -1) {
				for one := range strings.SplitSeq(c[2], "|") {
					whole := regexp.MustCompile("^(?:" + one + ")$")
					require.True(t, slices.ContainsFunc(known[c[1]], whole.MatchString),
						"%s: there is no %s %s", title, c[1], one)
					seen++
				}
			}
		}
	}
	require.Greater(t, seen, 30)
}

// The dashboard is nobody's: whoever loads it names the Prometheus, and each panel says in what
// unit it counts.
func TestTheDashboardIsOfNoMachine(t *testing.T) {
	d := readDashboard(t)
	require.Nil(t, d.ID)
	require.Equal(t, "roomcover", d.UID)
	require.Len(t, d.Templating.List, 1)
	require.Equal(t, "datasource", d.Templating.List[0].Type)
	require.Equal(t, "prometheus", d.Templating.List[0].Query)

	ids := map[int]bool{}
	for _, p := range d.Panels {
		require.False(t, ids[p.ID], "%s: its id is another panel's", p.Title)
		ids[p.ID] = true
		if p.Type == "row" {
			continue
		}
		require.NotEmpty(t, p.FieldConfig.Defaults.Unit, p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		of := source{"prometheus", "${datasource}"}
		require.Equal(t, of, p.Datasource, p.Title)
		for _, target := range p.Targets {
			require.Equal(t, of, target.Datasource, p.Title)
		}
	}
}

// Whoever is woken by an alert finds the panel that shows it.
func TestEachAlertHasItsPanel(t *testing.T) {
	raw, err := os.ReadFile("alerts.yml")
	require.NoError(t, err)
	said := ""
	for _, p := range readDashboard(t).Panels {
		said += p.Description + "\n"
	}
	for _, alert := range regexp.MustCompile(`(?m)^ +- alert: (\w+)$`).FindAllStringSubmatch(string(raw), -1) {
		require.Contains(t, said, alert[1])
	}
}
