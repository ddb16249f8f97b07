package portal

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/web"
)

func TestSignInSaysTheSameForUnknownAndWrong(t *testing.T) {
	w := newWorld(t)
	w.admin()
	wrong := w.guest().post("/sign-in", "email", "ana.souza@acme.example", "password", "not the password")
	unknown := w.guest().post("/sign-in", "email", "ana.souzb@acme.example", "password", "not the password")
	require.Equal(t, 422, wrong.status)
	require.Equal(t, wrong.body, strings.ReplaceAll(unknown.body, "souzb", "souza"))
	require.NotContains(t, wrong.body, "not the password")
	r := w.guest().post("/sign-in", "email", " Ana.Souza@ACME.example ", "password", goodPassword)
	require.Equal(t, "/", r.path)
}

func TestSignInGoesOnToThePageThatWasAskedFor(t *testing.T) {
	w := newWorld(t)
	w.admin()
	g := w.guest()
	r := g.get("/service-orders")
	require.Equal(t, "/sign-in", r.path)
	require.Contains(t, r.body, `name="next" value="/service-orders"`)
	require.Equal(t, "/service-orders",
		g.post("/sign-in", "email", "ana.souza@acme.example", "password", goodPassword, "next", "/service-orders").path)
	for _, link := range []string{"/replacements/RMA-7F3K2", "/replacements/rma_01"} {
		require.Equal(t, "/sign-in", w.guest().get(link).path)
		require.Contains(t, w.guest().get(link).body, `name="next" value="`+link+`"`, "the link of a mail")
	}
	for _, next := range []string{
		"https://evil.example/", "//evil.example", "/\\evil.example", "/v1/orders", "/sign-out", "/replacements/:id",
		"/replacements/../sign-out", "/replacements/rma_01/appeal",
	} {
		g = w.guest()
		require.NotContains(t, g.get("/sign-in?next="+next).body, `name="next"`)
		require.Equal(t, "/",
			g.post("/sign-in", "email", "ana.souza@acme.example", "password", goodPassword, "next", next).path, next)
	}
}

func TestSignInIsBoundedAndTheBoundSurvivesARestart(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.admin()
		for range signInsEach {
			require.Equal(t, 422,
				w.guest().post("/sign-in", "email", "ANA.souza@acme.example", "password", "guess").status)
		}
		g := worldOn(t, w.Env).guest()
		require.Equal(t, 429, g.post("/sign-in", "email", "ana.souza@acme.example", "password", goodPassword).status)
		require.Equal(t, 422, g.post("/sign-in", "email", "other@acme.example", "password", "guess").status,
			"others are not shut out")
	})
}

func TestSignInFromOnePlaceIsBoundedOverAll(t *testing.T) {
	w := newWorld(t)
	s, err := newSite(Options{Domains: w.Domains, Log: discard(), PublicURL: "http://localhost"})
	require.NoError(t, err)
	v := &visit{site: s, ctx: w.Context, network: "192.0.2.1"}
	for range signInsIP {
		require.NoError(t, v.throttle("sign-in-ip/"+v.network, signInsIP, signInWindow))
	}
	require.Error(t, v.maySignIn("never.seen@acme.example"))
	v.network = "192.0.2.2"
	require.NoError(t, v.maySignIn("never.seen@acme.example"))
}

func TestSessionFixation(t *testing.T) {
	w := newWorld(t)
	g, _ := w.admin()
	g.post("/sign-out")
	inv := w.latestInvitation("ana.souza@acme.example")
	g.get(w.link(inv)) // a visitor's session, which an attacker may have planted
	planted := g.cookie("roomcover")
	require.NotEmpty(t, planted)
	g.post("/sign-in", "email", "ana.souza@acme.example", "password", goodPassword)
	require.NotEqual(t, planted, g.cookie("roomcover"))
	old, ok, err := w.FindSession(w.Context, web.StoredToken(planted))
	require.NoError(t, err)
	require.True(t, ok, "for the second click")
	require.Nil(t, old.UserID, "the planted session is nobody's")
	require.WithinDuration(t, db.RealNow(), old.ExpiresAt, web.VisitorGrace)
	row, ok, err := w.FindSession(w.Context, web.StoredToken(g.cookie("roomcover")))
	require.NoError(t, err)
	require.True(t, ok)
	require.NotNil(t, row.UserID)
	require.Equal(t, "Firefox, Linux", row.Label)
}

func TestSessionFixationAtTheCode(t *testing.T) {
	w := newWorld(t)
	g, _ := w.asked()
	before := g.cookie("roomcover")
	g.post("/invitation/code", "code", w.code())
	proven := g.cookie("roomcover")
	require.NotEqual(t, before, proven, "proving a mailbox renews the token")
	g.post("/invitation/person", "name", "Ana", "password", goodPassword)
	require.NotEqual(t, proven, g.cookie("roomcover"))
}

func TestSignOutEndsTheSession(t *testing.T) {
	w := newWorld(t)
	g, _ := w.admin()
	token := g.cookie("roomcover")
	require.Equal(t, 404, g.get("/sign-out").status, "a link cannot sign out")
	require.Equal(t, "/sign-in", g.post("/sign-out").path)
	_, ok, err := w.FindSession(w.Context, web.StoredToken(token))
	require.NoError(t, err)
	require.False(t, ok)
	require.Equal(t, "/sign-in", g.get("/").path)
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		here, _ := w.admin()
		phone, tablet := w.guest(), w.guest()
		phone.agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1"
		tablet.agent = "Mozilla/5.0 (Linux; Android 16) Chrome/150.0"
		for _, g := range []*guest{phone, tablet} {
			g.post("/sign-in", "email", "ana.souza@acme.example", "password", goodPassword)
		}
		list := here.get("/sessions").body
		for _, text := range []string{"Safari, iPhone", "Chrome, Android", "Firefox, Linux", "This browser"} {
			require.Contains(t, list, text)
		}
		require.NotContains(t, list, web.StoredToken(phone.cookie("roomcover")))
		row, _, err := w.FindSession(w.Context, web.StoredToken(phone.cookie("roomcover")))
		require.NoError(t, err)
		here.post("/sessions/end", "session", sessionID(row))
		require.Equal(t, "/sign-in", phone.get("/").path)
		require.Equal(t, "/", tablet.get("/").path)
		here.post("/sessions/end-others")
		require.Equal(t, "/sign-in", tablet.get("/").path)
		require.Equal(t, "/", here.get("/").path)
	})
}

func TestASessionOfAnotherPersonCannotBeEnded(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	bruno := w.member(inv.AccountID, "bruno@acme.example", identity.RoleAdmin)
	row, _, err := w.FindSession(w.Context, web.StoredToken(ana.cookie("roomcover")))
	require.NoError(t, err)
	bruno.post("/sessions/end", "session", sessionID(row))
	require.Equal(t, "/", ana.get("/").path)
}

func TestAnEndedSessionStaysEndedWhileARequestIsUnderWay(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		g, _ := w.admin()
		token := web.StoredToken(g.cookie("roomcover"))
		store := web.SessionStore{Rows: w.People, Person: keyUser}
		ctx := web.WithBrowser(w.Context, "")
		data, ok, err := store.FindCtx(ctx, token)
		require.NoError(t, err)
		require.True(t, ok)
		row, _, err := w.FindSession(w.Context, token)
		require.NoError(t, err)
		require.NoError(t, w.DeleteSession(w.Context, token)) // signed out elsewhere
		require.NoError(t, store.CommitCtx(ctx, token, data, row.ExpiresAt))
		_, ok, err = store.FindCtx(ctx, token)
		require.NoError(t, err)
		require.False(t, ok)
	})
}

func TestPasswordResetEndsEverySession(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		signedIn, _ := w.admin()
		g := w.guest()
		known := g.post("/password-reset", "email", "Ana.Souza@acme.example")
		unknown := w.guest().post("/password-reset", "email", "nobody@acme.example")
		require.Equal(t, known.body, unknown.body)
		require.Len(t, w.mails("password_reset"), 1)
		token := w.Secrets().ResetToken(w.mails("password_reset")[0].SubjectID)
		for range 2 { // scanners
			r := w.guest().get("/password-reset/new?token=" + token)
			require.Equal(t, 200, r.status)
			require.NotContains(t, r.body, token)
		}
		require.Equal(t, "/password-reset/new", g.get("/password-reset/new?token="+token).path)
		require.Equal(t, 422, g.post("/password-reset/new", "password", "short").status)
		require.Equal(t, 422, g.post("/password-reset/new", "password", "ana.souza99").status)
		r := g.post("/password-reset/new", "password", "quatro barcos verdes")
		require.Equal(t, "/sign-in", r.path)
		require.Contains(t, r.body, "password was changed")
		require.Equal(t, "/sign-in", signedIn.get("/").path, "every session ended")
		require.Equal(t, 422, g.post("/sign-in", "email", "ana.souza@acme.example", "password", goodPassword).status)
		require.Equal(t, "/",
			g.post("/sign-in", "email", "ana.souza@acme.example", "password", "quatro barcos verdes").path)
		again := w.guest()
		require.Equal(t, 410, again.get("/password-reset/new?token="+token).status, "once only")
		require.Equal(t, 410, again.post("/password-reset/new", "password", "another good one").status)
		require.Equal(t, 410, w.guest().get("/password-reset/new?token=unknown").status)
	})
}

func TestSecretsNeverReachTheLogOrAPage(t *testing.T) {
	w := newWorld(t)
	g, inv := w.admin()
	pool, err := w.Pool()
	require.NoError(t, err)
	_, err = pool.Exec("ALTER TABLE service_contracts RENAME TO gone")
	require.NoError(t, err)
	r := g.get("/")
	require.Equal(t, 500, r.status)
	require.Contains(t, r.body, "Something went wrong")
	require.NotContains(t, r.body, "service_contracts")
	require.NotEmpty(t, w.log.String())
	for _, secret := range []string{
		w.Secrets().InvitationToken(inv.ID), goodPassword, g.cookie("roomcover"), "ana.souza", "Ana Souza", "Acme",
	} {
		require.NotContains(t, w.log.String(), secret)
	}
}

func TestStoredSessionsHoldNoToken(t *testing.T) {
	w := newWorld(t)
	g, inv := w.asked()
	row, ok, err := w.FindSession(w.Context, web.StoredToken(g.cookie("roomcover")))
	require.NoError(t, err)
	require.True(t, ok)
	require.NotContains(t, string(row.Data), w.Secrets().InvitationToken(inv.ID))
	require.NotContains(t, string(row.Data), g.cookie("roomcover"))
	require.Equal(t, http.StatusOK, g.get("/invitation").status)
}

func TestSessionsEndByThemselves(t *testing.T) {
	w := newWorld(t)
	visitor, _ := w.asked()
	row, _, err := w.FindSession(w.Context, web.StoredToken(visitor.cookie("roomcover")))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(visitorLifetime), row.ExpiresAt, time.Minute)
	visitor.post("/invitation/code", "code", w.code())
	visitor.post("/invitation/person", "name", "Ana", "password", goodPassword)
	row, _, err = w.FindSession(w.Context, web.StoredToken(visitor.cookie("roomcover")))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(sessionIdle), row.ExpiresAt, time.Minute,
		"twelve hours after the last use")
	deadline, _, err := scs.GobCodec{}.Decode(row.Data)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(sessionLifetime), deadline, time.Minute, "seven days in all")
	pool, err := w.Pool()
	require.NoError(t, err)
	_, err = pool.Exec("UPDATE sessions SET expires_at = '2020-01-01 00:00:00'")
	require.NoError(t, err)
	require.Equal(t, "/sign-in", visitor.get("/").path)
}

func TestTheSignedInOwnerOfADeletedUserIsOutside(t *testing.T) {
	w := newWorld(t)
	g, inv := w.admin()
	pool, err := w.Pool()
	require.NoError(t, err)
	_, err = pool.Exec("DELETE FROM memberships WHERE account_id = '" + inv.AccountID + "'")
	require.NoError(t, err)
	_, err = pool.Exec("DELETE FROM users")
	require.NoError(t, err)
	require.Equal(t, "/sign-in", g.get("/").path)
	require.Empty(t, g.cookie("roomcover"))
}

func TestResetRequestsAreBoundedInSilence(t *testing.T) {
	w := newWorld(t)
	w.admin()
	require.Equal(t, 422, w.guest().post("/password-reset", "email", "no address").status)
	for range 5 {
		require.Equal(t, 200, w.guest().post("/password-reset", "email", "ana.souza@acme.example").status)
	}
	require.Len(t, w.mails("password_reset"), 3)
	for range 14 {
		w.guest().post("/password-reset", "email", "other@acme.example")
	}
	require.Equal(t, 200, w.guest().post("/password-reset", "email", "other@acme.example").status)
	require.Equal(t, 429, w.guest().post("/password-reset", "email", "other@acme.example").status)
}

// What the hour refuses is not counted against the day: a minute of requests by somebody
// else keeps nobody from a link until tomorrow.
func TestResetRequestsThatTheHourRefusesDoNotCountAgainstTheDay(t *testing.T) {
	w := newWorld(t)
	w.admin()
	ask := func() {
		require.Equal(t, 200, w.guest().post("/password-reset", "email", "ana.souza@acme.example").status)
	}
	anotherHour := func() {
		day := w.DB.Secrets().Fingerprint("throttle", "portal/reset-day/ana.souza@acme.example")
		require.NoError(t, w.Exec("DELETE FROM throttles WHERE key <> '"+day+"'"))
	}
	for range 12 {
		ask()
	}
	require.Len(t, w.mails("password_reset"), 3, "the hour's")
	anotherHour()
	for range 12 {
		ask()
	}
	require.Len(t, w.mails("password_reset"), 6)
	anotherHour()
	for range 12 {
		ask()
	}
	require.Len(t, w.mails("password_reset"), 8, "the day's")
}

func TestBrowserLabels(t *testing.T) {
	for agent, want := range map[string]string{
		"":                            "–",
		"curl/8":                      "–",
		"Firefox/1":                   "Firefox",
		"Something (Windows NT 10.0)": "Windows",
		"Mozilla/5.0 (Windows NT 10.0) Chrome/150.0 Safari/537 Edg/150": "Edge, Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 15) Safari/605":         "Safari, macOS",
	} {
		require.Equal(t, want, web.BrowserLabel(agent))
	}
}

func TestEndingOnesOwnSessionSignsOut(t *testing.T) {
	w := newWorld(t)
	g, _ := w.admin()
	row, _, err := w.FindSession(w.Context, web.StoredToken(g.cookie("roomcover")))
	require.NoError(t, err)
	require.Equal(t, "/sign-in", g.post("/sessions/end", "session", sessionID(row)).path)
	require.Equal(t, "/sign-in", g.get("/sign-in").path)
}
