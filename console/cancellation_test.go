package console

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// confirmed sends a confirmation as it stands on the page.
func (b *browser) confirmed(path string, page reply, pairs ...string) reply {
	form := []string{"confirmed", "yes"}
	for _, name := range []string{"quantity", "reason", "once", "seen", "version"} {
		if value := hiddenIn(page.body, name); value != "" {
			form = append(form, name, value)
		}
	}
	return b.post(path, append(form, pairs...)...)
}

func TestR90_S8_ACancellationSaysWhatItWillDoBeforeTheButton(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		packed := w.Approved(t, c)
		o := w.order(c.Order.ID)
		agent := w.signedIn(byRole[rules.OperatorAgent])
		path := orderPath(o.ID) + "/cancel"
		require.Contains(t, agent.get(orderPath(o.ID)).body, `href="`+path+`"`)
		require.NotContains(t, w.signedIn(byRole[rules.OperatorManager]).get(orderPath(o.ID)).body, path)
		require.Contains(t, agent.get(path).body, "The order has 10 licenses in force.")

		require.Equal(t, http.StatusUnprocessableEntity, agent.post(path, "quantity", "x", "reason", "fewer").status)
		missing := agent.post(path, "quantity", "3")
		require.Equal(t, http.StatusUnprocessableEntity, missing.status)
		require.Contains(t, missing.body, `value="3"`, "what was typed stays")
		rooms := agent.post(path, "quantity", "10000", "reason", "fewer")
		require.Equal(t, http.StatusUnprocessableEntity, rooms.status)

		part := agent.post(path, "quantity", "3", "reason", "fewer", "once", "a")
		require.Contains(t, part.body, "3 licenses end at once. 7 stay.")
		require.Contains(t, part.body, "No room loses its cover.")
		require.Equal(t, rules.OrderFulfilled, w.order(o.ID).State)

		all := agent.post(path, "reason", "ordered twice", "once", "b")
		for _, text := range []string{
			"All 10 licenses of the order end at once.", "This room loses its cover: Sala 1, HQ.",
			"is withdrawn: " + packed.Name(), "They are told by mail:", "Ana Souza",
		} {
			require.Contains(t, all.body, text)
		}

		first := agent.confirmed(path, part)
		require.Contains(t, first.body, "The cancellation holds from now on.")
		require.Equal(t, orderPath(o.ID), agent.confirmed(path, part).path, "the same again is the same")
		cancellations, err := w.ListCancellations(w.system(), o.ID)
		require.NoError(t, err)
		require.Len(t, cancellations, 1)

		late := agent.confirmed(path, all)
		require.Equal(t, http.StatusPreconditionFailed, late.status)
		require.Contains(t, late.body, "All 7 licenses of the order end at once.")
		done := agent.confirmed(path, late)
		require.Equal(t, orderPath(o.ID), done.path)
		require.Contains(t, done.body, "canceled the order: “ordered twice”")
		require.Equal(t, rules.OrderCancelled, w.order(o.ID).State)
	})
}

func TestS12_TheConsoleAsksWhichRoomsLoseTheirLicense(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		f := formOf("PO-1", "Acme Ltda", "Revenda Sul")
		f.Lines[0].Quantity = 2
		o := w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), f)
		licences := w.Licences(t, o)
		w.Assigned(t, licences[0], w.Room(t, *o.AccountID, "Sala Azul"))
		w.Assigned(t, licences[1], w.Room(t, *o.AccountID, "Sala Verde"))
		agent := w.signedIn(byRole[rules.OperatorAgent])
		path := orderPath(o.ID) + "/cancel"

		asked := agent.post(path, "quantity", "1", "reason", "fewer", "once", "a")
		require.Equal(t, http.StatusUnprocessableEntity, asked.status)
		require.Contains(t, asked.body, "Too few licenses are free")
		require.Contains(t, asked.body, "Sala Verde")
		page := agent.post(path, "quantity", "1", "reason", "fewer", "once", "a", "licence", licences[1].ID)
		require.Contains(t, page.body, "This room loses its cover: Sala Verde")
		require.Equal(t, http.StatusOK, agent.confirmed(path, page, "licence", licences[1].ID).status)
		require.Equal(t, rules.OrderPartiallyCancelled, w.order(o.ID).State)
	})
}

func TestS13_AfterTheWindowAnOrderEndsAsGoodwillWithAReason(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		o := w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), formOf("PO-1", "Acme Ltda", "Revenda Sul"))
		agent := w.signedIn(byRole[rules.OperatorAgent])
		form := agent.post(orderPath(o.ID)+"/cancel", "reason", "fewer", "once", "a")
		w.Calendar.Set(storetest.Now.AddDate(0, 2, 0))
		path := orderPath(o.ID) + "/terminate"
		agent = w.signedIn(byRole[rules.OperatorAgent])
		require.Contains(t, agent.get(orderPath(o.ID)).body, `href="`+path+`"`)
		require.Contains(t, agent.confirmed(orderPath(o.ID)+"/cancel", form).body, "you end it as goodwill, without refund")
		require.Equal(t, rules.OrderFulfilled, w.order(o.ID).State)

		page := agent.get(path)
		require.Contains(t, page.body, "All 10 licenses of the order end at once.")
		require.Equal(t, http.StatusUnprocessableEntity, agent.confirmed(path, page).status, "a reason is asked for")
		done := agent.confirmed(path, page, "reason", "closed its offices")
		require.Equal(t, orderPath(o.ID), done.path)
		require.Equal(t, rules.OrderCancelled, w.order(o.ID).State)
		require.Equal(t, orderPath(o.ID), agent.confirmed(path, page, "reason", "closed its offices").path)
		require.Equal(t, http.StatusConflict, agent.get(path).status)
	})
}
