//go:build record

package workflows_test

import (
	"database/sql"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
)

// TestRecordStuckHistories records what happens while a step waits for an operator: the
// row is hidden, so that the step is refused, and appears again before the change that
// makes it go on.
func TestRecordStuckHistories(t *testing.T) {
	address := os.Getenv(recordAddress)
	require.NotEmpty(t, address, "%s must name a Temporal server", recordAddress)
	t.Run("replacement", func(t *testing.T) { recordStuckRMA(t, newStudio(t, address)) })
	t.Run("invitation", func(t *testing.T) { recordStuckInvitation(t, newStudio(t, address)) })
}

func recordStuckRMA(t *testing.T, s *studio) {
	agent := storetest.Operator()
	c := s.covered("Gama SA", "SN-400")
	time.Sleep(2200 * time.Millisecond) // a day of the calendar: the serial is known
	r := s.requested(c)
	s.history("rma/"+r.ID, settled(1))
	s.step(s.db.ApproveRMA(agent, r.ID, replacement.RMAApproval{DefectConfirmed: true}))

	show := s.hide("rmas", r.ID)
	s.history("rma/"+r.ID, asksForHelp)
	show()

	s.stock("RALLY-BAR")
	s.step(s.db.AllocateRMA(agent, r.ID, ""))
	s.step(s.db.WithdrawRMA(agent, r.ID, "mended"))
	s.save("rma_stuck", "rma/"+r.ID, closed)
}

func recordStuckInvitation(t *testing.T, s *studio) {
	o := s.db.Accept(t, s.db.Reseller(t, "Revenda Sul"), s.form("PO-9", "Foco SA"))
	s.history("order/"+o.ID, waits)
	inv := s.db.InvitationOf(t, o.ID)
	s.history("invitation/"+inv.ID, waits)

	show := s.hide("invitations", inv.ID)
	s.history("invitation/"+inv.ID, asksForHelp)
	show()

	s.commitCancel(o.ID, 0)
	s.save("invitation_stuck", "invitation/"+inv.ID, closed)
}

// hide gives a row another id until show is called. The connection of its own checks no
// foreign keys.
func (s *studio) hide(table, id string) (show func()) {
	s.t.Helper()
	var seq int
	var name, path string
	pool, err := s.db.DB.Pool()
	require.NoError(s.t, err)
	require.NoError(s.t, pool.QueryRow("PRAGMA database_list").Scan(&seq, &name, &path))

	rename := func(from, to string) {
		s.t.Helper()
		file, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(5000)")
		require.NoError(s.t, err)
		defer file.Close()

		result, err := file.Exec("UPDATE "+table+" SET id = ? WHERE id = ?", to, from)
		require.NoError(s.t, err)
		n, err := result.RowsAffected()
		require.NoError(s.t, err)
		require.EqualValues(s.t, 1, n)
	}

	rename(id, "hidden")
	return func() { rename("hidden", id) }
}

// asksForHelp reports whether an operator was asked.
func asksForHelp(events []*historypb.HistoryEvent) bool {
	var asked int64
	for _, e := range events {
		if a := e.GetActivityTaskScheduledEventAttributes(); a.GetActivityType().GetName() == "RaiseStuck" {
			asked = e.EventId
		}
		done := e.GetActivityTaskCompletedEventAttributes()
		if asked > 0 && done.GetScheduledEventId() == asked {
			return events[len(events)-1].EventType == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
		}
	}
	return false
}
