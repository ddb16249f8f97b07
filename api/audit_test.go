package api_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
)

func TestTheAuditIsReadOverTheAPI(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		c := h.Env.Covered(t)
		asked := h.Env.Approved(t, c)
		type page struct {
			Items      []api.AuditEventView `json:"items"`
			NextCursor string               `json:"next_cursor"`
		}
		read := func(query string) page {
			t.Helper()
			return as[page](t, h.Lead.get("/v1/audit?"+query), 200)
		}

		first := read("limit=3")
		require.Len(t, first.Items, 3)
		second := read("limit=3&cursor=" + url.QueryEscape(first.NextCursor))
		require.Less(t, second.Items[0].ID, first.Items[2].ID)
		for _, query := range []string{"thing=" + asked.ID, "thing=" + asked.Number} {
			of := read(query).Items
			require.NotEmpty(t, of)
			for _, e := range of {
				require.Equal(t, asked.ID, e.ObjectID)
				require.Equal(t, asked.ID, e.ChainID, "it has a chain of its own")
			}
		}
		for _, e := range read("account=acme&verb=rma.").Items {
			require.Equal(t, c.Account, e.AccountID)
			require.Contains(t, e.Verb, "rma.")
		}
		require.NotEmpty(t, read("person=system&since=2000-01-01T00:00:00Z").Items)
		require.Empty(t, read("until=2000-01-01T00:00:00Z").Items)
		problem(t, h.Lead.get("/v1/audit?person=nobody+at+all"), 422, "INVALID_PARAMETER")
		problem(t, h.Lead.get("/v1/audit?person=e"), 422, rules.ValidationFailed) // several have that in their names
		problem(t, h.Lead.get("/v1/audit?since=soon"), 422, "INVALID_PARAMETER")

		chain := as[api.ChainView](t, h.Lead.get("/v1/audit/chains/"+c.Account), 200)
		require.True(t, chain.Holds)
		require.Positive(t, chain.Events)
		require.Equal(t, 404, h.Lead.get("/v1/audit/chains/acc_none").Status)
	})
}
