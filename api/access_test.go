package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

func TestTokensAreAskedForAndHeldToTheirScopes(t *testing.T) {
	h := sqlite(t)
	for _, header := range []string{
		"", "Bearer", "Bearer ", "Basic " + h.Seller.token, h.Seller.token, "Bearer rct_unknown",
		"Bearer x" + h.Seller.token, "Bearer rct_" + strings.Repeat("x", 4000),
	} {
		a := client{house: h}.send("GET", "/v1/orders", nil, "Authorization", header)
		problem(t, a, 401, rules.Unauthenticated)
		require.Contains(t, a.Header.Get("WWW-Authenticate"), "Bearer")
	}
	require.Equal(t, 200, h.Seller.send("GET", "/v1/orders", nil, "Authorization", "bearer "+h.Seller.token).Status)
	reader := h.client(h.Reseller.ID, rules.Reseller, api.OrdersRead)
	require.Equal(t, 200, reader.get("/v1/orders").Status)
	p := problem(t, reader.order(storetest.Form("PO-1")), 403, rules.Forbidden)
	require.Contains(t, p.Detail, api.OrdersWrite)
	require.NoError(t, h.RevokeToken(h.Context, reader.tokenID))
	problem(t, reader.get("/v1/orders"), 401, rules.Unauthenticated)
}

// public marks a route that needs no token.
const public = "public"

// bySignature marks a route that needs no token, but a signature.
const bySignature = "signature"

// routeTable is every operation and the roles that may reach it: R reseller, D
// distributor, A agent, L lead, C customer success, K a customer's administrator,
// V a customer who may only view.
var routeTable = map[string]string{
	"POST /v1/orders":                                   "RDAL",
	"GET /v1/orders":                                    "RDALC",
	"GET /v1/orders/x":                                  "RDALC",
	"PUT /v1/orders/x":                                  "RDAL",
	"POST /v1/orders/x/decision":                        "AL",
	"POST /v1/orders/x/reopening":                       "AL",
	"GET /v1/orders/x/cancellation":                     "RDAL",
	"POST /v1/orders/x/cancellation":                    "RDAL",
	"POST /v1/orders/x/termination":                     "AL",
	"POST /v1/orders/import":                            "RDAL",
	"POST /v1/rooms/import":                             "ALCK",
	"GET /v1/imports/x":                                 "RDALCKV",
	"GET /v1/imports/x/rows":                            "RDALCKV",
	"GET /v1/refusals":                                  "RDAL",
	"GET /v1/program":                                   "ALC",
	"PUT /v1/program":                                   "AL",
	"GET /v1/catalogue":                                 "RDALCKV",
	"PUT /v1/catalogue/x":                               "AL",
	"GET /v1/orgs":                                      "ALC",
	"GET /v1/orgs/x":                                    "ALC",
	"PUT /v1/orgs":                                      "AL",
	"PUT /v1/orgs/x":                                    "AL",
	"PUT /v1/orgs/x/mail":                               "AL",
	"PUT /v1/orgs/x/spellings":                          "AL",
	"PUT /v1/orgs/x/resellers/x":                        "AL",
	"POST /v1/orgs/x/resellers/x/removal":               "AL",
	"POST /v1/tokens":                                   "AL",
	"GET /v1/tokens":                                    "AL",
	"DELETE /v1/tokens/x":                               "AL",
	"GET /v1/accounts":                                  "ALC",
	"GET /v1/accounts/x":                                "ALCKV",
	"POST /v1/accounts":                                 "AL",
	"PATCH /v1/accounts/x":                              "AL",
	"GET /v1/privacy-requests":                          "ALCK",
	"POST /v1/privacy-requests":                         "ALCK",
	"GET /v1/privacy-requests/x":                        "ALCK",
	"GET /v1/privacy-requests/x/export":                 "ALCK",
	"GET /v1/csms":                                      "ALC",
	"GET /v1/csms/x":                                    "ALC",
	"POST /v1/csms":                                     "AL",
	"PATCH /v1/csms/x":                                  "AL",
	"PUT /v1/accounts/x/csm":                            "ALC",
	"PUT /v1/accounts/x/language":                       "ALCK",
	"PUT /v1/memberships/x/language":                    "AL",
	"PUT /v1/accounts/x/time-zone":                      "ALCK",
	"GET /v1/contracts":                                 "ALCKV",
	"GET /v1/contracts.csv":                             "ALCKV",
	"GET /v1/contracts/x":                               "ALCKV",
	"POST /v1/contracts/x/suspend":                      "AL",
	"POST /v1/contracts/x/resume":                       "AL",
	"GET /v1/contracts/x/licences":                      "ALCKV",
	"GET /v1/warranties":                                "ALCKV",
	"POST /v1/warranties/import":                        "AL",
	"POST /v1/warranties/claims":                        "ALCK",
	"GET /v1/warranties/attachments":                    "ALCKV",
	"POST /v1/warranties/attachments":                   "ALCK",
	"POST /v1/warranties/attachments/x/release":         "ALCK",
	"PATCH /v1/memberships/x":                           "AL",
	"GET /v1/accounts/x/contact-questions":              "ALC",
	"GET /v1/accounts/x/invitations":                    "ALC",
	"GET /v1/accounts/x/mail-domains":                   "ALC",
	"GET /v1/contact-questions/x":                       "ALC",
	"POST /v1/accounts/x/mail-domains/x/removal":        "AL",
	"POST /v1/accounts/x/invitations":                   "AL",
	"POST /v1/invitations/x/reissue":                    "AL",
	"POST /v1/invitations/x/revocation":                 "AL",
	"GET /v1/notifications":                             "ALC",
	"GET /v1/notifications/x":                           "ALC",
	"POST /v1/notifications/x/resend":                   "ALC",
	"GET /v1/mailbox-items":                             "ALC",
	"GET /v1/mailbox-items/x":                           "ALC",
	"GET /v1/mailbox-items/x/mail":                      "ALC",
	"POST /v1/mailbox-items/x/commands/spam":            "ALC",
	"GET /v1/operator/tasks":                            "ALC",
	"GET /v1/operator/tasks/x":                          "ALC",
	"POST /v1/operator/tasks/x/close":                   "ALC",
	"POST /v1/operator/tasks/pull":                      "ALC",
	"POST /v1/operator/tasks/many":                      "ALC",
	"POST /v1/operator/tasks/x/owner":                   "ALC",
	"GET /v1/operator/tasks/x/notes":                    "ALC",
	"POST /v1/operator/tasks/x/notes":                   "ALC",
	"GET /v1/names":                                     "ALCKV",
	"GET /v1/processes":                                 "ALC",
	"GET /v1/processes/counts":                          "ALC",
	"GET /v1/agenda":                                    "ALC",
	"GET /v1/numbers":                                   "ALC",
	"GET /v1/search":                                    "ALC",
	"GET /v1/events":                                    "ALC",
	"GET /v1/audit":                                     "L",
	"GET /v1/audit/chains/x":                            "L",
	"GET /v1/rooms":                                     "ALCKV",
	"POST /v1/rooms":                                    "ALCK",
	"GET /v1/rooms/x":                                   "ALCKV",
	"PUT /v1/rooms/x":                                   "ALCK",
	"POST /v1/rooms/x/archive":                          "ALCK",
	"POST /v1/rooms/x/move":                             "ALCK",
	"POST /v1/rooms/x/bundles":                          "ALCK",
	"GET /v1/devices":                                   "ALCKV",
	"POST /v1/devices":                                  "ALCK",
	"GET /v1/devices/x":                                 "ALCKV",
	"PUT /v1/devices/x":                                 "ALCK",
	"POST /v1/devices/x/placement":                      "ALCK",
	"POST /v1/devices/x/end":                            "ALC",
	"POST /v1/rooms/x/restore":                          "ALC",
	"GET /v1/assignments":                               "ALCKV",
	"POST /v1/assignments":                              "ALCK",
	"POST /v1/contracts/x/assignments":                  "ALCK",
	"POST /v1/assignments/x/release":                    "ALCK",
	"POST /v1/orgs/x/merge":                             "AL",
	"POST /v1/orgs/x/split":                             "AL",
	"GET /v1/spares":                                    "ALCKV",
	"GET /v1/spares/x":                                  "ALCKV",
	"GET /v1/spares/x/ledger":                           "ALC",
	"GET /v1/spares/x/selection-aid":                    "ALC",
	"GET /v1/sites":                                     "ALCKV",
	"POST /v1/sites":                                    "ALCK",
	"GET /v1/sites/x":                                   "ALCKV",
	"PUT /v1/sites/x":                                   "ALCK",
	"POST /v1/sites/x/courier":                          "ALC",
	"GET /v1/rmas":                                      "ALCKV",
	"POST /v1/rmas":                                     "ALCK",
	"GET /v1/rmas/x":                                    "ALCKV",
	"POST /v1/rmas/x/approve":                           "ALCK",
	"GET /v1/tickets":                                   "ALCKV",
	"POST /v1/tickets":                                  "ALCKV",
	"POST /v1/tickets/preview":                          "ALCKV",
	"POST /v1/integrations/sync/help-requests":          "ALCKV",
	"GET /v1/tickets/x":                                 "ALCKV",
	"POST /v1/tickets/x/messages":                       "ALCKV",
	"POST /v1/tickets/x/notes":                          "ALC",
	"GET /v1/tickets/x/sessions":                        "ALCKV",
	"POST /v1/tickets/x/sessions":                       "ALC",
	"POST /v1/tickets/x/sessions/x/commands/agree":      "ALCKV",
	"GET /v1/tickets/x/participants":                    "ALCKV",
	"POST /v1/tickets/x/participants":                   "ALCKV",
	"DELETE /v1/tickets/x/participants/x":               "ALCKV",
	"POST /v1/tickets/x/files":                          "ALCKV",
	"GET /v1/ticket-files/x":                            "ALCKV",
	"POST /v1/tickets/x/commands/resolve":               "ALCK",
	"GET /v1/spare-units":                               "ALCKV",
	"GET /v1/spare-units/x":                             "ALCKV",
	"POST /v1/spare-units/x/agree":                      "ALCK",
	"GET /v1/coverage":                                  "ALCKV",
	"POST /v1/coverage":                                 "ALCKV",
	"GET /v1/calendars":                                 "ALC",
	"GET /v1/calendars/without-holidays":                "ALC",
	"POST /v1/calendars":                                "AL",
	"GET /v1/calendars/BR":                              "ALC",
	"PUT /v1/calendars/BR":                              "AL",
	"POST /v1/calendars/BR/holidays":                    "AL",
	"POST /v1/calendars/BR/holidays/2026-12-25/removal": "AL",
	"POST /v1/carrier/events":                           bySignature,
	"POST /v1/mail/inbound":                             bySignature,
	"GET /v1/carrier/events":                            "ALC",
	"GET /v1/shipments":                                 "ALCKV",
	"GET /v1/shipments/x":                               "ALCKV",
	"GET /v1/shipments/x/label":                         "ALCKV",
	"GET /v1/shipments/x/packing-slip":                  "ALCKV",
	"GET /v1/stock":                                     "ALC",
	"GET /v1/stock/entries":                             "ALC",
	"POST /v1/stock/receipts":                           "AL",
	"POST /v1/stock/adjustments":                        "AL",
	"GET /v1/depots":                                    "ALC",
	"PUT /v1/depots":                                    "AL",
	"GET /v1/countries":                                 public,
	"POST /v1/countries/BR/terms":                       "AL",
	"GET /v1/sla-policies":                              "AL",
	"POST /v1/sla-policies":                             "AL",
	"GET /v1/models":                                    "RDALCKV",
	"PUT /v1/models/x":                                  "AL",
}

func TestEveryRouteHoldsToTheTableOfPermissions(t *testing.T) {
	h := sqlite(t)
	distributor, err := h.PutOrg(h.Context, account.OrgChange{
		Kind:           account.OrgDistributor,
		Name:           "D",
		AuthorisedFrom: "2020-01-01",
	})
	require.NoError(t, err)
	all := []string{
		api.OrdersRead, api.OrdersWrite, api.CatalogueRead, api.CatalogueWrite, api.AccountsRead, api.AccountsWrite,
		api.Operator, api.TokensWrite, api.ProcessesRead, api.RoomsRead, api.RoomsWrite, api.RMAsRead, api.RMAsWrite,
		api.TicketsRead, api.TicketsWrite,
		api.Privacy,
	}
	clients := map[string]client{
		"R": h.client(h.Reseller.ID, rules.Reseller, all...),
		"D": h.client(distributor.ID, rules.Distributor, all...),
		"A": h.client(account.OperatorOrgID, rules.OperatorAgent, all...),
		"L": h.client(account.OperatorOrgID, rules.OperatorLead, all...),
		"C": h.client(account.OperatorOrgID, rules.OperatorCSM, all...),
	}
	done := h.Seller.accepted(storetest.Form("PO-1"))
	h.fulfil(done.ID)
	accountID := as[items[ref]](t, h.Lead.get("/v1/accounts"), 200).Items[0].ID
	clients["K"], clients["V"] = h.customer(accountID, rules.CustomerAdmin,
		all...), h.customer(accountID, rules.CustomerReadOnly, all...)
	none := h.client(account.OperatorOrgID, rules.OperatorLead, "nothing")
	customer := h.client(account.OperatorOrgID, rules.CustomerAdmin, all...)
	for route, allowed := range routeTable {
		method, path, _ := strings.Cut(route, " ")
		if allowed == bySignature {
			media := "application/json"
			if path == mailPath {
				media = "message/rfc822"
			}
			a := h.Lead.send(method, path, "{}", "Content-Type", media)
			problem(t, a, 401, "WEBHOOK_TIMESTAMP_MISSING")
			continue
		}
		if allowed == public {
			require.Equal(t, 200, client{house: h}.send(method, path, nil).Status, route)
			continue
		}
		for role, c := range clients {
			status := c.send(method, path, "{}").Status
			require.Equal(t, strings.Contains(allowed, role), status != http.StatusForbidden, "%s as %s: %d", route,
				role, status)
			require.NotContains(t, []int{401, 405, 500}, status, "%s as %s", route, role)
		}
		require.Equal(t, 403, none.send(method, path, "{}").Status, "%s without scope", route)
		require.Equal(t, 403, customer.send(method, path, "{}").Status, "%s as a customer of no account", route)
	}
	operationsGuide := as[struct {
		Paths map[string]map[string]any
	}](t, h.Seller.get("/v1/openapi.json"), 200)
	n := 0
	for _, item := range operationsGuide.Paths {
		n += len(item)
	}
	require.Len(t, routeTable, n, "every operation stands in the table")
}

// Two resellers with the same data: whatever one asks about the other's objects
// is answered like an id that does not exist, to the byte (C5).
func TestS36_ForeignIdsAnswerLikeRandomOnes(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	twin := h.client(h.Env.Reseller(t, "Revenda Gêmea").ID, rules.Reseller)
	objects := func(c client, company string) map[string]string {
		form := func(po string) ordering.OrderForm { return storetest.FormFor(po, company, "ana@acme.example") }
		review := form("PO-2")
		review.PurchasedOn = "2026-12-24"
		done := c.accepted(form("PO-1"))
		h.fulfil(done.ID)
		job := as[struct{ ID string }](t, c.send("POST", "/v1/orders/import", form("PO-3")), 202)
		return map[string]string{"orders": done.ID, "review": c.accepted(review).ID, "imports": job.ID}
	}
	own, foreign := objects(h.Seller, "Acme"), objects(twin, "Beta")
	asked := 0
	for _, r := range []struct{ method, path, object, body string }{
		{"GET", "/v1/orders/%s", "orders", ""},
		{"GET", "/v1/orders/%s", "review", ""},
		{"PUT", "/v1/orders/%s", "review", `{"po_number":"PO-2"}`},
		{"POST", "/v1/orders/%s/cancellation", "orders", `{"reason":"r"}`},
		{"POST", "/v1/orders/%s/cancellation", "review", `{"reason":"r","quantity":1}`},
		{"POST", "/v1/orders/%s/decision", "review", `{"accept":true,"reason":"r"}`},
		{"POST", "/v1/orders/%s/reopening", "review", `{"reason":"r"}`},
		{"POST", "/v1/orders/%s/termination", "orders", `{"reason":"r"}`},
		{"GET", "/v1/imports/%s", "imports", ""},
		{"GET", "/v1/imports/%s/rows", "imports", ""},
	} {
		for _, pair := range []struct {
			c       client
			foreign string
		}{{h.Seller, foreign[r.object]}, {twin, own[r.object]}} {
			ask := func(id string) answer {
				return pair.c.send(r.method, fmt.Sprintf(r.path, id), r.body, "X-Request-Id", "same-for-both",
					"If-Match", `"1"`)
			}
			random := pair.foreign[:4] + "01kbrandomrandomrandomrandom"[:26]
			a, b := ask(pair.foreign), ask(random)
			require.Contains(t, []int{404, 403}, a.Status, "%s %s", r.method, r.path)
			require.Equal(t, b.Status, a.Status)
			require.Equal(t, string(b.Body), string(a.Body), "%s %s", r.method, r.path)
			asked++
		}
	}
	require.Equal(t, 20, asked)
	for _, c := range []client{h.Seller, twin} {
		orders := as[struct {
			Items []struct{ ID string }
		}](t, c.get("/v1/orders"), 200)
		require.Len(t, orders.Items, 2)
	}
}

func TestRateLimitIsPerToken(t *testing.T) {
	h := sqlite(t, func(o *api.Options) { o.RatePerSecond, o.Burst = 0.01, 3 })
	for range 3 {
		require.Equal(t, 200, h.Seller.get("/v1/orders").Status)
	}
	a := h.Seller.get("/v1/orders")
	problem(t, a, 429, rules.RateLimited)
	require.Regexp(t, `^(9\d|100)$`, a.Header.Get("Retry-After"))
	require.Equal(t, 200, h.Lead.get("/v1/orders").Status, "another token has its own")
}

func TestBadTokensAreLimitedByAddressAndGoodOnesPass(t *testing.T) {
	h := sqlite(t)
	stranger := h.Seller
	stranger.token = "rct_nobody"
	for range 30 {
		problem(t, stranger.get("/v1/orders"), 401, rules.Unauthenticated)
	}
	a := stranger.get("/v1/orders")
	for range 5 { // one more is let in each second
		if a.Status == 429 {
			break
		}
		a = stranger.get("/v1/orders")
	}
	problem(t, a, 429, rules.RateLimited)
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	require.Equal(t, 200, h.Seller.get("/v1/orders").Status)
}

func TestIdempotencyKeys(t *testing.T) {
	h := sqlite(t)
	ref := h.Seller.accepted(storetest.Form("PO-1"))
	h.fulfil(ref.ID)
	path := "/v1/orders/" + ref.ID + "/cancellation"
	send := func(c client, key string, quantity int) answer {
		return c.send("POST", path, map[string]any{"reason": "r", "quantity": quantity}, "Idempotency-Key", key)
	}
	problem(t, send(h.Seller, "k1", 99), 422, rules.ValidationFailed)
	first := send(h.Seller, "k1", 2)
	require.Equal(t, 200, first.Status, "a refusal does not use up the key: "+string(first.Body))
	require.Empty(t, first.Header.Get("Idempotent-Replayed"))
	again := send(h.Seller, "k1", 2)
	require.Equal(t, 200, again.Status)
	require.Equal(t, "true", again.Header.Get("Idempotent-Replayed"))
	require.JSONEq(t, string(first.Body), string(again.Body))
	require.Equal(t, first.Header.Get("Content-Type"), again.Header.Get("Content-Type"))
	problem(t, send(h.Seller, "k1", 3), 409, rules.IdempotencyConflict)
	require.Equal(t, 200, send(h.Lead, "k1", 1).Status, "keys are each token's own")
	problem(t, send(h.Seller, strings.Repeat("k", 129), 1), 400, "IDEMPOTENCY_KEY_INVALID")
	balance := as[struct {
		Cancellations []struct{ Quantity int }
	}](t, h.Seller.get("/v1/orders/"+ref.ID), 200)
	require.Len(t, balance.Cancellations, 2)
	_, _, err := h.ClaimKey(h.Context, h.Seller.tokenID, "busy", "x")
	require.NoError(t, err)
	_, _, err = h.ClaimKey(h.Context, h.Seller.tokenID, "busy", "x")
	require.Equal(t, rules.IdempotencyConflict, rules.CodeOf(err), "the first is still under way")
}

func TestTokensOverTheAPI(t *testing.T) {
	h := sqlite(t)
	body := map[string]any{"org_id": h.Reseller.ID, "role": "RESELLER", "label": "shop"}
	made := h.Lead.send("POST", "/v1/tokens", body, "Idempotency-Key", "k")
	token := as[struct{ ID, Secret, Prefix string }](t, made, 201)
	require.True(t, strings.HasPrefix(token.Secret, token.Prefix))
	require.Equal(t, 200, client{h, token.Secret, ""}.get("/v1/orders").Status)
	replayed := h.Lead.send("POST", "/v1/tokens", body, "Idempotency-Key", "k")
	require.Equal(t, 201, replayed.Status)
	require.NotContains(t, string(replayed.Body), "secret", "it is shown once")
	require.NotContains(t, string(h.Lead.get("/v1/tokens").Body), token.Secret)
	p := problem(t, h.Lead.post("/v1/tokens", map[string]any{
		"org_id":     "x",
		"role":       "KING",
		"label":      " ",
		"scopes":     []string{"all"},
		"valid_days": 9999,
	}), 422, rules.ValidationFailed)
	require.Equal(t, []string{
		"/role UNKNOWN_ROLE", "/label REQUIRED", "/valid_days OUT_OF_RANGE", "/scopes/0 UNKNOWN_SCOPE",
	}, codes(p.Errors))
	problem(t, h.Lead.post("/v1/tokens", map[string]any{"org_id": "org_none", "role": "RESELLER", "label": "x"}), 404,
		rules.NotFound)
	for role, org := range map[string]string{
		"DISTRIBUTOR":    h.Reseller.ID,
		"OPERATOR_AGENT": h.Reseller.ID,
		"RESELLER":       account.OperatorOrgID,
	} {
		p := problem(t, h.Lead.post("/v1/tokens", map[string]any{"org_id": org, "role": role, "label": "x"}), 422,
			rules.ValidationFailed)
		require.Equal(t, []string{"/role ROLE_DOES_NOT_FIT"}, codes(p.Errors))
	}
	agent := h.client(account.OperatorOrgID, rules.OperatorAgent)
	problem(t, agent.post("/v1/tokens",
		map[string]any{"org_id": account.OperatorOrgID, "role": "OPERATOR_LEAD", "label": "x"}), 403, rules.Forbidden)
	problem(t, agent.send("DELETE", "/v1/tokens/"+h.Lead.tokenID, nil), 403, rules.Forbidden)
	require.Equal(t, 204, agent.send("DELETE", "/v1/tokens/"+token.ID, nil).Status)
	problem(t, client{h, token.Secret, ""}.get("/v1/orders"), 401, rules.Unauthenticated)
	narrow := h.client(account.OperatorOrgID, rules.OperatorLead, api.TokensWrite)
	p = problem(t, narrow.post("/v1/tokens", map[string]any{
		"org_id": account.OperatorOrgID,
		"role":   "OPERATOR_CSM",
		"label":  "x",
		"scopes": []string{api.TokensWrite, api.Operator},
	}), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/scopes/1 SCOPE_NOT_HELD"}, codes(p.Errors), "no token makes one that may do more")
	problem(t, h.Lead.send("DELETE", "/v1/tokens/tok_none", nil), 404, rules.NotFound)
}
