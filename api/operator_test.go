package api_test

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

type items[T any] struct {
	Items []T
	Next  string `json:"next_cursor"`
}

type ref struct {
	ID, State, Email, Kind string
}

// fulfilled is an order with its account and invitation.
func (h *house) fulfilled() (ordered orderRef, accountID, invitation string) {
	ordered = h.Seller.accepted(storetest.Form(fmt.Sprint("PO-", db.NewID("x"))))
	h.fulfil(ordered.ID)
	accounts := as[items[ref]](h.t, h.Lead.get("/v1/accounts"), 200)
	accountID = accounts.Items[0].ID
	invitations := as[items[ref]](h.t, h.Lead.get("/v1/accounts/"+accountID+"/invitations"), 200)
	return ordered, accountID, invitations.Items[0].ID
}

func TestProgramIsChangedWithoutARestart(t *testing.T) {
	h := sqlite(t)
	read := h.Lead.get("/v1/program")
	program := as[map[string]any](t, read, 200)
	program["name"] = "Room Care"
	problem(t, h.Lead.send("PUT", "/v1/program", program), 428, "PRECONDITION_REQUIRED")
	changed := h.Lead.send("PUT", "/v1/program", program, "If-Match", read.Header.Get("ETag"))
	require.Equal(t, "Room Care", as[map[string]any](t, changed, 200)["name"])
	require.Equal(t, "Room Care", as[map[string]any](t, h.Lead.get("/v1/program"), 200)["name"])
	problem(t, h.Lead.send("PUT", "/v1/program", program, "If-Match", read.Header.Get("ETag")), 412, "VERSION_MISMATCH")
	tag := changed.Header.Get("ETag")
	program["invite_days"], program["colour"] = 0, "red"
	p := problem(t, h.Lead.send("PUT", "/v1/program", program, "If-Match", tag), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/colour UNKNOWN_FIELD"}, codes(p.Errors))
	delete(program, "colour")
	p = problem(t, h.Lead.send("PUT", "/v1/program", program, "If-Match", tag), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/invite_days OUT_OF_RANGE"}, codes(p.Errors))
	program["id"] = "other"
	p = problem(t, h.Lead.send("PUT", "/v1/program", program, "If-Match", tag), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/id UNCHANGEABLE"}, codes(p.Errors))
}

func TestR125a_CatalogueIsDataWithTermsOneToFive(t *testing.T) {
	h := sqlite(t)
	count := func() int { return len(as[items[struct{ SKU string }]](t, h.Seller.get("/v1/catalogue"), 200).Items) }
	before := count()
	for _, term := range []int{0, 6} {
		p := problem(t,
			h.Lead.send("PUT", "/v1/catalogue/NEW", map[string]any{"service_type": "SELECT", "term_years": term}), 422,
			rules.ValidationFailed)
		require.Equal(t, []string{"/term_years OUT_OF_RANGE"}, codes(p.Errors))
	}
	p := problem(t, h.Lead.send("PUT", "/v1/catalogue/bad%20code", map[string]any{
		"service_type":   "X",
		"bundle":         true,
		"effective_from": "2026-02-30",
		"effective_to":   "x",
	}), 422, rules.ValidationFailed)
	require.Equal(t, []string{
		"/sku INVALID_SKU", "/service_type UNKNOWN_SERVICE_TYPE", "/term_years OUT_OF_RANGE", "/bundle NOT_A_BUNDLE",
		"/effective_from INVALID_DATE", "/effective_to INVALID_DATE",
	}, codes(p.Errors))
	p = problem(t, h.Lead.send("PUT", "/v1/catalogue/J", map[string]any{
		"service_type":   "JUMPSTART",
		"term_years":     1,
		"effective_from": "2026-02-02",
		"effective_to":   "2026-02-02",
	}), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/term_years OUT_OF_RANGE", "/bundle NOT_A_BUNDLE", "/effective_to OUT_OF_RANGE"},
		codes(p.Errors))
	require.Equal(t, 200, h.Lead.send("PUT", "/v1/catalogue/select-lite-2y", map[string]any{
		"service_type": "SELECT",
		"term_years":   2,
	}).Status)
	require.Equal(t, before+1, count())
	form := storetest.Form("PO-1")
	form.Lines[0].SKU = "SELECT-LITE-2Y"
	require.Equal(t, "ACCEPTED", h.Seller.accepted(form).State)
}

func TestOrganisationsOverTheAPI(t *testing.T) {
	h := sqlite(t)
	p := problem(t,
		h.Lead.send("PUT", "/v1/orgs", map[string]any{"kind": "OPERATOR", "name": "", "authorised_from": "x"}), 422,
		rules.ValidationFailed)
	require.Equal(t, []string{"/kind UNKNOWN_KIND", "/authorised_from INVALID_DATE", "/name REQUIRED"}, codes(p.Errors))
	org := as[struct {
		ID         string
		Authorised bool
	}](t, h.Lead.send("PUT",
		"/v1/orgs", map[string]any{"kind": "PARTNER", "name": "Parceira", "authorised_from": "2026-11-24"}), 200)
	require.False(t, org.Authorised, "from tomorrow")
	h.Calendar.Set(storetest.Now.Add(24 * time.Hour))
	require.Contains(t, string(h.Lead.get("/v1/orgs/"+org.ID).Body), `"authorised":true`)
	require.Len(t, as[items[ref]](t, h.Lead.get("/v1/orgs?kind=PARTNER"), 200).Items, 1)
	require.Greater(t, len(as[items[ref]](t, h.Lead.get("/v1/orgs"), 200).Items), 1)
}

func TestAccountsAreReadWithBalanceAndAdded(t *testing.T) {
	h := sqlite(t)
	ordered, accountID, _ := h.fulfilled()
	detail := as[struct {
		Balance map[string]map[string]int
		Members []ref
	}](t, h.Lead.get("/v1/accounts/"+accountID), 200)
	require.Equal(t, 10, detail.Balance["SELECT"]["AVAILABLE"])
	require.Empty(t, detail.Members)
	contracts := as[items[struct {
		ID      string
		OrderID string `json:"order_id"`
	}]](t, h.Lead.get("/v1/contracts?account_id="+accountID), 200)
	require.Equal(t, ordered.ID, contracts.Items[0].OrderID)
	require.Len(t, as[items[ref]](t, h.Lead.get("/v1/contracts/"+contracts.Items[0].ID+"/licences"), 200).Items, 10)
	form := storetest.Form("PO-2")
	body := map[string]any{"company": form.EndCustomer.Company, "address": form.EndCustomer.Address, "mode": "SITE"}
	second := as[ref](t, h.Lead.post("/v1/accounts", body), 201)
	t.Run("R107a two candidates are never guessed between", func(t *testing.T) {
		review := h.Seller.accepted(form)
		require.Equal(t, []string{ordering.ReasonOperatorChecks}, review.ReviewReasons)
		p := problem(t, h.Lead.decide(review.ID, `{"accept":true,"reason":"r"}`), 422, rules.ValidationFailed)
		require.Equal(t, []string{"/account_id REQUIRED"}, codes(p.Errors))
		decision := map[string]any{"accept": true, "reason": "r", "account_id": second.ID}
		p = problem(t, h.Lead.decide(review.ID, decision), 422, rules.ValidationFailed)
		require.Equal(t, []string{"/invite_as REQUIRED"}, codes(p.Errors), "nobody there has accepted yet (S15)")
		decision["invite_as"], decision["email"] = "ADMIN", form.EndCustomer.Email
		require.Equal(t, 200, h.Lead.decide(review.ID, decision).Status)
	})
	p := problem(t, h.Lead.post("/v1/accounts", `{"mode":"X","address":{"street":"a"}}`), 422, rules.ValidationFailed)
	require.Equal(t, []string{
		"/company REQUIRED", "/address/city REQUIRED", "/address/country REQUIRED", "/mode UNKNOWN_MODE",
	}, codes(p.Errors))
	body["parent_org_id"] = h.Reseller.ID
	problem(t, h.Lead.post("/v1/accounts", body), 422, rules.ValidationFailed)
	body["parent_org_id"] = "org_none"
	problem(t, h.Lead.post("/v1/accounts", body), 404, rules.NotFound)
}

func TestR105_ExtraPersonIsInvitedSeparately(t *testing.T) {
	h := sqlite(t)
	_, accountID, first := h.fulfilled()
	path := "/v1/accounts/" + accountID + "/invitations"
	problem(t, h.Lead.post(path, `{"email":"b@acme.example","contact_name":"B","role":"READ_ONLY"}`), 422,
		rules.ReasonRequired)
	problem(t, h.Lead.post(path, `{"email":"nobody","contact_name":"","role":"X","reason":"r"}`), 422,
		rules.ValidationFailed)
	extra := as[ref](t, h.Lead.post(
		path, `{"email":"b@acme.example","contact_name":"B","role":"READ_ONLY","reason":"asked by mail"}`,
	), 201)
	require.Equal(t, "EXTRA", extra.Kind)
	all := as[items[ref]](t, h.Lead.get(path), 200).Items
	require.Len(t, all, 2)
	require.Equal(t, first, all[1].ID)
	require.Equal(t, "ISSUED", all[1].State)
	problem(t, h.Lead.get("/v1/accounts/acc_none/invitations"), 404, rules.NotFound)
}

func TestR51_ReissueSupersedesAndMayChangeTheRecipient(t *testing.T) {
	h := sqlite(t)
	_, accountID, first := h.fulfilled()
	problem(t, h.Lead.post("/v1/invitations/"+first+"/reissue", `{"reason":""}`), 422, rules.ReasonRequired)
	second := as[ref](t, h.Lead.post("/v1/invitations/"+first+"/reissue", `{"reason":"lost"}`), 201)
	third := as[ref](t, h.Lead.post(
		"/v1/invitations/"+second.ID+"/reissue",
		`{"reason":"wrong person","email":"carla@acme.example","contact_name":"Carla"}`,
	), 201)
	require.Equal(t, "carla@acme.example", third.Email)
	states := map[string]string{}
	for _, i := range as[items[ref]](t, h.Lead.get("/v1/accounts/"+accountID+"/invitations"), 200).Items {
		states[i.ID] = i.State
	}
	require.Equal(t, map[string]string{first: "SUPERSEDED", second.ID: states[second.ID], third.ID: "ISSUED"}, states)
	require.Contains(t, []string{"SUPERSEDED", "REVOKED"}, states[second.ID])
	problem(t, h.Lead.post("/v1/invitations/"+third.ID+"/revocation", `{"reason":" "}`), 422, rules.ReasonRequired)
	require.Equal(t, "REVOKED",
		as[ref](t, h.Lead.post("/v1/invitations/"+third.ID+"/revocation", `{"reason":"r"}`), 200).State)
	problem(t, h.Lead.post("/v1/invitations/"+third.ID+"/revocation", `{"reason":"r"}`), 409, rules.StateConflict)
}

func TestS18_LastAdministratorStays(t *testing.T) {
	h := sqlite(t)
	_, accountID, invitation := h.fulfilled()
	_, m, err := h.AcceptInvitation(h.Context, identity.Acceptance{
		InvitationID: invitation,
		Email:        "ana.souza@acme.example",
		Name:         "Ana",
		PasswordHash: "x",
		Locale:       "pt-BR",
	})
	require.NoError(t, err)
	path := "/v1/memberships/" + m.ID
	problem(t, h.Lead.send("PATCH", path, `{"state":"SUSPENDED","reason":"r"}`), 409, rules.LastAdmin)
	problem(t, h.Lead.send("PATCH", path, `{"role":"READ_ONLY","reason":"r"}`), 403, rules.Forbidden)
	p := problem(t, h.Lead.send("PATCH", path, `{"role":"KING","state":"GONE"}`), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/role UNKNOWN_ROLE", "/state UNKNOWN_STATE", "/reason REQUIRED"}, codes(p.Errors))
	p = problem(t, h.Lead.send("PATCH", path, `{"reason":"r"}`), 422, rules.ValidationFailed)
	require.Equal(t, []string{" REQUIRED"}, codes(p.Errors))
	problem(t, h.Lead.send("PATCH", "/v1/memberships/mem_none", `{"state":"REMOVED","reason":"r"}`), 404,
		rules.NotFound)
	extra := as[ref](t, h.Lead.post(
		"/v1/accounts/"+accountID+"/invitations",
		`{"email":"b@acme.example","contact_name":"B","role":"READ_ONLY","reason":"r"}`,
	), 201)
	_, second, err := h.AcceptInvitation(h.Context, identity.Acceptance{
		InvitationID: extra.ID,
		Email:        "b@acme.example",
		Name:         "B",
		PasswordHash: "x",
		Locale:       "en",
	})
	require.NoError(t, err)
	_, err = h.ChangeMembership(storetest.Customer(accountID), second.ID, identity.RoleAdmin,
		second.State, "")
	require.NoError(t, err)
	require.Equal(t, "REMOVED",
		as[ref](t, h.Lead.send("PATCH", path, `{"state":"REMOVED","reason":"left"}`), 200).State)
	require.Len(t, as[struct{ Members []ref }](t, h.Lead.get("/v1/accounts/"+accountID), 200).Members, 1)
}

// The wrong person who accepted is removed by an operator, even as the only
// administrator; then the invitation goes to the right one.
func TestR51b_OperatorRemovesTheWrongPersonThenReissues(t *testing.T) {
	h := sqlite(t)
	_, _, invitation := h.fulfilled()
	_, m, err := h.AcceptInvitation(h.Context, identity.Acceptance{
		InvitationID: invitation,
		Email:        "ana.souza@acme.example",
		Name:         "Ana",
		PasswordHash: "x",
		Locale:       "pt-BR",
	})
	require.NoError(t, err)
	again := `{"reason":"wrong person","email":"carla@acme.example","contact_name":"Carla"}`
	problem(t, h.Lead.post("/v1/invitations/"+invitation+"/reissue", again), 409, rules.StateConflict)
	require.Equal(t, "REMOVED", as[ref](t,
		h.Lead.send("PATCH", "/v1/memberships/"+m.ID, `{"state":"REMOVED","reason":"wrong person"}`), 200).State)
	require.Equal(t, "carla@acme.example",
		as[ref](t, h.Lead.post("/v1/invitations/"+invitation+"/reissue", again), 201).Email)
}

// failMail lets the first mail of a subject end in the state.
func (h *house) failMail(subject string, state rules.NotificationState) notification.Notification {
	h.t.Helper()
	n, ok, err := h.NextMail(h.Context, subject, notification.MailResult{}, nil)
	require.NoError(h.t, err)
	require.True(h.t, ok)
	_, _, err = h.NextMail(h.Context, n.ID, notification.MailResult{ID: n.ID, State: state, Error: "550"}, nil)
	require.NoError(h.t, err)
	return n
}

func TestMailsAreListedAndSentAgain(t *testing.T) {
	h := sqlite(t)
	ordered, _, _ := h.fulfilled()
	n := h.failMail(ordered.ID, rules.NotificationUnknown)
	require.Len(t, as[items[ref]](t, h.Lead.get("/v1/notifications?state=UNKNOWN&order_id="+ordered.ID), 200).Items, 1)
	require.Equal(t, "UNKNOWN", as[ref](t, h.Lead.get("/v1/notifications/"+n.ID), 200).State)
	require.Equal(t, "QUEUED", as[ref](t, h.Lead.post("/v1/notifications/"+n.ID+"/resend", nil), 202).State)
	problem(t, h.Lead.post("/v1/notifications/"+n.ID+"/resend", nil), 409, rules.StateConflict)
	problem(t, h.Lead.post("/v1/notifications/ntf_none/resend", nil), 404, rules.NotFound)
}

func TestOperatorTasksAndTheirActions(t *testing.T) {
	h := sqlite(t)
	task := func(kind db.TaskKind, subject string) string {
		list := as[items[ref]](t, h.Lead.get("/v1/operator/tasks?state=OPEN&kind="+string(kind)+"&subject_id="+subject),
			200)
		require.Len(t, list.Items, 1, kind)
		return list.Items[0].ID
	}
	do := func(id, action, body string) answer { return h.Lead.post("/v1/operator/tasks/"+id+"/"+action, body) }
	review := func(po string) orderRef {
		form := storetest.Form(po)
		form.PurchasedOn = "2026-12-24"
		return h.Seller.accepted(form)
	}
	a, b := review("A"), review("B")
	id := task(db.TaskReviewOrder, a.ID)
	problem(t, do(id, "retry", `{}`), 409, "ACTION_NOT_AVAILABLE")
	problem(t, do(id, "accept", `{"version":1}`), 422, rules.ReasonRequired)
	csm := h.client(account.OperatorOrgID, rules.OperatorCSM)
	problem(t, csm.post("/v1/operator/tasks/"+id+"/accept", `{"reason":"r"}`), 403, rules.Forbidden)
	require.Equal(t, "DONE", as[ref](t, do(id, "accept", `{"reason":"date agreed","version":1}`), 200).State)
	problem(t, do(id, "accept", `{"reason":"r"}`), 409, rules.StateConflict)
	require.Equal(t, "DONE", as[ref](t, do(task(db.TaskReviewOrder, b.ID), "reject", `{"reason":"r","version":1}`), 200).State)
	require.Equal(t, "REJECTED", as[orderRef](t, h.Seller.get("/v1/orders/"+b.ID), 200).State)

	ordered, _, invitation := h.fulfilled()
	unknown := h.failMail(ordered.ID, rules.NotificationUnknown)
	require.Equal(t, "DONE", as[ref](t, do(task(db.TaskMailUnknown, unknown.ID), "mark_delivered", `{}`), 200).State)
	require.Equal(t, "DELIVERED", as[ref](t, h.Lead.get("/v1/notifications/"+unknown.ID), 200).State)
	bounced := h.failMail(ordered.ID, rules.NotificationHardBounced)
	require.Equal(t, "DONE", as[ref](t,
		do(task(db.TaskMailUndeliverable, bounced.ID), "resend", `{"reason":"address works again"}`), 200).State)

	require.NoError(t, h.RaiseTask(h.Context, db.OperatorTask{
		Kind:      db.TaskInvitationRequested,
		SubjectID: invitation,
		What:      "w",
		Why:       "y",
	}))
	id = task(db.TaskInvitationRequested, invitation)
	problem(t, do(id, "reissue", `{}`), 422, rules.ReasonRequired)
	require.Equal(t, "DONE", as[ref](t, do(id, "reissue", `{"reason":"asked"}`), 200).State)

	require.NoError(t, h.RaiseTask(h.Context, db.OperatorTask{
		Kind:      db.TaskProcessStuck,
		SubjectID: ordered.ID,
		What:      "w",
		Why:       "y",
	}))
	require.Equal(t, "DONE", as[ref](t, do(task(db.TaskProcessStuck, ordered.ID), "retry", `{}`), 200).State)
	require.NoError(t, h.RaiseTask(h.Context, db.OperatorTask{
		Kind:      db.TaskInvitationRequested,
		SubjectID: "acc_x",
		What:      "w",
		Why:       "y",
	}))
	id = task(db.TaskInvitationRequested, "acc_x")
	problem(t, do(id, "close", `{}`), 422, rules.ReasonRequired)
	closed := as[struct {
		State, Resolution string
		Actions           []string
	}](t, do(id, "close", `{"reason":"done by phone"}`), 200)
	require.Equal(t, "close: done by phone", closed.Resolution)
	require.Empty(t, closed.Actions)
	problem(t, do("tsk_none", "close", `{}`), 404, rules.NotFound)
	problem(t, do(id, "close", `{"x":1}`), 422, rules.ValidationFailed)
}

func TestProcessesAreListedCountedAndLinked(t *testing.T) {
	h := sqlite(t)
	ordered, _, _ := h.fulfilled()
	form := storetest.Form("PO-R")
	form.PurchasedOn = "2026-12-24"
	h.Seller.accepted(form)
	type process struct {
		ID, Kind, Actor, Link string
		WaitsFor              string `json:"waits_for"`
	}
	all := as[items[process]](t, h.Lead.get("/v1/processes"), 200).Items
	require.Len(t, all, 4, "order, invitation, review, and no manager yet (R35e)")
	found := as[items[process]](t, h.Lead.get("/v1/processes?kind=ORDER&waits_for=CANCELLATION_WINDOW"), 200).Items
	require.Len(t, found, 1)
	require.Equal(t, "http://temporal.example/namespaces/roomcover/workflows/"+url.PathEscape("order/"+ordered.ID),
		found[0].Link)
	require.Len(t, as[items[process]](t, h.Lead.get("/v1/processes?actor=OPERATOR&kind=ORDER"), 200).Items, 1)
	require.Empty(t, as[items[process]](t, h.Lead.get("/v1/processes?overdue=true"), 200).Items)
	counts := as[items[struct {
		WaitsFor string `json:"waits_for"`
		Count    int
	}]](t, h.Lead.get("/v1/processes/counts"), 200).Items
	require.Len(t, counts, 4)
	plain := sqlite(t, func(o *apiOptions) { o.TemporalUI = "" })
	plain.Seller.accepted(storetest.Form("PO-1"))
	require.Empty(t, as[items[process]](t, plain.Lead.get("/v1/processes"), 200).Items[0].Link)
}

func TestS35_ImportIsTakenAndReported(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	content, err := os.ReadFile("../examples/orders.csv")
	require.NoError(t, err)
	type job struct {
		ID, State, Format string
		DryRun            bool `json:"dry_run"`
		AllOrNothing      bool `json:"all_or_nothing"`
		Total             int  `json:"rows_total"`
	}
	a := h.Seller.send("POST", "/v1/orders/import?dry_run=true", content, "Content-Type", "text/csv; charset=utf-8",
		"Idempotency-Key", "file-1")
	j := as[job](t, a, 202)
	require.Equal(t, job{j.ID, "QUEUED", "csv", true, true, 3}, j)
	require.Equal(t, "/v1/imports/"+j.ID, a.Header.Get("Location"))
	again := h.Seller.send("POST", "/v1/orders/import?dry_run=true", content, "Content-Type", "text/csv; charset=utf-8",
		"Idempotency-Key", "file-1")
	require.Equal(t, j.ID, as[job](t, again, 202).ID)
	require.Equal(t, a.Header.Get("Location"), again.Header.Get("Location"))
	require.Equal(t, j, as[job](t, h.Seller.get("/v1/imports/"+j.ID), 200))
	stored, err := h.GetImport(h.Context, j.ID, true)
	require.NoError(t, err)
	require.Equal(t, content, stored.Content)
	require.Equal(t, h.Reseller.ID, stored.OrgID)

	orderID := "ord_x"
	require.NoError(t, h.PutImportRows(h.Context, []importjob.ImportRow{
		{JobID: j.ID, RowNo: 2, Outcome: importjob.RowStored, OrderID: &orderID, Errors: []rules.FieldError{}},
		{
			JobID:   j.ID,
			RowNo:   3,
			Outcome: importjob.RowRefused,
			Errors:  []rules.FieldError{{Pointer: "/po_number", Code: "REQUIRED"}},
		},
		{JobID: j.ID, RowNo: 5, Outcome: importjob.RowStored, OrderID: &orderID, Errors: []rules.FieldError{}},
	}))
	type row struct {
		Row     int
		Outcome string
		Errors  []rules.FieldError
	}
	page := as[items[row]](t, h.Seller.get("/v1/imports/"+j.ID+"/rows?limit=2"), 200)
	require.Len(t, page.Items, 2)
	page = as[items[row]](t, h.Seller.get("/v1/imports/"+j.ID+"/rows?limit=2&cursor="+page.Next), 200)
	require.Equal(t, 5, page.Items[0].Row)
	require.Empty(t, page.Next)
	page = as[items[row]](t, h.Seller.get("/v1/imports/"+j.ID+"/rows?outcome=REFUSED"), 200)
	require.Len(t, page.Items, 1)
	require.Equal(t, "REQUIRED", page.Items[0].Errors[0].Code)

	problem(t, h.Seller.send("POST", "/v1/orders/import", "a,b\n", "Content-Type", "text/csv"), 422, "FILE_UNREADABLE")
	problem(t, h.Seller.send("POST", "/v1/orders/import", "[]"), 422, "FILE_EMPTY")
	problem(t, h.Seller.send("POST", "/v1/orders/import", strings.Repeat("{}\n", 10_001), "Content-Type",
		"application/x-ndjson"), 422, "TOO_MANY_ORDERS")
	problem(t, h.Seller.send("POST", "/v1/orders/import", "x", "Content-Type", "application/pdf"), 415,
		"UNSUPPORTED_MEDIA_TYPE")
	problem(t, h.Seller.send("POST", "/v1/orders/import", strings.Repeat(" ", 32<<20+1)), 413, "BODY_TOO_LARGE")
	problem(t, h.Seller.send("POST", "/v1/orders/import?dry_run=maybe", "[]"), 422, "INVALID_PARAMETER")
	problem(t, h.Lead.send("POST", "/v1/orders/import", "[{}]"), 422, "INVALID_PARAMETER")
	require.Equal(t, 202,
		h.Lead.send("POST", "/v1/orders/import?reason=mail&on_behalf_of="+h.Reseller.ID, "[{}]").Status)
}
