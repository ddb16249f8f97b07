package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/spare"
)

// everyScope lets a token fail by its role alone.
var everyScope = api.ScopesFor(rules.OperatorLead)

// roles are clients of every role that reaches an account: operators, and the account's.
func (h *house) roles(accountID string) map[string]client {
	return map[string]client{
		"A": h.client(account.OperatorOrgID, rules.OperatorAgent, everyScope...),
		"L": h.client(account.OperatorOrgID, rules.OperatorLead, everyScope...),
		"C": h.client(account.OperatorOrgID, rules.OperatorCSM, everyScope...),
		"K": h.customer(accountID, rules.CustomerAdmin, everyScope...),
		"V": h.customer(accountID, rules.CustomerReadOnly, everyScope...),
		"R": h.client(h.Reseller.ID, rules.Reseller, everyScope...),
	}
}

// Each command of a replacement, by each role, while it can be done and when it was done
// before: the answer to a role that may never give it is the same.
func TestR42_CommandsOfAReplacementByEveryRoleFreshOrDone(t *testing.T) {
	commands := map[string]string{
		"approve": "AL", "reject": "AL", "allocate": "AL", "backorder": "AL", "ship": "AL",
		"reship": "AL", "wait": "AL", "receive": "AL", "inspect": "AL", "no_return": "AL",
		"bill": "AL", "waive": "L", "withdraw": "ALCK", "appeal": "ALCK", "use_spare": "ALCK",
		"tell": "AL", "take_back": "AL", "readdress": "AL",
	}
	body := map[string]any{
		"reason": "asked", "code": "NO_DEFECT", "defect_confirmed": true, "serial": "SN-100",
		"outcome": "DEFECT", "spare_unit_id": "spu_none", "fact": "DELIVERED",
		"expected_on": "2027-01-04", "photo": "photo-1",
	}

	stages := map[string]func(t *testing.T, h *house) (accountID, id string){
		"requested": func(t *testing.T, h *house) (string, string) {
			c := h.Covered(t)
			return c.Account, h.Requested(t, c).ID
		},
		"approved": func(t *testing.T, h *house) (string, string) {
			c := h.Covered(t)
			r := h.Requested(t, c)
			_, err := h.ApproveRMA(storetest.Operator(), r.ID,
				replacement.RMAApproval{DefectConfirmed: true})
			require.NoError(t, err)
			return c.Account, r.ID
		},
		"rejected": func(t *testing.T, h *house) (string, string) {
			c := h.Covered(t)
			r := h.Requested(t, c)
			_, err := h.RejectRMA(storetest.Operator(), r.ID,
				replacement.RMARejection{Code: "NO_DEFECT", Reason: "mended"})
			require.NoError(t, err)
			return c.Account, r.ID
		},
		"withdrawn": func(t *testing.T, h *house) (string, string) {
			c := h.Covered(t)
			r := h.Requested(t, c)
			_, err := h.WithdrawRMA(storetest.Customer(c.Account), r.ID, "found it")
			require.NoError(t, err)
			return c.Account, r.ID
		},
		"delivered": func(t *testing.T, h *house) (string, string) {
			c := h.Covered(t)
			return c.Account, h.DeliveredRMA(t, c).ID
		},
		"received": func(t *testing.T, h *house) (string, string) {
			c := h.Covered(t)
			r := h.DeliveredRMA(t, c)
			_, err := h.ReceiveRMA(storetest.Operator(), r.ID)
			require.NoError(t, err)
			return c.Account, r.ID
		},
	}
	for stage, begin := range stages {
		t.Run(stage, func(t *testing.T) {
			h := sqlite(t)
			accountID, id := begin(t, h)
			clients := h.roles(accountID)
			for command, may := range commands {
				// Those who may not come first: nothing that they send changes anything.
				for role, c := range clients {
					if strings.Contains(may, role) {
						continue
					}
					a := c.post("/v1/rmas/"+id+"/"+command, body)
					require.Contains(t, []int{403, 404}, a.Status, "%s %s as %s", stage, command, role)
				}
			}
			h.AuditHolds(t)
		})
	}
}

// The same of a spare on loan: what the customer agreed to, nobody of the operator's
// agrees to, not even again.
func TestR42_CommandsOfASpareByEveryRoleFreshOrDone(t *testing.T) {
	commands := map[string]string{
		"select": "C", "agree": "K", "ship": "AL", "receive": "AL", "bill": "AL", "waive": "L",
		"tell": "AL", "take_back": "AL",
	}
	h := sqlite(t)
	c, unit := h.Spare(t)
	refuseOthers := func() {
		t.Helper()
		clients := h.roles(c.Account)
		for command, may := range commands {
			for role, client := range clients {
				if strings.Contains(may, role) {
					continue
				}
				a := client.post("/v1/spare-units/"+unit.ID+"/"+command, map[string]any{
					"model": "RALLY-BAR", "site_id": c.Site.ID, "serial": "SP-1", "reason": "r",
					"fact": "DELIVERED",
				})
				require.Contains(t, []int{403, 404}, a.Status, "%s as %s", command, role)
			}
		}
	}

	refuseOthers()
	_, err := h.SelectSpare(storetest.CSM(), unit.ID,
		replacement.SpareChoice{ModelCode: "RALLY-BAR", SiteID: c.Site.ID})
	require.NoError(t, err)
	refuseOthers()
	_, err = h.AgreeSpare(storetest.Customer(c.Account), unit.ID, 0)
	require.NoError(t, err)
	refuseOthers()
	_, err = h.ShipSpare(storetest.Operator(), unit.ID, replacement.Parcel{Serial: "SP-1"})
	require.NoError(t, err)
	refuseOthers()
	_, err = h.RecordSpareFact(storetest.Operator(), unit.ID, spare.SpareDelivered, time.Time{})
	require.NoError(t, err)
	refuseOthers()

	// And once it is taken back, by an agent at the door.
	agent := h.roles(c.Account)["A"]
	for range 2 {
		a := agent.post("/v1/spare-units/"+unit.ID+"/take_back",
			map[string]any{"fact": "DELIVERED", "reason": "another parcel"})
		require.Equal(t, 200, a.Status, string(a.Body))
		var view api.SpareUnitDetail
		require.NoError(t, json.Unmarshal(a.Body, &view))
		require.Equal(t, spare.SpareShipped, view.State)
		require.Equal(t, []spare.SpareFact{spare.FactShipped}, view.ToTakeBack)
	}
	refuseOthers()
	h.AuditHolds(t)
}

// An order that is cancelled already answers nobody who may not cancel.
func TestR42_CancellationByEveryRoleFreshOrDone(t *testing.T) {
	h := sqlite(t)
	o, accountID, _ := h.fulfilled()
	path := "/v1/orders/" + o.ID + "/cancellation"
	refuseOthers := func() {
		t.Helper()
		for _, role := range []string{"C", "V"} {
			a := h.roles(accountID)[role].post(path, map[string]any{"reason": "r"})
			require.Equal(t, 403, a.Status, role)
		}
	}
	refuseOthers()
	require.Equal(t, 200, h.Seller.post(path, map[string]any{"reason": "not needed"}).Status)
	refuseOthers()
}

// Who manages the users of an account through the API (RESEND_ONLY, R51, R105).
func TestR42_R51_R105_OperatorsGiveNoRoles(t *testing.T) {
	h := sqlite(t)
	_, accountID, invitation := h.fulfilled()
	_, admin, err := h.AcceptInvitation(h.Context, identity.Acceptance{
		InvitationID: invitation, Email: "ana.souza@acme.example", Name: "Ana", Locale: "en",
	})
	require.NoError(t, err)
	inv, err := h.Invite(storetest.Customer(accountID), identity.NewInvite{
		AccountID: accountID, Email: "rui@acme.example", ContactName: "Rui",
		Role: identity.RoleReadOnly, Kind: identity.InvitationForColleague,
	})
	require.NoError(t, err)
	_, reader, err := h.AcceptInvitation(h.Context, identity.Acceptance{
		InvitationID: inv.ID, Email: "rui@acme.example", Name: "Rui", Locale: "en",
	})
	require.NoError(t, err)
	pending, err := h.Invite(storetest.Customer(accountID), identity.NewInvite{
		AccountID: accountID, Email: "eva@acme.example", ContactName: "Eva",
		Role: identity.RoleAdmin, Kind: identity.InvitationForColleague,
	})
	require.NoError(t, err)

	for _, role := range []rules.Role{rules.OperatorAgent, rules.OperatorLead} {
		c := h.client(account.OperatorOrgID, role)
		members, people := "/v1/memberships/", "/v1/accounts/"+accountID+"/invitations"
		problem(t, c.send("PATCH", members+reader.ID, `{"role":"ADMIN","reason":"asked"}`), 403,
			rules.Forbidden)
		problem(t, c.send("PATCH", members+admin.ID, `{"role":"READ_ONLY","reason":"asked"}`), 403,
			rules.Forbidden)
		problem(t, c.post(people,
			`{"email":"me@desk.example","contact_name":"Me","role":"ADMIN","reason":"r"}`), 403,
			rules.Forbidden)
		problem(t, c.post("/v1/invitations/"+pending.ID+"/reissue",
			`{"email":"me@desk.example","contact_name":"Me","reason":"r"}`), 403, rules.Forbidden)
	}
	agent := h.client(account.OperatorOrgID, rules.OperatorAgent)
	require.Equal(t, 201, agent.post("/v1/accounts/"+accountID+"/invitations",
		`{"email":"leo@acme.example","contact_name":"Leo","role":"READ_ONLY","reason":"asked"}`).Status)
	require.Equal(t, 201, agent.post("/v1/invitations/"+pending.ID+"/reissue",
		`{"reason":"lost"}`).Status)
	require.Equal(t, 200, agent.send("PATCH", "/v1/memberships/"+reader.ID,
		`{"state":"REMOVED","reason":"wrong person"}`).Status)
	csm := h.client(account.OperatorOrgID, rules.OperatorCSM)
	problem(t, csm.post("/v1/invitations/"+pending.ID+"/reissue", `{"reason":"lost"}`), 403,
		rules.Forbidden)
}

// No operator makes the token of a customer's administrator, and no token one that has a
// scope which it lacks itself, whatever the role of the new one.
func TestR42_ATokenNeverMakesMoreThanItself(t *testing.T) {
	h := sqlite(t)
	_, accountID, _ := h.fulfilled()
	acc, err := h.GetAccount(h.Context, accountID)
	require.NoError(t, err)
	ask := func(role, org, accountID string) map[string]any {
		body := map[string]any{"org_id": org, "role": role, "label": "x"}
		if accountID != "" {
			body["account_id"] = accountID
		}
		return body
	}

	for _, role := range []rules.Role{rules.OperatorAgent, rules.OperatorLead} {
		c := h.client(account.OperatorOrgID, role)
		problem(t, c.post("/v1/tokens", ask("CUSTOMER_ADMIN", acc.ParentOrgID, accountID)), 403,
			rules.Forbidden)
		require.Equal(t, 201,
			c.post("/v1/tokens", ask("CUSTOMER_READ_ONLY", acc.ParentOrgID, accountID)).Status)
	}

	narrow := h.client(account.OperatorOrgID, rules.OperatorLead, api.TokensWrite)
	for _, body := range []map[string]any{
		ask("OPERATOR_AGENT", account.OperatorOrgID, ""),
		ask("RESELLER", h.Reseller.ID, ""),
		ask("CUSTOMER_READ_ONLY", acc.ParentOrgID, accountID),
	} {
		p := problem(t, narrow.post("/v1/tokens", body), 422, rules.ValidationFailed)
		require.Contains(t, codes(p.Errors), "/scopes/0 SCOPE_NOT_HELD", body["role"])
	}
	require.Equal(t, 201, narrow.post("/v1/tokens", map[string]any{
		"org_id": account.OperatorOrgID, "role": "OPERATOR_AGENT", "label": "x",
		"scopes": []string{api.TokensWrite},
	}).Status)
	require.Empty(t, h.Strings(t, "SELECT id FROM api_tokens WHERE role = 'CUSTOMER_ADMIN'"))
}

// An operator who amends a seller's order says why, as one who sends it does.
func TestR42_AnOperatorAmendsWithAReason(t *testing.T) {
	h := sqlite(t)
	form := storetest.Form("PO-1")
	form.PurchasedOn = "2026-12-24"
	o := h.Seller.accepted(form)
	path := "/v1/orders/" + o.ID
	problem(t, h.Lead.send("PUT", path, form, "If-Match", `"1"`), 422, rules.ReasonRequired)
	form.PurchasedOn = "2026-12-23"
	require.Equal(t, 200,
		h.Lead.send("PUT", path+"?reason=asked+by+phone", form, "If-Match", `"1"`).Status)
	form.PurchasedOn = "2026-12-22"
	require.Equal(t, 200, h.Seller.send("PUT", path, form, "If-Match", `"2"`).Status)
}

// One person gets five invitations a day, whoever sends them and however often they are
// withdrawn in between; the refusal names the bound and says when to go on.
func TestS64_InvitationsToOneAddressAreBounded(t *testing.T) {
	h := sqlite(t)
	_, accountID, first := h.fulfilled()
	invite := func() answer {
		return h.Lead.post("/v1/accounts/"+accountID+"/invitations", map[string]any{
			"email": "Stranger@else.example", "contact_name": "Stranger", "role": "READ_ONLY",
			"reason": "asked",
		})
	}
	for range 5 {
		made := as[ref](t, invite(), 201)
		require.Equal(t, 200,
			h.Lead.post("/v1/invitations/"+made.ID+"/revocation", `{"reason":"r"}`).Status)
	}
	refused := invite()
	p := problem(t, refused, 429, rules.RateLimited)
	require.Contains(t, p.Detail, "5 invitations of this account within 24 hours")
	require.Regexp(t, `^8\d{4}$`, refused.Header.Get("Retry-After"))
	require.Equal(t, 5,
		h.Count(t, "SELECT count(*) FROM notifications WHERE recipient = 'stranger@else.example'"))

	id := first
	for range 5 {
		id = as[ref](t, h.Lead.post("/v1/invitations/"+id+"/reissue", `{"reason":"lost"}`), 201).ID
	}
	problem(t, h.Lead.post("/v1/invitations/"+id+"/reissue", `{"reason":"lost"}`), 429,
		rules.RateLimited)
	require.NotEqual(t, "SUPERSEDED", h.Strings(t,
		"SELECT state FROM invitations WHERE id = '"+id+"'")[0], "the refused one changed nothing")
}

// What one account sends an address keeps no other account from inviting the person: five
// of each a day, and twenty of all.
func TestS64_OneAccountDoesNotUseUpWhatAnAddressGets(t *testing.T) {
	h := sqlite(t)
	invite := func(accountID string) answer {
		return h.Lead.post("/v1/accounts/"+accountID+"/invitations", map[string]any{
			"email": "rui@else.example", "contact_name": "Rui", "role": "READ_ONLY", "reason": "asked",
		})
	}
	fill := func(accountID string) {
		for range 5 {
			made := as[ref](t, invite(accountID), 201)
			require.Equal(t, 200,
				h.Lead.post("/v1/invitations/"+made.ID+"/revocation", `{"reason":"r"}`).Status)
		}
		for range 3 {
			problem(t, invite(accountID), 429, rules.RateLimited)
		}
	}

	accounts := []string{}
	for n := range 5 {
		o, _ := h.bought(storetest.PO(n), fmt.Sprintf("Empresa %d Ltda", n), "Rua A, 1", 1)
		h.Join(t, h.InvitationOf(t, o.ID))
		accounts = append(accounts, *o.AccountID)
	}
	for _, id := range accounts[:4] {
		fill(id)
	}
	p := problem(t, invite(accounts[4]), 429, rules.RateLimited)
	require.Contains(t, p.Detail, "20 invitations within 24 hours")
}

// Every door by which a name comes in through the API.
func TestS64_NamesAreNotMessagesAtEveryDoor(t *testing.T) {
	h := sqlite(t)
	_, accountID, invitation := h.fulfilled()
	const link, domain = "Pay at https://evil.example", "Your prize waits at evil.com"
	doors := map[string]func(name string) answer{
		"order, person /end_customer/contact_name": func(name string) answer {
			f := storetest.Form("PO-2")
			f.EndCustomer.ContactName = name
			return h.Seller.order(f)
		},
		"order, company /end_customer/company": func(name string) answer {
			f := storetest.Form("PO-3")
			f.EndCustomer.Company = name
			return h.Seller.order(f)
		},
		"order, company /reseller/company": func(name string) answer {
			f := storetest.Form("PO-4")
			f.Reseller.Company = name
			return h.Seller.order(f)
		},
		"order, company /distributor/company": func(name string) answer {
			f := storetest.Form("PO-5")
			f.Distributor.Company = name
			return h.Seller.order(f)
		},
		"order, number /po_number": func(name string) answer {
			f := storetest.Form(name)
			return h.Seller.order(f)
		},
		"invitation, person /contact_name": func(name string) answer {
			return h.Lead.post("/v1/accounts/"+accountID+"/invitations", map[string]any{
				"email": "rui@acme.example", "contact_name": name, "role": "READ_ONLY",
				"reason": "asked",
			})
		},
		"reissue, person /contact_name": func(name string) answer {
			return h.Lead.post("/v1/invitations/"+invitation+"/reissue", map[string]any{
				"email": "rui@acme.example", "contact_name": name, "reason": "asked",
			})
		},
		"account, company /company": func(name string) answer {
			return h.Lead.post("/v1/accounts", map[string]any{
				"company": name, "mode": "SITE", "address": storetest.Form("x").EndCustomer.Address,
			})
		},
		"organisation, company /name": func(name string) answer {
			return h.Lead.send("PUT", "/v1/orgs", map[string]any{"kind": "PARTNER", "name": name})
		},
		"manager, person /name": func(name string) answer {
			return h.Lead.post("/v1/csms", map[string]any{
				"name": name, "email": "c@ops.example", "reason": "hired",
			})
		},
		"site, person /contact_name": func(name string) answer {
			return h.Lead.post("/v1/sites", map[string]any{
				"account_id": accountID, "reason": "asked", "name": "HQ",
				"address":   storetest.Form("x").EndCustomer.Address,
				"time_zone": "America/Sao_Paulo", "contact_name": name,
				"contact_email": "rui@acme.example",
			})
		},
	}
	for door, send := range doors {
		kind, pointer := splitDoor(door)
		p := problem(t, send(link), 422, rules.ValidationFailed)
		require.Contains(t, codes(p.Errors), pointer+" "+rules.NotAName, door)
		a := send(domain)
		if kind == "person" {
			p := problem(t, a, 422, rules.ValidationFailed)
			require.Contains(t, codes(p.Errors), pointer+" "+rules.NotAName, door)
			continue
		}
		require.Contains(t, []int{200, 201}, a.Status, "%s: %s", door, a.Body)
	}
}

// splitDoor reads "door, kind /pointer".
func splitDoor(door string) (kind, pointer string) {
	_, rest, _ := strings.Cut(door, ", ")
	kind, pointer, _ = strings.Cut(rest, " ")
	return kind, pointer
}

// One customer's claims and files wait in a number that leaves room for others.
func TestR111c_S35_OneCustomerDoesNotFloodTheOthers(t *testing.T) {
	h := sqlite(t)
	a, b := h.twin(t, 1), h.twin(t, 2)
	claim := func(c client, n int) answer {
		return c.post("/v1/warranties/claims", map[string]any{
			"serial": fmt.Sprintf("OLD%04d", n), "po_number": "4500/12",
		})
	}
	for n := range 50 {
		require.Less(t, claim(a.client, n).Status, 300, n)
	}
	refused := claim(a.client, 50)
	p := problem(t, refused, 429, rules.RateLimited)
	require.Contains(t, p.Detail, "50 claims")
	require.Equal(t, "86400", refused.Header.Get("Retry-After"))
	require.Less(t, claim(a.client, 7).Status, 300, "one that is there already")
	require.Less(t, claim(b.client, 1000).Status, 300, "another customer's")

	send := func(c client, n int) answer {
		return c.send("POST", "/v1/rooms/import",
			fmt.Sprintf("room,country,platform\nSala %d,BR,OTHER\n", n), "Content-Type", "text/csv")
	}
	for n := range 5 {
		require.Equal(t, 202, send(a.client, n).Status)
	}
	refused = send(a.client, 5)
	problem(t, refused, 429, rules.RateLimited)
	require.Equal(t, "60", refused.Header.Get("Retry-After"))
	require.Equal(t, 202, send(b.client, 1).Status)
	require.NoError(t, h.Exec("UPDATE import_jobs SET finished_at = created_at WHERE id = "+
		"(SELECT min(id) FROM import_jobs)"))
	require.Equal(t, 202, send(a.client, 6).Status)
}
