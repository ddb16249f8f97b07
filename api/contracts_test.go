package api_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
)

// everyType is an account with one contract of each type, and a customer's token.
func (h *house) everyType(t *testing.T) (customer client, orders []order.Order) {
	for i, sku := range []string{"SELECT-3Y", "SYNC-PLUS-1Y", "EXT-WARRANTY-2Y", "TAP-BUNDLE-TEAMS"} {
		form := storetest.Form(storetest.PO(i))
		form.Lines[0].SKU, form.Lines[0].Quantity = sku, int64(i+2)
		orders = append(orders, h.Env.Fulfilled(t, h.Reseller, form))
		h.Calendar.Set(h.Calendar.Now().Add(time.Hour))
	}
	return h.customer(*orders[0].AccountID, rules.CustomerReadOnly), orders
}

func contracts(t *testing.T, c client, query string) []api.ContractView {
	t.Helper()
	return as[items[api.ContractView]](t, c.get("/v1/contracts"+query), 200).Items
}

func table(t *testing.T, c client, query string) [][]string {
	t.Helper()
	a := c.get("/v1/contracts.csv" + query)
	require.Equal(t, 200, a.Status, string(a.Body))
	require.Equal(t, "text/csv; charset=utf-8", a.Header.Get("Content-Type"))
	require.Contains(t, a.Header.Get("Content-Disposition"), "attachment")
	text, marked := strings.CutPrefix(string(a.Body), "\ufeff")
	require.True(t, marked, "a spreadsheet takes it for UTF-8 only then")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	return rows
}

// A spreadsheet opens the file in columns: with the separator of its reader's language.
func TestR38_TheFileOfContractsIsWrittenForItsReader(t *testing.T) {
	h := sqlite(t)
	c, _ := h.everyType(t)
	for _, reader := range []struct{ query, header, separator string }{
		{"", "", ","},
		{"?lang=en", "pt-BR", ","},
		{"?lang=pt-BR", "", ";"},
		{"", "pt-BR,pt;q=0.9,en;q=0.8", ";"},
		{"", "en-US,en;q=0.9,pt;q=0.8", ","},
		{"", "de", ";"},
	} {
		a := c.send("GET", "/v1/contracts.csv"+reader.query, nil, "Accept-Language", reader.header)
		require.Equal(t, 200, a.Status)
		require.True(t, strings.HasPrefix(string(a.Body), "\ufeffcontract_id"+reader.separator+"source"), reader)
	}
}

func TestR38_CustomersSeeEveryTypeAndStateAndGetThemAsAFile(t *testing.T) {
	h := sqlite(t)
	c, orders := h.everyType(t)
	_, _, err := h.CancelOrder(storetest.Operator(), orders[1].ID, order.CancelRequest{Reason: "not needed"})
	require.NoError(t, err)
	all := contracts(t, c, "")
	require.Len(t, all, 4)
	require.Equal(t, catalogue.ServiceJumpStart, all[0].Type, "newest first")
	require.True(t, all[0].Expiring, "90 days")
	require.Equal(t, rules.ContractCancelled, all[2].State)
	require.NotNil(t, all[2].CancelledAt)
	for query, want := range map[string]int{
		"?type=SELECT":                        1,
		"?state=CANCELLED":                    1,
		"?state=ACTIVE":                       1,
		"?expiring_within=90":                 1,
		"?expiring_within=1":                  0,
		"?order_id=" + orders[2].ID:           1,
		"?account_id=" + *orders[0].AccountID: 4,
		"?account_id=acc_other":               0,
		"?type=ENTERPRISE":                    0,
		"?type=EXT_WARRANTY&state=CANCELLED":  0,
	} {
		require.Len(t, contracts(t, c, query), want, query)
		require.Len(t, table(t, c, query), want+1, query)
	}
	for _, bad := range []string{
		"?type=ROOMS", "?state=EXPIRING", "?expiring_within=0x", "?sort=price", "?colour=red",
	} {
		problem(t, c.get("/v1/contracts"+bad), 422, "INVALID_PARAMETER")
	}
	rows := table(t, c, "?sort=oldest")
	require.Equal(t, []string{"SELECT", "PENDING_START"}, rows[1][2:4])
	require.Equal(t, []string{"Acme Ltda", orders[0].ID, storetest.PO(0)}, rows[1][5:8])
	require.Equal(t, []string{"SYNC_PLUS", "CANCELLED"}, rows[2][2:4])

	detail := as[api.ContractDetail](t, c.get("/v1/contracts/"+all[2].ID), 200)
	var events []string
	for _, e := range detail.History {
		events = append(events, e.Event)
	}
	require.Equal(t,
		[]string{"order.received", "order.accepted", "order.fulfilled", "contract.created", "order.cancelled"}, events)
	require.Len(t, as[items[ref]](t, c.get("/v1/contracts/"+all[3].ID+"/licences"), 200).Items, 2)
	problem(t, c.get("/v1/contracts/con_none/licences"), 404, rules.NotFound)
}

func TestR38_TheFileIsWholeAndInPages(t *testing.T) {
	h := sqlite(t)
	form := storetest.Form("PO-1")
	form.Lines = nil
	for range 40 {
		form.Lines = append(form.Lines, ordering.OrderLine{SKU: "SELECT-1Y", Quantity: 1})
	}
	for i := range 11 {
		form.PONumber = storetest.PO(i)
		h.Env.Fulfilled(t, h.Reseller, form)
	}
	rows := table(t, h.Lead, "")
	require.Len(t, rows, 441)
	seen := map[string]bool{}
	for _, r := range rows[1:] {
		require.False(t, seen[r[0]])
		seen[r[0]] = true
	}
	paged, path := 0, "/v1/contracts?limit=200&sort=ending"
	for next := "start"; next != ""; {
		page := as[items[ref]](t, h.Lead.get(path), 200)
		paged, next = paged+len(page.Items), page.Next
		path = "/v1/contracts?limit=200&sort=ending&cursor=" + next
	}
	require.Equal(t, 440, paged)
}

func TestR38_NoCellOfTheFileIsAFormula(t *testing.T) {
	h := sqlite(t)
	for i, company := range []string{
		`=HYPERLINK(A1,"Acme")`, "+55 Acme", "-Acme", "%Acme", "| Acme", "＝1+1", " =1+1", "Acme = Beta",
	} {
		form := storetest.FormFor(storetest.PO(i), company, "ana.souza@acme.example")
		form.PONumber = "=" + storetest.PO(i)
		h.Env.Fulfilled(t, h.Reseller, form)
	}
	rows := table(t, h.Lead, "?sort=oldest")
	require.Len(t, rows, 9)
	require.Equal(t, "Acme = Beta", rows[8][5])
	for _, r := range rows[1:] {
		for _, cell := range r {
			require.NotRegexp(t, `^\s*[=+\-@|%＝＋－＠\t\r]`, cell)
		}
	}
	require.Equal(t, "'+55 Acme", rows[2][5])
}

func TestR111c_AnOrderInProgressStandsInTheRegister(t *testing.T) {
	h := sqlite(t)
	c, _ := h.everyType(t)
	form := storetest.Form("PO-9")
	form.Lines[0].SKU = "EXT-WARRANTY-1Y"
	waiting := h.Seller.accepted(form)
	got := contracts(t, c, "?state=PROCESSING")
	require.Len(t, got, 1)
	require.Equal(t, entitlement.EntryOrder, got[0].Source)
	require.Equal(t, waiting.ID, got[0].OrderID)
	require.Empty(t, got[0].LatestStartOn)
	detail := as[api.ContractDetail](t, c.get("/v1/contracts/"+got[0].ID), 200)
	require.Len(t, detail.History, 2)
	require.Empty(t, as[items[ref]](t, c.get("/v1/contracts/"+got[0].ID+"/licences"), 200).Items)
	h.fulfil(waiting.ID)
	require.Empty(t, contracts(t, c, "?state=PROCESSING"))
	require.Len(t, contracts(t, c, "?type=EXT_WARRANTY"), 2)
}
