package api_test

import (
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// One parent with an account in Brazil and one in the United States: their spares
// are counted together (R82a), and neither sees or uses what the other has.
func TestR82b_SubsidiariesOfOneParentKeepTheirBalances(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	brazil := storetest.Form("PO-BR")
	states := storetest.FormFor("PO-US", "Acme Ltda", "joe@acme.example")
	brazil.Lines[0].Quantity, states.Lines[0].Quantity = 30, 25
	states.EndCustomer.Address = rules.Address{
		Street:     "1 Main Street",
		City:       "Austin",
		Region:     "TX",
		PostalCode: "78701",
		Country:    "US",
	}
	br := h.Env.Fulfilled(t, h.Reseller, brazil)
	us := h.Env.Fulfilled(t, h.Reseller, states)
	require.NotEqual(t, *br.AccountID, *us.AccountID)
	merge := map[string]any{"into": storetest.ParentOf(t, h.Env, br), "reason": "one group (S60)"}
	require.Equal(t, 200, h.Lead.post("/v1/orgs/"+storetest.ParentOf(t, h.Env, us)+"/merge", merge).Status)
	joe := h.customer(*us.AccountID, rules.CustomerAdmin)
	spares := as[items[api.SparesView]](t, joe.get("/v1/spares"), 200).Items
	require.Len(t, spares, 1)
	require.Equal(t, 1, spares[0].Entitled, "30 + 25 pass 50 at the parent")

	own := as[items[api.ContractView]](t, joe.get("/v1/contracts"), 200).Items
	require.Len(t, own, 1)
	require.EqualValues(t, 25, own[0].InForce)
	theirs := h.Licences(t, br)[0]
	room := as[api.RoomView](t,
		joe.post("/v1/rooms", map[string]any{"name": "Austin", "country": "US", "platform": "OTHER"}), 201)
	for _, a := range []answer{
		joe.get("/v1/contracts/" + theirs.ContractID), joe.get("/v1/contracts/" + theirs.ContractID + "/licences"),
		joe.post("/v1/assignments", map[string]any{"licence_id": theirs.ID, "room_id": room.ID}),
	} {
		problem(t, a, 404, rules.NotFound)
	}
	for _, list := range []string{"/v1/contracts", "/v1/rooms", "/v1/devices", "/v1/assignments", "/v1/warranties"} {
		require.Empty(t, as[items[ref]](t, joe.get(list+"?account_id="+*br.AccountID), 200).Items, list)
	}
	mine := h.Licences(t, us)[0]
	as[api.AssignedView](t, joe.post("/v1/assignments", map[string]any{"licence_id": mine.ID, "room_id": room.ID}), 201)
	ana := h.customer(*br.AccountID, rules.CustomerAdmin)
	require.EqualValues(t, 30, as[items[api.ContractView]](t, ana.get("/v1/contracts"), 200).Items[0].InForce)
	require.Empty(t, as[items[ref]](t, ana.get("/v1/rooms"), 200).Items)
}

// Every operation that changes an account: refused to who may only view, and done
// for its administrator, with the example that the reference shows.
// anybodysOfTheTeam are operations that this table does not hold, with the reason.
var anybodysOfTheTeam = map[string]string{
	"preview-ticket":         "a question with a body",
	"open-ticket":            "R55a: the whole team opens tickets",
	"ask-for-sync-help":      "R55a: and asks for help with rooms that are down",
	"write-to-ticket":        "R55a: and answers them",
	"attach-to-ticket":       "R55a: with files: TestS43_FilesOfTicketsByTheAPI",
	"act-on-session":         "each command has its side: TestS46_SessionsOverTheAPI",
	"add-participant":        "TestS47_ParticipantsOverTheAPI",
	"remove-participant":     "TestS47_ParticipantsOverTheAPI",
	"act-on-ticket":          "TestR42_AReaderGivesNoCommandButComment",
	"create-privacy-request": "TestS33_R42_AnAdministratorsProgramExportsAndErases",
}

func TestR42_TheAdministratorChangesWhatAViewerMayNot(t *testing.T) {
	h := sqlite(t)
	doc := described(t)
	world := h.world(t)
	changed := 0
	for path, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil || op.OperationID == "list-coverage" { // a question with a body
				continue
			}
			roles := rolesOf(t, op.Method+" "+path)
			if roles == public || roles == bySignature || !strings.ContainsAny(roles, "KV") {
				continue
			}
			if anybodysOfTheTeam[op.OperationID] != "" {
				continue
			}
			changed++
			t.Run(op.OperationID, func(t *testing.T) {
				require.NotContains(t, roles, "V", "a viewer changes nothing")
				c, target := world[op.OperationID]()
				target = strings.Replace(target, "/approve", "/withdraw", 1) // of a replacement; agents approve
				if op.OperationID == "act-on-spare-unit" {                   // a CSM proposes, and the customer agrees
					require.Equal(t, 200, h.example(t, c, op, target).Status)
					target = strings.Replace(target, "/select", "/agree", 1)
				}
				accountID := h.Stands["acc_01kbaccount"]
				require.NotEmpty(t, accountID, "the example does not say whose account it is about")
				require.Equal(t, 403, h.example(t, h.customer(accountID, rules.CustomerReadOnly), op, target).Status)
				a := h.example(t, h.customer(accountID, rules.CustomerAdmin), op, target)
				require.Less(t, a.Status, 300, string(a.Body))
			})
		}
	}
	require.Greater(t, changed, 12)
}
