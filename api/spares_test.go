package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/spare"
)

// bought is a fulfilled order of n licences, with its account and its parent.
func (h *house) bought(po, company, street string, n int64) (o order.Order, parent string) {
	h.t.Helper()
	f := storetest.FormFor(po, company, "ana.souza@acme.example")
	f.EndCustomer.Address.Street, f.Lines[0].Quantity = street, n
	ref := h.Seller.accepted(f)
	h.fulfil(ref.ID)
	o, err := h.GetOrder(h.Context, ref.ID)
	require.NoError(h.t, err)
	acc, err := h.GetAccount(h.Context, *o.AccountID)
	require.NoError(h.t, err)
	return o, acc.ParentOrgID
}

// spareWorld is what the examples of spares and of parents are about.
func (h *house) spareWorld(t *testing.T) map[string]func() (client, string) {
	n := 0
	parents := func() (from, into string) {
		n += 2
		a, from := h.bought(fmt.Sprint("PO-W", n), fmt.Sprintf("Acme %d Ltda", n), "Rua A, 1", 60)
		_, into = h.bought(fmt.Sprint("PO-X", n), fmt.Sprintf("Beta %d SA", n), "Rua A, 1", 45)
		h.Stands = map[string]string{"org_01kbparentinto": into, "acc_01kbaccount": *a.AccountID}
		return from, into
	}
	at := func(path string) func() (client, string) {
		return func() (client, string) {
			from, _ := parents()
			return h.Lead, strings.Replace(path, "{id}", from, 1)
		}
	}
	return map[string]func() (client, string){
		"list-spares":       at("/v1/spares?limit=2"),
		"get-spares":        at("/v1/spares/{id}"),
		"get-selection-aid": at("/v1/spares/{id}/selection-aid"),
		"list-spare-lines":  at("/v1/spares/{id}/ledger"),
		"merge-parent":      at("/v1/orgs/{id}/merge"),
		"split-parent":      at("/v1/orgs/{id}/split"),
	}
}

func TestR81_R82a_SparesOfAParentOverTheAPI(t *testing.T) {
	h := sqlite(t)
	h.bought("PO-1", "Acme Ltda", "Rua A, 1", 30)
	second, parent := h.bought("PO-2", "Acme Ltda", "Rua B, 2", 75)
	got := as[api.SparesView](t, h.Lead.get("/v1/spares/"+parent), 200)
	require.Equal(t, 2, got.Entitled)
	require.Equal(t, 105, *got.Licences)
	lines := as[items[api.SpareLineView]](t, h.Lead.get("/v1/spares/"+parent+"/ledger"), 200).Items
	require.Len(t, lines, 1)
	require.Equal(t, api.SpareLineView{
		ID:        lines[0].ID,
		Number:    1,
		Delta:     2,
		Cause:     spare.SpareByOrder,
		SourceID:  second.ID,
		Licences:  105,
		CreatedAt: lines[0].CreatedAt,
	}, lines[0])
	h.bought("PO-3", "Beta SA", "Rua A, 1", 1)
	page := as[struct {
		Items []api.SparesView
		Next  string `json:"next_cursor"`
	}](t, h.Lead.get("/v1/spares?limit=1"), 200)
	require.Equal(t, "Beta SA", page.Items[0].Name)
	rest := as[items[api.SparesView]](t, h.Lead.get("/v1/spares?limit=1&cursor="+page.Next), 200).Items
	require.Equal(t, []api.SparesView{got}, rest)
	problem(t, h.Lead.get("/v1/spares/org_none"), 404, rules.NotFound)
	problem(t, h.Lead.get("/v1/spares/"+h.Reseller.ID), 404, rules.NotFound)
	problem(t, h.Lead.get("/v1/spares/org_none/ledger"), 404, rules.NotFound)
}

func TestR82b_ACustomerSeesItsParentsNumberAndNothingOfOtherAccounts(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	br, parent := h.bought("PO-1", "Acme Ltda", "Rua A, 1", 30)
	us, _ := h.bought("PO-2", "Acme Ltda", "Rua B, 2", 25)
	_, foreign := h.bought("PO-3", "Beta SA", "Rua A, 1", 50)
	require.JSONEq(t, fmt.Sprintf(`{"parent_org_id": %q, "name": "Acme Ltda", "entitled": 0}`, parent),
		string(h.customer(*us.AccountID, rules.CustomerAdmin).get("/v1/spares/"+parent).Body),
		"nobody has proved yet that the two are one customer (S60)")
	h.Join(t, h.InvitationOf(t, br.ID))
	h.Join(t, h.InvitationOf(t, us.ID))
	for _, role := range []rules.Role{rules.CustomerAdmin, rules.CustomerReadOnly} {
		c := h.customer(*us.AccountID, role)
		got := c.get("/v1/spares/" + parent)
		require.JSONEq(t, fmt.Sprintf(`{"parent_org_id": %q, "name": "Acme Ltda", "entitled": 1}`, parent),
			string(got.Body))
		require.Len(t, as[items[api.SparesView]](t, c.get("/v1/spares"), 200).Items, 1)
		random := c.send("GET", "/v1/spares/org_01kbrandomrandomrandomrand", nil, "X-Request-Id", "same-for-both")
		require.Equal(t, 404, random.Status)
		require.Equal(t, string(random.Body),
			string(c.send("GET", "/v1/spares/"+foreign, nil, "X-Request-Id", "same-for-both").Body))
		problem(t, c.get("/v1/spares/"+parent+"/ledger"), 403, rules.Forbidden)
	}
	licence := h.Licences(t, br)[0].ID
	room := h.Room(t, *us.AccountID, "Sala 1")
	problem(t, h.customer(*us.AccountID, rules.CustomerAdmin).
		post("/v1/assignments", map[string]any{"licence_id": licence, "room_id": room.ID}), 404, rules.NotFound)
}

func TestS27_MergeAndSplitOverTheAPI(t *testing.T) {
	h := sqlite(t)
	_, a := h.bought("PO-1", "Acme Ltda", "Rua A, 1", 30)
	second, b := h.bought("PO-2", "Beta SA", "Rua A, 1", 30)
	customer := h.customer(*second.AccountID, rules.CustomerAdmin)
	merge := map[string]any{"into": a, "reason": "one group"}
	for i := range 2 {
		got := as[api.ParentChangeView](t, h.Lead.post("/v1/orgs/"+b+"/merge", merge), 200)
		require.Equal(t, 1, got.Into.Entitled, "30 + 30 earn one")
		require.Equal(t, a, got.From.MergedInto)
		require.Len(t, got.Moved, 1-i, "again nothing moves")
	}
	require.Equal(t, a, as[api.OrgView](t, h.Lead.get("/v1/orgs/"+b), 200).MergedInto)
	require.Equal(t, 1, as[api.SparesView](t, customer.get("/v1/spares/"+a), 200).Entitled,
		"the customer's token goes along")
	problem(t, customer.get("/v1/spares/"+b), 404, rules.NotFound)
	split := map[string]any{"name": "Beta SA", "account_ids": []string{*second.AccountID}, "reason": "sold again"}
	got := as[api.ParentChangeView](t, h.Lead.post("/v1/orgs/"+a+"/split", split), 200)
	require.Equal(t, b, got.Into.ParentOrgID)
	require.Zero(t, got.From.Entitled, "what it loses follows S9")
	require.Empty(t, as[api.OrgView](t, h.Lead.get("/v1/orgs/"+b), 200).MergedInto)
	p := problem(t, h.Lead.post("/v1/orgs/"+a+"/merge", map[string]any{"into": "org_none", "reason": "r"}), 422,
		rules.ValidationFailed)
	require.Equal(t, []string{"/into " + operations.NotAParent}, codes(p.Errors))
	problem(t, h.Lead.post("/v1/orgs/"+a+"/merge", map[string]any{"into": b, "reason": ""}), 422, rules.ReasonRequired)
	problem(t, h.Lead.post("/v1/orgs/org_none/merge", merge), 404, rules.NotFound)
	problem(t, h.Lead.post("/v1/orgs/org_none/split", split), 404, rules.NotFound)
	p = problem(t,
		h.Lead.post("/v1/orgs/"+a+"/split", map[string]any{"name": "", "account_ids": []string{}, "reason": "r"}), 422,
		rules.ValidationFailed)
	require.Equal(t, []string{"/name REQUIRED", "/account_ids REQUIRED"}, codes(p.Errors))
}
