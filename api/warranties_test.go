package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

func TestR39a_ExtendedWarrantiesAttachToSerialsOverTheAPI(t *testing.T) {
	h := sqlite(t)
	accountID, _, serial, licences := h.extension(t, 1, 2)
	c := h.customer(accountID, rules.CustomerAdmin)
	room := as[items[ref]](t, c.get("/v1/rooms"), 200).Items[0].ID
	problem(t, c.post("/v1/assignments", map[string]any{"licence_id": licences[0], "room_id": room}), 422,
		licensing.NotAssignable)
	body := map[string]any{"licence_id": licences[0], "serial": strings.ToLower(serial)}
	a := as[api.AttachedView](t, c.post("/v1/warranties/attachments", body), 201)
	require.Equal(t, "2029-10-01", a.EndsOn, "two years of the model and one more")
	require.Len(t, a.StartedContracts, 1)
	require.Contains(t, string(c.get("/v1/coverage?for=hardware&at=2029-03-01T12:00:00Z&serial="+serial).Body),
		"EXTENDED_WARRANTY")
	problem(t, c.post("/v1/warranties/attachments", body), 409, licensing.LicenceTaken)
	problem(t, c.post("/v1/warranties/attachments", map[string]any{"licence_id": licences[1], "serial": serial}), 409,
		cover.SerialHasWarranty)
	problem(t, h.Lead.post("/v1/warranties/attachments", body), 422, rules.ReasonRequired)
	require.Len(t,
		as[items[ref]](t, c.get("/v1/warranties/attachments?open=true&contract_id="+a.ContractID), 200).Items, 1)
	off := as[api.AttachmentView](t, c.post("/v1/warranties/attachments/"+a.ID+"/release", "{}"), 200)
	require.Equal(t, entitlement.EndReleased, off.EndReason)
	problem(t, c.post("/v1/warranties/attachments/"+a.ID+"/release", "{}"), 409, rules.StateConflict)
	require.EqualValues(t, 0, contracts(t, c, "")[0].Assigned)
}

func importOf(t *testing.T, c client, query string, body any, media string) api.WarrantyImportView {
	t.Helper()
	return as[api.WarrantyImportView](t, c.send("POST", "/v1/warranties/import"+query, body, "Content-Type", media),
		200)
}

func TestR111_EarlierWarrantiesOverTheAPI(t *testing.T) {
	h := sqlite(t)
	o := h.Env.Fulfilled(t, h.Reseller, storetest.Form("PO-1"))
	c := h.customer(*o.AccountID, rules.CustomerAdmin)
	file := "\ufeffcompany;street;city;region;postal_code;country;serial;starts_on;last_day\n" +
		"ACME;Avenida Paulista 1000;São Paulo;SP;01310-100;BR;old-0001;2025-03-01;2029-02-28\n\n" +
		"Akme;Av. Paulista 1000;São Paulo;SP;01310-100;BR;old-0002;2025-03-01;2029-02-28\n"
	dry := importOf(t, h.Lead, "?dry_run=true", file, "text/csv")
	require.False(t, dry.Stored)
	require.Equal(t, []warranty.WarrantyOutcome{
		warranty.WarrantyRowMatched, warranty.WarrantyRowUnmatched,
	}, []warranty.WarrantyOutcome{dry.Rows[0].Outcome, dry.Rows[1].Outcome})
	require.Empty(t, contracts(t, c, "?type=EXT_WARRANTY"))

	done := importOf(t, h.Lead, "?reason=old", file, "text/csv")
	require.True(t, done.Stored)
	require.Equal(t, []int{2, 4}, []int{done.Rows[0].Row, done.Rows[1].Row})
	seen := contracts(t, c, "?type=EXT_WARRANTY") // R111a
	require.Len(t, seen, 1)
	require.Equal(t, []string{"OLD0001", "2029-02-28"}, []string{seen[0].Serial, seen[0].LastDay})

	task := as[items[ref]](t, h.Lead.get("/v1/operator/tasks?kind=WARRANTY_UNMATCHED&state=OPEN"), 200).Items // R111b
	require.Len(t, task, 1)
	queue := as[items[api.WarrantyView]](t, h.Lead.get("/v1/warranties?state=UNMATCHED"), 200).Items
	require.Equal(t, "Akme", queue[0].Company)
	link := "/v1/operator/tasks/" + task[0].ID + "/link"
	problem(t, h.Lead.post(link, map[string]any{"reason": "name misspelt"}), 422, rules.ValidationFailed)
	require.Equal(t, "DONE",
		as[ref](t, h.Lead.post(link, map[string]any{"reason": "name misspelt", "account_id": *o.AccountID}), 200).State)
	require.Len(t, contracts(t, c, "?type=EXT_WARRANTY"), 2)
	require.Contains(t, string(c.get("/v1/contracts/"+queue[0].ID).Body), "warranty.linked")

	again := importOf(t, h.Lead, "", file, "text/csv")
	for _, r := range again.Rows {
		require.Equal(t, warranty.WarrantyRowUnchanged, r.Outcome, "S35")
	}
}

func TestR111c_ClaimsOverTheAPI(t *testing.T) {
	h := sqlite(t)
	o := h.Env.Fulfilled(t, h.Reseller, storetest.Form("PO-1"))
	c := h.customer(*o.AccountID, rules.CustomerAdmin)
	p := problem(t, c.post("/v1/warranties/claims", map[string]any{"serial": "a/b", "po_number": "ana@acme.example"}),
		422, rules.ValidationFailed)
	require.Equal(t, []string{"/serial SERIAL_INVALID_CHARACTERS", "/po_number INVALID_REFERENCE"}, codes(p.Errors))
	claim := func(serial string) ref {
		return as[ref](t, c.post("/v1/warranties/claims", map[string]any{"serial": serial, "po_number": "4500/12"}),
			201)
	}
	first, second := claim("old-0001"), claim("old-0002")
	require.Equal(t, first.ID, claim("OLD0001").ID)
	tasks := as[items[struct {
		ID        string
		SubjectID string `json:"subject_id"`
	}]](t, h.Lead.get("/v1/operator/tasks?kind=WARRANTY_CLAIMED&state=OPEN"), 200).Items
	require.Len(t, tasks, 2)
	for _, task := range tasks {
		path := "/v1/operator/tasks/" + task.ID
		if task.SubjectID == first.ID {
			p := problem(t, h.Lead.post(path+"/link", map[string]any{"reason": "r", "starts_on": "2025-03-01"}), 422,
				rules.ValidationFailed)
			require.Equal(t, []string{"/last_day REQUIRED"}, codes(p.Errors))
			csm := h.client(account.OperatorOrgID, rules.OperatorCSM)
			problem(t, csm.post(path+"/link", map[string]any{"reason": "r"}), 403, rules.Forbidden)
			as[ref](t, h.Lead.post(path+
				"/link", map[string]any{"reason": "r", "starts_on": "2025-03-01", "last_day": "2028-02-29"}), 200)
			continue
		}
		as[ref](t, h.Lead.post(path+"/refuse", map[string]any{"reason": "not sold by us"}), 200)
	}
	mine := as[items[api.WarrantyView]](t, c.get("/v1/warranties?source=CLAIM"), 200).Items
	require.Equal(t, []string{
		second.ID, "REFUSED", first.ID, "LINKED",
	}, []string{mine[0].ID, string(mine[0].State), mine[1].ID, string(mine[1].State)})
	require.Len(t, contracts(t, c, "?type=EXT_WARRANTY"), 1)
}

func TestR111_ImportOfWarrantiesTellsEveryRow(t *testing.T) {
	h := sqlite(t)
	h.Env.Fulfilled(t, h.Reseller, storetest.Form("PO-1"))
	wrong := importOf(t, h.Lead, "",
		[]any{earlier("Acme", "OLD-1"), map[string]any{"company": 5, "colour": "red"}, earlier("", "OLD-2")},
		"application/json")
	require.False(t, wrong.Stored)
	require.Equal(t, warranty.WarrantyRowNotStored, wrong.Rows[0].Outcome)
	require.Equal(t, []string{"/colour UNKNOWN_FIELD", "/company WRONG_TYPE"}, codes(wrong.Rows[1].Errors))
	require.Equal(t, []string{"/company REQUIRED"}, codes(wrong.Rows[2].Errors))
	require.Empty(t, as[items[ref]](t, h.Lead.get("/v1/warranties"), 200).Items)
	many := make([]any, warranty.MaxWarrantyRows+1)
	for i := range many {
		many[i] = earlier("Acme", fmt.Sprint("OLD-", i))
	}
	for name, c := range map[string]struct {
		body  any
		media string
		code  string
	}{
		"nothing":   {"[]", "application/json", "FILE_EMPTY"},
		"no JSON":   {"[{]", "application/json", "FILE_UNREADABLE"},
		"no header": {"company\nAcme\n", "text/csv", "FILE_UNREADABLE"},
		"broken quote": {
			"company,street,city,country,serial,starts_on,last_day\n\"Acme\nx", "text/csv", "FILE_UNREADABLE",
		},
		"too many": {many, "application/json", "TOO_MANY_ROWS"},
	} {
		a := h.Lead.send("POST", "/v1/warranties/import", c.body, "Content-Type", c.media)
		require.Equal(t, 422, a.Status, "%s: %s", name, a.Body)
		require.Contains(t, string(a.Body), c.code, name)
	}
	csv := "company,street,city,country,serial,starts_on,last_day\nAcme,x,y\n"
	require.Equal(t, "WRONG_COLUMNS", importOf(t, h.Lead, "", csv, "text/csv").Rows[0].Errors[0].Code)
	seller := h.Seller.send("POST", "/v1/warranties/import", "[]")
	problem(t, seller, 403, rules.Forbidden)
}
