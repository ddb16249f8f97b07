package roomcover_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	tableStart = regexp.MustCompile(`^CREATE TABLE (\w+)`)
	column     = regexp.MustCompile(`^    (\w+)\s`)
	// personal are the names that a column with a person's data has, or could
	// have in a later migration.
	personal = regexp.MustCompile(
		`email|name|street|city|postal|recipient|params|payload|password|phone|(^|_)ip$|contact|label|content|birth`,
	)
	// impersonal are columns whose name only looks like one.
	impersonal = map[string]bool{
		"sweeps.name":                 true,
		"outbox_events.payload":       true,
		"orders.payload_hash":         true,
		"order_refusals.payload_hash": true,
		"import_jobs.content_hash":    true,
		"programs.name":               true,
		"orgs.name":                   true,
		"product_models.name":         true,
		"calendar_holidays.name":      true,
		"orgs.name_key":               true,
		"org_spellings.name":          true,
		"api_tokens.label":            true,
	}
)

// TestR94_DataInventoryNamesEveryPersonalColumn holds the inventory of personal
// data against the schema: a new column cannot be forgotten.
func TestR94_DataInventoryNamesEveryPersonalColumn(t *testing.T) {
	inventory, err := os.ReadFile("docs/privacy.md")
	require.NoError(t, err)
	found := 0
	for _, c := range personalColumns(t) {
		found++
		table, _, _ := strings.Cut(c, ".")
		require.True(t,
			strings.Contains(string(inventory), "`"+c+"`") || strings.Contains(string(inventory), "`"+table+"`"),
			"docs/privacy.md does not say why %s is kept; add it to the table", c)
	}
	require.Greater(t, found, 10, "the migrations were not read")
}

// TestR94_EveryPurposeIsGiven fails on a row of the inventory without a purpose.
func TestR94_EveryPurposeIsGiven(t *testing.T) {
	inventory, err := os.ReadFile("docs/privacy.md")
	require.NoError(t, err)
	rows := 0
	for _, line := range strings.Split(string(inventory), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "|") || len(cells) != 4 || strings.Contains(line, "---") {
			continue
		}
		rows++
		for _, cell := range cells {
			require.NotEmpty(t, strings.TrimSpace(cell), "an empty cell in: %s", line)
		}
	}
	require.Greater(t, rows, 5)
}

func personalColumns(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("models/db/migrations/postgres/*.sql")
	require.NoError(t, err)
	var out []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		table := ""
		for _, line := range strings.Split(string(text), "\n") {
			if m := tableStart.FindStringSubmatch(line); m != nil {
				table = m[1]
			}
			m := column.FindStringSubmatch(line)
			if m == nil || table == "" || !personal.MatchString(m[1]) || impersonal[table+"."+m[1]] {
				continue
			}
			out = append(out, table+"."+m[1])
		}
	}
	return out
}
