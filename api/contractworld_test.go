package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// extension is an account with an extended warranty of units and a device, as the
// examples of warranties name them.
func (h *house) extension(t *testing.T, n int, units int64) (accountID, device, serial string, licences []string) {
	form := storetest.FormFor(fmt.Sprint("PO-EXT-", n), storetest.Company(n), fmt.Sprintf("ext%d@acme.example", n))
	form.Lines[0].SKU, form.Lines[0].Quantity = "EXT-WARRANTY-1Y", units
	o := h.Env.Fulfilled(t, h.Reseller, form)
	d := h.Device(t, h.Room(t, *o.AccountID, fmt.Sprint("Sala ext ", n)), fmt.Sprintf("2147EX%04d", n), "RALLY-BAR",
		"2026-10-01")
	for _, l := range h.Licences(t, o) {
		licences = append(licences, l.ID)
	}
	return *o.AccountID, d.ID, *d.Serial, licences
}

// warrantyWorld is what the examples of contracts and warranties are about.
func (h *house) warrantyWorld(t *testing.T, done func() orderRef) map[string]func() (client, string) {
	n := 500
	world := func() (accountID, licence, serial string) {
		n++
		accountID, device, serial, licences := h.extension(t, n, 2)
		h.Stands = map[string]string{
			"acc_01kbaccount": accountID,
			"lic_01kblicence": licences[0],
			"2147EX0001":      serial,
			"dev_01kbdevice":  device,
		}
		return accountID, licences[0], serial
	}
	attachment := func() string {
		_, licence, serial := world()
		a := h.Lead.post("/v1/warranties/attachments",
			map[string]any{"licence_id": licence, "serial": serial, "reason": "r"})
		return as[ref](t, a, 201).ID
	}
	at := func(path string, id func() string) func() (client, string) {
		return func() (client, string) { return h.Lead, strings.Replace(path, "{id}", id(), 1) }
	}
	contract := func() string {
		o := done()
		return as[items[ref]](t, h.Lead.get("/v1/contracts?order_id="+o.ID), 200).Items[0].ID
	}
	running := func() string {
		id := contract()
		c := as[struct {
			OrderID string `json:"order_id"`
		}](t, h.Lead.get("/v1/contracts/"+id), 200)
		o, err := h.GetOrder(h.Context, c.OrderID)
		require.NoError(t, err)
		h.Assigned(t, h.Licences(t, o)[0], h.Room(t, *o.AccountID, "Sala "+id))
		return id
	}
	return map[string]func() (client, string){
		"suspend-contract": at("/v1/contracts/{id}/suspend", running),
		"resume-contract": at("/v1/contracts/{id}/resume", func() string {
			id := running()
			_, err := h.SuspendContract(h.Context, id, "r")
			require.NoError(t, err)
			return id
		}),
		"list-contracts":   at("/v1/contracts?limit=1", contract),
		"export-contracts": at("/v1/contracts.csv", contract),
		"get-contract":     at("/v1/contracts/{id}", contract),
		"list-licences":    at("/v1/contracts/{id}/licences", contract),
		"list-attachments": at("/v1/warranties/attachments?open=true&limit=1", attachment),
		"attach-warranty":  at("/v1/warranties/attachments", func() string { world(); return "" }),
		"detach-warranty":  at("/v1/warranties/attachments/{id}/release", attachment),
		"list-warranties": at("/v1/warranties?state=UNMATCHED&limit=1", func() string {
			require.Equal(t, 200,
				h.Lead.post("/v1/warranties/import?reason=r", []any{earlier("Akme", "OLD-0009")}).Status)
			return ""
		}),
		"claim-warranty": at("/v1/warranties/claims", func() string { world(); return "" }),
		"import-warranties": at("/v1/warranties/import?reason="+url.QueryEscape("old contracts"), func() string {
			done()
			return ""
		}),
	}
}

// earlier is a row of a file of earlier warranties, at the address of the tests.
func earlier(company, serial string) map[string]any {
	return map[string]any{
		"company":   company,
		"serial":    serial,
		"starts_on": "2025-03-01",
		"last_day":  "2029-02-28",
		"address":   storetest.Form("x").EndCustomer.Address,
	}
}
