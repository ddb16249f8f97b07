package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// A filter that cannot mean anything is refused: an empty list, or a list as if
// the filter were not there, would be read as an answer.
func TestFiltersThatMeanNothingAreRefused(t *testing.T) {
	h := sqlite(t)
	h.Seller.accepted(storetest.Form("PO-1"))
	for _, c := range []struct {
		client
		path, pointer string
	}{
		{h.Seller, "/v1/orders?state=FULFILLED&state=CANCELLED", "/query/state"},
		{h.Seller, "/v1/orders?limit=1&limit=1", "/query/limit"},
		{h.Seller, "/v1/orders?account_id=acc_x", "/query/account_id"},
		{h.Lead, "/v1/processes?waits_for=REVIEW", "/query/waits_for"},
		{h.Lead, "/v1/operator/tasks?kind=REVIEW", "/query/kind"},
	} {
		p := problem(t, c.get(c.path), 422, "INVALID_PARAMETER")
		require.Len(t, p.Errors, 1, c.path)
		require.Equal(t, c.pointer, p.Errors[0].Pointer, c.path)
	}
	for _, path := range []string{
		"/v1/orders?cursor=", "/v1/orders?account_id=acc_x",
		"/v1/processes?waits_for=REVIEW_DECISION", "/v1/operator/tasks?kind=REVIEW_ORDER",
	} {
		require.Equal(t, 200, h.Lead.get(path).Status, path)
	}
}

func TestEveryProcessCanBeFoundByWhatItWaitsFor(t *testing.T) {
	h := sqlite(t)
	h.inReview("PO-1")
	h.Seller.accepted(storetest.Form("PO-2"))
	done := h.Seller.accepted(storetest.Form("PO-3"))
	h.fulfil(done.ID)
	counts := as[items[struct {
		WaitsFor string `json:"waits_for"`
		Count    int
	}]](t, h.Lead.get("/v1/processes/counts"), 200).Items
	require.GreaterOrEqual(t, len(counts), 4)
	for _, c := range counts {
		require.Len(t, as[items[ref]](t, h.Lead.get("/v1/processes?waits_for="+c.WaitsFor), 200).Items, c.Count,
			c.WaitsFor)
	}
}
