package console

import (
	"encoding/csv"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// busyWeeks has orders, an order in review, a refusal, a delivered replacement and a spare.
func (w *world) busyWeeks() {
	w.t.Helper()
	c := w.Covered(w.t)
	w.DeliveredRMA(w.t, c)
	w.busyHelpdesk(c)
	storetest.TakeOrders(w.t, w.Env, 5)
}

// busyHelpdesk has a ticket that was answered in time and resolved, and two that nobody answered.
func (w *world) busyHelpdesk(c storetest.Covered) {
	w.t.Helper()
	var ids []string
	for range 3 {
		ids = append(ids, w.OpenedTicket(w.t, c).ID)
	}
	_, err := w.Tickets.Do(storetest.Operator(), ids[0], ticket.Command{
		Name: rule.DoResolve,
		Text: "It is done.",
	})
	require.NoError(w.t, err)
	for _, id := range ids {
		storetest.RunTicketUntil(w.t, w.Env, id, w.Calendar.Now().Add(5*time.Hour))
	}
}

var (
	cardsOfNumbers = regexp.MustCompile(`(?s)<article class="card" id="([a-z0-9_]+)".*?</article>`)
	drawnValue     = regexp.MustCompile(`data-value="(\d+)"`)
	tableSum       = regexp.MustCompile(`(?s)<tfoot>.*</tfoot>`)
	tableValue     = regexp.MustCompile(`<data value="(\d+)">`)
)

func sumOf(t *testing.T, found [][]string) (n int64) {
	for _, f := range found {
		value, err := strconv.ParseInt(f[1], 10, 64)
		require.NoError(t, err)
		n += value
	}
	return n
}

// S58 on the page: the bars add up to the table's last row and to the figure's own total, and
// the file says the same.
func TestS58_TheBarsOfEachChartAddUpToItsTable(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		w.busyWeeks()
		b := w.signedIn(byRole[rules.OperatorManager])
		page := b.get(numbersPath)
		require.Equal(t, http.StatusOK, page.status)
		charts := cardsOfNumbers.FindAllStringSubmatch(page.body, -1)
		want := 0
		for _, g := range numbersGroups {
			want += len(g.charts)
		}
		require.Len(t, charts, want)

		total := map[string]int64{}
		for _, c := range charts {
			table := c[0][strings.Index(c[0], "<table"):]
			sum := tableSum.FindString(table)
			drawn := sumOf(t, drawnValue.FindAllStringSubmatch(c[0], -1))
			require.Equal(t, drawn,
				sumOf(t, tableValue.FindAllStringSubmatch(strings.Replace(table, sum, "", 1), -1)), c[1])
			if sum != "" {
				require.Equal(t, drawn, sumOf(t, tableValue.FindAllStringSubmatch(sum, -1)), c[1])
			}
			total[c[1]] = drawn

			file := b.get(numbersPath + "?csv=" + c[1])
			require.Equal(t, "text/csv; charset=utf-8", file.header.Get("Content-Type"))
			rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.body, "\ufeff"))).ReadAll()
			require.NoError(t, err)
			inFile := int64(0)
			for _, row := range rows[1:] {
				for _, field := range row[1:] {
					n, _ := strconv.ParseInt(field, 10, 64)
					inFile += n
				}
			}
			require.Equal(t, drawn, inFile, c[1])
		}

		n, err := w.Domains.Operations.Numbers(w.system(), operations.NumbersQuery{})
		require.NoError(t, err)
		of := map[operations.FigureName]operations.Figure{}
		for _, f := range n.Figures {
			of[f.Name] = f
		}
		require.Equal(t, of[operations.OrdersReceived].Total.Count+of[operations.OrdersEnded].Total.Count, total["orders"])
		require.Equal(t, of[operations.RMAsPromiseKept].Total.Of, total["kept"])
		require.Equal(t, total["kept"], total["kept_by_country"])
		require.Equal(t, of[operations.CoverEnding].Total.Count+of[operations.RenewalsDue].Total.Count, total["ending"])
		require.EqualValues(t, 4, total["tickets"], "three came, one was resolved")
		require.EqualValues(t, 2, total["backlog"])
		require.EqualValues(t, 2, total["breached"])
		require.Equal(t, total["breached"], total["breach_causes"])
		require.EqualValues(t, 1000, total["answered"], "the only answer came in time")
		require.Positive(t, total["orders"])
		require.Positive(t, total["kept"])
	})
}

// Every link of a figure is a page that is there.
func TestS58_EachFigureLeadsToItsList(t *testing.T) {
	w := issuerWorld(t)
	w.busyWeeks()
	b := w.signedIn(byRole[rules.OperatorManager])
	page := b.get(numbersPath).body
	links := regexp.MustCompile(`<a class="link" href="(/console/[^"]+)"`).FindAllStringSubmatch(page, -1)
	require.NotEmpty(t, links)
	for _, l := range links {
		require.Equal(t, http.StatusOK, b.get(html.UnescapeString(l[1])).status, l[1])
	}
	require.Contains(t, page, processesPath+"?kind=INVITATION")
	require.Contains(t, page, ticketsPath+"?turn=US")
}

func TestThePeriodOfTheNumbersIsChosen(t *testing.T) {
	w := issuerWorld(t)
	w.busyWeeks()
	b := w.signedIn(byRole[rules.OperatorManager])
	weeks := func(query string) int {
		return strings.Count(b.get(numbersPath+"?csv=orders&"+query).body, "\n") - 1
	}
	require.Equal(t, 2, weeks("period=week"))
	require.Equal(t, 5, weeks("period=month"))
	require.Equal(t, 13, weeks(""))
	require.Equal(t, 53, weeks("period=year"))
	require.Equal(t, 2, weeks("from=2026-11-09&to=2026-11-16"))

	for _, wrong := range []string{
		"from=2026-11-30&to=2026-11-01", "from=x", "to=2999-01-01", "from=1026-01-01",
	} {
		page := b.get(numbersPath + "?" + wrong)
		require.Equal(t, http.StatusOK, page.status, wrong)
		require.Contains(t, page.body, "This period cannot be shown", wrong)
	}
	// The form shows the Sunday of the week that runs: sent as it is, it is answered.
	form := b.get(numbersPath).body
	from := regexp.MustCompile(`name="from" value="([^"]+)"`).FindStringSubmatch(form)[1]
	to := regexp.MustCompile(`name="to" value="([^"]+)"`).FindStringSubmatch(form)[1]
	require.NotContains(t, b.get(fmt.Sprintf("%s?from=%s&to=%s", numbersPath, from, to)).body,
		"This period cannot be shown")
	require.Equal(t, http.StatusNotFound, b.get(numbersPath+"?csv=cats").status)
}

func TestBudget_Numbers(t *testing.T) {
	w := issuerWorld(t)
	w.busyWeeks()
	b := w.signedIn(byRole[rules.OperatorManager])
	page := w.withinBudget(b, numbersPath)
	require.NotContains(t, page.body, "style=")
}
