package api_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// lengthOf counts what a list of the API has.
func (h *house) lengthOf(path string) (n int) {
	h.t.Helper()
	for cursor := ""; ; {
		at, err := url.Parse(path)
		require.NoError(h.t, err)
		q := at.Query()
		q.Set("limit", "200")
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		at.RawQuery = q.Encode()
		page := as[struct {
			Items      []struct{} `json:"items"`
			NextCursor string     `json:"next_cursor"`
		}](h.t, h.Lead.get(at.String()), 200)
		n += len(page.Items)
		if cursor = page.NextCursor; cursor == "" {
			return n
		}
	}
}

// A figure leads to a list, and where that has just what is counted or open it has as many.
func TestS58_FiguresLeadToTheirLists(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		c, _ := h.Env.Spare(t)
		h.Env.Requested(t, c)
		h.Env.OpenedTicket(t, c)
		h.Env.DeliveredRMA(t, h.Env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200"))
		h.Env.Shipped(t, h.Env.CoveredFor(t, "Gama Ltda", "eva@gama.example", "SN-300"))
		h.Env.Fulfilled(t, h.Env.Reseller(t, "Revenda Norte"),
			storetest.FormFor("PO-900", "Delta Ltda", "rui@delta.example"))
		storetest.InReview(t, h.Env)
		h.Env.Calendar.Set(h.Env.Calendar.Now().Add(300 * 24 * time.Hour))

		n := as[api.NumbersView](t, h.Lead.get("/v1/numbers?time_zone=America/Sao_Paulo&from=2026-11-01&to=2026-11-30"), 200)
		open := 0
		for _, f := range n.Figures {
			require.True(t, strings.HasPrefix(f.List, "/v1/"), f.Name)
			length := h.lengthOf(f.List)
			switch f.ListHas {
			case operations.ListOfOpen:
				require.EqualValues(t, f.Open, length, "%s: %s", f.Name, f.List)
				open += length
			case operations.ListOfCounted:
				require.EqualValues(t, f.Total.Count, length, "%s: %s", f.Name, f.List)
				for _, p := range f.Parts {
					require.EqualValues(t, p.Count, h.lengthOf(p.List), p.List)
				}
			}
			for _, p := range f.Parts {
				h.lengthOf(p.List)
			}
			sum := int64(0)
			for _, w := range f.Weeks {
				sum += w.Count
			}
			if len(f.Weeks) > 0 {
				require.Equal(t, f.Total.Count, sum, f.Name)
			}
		}
		require.Greater(t, open, 5)
		require.Equal(t, "2026-10-26", n.From)
		require.Equal(t, "2026-12-06", n.To)
	})
}

func TestNumbersAreRefused(t *testing.T) {
	h := sqlite(t)
	for _, query := range []string{
		"from=yesterday", "to=2026-02-30", "to=2099-01-01", "from=2026-11-02&to=2026-11-01",
		"from=1999-01-01", "time_zone=Mars",
	} {
		require.GreaterOrEqual(t, h.Lead.get("/v1/numbers?"+query).Status, 400, query)
	}
	problem(t, h.Seller.get("/v1/numbers"), 403, rules.Forbidden)
}
