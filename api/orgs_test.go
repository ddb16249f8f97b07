package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// orgWorld is what the examples about organisations are about.
func (h *house) orgWorld(t *testing.T) map[string]func() (client, string) {
	at := func(path string) func() (client, string) {
		return func() (client, string) { return h.Lead, "/v1/orgs/" + h.Env.Reseller(t, "Revenda Norte").ID + path }
	}
	related := func(end string) func() (client, string) {
		return func() (client, string) {
			dist := h.Env.Distributor(t, "Distribuidora Norte")
			h.Relate(t, dist, h.Reseller)
			return h.Lead, "/v1/orgs/" + dist.ID + "/resellers/" + h.Reseller.ID + end
		}
	}
	return map[string]func() (client, string){
		"change-org":        at(""),
		"put-org-mail":      at("/mail"),
		"put-org-spellings": at("/spellings"),
		"relate-orgs":       related(""),
		"unrelate-orgs":     related("/removal"),
	}
}

func TestS59_AnotherLegalFormIsAnotherOrganisationOverTheAPI(t *testing.T) {
	h := sqlite(t)
	put := func(name, country, from string) api.OrgDetail {
		return as[api.OrgDetail](t, h.Lead.send("PUT", "/v1/orgs", map[string]any{
			"kind": "RESELLER", "name": name, "country": country, "authorised_from": from,
		}), 200)
	}
	sa := put("Andina Telecom S.A.", "CL", "2020-01-01")
	require.Empty(t, sa.Alike)
	ltda := put("Andina Telecom Ltda", "CL", "")
	require.NotEqual(t, sa.ID, ltda.ID)
	require.Len(t, ltda.Alike, 1, "the question")
	require.Equal(t, sa.ID, ltda.Alike[0].ID)
	require.False(t, ltda.Authorised)
	require.NotEqual(t, sa.ID, put("Andina Telecom S.A.", "AR", "2020-01-01").ID)
	require.Equal(t, sa.ID, put("ANDINA TELECOM S.A.", "CL", "2020-01-01").ID, "case is no difference")

	kept := as[api.OrgDetail](t, h.Lead.get("/v1/orgs/"+sa.ID), 200)
	require.True(t, kept.Authorised)
	p := problem(t, h.Lead.send("PUT", "/v1/orgs", map[string]any{
		"kind": "RESELLER", "name": "Andina Telecom S.A.", "suspended": true,
	}), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/country REQUIRED"}, codes(p.Errors), "which of the two?")

	// Each has its own token, orders and numbers.
	form := storetest.Form("PO-1")
	form.Reseller.Company, form.Reseller.Address.Country = "Andina Telecom S.A.", "CL"
	sellerSA, sellerLtda := h.client(sa.ID, rules.Reseller), h.client(ltda.ID, rules.Reseller)
	own := sellerSA.accepted(form)
	for _, ask := range []answer{
		sellerLtda.get("/v1/orders/" + own.ID),
		sellerLtda.post("/v1/orders/"+own.ID+"/cancellation", map[string]any{"reason": "not ours"}),
	} {
		problem(t, ask, 404, rules.NotFound)
	}
	form.Reseller.Company = "Andina Telecom Ltda"
	double := sellerLtda.accepted(form)
	require.Equal(t, []string{ordering.ReasonResellerNotAuthorised, ordering.ReasonOperatorChecks},
		double.ReviewReasons)
	require.Equal(t, []string{ordering.ReasonResellerNotAuthorised, ordering.ReasonPossibleDouble},
		as[orderRef](t, h.Lead.get("/v1/orders/"+double.ID), 200).ReviewReasons)
}

// A country is not added to a name by the way: the tokens of one would be another's.
func TestS59_ACountryIsRecordedByTheOrganisationsID(t *testing.T) {
	h := sqlite(t)
	request := map[string]any{"kind": "RESELLER", "name": "Revenda Sul", "country": "PT"}
	p := problem(t, h.Lead.send("PUT", "/v1/orgs", request), 409, rules.StateConflict)
	require.Contains(t, p.Remedy, h.Reseller.ID)
	request["reason"], request["country"] = "their contract", "BR"
	changed := as[api.OrgDetail](t, h.Lead.send("PUT", "/v1/orgs/"+h.Reseller.ID, request), 200)
	require.Equal(t, []string{h.Reseller.ID, "BR"}, []string{changed.ID, changed.Country})
	delete(request, "reason")
	request["country"] = "PT"
	require.NotEqual(t, h.Reseller.ID, as[ref](t, h.Lead.send("PUT", "/v1/orgs", request), 200).ID)
	request["reason"] = "moved"
	p = problem(t, h.Lead.send("PUT", "/v1/orgs/"+h.Reseller.ID, request), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/name DUPLICATE"}, codes(p.Errors))
	request["reason"] = " "
	problem(t, h.Lead.send("PUT", "/v1/orgs/"+h.Reseller.ID, request), 422, rules.ReasonRequired)
	for _, id := range []string{"org_none", account.OperatorOrgID} {
		request["reason"] = "r"
		problem(t, h.Lead.send("PUT", "/v1/orgs/"+id, request), 404, rules.NotFound)
	}
}

// A distributor's order may have given the name first, under a country of its choice: the
// name alone does not authorise that organisation.
func TestS59_ANameThatOnlyAnOrderGaveIsNotAuthorisedByTheWay(t *testing.T) {
	h := sqlite(t)
	trader := h.client(h.Env.Distributor(t, "Distribuidora Norte").ID, rules.Distributor)
	form := storetest.Form("PO-1")
	form.Reseller.Company, form.Reseller.Address.Country = "Boa Revenda Ltda", "PY"
	trader.accepted(form)
	squatted := h.Strings(t, "SELECT id FROM orgs WHERE name = 'Boa Revenda Ltda'")[0]

	request := map[string]any{
		"kind": "RESELLER", "name": "Boa Revenda Ltda", "authorised_from": "2020-01-01",
	}
	put := func() answer { return h.Lead.send("PUT", "/v1/orgs", request) }
	p := problem(t, put(), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/country REQUIRED"}, codes(p.Errors))
	require.Contains(t, p.Errors[0].Message, "PY")
	require.Contains(t, p.Errors[0].Remedy, squatted, "the one that there is, to look at")
	require.False(t, as[api.OrgDetail](t, h.Lead.get("/v1/orgs/"+squatted), 200).Authorised)

	request["country"] = "BR"
	real := as[api.OrgDetail](t, put(), 200)
	require.NotEqual(t, squatted, real.ID)
	require.True(t, real.Authorised)
	require.False(t, as[api.OrgDetail](t, h.Lead.get("/v1/orgs/"+squatted), 200).Authorised)
	delete(request, "country")
	p = problem(t, put(), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/country REQUIRED"}, codes(p.Errors), "two of the name")

	request["country"] = "PY"
	require.Equal(t, squatted, as[api.OrgDetail](t, put(), 200).ID, "said by its country it is meant")
}

func TestR115b_S65_WhatOperatorsKeepOverTheAPI(t *testing.T) {
	h := sqlite(t)
	dist := h.Env.Distributor(t, "Distribuidora Norte")
	trader := h.client(dist.ID, rules.Distributor)
	form := func(po, contact string) ordering.OrderForm {
		return storetest.FormFor(po, "Empresa "+po, contact)
	}
	require.Equal(t, []string{ordering.ReasonWithoutRelation},
		trader.accepted(form("PO-1", "ana@acme.example")).ReviewReasons)

	relation := "/v1/orgs/" + dist.ID + "/resellers/" + h.Reseller.ID
	for range 2 {
		got := as[api.OrgDetail](t, h.Lead.send("PUT", relation, map[string]any{"reason": "contract"}), 200)
		require.Equal(t, []string{h.Reseller.ID}, got.ResellerIDs)
	}
	require.Equal(t, 1, h.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'org.relation_recorded'"))
	mail := map[string]any{
		"domains": []string{"Revenda-Sul.com.br"}, "notices_to": "Pedidos@revenda-sul.com.br", "reason": "contract",
	}
	got := as[api.OrgDetail](t, h.Lead.send("PUT", "/v1/orgs/"+h.Reseller.ID+"/mail", mail), 200)
	require.Equal(t, []string{"revenda-sul.com.br", "pedidos@revenda-sul.com.br"},
		[]string{got.MailDomains[0], got.NoticesTo})
	require.Equal(t, []string{dist.ID}, got.DistributorIDs)
	require.Empty(t, trader.accepted(form("PO-2", "ana@acme.example")).ReviewReasons)
	require.Equal(t, []string{ordering.ReasonContactAtReseller},
		h.Seller.accepted(form("PO-3", "ana@ti.revenda-sul.com.br")).ReviewReasons)

	as[api.OrgDetail](t, h.Lead.post(relation+"/removal", map[string]any{"reason": "ended"}), 200)
	require.Equal(t, []string{ordering.ReasonWithoutRelation},
		trader.accepted(form("PO-4", "ana@acme.example")).ReviewReasons)

	for body, want := range map[string]string{
		`{"domains":["gmail.com"],"reason":"r"}`:                              "/domains/0 INVALID_DOMAIN",
		`{"domains":["x"],"reason":"r"}`:                                      "/domains/0 INVALID_DOMAIN",
		`{"domains":["a.example"],"notices_to":"p@b.example","reason":"r"}`:   "/notices_to INVALID_EMAIL",
		`{"domains":["a.example"],"notices_to":"nobody","reason":"r"}`:        "/notices_to INVALID_EMAIL",
		`{"domains":["a.example","com.br"],"notices_to":"","reason":"noted"}`: "/domains/1 INVALID_DOMAIN",
	} {
		p := problem(t, h.Lead.send("PUT", "/v1/orgs/"+h.Reseller.ID+"/mail", body), 422, rules.ValidationFailed)
		require.Equal(t, []string{want}, codes(p.Errors), body)
	}
	back := "/v1/orgs/" + h.Reseller.ID + "/resellers/" + dist.ID
	problem(t, h.Lead.send("PUT", back, map[string]any{"reason": "r"}), 404, rules.NotFound)
	problem(t, h.Seller.send("PUT", relation, map[string]any{"reason": "r"}), 403, rules.Forbidden)
	h.AuditHolds(t)
	for _, text := range h.Strings(t, "SELECT CAST(details AS text) FROM audit_events") {
		require.NotContains(t, text, "revenda-sul")
	}
}

// RULES 4, S36: both sellers of an order see it, and no more than they sent.
func TestS36_TheNamedDistributorReadsAResellersOrder(t *testing.T) {
	h := open(t, storetest.Postgres(t)) // row-level security on
	norte := h.client(h.Env.Distributor(t, "Distribuidora Norte").ID, rules.Distributor)
	leste := h.client(h.Env.Distributor(t, "Distribuidora Leste").ID, rules.Distributor)
	o := h.Seller.accepted(storetest.Form("PO-1"))
	h.fulfil(o.ID)
	a := norte.get("/v1/orders/" + o.ID)
	require.Equal(t, 200, a.Status)
	for _, secret := range []string{"Ana Souza", "acme.example", "Paulista", "Acme", "revendasul.example"} {
		require.NotContains(t, string(a.Body), secret)
	}
	require.Len(t, as[items[ref]](t, norte.get("/v1/orders"), 200).Items, 1)
	require.Empty(t, as[items[ref]](t, leste.get("/v1/orders"), 200).Items)
	problem(t, leste.get("/v1/orders/"+o.ID), 404, rules.NotFound)
	problem(t, norte.send("PUT", "/v1/orders/"+o.ID, storetest.Form("PO-1"), "If-Match", `"3"`), 403, rules.Forbidden)

	other := storetest.FormFor("PO-2", "Beta", "rui@beta.example")
	other.Reseller.Company = "Revenda Oeste"
	ref := h.Seller.accepted(other)
	require.Equal(t, []string{"/reseller/company NOT_THE_SENDER"}, codes(ref.Warnings))
}
