//go:build long

package console

import (
	"cmp"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/million"
	"roomcover.dev/roomcover/rules"
)

// benchReads is how many orders and rooms `make bench-console` asks among; empty: a thousand.
const benchReads = "ROOMCOVER_BENCH_READS"

// mostWait is how long a read may take, 99 of 100 times.
const mostWait = 50 * time.Millisecond

// Every page of the console keeps to its statements and reads no large table whole, however much
// there is: lists and their filters, one thing of each kind, and the search by each kind. For
// `make bench-console` there are 100,000 rooms, 10,000 replacements and 100,000 orders on
// PostgreSQL, and each is asked for a hundred times, one after another: p99 ≤ 50 ms.
func TestBudget_EveryReadOfTheConsoleAmongManyRows(t *testing.T) {
	const tries = 100
	n, err := strconv.Atoi(cmp.Or(os.Getenv(benchReads), "1000"))
	require.NoError(t, err, benchReads)
	w := worldOn(t, storetest.Postgres(t), true)
	began := time.Now()
	c := million.Fill(t, w.Env, n)
	million.AddRooms(t, w.Env, n)
	t.Logf("%d orders and rooms, after %s", n, time.Since(began).Round(time.Second))
	w.Domains.Operations.KeepCounts(operations.CountsAge, operations.NumbersAge) // as serve does
	b := w.signedIn(byRole[rules.OperatorLead])

	var slow []string
	for _, read := range w.manyReads(b, c, n) {
		if status := b.get(read).status; status != http.StatusOK {
			t.Errorf("%s answers %d", read, status)
			continue
		}
		w.Statements.Reset()
		r := b.get(read)
		statements := w.Statements.List()
		most := statementsOf(r.path)
		if path, _, _ := strings.Cut(read, "?"); r.path != path {
			most += screenStatements // a search that finds one thing leads to its page
		}
		if len(statements) > most {
			t.Errorf("%s takes %d statements of %d", read, len(statements), most)
		}
		w.looksUp(read, statements)
		waits := million.WaitsFor(tries, func() {
			require.Equal(t, http.StatusOK, b.get(read).status, read)
		})
		t.Logf("%s  %2d statements, %d octets", waits.Line(shortRead(read), mostWait),
			len(statements), len(r.body))
		if waits.At(99) > mostWait {
			slow = append(slow, read)
			sql, longest := w.Statements.Slowest()
			t.Logf("  of it %.1f ms: %s", longest.Seconds()*1000, sql)
		}
		w.Statements.Reset()
	}
	require.Empty(t, slow, "these take longer than %s", mostWait)
}

// shortRead is an address without the zeroes of made ids.
func shortRead(read string) string {
	return strings.ReplaceAll(strings.TrimPrefix(read, Root), strings.Repeat("0", 20), "...")
}

// manyReads are the addresses of what is read among n orders.
func (w *world) manyReads(b *browser, c storetest.Covered, n int) []string {
	var pages []string
	for _, r := range w.site.routes() {
		// What shows something that was chosen, such as labels, shows nothing by itself.
		if r.method == get && r.access != anyone && !strings.Contains(r.path, ":") &&
			b.get(r.path).status == http.StatusOK {
			pages = append(pages, r.path)
		}
	}
	require.Greater(w.t, len(pages), 40)

	for _, account := range []string{million.Giant, million.Other} {
		for _, tab := range []string{
			"", "/contracts", "/rooms", "/devices", "/people", "/tickets", "/replacements", "/mails", "/tasks",
			"/timeline",
		} {
			pages = append(pages, accountsPath+"/"+account+tab)
		}
	}

	middle := func(prefix string, n int) string { return million.ID(prefix, n/2) }
	pages = append(pages,
		orderPath(middle("ord", n)),
		orderPath(million.ID("ord", 7))+"/review",
		contractsPath+"/"+middle("con", n),
		roomPath(million.ID("rom", n/5)),
		roomPath(million.ID("rom", n*4/5)),
		devicePath(million.ID("dev", n/5)),
		replacementPath(million.ID("rma", n/20)),
		shipmentsPath+"/"+million.ID("shp", n/10),
		mailsPath+"/"+million.ID("ntf", 5),
		taskPath(million.ID("tsk", 300)),
		refusalsPath+"/"+million.ID("ref", n/10),
		spareUnitsOf(million.Parent),

		ordersPath+"?state=NEEDS_REVIEW",
		ordersPath+"?state=REJECTED",
		ordersPath+"?seller="+million.Reseller,
		contractsPath+"?state=EXPIRED",
		contractsPath+"?account="+million.Giant,
		replacementsPath+"?state=AWAITING_RETURN",
		replacementsPath+"?state=REQUESTED",
		replacementsPath+"?account="+million.Giant,
		shipmentsPath+"?state=LABELLED",
		shipmentsPath+"?state=LOST",
		mailsPath+"?state=HARD_BOUNCED",
		mailsPath+"?state=UNKNOWN",
		processesPath+"?overdue=yes",
		queuePath+"?who=all",
		numbersPath+"?period=quarter",
		numbersPath+"?period=year",
	)
	for _, typed := range []string{
		"PO-" + strconv.Itoa(n/2), "PO-7", "SO-" + strconv.Itoa(n/2), "R" + strconv.Itoa(n/20),
		"S" + fmt.Sprintf("%09d", n/2), fmt.Sprintf("%06d", n/2), "TR" + strconv.Itoa(n/10),
		"p" + strconv.Itoa(n/20) + "@acme.example", *c.Device.Serial,
		"empresa 7", "presa", "Sala " + strconv.Itoa(n/10), "estudio", "what nobody has",
	} {
		pages = append(pages, searchPath+"?q="+strings.ReplaceAll(typed, " ", "+"))
	}
	return pages
}

// spareUnitsOf is the page of a parent's spares.
func spareUnitsOf(parent string) string { return sparesPath + "/" + parent }

// looksUp fails where a statement of a page would read a large table whole, even if that were
// dear.
func (w *world) looksUp(page string, statements []string) {
	w.t.Helper()
	for _, statement := range statements {
		if !strings.HasPrefix(statement, "SELECT") && !strings.HasPrefix(statement, "WITH") {
			continue
		}
		scans := million.Scans(w.t, w.Env, statement, "enable_seqscan")
		for _, table := range million.Large {
			if strings.Contains(scans, "Seq Scan on "+table+"\n") {
				w.t.Errorf("%s: %s is read whole by\n%.600s\n%s", page, table, statement, scans)
			}
		}
	}
}
