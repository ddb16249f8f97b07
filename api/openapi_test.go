package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// Examples are part of the description and built in: after adding one, run
// with -update twice.
var update = flag.Bool("update", false, "write openapi.json anew, and the examples of answers that are missing")

func TestOpenAPIIsTheCommittedOne(t *testing.T) {
	h := sqlite(t)
	a := client{house: h}.get("/v1/openapi.json")
	require.Equal(t, 200, a.Status)
	require.Equal(t, "application/openapi+json", a.Header.Get("Content-Type"))
	if *update {
		require.NoError(t, os.WriteFile("openapi.json", append(a.Body, '\n'), 0o644))
	}
	committed, err := os.ReadFile("openapi.json")
	require.NoError(t, err)
	require.Equal(t, string(committed), string(a.Body)+"\n",
		"the API changed: run go test ./api -update and commit api/openapi.json")
	var doc struct{ OpenAPI string }
	require.NoError(t, json.Unmarshal(a.Body, &doc))
	require.Equal(t, "3.1.0", doc.OpenAPI)
	yaml := client{house: h}.get("/v1/openapi.yaml")
	require.Contains(t, string(yaml.Body), "openapi: 3.1.0")
}

func TestEveryDescriptionBelongsToAnOperation(t *testing.T) {
	files, err := fs.Glob(os.DirFS("operations"), "*")
	require.NoError(t, err)
	require.NotEmpty(t, files)

	offered := map[string]bool{}
	for _, item := range described(t).Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				offered[op.OperationID] = true
			}
		}
	}
	for _, file := range files {
		id, ok := strings.CutSuffix(file, ".md")
		require.True(t, ok, "%s is not Markdown", file)
		require.True(t, offered[id], "no operation reads %s", file)
	}
}

// world is what the examples of requests are about: an object of each kind, in
// a state in which its request succeeds.
func (h *house) world(t *testing.T) map[string]func() (client, string) {
	po := 0
	form := func() ordering.OrderForm {
		po++
		f := storetest.Form(storetest.PO(100 + po))
		return f
	}
	review := func() orderRef {
		f := form()
		f.PurchasedOn = "2026-12-24"
		return h.Seller.accepted(f)
	}
	done := func() orderRef {
		r := h.Seller.accepted(form())
		h.fulfil(r.ID)
		return r
	}
	accountOf := func() string { done(); return as[items[ref]](t, h.Lead.get("/v1/accounts"), 200).Items[0].ID }
	newAccount := func() string {
		made := as[ref](t, h.Lead.post("/v1/accounts", map[string]any{
			"company": "Manaus Ltda",
			"address": storetest.Form("").EndCustomer.Address,
			"mode":    "SITE",
		}), 201)
		h.Stands["acc_01kbaccount"] = made.ID
		return made.ID
	}
	corrected := func() string { // not the newest, which other examples find as it was
		id := newAccount()
		newAccount()
		return id
	}
	invitation := func() string {
		i := as[ref](t, h.Lead.post("/v1/accounts/"+accountOf()+"/invitations", map[string]any{
			"email":        fmt.Sprintf("p%d@acme.example", po),
			"contact_name": "P",
			"role":         "READ_ONLY",
			"reason":       "r",
		}), 201)
		return i.ID
	}
	member := func() string {
		i := invitation()
		inv, err := h.GetInvitation(h.Context, i)
		require.NoError(t, err)
		_, m, err := h.AcceptInvitation(h.Context, identity.Acceptance{
			InvitationID: i,
			Email:        inv.Email,
			Name:         "P",
			PasswordHash: "x",
			Locale:       "en",
		})
		require.NoError(t, err)
		return m.ID
	}
	asked := func() string { // an account whose administrator is asked about somebody
		o, err := h.GetOrder(h.Context, done().ID)
		require.NoError(t, err)
		f := form()
		inv, err := h.Invite(h.Context, identity.NewInvite{
			AccountID: *o.AccountID,
			Email:     fmt.Sprintf("a%d@acme.example", po),
			Role:      identity.RoleAdmin,
			Kind:      identity.InvitationForExtra,
		})
		require.NoError(t, err)
		h.Join(t, inv)
		f.EndCustomer.Email = fmt.Sprintf("q%d@acme.example", po)
		h.fulfil(h.Seller.accepted(f).ID)
		return *o.AccountID
	}
	question := func() string {
		return as[items[ref]](t, h.Lead.get("/v1/accounts/"+asked()+"/contact-questions"), 200).Items[0].ID
	}
	recorded := func() string {
		id := accountOf()
		require.NoError(t, h.Exec("INSERT INTO account_domains VALUES ('"+id+
			"', 'acme.example', 'tok', '2026-11-23') ON CONFLICT DO NOTHING"))
		return id
	}
	mail := func() string { return h.failMail(done().ID, rules.NotificationUnknown).ID }
	task := func() string {
		review()
		return as[items[ref]](t, h.Lead.get("/v1/operator/tasks?state=OPEN&kind=REVIEW_ORDER"), 200).Items[0].ID
	}
	noted := func() string {
		id := task()
		as[ref](t, h.Lead.send("POST", "/v1/operator/tasks/"+id+"/notes", `{"note":"Ana answers tomorrow."}`), 201)
		return id
	}
	job := func() string {
		return as[ref](t, h.Seller.send("POST", "/v1/orders/import", "[{}]"), 202).ID
	}
	at := func(c client, path string, id ...func() string) func() (client, string) {
		return func() (client, string) {
			if len(id) > 0 {
				path = strings.Replace(path, "{id}", id[0](), 1)
			}
			return c, path
		}
	}
	of := func(r func() orderRef) func() string { return func() string { return r().ID } }
	calls := map[string]func() (client, string){
		"submit-order": at(h.Seller, "/v1/orders"),
		"list-orders":  at(h.Seller, "/v1/orders?limit=1"),
		"get-order":    at(h.Seller, "/v1/orders/{id}", of(done)),
		"amend-order": at(h.Seller, "/v1/orders/{id}", func() string {
			f := storetest.Form("PO-2026-0018")
			f.EndCustomer.Email = "ana@gmail.com"
			return h.Seller.accepted(f).ID
		}),
		"decide-order": at(h.Lead, "/v1/orders/{id}/decision", of(review)),
		"reopen-order": at(h.Lead, "/v1/orders/{id}/reopening", func() string {
			id := of(review)()
			_, err := h.DecideOrder(storetest.Lead(), id, order.Decision{Version: 1, Reason: "a mistake"})
			require.NoError(t, err)
			h.Deliver(t, id)
			require.NoError(t, h.Exec("UPDATE notifications SET state = 'UNKNOWN', sent_at = NULL WHERE order_id = '"+id+"'"))
			before := h.Calendar.Now().Add(-time.Hour).Format("2006-01-02 15:04:05+00:00")
			require.NoError(t, h.Exec("UPDATE orders SET state_since = '"+before+"' WHERE id = '"+id+"'"))
			require.NoError(t, h.Exec("UPDATE orders SET created_at = '"+before+"'"), "none was sent since")
			require.NoError(t, h.Exec("UPDATE orders SET version = 1 WHERE id = '"+id+"'"), "which the examples name")
			return id
		}),
		"preview-cancellation": at(h.Seller, "/v1/orders/{id}/cancellation?quantity=2", of(done)),
		"cancel-order":         at(h.Seller, "/v1/orders/{id}/cancellation", of(done)),
		"terminate-order":      at(h.Lead, "/v1/orders/{id}/termination", of(done)),
		"import-orders":        at(h.Seller, "/v1/orders/import"),
		"get-import":           at(h.Seller, "/v1/imports/{id}", job),
		"list-import-rows": at(h.Seller, "/v1/imports/{id}/rows", func() string {
			id := job()
			require.NoError(t, h.PutImportRows(h.Context, []importjob.ImportRow{{
				JobID:   id,
				RowNo:   1,
				Outcome: importjob.RowRefused,
				Errors: []rules.FieldError{{
					Pointer: "/po_number",
					Code:    rules.Required,
					Message: "This field is missing or empty.",
					Remedy:  "Fill it in.",
				}},
			}}))
			return id
		}),
		"list-refusals": at(h.Seller, "/v1/refusals", func() string {
			require.Equal(t, 422, h.Seller.post("/v1/orders", "{}").Status)
			return ""
		}),
		"get-program":    at(h.Lead, "/v1/program"),
		"put-program":    at(h.Lead, "/v1/program"),
		"list-catalogue": at(h.Seller, "/v1/catalogue"),
		"put-sku":        at(h.Lead, "/v1/catalogue/SELECT-2Y"),
		"list-orgs":      at(h.Lead, "/v1/orgs?kind=RESELLER"),
		"get-org":        at(h.Lead, "/v1/orgs/{id}", func() string { return h.Reseller.ID }),
		"put-org":        at(h.Lead, "/v1/orgs"),
		"create-token":   at(h.Lead, "/v1/tokens"),
		"list-tokens":    at(h.Lead, "/v1/tokens?limit=2"),
		"revoke-token": at(h.Lead, "/v1/tokens/{id}", func() string {
			return h.client(h.Reseller.ID, rules.Reseller).tokenID
		}),
		"list-accounts":           at(h.Lead, "/v1/accounts"),
		"get-account":             at(h.Lead, "/v1/accounts/{id}", accountOf),
		"correct-account":         at(h.Lead, "/v1/accounts/{id}", corrected),
		"change-time-zone":        at(h.Lead, "/v1/accounts/{id}/time-zone", newAccount),
		"change-account-language": at(h.Lead, "/v1/accounts/{id}/language", newAccount),
		"change-member-language":  at(h.Lead, "/v1/memberships/{id}/language", member),
		"create-account":          at(h.Lead, "/v1/accounts"),
		"change-membership":       at(h.Lead, "/v1/memberships/{id}", member),
		"list-invitations":        at(h.Lead, "/v1/accounts/{id}/invitations", accountOf),
		"invite":                  at(h.Lead, "/v1/accounts/{id}/invitations", accountOf),
		"list-contact-questions":  at(h.Lead, "/v1/accounts/{id}/contact-questions", asked),
		"get-contact-question":    at(h.Lead, "/v1/contact-questions/{id}", question),
		"list-mail-domains":       at(h.Lead, "/v1/accounts/{id}/mail-domains", recorded),
		"forget-mail-domain":      at(h.Lead, "/v1/accounts/{id}/mail-domains/acme.example/removal", recorded),
		"reissue-invitation":      at(h.Lead, "/v1/invitations/{id}/reissue", invitation),
		"revoke-invitation":       at(h.Lead, "/v1/invitations/{id}/revocation", invitation),
		"list-notifications":      at(h.Lead, "/v1/notifications?limit=2"),
		"get-notification":        at(h.Lead, "/v1/notifications/{id}", mail),
		"resend-notification":     at(h.Lead, "/v1/notifications/{id}/resend", mail),
		"list-tasks":              at(h.Lead, "/v1/operator/tasks?state=OPEN&limit=2"),
		"get-task":                at(h.Lead, "/v1/operator/tasks/{id}", task),
		"pull-task":               at(h.Lead, "/v1/operator/tasks/pull"),
		"act-on-tasks": func() (client, string) {
			h.Stands["tsk_01kbtask"] = task()
			return h.Lead, "/v1/operator/tasks/many"
		},
		"give-task":       at(h.Lead, "/v1/operator/tasks/{id}/owner", task),
		"list-task-notes": at(h.Lead, "/v1/operator/tasks/{id}/notes", noted),
		"note-task":       at(h.Lead, "/v1/operator/tasks/{id}/notes", task),
		"act-on-task":     at(h.Lead, "/v1/operator/tasks/{id}/accept", task),
		"list-names":      at(h.Lead, "/v1/names?ids={id}", accountOf),
		"list-processes":  at(h.Lead, "/v1/processes?limit=2"),
		"count-processes": at(h.Lead, "/v1/processes/counts"),
		"get-agenda":      at(h.Lead, "/v1/agenda?limit=2"),
		"get-numbers":     at(h.Lead, "/v1/numbers?time_zone=America/Sao_Paulo"),
		"list-events":     at(h.Lead, "/v1/events?kind=fee_billed"),
		"list-audit":      at(h.Lead, "/v1/audit?verb=order.accepted&limit=1"),
		"verify-chain":    at(h.Lead, "/v1/audit/chains/{id}", accountOf),
		"search":          at(h.Lead, "/v1/search?q=Acme"),
		"receive-mail":    at(client{house: h}, mailPath),
	}
	maps.Copy(calls, h.orgWorld(t))
	maps.Copy(calls, h.roomWorld(t, done))
	maps.Copy(calls, h.shipmentWorld(t, accountOf))
	maps.Copy(calls, h.stockWorld(t))
	maps.Copy(calls, h.csmWorld(accountOf))
	maps.Copy(calls, h.privacyWorld(t))
	maps.Copy(calls, h.mailboxWorld(t))
	maps.Copy(calls, h.spareWorld(t))
	maps.Copy(calls, h.warrantyWorld(t, done))
	maps.Copy(calls, h.rmaWorld(t))
	maps.Copy(calls, h.spareUnitWorld(t))
	return calls
}

// Every operation has an example of its answer, and of its request when it
// takes one; all of them are run.
func TestExamplesOfEveryOperationRun(t *testing.T) {
	h := sqlite(t)
	router := api.NewRouter(api.Options{Domains: h.Domains})
	described, err := api.Register(router, api.Options{Domains: h.Domains})
	require.NoError(t, err)
	doc := described.OpenAPI()
	var ids []string
	world := h.world(t)
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			ids = append(ids, op.OperationID)
			require.NotEmpty(t, op.Summary)
			require.Contains(t, world, op.OperationID, "the operation has no example")
			t.Run(op.OperationID, func(t *testing.T) { h.runExample(t, doc, op, world[op.OperationID]) })
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(world)), ids)
	files, err := fs.Glob(os.DirFS("examples"), "*.json")
	require.NoError(t, err)
	for _, name := range files {
		id, _, _ := strings.Cut(name, ".")
		require.Contains(t, ids, id, "%s belongs to no operation", name)
	}
}

// example sends an operation's example to the target.
func (h *house) example(t *testing.T, c client, op *huma.Operation, target string) answer {
	body, media := requestExample(t, op)
	if text, ok := body.([]byte); ok {
		for example, real := range h.Stands {
			text = bytes.ReplaceAll(text, []byte(example), []byte(real))
		}
		body = text
	}
	headers := []string{}
	if media != "" {
		headers = append(headers, "Content-Type", media)
	}
	if op.Responses["428"] != nil { // elsewhere the precondition may be left out
		headers = append(headers, "If-Match", `"1"`)
	}
	if op.OperationID == "receive-carrier-event" {
		headers = append(headers, webhookHeaders(body.([]byte), time.Now(), carrierKey)...)
	}
	if op.OperationID == "receive-mail" {
		headers = append(headers, mailHeaders(body.([]byte), stranger, mailboxAddress, time.Now(), mailKey)...)
	}
	return c.send(op.Method, target, body, headers...)
}

func (h *house) runExample(t *testing.T, doc *huma.OpenAPI, op *huma.Operation, where func() (client, string)) {
	c, path := where()
	a := h.example(t, c, op, path)
	status, answerDoc := success(op)
	require.Equal(t, status, a.Status, string(a.Body))
	if op.OperationID != "relate-orgs" { // which are related in the example's world
		require.Empty(t, a.Header.Get(api.UnchangedHeader), "the example changes something")
	}
	if r := op.Responses["200"]; r != nil && (r.Content["text/csv"] != nil || r.Content["application/pdf"] != nil ||
		r.Content["application/zip"] != nil || r.Content["message/rfc822"] != nil ||
		r.Content["application/octet-stream"] != nil) {
		require.NotEmpty(t, a.Body)
		return
	}
	if answerDoc == nil {
		require.Empty(t, a.Body)
		return
	}
	file := "examples/" + op.OperationID + ".response.json"
	if _, err := os.Stat(file); *update && err != nil {
		var v any
		require.NoError(t, json.Unmarshal(a.Body, &v))
		pretty, err := json.MarshalIndent(v, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, append(pretty, '\n'), 0o644))
	}
	example, err := os.ReadFile(file)
	require.NoError(t, err)
	for name, content := range map[string][]byte{"the answer": a.Body, "the example": example} {
		var v any
		require.NoError(t, json.Unmarshal(content, &v))
		res := &huma.ValidateResult{}
		huma.Validate(doc.Components.Schemas, answerDoc.Schema, huma.NewPathBuffer([]byte{}, 0),
			huma.ModeReadFromServer, v, res)
		require.NoError(t, errors.Join(res.Errors...), name)
	}
}

func requestExample(t *testing.T, op *huma.Operation) (any, string) {
	t.Helper()
	if op.RequestBody == nil {
		return nil, ""
	}
	if strings.HasPrefix(op.OperationID, "import-") {
		content, err := os.ReadFile("examples/" + op.OperationID + ".request.csv")
		require.NoError(t, err)
		return content, "text/csv"
	}
	if op.OperationID == "receive-mail" {
		content, err := os.ReadFile("examples/receive-mail.request.eml")
		require.NoError(t, err)
		return content, "message/rfc822"
	}
	content, err := os.ReadFile("examples/" + op.OperationID + ".request.json")
	require.NoError(t, err)
	return content, "application/json"
}

func success(op *huma.Operation) (int, *huma.MediaType) {
	for _, status := range []int{200, 201, 202, 204} {
		if r := op.Responses[map[int]string{200: "200", 201: "201", 202: "202", 204: "204"}[status]]; r != nil {
			return status, r.Content["application/json"]
		}
	}
	return 0, nil
}
