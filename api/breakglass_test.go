package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// While a company enforces its own sign-in, no door of the API takes its last break-glass
// administrator away, whoever asks: demoted, suspended, removed, erased, split off or merged.
func TestS49_TheLastBreakGlassAdministratorStaysByTheAPI(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	con := h.OnlyOwnSignIn(t, c)
	other := h.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
	member := "/v1/memberships/" + h.Strings(t,
		"SELECT id FROM memberships WHERE user_id = '"+c.Admin.ID+"'")[0]
	parent := func(accountID string) string {
		return h.Strings(t, "SELECT parent_org_id FROM accounts WHERE id = '"+accountID+"'")[0]
	}
	// The connection is of another account of the organisation, which stays behind a split.
	stays := h.CoveredFor(t, "Acme Norte Ltda", "nina@acme.example", "SN-300")
	require.NoError(t, h.Exec("UPDATE accounts SET parent_org_id = '"+parent(c.Account)+
		"' WHERE id = '"+stays.Account+"'"))
	for _, table := range []string{"sso_connections", "sso_domains"} {
		require.NoError(t, h.Exec("UPDATE "+table+" SET account_id = '"+stays.Account+"'"))
	}

	admin := h.customer(c.Account, rules.CustomerAdmin)
	erasure := `{"kind":"ERASURE","user_id":"` + c.Admin.ID + `","confirm":"` + c.Admin.Email +
		`","reason":"asked for it"}`
	split := `{"name":"Acme Filial Ltda","account_ids":["` + c.Account + `"],"reason":"sold"}`
	for name, door := range map[string]struct {
		by           client
		method, path string
		body         string
		code         string
	}{
		"the customer's program demotes": {
			admin, "PATCH", member, `{"role":"READ_ONLY","reason":"r"}`, rules.Forbidden,
		},
		"the customer's program suspends": {
			admin, "PATCH", member, `{"state":"SUSPENDED","reason":"r"}`, rules.Forbidden,
		},
		"the customer's program removes": {
			admin, "PATCH", member, `{"state":"REMOVED","reason":"r"}`, rules.Forbidden,
		},
		"the customer's program erases": {
			admin, "POST", requestsPath, erasure, identity.NoBreakGlass,
		},
		"an operator suspends": {
			h.Lead, "PATCH", member, `{"state":"SUSPENDED","reason":"r"}`, identity.NoBreakGlass,
		},
		"an operator removes": {
			h.Lead, "PATCH", member, `{"state":"REMOVED","reason":"r"}`, identity.NoBreakGlass,
		},
		"an operator erases": {h.Lead, "POST", requestsPath, erasure, identity.NoBreakGlass},
		"an operator splits the account off": {
			h.Lead, "POST", "/v1/orgs/" + parent(c.Account) + "/split", split,
			identity.NoBreakGlass,
		},
		"an operator merges strangers into it": {
			h.Lead, "POST", "/v1/orgs/" + parent(other.Account) + "/merge",
			`{"into":"` + parent(c.Account) + `","reason":"one company"}`, identity.Outsiders,
		},
	} {
		t.Run(name, func(t *testing.T) {
			status := 409
			if door.code == rules.Forbidden { // its programs change nobody's role at all
				status = 403
			}
			p := problem(t, door.by.send(door.method, door.path, door.body), status, door.code)
			require.NotEmpty(t, p.Remedy)
			require.NotContains(t, strings.ToLower(p.Detail), c.Admin.Email)
			require.Equal(t, 1, h.Count(t, "SELECT count(*) FROM memberships WHERE role = 'ADMIN' "+
				"AND state = 'ACTIVE' AND user_id = '"+c.Admin.ID+"'"))
			require.Zero(t, h.Count(t, "SELECT count(*) FROM privacy_requests"))
		})
	}

	// Once passwords let people in again, the same is done.
	_, err := h.SSO.LiftEnforcement(storetest.Operator(), con.ID, "the provider is down")
	require.NoError(t, err)
	require.Equal(t, 200, h.Lead.send("PATCH", member, `{"state":"REMOVED","reason":"r"}`).Status)
	h.AuditHolds(t)
}
