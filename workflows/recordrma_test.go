//go:build record

package workflows_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// TestRecordRMAHistories records the golden histories of RMAs: one that is ordinary,
// and one whose unit never comes back.
func TestRecordRMAHistories(t *testing.T) {
	address := os.Getenv(recordAddress)
	require.NotEmpty(t, address, "%s must name a Temporal server", recordAddress)
	// no timer fires meanwhile
	t.Run("ordinary", func(t *testing.T) { recordOrdinaryRMA(t, newStudioAt(t, address, 20*time.Second)) })
	t.Run("longest", func(t *testing.T) { recordLongestRMA(t, newStudio(t, address)) })
	t.Run("billed", func(t *testing.T) { recordBilledRMA(t, newStudio(t, address)) })
}

// recordOrdinaryRMA goes by the carrier both ways: nobody gives a command between the
// approval, which allocates, and the inspection but the warehouse, which ships.
func recordOrdinaryRMA(t *testing.T, s *studio) {
	s.stock("RALLY-BAR")
	c := s.covered("Acme Ltda", "SN-100")
	time.Sleep(20500 * time.Millisecond) // a day of the calendar: the serial is known
	r := s.requested(c)
	id := "rma/" + r.ID
	quiet := func(activities int) { s.history(id, settled(activities)) }
	quiet(1)
	s.step(s.db.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true}))
	quiet(3) // its mails, and the carrier
	s.step(s.db.ShipRMA(storetest.Operator(), r.ID, replacement.RMAShipment{Serial: "NEW-100"}))
	quiet(4)
	out, back := s.parcel(r.ID, shipping.ShipOut), s.parcel(r.ID, shipping.ShipReturn)
	s.scanned(out, carrier.PickedUp)
	s.scanned(out, carrier.Delivered)
	quiet(5)
	s.scanned(back, carrier.PickedUp)
	s.scanned(back, carrier.Delivered)
	s.step(s.db.InspectRMA(storetest.Operator(), r.ID, replacement.RMAInspection{
		Serial:  "SN-100",
		Outcome: rma.OutcomeDefect,
	}))
	s.save("rma_ordinary", id, closed)
}

// stock makes a depot with some units of a model.
func (s *studio) stock(model string) {
	s.t.Helper()
	d, err := s.db.PutDepot(storetest.Operator(), shipping.DepotForm{
		Code:    "BR-1",
		Name:    "Depot",
		Street:  "Rua A 1",
		City:    "Campinas",
		Country: "BR",
	})
	require.NoError(s.t, err)
	_, err = s.db.ReceiveStock(storetest.Operator(), logistics.StockMove{
		DepotID:   d.ID,
		ModelCode: model,
		Quantity:  5,
		Cause:     "note",
	})
	require.NoError(s.t, err)
}

// parcel is the tracking number of an RMA's booked parcel.
func (s *studio) parcel(id string, d shipping.ShipmentDirection) string {
	s.t.Helper()
	all, _, err := s.db.ListShipments(s.db.Context, logistics.ShipmentFilter{SubjectID: id, Direction: d})
	require.NoError(s.t, err)
	require.Len(s.t, all, 1)
	return *all[0].Tracking
}

// scanned has the carrier scan a parcel now and tell it, as its webhook does.
func (s *studio) scanned(tracking, kind string) {
	s.t.Helper()
	require.NoError(s.t, s.sim.Scan(tracking, kind))
	known, err := s.sim.Track(context.Background(), tracking)
	require.NoError(s.t, err)
	for _, e := range known.Events {
		_, err := s.db.ReceiveCarrierEvent(s.db.Context, logistics.NewCarrierEvent{
			Carrier:    "sim",
			EventID:    e.EventID,
			Tracking:   e.Tracking,
			Kind:       e.Kind,
			OccurredAt: e.OccurredAt,
			Raw:        []byte("{}"),
		})
		require.NoError(s.t, err)
	}
}

func recordBilledRMA(t *testing.T, s *studio) {
	c := s.covered("Beta SA", "SN-200")
	time.Sleep(2200 * time.Millisecond)
	late := s.requested(c)
	s.step(s.db.ApproveRMA(storetest.Operator(), late.ID, replacement.RMAApproval{DefectConfirmed: true}))
	s.step(s.db.AllocateRMA(storetest.Operator(), late.ID, ""))
	s.step(s.db.ShipRMA(storetest.Operator(), late.ID, replacement.RMAShipment{Serial: "NEW-200"}))
	s.step(s.db.RecordRMAFact(s.db.Context, late.ID, rma.FactDelivered, time.Time{}))
	require.Eventually(t, func() bool {
		r, err := s.db.GetRMA(s.db.Context, late.ID)
		return err == nil && r.FeeAskedAt != nil
	}, 3*time.Minute, 50*time.Millisecond)
	s.step(s.db.BillRMA(storetest.Operator(), late.ID, ""))
	s.save("rma_billed", "rma/"+late.ID, closed)
}

// recordLongestRMA takes an RMA by every detour: rejected and appealed, not in stock, late, its
// parcel silent and declared lost, another one sent, a wrong unit returned after all reminders,
// then nothing returned until it is overdue, and a bill.
func recordLongestRMA(t *testing.T, s *studio) {
	c := s.covered("Gama SA", "SN-300")
	time.Sleep(2200 * time.Millisecond)
	agent, r := storetest.Operator(), s.requested(c)
	id := r.ID
	after := func(what string, done func(r replacement.RMA) bool) {
		require.Eventually(t, func() bool {
			r, err := s.db.GetRMA(s.db.Context, id)
			return err == nil && done(r)
		}, 3*time.Minute, 50*time.Millisecond, what)
	}
	s.step(s.db.RejectRMA(agent, id, replacement.RMARejection{Code: "NO_DEFECT", Reason: "it works here"}))
	s.history("rma/"+id, closed)
	s.step(s.db.AppealRMA(agent, id, "it does not there"))
	s.step(s.db.ApproveRMA(agent, id, replacement.RMAApproval{DefectConfirmed: true}))
	s.step(s.db.BackorderRMA(agent, id,
		replacement.RMABackorder{ExpectedOn: s.db.Clock().Now().AddDate(0, 0, 10).Format(time.DateOnly)}))
	after("breach", func(r replacement.RMA) bool { return r.BreachedAt != nil })
	s.stock("RALLY-BAR")
	s.step(s.db.AllocateRMA(agent, id, ""))
	s.step(s.db.ShipRMA(agent, id, replacement.RMAShipment{Serial: "NEW-300"}))
	after("silence", func(r replacement.RMA) bool { return r.SilenceAskedAt != nil })
	s.step(s.db.ReshipRMA(agent, id, "lost"))
	s.step(s.db.ShipRMA(agent, id, replacement.RMAShipment{Serial: "NEW-301"}))
	s.step(s.db.RecordRMAFact(s.db.Context, id, rma.FactDelivered, time.Time{}))
	after("reminders", func(r replacement.RMA) bool { return r.RemindersSent >= 3 })
	s.step(s.db.RecordRMAFact(s.db.Context, id, rma.FactReturnScanned, time.Time{}))
	s.step(s.db.ReceiveRMA(agent, id))
	s.step(s.db.InspectRMA(agent, id, replacement.RMAInspection{Serial: "SN-999", Outcome: rma.OutcomeWrongUnit}))
	after("fee", func(r replacement.RMA) bool { return r.FeeAskedAt != nil })
	s.step(s.db.BillRMA(agent, id, ""))
	s.save("rma_longest", "rma/"+id, closed)
}

func (s *studio) step(_ replacement.RMA, err error) {
	s.t.Helper()
	require.NoError(s.t, err)
}

// settled: so many activities are done and nothing is under way.
func settled(activities int) func([]*historypb.HistoryEvent) bool {
	return func(events []*historypb.HistoryEvent) bool {
		n := 0
		for _, e := range events {
			if e.EventType == enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED {
				n++
			}
		}
		return n == activities && events[len(events)-1].EventType == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
	}
}

// covered is storetest's Covered on the fast calendar.
func (s *studio) covered(company, serial string) storetest.Covered {
	s.t.Helper()
	var c storetest.Covered
	c.Order = s.db.Accept(s.t, s.db.Reseller(s.t, "Revenda Sul"), s.form("PO-"+serial, company))
	s.history("order/"+c.Order.ID, waits)
	inv := s.db.InvitationOf(s.t, c.Order.ID)
	o, err := s.db.GetOrder(s.db.Context, c.Order.ID)
	require.NoError(s.t, err)
	c.Account = *o.AccountID
	_, _, err = s.db.AcceptInvitation(s.db.Context, identity.Acceptance{
		InvitationID: inv.ID,
		Email:        inv.Email,
		Name:         "Ana Souza",
		PasswordHash: "x",
	})
	require.NoError(s.t, err)
	c.Site = s.db.Site(s.t, c.Account, "HQ", "BR", "SP")
	c.Room = s.db.Room(s.t, c.Account, "Sala 1")
	s.db.Assigned(s.t, s.db.Licences(s.t, o)[0], c.Room)
	c.Device = s.db.Device(s.t, c.Room, serial, "RALLY-BAR", "2026-06-01")
	return c
}

func (s *studio) requested(c storetest.Covered) replacement.RMA {
	s.t.Helper()
	r, err := s.db.RequestRMA(storetest.Operator(), replacement.NewRMA{Serial: *c.Device.Serial, Fault: "No picture"})
	require.NoError(s.t, err)
	return r
}
