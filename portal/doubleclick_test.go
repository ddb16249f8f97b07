package portal

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
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

// clickedTwiceElsewhere are the forms of the way in, whose second click has its own story.
var clickedTwiceElsewhere = map[string]bool{
	"/invitation":         true,
	"/invitation/code":    true,
	"/invitation/person":  true,
	"/invitation/accept":  true,
	"/password-reset/new": true,
	"/privacy/:id/file":   true, // it changes nothing
	secondPath:            true, // a code and a passkey open once; the first click signed in
	provePath:             true,
	appKeyPath:            true, // like the password: a new token, see secondfactor_test.go
	passkeyPath:           true,
	codesPath:             true,

	factorPath + "/:id/remove":     true,
	ownSignInPath + "/:id/enforce": true, // again it changes nothing, see models/sso

	"/me/password":     true, // the session goes on under a new token: who comes with the old one signs in
	"/guest/:id":       true, // see guest_test.go
	"/guest/:id/code":  true,
	"/guest/:id/leave": true,
	samlAnswerPath:     true, // a provider's page posts it, see saml_test.go
	"/help/useful":     true, // a vote for an answer counts once, see help_test.go
}

// secretOf is the key that a page shows once.
func secretOf(r reply) string {
	_, text, _ := strings.Cut(r.body, `<output class="copy" id="secret">`)
	text, _, _ = strings.Cut(text, "<")
	return text
}

// The second click on any button is as good as the first: the same page says the same, and
// nothing happens twice.
func TestTheSecondClickOnAnyFormIsAsGoodAsTheFirst(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.clicksTwice(func(one, two func() reply) (reply, reply) {
			first := one()
			return first, two()
		})
	})
}

// So are two clicks of which neither waits for the other, where transactions run beside one another.
func TestTwoClicksAtOnceOnAnyFormAreAsGoodAsOne(t *testing.T) {
	w := worldOn(t, storetest.Postgres(t))
	w.clicksTwice(func(one, two func() reply) (first, second reply) {
		var wait sync.WaitGroup
		wait.Go(func() { first = one() })
		wait.Go(func() { second = two() })
		wait.Wait()
		return first, second
	})
}

func (w *world) clicksTwice(both func(one, two func() reply) (reply, reply)) {
	t := w.t
	ana, inv := w.admin()
	w.member(inv.AccountID, "dora@acme.example", identity.RoleReadOnly)
	second, _ := w.site("gil@globex.example")
	second.get(w.link(w.pending(inv.AccountID, "gil@globex.example")))
	require.Equal(t, "/", second.post("/invitation/accept").path)

	forms := w.adminForms(inv.AccountID)
	forms["/account"] = []string{"/account", "account", inv.AccountID}
	forms["/sessions/end"] = []string{"/sessions/end", "session", "x"}
	forms["/sessions/end-others"] = []string{"/sessions/end-others"}
	forms["/sign-in"] = []string{"/sign-in", "email", anaMail, "password", goodPassword}
	forms["/sign-out"] = []string{"/sign-out"}
	forms["/password-reset"] = []string{"/password-reset", "email", anaMail}
	forms[askHelpPath] = []string{askHelpPath, "email", "again@acme.example", "kind", "OTHER", "text", "Who?"}
	forms["/invitation/request"] = []string{"/invitation/request", "email", "again@acme.example"}

	last := []string{"/sign-out", "/sign-in"}
	var paths []string
	for _, r := range routes() {
		if r.method == post && !clickedTwiceElsewhere[r.path] && !slices.Contains(last, r.path) {
			paths = append(paths, r.path)
		}
	}

	for _, route := range append(paths, last...) {
		require.NotEmpty(t, forms[route], "no form is known for %s", route)
		path, form := forms[route][0], forms[route][1:]
		page := pageOf(path)
		if page != "" {
			body := ana.get(page).body
			if strings.Contains(body, `name="once"`) && strings.Contains(body, `action="`+path+`"`) {
				form = append(form, "once", formOn(t, body, path).Get("once"))
			}
		}

		twin := ana.twin()
		first, again := both(
			func() reply { return ana.post(path, form...) },
			func() reply { return twin.post(path, form...) },
		)
		require.Equal(t, 200, first.status, route)
		require.Equal(t, first.status, again.status, route)
		require.Equal(t, first.path, again.path, route)
		require.Equal(t, secretOf(first), secretOf(again), route)
		require.NotContains(t, again.body, `aria-invalid="true"`, route)
	}

	for what, query := range map[string]string{
		"keys":        "SELECT count(*) FROM api_tokens WHERE label = 'Booking'",
		"rooms":       "SELECT count(*) FROM rooms WHERE name = 'Sala Angico'",
		"sites":       "SELECT count(*) FROM sites WHERE name = 'Funchal'",
		"invitations": "SELECT count(*) FROM invitations WHERE email = 'new@acme.example'",
		"accessories": "SELECT count(*) FROM rmas WHERE faulty_serial = ''",
	} {
		require.Equal(t, 1, w.Count(t, query), what)
	}
	for verb, times := range map[string]int{
		"membership.changed":  2, // another role, and removed
		"invitation.revoked":  1,
		"invitation.reissued": 1,
		"site.changed":        1,
	} {
		require.Equal(t, times, w.Count(t, "SELECT count(*) FROM audit_events WHERE verb = '"+verb+"'"), verb)
	}
	w.AuditHolds(t)
}

// The secret of a key is shown again to the second click alone: not for another key, not
// later, not once the key has ended.
func TestTheSecretOfAKeyIsShownForOneForm(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	send := func(label string) reply {
		return ana.post("/tokens", "label", label, "role", "CUSTOMER_READ_ONLY", "once", "once_1")
	}
	first := secretOf(send("Booking"))
	require.NotEmpty(t, first)
	require.Equal(t, first, secretOf(send("Booking")))
	other := secretOf(send("Lobby screen"))
	require.NotEmpty(t, other)
	require.NotEqual(t, first, other)
	require.NotEqual(t, first, secretOf(ana.post("/tokens", "label", "Booking", "role", "CUSTOMER_READ_ONLY")))
	require.NotContains(t, strings.Join(w.Strings(t, "SELECT once_key FROM api_tokens WHERE once_key IS NOT NULL"), " "),
		"once_1", "what the secret is derived from is not stored")

	w.passes("api_tokens", "created_at")
	late := send("Booking")
	require.Empty(t, secretOf(late))
	require.Contains(t, late.body, "This key has already been created")
	require.Equal(t, 3, w.Count(t, "SELECT count(*) FROM api_tokens"))
}

// Who leaves an account reads that they left it, on the start page, however often they press
// the button.
func TestR42_WhoLeavesAnAccountReadsIt(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	w.member(inv.AccountID, "dora@acme.example", identity.RoleAdmin)
	gil, _ := w.site("gil@globex.example")
	gil.get(w.link(w.pending(inv.AccountID, "gil@globex.example")))
	gil.post("/invitation/accept")
	ids := w.memberIDs(inv.AccountID)
	ana.post("/colleagues/"+ids["gil@globex.example"]+"/role", "role", "ADMIN")

	leave := "/colleagues/" + ids["gil@globex.example"] + "/remove"
	for range 2 {
		left := gil.post(leave, "confirmed", "yes")
		require.Equal(t, "/", left.path)
		require.Equal(t, 200, left.status, "there is another account")
		require.Contains(t, left.body, "You left the account.")
		require.Contains(t, left.body, "Globex")
	}

	left := ana.post("/colleagues/"+ids[anaMail]+"/remove", "confirmed", "yes")
	require.Equal(t, "/", left.path)
	require.Contains(t, left.body, "You left the account.")
	require.Contains(t, left.body, "not have access to any account")
}
