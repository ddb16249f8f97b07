package console

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

// Who may use each route: L lead, A agent, C customer success manager, M manager, in this
// order; a dash where it is refused, a star where anybody may, also signed out.
var accessTable = map[string]string{
	"GET /console/sign-in":                         "*",
	"POST /console/sign-in":                        "*",
	"GET /console/sign-in/emergency":               "*",
	"POST /console/sign-in/emergency":              "*",
	"GET /console/sign-in/start":                   "*",
	"GET /console/sign-in/callback":                "*",
	"POST /console/sign-out":                       "*",
	"POST /console/sign-out/issuer":                "*",
	"POST /console/language":                       "*",
	"GET /console/set-up":                          "*",
	"POST /console/set-up":                         "*",
	"GET /console":                                 "LACM",
	"GET /console/queue":                           "LACM",
	"POST /console/queue/pull":                     "LAC-",
	"GET /console/queue/:id":                       "LACM",
	"POST /console/queue/:id/take":                 "LAC-",
	"POST /console/queue/:id/hand-back":            "LAC-",
	"GET /console/queue/:id/do/:action":            "LAC-",
	"POST /console/queue/:id/do/:action":           "LAC-",
	"GET /console/search":                          "LACM",
	"GET /console/settings/tokens":                 "LA--",
	"POST /console/settings/tokens":                "LA--",
	"GET /console/settings/tokens/:id/revoke":      "LA--",
	"POST /console/settings/tokens/:id/revoke":     "LA--",
	"GET /console/settings/operators":              "L---",
	"GET /console/settings/operators/:id/:change":  "L---",
	"POST /console/settings/operators/:id/:change": "L---",
	"GET /console/kit":                             "LACM",
}

var tableRoles = []rules.Role{
	rules.OperatorLead, rules.OperatorAgent, rules.OperatorCSM, rules.OperatorManager,
}

func TestS53_EachRouteForEachRole(t *testing.T) {
	w := issuerWorld(t)
	browsers := map[rules.Role]*browser{}
	for _, role := range tableRoles {
		browsers[role] = w.signedIn(byRole[role])
	}

	routes := w.site.routes()
	require.Len(t, routes, len(accessTable), "every route stands in the table")
	for _, r := range routes {
		name := r.method + " " + r.path
		want, ok := accessTable[name]
		require.True(t, ok, "%s is not in the table", name)
		path := strings.NewReplacer(":id", "tsk_none", ":action", "close", ":change", "disable").Replace(r.path)
		ask := func(b *browser) reply {
			if r.method == post {
				return b.post(path)
			}
			return b.get(path)
		}
		if want == "*" {
			continue
		}

		stranger := ask(w.browser())
		require.Equal(t, signInPath, stranger.path, "%s of nobody", name)
		for i, role := range tableRoles {
			answer := ask(browsers[role])
			if want[i] == '-' {
				require.Equal(t, http.StatusForbidden, answer.status, "%s of %s", name, role)
				require.Contains(t, answer.body, "Your role does not include this", "%s of %s", name, role)
				continue
			}
			require.NotEqual(t, http.StatusForbidden, answer.status, "%s of %s", name, role)
			require.Less(t, answer.status, 500, "%s of %s", name, role)
		}
	}
	require.NotContains(t, w.log.String(), "level=ERROR")
}

// What asks for a fresh sign-in says so, and goes on after it.
func TestS52_WhatNeedsAFreshSignInAsksForIt(t *testing.T) {
	w := issuerWorld(t)
	lead := w.signedIn(byRole[rules.OperatorLead])
	fresh := 0
	w.site.freshFor = 0
	for _, r := range w.site.routes() {
		if !r.fresh {
			continue
		}
		fresh++
		path := strings.NewReplacer(":id", "tsk_none", ":change", "disable").Replace(r.path)
		answer := lead.post(path, "label", "night shift")
		require.Equal(t, http.StatusForbidden, answer.status, r.path)
		require.Contains(t, answer.body, "Sign in again first", r.path)
		require.Contains(t, answer.body, "fresh=1", r.path)
	}
	require.Equal(t, 3, fresh)
}

func TestS52_WhatWasTypedIsThereAfterTheFreshSignIn(t *testing.T) {
	w := issuerWorld(t)
	p := byRole[rules.OperatorLead]
	lead := w.signedIn(p)
	w.site.freshFor = 0
	require.Contains(t, lead.post(tokensPath, "label", "night shift", "whose", "x y").body, "Sign in again first")
	w.site.freshFor = freshFor
	r := lead.get(StartPath + "?fresh=1&next=" + tokensPath + "&as=" + p.Email)
	require.Equal(t, tokensPath, r.path)
	require.Contains(t, r.body, `value="night shift"`)
	require.Contains(t, r.body, "Nothing was sent yet")
	require.NotContains(t, lead.get(tokensPath).body, "night shift")
}

// A sign-in counts as fresh by when the person proved themselves at the issuer, not by when the
// console let them in; and an issuer that does not ask anew is not believed.
func TestS52_AnOldSessionAtTheIssuerIsNotFresh(t *testing.T) {
	w := issuerWorld(t)
	p := byRole[rules.OperatorLead]
	w.issuer.SignedInAt(p.Subject, time.Now().Add(-5*time.Hour))
	lead := w.signedIn(p)
	require.Contains(t, lead.post(tokensPath, "label", "x").body, "Sign in again first")

	again := StartPath + "?fresh=1&next=" + tokensPath + "&as=" + p.Email
	w.issuer.Alter(func(c map[string]any) { c["auth_time"] = time.Now().Add(-time.Hour).Unix() })
	require.Equal(t, http.StatusBadRequest, lead.get(again).status)
	w.issuer.Alter(func(c map[string]any) { delete(c, "auth_time") })
	require.Equal(t, http.StatusBadRequest, lead.get(again).status)
	w.issuer.Alter(nil)
	require.Equal(t, tokensPath, lead.get(again).path)
	require.NotContains(t, lead.post(tokensPath, "label", "x").body, "Sign in again first")
}

func TestNoFormComesFromAnotherSite(t *testing.T) {
	w := issuerWorld(t)
	b := w.signedIn(staff[0])
	req, err := http.NewRequest(http.MethodPost, w.url+queuePath+"/pull", strings.NewReader(""))
	require.NoError(t, err)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, b.do(req).status)
}
