package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/rules"
)

// An operator reads what an erasure changes, types the address once more, and then it is made.
func TestS33_AnOperatorErasesAPersonAtTheDesk(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	require.NoError(t, w.Exec(`INSERT INTO users (id, email, name, password_hash, locale, created_at)
		VALUES ('usr_two', 'two@acme.example', 'Dois', '', 'pt-BR', '2026-11-01')`))
	require.NoError(t, w.Exec(`INSERT INTO memberships (id, account_id, user_id, role, state, created_at)
		VALUES ('mem_two', '`+c.Account+`', 'usr_two', 'ADMIN', 'ACTIVE', '2026-11-01')`))
	b := w.signedIn(byRole[rules.OperatorAgent])
	typed := []string{"email", c.Admin.Email, "kind", "ERASURE", "confirm", c.Admin.Email, "reason", "by letter",
		"shown", "no", "seen", ""}

	shown := b.post(newPrivacyPath, typed...)
	require.Contains(t, shown.body, "users: 1")
	require.Contains(t, shown.body, "stay as they are")
	require.Equal(t, 0, w.Count(t, "SELECT count(*) FROM privacy_requests"))

	made := b.post(newPrivacyPath, append(typed[:8:8], "shown", hiddenIn(shown.body, "shown"), "seen", "",
		"confirmed", "yes")...)
	require.True(t, strings.HasPrefix(made.path, privacyPath+"/prv_"), made.path)
	require.Contains(t, made.body, "Under way")
	_, err := w.Domains.Privacy.RunRequests(w.system())
	require.NoError(t, err)
	page := b.get(made.path)
	require.Contains(t, page.body, "Contracts, numbers and the audit are as before")
	require.NotContains(t, page.body, c.Admin.Email)
	require.Equal(t, http.StatusOK, b.get(privacyPath).status)
	require.Equal(t, 0, w.Count(t, "SELECT count(*) FROM users WHERE email = '"+c.Admin.Email+"'"))
}

// The file is fetched after a page that says what it is, and the audit notes it.
func TestS33_AnOperatorFetchesAnExport(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	b := w.signedIn(staff[0])
	r, err := w.Domains.Privacy.Ask(operatorScope(w), privacy.NewRequest{
		Kind: privacy.Export, Email: c.Admin.Email, Reason: "by letter",
	})
	require.NoError(t, err)
	_, err = w.Domains.Privacy.RunRequests(w.system())
	require.NoError(t, err)
	require.Contains(t, b.get(privacyPath+"/"+r.ID).body, "Fetch the file")
	require.Contains(t, b.get(privacyPath+"/"+r.ID+"/file").body, "Give it to that person only")
	file := b.post(privacyPath+"/"+r.ID+"/file", "confirmed", "yes")
	require.Equal(t, "application/zip", file.header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(file.body, "PK"))
	require.Contains(t, w.verbs(r.ID), "privacy.fetched")
}

// Texts that name an erased person are decided about one by one, or all that are shown at once.
func TestS33_AnOperatorDecidesAboutAllTextsThatAreShown(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	require.NoError(t, w.Exec("UPDATE users SET name = 'Canaria Passaro'"))
	require.NoError(t, w.Exec("UPDATE memberships SET role = 'READ_ONLY'"))
	for i := range 60 {
		require.NoError(t, w.Exec(fmt.Sprintf(`INSERT INTO order_cancellations (id, order_id, sequence, state, whole, quantity,
				reason, requested_by, role, created_at)
			SELECT 'can_%03d', id, %d, 'COMPLETED', true, 1, 'Said by Canaria Passaro', 'x', 'SYSTEM', created_at
			FROM orders`, i, i+1)))
	}
	b := w.signedIn(staff[0])
	r, err := w.Domains.Privacy.Ask(operatorScope(w), privacy.NewRequest{
		Kind: privacy.Erasure, Email: c.Admin.Email, Confirm: c.Admin.Email, Reason: "by letter",
	})
	require.NoError(t, err)
	_, err = w.Domains.Privacy.RunRequests(w.system())
	require.NoError(t, err)

	all := privacyPath + "/" + r.ID + "/texts"
	for _, left := range []string{"10", "0"} {
		require.Contains(t, b.get(privacyPath+"/"+r.ID).body, all)
		typed := []string{"decision", "REPLACED", "seen", ""}
		shown := b.post(all, append(typed, "shown", "no")...)
		require.Contains(t, shown.body, "Said by Canaria Passaro")
		b.post(all, "decision", "REPLACED", "seen", hiddenIn(shown.body, "seen"), "shown", hiddenIn(shown.body, "shown"),
			"after", "", "confirmed", "yes")
		require.Equal(t, []string{left}, w.Strings(t,
			"SELECT CAST(count(*) AS text) FROM privacy_findings WHERE state = 'OPEN'"))
	}
	require.Contains(t, b.get(privacyPath+"/"+r.ID).body, "Contracts, numbers and the audit are as before")
}

// operatorScope is the desk's own scope, in the name of an agent.
func operatorScope(w *world) context.Context {
	v := &visit{site: w.site, ctx: context.Background()}
	o := w.operatorOf(staff[0].Email)
	v.who = &o
	return v.acting("")
}

func TestS33_AnIncidentIsFollowedInTheConsole(t *testing.T) {
	w := issuerWorld(t)
	b := w.signedIn(byRole[rules.OperatorAgent])
	at := w.Calendar.Now().UTC().Format(localMoment)
	typed := []string{"what", "A list went to the wrong customer.", "noticed_at", at, "shown", "no", "seen", ""}
	shown := b.post(newIncident, typed...)
	require.Contains(t, shown.body, "three business days")
	made := b.post(newIncident, append(typed[:4:4], "shown", hiddenIn(shown.body, "shown"), "seen", "",
		"confirmed", "yes", "once", hiddenIn(shown.body, "once"))...)
	require.True(t, strings.HasPrefix(made.path, incidentsPath+"/inc_"), made.path)
	again := b.post(newIncident, append(typed[:4:4], "shown", hiddenIn(shown.body, "shown"), "seen", "",
		"confirmed", "yes", "once", hiddenIn(shown.body, "once"))...)
	require.Equal(t, made.path, again.path, "a second press of the button")
	require.Contains(t, made.body, "Nobody yet.")

	for _, step := range []struct {
		at    string
		typed []string
		says  string
	}{
		{"/tell", []string{"whom", "ANPD", "told_at", at}, "ANPD"},
		{"/close", []string{"outcome", "Deleted."}, "Closed"},
	} {
		shown = b.post(made.path+step.at, append(step.typed, "shown", "no", "seen", "")...)
		sent := append(step.typed, "shown", hiddenIn(shown.body, "shown"), "seen", "", "confirmed", "yes")
		if step.at == "/tell" {
			sent = append(sent, "once", hiddenIn(shown.body, "once"))
		}
		done := b.post(made.path+step.at, sent...)
		require.Equal(t, made.path, done.path)
		require.Contains(t, done.body, step.says)
	}
	require.NotContains(t, b.get(made.path).body, made.path+"/tell")
	require.Contains(t, b.get(incidentsPath).body, "A list went to the wrong customer.")
}
