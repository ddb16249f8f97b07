package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
)

var carrierKey = bytes.Repeat([]byte("c"), 32)

// webhookHeaders sign a body, as name, value, name, value.
func webhookHeaders(body []byte, at time.Time, keys ...[]byte) []string {
	h := http.Header{}
	carrier.Sign(h, body, at, keys...)
	return []string{
		carrier.TimestampHeader, h.Get(carrier.TimestampHeader), carrier.SignatureHeader,
		h.Get(carrier.SignatureHeader),
	}
}

// webhook sends a signed body with no token.
func (h *house) webhook(body string) answer {
	h.t.Helper()
	return client{house: h}.send("POST",
		"/v1/carrier/events", body, webhookHeaders([]byte(body), time.Now(), carrierKey)...)
}

// parcel is a booked shipment of an account.
func (h *house) parcel(accountID, tracking string) logistics.Shipment {
	h.t.Helper()
	sh, err := h.CreateShipment(h.Context, logistics.NewShipment{
		AccountID:  accountID,
		Direction:  shipping.ShipOut,
		SubjectID:  "rma_" + tracking,
		BookingKey: tracking,
		Carrier:    "sim",
		PromisedOn: "2026-11-24",

		PossibleFrom: storetest.Now.AddDate(0, 0, -1), // people handed it in
	})
	require.NoError(h.t, err)
	sh, err = h.ShipmentBooked(h.Context, sh.ID, tracking)
	require.NoError(h.t, err)
	return sh
}

// wayBack is the booked parcel in which a unit comes back from a site, with its label.
func (h *house) wayBack(accountID, siteID, tracking string) logistics.Shipment {
	h.t.Helper()
	d, err := h.PutDepot(h.Context, shipping.DepotForm{
		Code:    "BR-9",
		Name:    "Depósito Campinas",
		Street:  "Rua A 1",
		City:    "Campinas",
		Country: "BR",
	})
	require.NoError(h.t, err)
	sh, err := h.CreateShipment(h.Context, logistics.NewShipment{
		AccountID:  accountID,
		Direction:  shipping.ShipReturn,
		SubjectID:  "rma_" + tracking,
		BookingKey: tracking,
		Carrier:    "sim",
		Consignment: &logistics.Consignment{
			SiteID:    siteID,
			DepotID:   d.ID,
			Service:   shipping.ServiceStandard,
			ModelCode: "RALLY-BAR",
			Quantity:  1,
			Contents:  "1 x Rally Bar",
		},
	})
	require.NoError(h.t, err)
	_, err = h.StoreBookings(h.Context, []logistics.BookedParcel{{
		ShipmentID: sh.ID,
		Tracking:   tracking,
		MediaType:  "application/pdf",
		Label:      []byte("%PDF of " + tracking),
	}})
	require.NoError(h.t, err)
	return sh
}

// shipmentWorld is what the examples of shipments are about.
func (h *house) shipmentWorld(t *testing.T, accountOf func() string) map[string]func() (client, string) {
	n := 0
	booked := func() logistics.Shipment {
		n++
		sh := h.parcel(accountOf(), fmt.Sprintf("SIM%013d", n))
		require.Equal(t, 202, h.webhook(scanned(*sh.Tracking, "PICKED_UP", 1)).Status)
		return sh
	}
	back := func() string {
		n++
		return h.wayBack(accountOf(), h.Site(t, accountOf(), fmt.Sprint("Site ", n), "BR", "SP").ID,
			fmt.Sprintf("BACK%d", n)).ID
	}
	return map[string]func() (client, string){
		"receive-carrier-event": func() (client, string) { return client{house: h}, "/v1/carrier/events" },
		"list-carrier-events":   func() (client, string) { booked(); return h.Lead, "/v1/carrier/events?limit=1" },
		"list-shipments":        func() (client, string) { booked(); return h.Lead, "/v1/shipments?limit=1" },
		"get-shipment":          func() (client, string) { return h.Lead, "/v1/shipments/" + booked().ID },
		"get-shipment-label":    func() (client, string) { return h.Lead, "/v1/shipments/" + back() + "/label" },
		"get-packing-slip": func() (client, string) {
			return h.Lead, "/v1/shipments/" + back() + "/packing-slip?lang=en"
		},
	}
}

// scanned is a webhook's body.
func scanned(tracking, kind string, n int) string {
	return fmt.Sprintf(
		`{"event_id":"%s-%d","tracking":"%s","kind":"%s","occurred_at":"2026-11-23T%02d:00:00-00:00","signed_by":"Ana"}`,
		tracking, n, tracking, kind, n,
	)
}

func TestWebhooksMoveShipments(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	_, accountID, _ := h.fulfilled()
	sh := h.parcel(accountID, "T1")
	k := h.customer(accountID, rules.CustomerReadOnly)
	first := h.webhook(scanned("T1", "IN_TRANSIT", 5))
	stored := as[ref](t, first, 202)
	for range 5 {
		again := h.webhook(scanned("T1", "IN_TRANSIT", 5))
		require.Equal(t, 202, again.Status)
		require.JSONEq(t, string(first.Body), string(again.Body), "a repetition gets the same answer")
	}
	as[ref](t, h.webhook(scanned("T1", "PICKED_UP", 2)), 202)
	detail := as[api.ShipmentDetail](t, k.get("/v1/shipments/"+sh.ID), 200)
	require.Equal(t, shipping.ShipmentInTransit, detail.State)
	require.Len(t, detail.Scans, 3)
	require.Equal(t, time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC), detail.FirstMoveAt.UTC())
	require.Len(t, as[items[ref]](t,
		k.get("/v1/shipments?state=IN_TRANSIT&direction=OUT&tracking=T1&subject_id=rma_T1"), 200).Items, 1)
	require.Empty(t, as[items[ref]](t, k.get("/v1/shipments?state=LOST"), 200).Items)
	events := as[items[api.CarrierEventView]](t,
		h.Lead.get("/v1/carrier/events?tracking=T1&state=APPLIED&shipment_id="+sh.ID), 200).Items
	require.Len(t, events, 2)
	require.Contains(t, []string{events[0].ID, events[1].ID}, stored.ID)
	require.Contains(t, events[0].Raw, `"signed_by":"Ana"`, "as it came")
	require.NotContains(t, h.Log.String(), "Ana")
}

func TestWebhooksOfUnknownParcelsAndOfNonsenseAreKeptAndShown(t *testing.T) {
	h := sqlite(t)
	nonsense := []string{
		"hello", "{}", `{"event_id":"e","tracking":"T1","kind":"LOST","occurred_at":"0001-01-01T00:00:01Z"}`,
		`{"event_id":"` + strings.Repeat("x", 200) + `","tracking":"T1","kind":"LOST","occurred_at":"2026-11-23T12:00:00Z"}`,
		"{\"event_id\":\"a\x01\"}", "\xff\xfe",
	}
	for _, body := range append(nonsense, nonsense...) {
		require.Equal(t, 202, h.webhook(body).Status, body)
	}
	require.Equal(t, 202, h.webhook(scanned("T9", "LOST", 1)).Status)
	require.Equal(t, 202, h.webhook(scanned("T9", "ABDUCTED", 2)).Status)
	of := func(state string) []api.CarrierEventView {
		return as[items[api.CarrierEventView]](t, h.Lead.get("/v1/carrier/events?state="+state), 200).Items
	}
	require.Len(t, of("UNREADABLE"), len(nonsense)+1)
	require.Equal(t, "T9", of("UNKNOWN")[0].Tracking)
	_, accountID, _ := h.fulfilled()
	h.parcel(accountID, "T9")
	require.Empty(t, of("UNKNOWN"))
}

func TestWebhooksThatAreNotAuthentic(t *testing.T) {
	h := sqlite(t)
	body := scanned("T1", "LOST", 1)
	send := func(headers ...string) answer {
		return client{house: h}.send("POST", "/v1/carrier/events", body, headers...)
	}
	good := webhookHeaders([]byte(body), time.Now(), carrierKey)
	problem(t, send(), 401, "WEBHOOK_TIMESTAMP_MISSING")
	problem(t, send(good[2:]...), 401, "WEBHOOK_TIMESTAMP_MISSING")
	problem(t, send(good[:2]...), 401, "WEBHOOK_SIGNATURE_MISSING")
	problem(t, send(append(good, carrier.TimestampHeader, "today")...), 401, "WEBHOOK_TIMESTAMP_INVALID")
	problem(t, send(append(good, carrier.TimestampHeader, "1788793200")...), 401, "WEBHOOK_SIGNATURE_INVALID")
	problem(t, send(webhookHeaders([]byte(body+" "), time.Now(), carrierKey)...), 401, "WEBHOOK_SIGNATURE_INVALID")
	problem(t, send(webhookHeaders([]byte(body), time.Now(), bytes.Repeat([]byte("x"), 32))...), 401,
		"WEBHOOK_SIGNATURE_INVALID")
	problem(t, send(webhookHeaders([]byte(body), time.Now().Add(-6*time.Minute), carrierKey)...), 401,
		"WEBHOOK_TOO_OLD")
	problem(t, send(webhookHeaders([]byte(body), time.Now().Add(6*time.Minute), carrierKey)...), 401,
		"WEBHOOK_IN_FUTURE")
	problem(t, send(append(good, "Content-Type", "text/plain")...), 415, "UNSUPPORTED_MEDIA_TYPE")
	problem(t, h.webhook(`{"event_id":"`+strings.Repeat("x", 64<<10)+`"}`), 413, "BODY_TOO_LARGE")
	require.Zero(t, h.Count(t, "SELECT count(*) FROM carrier_events"))
	closed := open(t, h.Env, func(o *api.Options) { o.CarrierKeys = nil })
	problem(t, closed.webhook(body), 401, "WEBHOOK_NOT_CONFIGURED")
	changing := open(t, h.Env, func(o *api.Options) {
		o.CarrierKeys = [][]byte{bytes.Repeat([]byte("n"), 32), carrierKey}
	})
	require.Equal(t, 202, changing.webhook(body).Status)
}

func TestC5_ForeignShipmentsAnswerLikeNone(t *testing.T) {
	h := open(t, storetest.Postgres(t))
	a, b := h.twin(t, 1), h.twin(t, 2)
	foreign := h.parcel(b.account, "T1")
	ask := func(id string) answer {
		return a.send("GET", "/v1/shipments/"+id, nil, "X-Request-Id", "same-for-both")
	}
	problem(t, ask(foreign.ID), 404, rules.NotFound)
	require.Equal(t, string(ask("shp_none").Body), string(ask(foreign.ID).Body))
	for _, query := range []string{"", "?account_id=" + b.account, "?tracking=T1", "?subject_id=rma_T1"} {
		require.Empty(t, as[items[ref]](t, a.get("/v1/shipments"+query), 200).Items, query)
	}
	require.Len(t, as[items[ref]](t, b.get("/v1/shipments"), 200).Items, 1)
	problem(t, b.get("/v1/carrier/events"), 403, rules.Forbidden)
}
