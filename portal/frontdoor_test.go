package portal

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/web"
)

func discard() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	w := newWorld(t)
	inv := w.invited()
	for _, header := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site"},
		{"Sec-Fetch-Site": "same-site"},
		{"Origin": "https://evil.example"},
		{"Origin": "null"},
	} {
		for _, r := range routes() {
			if r.method != post || r.path == samlAnswerPath { // see saml_test.go
				continue
			}
			req, err := http.NewRequest(post, w.url+r.path, strings.NewReader("email=a@b.example"))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for k, v := range header {
				req.Header.Set(k, v)
			}
			require.Equal(t, 403, w.guest().do(req).status, "%s %v", r.path, header)
		}
	}
	require.True(t, w.state(inv.ID).Live())
}

func TestHeadersAndCookies(t *testing.T) {
	env := storetest.SQLite(t)
	engine := gin.New()
	require.NoError(
		t, Register(engine, Options{Domains: env.Domains, Log: discard(), PublicURL: "https://portal.example"}),
	)
	ask := func(path string) *http.Response {
		rec := httptest.NewRecorder()
		engine.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		return rec.Result()
	}
	h := ask("/sign-in").Header
	for name, want := range map[string]string{
		"Content-Security-Policy":   "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'none'; connect-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":    "nosniff",
		"Cache-Control":             "no-store",
		"Referrer-Policy":           "same-origin",
		"Strict-Transport-Security": "max-age=31536000; includeSubDomains",
	} {
		require.Equal(t, want, h.Get(name), name)
	}
	require.Empty(t, h.Values("Set-Cookie"), "who only looks gets no session")
	link := ask("/invitation?token=x")
	require.Equal(t, 303, link.StatusCode)
	require.Equal(t, "/invitation", link.Header.Get("Location"))
	c := link.Cookies()[0]
	require.Equal(t, "__Host-roomcover", c.Name)
	require.True(t, c.Secure && c.HttpOnly && c.SameSite == http.SameSiteLaxMode && c.Path == "/" && c.Domain == "")
}

func TestOptionsAreChecked(t *testing.T) {
	env := storetest.SQLite(t)
	for name, o := range map[string]Options{
		"no domains": {Log: discard(), PublicURL: "https://portal.example"},
		"no log":     {Domains: env.Domains, PublicURL: "https://portal.example"},
		"no address": {Domains: env.Domains, Log: discard()},
	} {
		require.Error(t, Register(gin.New(), o), name)
		_, err := NotFound(o)
		require.Error(t, err, name)
	}
}

func TestUnknownPagesAndGiantForms(t *testing.T) {
	w := newWorld(t)
	r := w.guest().get("/nowhere")
	require.Equal(t, 404, r.status)
	require.Contains(t, r.body, "Page not found")
	require.Equal(t, 400, w.guest().post("/sign-in", "email", strings.Repeat("a", maxBody+1)).status)
	require.Equal(t, 200, func() int {
		req, err := http.NewRequest(http.MethodHead, w.url+"/sign-in", nil)
		require.NoError(t, err)
		return w.guest().do(req).status
	}())
}

func TestLanguageFollowsTheVisitor(t *testing.T) {
	w := newWorld(t)
	for header, want := range map[string]string{
		"pt-PT,pt;q=0.9": `lang="pt-BR"`,
		"en-GB":          `lang="en"`,
		"de-DE":          `lang="pt-BR"`,
		"":               `lang="pt-BR"`,
		"de, en;q=0.5":   `lang="en"`,
	} {
		g := w.guest()
		g.lang = header
		require.Contains(t, g.get("/sign-in").body, "<html "+want, header)
	}
	g := w.guest()
	require.Contains(t, g.get("/sign-in").body, `<html lang="en"`)
	r := g.get("/sign-in?lang=pt-BR&next=/sessions")
	require.Contains(t, r.body, `<html lang="pt-BR"`)
	require.Contains(t, r.body, `value="/sessions"`)
	require.Contains(t, g.get("/sign-in").body, `<html lang="pt-BR"`, "the choice is remembered")
	require.Contains(t, g.get("/sign-in?lang=xx").body, `<html lang="pt-BR"`)
	ana, _ := w.admin()
	ana.lang = "pt-BR"
	require.Contains(t, ana.get("/").body, `<html lang="en"`, "the user's own language comes before the browser's")
	require.Equal(t, "/", web.LocalPath("//evil.example"))
}

func TestLanguageIsChangedOnALinkWithoutShowingItsToken(t *testing.T) {
	w := newWorld(t)
	inv := w.invited()
	g := w.guest()
	r := g.get(w.link(inv) + "&lang=pt-BR")
	require.Equal(t, "/invitation", r.path)
	require.Contains(t, r.body, "Boas-vindas ao Logitech Select")
}

func TestPagesForTheRouterItself(t *testing.T) {
	env := storetest.SQLite(t)
	o := Options{Domains: env.Domains, Log: discard(), PublicURL: "http://localhost:8080", Insecure: true}
	for name, c := range map[string]struct {
		make   func(Options) (gin.HandlerFunc, error)
		status int
	}{"not found": {NotFound, 404}, "method": {MethodNotAllowed, 405}, "failed": {Failed, 500}} {
		h, err := c.make(o)
		require.NoError(t, err, name)
		engine := gin.New()
		engine.NoRoute(h)
		rec := httptest.NewRecorder()
		engine.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/x", nil))
		require.Equal(t, c.status, rec.Code, name)
		require.Contains(t, rec.Body.String(), "<!doctype html>", name)
		_, err = c.make(Options{})
		require.Error(t, err, name)
	}
}

// The menu shows where a page belongs: a refused form under its own entry, a
// page that does not exist under none.
func TestMenuMarksWhereAPageBelongs(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	for path, entry := range map[string]string{
		"/":               "/",
		"/service-orders": "/service-orders",
		"/nowhere":        "",
		"/sessions":       "",
		"/service-orders/ord_unknown/cancellation": "/service-orders",
	} {
		require.Equal(t, entry, currentEntry(ana.get(path).body), path)
	}
	refused := ana.post("/colleagues/mem_unknown/remove", "confirmed", "yes")
	require.Equal(t, 404, refused.status)
	require.Equal(t, "/colleagues", currentEntry(refused.body))
	require.Contains(t, refused.body, `<a class="btn main" href="/colleagues"`, "the way back")
	require.Contains(t, ana.get("/service-orders/ord_unknown/cancellation").body,
		`<a class="btn main" href="/service-orders"`)
	require.Contains(t, w.guest().get("/nowhere").body, `<a class="btn main" href="/"`)
}

func currentEntry(body string) string {
	found := regexp.MustCompile(`<a href="([^"]*)" aria-current="page">`).FindStringSubmatch(body)
	if found == nil {
		return ""
	}
	return found[1]
}

// The link to another language leads to the same page, with what it was asked for; the secret
// of a link is not copied.
func TestTheOtherLanguageKeepsTheQuery(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	room := w.Room(t, inv.AccountID, "Sala Ipê").ID
	for page, want := range map[string]string{
		"/replacements/request?q=sala+1&lang=en": "/replacements/request?lang=pt-BR&amp;q=sala&#43;1",
		"/sites/new?room=" + room:                "/sites/new?lang=pt-BR&amp;room=" + room,
		"/account":                               "/account?lang=pt-BR",
		"/nowhere?q=1":                           "/?lang=pt-BR",
	} {
		require.Contains(t, ana.get(page).body, `<a href="`+want+`" lang="pt-BR"`, page)
	}

	wrong := ana.post("/sites/new?room="+room, typed(funchal, "city", "")...)
	require.Equal(t, 422, wrong.status)
	require.Contains(t, wrong.body, `<a href="/sites/new?lang=pt-BR&amp;room=`+room+`"`)

	for _, link := range []string{"/password-reset/new?token=unknown", "/invitation?token=unknown"} {
		require.NotContains(t, w.guest().get(link).body, "token=")
	}
}

// A page that says what went wrong leads back to the list that its address belongs to, where
// the reader may open it.
func TestAProblemKnowsTheWayBack(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	bruno := w.member(inv.AccountID, "bruno@acme.example", identity.RoleReadOnly)
	for path, back := range map[string]string{
		"/sites/sit_missing":             "/sites",
		"/tokens/tok_missing/revoke":     "/tokens",
		"/account/nowhere":               "/account",
		"/sessions/nowhere":              "/sessions",
		"/replacements/RMA-7F3K2":        "/replacements",
		"/colleagues/mem_missing/remove": "/colleagues",
		"/replacements?after=x":          "/replacements",
		"/nowhere":                       "/",
	} {
		require.Contains(t, ana.get(path).body, `<a class="btn main" href="`+back+`">Go back</a>`, path)
	}
	for path, back := range map[string]string{
		"/tokens/tok_missing/revoke": "/",
		"/tokens":                    "/",
		"/sites/sit_missing":         "/sites",
	} {
		require.Contains(t, bruno.get(path).body, `<a class="btn main" href="`+back+`">Go back</a>`, path)
	}
	require.Contains(t, ana.post("/tokens", "role", "OWNER").body, `href="/tokens">Go back</a>`)
}
