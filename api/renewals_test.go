package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/ordering"
)

func TestS4_AnOrderLineNamesTheContractThatItRenews(t *testing.T) {
	h := sqlite(t)
	old, parent := h.bought("PO-1", "Acme Ltda", "Rua A, 1", 50)
	room := h.Room(t, *old.AccountID, "Sala 1")
	first := h.Licences(t, old)[0]
	h.Assigned(t, first, room)
	contracts, err := h.ContractsOfOrder(h.Context, old.ID)
	require.NoError(t, err)
	end := *contracts[0].EndAt
	zone, err := time.LoadLocation(contracts[0].TimeZone)
	require.NoError(t, err)
	h.Calendar.Set(end.AddDate(0, 0, -30))
	form := storetest.FormFor("PO-2", "Acme Ltda", "ana.souza@acme.example")
	form.PurchasedOn = h.Calendar.Now().Format("2006-01-02")
	form.EndCustomer.Address.Street = "Rua A, 1"
	form.Lines = []ordering.OrderLine{{SKU: "SELECT-1Y", Quantity: 50, Renews: "con_none"}}
	p := problem(t, h.Seller.order(form), 422, rules.ValidationFailed)
	require.Equal(t, []string{"/lines/0/renews " + ordering.NotRenewable}, codes(p.Errors))
	form.Lines[0].Renews = contracts[0].ID
	ref := h.Seller.accepted(form)
	h.fulfil(ref.ID)
	got := as[struct {
		Lines     []struct{ Renews string }
		Contracts []struct {
			ID, State   string
			StartOn     string `json:"start_on"`
			StartReason string `json:"start_reason"`
		}
	}](t, h.Lead.get("/v1/orders/"+ref.ID), 200)
	require.Equal(t, contracts[0].ID, got.Lines[0].Renews)
	require.Equal(t, end.In(zone).Format("2006-01-02"), got.Contracts[0].StartOn)
	require.Equal(t, licensing.StartRenewal, got.Contracts[0].StartReason)
	licences := as[items[struct {
		Renews string
	}]](t, h.Lead.get("/v1/contracts/"+got.Contracts[0].ID+"/licences"), 200).Items
	require.Equal(t, first.ID, licences[0].Renews, "what is in a room is renewed first")
	spares := as[struct {
		Entitled int
		Licences int `json:"licences_in_force"`
	}](t, h.Lead.get("/v1/spares/"+parent), 200)
	require.Equal(t, 1, spares.Entitled)
	require.Equal(t, 50, spares.Licences)
	again := h.Seller.order(form)
	require.Equal(t, 200, again.Status, "the same order again is the same order: "+string(again.Body))
}
