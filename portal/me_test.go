package portal

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
)

const otherPassword = "quatro barcos verdes"

func TestAPersonChangesTheirPasswordAndOtherSessionsEnd(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		elsewhere := w.guest()
		require.Equal(t, "/", elsewhere.post("/sign-in", "email", inv.Email, "password", goodPassword).path)
		require.Equal(t, 2, strings.Count(ana.get("/me").body, "Last used"))
		w.mails("security_notice")

		for _, c := range [][]string{
			{"", otherPassword, "Enter your password."},
			{"not it", otherPassword, "That is not your password."},
			{goodPassword, "short", "Use at least 10 characters."},
			{goodPassword, "Acme Ltda 1", "too close to your name"},
			{goodPassword, goodPassword, "This is already your password."},
			{"not it", goodPassword, "That is not your password."},
		} {
			r := ana.post("/me/password", "password", c[0], "newpassword", c[1])
			require.Equal(t, 422, r.status, c)
			require.Contains(t, r.body, c[2])
			require.NotContains(t, r.body, goodPassword, "a password is never shown again")
		}
		require.Equal(t, "/me", elsewhere.get("/me").path, "nothing changed so far")

		for range 2 { // the second click of an impatient person
			r := ana.post("/me/password", "password", goodPassword, "newpassword", otherPassword)
			require.Equal(t, "/me", r.path)
			require.Contains(t, r.body, "Your password was changed. Every other session was ended.")
		}
		guessed := ana.post("/me/password", "password", "not it", "newpassword", otherPassword)
		require.Equal(t, 422, guessed.status, "who does not know the old one learns nothing of the new one")
		require.Contains(t, guessed.body, "That is not your password.")
		require.Equal(t, "/sign-in", elsewhere.get("/me").path, "the other session ended")
		require.Equal(t, 200, ana.get("/").status, "this one goes on")
		require.Equal(t, 422, elsewhere.post("/sign-in", "email", inv.Email, "password", goodPassword).status)
		require.Equal(t, "/", elsewhere.post("/sign-in", "email", inv.Email, "password", otherPassword).path)

		var told int
		for _, m := range w.mails("security_notice") {
			if m.Params["what"] == "PASSWORD_CHANGED" {
				told++
				require.Equal(t, inv.Email, m.Recipient)
			}
		}
		require.Equal(t, 1, told, "one change, one mail")
		require.NotContains(t, w.log.String(), otherPassword)
	})
}

func TestTheSessionHasANewTokenAfterANewPassword(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	stolen := w.guest()
	stolen.setCookie("roomcover", ana.cookie("roomcover"))
	require.Equal(t, "/me", stolen.get("/me").path)
	require.Equal(t, "/me", ana.post("/me/password", "password", goodPassword, "newpassword", otherPassword).path)
	require.Equal(t, "/sign-in", stolen.get("/me").path, "whoever copied the cookie is out")
	require.Equal(t, "/me", ana.get("/me").path)
}

func TestTriesOfTheCurrentPasswordAreCounted(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	for range signInsEach {
		require.Equal(t, 422, ana.post("/me/password", "password", "guess", "newpassword", otherPassword).status)
	}
	require.Equal(t, 429, ana.post("/me/password", "password", goodPassword, "newpassword", otherPassword).status)
	require.Empty(t, w.mails("security_notice"))
}

func TestS64_APersonChangesTheirNameAndTimeZone(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		reader := w.member(inv.AccountID, "leo@acme.example", identity.RoleReadOnly)
		for _, name := range []string{"", "http://evil.example", strings.Repeat("x", identity.MaxName+1)} {
			r := reader.post("/me/name", "name", name)
			require.Equal(t, 422, r.status, name)
			require.Contains(t, r.body, `value="`+name+`"`, "what was typed stays")
		}
		require.Contains(t, reader.post("/me/name", "name", "Leo Lima").body, "Your name was saved.")
		require.Contains(t, ana.get("/colleagues").body, "Leo Lima")

		require.Equal(t, 422, reader.post("/me/time-zone", "zone", "Mars/Olympus").status)
		r := reader.post("/me/time-zone", "zone", "Asia/Tokyo")
		require.Contains(t, r.body, "Your time zone was saved.")
		require.Contains(t, r.body, "The time in Tokyo (UTC&#43;09:00) is")
		require.Contains(t, r.body, `<option value="Asia/Tokyo" selected>`)
		require.Contains(t, reader.post("/me/time-zone", "zone", "").body, "The time in São Paulo")
		require.Contains(t, ana.get("/me").body, "Ana Souza", "somebody else's profile is theirs")
	})
}

func TestTheProfileShowsHowAndWhenOneSignedIn(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	page := ana.get("/me").body
	require.Contains(t, page, "By accepting an invitation")
	require.Contains(t, page, "From a new browser")
	require.NotContains(t, page, "With a password")
	ana.post("/sign-out")
	ana.post("/sign-in", "email", inv.Email, "password", goodPassword)
	page = ana.get("/me?lang=pt-BR").body
	require.Contains(t, page, "Com senha")
	require.Contains(t, page, "De um navegador que você já tinha usado")
	require.Contains(t, ana.get("/sessions").body, "Com senha")
	w.withinBudget(ana, "/me")
}
