package portal

import (
	"net/http"
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
	page := ana.get("/account").body
	require.Contains(t, page, `<html lang="pt-BR"`)
	require.Contains(t, page, "Idioma atual: English.")

	follow("same-origin")
	require.Equal(t, []string{"pt-BR"}, stored())
	require.Contains(t, ana.get("/account").body, "Idioma atual: Português.")

	done := ana.post("/account/language", "language", "en")
	require.Equal(t, "/account", done.path)
	require.Contains(t, done.body, "O idioma dos seus e-mails foi alterado.")
	require.Equal(t, []string{"en"}, stored())
	require.Equal(t, 400, ana.post("/account/language", "language", "de").status)

	reader := w.member(inv.AccountID, "dora@acme.example", "READ_ONLY")
	require.Equal(t, "/account", reader.post("/account/language", "language", "pt-BR").path,
		"it is everybody's own")
}
