package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/web"
)

// customers are two fulfilled orders of two companies.
func (w *world) customers() (acme, beta string, number string) {
	w.t.Helper()
	seller := w.Reseller(w.t, "Revenda Sul")
	first := w.Fulfilled(w.t, seller, storetest.Form("PO-1"))
	second := w.Fulfilled(w.t, seller, storetest.FormFor("PO-2", "Beta Química S.A.", "bia@beta.example"))
	return db.Text(first.AccountID), db.Text(second.AccountID), db.Text(second.VendorOrderNo)
}

func TestACustomerIsFoundByCompanyPersonAndOrderNumber(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		_, beta, number := w.customers()
		manager := w.signedIn(staff[3])
		all := manager.get(accountsPath)
		require.Contains(t, all.body, "Acme Ltda")
		require.Contains(t, all.body, "Beta Química S.A.")
		require.Contains(t, all.body, "0 of 10")

		for _, text := range []string{
			"quimica", "Beta Química S", "BIA@beta.example", "PO-2", number,
		} {
			found := manager.get(web.ListAddress(accountsPath, "q", text))
			require.Equal(t, http.StatusOK, found.status)
			require.Contains(t, found.body, accountPath(beta), text)
			require.NotContains(t, found.body, "Acme Ltda", text)
		}
		require.Contains(t, manager.get(web.ListAddress(accountsPath, "q", "nobody@x.example")).body, "No customers here")
		require.NotContains(t, manager.get(web.ListAddress(accountsPath, "mode", "SITE")).body, "Acme Ltda")
		require.Contains(t, manager.get(web.ListAddress(accountsPath, "csm", "none", "country", "BR")).body, "Acme Ltda")

		byName := manager.get(web.ListAddress(accountsPath, "sort", "-company")).body
		require.Less(t, indexOf(t, byName, "Beta Química S.A."), indexOf(t, byName, "Acme Ltda"))
		w.withinBudget(manager, accountsPath)
	})
}

func indexOf(t *testing.T, body, text string) int {
	t.Helper()
	require.Contains(t, body, text)
	return strings.Index(body, text)
}
