package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// PostgreSQL refuses to store or compare NUL and damaged UTF-8. Callers who
// send them are told so; it is no error of the service.

func TestAddressesThatNoDatabaseComparesAreRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		h := open(t, env)
		for _, bad := range []string{"%00", "ord_%00", "%ff", "%c3%28"} {
			for _, path := range []string{"/v1/orders/", "/v1/accounts/", "/v1/operator/tasks/", "/v1/imports/"} {
				problem(t, h.Lead.get(path+bad), 404, rules.NotFound)
			}
			for _, query := range []string{
				"/v1/orders?cursor=", "/v1/orders?po_number=", "/v1/orders?account_id=", "/v1/operator/tasks?kind=",
				"/v1/processes?cursor=", "/v1/tokens?cursor=",
			} {
				problem(t, h.Lead.get(query+bad), 422, "INVALID_PARAMETER")
			}
			problem(t, h.Lead.post("/v1/orders?reason=x&on_behalf_of="+bad, storetest.Form("PO-1")), 422,
				"INVALID_PARAMETER")
		}
		require.NotContains(t, h.Log.String(), `"level":"ERROR"`)
	})
}

func TestTextsThatNoDatabaseStoresAreRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		h := open(t, env)
		o, accountID, invitation := h.fulfilled()
		for name, a := range map[string]answer{
			"/po_number": h.Seller.post("/v1/orders", `{"po_number":"a\u0000"}`),
			"/reason":    h.Seller.post("/v1/orders/"+o.ID+"/cancellation", `{"reason":"a\u0000b","quantity":1}`),
			"/contact_name": h.Lead.post("/v1/accounts/"+accountID+
				"/invitations", `{"reason":"x","email":"rui@acme.example","contact_name":"a\u0000","role":"ADMIN"}`),
			"/email":  h.Lead.post("/v1/invitations/"+invitation+"/reissue", `{"reason":"x","email":"\u0000"}`),
			"/org_id": h.Lead.post("/v1/tokens", `{"org_id":"\u0000","role":"RESELLER","label":"x"}`),
		} {
			p := problem(t, a, 422, rules.ValidationFailed)
			require.Contains(t, codes(p.Errors), name+" "+rules.ControlCharacters, name)
		}
		require.NotContains(t, h.Log.String(), `"level":"ERROR"`)
	})
}
