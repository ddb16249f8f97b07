package console

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

// linkIn is the address of the link with that text.
func linkIn(t *testing.T, body, text string) string {
	t.Helper()
	found := regexp.MustCompile(`href="([^"]*)"[^>]*>(?:<svg.*?</svg>)?` + regexp.QuoteMeta(text)).
		FindStringSubmatch(body)
	require.NotEmpty(t, found, "there is no link %q", text)
	return html.UnescapeString(found[1])
}

func TestAChoiceOfAListIsKeptAsAView(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		ari, lena := w.signedIn(byRole[rules.OperatorAgent]), w.signedIn(byRole[rules.OperatorLead])
		mauro := w.signedIn(byRole[rules.OperatorManager])
		const choice = queuePath + "?due=late&kind=SWEEP_LATE"

		require.NotContains(t, ari.get(queuePath).body, "Keep this choice", "what is shown by itself is no choice")
		page := ari.get(choice + "&chosen=all")
		ask := ari.get(linkIn(t, page.body, "Keep this choice…"))
		require.Equal(t, http.StatusOK, ask.status)
		form := []string{"confirmed", "yes", "list", hiddenIn(ask.body, "list"),
			"query", html.UnescapeString(hiddenIn(ask.body, "query"))}
		require.Equal(t, "due=late&kind=SWEEP_LATE", form[5])

		unnamed := ari.post(viewsPath+"/new", append(form, "name", " ", "shared", "yes")...)
		require.Equal(t, http.StatusUnprocessableEntity, unnamed.status)
		require.Contains(t, unnamed.body, "A view has a name")
		for range 2 { // the second click keeps nothing twice
			kept := ari.post(viewsPath+"/new", append(form, "name", "Late sweeps", "shared", "yes")...)
			require.Equal(t, queuePath, kept.path)
			require.Equal(t, url.Values{"due": {"late"}, "kind": {"SWEEP_LATE"}}, kept.query)
		}
		ari.post(viewsPath+"/new", append(form, "name", "Only mine")...)

		require.Equal(t, choice, linkIn(t, mauro.get(queuePath).body, "Late sweeps"), "one click opens it")
		require.Regexp(t, `<b>Late sweeps</b>`, lena.get(choice).body, "it says which view is open")
		require.NotContains(t, lena.get(queuePath).body, "Only mine")
		require.NotContains(t, lena.get(ordersPath).body, "Late sweeps", "another list")

		require.NotContains(t, mauro.get(viewsPath+"/new?list=/console/queue&query=due%3Dlate").body, `name="shared"`)
		require.Equal(t, http.StatusForbidden,
			mauro.post(viewsPath+"/new", append(form, "name", "x", "shared", "yes")...).status)
		own := mauro.post(viewsPath+"/new", append(form, "name", "Figures")...)
		require.Contains(t, own.body, "The view is kept")

		manage := ari.get(viewsPath + "?list=" + queuePath)
		mine := regexp.MustCompile(`(/console/views/vew_\w+)/rename"`).FindAllStringSubmatch(manage.body, -1)
		require.Len(t, mine, 2)
		shared := mine[0][1]
		require.NotContains(t, mauro.get(viewsPath+"?list="+queuePath).body, shared)
		require.Equal(t, http.StatusForbidden, mauro.get(shared+"/rename").status)
		require.Equal(t, http.StatusNotFound, lena.get(mine[1][1]+"/remove").status, "another one's own is not there")

		taken := ari.post(shared+"/rename", "confirmed", "yes", "name", "Only mine")
		require.Equal(t, http.StatusUnprocessableEntity, taken.status)
		require.Contains(t, taken.body, `value="Only mine"`, "what was typed stays")
		require.Contains(t, ari.post(shared+"/rename", "confirmed", "yes", "name", "Sweeps").body, "has its new name")
		require.Contains(t, lena.post(shared+"/remove").body, "everyone on the desk loses it", "it is asked first")
		require.Contains(t, lena.post(shared+"/remove", "confirmed", "yes").body, "The view is removed")
		require.NotContains(t, ari.get(queuePath).body, "Sweeps</a>")
	})
}

// A view leads to a list of the console, wherever its form says.
func TestAViewLeadsNowhereElse(t *testing.T) {
	w := issuerWorld(t)
	b := w.signedIn(byRole[rules.OperatorAgent])
	for _, list := range []string{"https://elsewhere.example", "//elsewhere.example", "/portal", "/console/queue/:id", ""} {
		r := b.post(viewsPath+"/new", "confirmed", "yes", "list", list, "query", "a=b", "name", "x")
		require.Equal(t, Root, r.path, list)
	}
	require.Equal(t, http.StatusBadRequest,
		b.post(viewsPath+"/new", "confirmed", "yes", "list", queuePath, "query", "%zz", "name", "x").status)
}
