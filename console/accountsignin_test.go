package console

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// An operator sees a customer's own sign-in, proves a domain, and lets passwords in again where
// the sign-in was the only way: each with a reason.
func TestS48_S49_AnOperatorProvesADomainAndLetsPasswordsInAgainWithAReason(t *testing.T) {
	w := issuerWorld(t)
	o := w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	account := *o.AccountID
	w.Join(t, w.InvitationOf(t, o.ID))
	d, err := w.SSO.AddDomain(storetest.Customer(account), account, "acme.example")
	require.NoError(t, err)
	con, err := w.SSO.Draft(storetest.Customer(account), account, sso.OIDC)
	require.NoError(t, err)
	require.NoError(t, w.Exec("UPDATE sso_connections SET state = 'ENFORCED', issuer = 'https://idp.acme.example'"))
	ari := w.signedIn(byRole[rules.OperatorAgent])

	people := accountTab(account, "people")
	proves := accountPath(account) + "/domains/" + d.ID + "/prove"
	lifts := accountPath(account) + "/connections/" + con.ID + "/lift"
	page := ari.get(people).body
	require.Contains(t, page, "https://idp.acme.example")
	require.Contains(t, page, "The only way in")
	require.Contains(t, page, proves)
	require.Contains(t, page, lifts)

	for path, done := range map[string]string{
		proves: "SELECT count(*) FROM sso_domains WHERE proved_by = 'OPERATOR'",
		lifts:  "SELECT count(*) FROM sso_connections WHERE state = 'ENABLED'",
	} {
		require.Equal(t, 200, ari.get(path).status)
		require.Equal(t, http.StatusUnprocessableEntity, ari.post(path, "reason", " ", "confirmed", "yes").status)
		require.Zero(t, w.Count(t, done))
		for range 2 { // again it changes nothing
			require.Equal(t, 200, ari.post(path, "reason", "seen their papers", "confirmed", "yes").status)
		}
		require.Equal(t, 1, w.Count(t, done))
	}
	require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM audit_events WHERE verb = "+
		"'connection.enforcement_lifted' AND account_id = '"+account+"' AND actor_role = 'OPERATOR_AGENT'"))
	require.Equal(t, 404, ari.get(accountPath(account)+"/domains/ssd_missing/prove").status)
	require.Equal(t, 404, ari.post(accountPath(account)+"/connections/ssc_missing/lift", "reason", "x").status)
	page = ari.get(people).body
	require.Contains(t, page, "Proved by an operator")
	require.NotContains(t, page, "The only way in")

	// A domain whose record is gone for too long is shown so, with what to do; an operator mends it.
	require.NoError(t, w.Exec("UPDATE sso_domains SET proved_by = 'DNS', missing_at = '2026-01-01'"))
	page = ari.get(people).body
	require.Contains(t, page, "Lapsed")
	require.Contains(t, page, d.Record())
	require.NotContains(t, page, "Proved by its record")
	require.Contains(t, page, proves)
	require.Equal(t, 200, ari.post(proves, "reason", "seen their papers", "confirmed", "yes").status)
	page = ari.get(people).body
	require.NotContains(t, page, "Lapsed")
	require.Contains(t, page, "Proved by an operator")
	w.AuditHolds(t)
}
