package console

import (
	"encoding/csv"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/web"
)

// sampleList is a list of numbers: the parts of a list without a domain behind them.
var sampleList = listing{
	path:    ordersPath,
	words:   "console.orders",
	columns: []web.Column{{Name: "number", Sorts: true}, {Name: "customer"}, {Name: "vendor", Hidden: true}},
	read: func(_ *visit, q web.ListQuery) (web.ListResult, error) {
		from := 0
		_, _ = fmt.Sscan(q.After, &from)
		r := web.ListResult{Summary: "sorted by " + q.Sort}
		for n := from; n < min(from+q.Limit, 450); n++ {
			r.Lines = append(r.Lines, web.Line{
				Link: fmt.Sprintf("/console/orders/%d", n),
				Cells: map[string]web.Cell{
					"number":   {Text: fmt.Sprint(n)},
					"customer": {Text: "=1+1"},
					"vendor":   {Text: "SO-1"},
				},
			})
			if n == from+q.Limit-1 && n < 449 {
				r.Next = fmt.Sprint(n + 1)
			}
		}
		return r, nil
	},
}

// sampleWorld is a console in which the list of orders is the sample.
func sampleWorld(t *testing.T) (*world, *browser) {
	t.Helper()
	before := ordersList
	ordersList = sampleList
	ordersList.needs = operator
	t.Cleanup(func() { ordersList = before })
	w := issuerWorld(t)
	return w, w.signedIn(staff[1])
}

func TestAListHasItsColumnsItsOrderAndItsPagesInItsAddress(t *testing.T) {
	_, b := sampleWorld(t)

	plain := b.get(ordersPath)
	require.Equal(t, 50, strings.Count(plain.body, `<a class="row"`))
	require.NotContains(t, plain.body, "SO-1", "a hidden column is shown where it is chosen")
	require.Contains(t, plain.body, `href="/console/orders?sort=number"`)
	require.Contains(t, plain.body, `href="/console/orders/49"`)
	require.NotContains(t, plain.body, `href="/console/orders/50"`)

	chosen := b.get(ordersPath + "?columns=vendor&sort=-number")
	require.Contains(t, chosen.body, "SO-1")
	require.NotContains(t, chosen.body, "=1+1")
	require.Contains(t, chosen.body, `aria-sort="descending"`)
	require.Contains(t, chosen.body, "sorted by number")
	require.Equal(t, http.StatusOK, b.get(ordersPath+"?columns=x&sort=y").status)

	next := regexp.MustCompile(`href="([^"]*after=[^"]*)"`).FindStringSubmatch(plain.body)
	require.NotEmpty(t, next)
	further := b.get(html.UnescapeString(next[1]))
	require.Contains(t, further.body, `href="/console/orders/50"`)
	require.Equal(t, http.StatusBadRequest, b.get(ordersPath+"?after=50").status, "a place is signed")
}

func TestAListIsAFileWithAllItsLines(t *testing.T) {
	_, b := sampleWorld(t)
	file := b.get(ordersPath + "?format=csv&columns=customer")
	require.Equal(t, "text/csv; charset=utf-8", file.header.Get("Content-Type"))
	require.Regexp(t, `^attachment; filename="orders-\d{4}-\d\d-\d\d\.csv"$`, file.header.Get("Content-Disposition"))

	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.body, "\ufeff"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 451, "all pages of it")
	require.Equal(t, []string{"Order", "Customer"}, rows[0])
	require.Equal(t, []string{"449", "'=1+1"}, rows[450], "no spreadsheet computes it")
}
