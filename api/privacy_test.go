package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

const requestsPath = "/v1/privacy-requests"

// reader adds a person who may look at an account and at no other, and returns the user's id.
func (h *house) reader(t *testing.T, accountID string) string {
	t.Helper()
	own := strings.TrimPrefix(accountID, "acc_")
	id := "usr_" + own
	require.NoError(t, h.Exec(`INSERT INTO users (id, email, name, password_hash, locale, created_at)
		VALUES ('`+id+`', '`+id+`@acme.example', 'Rita Reis', '', 'pt-BR', '2026-11-01')`))
	require.NoError(t, h.Exec(`INSERT INTO memberships (id, account_id, user_id, role, state, created_at)
		VALUES ('mem_of_`+id+`', '`+accountID+`', '`+id+`', 'READ_ONLY', 'ACTIVE', '2026-11-01')`))
	return id
}

// privacyWorld is what the examples of requests about people's data are about.
func (h *house) privacyWorld(t *testing.T) map[string]func() (client, string) {
	ask := func() string {
		r, err := h.Domains.Privacy.Ask(storetest.Operator(), privacy.NewRequest{
			Kind:   privacy.Export,
			Email:  "rita.reis@acme.example",
			Reason: "asked by letter",
		})
		require.NoError(t, err)
		_, err = h.Domains.Privacy.RunRequests(h.Context)
		require.NoError(t, err)
		return r.ID
	}
	return map[string]func() (client, string){
		"list-privacy-requests":  func() (client, string) { ask(); return h.Lead, requestsPath + "?limit=1" },
		"get-privacy-request":    func() (client, string) { return h.Lead, requestsPath + "/" + ask() },
		"get-privacy-export":     func() (client, string) { return h.Lead, requestsPath + "/" + ask() + "/export" },
		"create-privacy-request": func() (client, string) { return h.Lead, requestsPath },
	}
}

// An administrator's program asks for an export and an erasure of somebody of the account, and
// fetches the file; the same request again is the one that is there. A reader's program, and one
// without the scope, are refused.
func TestS33_R42_AnAdministratorsProgramExportsAndErases(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	person := h.reader(t, c.Account)
	admin := h.customer(c.Account, rules.CustomerAdmin)
	problem(t, h.customer(c.Account, rules.CustomerReadOnly, api.Privacy).get(requestsPath), 403, rules.Forbidden)
	problem(t, h.customer(c.Account, rules.CustomerAdmin, api.AccountsRead).get(requestsPath), 403, rules.Forbidden)

	wanted := map[string]any{"kind": "EXPORT", "email": person + "@acme.example"}
	asked := as[api.PrivacyRequestView](t, admin.post(requestsPath, wanted), 202)
	require.Equal(t, "ASKED", asked.State)
	require.Equal(t, c.Account, asked.AccountID)
	require.Equal(t, asked.ID, as[api.PrivacyRequestView](t, admin.post(requestsPath, wanted), 202).ID)
	problem(t, admin.get(requestsPath+"/"+asked.ID+"/export"), 409, rules.StateConflict)
	_, err := h.Domains.Privacy.RunRequests(h.Context)
	require.NoError(t, err)
	file := admin.get(requestsPath + "/" + asked.ID + "/export")
	require.Equal(t, 200, file.Status)
	require.Equal(t, "application/zip", file.Header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(string(file.Body), "PK"))

	erase := map[string]any{"kind": "ERASURE", "user_id": person}
	problem(t, admin.post(requestsPath, erase), 422, rules.ValidationFailed)
	erase["confirm"] = person + "@acme.example"
	gone := as[api.PrivacyRequestView](t, admin.post(requestsPath, erase), 202)
	_, err = h.Domains.Privacy.RunRequests(h.Context)
	require.NoError(t, err)
	done := as[api.PrivacyRequestView](t, admin.get(requestsPath+"/"+gone.ID), 200)
	require.Equal(t, "DONE", done.State)
	require.Empty(t, done.Email)
	require.Equal(t, done.Pseudonym, done.Name)
	require.Equal(t, gone.ID, as[api.PrivacyRequestView](t, admin.post(requestsPath, erase), 202).ID)
	require.Len(t, as[items[ref]](t, admin.get(requestsPath+"?kind=ERASURE"), 200).Items, 1)

	// The last administrator stays, and nobody of others is known.
	problem(t, admin.post(requestsPath, map[string]any{
		"kind": "ERASURE", "user_id": c.Admin.ID, "confirm": c.Admin.Email,
	}), 409, rules.LastAdmin)
	problem(t, admin.post(requestsPath, map[string]any{"kind": "EXPORT", "email": "x@other.example"}), 404, rules.NotFound)
}
