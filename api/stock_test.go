package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
)

func (h *house) depot(code string) api.DepotView {
	h.t.Helper()
	return as[api.DepotView](h.t, h.Lead.send("PUT", "/v1/depots", map[string]any{
		"code":    code,
		"name":    "Depósito",
		"street":  "Rua A 1",
		"city":    "Campinas",
		"country": "BR",
	}), 200)
}

// stockWorld is what the examples of stock are about.
func (h *house) stockWorld(t *testing.T) map[string]func() (client, string) {
	n := 0
	at := func(path string) func() (client, string) {
		return func() (client, string) {
			n++
			d := h.depot(fmt.Sprint("EX-", n))
			h.Stands = map[string]string{"dpt_01kbdepot": d.ID}
			body := map[string]any{"depot_id": d.ID, "model": "RALLY-BAR", "quantity": 12, "reference": "NF-1"}
			require.Equal(t, 201, h.Lead.post("/v1/stock/receipts", body).Status)
			return h.Lead, strings.Replace(path, "{id}", d.ID, 1)
		}
	}
	return map[string]func() (client, string){
		"list-stock":         at("/v1/stock?depot_id={id}"),
		"list-stock-entries": at("/v1/stock/entries?depot_id={id}"),
		"receive-stock":      at("/v1/stock/receipts"),
		"adjust-stock":       at("/v1/stock/adjustments"),
		"list-depots":        at("/v1/depots"),
		"put-depot":          at("/v1/depots"),
	}
}

func TestStockOverTheAPI(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	d := h.depot("br-1")
	require.Equal(t, "BR-1", d.Code)
	level := func() api.StockLevelView {
		return as[items[api.StockLevelView]](t, h.Lead.get("/v1/stock?model=rally-bar&depot_id="+d.ID), 200).Items[0]
	}
	receipt := map[string]any{"depot_id": d.ID, "model": "rally-bar", "quantity": 5, "reference": "NF-77"}
	first := as[api.StockEntryView](t, h.Lead.post("/v1/stock/receipts", receipt), 201)
	again := as[api.StockEntryView](t, h.Lead.post("/v1/stock/receipts", receipt), 201)
	require.Equal(t, first.ID, again.ID, "one delivery note is one receipt")
	receipt["quantity"] = 6
	problem(t, h.Lead.post("/v1/stock/receipts", receipt), 409, rules.IdempotencyConflict)
	delete(receipt, "reference")
	for range 2 {
		require.Equal(t, 201, h.Lead.send("POST", "/v1/stock/receipts", receipt, "Idempotency-Key", "k1").Status)
	}
	require.Equal(t, 11, level().OnHand)
	require.Equal(t, 201, h.Lead.post("/v1/stock/receipts", receipt).Status)
	require.Equal(t, 17, level().Free, "neither reference nor key: each request counts")
	count := map[string]any{"depot_id": d.ID, "model": "RALLY-BAR", "quantity": -18}
	problem(t, h.Lead.post("/v1/stock/adjustments", count), 422, rules.ReasonRequired)
	count["reason"] = "two were never delivered"
	problem(t, h.Lead.post("/v1/stock/adjustments", count), 409, shipping.StockNegative)
	count["quantity"] = -2
	e := as[api.StockEntryView](t, h.Lead.post("/v1/stock/adjustments", count), 201)
	require.Equal(t, shipping.StockAdjustment, e.Kind)
	require.Equal(t, api.StockLevelView{DepotID: d.ID, Model: "RALLY-BAR", OnHand: 15, Free: 15}, level())
	require.Len(t, as[items[ref]](t, h.Lead.get("/v1/stock/entries?kind=RECEIPT&depot_id="+d.ID), 200).Items, 3)
	wrong, err := h.StockBalance(h.Context)
	require.NoError(t, err)
	require.Empty(t, wrong)
}

func TestStockRequestsThatAreWrong(t *testing.T) {
	h := sqlite(t)
	d := h.depot("br-1")
	p := problem(t, h.Lead.post("/v1/stock/receipts", `{"quantity":1}`), 422, rules.ValidationFailed)
	require.ElementsMatch(t, []string{"/depot_id REQUIRED", "/model REQUIRED"}, codes(p.Errors))
	problem(t, h.Lead.post("/v1/stock/receipts", `{"depot_id":"dpt_none","model":"RALLY-BAR","quantity":1}`), 404,
		rules.NotFound)
	p = problem(t, h.Lead.post("/v1/stock/receipts", map[string]any{
		"depot_id": d.ID,
		"model":    "RALY-BAR",
		"quantity": 1,
	}), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/model UNKNOWN_MODEL"}, codes(p.Errors))
	require.Contains(t, p.Errors[0].Remedy, "RALLY-BAR")
	for _, quantity := range []int{0, -1, 1_000_000} {
		p = problem(t,
			h.Lead.post("/v1/stock/receipts", map[string]any{"depot_id": d.ID, "model": "RALLY-BAR", "quantity": quantity}),
			422, rules.ValidationFailed)
		require.Equal(t, []string{"/quantity OUT_OF_RANGE"}, codes(p.Errors))
	}
	p = problem(t, h.Lead.post("/v1/stock/receipts", map[string]any{
		"depot_id":  d.ID,
		"model":     "RALLY-BAR",
		"quantity":  1,
		"reference": strings.Repeat("x", 101),
	}), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/reference TOO_LONG"}, codes(p.Errors))
	p = problem(t, h.Lead.send("PUT", "/v1/depots", `{}`), 422, rules.ValidationFailed)
	require.Subset(t, codes(p.Errors), []string{
		"/code REQUIRED", "/name REQUIRED", "/street REQUIRED", "/city REQUIRED", "/country REQUIRED",
	})
	require.Empty(t, as[items[ref]](t, h.Lead.get("/v1/stock"), 200).Items)
}
