package order_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// cancelTown is one customer with orders, rooms, replacements, a spare and people, of which a
// property test cancels at random.
type cancelTown struct {
	storetest.Env
	t      *testing.T
	n      int
	orders []order.Order
}

// settle makes the customer, with whatever the draw has of each thing.
func (w *cancelTown) settle(rt *rapid.T) {
	company := storetest.Company(w.n)
	email := fmt.Sprintf("ana@c%d.example", w.n)
	serial := fmt.Sprintf("SN-%d", w.n)
	sul := w.Reseller(w.t, "Revenda Sul")
	form := func(po int, quantity int64) order.Order {
		f := storetest.FormFor(fmt.Sprintf("PO-%d-%d", w.n, po), company, email)
		f.Reseller.Email = fmt.Sprintf("r@s%d.example", w.n) // each address has its own bound of a day
		f.Distributor.Email = fmt.Sprintf("d@s%d.example", w.n)
		f.Lines[0].Quantity = quantity
		if rapid.Bool().Draw(rt, "two lines") {
			f.Lines = append(f.Lines, f.Lines[0])
			f.Lines[1].Quantity = 2
		}
		return w.Fulfilled(w.t, sul, f)
	}

	first := form(1, rapid.Int64Range(3, 12).Draw(rt, "first"))
	w.orders = []order.Order{first}
	c := storetest.Covered{Order: first, Account: *first.AccountID}
	joined := rapid.Bool().Draw(rt, "joined")
	if joined {
		c.Admin, _ = w.Join(w.t, w.InvitationOf(w.t, first.ID))
	}
	c.Site = w.Site(w.t, c.Account, "HQ", "BR", "SP")
	c.Room = w.Room(w.t, c.Account, "Sala 1")
	licences := w.Licences(w.t, first)
	w.Assigned(w.t, licences[0], c.Room)
	if rapid.Bool().Draw(rt, "second room") {
		w.Assigned(w.t, licences[1], w.Room(w.t, c.Account, "Sala 2"))
	}
	c.Device = w.Device(w.t, c.Room, serial, "RALLY-BAR", "2026-06-01")
	w.Calendar.Set(w.Calendar.Now().Add(48 * time.Hour))

	if rapid.Bool().Draw(rt, "second order") {
		w.orders = append(w.orders, form(2, rapid.Int64Range(45, 60).Draw(rt, "second")))
	}
	if units := w.Units(w.t, c.Account); joined && len(units) > 0 {
		switch rapid.SampledFrom([]string{"earned", "agreed", "on site"}).Draw(rt, "spare") {
		case "agreed":
			w.Agreed(w.t, c, units[0])
		case "on site":
			w.OnSite(w.t, w.Agreed(w.t, c, units[0]), "SP-"+serial)
		}
	}
	if joined {
		switch rapid.SampledFrom([]string{"none", "approved", "shipped", "delivered"}).Draw(rt, "replacement") {
		case "approved":
			w.Approved(w.t, c)
		case "shipped":
			w.Shipped(w.t, c)
		case "delivered":
			w.DeliveredRMA(w.t, c)
		}
	}
}

// request draws what is cancelled of an order, with the licences in rooms that are named.
func (w *cancelTown) request(rt *rapid.T, o order.Order) order.CancelRequest {
	r := order.CancelRequest{Reason: "fewer", Quantity: rapid.IntRange(0, 14).Draw(rt, "quantity")}
	left, err := w.CancellableLicences(storetest.Operator(), o.ID)
	require.NoError(rt, err)
	for _, l := range left {
		if l.Assigned && len(r.LicenceIDs) < r.Quantity && rapid.Bool().Draw(rt, "named") {
			r.LicenceIDs = append(r.LicenceIDs, l.ID)
		}
	}
	return r
}

// tooMany asks for one licence more than the order has.
func (w *cancelTown) tooMany(o order.Order) order.CancelRequest {
	left, err := w.CancellableLicences(storetest.Operator(), o.ID)
	require.NoError(w.t, err)
	return order.CancelRequest{Reason: "fewer", Quantity: len(left) + 1}
}

// cancelFacts are what stands in the rows, each as a list of what has happened so far.
var cancelFacts = map[string]string{
	"licences":    "SELECT id FROM licences WHERE state = 'REVOKED'",
	"bare rooms":  "SELECT r.name || ', ' || r.site || '/' || a.id FROM licence_assignments a JOIN rooms r ON r.id = a.room_id WHERE a.to_at IS NOT NULL",
	"withdrawn":   "SELECT COALESCE(number, id) FROM rmas WHERE state = 'WITHDRAWN'",
	"voided":      "SELECT COALESCE(number, id) FROM spare_units WHERE state = 'VOIDED'",
	"recalled":    "SELECT COALESCE(number, id) FROM spare_units WHERE state = 'RECALL_REQUESTED'",
	"invitations": "SELECT email || '/' || id FROM invitations WHERE state = 'REVOKED'",
	"questions":   "SELECT email || '/' || id FROM contact_questions WHERE withdrawn_at IS NOT NULL",
	"mails":       "SELECT recipient || '/' || id FROM notifications WHERE template = 'order_cancelled'",
}

func (w *cancelTown) facts() map[string][]string {
	all := map[string][]string{}
	for name, query := range cancelFacts {
		all[name] = w.Strings(w.t, query)
	}
	return all
}

// happened is what the facts have more than before, without the ids that keep them apart.
func happened(before, after map[string][]string) map[string][]string {
	fresh := map[string][]string{}
	for name, rows := range after {
		fresh[name] = []string{}
		for _, row := range rows {
			if !slices.Contains(before[name], row) {
				text, _, _ := strings.Cut(row, "/")
				fresh[name] = append(fresh[name], text)
			}
		}
		slices.Sort(fresh[name])
	}
	return fresh
}

// announced is the preview in the words of the facts.
func announced(p order.CancellationPreview) map[string][]string {
	said := map[string][]string{
		"bare rooms":  p.Rooms(),
		"withdrawn":   p.Ended.Replacements,
		"voided":      p.Ended.Voided,
		"recalled":    p.Ended.Recalled,
		"invitations": p.Invitations,
		"questions":   p.Questions,
	}
	for _, l := range p.Gone {
		said["licences"] = append(said["licences"], l.ID)
	}
	if !p.MailHeld {
		for _, r := range p.Told {
			said["mails"] = append(said["mails"], r.Email)
		}
	}
	for name := range cancelFacts {
		said[name] = append([]string{}, said[name]...)
		slices.Sort(said[name])
	}
	return said
}

// What people read before the button is what happens after it: whatever the customer has, and
// whatever is cancelled of it, in whole, in part, or as an operator's goodwill.
func TestR90_S8_S9_S10_S11_S12_ThePreviewOfACancellationIsWhatHappens(t *testing.T) {
	storetest.Checks(t, 6, 200)
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.Reseller(t, "Revenda Sul")
		storetest.Stocked(t, env, "GRU", "BR", "RALLY-BAR", 10_000)
		n, done, refused := 0, 0, 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			w := &cancelTown{Env: env, t: t, n: n}
			w.settle(rt)
			try := func(o order.Order, r order.CancelRequest, goodwill bool) {
				will, refusal := env.PreviewCancellation(storetest.Operator(), o.ID, r)
				if goodwill {
					will, refusal = env.PreviewTermination(storetest.Operator(), o.ID)
				}
				before := w.facts()
				var c order.OrderCancellation
				var err error
				if goodwill {
					_, c, err = env.TerminateOrder(storetest.Operator(), o.ID, order.Termination{Reason: r.Reason})
				} else {
					_, c, err = env.CancelOrder(storetest.Operator(), o.ID, r)
				}
				if refusal != nil {
					if rules.CodeOf(refusal) != rules.StateConflict { // the same again answers with what was done
						require.Equal(rt, rules.CodeOf(refusal), rules.CodeOf(err))
					}
					require.Equal(rt, before, w.facts(), "nothing happens")
					refused++
					return
				}
				require.NoError(rt, err)
				_, err = env.CompensateCancellation(env.Context, c.ID)
				require.NoError(rt, err)

				require.Equal(rt, announced(will), happened(before, w.facts()))
				require.Equal(rt, will.Whole, c.Whole)
				left, err := env.CancellableLicences(storetest.Operator(), o.ID)
				require.NoError(rt, err)
				require.Len(rt, left, will.Left)
				all, free, err := env.CountCancellable(storetest.Operator(), o.ID)
				require.NoError(rt, err)
				require.EqualValues(rt, len(left), all)
				inRooms := order.CancellationPreview{Gone: left}.Rooms()
				require.EqualValues(rt, len(left)-len(inRooms), free)
				for _, number := range will.GoOn {
					require.Zero(rt, env.Count(t, "SELECT count(*) FROM rmas WHERE closed_at IS NOT NULL AND number = '"+number+"'"))
				}
				done++
			}

			try(w.orders[0], w.tooMany(w.orders[0]), false) // a refusal for certain, whatever is drawn
			for range rapid.IntRange(1, 4).Draw(rt, "cancellations") {
				o := rapid.SampledFrom(w.orders).Draw(rt, "order")
				try(o, w.request(rt, o), rapid.IntRange(0, 5).Draw(rt, "goodwill") == 0)
			}
			try(w.orders[0], order.CancelRequest{Reason: "goodwill"}, true) // what is left, if anything
		})
		require.Positive(t, done)
		require.Positive(t, refused)
	})
}

// What ends is what was read, or nothing: once something else would end, the request that was
// decided on the earlier preview is refused, and one that was done answers as it did.
func TestR90_S13_ACancellationIsAsItWasSeen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		for name, as := range map[string]context.Context{
			"an administrator": storetest.Customer(c.Account),
			"an operator":      storetest.Operator(),
		} {
			will, err := env.PreviewCancellation(as, c.Order.ID, order.CancelRequest{Quantity: 2})
			require.NoError(t, err)
			ended, err := env.PreviewTermination(storetest.Operator(), c.Order.ID)
			require.NoError(t, err)

			// Another of its licences covers a room by now.
			room := env.Room(t, c.Account, "Sala of "+name)
			last := will.Gone[0].ID
			for _, l := range env.Licences(t, c.Order) {
				if l.ID == last {
					env.Assigned(t, l, room)
				}
			}

			two := order.CancelRequest{Quantity: 2, Reason: "fewer", Once: name, Seen: will.Seen()}
			_, _, err = env.CancelOrder(as, c.Order.ID, two)
			storetest.RequireCode(t, rules.VersionMismatch, err)
			_, _, err = env.TerminateOrder(storetest.Operator(), c.Order.ID,
				order.Termination{Reason: "goodwill", Seen: ended.Seen()})
			storetest.RequireCode(t, rules.VersionMismatch, err)

			will, err = env.PreviewCancellation(as, c.Order.ID, order.CancelRequest{Quantity: 2})
			require.NoError(t, err)
			two.Seen = will.Seen()
			for range 2 { // the same again is the same
				_, _, err = env.CancelOrder(as, c.Order.ID, two)
				require.NoError(t, err, name)
			}
		}
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM order_cancellations"))

		ended, err := env.PreviewTermination(storetest.Operator(), c.Order.ID)
		require.NoError(t, err)
		_, _, err = env.TerminateOrder(storetest.Operator(), c.Order.ID,
			order.Termination{Reason: "goodwill", Seen: ended.Seen()})
		require.NoError(t, err)
		env.AuditHolds(t)
	})
}
