//go:build record

package workflows_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"

	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/spare"
)

// TestRecordSpareHistories records the golden histories of a spare unit: from earned
// to on site, used and replenished, and a recall that is billed. Each is a run of its
// own, since a unit at rest has no workflow.
func TestRecordSpareHistories(t *testing.T) {
	address := os.Getenv(recordAddress)
	require.NotEmpty(t, address, "%s must name a Temporal server", recordAddress)
	s := newStudio(t, address)
	c := s.covered("Acme Ltda", "SN-300")
	form := s.form("PO-50", "Acme Ltda")
	form.Lines[0].Quantity = 50
	o := s.db.Accept(t, s.db.Reseller(t, "Revenda Sul"), form)
	s.history("order/"+o.ID, waits)
	u := s.db.Units(t, c.Account)[0]
	id := "spare/" + u.ID

	u = s.db.Agreed(t, c, u)
	s.history(id, settled(1))
	s.db.OnSite(t, u, "SP-300")
	s.save("spare_on_site", id, closed)
	first := s.run(id)

	time.Sleep(2200 * time.Millisecond) // a day of the calendar: the serial is known
	r := s.requested(c)
	_, err := s.db.UseSpare(storetest.Customer(c.Account), r.ID, u.ID)
	require.NoError(t, err)
	s.step(s.db.ApproveRMA(storetest.Operator(), r.ID, replacement.RMAApproval{DefectConfirmed: true}))
	s.db.OnSite(t, u, "SP-301")
	s.save("spare_replenished", id, closedAfter(first))
	second := s.run(id)

	_, _, err = s.db.CancelOrder(storetest.Operator(), o.ID, order.CancelRequest{Reason: "not needed"})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		unit, err := s.db.GetSpareUnit(s.db.Context, u.ID)
		return err == nil && unit.FeeAskedAt != nil
	}, 3*time.Minute, 50*time.Millisecond)
	unit, err := s.db.BillSpare(storetest.Operator(), u.ID, "")
	require.NoError(t, err)
	require.Equal(t, spare.SpareBilled, unit.State)
	s.save("spare_billed", id, closedAfter(first, second))
}

// run is the id of a workflow's last run.
func (s *studio) run(id string) string { return runOf(s.history(id, closed).Events) }

func runOf(events []*historypb.HistoryEvent) string {
	return events[0].GetWorkflowExecutionStartedEventAttributes().GetOriginalExecutionRunId()
}

// closedAfter: a run has ended that is none of those.
func closedAfter(runs ...string) func([]*historypb.HistoryEvent) bool {
	return func(events []*historypb.HistoryEvent) bool {
		return closed(events) && !slices.Contains(runs, runOf(events))
	}
}
