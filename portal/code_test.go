package portal

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
)

// asked is a guest who has asked for a code.
func (w *world) asked() (*guest, identity.Invitation) {
	w.t.Helper()
	inv := w.invited()
	g := w.guest()
	g.get(w.link(inv))
	require.Equal(w.t, "/invitation/code", g.post("/invitation").path)
	return g, inv
}

// wrong is a code that is not the right one.
func (w *world) wrong() string {
	if w.code() == "000000" {
		return "000001"
	}
	return "000000"
}

func TestR47_CodeHasFiveTries(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		g, inv := w.asked()
		for range identity.CodeTries {
			r := g.post("/invitation/code", "code", w.wrong())
			require.Equal(t, 422, r.status)
			require.Contains(t, r.body, "That code isn’t right")
		}
		r := g.post("/invitation/code", "code", w.code())
		require.Contains(t, r.body, "Too many wrong attempts", "the right one comes too late")
		g.post("/invitation")
		require.Equal(t, "/invitation/person", g.post("/invitation/code",
			"code", " "+w.code()[:3]+" "+w.code()[3:]).path, "a new code works, typed with spaces")
		require.True(t, w.state(inv.ID).Live())
	})
}

func TestR47_CodeIsBoundToItsBrowser(t *testing.T) {
	w := newWorld(t)
	_, inv := w.asked()
	code := w.code()
	thief := w.guest()
	thief.get(w.link(inv))
	r := thief.post("/invitation/code", "code", code)
	require.Equal(t, 422, r.status, "without a challenge of its own")
	thief.post("/invitation")
	r = thief.post("/invitation/code", "code", code)
	require.Equal(t, 422, r.status, "with another challenge")
	require.Equal(t, "/invitation", thief.get("/invitation/person").path)
}

func TestR47_CodeWorksOnceAndOnlyTheLatest(t *testing.T) {
	w := newWorld(t)
	g, _ := w.asked()
	first := w.code()
	w.passes("challenges", "created_at")
	g.post("/invitation")
	require.NotEqual(t, first, w.code())
	require.Equal(t, 422, g.post("/invitation/code", "code", first).status)
	late := g.twin()
	require.Equal(t, "/invitation/person", g.post("/invitation/code", "code", w.code()).path)
	w.passes("challenges", "consumed_at")
	require.Equal(t, 422, late.post("/invitation/code", "code", w.code()).status)
}

func TestR47_CodeExpires(t *testing.T) {
	w := newWorld(t)
	g, _ := w.asked()
	pool, err := w.Pool()
	require.NoError(t, err)
	_, err = pool.Exec("UPDATE challenges SET expires_at = '2020-01-01 00:00:00'")
	require.NoError(t, err)
	r := g.post("/invitation/code", "code", w.code())
	require.Equal(t, 422, r.status)
	require.Contains(t, r.body, "no longer valid")
}

func TestR47_NobodyGetsInWithoutTheCode(t *testing.T) {
	w := newWorld(t)
	g, inv := w.asked()
	require.Equal(t, "/invitation", g.post("/invitation/person", "name", "Eve", "password", goodPassword).path)
	require.Equal(t, "/invitation", g.get("/invitation/person").path)
	require.Equal(t, "/sign-in", g.get("/").path)
	require.True(t, w.state(inv.ID).Live())
}

func TestR47_ProofOfOneInvitationIsNoneForAnother(t *testing.T) {
	w := newWorld(t)
	g, inv := w.asked()
	g.post("/invitation/code", "code", w.code())
	other, err := w.Invite(w.Context, identity.NewInvite{
		AccountID:   inv.AccountID,
		Email:       "other@acme.example",
		ContactName: "O",
		Role:        identity.RoleAdmin,
		Kind:        identity.InvitationForExtra,
	})
	require.NoError(t, err)
	g.get(w.link(other))
	require.Equal(t, "/invitation", g.post("/invitation/person", "name", "Eve", "password", goodPassword).path)
	require.True(t, w.state(other.ID).Live())
}

func TestCodesAreBoundedAndTheBoundSurvivesARestart(t *testing.T) {
	w := newWorld(t)
	inv := w.invited()
	for i := range codesAnHour {
		g := w.guest()
		g.get(w.link(inv))
		require.Equal(t, "/invitation/code", g.post("/invitation").path, i)
	}
	restarted := worldOn(t, w.Env) // a new process on the same database
	g := restarted.guest()
	g.get(w.link(inv))
	require.Equal(t, 429, g.post("/invitation").status)
	require.Len(t, w.mails("one_time_code"), codesAnHour)
}

func TestOneAddressOfTheNetworkCannotTryForEver(t *testing.T) {
	w := newWorld(t)
	g, _ := w.asked()
	for range triesAnHourIP {
		g.post("/invitation/code", "code", "1")
	}
	require.Equal(t, 429, g.post("/invitation/code", "code", w.code()).status)
}

func TestCodeMailSpeaksTheVisitorsLanguage(t *testing.T) {
	for _, locale := range []string{"pt-BR", "en"} {
		t.Run(locale, func(t *testing.T) {
			w := newWorld(t)
			inv := w.invited()
			g := w.guest()
			g.lang = locale
			g.get(w.link(inv))
			g.post("/invitation")
			mail := w.mails("one_time_code")[0]
			require.Equal(t, locale, mail.Locale)
			require.NotContains(t, fmt.Sprint(mail.Params), w.code(), "the code is derived when sent, never stored")
		})
	}
}
