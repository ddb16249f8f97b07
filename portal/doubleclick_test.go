package portal

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
)

// twin is the same browser a moment before: its second click goes out with the cookies
// that it had before the answer to the first one arrived.
func (g *guest) twin() *guest {
	g.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(g.t, err)
	u, err := url.Parse(g.url)
	require.NoError(g.t, err)
	jar.SetCookies(u, g.client.Jar.Cookies(u))
	return &guest{world: g.world, client: &http.Client{Jar: jar}, agent: g.agent, lang: g.lang}
}

// passes lets so much time pass for the instants of a column that no second click is one.
func (w *world) passes(table, column string) {
	w.t.Helper()
	require.NoError(w.t, w.Exec("UPDATE "+table+" SET "+column+" = '2020-01-01 00:00:00' WHERE "+
		column+" IS NOT NULL"))
}

// The second click on a button of the way in is as good as the first, however late the
// answer to the first one comes, and the person goes on with it.
func TestR47_TheSecondClickIsAsGoodAsTheFirst(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		inv := w.invited()
		g := w.guest()
		g.get(w.link(inv))
		second := g.twin()
		require.Equal(t, "/invitation/code", g.post("/invitation").path)
		require.Equal(t, "/invitation/code", second.post("/invitation").path)
		require.Len(t, w.mails("one_time_code"), 1, "one code for two clicks")

		code := w.code()
		second = g.twin()
		require.Equal(t, "/invitation/person", g.post("/invitation/code", "code", code).path)
		require.Equal(t, "/invitation/person", g.post("/invitation/code", "code", code).path)
		require.Equal(t, "/invitation/person", second.post("/invitation/code", "code", code).path)
		require.Equal(t, 422, second.post("/invitation/person", "name", "Ana", "password", "x").status,
			"the session lives")

		g = second
		second = g.twin()
		form := []string{"name", "Ana Souza", "password", goodPassword}
		require.Equal(t, "/", g.post("/invitation/person", form...).path)
		in := second.post("/invitation/person", form...)
		require.Equal(t, "/", in.path)
		require.Contains(t, in.body, "Hello, Ana Souza")
		require.Equal(t, 410, second.twin().fresh().post("/invitation/person", form...).status)

		g.post("/sign-out")
		g.post("/password-reset", "email", "ana.souza@acme.example")
		g.get("/password-reset/new?token=" + w.Secrets().ResetToken(w.mails("password_reset")[0].SubjectID))
		second = g.twin()
		third := g.twin()
		for _, click := range []*guest{g, second} {
			r := click.post("/password-reset/new", "password", "quatro barcos verdes")
			require.Equal(t, "/sign-in", r.path)
			require.Contains(t, r.body, "password was changed")
		}
		require.Equal(t, 410, third.post("/password-reset/new", "password", "cinco barcos verdes").status,
			"another password is another act")
	})
}

// fresh is a browser without cookies.
func (g *guest) fresh() *guest { return g.guest() }

// A code that was used opens nothing to anybody else, and to nobody later; guessing it
// costs the same tries.
func TestR47_AUsedCodeIsNoneForAnybodyElse(t *testing.T) {
	w := newWorld(t)
	g, inv := w.asked()
	code := w.code()
	guesser := g.twin()
	late := g.twin()
	require.Equal(t, "/invitation/person", g.post("/invitation/code", "code", code).path)

	thief := w.guest()
	thief.get(w.link(inv))
	require.Equal(t, 422, thief.post("/invitation/code", "code", code).status)

	for range identity.CodeTries {
		require.Equal(t, 422, guesser.post("/invitation/code", "code", w.wrong()).status)
	}
	require.Contains(t, guesser.post("/invitation/code", "code", code).body, "Too many wrong attempts")

	w.passes("challenges", "consumed_at")
	require.Equal(t, 422, late.post("/invitation/code", "code", code).status)
	require.True(t, w.state(inv.ID).Live())
}

// The token of before is known for a minute, and then no more.
func TestTheOldSessionOfAVisitorEnds(t *testing.T) {
	w := newWorld(t)
	g, _ := w.asked()
	second := g.twin()
	g.post("/invitation/code", "code", w.code())
	require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM sessions WHERE expires_at < "+
		"(SELECT max(expires_at) FROM sessions)"), "the old one ends earlier")
	w.passes("sessions", "expires_at")
	require.Equal(t, 410, second.post("/invitation/code", "code", w.code()).status)
}

// Who is signed in and opens a link that they used before goes home; for anybody else it
// is a dead link.
func TestR47_AUsedLinkLeadsHome(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	for _, path := range []string{w.link(inv), "/invitation", "/invitation/code", "/invitation/person"} {
		if path != w.link(inv) {
			ana.get(w.link(inv))
		}
		home := ana.get(path)
		require.Equal(t, "/", home.path, path)
	}
	require.Contains(t, ana.get(w.link(inv)).body, "used that link already")

	bruno := w.member(inv.AccountID, "bruno@acme.example", identity.RoleReadOnly)
	require.Equal(t, 410, bruno.get(w.link(inv)).status, "another person's")
	require.Equal(t, 410, w.guest().get(w.link(inv)).status, "signed out")

	ana.post("/password-reset", "email", "ana.souza@acme.example")
	reset := "/password-reset/new?token=" + w.Secrets().ResetToken(w.mails("password_reset")[0].SubjectID)
	ana.get(reset)
	ana.post("/password-reset/new", "password", "quatro barcos verdes")
	ana.post("/sign-in", "email", "ana.souza@acme.example", "password", "quatro barcos verdes")
	require.Equal(t, "/", ana.get(reset).path)
	require.Equal(t, 410, bruno.get(reset).status)
}
