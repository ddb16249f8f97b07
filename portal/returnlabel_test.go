package portal

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// carriedWorld is a world whose parcels a carrier takes, with a depot that has the
// covered model.
func carriedWorld(t *testing.T, env storetest.Env) *world {
	w := worldOn(t, env.WithCarrier(t, "sim"))
	d, err := w.PutDepot(storetest.Operator(), shipping.DepotForm{
		Code:     "BR-1",
		Name:     "Depot",
		Street:   "Rua A 1",
		City:     "Campinas",
		Country:  "BR",
		TimeZone: "UTC",
	})
	require.NoError(t, err)
	_, err = w.ReceiveStock(storetest.Operator(), logistics.StockMove{
		DepotID:   d.ID,
		ModelCode: "RALLY-BAR",
		Quantity:  5,
		Cause:     "first",
	})
	require.NoError(t, err)
	return w
}

// booked has the carrier book everything of a subject, with a label of a media type.
func (w *world) booked(subjectID, mediaType string) {
	w.t.Helper()
	open, err := w.OutstandingParcels(w.Context, subjectID)
	require.NoError(w.t, err)
	var booked []logistics.BookedParcel
	for _, p := range open {
		booked = append(booked, logistics.BookedParcel{
			ShipmentID: p.ID,
			Tracking:   "T" + p.ID,
			MediaType:  mediaType,
			Label:      []byte("%PDF of " + p.ID),
		})
	}
	_, err = w.StoreBookings(w.Context, booked)
	require.NoError(w.t, err)
}

func TestS22_TheReturnLabelIsHandedToEveryMemberAndNobodyElse(t *testing.T) {
	storetest.OneOf(t, func(t *testing.T, env storetest.Env) {
		w := carriedWorld(t, env)
		c, eva, bruno := w.covered()
		r := w.Approved(t, c)
		_, err := w.AllocateRMA(storetest.Operator(), r.ID, "")
		require.NoError(t, err)
		page := "/replacements/" + r.Number
		require.Equal(t, 404, eva.get(page+"/return-label").status, "nothing is booked yet")
		w.booked(r.ID, "application/pdf")
		for _, fact := range []rma.RMAFact{rma.FactPickedUp, rma.FactDelivered} {
			_, err := w.RecordRMAFact(w.Context, r.ID, fact, w.Calendar.Now())
			require.NoError(t, err)
		}
		require.Contains(t, eva.get(page).body, `<a class="link" href="`+page+`/return-label">`)
		back, _, err := w.ListShipments(w.Context, logistics.ShipmentFilter{
			SubjectID: r.ID,
			Direction: shipping.ShipReturn,
		})
		require.NoError(t, err)
		got := bruno.get(page + "/return-label")
		require.Equal(t, 200, got.status)
		require.Equal(t, "%PDF of "+back[0].ID, got.body)
		require.Equal(t, "application/pdf", got.header.Get("Content-Type"))
		require.Equal(t, `attachment; filename="return-label-`+r.Number+`.pdf"`, got.header.Get("Content-Disposition"))
		require.Equal(t, "no-store", got.header.Get("Cache-Control"), "it shows an address")
		require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))

		gil, _ := w.site("gil@globex.example")
		foreign := gil.get(page + "/return-label")
		missing := gil.get("/replacements/rma_missing/return-label")
		require.Equal(t, 404, foreign.status)
		require.Equal(t, missing.body, foreign.body)
		require.Equal(t, "/sign-in", w.guest().get(page+"/return-label").path)
		require.Equal(t, 404, eva.get("/spares/"+r.ID+"/return-label").status, "each page hands out its own")

		_, err = w.RecordScan(w.Context, back[0].ID,
			logistics.NewScan{Kind: shipping.ScanPickedUp, Source: logistics.ScanByCarrier, CauseKey: "scan-1"})
		require.NoError(t, err)
		require.Equal(t, 404, eva.get(page+"/return-label").status, "the carrier has the parcel")
		require.Empty(t, w.log.String())
	})
}

// What a carrier sends is never a page of ours.
func TestALabelOfAnotherMediaTypeIsNotHandedOut(t *testing.T) {
	w := carriedWorld(t, storetest.SQLite(t))
	c, eva, _ := w.covered()
	r := w.Approved(t, c)
	_, err := w.AllocateRMA(storetest.Operator(), r.ID, "")
	require.NoError(t, err)
	w.booked(r.ID, "text/html")
	require.Equal(t, 404, eva.get("/replacements/"+r.ID+"/return-label").status)
	_, err = w.RecordRMAFact(w.Context, r.ID, rma.FactDelivered, w.Calendar.Now())
	require.NoError(t, err)
	require.Contains(t, eva.get("/replacements/"+r.ID).body, "No return label?", "the way without one")
}

func TestS9_TheLabelOfARecalledSpareIsOnThePage(t *testing.T) {
	w := carriedWorld(t, storetest.SQLite(t))
	c, u, eva, _ := w.withSpare()
	w.OnSite(t, w.Agreed(t, c, u), "SP-100")
	w.cancelLargest(c)
	require.NotContains(t, eva.get("/spares").body, "/return-label", "nothing is booked yet")
	w.recallParcel(c, u)
	w.booked(u.ID, "application/pdf")
	require.Contains(t, eva.get("/spares").body, `<a class="link" href="/spares/`+u.ID+`/return-label">`)
	require.Equal(t, 200, eva.get("/spares/"+u.ID+"/return-label").status)
}

// recallParcel makes the parcel in which a recalled spare comes back, unless the
// recall itself did.
func (w *world) recallParcel(c storetest.Covered, u replacement.SpareUnit) {
	w.t.Helper()
	open, err := w.OutstandingParcels(w.Context, u.ID)
	require.NoError(w.t, err)
	if len(open) > 0 {
		return
	}
	depots, err := w.ListDepots(w.Context)
	require.NoError(w.t, err)
	_, err = w.CreateShipment(w.Context, logistics.NewShipment{
		AccountID:  c.Account,
		Direction:  shipping.ShipRecall,
		SubjectID:  u.ID,
		BookingKey: u.ID + "/back/1",
		Carrier:    "sim",
		Consignment: &logistics.Consignment{
			SiteID:    c.Site.ID,
			DepotID:   depots[0].ID,
			Service:   shipping.ServiceStandard,
			ModelCode: u.ModelCode,
			Quantity:  1,
			Contents:  "1 x Rally Bar",
		},
	})
	require.NoError(w.t, err)
}

// An address that no database compares leads nowhere, whatever the page.
func TestAddressesThatNoDatabaseComparesLeadNowhere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, eva, _ := w.covered()
		for _, id := range []string{"a%00b", "a%ffb"} {
			for _, path := range []string{"/replacements/" + id, "/replacements/" + id +
				"/return-label", "/spares/" + id + "/return-label", "/service-orders/" + id + "/cancellation"} {
				require.Equal(t, 404, eva.get(path).status, path)
			}
			for _, path := range []string{
				"/replacements/" + id + "/withdraw", "/spares/" + id + "/agree", "/colleagues/" + id + "/remove",
			} {
				require.Equal(t, 404, eva.post(path, "version", "1").status, path)
			}
		}
		require.Empty(t, w.log.String())
	})
}
