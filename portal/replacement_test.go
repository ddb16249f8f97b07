package portal

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/messages/promise"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/rma"
)

// next is the sentence of what happens next.
func next(body string) string {
	_, card, _ := strings.Cut(body, `<section class="promise"`)
	_, rest, _ := strings.Cut(card, "<strong>")
	sentence, _, _ := strings.Cut(rest, "</strong>")
	return sentence
}

func TestR35c_OneReplacementFromRequestToItsEnd(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, eva, bruno := w.covered()
		r := w.Requested(t, c)
		page := "/replacements/" + r.ID
		require.Contains(t, next(eva.get(page).body), "We are confirming the defect")
		w.SetLocal(t, "America/Sao_Paulo", "2026-11-25 15:01")
		_, err := w.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true})
		require.NoError(t, err)
		body := eva.get(page).body
		require.Contains(t, next(body), "promised by 27 November 2026.")
		require.Contains(t, body, promise.Text(*getRMA(t, w, r.ID).Promise, "en"), "the stored explanation")
		require.Contains(t, body, "HQ – Av. Paulista 1000, São Paulo")
		require.Contains(t, body, r.Number, "the number to name in a mail")

		_, err = w.AllocateRMA(storetest.Operator(), r.ID, "")
		require.NoError(t, err)
		require.Contains(t, next(eva.get(page).body), "being packed")
		_, err = w.ShipRMA(storetest.Operator(), r.ID,
			replacement.RMAShipment{Serial: "new-100", Carrier: "sim", Tracking: "TRK1"})
		require.NoError(t, err)
		body = eva.get(page).body
		for _, text := range []string{"TRK1", "sim", "NEW100", "Keep its packaging"} {
			require.Contains(t, body, text)
		}
		for _, fact := range []rma.RMAFact{rma.FactPickedUp, rma.FactDelivered} {
			_, err = w.RecordRMAFact(w.Context, r.ID, fact, w.Calendar.Now())
			require.NoError(t, err)
		}
		body = bruno.get(page).body
		require.Contains(t, next(body), "Return the faulty one by 9 December 2026")
		require.Contains(t, body, "Check that its serial number is SN100.")
		require.Contains(t, body, catalogue.DefaultProgram().Mailbox)
		require.Regexp(t, `(?s)was requested.*was approved.*set aside.*ready to ship.*picked up.*was delivered`, body)

		for _, fact := range []rma.RMAFact{rma.FactReturnScanned, rma.FactReturnReceived} {
			_, err = w.RecordRMAFact(w.Context, r.ID, fact, w.Calendar.Now())
			require.NoError(t, err)
		}
		body = eva.get(page).body
		require.Contains(t, next(body), "are inspecting it")
		require.NotContains(t, body, "return-head")
		_, err = w.InspectRMA(storetest.Operator(), r.ID,
			replacement.RMAInspection{Serial: "sn-100", Outcome: rma.OutcomeDefect, Reason: "secret remark"})
		require.NoError(t, err)
		body = eva.get(page).body
		require.Equal(t, "All done: there is nothing left to do.", next(body))
		require.Contains(t, body, "Defect confirmed")
		require.NotContains(t, body, "secret remark", "why is between the service and its people")
		eva.get("/?lang=pt-BR")
		body = eva.get(page).body
		require.Contains(t, body, "Defeito confirmado")
		require.Contains(t, body, promise.Text(*getRMA(t, w, r.ID).Promise, "pt-BR"))
		require.Empty(t, w.log.String())
	})
}

func TestS22_AReturnThatIsLateIsToldAndItsFeeToo(t *testing.T) {
	w := newWorld(t)
	c, eva, _ := w.covered()
	r := w.DeliveredRMA(t, c)
	page := "/replacements/" + r.ID
	storetest.RunRMAUntil(t, w.Env, r.ID, *r.ReturnDueAt)
	require.Contains(t, next(eva.get(page).body), "Return it now, or it may be billed")
	require.Contains(t, eva.get(page).body, "was due by")
	storetest.RunRMAUntil(t, w.Env, r.ID, r.ReturnPlan.FeeConfirmFrom.Add(time.Hour))
	require.Contains(t, eva.get(page).body, "Being decided")
	_, err := w.BillRMA(storetest.Operator(), r.ID, "")
	require.NoError(t, err)
	body := eva.get(page).body
	require.Contains(t, next(body), "The faulty device was not returned and will be billed. If it still arrives, the amount will be credited.")
	require.Contains(t, body, "<dd>Billed</dd>")
	_, err = w.InspectRMA(storetest.Operator(), r.ID, replacement.RMAInspection{
		Serial:  "sn-100",
		Outcome: rma.OutcomeDefect,
	})
	require.NoError(t, err)
	require.Contains(t, eva.get(page).body, "Billed, then credited")
}

func TestS22_OtherEndsAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(w *world, r replacement.RMA) error
		want string
	}{
		"wrong unit": {func(w *world, r replacement.RMA) error {
			_, err := w.InspectRMA(storetest.Operator(), r.ID, replacement.RMAInspection{
				Serial:  "other",
				Outcome: rma.OutcomeWrongUnit,
			})
			return err
		}, "Return the right one by"},
		"damage": {func(w *world, r replacement.RMA) error {
			_, err := w.InspectRMA(storetest.Operator(), r.ID, replacement.RMAInspection{
				Serial:  "sn-100",
				Outcome: rma.OutcomeDamage,
			})
			return err
		}, "found damage that the warranty does not cover"},
		"kept": {func(w *world, r replacement.RMA) error {
			_, err := w.KeepRMAUnit(storetest.Operator(), r.ID, "photo-1", "worth nothing")
			return err
		}, "do not need to return the faulty device"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			covered, eva, _ := w.covered()
			r := w.DeliveredRMA(t, covered)
			require.NoError(t, c.do(w, r))
			require.Contains(t, next(eva.get("/replacements/"+r.ID).body), c.want)
		})
	}
}

func TestS21_ABackorderTellsItsNewDay(t *testing.T) {
	w := newWorld(t)
	c, eva, _ := w.covered()
	r := w.Approved(t, c)
	r, err := w.BackorderRMA(storetest.Operator(), r.ID, replacement.RMABackorder{ExpectedOn: "2026-12-01"})
	require.NoError(t, err)
	body := eva.get("/replacements/" + r.ID).body
	require.Contains(t, next(body), "out of stock. The new one will arrive by "+
		strings.ReplaceAll(messages.In("en").Date(r.Promise.On.In(time.UTC)), noBreak, " "))
}

func TestWithdrawnByAnAdministratorOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, eva, bruno := w.covered()
		r := w.Approved(t, c)
		page := "/replacements/" + r.ID
		require.NotContains(t, bruno.get(page).body, "/withdraw", "RULES 4, A3: who only reads sees no buttons")
		require.Equal(t, 403, bruno.post(page+"/withdraw", "confirmed", "yes").status)
		require.Contains(t, eva.get(page).body, `href="/replacements/`+r.Number+`/withdraw"`)
		for range 2 { // the second is a double submit
			done := eva.post(page+"/withdraw", "confirmed", "yes")
			require.Equal(t, "/replacements/"+r.Number, done.path)
			require.Contains(t, done.body, "The request was canceled.")
			require.NotContains(t, done.body, "/withdraw")
		}
		require.Equal(t, rma.RMAWithdrawn, getRMA(t, w, r.ID).StoredState)
	})
}

func TestWithdrawAfterThePickUpIsRefusedInWords(t *testing.T) {
	w := newWorld(t)
	c, eva, _ := w.covered()
	r := w.DeliveredRMA(t, c)
	page := "/replacements/" + r.ID
	require.NotContains(t, eva.get(page).body, "/withdraw")
	refused := eva.post(page+"/withdraw", "confirmed", "yes")
	require.Equal(t, 409, refused.status)
	require.Contains(t, refused.body, "This has changed in the meantime")
	require.Contains(t, refused.body, `<a class="btn main" href="/replacements"`)
}

func TestRejectedIsAppealedOnceWithAReason(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, eva, bruno := w.covered()
		r := w.rejected(c)
		page := "/replacements/" + r.ID
		body := eva.get(page).body
		require.Contains(t, next(body), "an administrator of the account can appeal once")
		require.Contains(t, body, "No defect was found")
		require.NotContains(t, body, "works here", "the agent's own words stay inside")
		require.NotContains(t, bruno.get(page).body, "/appeal")
		require.Equal(t, 403, bruno.post(page+"/appeal", "reason", "x").status)
		for _, reason := range []string{"", "  \r\n ", strings.Repeat("x", rules.MaxReason+1), "tab\there"} {
			refused := eva.post(page+"/appeal", "reason", reason)
			require.Equal(t, 422, refused.status)
			require.Contains(t, refused.body, "reason-problem")
			require.Contains(t, refused.body, strings.ReplaceAll(reason, "\r\n", "\n")+"</textarea>",
				"what was typed stays")
		}
		for range 2 {
			done := eva.post(page+"/appeal", "reason", "It has no picture.\r\nSee the photo.")
			require.Equal(t, "/replacements/"+r.Number, done.path)
			require.Contains(t, next(done.body), "An agent will review the request again")
		}
		_, err := w.RejectRMA(storetest.Operator(), r.ID, replacement.RMARejection{
			Code:   rma.RejectNoAnswer,
			Reason: "no",
		})
		require.NoError(t, err)
		body = eva.get(page).body
		require.Contains(t, next(body), "the decision stands")
		require.NotContains(t, body, "/appeal")
		require.Equal(t, 409, eva.post(page+"/appeal", "reason", "again").status)
	})
}

func TestAppealNamesTheOtherReplacementOfTheDevice(t *testing.T) {
	w := newWorld(t)
	c, eva, _ := w.covered()
	r := w.rejected(c)
	w.Requested(t, c)
	refused := eva.post("/replacements/"+r.ID+"/appeal", "reason", "still broken")
	require.Equal(t, 422, refused.status)
	require.Contains(t, refused.body, "Another replacement of this device is under way")
}
