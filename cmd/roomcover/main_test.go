package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/config"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/storetest"
)

// runMain, in the environment, makes this test's program the command itself: so tests have
// real processes without building another program.
const runMain = "ROOMCOVER_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		main()
	}
	storetest.Main(m)
}

// shell runs commands in this process, with the environment of a database.
type shell struct {
	t   *testing.T
	app *app
	out bytes.Buffer
	err bytes.Buffer
}

// newShell has an environment that is right; commands that open the database
// get env's domains.
func newShell(t *testing.T, env *storetest.Env) *shell {
	t.Helper()
	t.Setenv("ROOMCOVER_DATABASE_URL", "postgres://roomcover:open-sesame@127.0.0.1:1/roomcover")
	t.Setenv("ROOMCOVER_KEY", strings.Repeat("0123456789abcdef", 4))
	t.Setenv("ROOMCOVER_PUBLIC_URL", "https://portal.example.com")
	t.Setenv("ROOMCOVER_TOKEN", "rct_a-token-of-this-test")
	s := &shell{t: t}
	s.app = &app{out: &s.out, errs: &s.err, open: openDatabase, close: func(*domains.Domains) {}}
	if env != nil {
		s.app.open = func(config.Config, db.Session) (*domains.Domains, error) { return env.Domains, nil }
	}
	return s
}

// onDatabase is a shell without a token: commands that can do without the API do.
func onDatabase(t *testing.T, env *storetest.Env) *shell {
	t.Helper()
	s := newShell(t, env)
	t.Setenv("ROOMCOVER_TOKEN", "")
	return s
}

// run runs one command and returns its exit code.
func (s *shell) run(args ...string) int {
	return s.runUntil(s.t.Context(), args...)
}

func (s *shell) runUntil(ctx context.Context, args ...string) int {
	s.out.Reset()
	s.err.Reset()
	return run(ctx, args, s.app)
}

// must runs a command that has to succeed and returns its output.
func (s *shell) must(args ...string) string {
	s.t.Helper()
	require.Equal(s.t, exitDone, s.run(args...), s.err.String())
	return s.out.String()
}

// json runs a command with --json and decodes the answer.
func (s *shell) json(out any, args ...string) {
	s.t.Helper()
	require.NoError(s.t, json.Unmarshal([]byte(s.must(append(args, "--json")...)), out), s.out.String())
}

// everyCommand lists the commands as the parser knows them; a group that has a command of its
// own for no word, as import, is one too.
var everyCommand = commandsOf(kong.Must(&commands{}, kong.Bind(&app{})).Model.Node)

func commandsOf(n *kong.Node, before ...string) [][]string {
	var all [][]string
	for _, child := range n.Children {
		words := append(slices.Clone(before), child.Name)
		if child.Leaf() || child.DefaultCmd != nil {
			all = append(all, words)
		}
		all = append(all, commandsOf(child, words...)...)
	}
	return all
}

func TestHelpOfEveryCommandHasExamples(t *testing.T) {
	s := newShell(t, nil)
	top := strings.ReplaceAll(s.must("--help"), "task (tasks)", "task")
	require.Contains(t, top, "Exit codes: 0 done; 1 failed; 2 wrong usage")
	for _, command := range everyCommand {
		name := strings.Join(command, " ")
		require.Contains(t, top, "  "+name+" ")
		help := strings.ReplaceAll(s.must(append(command, "--help")...), "task (tasks)", "task")
		require.Contains(t, help, "Usage: roomcover "+name)
		if name == "version" || strings.HasSuffix(name, "list") {
			continue
		}
		require.Contains(t, help, "    roomcover "+name, name+" has no example")
	}
}

// The table of commands in docs/operations.md names every command, and none that is not there.
func TestTheDocumentNamesEveryCommand(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	_, text, _ = bytes.Cut(text, []byte("## Commands\n"))
	text, _, _ = bytes.Cut(text, []byte("\n## "))

	var written []string
	for _, row := range strings.Split(string(text), "\n") {
		cells := strings.Split(row, "|")
		if len(cells) != 5 || !strings.Contains(cells[1], "`") {
			continue
		}

		group := ""
		for i, quoted := range strings.Split(cells[1], "`") {
			if i%2 == 0 {
				continue
			}
			name, _, _ := strings.Cut(quoted, " FILE")
			if i > 1 {
				name = group + " " + name
			}
			group, _, _ = strings.Cut(name, " ")
			written = append(written, name)
		}
	}

	var there []string
	for _, command := range everyCommand {
		if name := strings.Join(command, " "); name != "stock" && name != "task" {
			there = append(there, name) // these two stand for their lists
		}
	}
	require.ElementsMatch(t, there, written)
}

func TestSecretsAreNeverTakenFromTheCommandLine(t *testing.T) {
	s := newShell(t, nil)
	for _, command := range everyCommand {
		help := s.must(append(command, "--help")...)
		for _, option := range []string{"--key=", "--password", "--token=", "--secret", "--database-url", "--api-key"} {
			require.NotContains(t, help, option, "%v", command)
		}
	}
}

func TestWrongUsageExitsWith2(t *testing.T) {
	s := newShell(t, nil)
	for name, args := range map[string][]string{
		"no command":      {},
		"unknown command": {"remove"},
		"unknown option":  {"ps", "--colour"},
		"no organization": {"token", "create", "--label", "x"},
		"no days":         {"token", "create", "--org", "x", "--label", "x", "--days", "0"},
		"unknown scope":   {"token", "create", "--org", "x", "--label", "x", "--scope", "everything"},
		"unknown role":    {"token", "create", "--org", "x", "--label", "x", "--role", "king"},
		"not a date":      {"org", "set", "X", "--kind", "reseller", "--authorised-from", "1.1.2026"},
		"ends before begin": {
			"org", "set", "X", "--kind", "reseller", "--authorised-from", "2026-02-01", "--authorised-until",
			"2026-01-01",
		},
		"no such file":       {"import", "nowhere.csv"},
		"half of a reason":   {"import", "main_test.go", "--on-behalf-of", "org_1"},
		"not an order file":  {"import", "main_test.go"},
		"watch too fast":     {"ps", "--watch", "1ms"},
		"watch for programs": {"ps", "--watch", "5s", "--json"},
		"no address":         {"ps", "--url", "portal.example.com"},
		"token in the clear": {"ps", "--url", "http://portal.example.com"},
		"no token file":      {"ps", "--token-file", "nowhere"},
		"no listen address":  {"health", "--listen", "8080"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, exitUsage, s.run(args...), s.err.String())
			require.Contains(t, s.err.String(), "roomcover: ")
			require.Empty(t, s.out.String())
		})
	}
}

func TestCommandsOfTheServiceNameEveryMissingSetting(t *testing.T) {
	s := onDatabase(t, nil)
	for _, name := range []string{"ROOMCOVER_DATABASE_URL", "ROOMCOVER_KEY", "ROOMCOVER_PUBLIC_URL"} {
		t.Setenv(name, "")
	}
	for _, args := range [][]string{
		{"serve"},
		{"worker"},
		{"migrate"},
		{"config", "check"},
		{"doctor"},
		{"token", "list"},
		{"org", "list"},
		{"audit", "verify"},
	} {
		require.Equal(t, exitUsage, s.run(args...), "%v", args)
		for _, name := range []string{"ROOMCOVER_DATABASE_URL", "ROOMCOVER_KEY", "ROOMCOVER_PUBLIC_URL"} {
			require.Contains(t, s.err.String(), name)
		}
	}
}

func TestDatabaseThatDoesNotAnswerExitsWith1AndKeepsThePassword(t *testing.T) {
	s := onDatabase(t, nil)
	for _, args := range [][]string{{"serve"}, {"worker"}, {"migrate"}, {"token", "list"}} {
		require.Equal(t, exitFailed, s.run(args...), "%v", args)
		require.NotContains(t, s.err.String(), "open-sesame")
	}
}

func TestVersionIsTold(t *testing.T) {
	require.NotEmpty(t, strings.TrimSpace(newShell(t, nil).must("version")))
}
