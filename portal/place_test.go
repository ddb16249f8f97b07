package portal

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
)

// town lets guests come from networks of their own.
type town struct {
	*world
	engine *gin.Engine
}

func newTown(t *testing.T) *town {
	w := newWorld(t)
	s, err := newSite(Options{
		Domains: w.Domains, Log: discard(), PublicURL: "http://localhost:8080", Insecure: true,
	})
	require.NoError(t, err)
	s.evenTime = 0
	engine := gin.New()
	s.mount(engine)
	return &town{world: w, engine: engine}
}

// signIn tries a password from an address, with the cookies that the browser has.
func (w *town) signIn(
	address, email, password string, cookies ...*http.Cookie,
) *httptest.ResponseRecorder {
	form := url.Values{"email": {email}, "password": {password}}
	r := httptest.NewRequest(http.MethodPost, "/sign-in", strings.NewReader(form.Encode()))
	r.RemoteAddr = address + ":4711"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept-Language", "en")
	r.Header.Set("User-Agent", "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0")
	for _, c := range cookies {
		r.AddCookie(c)
	}
	answer := httptest.NewRecorder()
	w.engine.ServeHTTP(answer, r)
	return answer
}

func browserCookieOf(t *testing.T, answer *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	for _, c := range answer.Result().Cookies() {
		if c.Name == "roomcover-browser" {
			return c
		}
	}
	require.Fail(t, "the browser got no secret")
	return nil
}

const ana = "ana.souza@acme.example"

// Whoever guesses from a hundred networks gets twenty tries a day, for an address that
// exists and for one that does not, and locks nobody out: not the person's network, not
// the person's browser elsewhere, and not who proves the mailbox.
func TestSignIn_GuessingFromManyNetworksIsBoundedAndLocksNobodyOut(t *testing.T) {
	w := newTown(t)
	w.admin()
	home := w.signIn("198.51.100.7", ana, goodPassword)
	require.Equal(t, http.StatusSeeOther, home.Code)
	known := browserCookieOf(t, home)

	for _, email := range []string{ana, "nobody@acme.example"} {
		for i := range strangeSignIns {
			require.Equal(t, http.StatusUnprocessableEntity,
				w.signIn(fmt.Sprintf("203.%d.113.9", i), email, "guess").Code, "%s %d", email, i)
		}
		refused := w.signIn("192.0.2.1", email, "guess")
		require.Equal(t, http.StatusTooManyRequests, refused.Code, email)
		require.Contains(t, refused.Body.String(), "choose a new password")
		require.Regexp(t, `^8\d{4}$`, refused.Header().Get("Retry-After"))
	}
	require.Equal(t, http.StatusTooManyRequests, w.signIn("192.0.2.1", ana, goodPassword).Code,
		"a right guess is none")

	require.Equal(t, http.StatusSeeOther, w.signIn("198.51.100.7", ana, goodPassword).Code,
		"from the person's network")
	require.Equal(t, http.StatusSeeOther, w.signIn("192.0.2.1", ana, goodPassword, known).Code,
		"with the person's browser")
}

// In the network of the person, too, the person's browser has tries of its own.
func TestSignIn_AColleagueInTheSameNetworkLocksNobodyOut(t *testing.T) {
	w := newTown(t)
	w.admin()
	known := browserCookieOf(t, w.signIn("198.51.100.7", ana, goodPassword))
	for range signInsEach {
		w.signIn("198.51.100.7", ana, "guess")
	}
	require.Equal(t, http.StatusTooManyRequests, w.signIn("198.51.100.7", ana, goodPassword).Code)
	require.Equal(t, http.StatusSeeOther, w.signIn("198.51.100.7", ana, goodPassword, known).Code)
}

// A new password by mail makes the browser known that set it.
func TestSignIn_WhoProvesTheMailboxComesIn(t *testing.T) {
	w := newTown(t)
	w.admin()
	for i := range strangeSignIns + 1 {
		w.signIn(fmt.Sprintf("203.%d.113.9", i), ana, "guess")
	}
	g := w.guest()
	g.post("/password-reset", "email", ana)
	g.get("/password-reset/new?token=" + w.Secrets().ResetToken(w.mails("password_reset")[0].SubjectID))
	require.Equal(t, "/sign-in", g.post("/password-reset/new", "password", "quatro barcos verdes").path)
	secret := &http.Cookie{Name: "roomcover-browser", Value: g.cookie("roomcover-browser")}
	require.Equal(t, http.StatusSeeOther, w.signIn("192.0.2.1", ana, "quatro barcos verdes", secret).Code)
}

// What a right password from a strange place counted is given back.
func TestSignIn_RightPasswordsUseNothingUp(t *testing.T) {
	w := newTown(t)
	w.admin()
	for i := range strangeSignIns + 5 {
		require.Equal(t, http.StatusSeeOther,
			w.signIn(fmt.Sprintf("203.%d.113.9", i), ana, goodPassword).Code)
	}
}

// Sign-ins, failed ones and a changed password stand in the audit, and the person reads of
// a new browser and of the password; a browser that was used before tells nobody.
func TestSignIn_SignInsAreAuditedAndTold(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		g, _ := w.admin()
		u, err := w.UserByEmail(w.Context, ana)
		require.NoError(t, err)
		require.Empty(t, w.mails("security_notice"), "the first sign-in of all")

		g.post("/sign-out")
		require.Equal(t, "/", g.post("/sign-in", "email", ana, "password", goodPassword).path)
		require.Empty(t, w.mails("security_notice"), "the same browser")

		w.guest().post("/sign-in", "email", ana, "password", "guess")
		w.guest().post("/sign-in", "email", ana, "password", goodPassword)
		notices := w.mails("security_notice")
		require.Len(t, notices, 1)
		require.Equal(t, ana, notices[0].Recipient)
		require.Equal(t, "NEW_SIGN_IN", notices[0].Params["what"])
		require.Equal(t, "Firefox, Linux", notices[0].Params["browser"])

		g.post("/password-reset", "email", ana)
		g.get("/password-reset/new?token=" +
			w.Secrets().ResetToken(w.mails("password_reset")[0].SubjectID))
		g.post("/password-reset/new", "password", "quatro barcos verdes")
		require.Equal(t, "PASSWORD_CHANGED", w.mails("security_notice")[0].Params["what"])

		require.Equal(t, []string{
			"user.signed_in", "user.signed_in", "user.sign_in_failed", "user.signed_in",
			"user.password_changed",
		}, w.verbs(u.ID))
		events, err := w.Timeline(w.Context, u.ID)
		require.NoError(t, err)
		for _, e := range events {
			require.NotEmpty(t, e.IP, e.Verb)
			require.NotContains(t, fmt.Sprint(e.Details), "acme")
		}
		w.AuditHolds(t)
	})
}

// Who is known, and where, cannot be read from the rows.
func TestR94_PlacesAreKeyedHashes(t *testing.T) {
	w := newWorld(t)
	g, _ := w.admin()
	for _, text := range w.Strings(t, "SELECT place_hash FROM sign_in_places") {
		require.Len(t, text, 64)
		require.NotEqual(t, db.HashSecret(g.cookie("roomcover-browser")), text)
	}
	require.Equal(t, 2, w.Count(t, "SELECT count(*) FROM sign_in_places"))
	require.NoError(t, w.Exec("UPDATE sign_in_places SET last_seen_at = '2020-01-01 00:00:00'"))
	require.NoError(t, w.PruneSessions(w.Context))
	require.Zero(t, w.Count(t, "SELECT count(*) FROM sign_in_places"))
}

// A flood of wrong passwords, or of clicks on another person's invitation, does not bury
// what else the audit holds.
func TestSignIn_FloodsDoNotFillTheAudit(t *testing.T) {
	w := newWorld(t)
	_, inv := w.admin()
	u, err := w.UserByEmail(w.Context, ana)
	require.NoError(t, err)
	for range 60 {
		require.NoError(t, w.SignInFailed(w.Context, u.ID))
	}
	require.Equal(t, 50,
		w.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'user.sign_in_failed'"))

	bruno := w.member(inv.AccountID, "bruno@acme.example", "READ_ONLY")
	other := w.pending(inv.AccountID, "eva@acme.example")
	bruno.get(w.link(other))
	statuses := map[int]int{}
	for range 12 {
		statuses[bruno.post("/invitation/accept").status]++
	}
	require.Equal(t, map[int]int{403: wrongPersonsADay, 429: 12 - wrongPersonsADay}, statuses)
	require.Equal(t, wrongPersonsADay,
		w.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'invitation.wrong_person'"))
}
