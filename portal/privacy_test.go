package portal

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
)

// A person asks for their own data, and fetches it once the password was typed; nobody else does.
func TestS33_S52_APersonFetchesTheirOwnExport(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	dora := w.member(inv.AccountID, "dora@acme.example", identity.RoleReadOnly)

	require.Contains(t, dora.get("/privacy").body, "You have not asked for an export yet.")
	asked := dora.post("/privacy")
	require.Equal(t, "/privacy", asked.path)
	require.Contains(t, asked.body, "It is being made.")
	dora.post("/privacy")
	require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM privacy_requests"), "a second click")
	_, err := w.Domains.Privacy.RunRequests(w.Context)
	require.NoError(t, err)

	id := w.Strings(t, "SELECT id FROM privacy_requests")[0]
	require.Contains(t, dora.get("/privacy").body, "/privacy/"+id+"/file")
	w.portal.freshFor = 0
	refused := dora.post("/privacy/" + id + "/file")
	require.False(t, strings.HasPrefix(refused.body, "PK"))
	require.Equal(t, 422, refused.status)
	require.Contains(t, refused.body, `name="password"`)
	w.portal.freshFor = freshFor
	require.True(t, strings.HasPrefix(dora.post("/privacy/"+id+"/file", "password", goodPassword).body, "PK"))
	require.Equal(t, 404, ana.post("/privacy/"+id+"/file").status)
}
