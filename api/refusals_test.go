package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestRefusedIntakesAreRecordedWithoutTheirData(t *testing.T) {
	h := sqlite(t)
	unknown := storetest.Form("PO-1")
	unknown.Lines[0].SKU = "NONE"
	h.Seller.accepted(storetest.Form("PO-2"))
	other := storetest.Form("PO-2")
	other.EndCustomer.Company = "Outra SA"
	want, got := map[string]string{}, map[string]string{} // by request
	refused := func(a answer, status int, code, first string) {
		t.Helper()
		want[problem(t, a, status, code).RequestID] = first
	}
	refused(h.Seller.order(unknown), 422, rules.ValidationFailed, "/lines/0/sku UNKNOWN_SKU")
	refused(h.Seller.post("/v1/orders", `{"po_number":1}`), 422, rules.ValidationFailed, "/po_number WRONG_TYPE")
	refused(h.Seller.post("/v1/orders", `{`), 400, "MALFORMED_JSON", " MALFORMED_JSON")
	refused(h.Seller.order(other), 409, rules.PONumberConflict, "/end_customer/company DIFFERS")
	refused(h.Seller.send("POST", "/v1/orders", unknown, "Content-Type", "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE",
		" UNSUPPORTED_MEDIA_TYPE")
	refused(h.Seller.post("/v1/orders", `{"po_number":"`+strings.Repeat("acme", 1<<18)+`"}`), 413, "BODY_TOO_LARGE",
		" BODY_TOO_LARGE")
	refused(h.Seller.send("POST", "/v1/orders/import", "acme;", "Content-Type", "text/csv"), 422, "FILE_UNREADABLE",
		"/header/0 UNKNOWN_COLUMN")
	problem(t, h.Seller.post("/v1/orders?on_behalf_of=org_x", unknown), 422, "INVALID_PARAMETER") // no intake

	list := as[items[api.RefusalView]](t, h.Seller.get("/v1/refusals"), 200).Items
	for _, r := range list {
		require.Equal(t, h.Reseller.ID, r.OrgID)
		require.NotEmpty(t, r.Errors)
		got[r.RequestID] = r.Errors[0].Pointer + " " + r.Errors[0].Code
	}
	require.Equal(t, want, got)
	for _, marker := range []string{"acme", "Outra", "NONE", "souza"} {
		require.NotContains(t, fmt.Sprintf("%+v", list), marker)
		require.NotContains(t, h.Log.String(), marker)
	}
}

func TestS36_SellersSeeTheirOwnRefusalsOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		h := open(t, env)
		twin := h.Env.Reseller(t, "Revenda Gêmea")
		theirs := h.client(twin.ID, rules.Reseller)
		for range 3 {
			require.Equal(t, 422, h.Seller.post("/v1/orders", "{}").Status)
		}
		require.Equal(t, 422, theirs.post("/v1/orders", "{}").Status)
		count := func(c client, query string) int {
			return len(as[items[api.RefusalView]](t, c.get("/v1/refusals"+query), 200).Items)
		}
		require.Equal(t, 3, count(h.Seller, ""))
		require.Equal(t, 1, count(theirs, ""))
		require.Zero(t, count(theirs, "?org_id="+h.Reseller.ID))
		require.Equal(t, 4, count(h.Lead, ""))
		require.Equal(t, 1, count(h.Lead, "?org_id="+twin.ID))
		refusals, next, err := h.ListRefusals(storetest.Seller(h.Reseller), "", db.Page{Limit: 2})
		require.NoError(t, err)
		require.Len(t, refusals, 2)
		require.Equal(t, refusals[1].ID, next)
		refusals, _, err = h.ListRefusals(storetest.Customer("acc_x"), "", db.Page{})
		require.NoError(t, err)
		require.Empty(t, refusals)
	})
}
