package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
)

// A person reads first what the order waits for, and then who did what: ours filled, others'
// hollow.
func TestS55_AnOrderSaysWhatItWaitsForAndWhatHappened(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		sul := w.Reseller(t, "Revenda Sul")
		o := w.Fulfilled(t, sul, formOf("PO-1", "Acme Ltda", "Revenda Sul"))
		held := w.Accept(t, w.unauthorised("Revenda Norte"), formOf("PO-2", "Globex S.A.", "Revenda Norte"))
		b := w.signedIn(byRole[rules.OperatorManager])

		page := b.get(orderPath(o.ID))
		require.Equal(t, http.StatusOK, page.status)
		for _, text := range []string{
			"PO-1 · Acme Ltda", "Fulfilled", "the order can be canceled until", "an operator can cancel all or part",
			"Revenda Sul", *o.VendorOrderNo, "SELECT-3Y", "3 years", "Waiting to start", "at the latest",
			"ana@acme.example", "Being sent", "Waiting to be sent", "fulfilled the order", "invited somebody",
		} {
			require.Contains(t, page.body, text)
		}
		review := b.get(orderPath(held.ID)).body
		require.Contains(t, review, "Waiting for an operator to accept or reject the order by")
		require.Regexp(t, `(?s)<li class="us">\s*<span><b>Logitech Select</b>: held the order for review`, review,
			"the seller does not hold its own order")
		require.Contains(t, page.body, "<b>Logitech Select</b>: accepted the order")
		for _, path := range []string{
			processesPath, processesPath + "?q=po-2", processesPath + "?q=globex", queuePath,
			processPath(processes.Order, held.ID),
		} {
			body := b.get(path).body
			require.Contains(t, body, "Globex S.A.", "whose order waits: %s", path)
			if strings.Contains(path, "?q=") {
				require.Equal(t, 1, strings.Count(body, `class="row"`), path)
			}
		}

		w.Calendar.Set(storetest.Now.AddDate(0, 2, 0))
		require.Contains(t, b.get(orderPath(o.ID)).body, "the time in which it could be canceled ended on")
		require.Equal(t, http.StatusNotFound, b.get(orderPath("ord_none")).status)
		b.lang = "pt-BR"
		require.Equal(t, http.StatusOK, b.get(orderPath(o.ID)).status)
	})
}

func TestBudget_AnOrderWithFullLists(t *testing.T) {
	w := issuerWorld(t)
	sul := w.Reseller(t, "Revenda Sul")
	f := formOf("PO-1", "Acme Ltda", "Revenda Sul")
	f.Lines[0].Quantity = 100
	for range 20 {
		f.Lines = append(f.Lines, f.Lines[0])
	}
	o := w.Fulfilled(t, sul, f)
	for range 40 {
		_, c, err := w.CancelOrder(storetest.Operator(), o.ID, order.CancelRequest{Quantity: 3, Reason: "fewer"})
		require.NoError(t, err)
		_, err = w.CompensateCancellation(w.Context, c.ID)
		require.NoError(t, err)
		w.raise("PROCESS_STUCK", o.ID)
	}
	b := w.signedIn(byRole[rules.OperatorAgent])
	require.Contains(t, w.withinBudget(b, orderPath(o.ID)).body, "canceled a part of the order")
}
