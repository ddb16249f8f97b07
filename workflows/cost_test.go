package workflows_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a month of 100,000 orders costs in actions of a Temporal service, by what happens to
// them. The shares are an assumption; the actions of each course are counted in its golden
// history.
const monthlyOrders = 100_000

// course is a course that a workflow takes, and how often in a month.
type course struct {
	name    string
	times   int
	actions int
}

func monthlyCourses(t *testing.T) []course {
	t.Helper()
	cost := func(histories ...string) (n int) {
		for _, name := range histories {
			n += actions(golden(t, name).Events)
		}
		return n
	}
	percent := func(n int) int { return monthlyOrders * n / 100 }

	waiting, expired := cost("invitation_waiting"), cost("invitation_expired")
	perReminder := (expired - waiting) / 3
	sweeps := 30 * 24
	const schedule = 3 // of each of its runs, beside the workflow's own
	return []course{
		{"orders that stand", percent(93), cost("order_completed")},
		{"orders canceled as a whole", percent(4), cost("order_cancelled")},
		{"orders reviewed and accepted", percent(3), cost("order_review_accepted")},
		{"invitations accepted at once", percent(55), cost("invitation_accepted")},
		{"invitations accepted after one reminder", percent(25), cost("invitation_accepted") + perReminder},
		{"invitations that expire", percent(20), expired},
		{"codes and notices, two an order", 2 * monthlyOrders, cost("mail")},
		{"replacements, for one order in ten", percent(10), cost("rma_ordinary")},
		{"spare units, for one order in fifty", percent(2), cost("spare_on_site")},
		{"tickets, for one order in twenty", percent(5), cost("ticket_ordinary")},
		{"sweeps, hourly", sweeps, cost("sweep_calendars") + schedule},
	}
}

// costTable is what docs/performance.md says of it.
func costTable(courses []course) string {
	var b strings.Builder
	b.WriteString("| in a month of 100,000 orders | times | actions each | actions |\n|---|---:|---:|---:|\n")
	sum := 0
	for _, c := range courses {
		sum += c.times * c.actions
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", c.name, c.times, c.actions, c.times*c.actions)
	}
	fmt.Fprintf(&b, "| **sum**, %.1f an order | | | **%d** |\n", float64(sum)/monthlyOrders, sum)
	return b.String()
}

const updateCost = "ROOMCOVER_UPDATE_COST" // set: the document is written anew

// The document says what the histories say, and an order costs what it may.
func TestDocumentSaysWhatAMonthCosts(t *testing.T) {
	const file = "../docs/performance.md"
	const begin, end = "<!-- cost: begin -->\n", "<!-- cost: end -->"
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	text := string(raw)
	from, to := strings.Index(text, begin), strings.Index(text, end)
	require.True(t, 0 <= from && from < to)

	courses := monthlyCourses(t)
	table := costTable(courses)
	if os.Getenv(updateCost) != "" {
		text = text[:from+len(begin)] + table + text[to:]
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return
	}
	require.Equal(t, table, text[from+len(begin):to], "run this test with "+updateCost+"=1")

	sum := 0
	for _, c := range courses {
		require.Positive(t, c.actions, c.name)
		sum += c.times * c.actions
	}
	require.LessOrEqual(t, sum, 17*monthlyOrders, "16.2 actions an order were planned for")
}
