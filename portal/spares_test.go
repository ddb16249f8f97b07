package portal

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/spare"
)

// withSpare is an account of fifty licences with the unit that these earn.
func (w *world) withSpare() (storetest.Covered, replacement.SpareUnit, *guest, *guest) {
	w.t.Helper()
	c, u := w.Spare(w.t)
	return c, u, w.member(c.Account, "eva@acme.example",
		identity.RoleAdmin), w.member(c.Account, "bruno@acme.example", identity.RoleReadOnly)
}

func (w *world) unit(id string) replacement.SpareUnit {
	w.t.Helper()
	u, err := w.GetSpareUnit(w.Context, id)
	require.NoError(w.t, err)
	return u
}

func (w *world) proposed(c storetest.Covered, u replacement.SpareUnit) replacement.SpareUnit {
	w.t.Helper()
	u, err := w.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{
		ModelCode: c.Device.ModelCode,
		SiteID:    c.Site.ID,
	})
	require.NoError(w.t, err)
	return u
}

func TestR88a_TheCustomerReadsTheProposalAndAgreesOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, u, eva, bruno := w.withSpare()
		before := eva.get("/spares").body
		require.Regexp(t, `(?s)<nav class="nav".*href="/spares" aria-current="page">.*Spares.*</nav>`, before)
		require.Contains(t, before, "1 spare that your company is entitled to")
		require.Contains(t, before, "There are no spares in this account yet.")
		require.Contains(t, before, "one spare for every 50 licenses in force")
		u = w.proposed(c, u)
		page := eva.get("/spares").body
		for _, text := range []string{
			"Rally Bar", "HQ – Av. Paulista 1000, São Paulo", "Waiting for your answer",
			`action="/spares/` + u.ID + `/agree"`,
		} {
			require.Contains(t, page, text)
		}
		seen := bruno.get("/spares").body
		require.Contains(t, seen, "waiting for an administrator")
		require.NotContains(t, seen, "/agree")
		require.Equal(t, 403, bruno.post("/spares/"+u.ID+"/agree", "version", fmt.Sprint(u.Version), "confirmed", "yes").status)
		for _, version := range []string{"", "x", "0", "-1"} {
			require.Equal(t, 400, eva.post("/spares/"+u.ID+"/agree", "version", version).status)
		}
		for range 2 { // the second is a double submit
			done := eva.post("/spares/"+u.ID+"/agree", "version", fmt.Sprint(u.Version), "confirmed", "yes")
			require.Equal(t, "/spares", done.path)
			require.Contains(t, done.body, "The spare is being prepared")
			require.NotContains(t, done.body, "/agree")
		}
		require.Equal(t, spare.SpareApproved, w.unit(u.ID).State)
		require.Empty(t, w.log.String())
	})
}

// Who read one proposal does not agree to another one.
func TestR88a_AnAgreementIsToWhatWasRead(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, u, eva, _ := w.withSpare()
		read := w.proposed(c, u)
		other := w.Site(t, c.Account, "Filial", "BR", "SP")
		_, err := w.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{
			ModelCode: c.Device.ModelCode,
			SiteID:    other.ID,
		})
		require.NoError(t, err)
		refused := eva.post("/spares/"+u.ID+"/agree", "version", fmt.Sprint(read.Version), "confirmed", "yes")
		require.Equal(t, 409, refused.status)
		require.Contains(t, refused.body, "This has changed in the meantime")
		require.Contains(t, refused.body, `<a class="btn main" href="/spares"`)
		require.Equal(t, spare.SpareSelectionPending, w.unit(u.ID).State)
		require.Contains(t, eva.get("/spares").body, "Filial")
	})
}

func TestSparesAreToldFromShipmentToUseAndReplenishment(t *testing.T) {
	w := newWorld(t)
	c, u, eva, _ := w.withSpare()
	w.Agreed(t, c, u)
	require.Contains(t, eva.get("/spares").body, "It is being prepared for shipping.")
	_, err := w.ShipSpare(storetest.Operator(), u.ID,
		replacement.Parcel{Serial: "SP-100", Carrier: "sim", Tracking: "TRK7"})
	require.NoError(t, err)
	require.Contains(t, eva.get("/spares").body, "TRK7")
	_, err = w.RecordSpareFact(w.Context, u.ID, spare.SpareDelivered, w.Calendar.Now())
	require.NoError(t, err)
	require.Contains(t, eva.get("/spares").body, "Ready for use when a device of this model fails.")
	r := w.Requested(t, c)
	eva.post("/replacements/"+r.ID+"/use-spare", "spare", u.ID, "confirmed", "yes")
	page := eva.get("/spares").body
	require.Contains(t, page, "Another one will be sent once that replacement is approved.")
	require.Contains(t, page, `href="/replacements/`+r.Number+`"`)
	_, err = w.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
	require.NoError(t, err)
	require.Contains(t, eva.get("/spares").body, "another one is being sent to the site")
}

func TestS9_ARecalledSpareNamesItsLastDay(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, u, eva, _ := w.withSpare()
		w.OnSite(t, w.Agreed(t, c, u), "SP-100")
		w.cancelLargest(c)
		u = w.unit(u.ID)
		require.Equal(t, spare.SpareRecallRequested, u.State)
		page := eva.get("/spares").body
		day := messages.In("en").Date(rules.LastCoveredDay(*u.RecallDueAt, location("America/Sao_Paulo")).In(time.UTC))
		require.Contains(t, page, "Hand it to the carrier by "+strings.ReplaceAll(day, noBreak, " "))
		require.Contains(t, page, `<span class="soft">0 `)
	})
}

// A recalled spare that the carrier has is no longer the customer's to hand over: it is not
// late, whatever day it is, and nothing is to be paid for it.
func TestS9_ARecalledSpareOnItsWayAsksForNothing(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, u, eva, _ := w.withSpare()
		w.OnSite(t, w.Agreed(t, c, u), "SP-100")
		w.cancelLargest(c)
		require.Contains(t, toDoList(eva.get("/").body), "Return the spare: Rally Bar")

		_, err := w.RecordSpareFact(w.Context, u.ID, spare.SpareRecallScanned, w.Calendar.Now())
		require.NoError(t, err)
		w.Calendar.Set(w.unit(u.ID).RecallDueAt.AddDate(0, 0, 2))
		require.Equal(t, spare.SpareRecallRequested, w.unit(u.ID).State)
		require.NotContains(t, toDoList(eva.get("/").body), "spare")

		page := eva.get("/spares").body
		require.Contains(t, page, "Return on its way")
		require.NotContains(t, page, "billed")
		require.NotContains(t, page, "/return-label")
		require.Contains(t, eva.get("/spares?lang=pt-BR").body, "Devolução a caminho")
	})
}

// cancelLargest cancels the order of fifty licences, so that its spare is not earned
// any more.
func (w *world) cancelLargest(c storetest.Covered) {
	w.t.Helper()
	orders, _, err := w.ListOrders(w.Context, order.OrderFilter{})
	require.NoError(w.t, err)
	for _, o := range orders {
		if o.ID != c.Order.ID {
			_, _, err := w.CancelOrder(w.as(rules.OperatorAgent), o.ID, order.CancelRequest{Reason: "not needed"})
			require.NoError(w.t, err)
		}
	}
}

func TestR82b_C5_SparesOfOthersAreNotSeen(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, u, _, _ := w.withSpare()
		u = w.proposed(c, u)
		gil, _ := w.site("gil@globex.example")
		page := gil.get("/spares").body
		require.Contains(t, page, `<span class="soft">0 `)
		require.NotContains(t, page, u.ID)
		require.NotContains(t, page, "Paulista")
		foreign := gil.post("/spares/"+u.ID+"/agree", "version", "1")
		missing := gil.post("/spares/spu_missing/agree", "version", "1")
		require.Equal(t, 404, foreign.status)
		require.Equal(t, missing.body, foreign.body)
		require.Equal(t, spare.SpareSelectionPending, w.unit(u.ID).State)
		require.Equal(t, "/sign-in", w.guest().get("/spares").path)
	})
}

func TestR35d_UsedMySpareEndsTheOutageAtOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, u, eva, bruno := w.withSpare()
		r := w.Requested(t, c)
		page := "/replacements/" + r.Number
		require.NotContains(t, eva.get(page).body, "/use-spare", "none is on site")
		w.OnSite(t, w.Agreed(t, c, u), "SP-100")
		require.Contains(t, eva.get(page).body,
			`<option value="`+u.ID+`">SP100 · HQ – Av. Paulista 1000, São Paulo</option>`)
		require.NotContains(t, bruno.get(page).body, "/use-spare")
		require.Equal(t, 403, bruno.post(page+"/use-spare", "spare", u.ID, "confirmed", "yes").status)
		refused := eva.post(page+"/use-spare", "spare", "")
		require.Equal(t, 422, refused.status)
		require.Contains(t, refused.body, "Choose the spare that you used.")
		for range 2 { // the second is a double submit
			done := eva.post(page+"/use-spare", "spare", u.ID, "confirmed", "yes")
			require.Equal(t, page, done.path)
			require.Contains(t, done.body, "The spare is in use now.")
			require.Contains(t, next(done.body), "Your spare is in use. Return the faulty device by")
		}
		body := eva.get(page).body
		require.Contains(t, body, "A spare on site was put to use.")
		require.Contains(t, body, "SP100")
		require.NotContains(t, body, "After approval", "nothing is awaited")
		require.Equal(t, spare.SpareConsumed, w.unit(u.ID).State)
		require.Empty(t, w.log.String())
	})
}

func TestR88c_ASpareOfAnotherModelIsNotOffered(t *testing.T) {
	w := newWorld(t)
	c, u, eva, _ := w.withSpare()
	w.OnSite(t, w.Agreed(t, c, u), "SP-100")
	r, err := w.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{
		AccountID: c.Account,
		RoomID:    c.Room.ID,
		ModelCode: "STRONG-USB-CABLE",
		Quantity:  1,
		Fault:     "Loose",
	})
	require.NoError(t, err)
	page := "/replacements/" + r.Number
	require.NotContains(t, eva.get(page).body, "/use-spare")
	refused := eva.post(page+"/use-spare", "spare", u.ID, "confirmed", "yes")
	require.Equal(t, 422, refused.status)
	require.Equal(t, spare.SpareOnSite, w.unit(u.ID).State)
	require.Equal(t, 404, eva.post(page+"/use-spare", "spare", "spu_missing", "confirmed", "yes").status)
}

// A spare that took a device's place and is not replenished was used, not left unsent.
func TestS26_AUsedSpareThatIsNotEarnedAnyMoreStays(t *testing.T) {
	w := newWorld(t)
	c, u, eva, _ := w.withSpare()
	w.OnSite(t, w.Agreed(t, c, u), "SP-100")
	_, err := w.UseSpare(storetest.Customer(c.Account), w.Requested(t, c).ID, u.ID)
	require.NoError(t, err)
	w.cancelLargest(c)
	require.Equal(t, spare.SpareVoided, w.unit(u.ID).State)
	require.Contains(t, eva.get("/spares").body, "stays there. You no longer have enough licenses in force for another one.")
}

func TestEveryStateOfASpareHasWords(t *testing.T) {
	for _, s := range spare.SpareStates() {
		require.True(t, messages.In("en").Has("spare."+string(s)), s)
		require.True(t, messages.In("en").Has("sparenext."+string(s)), s)
		require.Contains(t, spareTones, s)
	}
}
