package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

func TestR115a_InvitationsAreForANamedPerson(t *testing.T) {
	h := sqlite(t)
	_, accountID, invitation := h.fulfilled()
	for name, want := range map[string]string{
		"":                        rules.Required,
		" ":                       rules.Required,
		"Rui\r\nBcc: x@y.example": rules.ControlCharacters,
		"Rui \u202e":              rules.ControlCharacters,
		strings.Repeat("n", rules.MaxContactName+1): rules.TooLong,
	} {
		invite := map[string]string{
			"reason":       "asked by mail",
			"email":        "rui@acme.example",
			"contact_name": name,
			"role":         "ADMIN",
		}
		p := problem(t, h.Lead.post("/v1/accounts/"+accountID+"/invitations", invite), 422, rules.ValidationFailed)
		require.Equal(t, []string{"/contact_name " + want}, codes(p.Errors))
		reissue := map[string]string{"reason": "wrong person", "email": "rui@acme.example", "contact_name": name}
		p = problem(t, h.Lead.post("/v1/invitations/"+invitation+"/reissue", reissue), 422, rules.ValidationFailed)
		require.Equal(t, []string{"/contact_name " + want}, codes(p.Errors))
	}
	read := as[items[ref]](t, h.Lead.get("/v1/accounts/"+accountID+"/invitations"), 200)
	require.Len(t, read.Items, 1, "nothing was issued")
	require.Equal(t, invitation, read.Items[0].ID)
	require.NotEqual(t, "SUPERSEDED", read.Items[0].State)
	again := as[ref](t, h.Lead.post("/v1/invitations/"+invitation+"/reissue", map[string]string{"reason": "lost"}), 201)
	require.Equal(t, "ana.souza@acme.example", again.Email, "the same person needs no name")
}
