package portal

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/signing"
)

var signingSecretOnPage = regexp.MustCompile(`>(whsec_[^<]+)<`)

// An administrator makes the secrets by which programs sign, sees each once, and ends them.
func TestR43c_AnAdministratorMakesTheSecretsOfSignedRequests(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	w.connects(inv.AccountID, told(1, "Mesa 1", toldGroup))
	connection, err := w.Sync.ConnectionOf(storetest.Customer(inv.AccountID), inv.AccountID)
	require.NoError(t, err)
	require.Contains(t, ana.get(syncPath).body,
		"/v1/integrations/sync/help-requests?connection="+connection.ID)

	// An open screen is not enough, and a form without a name is none.
	w.portal.freshFor = 0
	r := ana.post(syncSecretsPath, "once", "once_1")
	require.Equal(t, 422, r.status)
	require.Contains(t, r.body, `id="secret-password-problem"`)
	require.Zero(t, w.Count(t, "SELECT count(*) FROM sync_secrets"))
	w.portal.freshFor = freshFor
	require.Equal(t, 400, ana.post(syncSecretsPath, "password", goodPassword).status)

	// The secret that is shown is the one that signs; the same click shows it again, no page does.
	makes := func(once string) reply {
		return ana.post(syncSecretsPath, "once", once, "password", goodPassword)
	}
	shownBy := func(r reply) []byte {
		t.Helper()
		found := signingSecretOnPage.FindStringSubmatch(r.body)
		require.Len(t, found, 2, "no secret is shown")
		key, ok := signing.StandardKey(html.UnescapeString(found[1]))
		require.True(t, ok)
		return key
	}
	first := shownBy(makes("once_1"))
	require.Equal(t, first, shownBy(makes("once_1")))
	require.NotContains(t, ana.get(syncPath).body, "whsec_")
	signer, err := w.Sync.SignerOf(w.Context, connection.ID)
	require.NoError(t, err)
	require.Equal(t, [][]byte{first}, signer.Keys)
	for _, text := range []string{
		w.log.String(), strings.Join(w.Strings(t, "SELECT data FROM sessions"), ""),
	} {
		require.NotContains(t, text, "whsec_")
	}

	// Two count, a third does not.
	require.NotEqual(t, first, shownBy(makes("once_2")))
	require.NotContains(t, ana.get(syncPath).body, `action="/sync/secrets"`)
	r = makes("once_3")
	require.Equal(t, 422, r.status)
	require.Contains(t, r.body, "There are two secrets already. End the one that is not needed")

	// Ended, or of a while ago, it is shown to nobody.
	standing, err := w.Sync.StandingOf(storetest.Customer(inv.AccountID), inv.AccountID, "")
	require.NoError(t, err)
	end := syncSecretsPath + "/" + standing.Secrets[0].ID + "/end"
	require.Contains(t, ana.get(end).body, "The other secret goes on.")
	require.Contains(t, ana.post(end, "confirmed", "yes").body, "The secret was ended.")
	end = syncSecretsPath + "/" + standing.Secrets[1].ID + "/end"
	require.Contains(t, ana.get(end).body, "your programs cannot ask for help")
	at := w.Sync.Now().Add(rooms.SecretAgainFor + time.Second)
	w.Sync.Now = func() time.Time { return at }
	for _, once := range []string{"once_1", "once_2"} {
		require.Contains(t, makes(once).body, "already been created and shown", once)
	}

	reader := w.member(inv.AccountID, "bruno@acme.example", identity.RoleReadOnly)
	require.Equal(t, 403, reader.post(syncSecretsPath, "once", "once_4").status)
	require.Equal(t, 403, reader.post(end, "confirmed", "yes").status)
	require.Contains(t, ana.get("/activity").body, "made a secret for signed requests from Sync")
	ana.get("/?lang=pt-BR")
	require.Contains(t, ana.get(syncPath).body, "Pedidos dos seus programas")
	require.NotContains(t, w.log.String(), "level=ERROR")
	w.AuditHolds(t)
}
