package api_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
)

// paperWorld is an RMA that was shipped by hand, without a carrier of the service.
func paperWorld(t *testing.T) (*house, storetest.Covered, logistics.Shipment) {
	t.Helper()
	h := sqlite(t)
	c := h.Covered(t)
	d, err := h.PutDepot(h.Context, shipping.DepotForm{
		Code:       "BR-1",
		Name:       "Depósito Campinas",
		Street:     "Rua Barão de Jaguara 1481",
		City:       "Campinas",
		Region:     "SP",
		PostalCode: "13015-002",
		Country:    "BR",
	})
	require.NoError(t, err)
	_, err = h.ReceiveStock(h.Context, logistics.StockMove{
		DepotID:   d.ID,
		ModelCode: "RALLY-BAR",
		Quantity:  1,
		Cause:     "note",
	})
	require.NoError(t, err)
	r := h.Approved(t, c)
	_, err = h.ShipRMA(storetest.Operator(), r.ID,
		replacement.RMAShipment{Serial: "NEW-1", Carrier: "Correios", Tracking: "BR123456789"})
	require.NoError(t, err)
	all, _, err := h.ListShipments(h.Context, logistics.ShipmentFilter{SubjectID: r.ID})
	require.NoError(t, err)
	require.Len(t, all, 1)
	return h, c, all[0]
}

// requirePDF holds an answer to what a browser needs to show it, and keeps it where
// ROOMCOVER_PAPERS names a folder, to be looked at.
func requirePDF(t *testing.T, a answer, name string) []byte {
	t.Helper()
	require.Equal(t, 200, a.Status, string(a.Body))
	require.Equal(t, "application/pdf", a.Header.Get("Content-Type"))
	require.Equal(t, "private, no-store", a.Header.Get("Cache-Control"))
	require.Contains(t, a.Header.Get("Content-Disposition"), "inline")
	if dir := os.Getenv("ROOMCOVER_PAPERS"); dir != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".pdf"), a.Body, 0o600))
	}
	return a.Body
}

func TestPapersOfAReplacement(t *testing.T) {
	h, c, sh := paperWorld(t)
	at := "/v1/shipments/" + sh.ID
	own := requirePDF(t, h.Lead.get(at+"/label"), "label-pt")
	require.Equal(t, "%PDF", string(own[:4]))
	require.Equal(t, own, requirePDF(t, h.Lead.get(at+"/label"), "label-pt"), "the same data gives the same bytes")
	require.Equal(t, own, requirePDF(t, h.Lead.get(at+"/label?lang=pt-BR"), "label-pt"), "the account's language")
	require.NotEqual(t, own, requirePDF(t, h.Lead.get(at+"/label?lang=en"), "label-en"))
	slip := requirePDF(t, h.Lead.get(at+"/packing-slip"), "slip-pt")
	require.NotEqual(t, slip, requirePDF(t, h.Lead.get(at+"/packing-slip?lang=en"), "slip-en"))
	problem(t, h.Lead.get(at+"/label?lang=fr"), 422, "INVALID_PARAMETER")
	// The parcel to the customer is the warehouse's to handle.
	k := h.customer(c.Account, rules.CustomerAdmin)
	require.Equal(t, 200, k.get(at).Status)
	for _, paper := range []string{"/label", "/packing-slip"} {
		problem(t, k.get(at+paper), 404, rules.NotFound)
		problem(t, h.Lead.get("/v1/shipments/shp_none"+paper), 404, rules.NotFound)
	}
}

func TestPapersOfAReturnAreTheCustomersToo(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	c := h.Covered(t)
	sh := h.wayBack(c.Account, c.Site.ID, "BACK1")
	at := "/v1/shipments/" + sh.ID
	for _, role := range []rules.Role{rules.CustomerAdmin, rules.CustomerReadOnly} {
		k := h.customer(c.Account, role)
		require.Equal(t, "%PDF of BACK1", string(requirePDF(t, k.get(at+"/label"), "stored")), "as the carrier gave it")
		requirePDF(t, k.get(at+"/packing-slip"), "slip-return")
	}
	other := h.customer(h.CoveredFor(t, "Beta SA", "bia@beta.example", "SN-200").Account, rules.CustomerAdmin)
	for _, paper := range []string{"/label", "/packing-slip"} {
		foreign := other.send("GET", at+paper, nil, "X-Request-Id", "same-for-both")
		unknown := other.send("GET", "/v1/shipments/shp_none"+paper, nil, "X-Request-Id", "same-for-both")
		require.Equal(t, 404, foreign.Status)
		require.JSONEq(t, string(unknown.Body), string(foreign.Body))
	}
}

// A parcel that is not booked has nothing to scan yet.
func TestLabelWaitsForTheTrackingNumber(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	d, err := h.PutDepot(h.Context, shipping.DepotForm{
		Code:    "BR-1",
		Name:    "Depot",
		Street:  "Rua A 1",
		City:    "Campinas",
		Country: "BR",
	})
	require.NoError(t, err)
	sh, err := h.CreateShipment(h.Context, logistics.NewShipment{
		AccountID:  c.Account,
		Direction:  shipping.ShipOut,
		SubjectID:  "rma_x",
		BookingKey: "x",
		Carrier:    "sim",
		Consignment: &logistics.Consignment{
			SiteID:    c.Site.ID,
			DepotID:   d.ID,
			Service:   shipping.ServiceExpress,
			ModelCode: "RALLY-BAR",
			Quantity:  1,
		},
	})
	require.NoError(t, err)
	problem(t, h.Lead.get("/v1/shipments/"+sh.ID+"/label"), 409, rules.StateConflict)
	requirePDF(t, h.Lead.get("/v1/shipments/"+sh.ID+"/packing-slip"), "slip-unbooked")
}
