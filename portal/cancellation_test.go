package portal

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
)

// firstOrder is the only order of the world and its page of cancellation.
func (w *world) firstOrder() (order.Order, string) {
	w.t.Helper()
	all, _, err := w.ListOrders(w.Context, order.OrderFilter{})
	require.NoError(w.t, err)
	require.Len(w.t, all, 1)
	return all[0], "/service-orders/" + all[0].ID + "/cancellation"
}

func TestS7_AnAdministratorCancelsWithAReason(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, _ := w.admin()
		o, path := w.firstOrder()
		require.Contains(t, ana.get("/service-orders").body, `href="`+path+`"`)
		require.Contains(t, ana.post(path, "scope", "whole", "reason", "x").body, "cannot be undone")
		for _, reason := range []string{"", " ", strings.Repeat("x", 1001)} {
			r := ana.post(path, "scope", "whole", "reason", reason)
			require.Equal(t, 422, r.status)
			require.Contains(t, r.body, "reason-problem")
		}
		for range 2 { // the second is a double submit
			r := ana.post(path, "scope", "whole", "reason", strings.Repeat("é", 1000), "confirmed", "yes")
			require.Equal(t, "/service-orders", r.path)
			require.Contains(t, r.body, "already in effect")
			require.NotContains(t, r.body, path)
		}
		done, err := w.ListCancellations(w.Context, o.ID)
		require.NoError(t, err)
		require.Len(t, done, 1)
		require.Equal(t, rules.CustomerAdmin, done[0].Role)
		require.Equal(t, 409, ana.get(path).status)
	})
}

func TestR90a_TheWindowIsOpenToItsLastMinute(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	o, path := w.firstOrder()
	w.Calendar.Set(o.CancellableUntil)
	require.NotContains(t, ana.get("/service-orders").body, path)
	for _, r := range []reply{ana.get(path), ana.post(path, "scope", "whole", "reason", "late", "confirmed", "yes")} {
		require.Equal(t, 409, r.status)
		require.Contains(t, r.body, "The cancellation period has ended")
		require.NotContains(t, r.body, "already in effect", "no message of success on a refusal")
	}
	w.Calendar.Set(o.CancellableUntil.Add(-time.Minute))
	require.Contains(t, ana.get("/service-orders").body, path)
	require.Equal(t, 200, ana.get(path).status)
	require.Equal(t, "/service-orders", ana.post(path, "scope", "whole", "reason", "in time", "confirmed", "yes").path)
}

func TestS12_PartOfAnOrderIsCancelledOnce(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	o, path := w.firstOrder()
	for _, n := range []string{"0", "-1", "11", "1.5", "ten"} {
		r := ana.post(path, "scope", "part", "quantity", n, "reason", "fewer rooms")
		require.Equal(t, 422, r.status, n)
		require.Contains(t, r.body, "quantity-problem")
	}
	for range 2 {
		require.Equal(t, "/service-orders",
			ana.post(path, "scope", "part", "quantity", "3", "reason", "fewer rooms", "once", "form-1", "confirmed", "yes").path)
	}
	done, err := w.ListCancellations(w.Context, o.ID)
	require.NoError(t, err)
	require.Len(t, done, 1, "a double submit is one request")
	require.EqualValues(t, 3, done[0].Quantity)
	require.NoError(t, w.Exec("UPDATE licences SET state = 'ASSIGNED' WHERE state = 'AVAILABLE' AND seq <= 6"))
	r := ana.post(path, "scope", "part", "quantity", "5", "reason", "fewer rooms")
	require.Equal(t, 409, r.status)
	require.Contains(t, r.body, "assigned to rooms")
}

// What ends is what the page said, or nothing: once something else would, the page says so first.
func TestS8_ACancellationIsAsItWasRead(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	o, path := w.firstOrder()
	read := func(pairs ...string) []string {
		form := formOn(t, ana.post(path, pairs...).body, path)
		require.NotEmpty(t, form["seen"])
		return append(pairs, "seen", form["seen"][0], "confirmed", "yes")
	}
	first := read("scope", "part", "quantity", "3", "reason", "fewer rooms", "once", "form-1")
	second := read("scope", "whole", "reason", "all", "once", "form-2")
	require.Equal(t, "/service-orders", ana.post(path, first...).path)
	require.Equal(t, "/service-orders", ana.post(path, first...).path, "the same again is the same")

	late := ana.post(path, second...)
	require.Equal(t, 412, late.status)
	require.Contains(t, late.body, "Something has changed since you read this.")
	done, err := w.ListCancellations(w.Context, o.ID)
	require.NoError(t, err)
	require.Len(t, done, 1)
	now := formOn(t, late.body, path)["seen"][0]
	require.Equal(t, "/service-orders", ana.post(path, "scope", "whole", "reason", "all",
		"once", "form-2", "seen", now, "confirmed", "yes").path)
}

func TestR42_READ_ONLYCancelsNothing(t *testing.T) {
	w := newWorld(t)
	_, inv := w.admin()
	_, path := w.firstOrder()
	bruno := w.member(inv.AccountID, "bruno@acme.example", identity.RoleReadOnly)
	require.NotContains(t, bruno.get("/service-orders").body, "/cancellation")
	require.Equal(t, 403, bruno.get(path).status)
	require.Equal(t, 403, bruno.post(path, "reason", "x").status)
}

func TestC5_AForeignOrderCannotBeCancelled(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, w *world) {
		w.admin()
		o, path := w.firstOrder()
		gil, _ := w.site("gil@globex.example")
		missing := "/service-orders/ord_missing/cancellation"
		require.Equal(t, 404, gil.get(path).status)
		r := gil.post(path, "scope", "whole", "reason", "x", "confirmed", "yes")
		require.Equal(t, 404, r.status)
		require.NotContains(t, r.body, "already in effect", "no message of success on a refusal")
		require.Equal(t, 404, gil.post(missing, "scope", "whole", "reason", "x", "confirmed", "yes").status)
		require.Contains(t, gil.get(path).body, "Page not found")
		require.Contains(t, gil.get(missing).body, "Page not found")
		after, err := w.GetOrder(w.Context, o.ID)
		require.NoError(t, err)
		require.Equal(t, rules.OrderFulfilled, after.State)
	})
}

// What ends beside the licenses is named before the button; afterwards the orders say what is
// left of what was bought, and until when it held.
func TestS10_ThePageNamesWhatEndsWithAnOrder(t *testing.T) {
	w := newWorld(t)
	c, eva, _ := w.covered()
	packed := w.Approved(w.t, c)
	path := "/service-orders/" + c.Order.ID + "/cancellation"
	require.Contains(t, says(eva.post(path, "scope", "whole", "reason", "x").body),
		"This replacement, which has not been sent yet, is canceled: "+packed.Number+".")
	require.NotContains(t, says(eva.post(path, "scope", "part", "quantity", "2", "reason", "x").body),
		packed.Number)

	eva.post(path, "scope", "part", "quantity", "2", "reason", "x", "confirmed", "yes")
	require.Contains(t, eva.get("/service-orders").body, `8 <span class="faint small">of 10 ordered</span>`)
	ended := `data-label="End">25 November 2026</td>`
	require.NotContains(t, eva.get("/service-orders").body, ended)
	eva.post(path, "scope", "whole", "reason", "x", "confirmed", "yes")
	require.Contains(t, eva.get("/service-orders").body, ended, "not the end of its term")
}
