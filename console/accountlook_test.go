package console

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// A look is begun with a reason, opens the portal by a cookie that no other site's link takes
// along, stands in the account's audit on its behalf, and is ended by a click.
func TestS53_AnOperatorLooksAtThePortalAsACustomerWithAReason(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		o := w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		account := *o.AccountID
		ari := w.signedIn(byRole[rules.OperatorAgent])
		look := accountPath(account) + "/look"
		require.Contains(t, ari.get(accountPath(account)).body, `href="`+look+`"`)
		require.NotContains(t, w.signedIn(byRole[rules.OperatorManager]).get(accountPath(account)).body, look)

		asked := ari.get(look)
		require.Contains(t, asked.body, "See the portal as Acme Ltda sees it")
		require.Contains(t, asked.body, "30 minutes at most")
		require.Equal(t, http.StatusUnprocessableEntity, ari.post(look, "reason", " ").status)
		require.Zero(t, w.Count(t, "SELECT count(*) FROM account_looks"))

		ari.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		begun := ari.post(look, "reason", "you called about a room")
		require.Equal(t, http.StatusSeeOther, begun.status)
		require.Equal(t, "/", begun.header.Get("Location"))
		set := (&http.Response{Header: begun.header}).Cookies()
		require.NotEmpty(t, set)
		cookie := set[0]
		require.Equal(t, web.LookCookie, cookie.Name)
		require.True(t, cookie.HttpOnly)
		require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
		require.Equal(t, "/", cookie.Path)
		require.InDelta(t, 1800, cookie.MaxAge, 30)
		require.NotContains(t, w.Strings(t, "SELECT token_hash FROM account_looks"), cookie.Value)
		require.Equal(t, "__Host-"+web.LookCookie, web.CookieName(web.LookCookie, true))

		found, who, ok, err := w.Domains.Operators.FindAccountLook(w.Context, cookie.Value)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, account, found.AccountID)
		require.Equal(t, "Ari Prado", who.Name)
		events, err := w.Domains.DB.Timeline(w.system(), account)
		require.NoError(t, err)
		last := events[len(events)-1]
		require.Equal(t, "account.look_begun", last.Verb)
		require.Equal(t, account, last.OnBehalfOf)
		require.Equal(t, "you called about a room", last.Details["reason"])

		ari.client.CheckRedirect = nil
		ended := ari.post(look + "/end")
		require.Equal(t, accountPath(account), ended.path)
		require.Contains(t, ended.body, "no longer see the portal")
		_, _, ok, err = w.Domains.Operators.FindAccountLook(w.Context, cookie.Value)
		require.NoError(t, err)
		require.False(t, ok)
		require.Equal(t, accountPath(account), ari.post(look+"/end").path, "again")
		require.NotContains(t, w.log.String(), "level=ERROR")
	})
}
