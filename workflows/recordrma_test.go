//go:build record

package workflows_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// TestRecordRMAHistories records the golden histories of RMAs: one that is ordinary,
// and one whose unit never comes back.
func TestRecordRMAHistories(t *testing.T) {
	address := os.Getenv(recordAddress)
	require.NotEmpty(t, address, "%s must name a Temporal server", recordAddress)
	t.Run("ordinary", func(t *testing.T) { recordOrdinaryRMA(t, newStudioAt(t, address, 20*time.Second)) }) // no timer fires meanwhile
	t.Run("billed", func(t *testing.T) { recordBilledRMA(t, newStudio(t, address)) })
}

func recordOrdinaryRMA(t *testing.T, s *studio) {
	c := s.covered("Acme Ltda", "SN-100")
	time.Sleep(20500 * time.Millisecond) // a day of the calendar: the serial is known
	r := s.requested(c)
	id := "rma/" + r.ID
	quiet := func(mails int) { s.history(id, settled(mails)) }
	quiet(1)
	s.step(s.db.ApproveRMA(storetest.Operator(), r.ID, models.RMAApproval{DefectConfirmed: true}))
	quiet(2)
	s.step(s.db.AllocateRMA(storetest.Operator(), r.ID, ""))
	s.step(s.db.ShipRMA(storetest.Operator(), r.ID, models.RMAShipment{Serial: "NEW-100"}))
	quiet(3)
	s.step(s.db.RecordRMAFact(s.db.Context, r.ID, rules.FactPickedUp, time.Time{}))
	s.step(s.db.RecordRMAFact(s.db.Context, r.ID, rules.FactDelivered, time.Time{}))
	quiet(4)
	s.step(s.db.RecordRMAFact(s.db.Context, r.ID, rules.FactReturnScanned, time.Time{}))
	s.history(id, signalled(4))
	s.step(s.db.ReceiveRMA(storetest.Operator(), r.ID))
	s.step(s.db.InspectRMA(storetest.Operator(), r.ID, models.RMAInspection{Serial: "SN-100", Outcome: rules.OutcomeDefect}))
	s.save("rma_ordinary", id, closed)
}

func recordBilledRMA(t *testing.T, s *studio) {
	c := s.covered("Beta SA", "SN-200")
	time.Sleep(2200 * time.Millisecond)
	late := s.requested(c)
	s.step(s.db.ApproveRMA(storetest.Operator(), late.ID, models.RMAApproval{DefectConfirmed: true}))
	s.step(s.db.AllocateRMA(storetest.Operator(), late.ID, ""))
	s.step(s.db.ShipRMA(storetest.Operator(), late.ID, models.RMAShipment{Serial: "NEW-200"}))
	s.step(s.db.RecordRMAFact(s.db.Context, late.ID, rules.FactDelivered, time.Time{}))
	require.Eventually(t, func() bool {
		r, err := s.db.GetRMA(s.db.Context, late.ID)
		return err == nil && r.FeeAskedAt != nil
	}, 3*time.Minute, 50*time.Millisecond)
	s.step(s.db.BillRMA(storetest.Operator(), late.ID, ""))
	s.save("rma_billed", "rma/"+late.ID, closed)
}

func (s *studio) step(_ models.RMA, err error) {
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

// signalled: so many signals were taken, the last of which ended the waiting.
func signalled(signals int) func([]*historypb.HistoryEvent) bool {
	return func(events []*historypb.HistoryEvent) bool {
		n := 0
		for _, e := range events {
			if e.EventType == enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED {
				n++
			}
		}
		return n == signals && events[len(events)-1].EventType == enums.EVENT_TYPE_TIMER_CANCELED // its last command
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
	_, _, err = s.db.AcceptInvitation(s.db.Context, models.Acceptance{InvitationID: inv.ID, Email: inv.Email, Name: "Ana Souza", PasswordHash: "x"})
	require.NoError(s.t, err)
	c.Site = s.db.Site(s.t, c.Account, "HQ", "BR", "SP")
	c.Room = s.db.Room(s.t, c.Account, "Sala 1")
	s.db.Assigned(s.t, s.db.Licences(s.t, o)[0], c.Room)
	c.Device = s.db.Device(s.t, c.Room, serial, "RALLY-BAR", "2026-06-01")
	return c
}

func (s *studio) requested(c storetest.Covered) models.RMA {
	s.t.Helper()
	r, err := s.db.RequestRMA(storetest.Operator(), models.NewRMA{Serial: *c.Device.Serial, Fault: "No picture"})
	require.NoError(s.t, err)
	return r
}
