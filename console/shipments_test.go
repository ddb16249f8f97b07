package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
)

// told has the carrier "sim" say something of a parcel.
func (w *world) told(tracking string, kind shipping.ScanKind, at time.Time) {
	w.t.Helper()
	_, err := w.Domains.Logistics.ReceiveCarrierEvent(w.system(), storetest.CarrierEvent(tracking, kind, at))
	require.NoError(w.t, err)
}

// What a carrier said stands on the parcel's page as it came, hollow beside what we did.
func TestS62_WhatTheCarrierSaidIsShownAsItCame(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		sh := storetest.ShipmentOf(t, w.Env, storetest.AccountOf(t, w.Env), "TRK-1")
		w.told("TRK-1", shipping.ScanDelivered, storetest.Now.AddDate(-1, 0, 0))
		b := w.signedIn(byRole[rules.OperatorManager])

		list := b.get(shipmentsPath)
		require.Contains(t, list.body, "TRK-1")
		require.Contains(t, list.body, "Acme Ltda")
		require.Contains(t, list.body, "Scans contradict")

		page := b.get(shipmentsPath + "/" + sh.ID)
		require.Contains(t, page.body, "The carrier</b>: delivered, cannot be true")
		require.Contains(t, page.body, `<li class="us"><span><b>`, "what we did is filled")
		require.Contains(t, page.body, "cannot all be true")

		events, _, err := w.Domains.Logistics.ListCarrierEvents(w.system(), logistics.CarrierEventFilter{ShipmentID: sh.ID})
		require.NoError(t, err)
		require.Len(t, events, 2)
		require.Contains(t, page.body, carrierEventsPath+"/"+events[0].ID)
		raw := b.get(carrierEventsPath + "/" + events[0].ID)
		require.Contains(t, raw.body, "TRK-1-DELIVERED")
		require.Contains(t, raw.body, shipmentsPath+"/"+sh.ID)
	})
}

func TestS62_UnknownParcelsAndSilentOnesAreFound(t *testing.T) {
	w := issuerWorld(t)
	sh := storetest.ShipmentOf(t, w.Env, storetest.AccountOf(t, w.Env), "TRK-1")
	w.told("TRK-9", shipping.ScanPickedUp, storetest.Now)
	_, err := w.Domains.Logistics.ReceiveCarrierEvent(w.system(), logistics.NewCarrierEvent{
		Carrier: "sim", EventID: "odd", Raw: []byte(`<html><script>alert(1)</script>`),
	})
	require.NoError(t, err)
	b := w.signedIn(byRole[rules.OperatorAgent])

	unknown := b.get(carrierEventsPath + "?state=UNKNOWN")
	require.Contains(t, unknown.body, "TRK-9")
	require.NotContains(t, unknown.body, "TRK-1")
	odd := b.get(carrierEventsPath + "?state=UNREADABLE")
	require.Contains(t, odd.body, "a message without a kind")

	require.NotContains(t, b.get(shipmentsPath+"?look=quiet").body, sh.ID)
	w.Calendar.Set(storetest.Now.AddDate(0, 0, 4))
	b = w.signedIn(byRole[rules.OperatorAgent])
	require.Contains(t, b.get(shipmentsPath+"?look=quiet").body, sh.ID)
	require.Contains(t, b.get(shipmentsPath+"/"+sh.ID).body, "has said nothing for 3 days")
	for asked, found := range map[string]bool{
		"?q=TRK-1": true, "?q=TRK-2": false, "?state=PICKED_UP": true, "?state=LOST": false, "?direction=RECALL": false,
		"?account=" + sh.AccountID: true, "?account=acc_none": false, "?look=contradicted": false,
	} {
		require.Equal(t, found, strings.Contains(b.get(shipmentsPath+asked).body, sh.ID), asked)
	}
}

func TestS22_TheLabelAndTheSlipOfAParcelArePrinted(t *testing.T) {
	w := issuerWorld(t)
	r := w.Approved(t, w.Covered(t))
	_, err := w.AllocateRMA(storetest.Operator(), r.ID, "")
	require.NoError(t, err)
	_, err = w.ShipRMA(storetest.Operator(), r.ID, replacement.RMAShipment{Serial: "NEW1", Carrier: "sim", Tracking: "TRK-5"})
	require.NoError(t, err)
	parcel := storetest.ParcelsOf(t, w.Env, r.ID)["out/1"]
	b := w.signedIn(byRole[rules.OperatorAgent])
	page := b.get(shipmentsPath + "/" + parcel.ID)
	require.Contains(t, page.body, "Parcel TRK-5")
	for _, paper := range []string{"label", "packing-slip"} {
		path := shipmentsPath + "/" + parcel.ID + "/paper/" + paper
		require.Contains(t, page.body, path)
		pdf := b.get(path)
		require.Equal(t, http.StatusOK, pdf.status)
		require.True(t, strings.HasPrefix(pdf.body, "%PDF"))
		require.Equal(t, "application/pdf", pdf.header.Get("Content-Type"))
		require.Equal(t, "no-store", pdf.header.Get("Cache-Control"), "it shows an address")
	}
}

func TestBudget_Shipments(t *testing.T) {
	w := issuerWorld(t)
	account := storetest.AccountOf(t, w.Env)
	sh := storetest.ShipmentOf(t, w.Env, account, "TRK-0")
	for n := range 60 {
		_, err := w.Domains.Logistics.CreateShipment(w.system(), logistics.NewShipment{
			AccountID: account, Direction: shipping.ShipOut, SubjectID: fmt.Sprint("rma_", n),
			BookingKey: fmt.Sprint("rma_", n, "/out/1"), Carrier: "sim",
		})
		require.NoError(t, err)
		w.told("TRK-0", shipping.ScanInTransit, storetest.Now.Add(time.Duration(n)*time.Second))
	}
	b := w.signedIn(staff[0])
	for _, path := range []string{shipmentsPath, shipmentsPath + "/" + sh.ID, carrierEventsPath} {
		w.withinBudget(b, path)
	}
}
