package portal

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The choice in the footer is the person's, mails included; a link that somebody else made
// chooses nothing but what the browser shows.
func TestTheLanguageOfAPersonsMails(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	follow := func(site string) {
		req, err := http.NewRequest(http.MethodGet, w.url+"/account?lang=pt-BR", nil)
		require.NoError(t, err)
		req.Header.Set("Sec-Fetch-Site", site)
		require.Equal(t, 200, ana.do(req).status)
	}
	stored := func() []string {
		return w.Strings(t, "SELECT locale FROM users WHERE email = '"+anaMail+"'")
	}

	require.Equal(t, []string{"en"}, stored())
	follow("cross-site")
	require.Equal(t, []string{"en"}, stored())
	page := ana.get("/me").body
	require.Contains(t, page, `<html lang="pt-BR"`)
	require.Contains(t, page, "Idioma atual: English.")

	follow("same-origin")
	require.Equal(t, []string{"pt-BR"}, stored())
	require.Contains(t, ana.get("/me").body, "Idioma atual: Português.")

	done := ana.post("/account/language", "language", "en")
	require.Equal(t, "/me", done.path)
	require.Contains(t, done.body, "O idioma dos seus e-mails foi alterado.")
	require.Equal(t, []string{"en"}, stored())
	require.Equal(t, 400, ana.post("/account/language", "language", "de").status)

	reader := w.member(inv.AccountID, "dora@acme.example", "READ_ONLY")
	require.Equal(t, "/me", reader.post("/account/language", "language", "pt-BR").path,
		"it is everybody's own")
}

// The language of an invitation's link holds for the visit: it is no choice of the reader, who
// may have made one before, and makes one at the foot of any page.
func TestTheLanguageOfALinkHoldsForTheVisit(t *testing.T) {
	w := newWorld(t)
	follow := func(g *guest, path, site string) *http.Response {
		req, err := http.NewRequest(http.MethodGet, w.url+path, nil)
		require.NoError(t, err)
		req.Header.Set("Sec-Fetch-Site", site)
		res, err := (&http.Client{Jar: g.client.Jar, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}).Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res
	}
	english := func(g *guest) bool { return strings.Contains(g.get("/sign-in").body, `<html lang="en"`) }

	for _, link := range []string{"/invitation?token=x&lang=pt-BR", "/sign-in?lang=pt-BR"} {
		g := w.guest()
		require.True(t, english(g))
		res := follow(g, link, "cross-site")
		require.Equal(t, visitCookie, res.Cookies()[0].Name, link)
		require.Zero(t, res.Cookies()[0].MaxAge, "until the browser is closed")
		require.True(t, res.Cookies()[0].Expires.IsZero())
		require.False(t, english(g), "the pages that follow are in it")

		res = follow(g, "/sign-in?lang=en", "same-origin")
		require.Equal(t, languageCookie, res.Cookies()[0].Name)
		require.Positive(t, res.Cookies()[0].MaxAge, "the reader's own choice is kept")
		require.True(t, english(g))
		follow(g, link, "cross-site")
		require.True(t, english(g), "and stands against a later link")
	}
}
