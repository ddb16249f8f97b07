package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
)

// The workflow of a reopened order begins as that of any order: the row says that it is in
// review, and until when.
func TestOrders_AReopenedOrderIsReviewedByAnotherRunOfItsWorkflow(t *testing.T) {
	b := newBench(t)
	o := b.accept(inReview)
	_, err := b.db.DecideOrder(b.operator(), o.ID, order.Decision{Version: o.Version, Reason: "a mistake"})
	require.NoError(t, err)
	b.db.Deliver(t, o.ID)
	b.db.Calendar.Set(b.Now().Add(10 * time.Minute))
	_, err = b.db.ReopenOrder(b.operator(), o.ID, b.get(o.ID).Version, "rejected by mistake")
	require.NoError(t, err)

	b.at(saoPaulo(2), func() { b.decide(o.ID, true) })
	b.runOrder(o.ID)
	require.Equal(t, rules.OrderFulfilled, b.get(o.ID).State)
	require.Len(t, b.sender.of(rules.TemplateOrderReviewReminder), 1, "reminded anew")
	require.Len(t, b.mailsOf(rules.TemplateOrderRejected), 1)
	require.NotEmpty(t, b.sender.of(rules.TemplateOrderConfirmation))
}

// Where the event that starts that run was lost, the watch asks for it: while the order is in
// review, and once it was accepted. The retry starts a run that does what is left.
func TestOrders_AReopenedOrderWithoutAWorkflowIsNoticedAndGoesOn(t *testing.T) {
	for _, accepted := range []bool{false, true} {
		b := newBench(t)
		o := b.accept(inReview)
		_, err := b.db.DecideOrder(b.operator(), o.ID, order.Decision{Version: o.Version, Reason: "a mistake"})
		require.NoError(t, err)
		b.db.Deliver(t, o.ID)
		now := b.Now().Add(10 * time.Minute)
		b.db.Calendar.Set(now)
		_, err = b.db.ReopenOrder(b.operator(), o.ID, b.get(o.ID).Version, "rejected by mistake")
		require.NoError(t, err)

		now = *b.get(o.ID).NextAt // the first reminder, which does not come
		if accepted {
			now = b.Now().Add(time.Hour)
			b.db.Calendar.Set(now)
			_, err = b.db.DecideOrder(b.operator(), o.ID,
				order.Decision{Version: b.get(o.ID).Version, Accept: true, Reason: "it is right"})
			require.NoError(t, err)
		}
		now = now.Add(b.db.DB.Patience() + time.Minute)
		b.db.Calendar.Set(now)
		_, err = b.db.WatchOverdue(b.db.Context)
		require.NoError(t, err)
		tasks := b.tasks(db.TaskProcessStuck)
		require.Len(t, tasks, 1, "accepted: %v", accepted)
		require.Equal(t, o.ID, tasks[0].SubjectID)
		require.NoError(t, b.db.RetryProcess(b.operator(), tasks[0].ID))
		require.Equal(t, 2, b.db.Count(t,
			"SELECT count(*) FROM outbox_events WHERE kind = 'order.retry' AND subject_id = '"+o.ID+"'"))

		again := benchOn(t, b.db, now)
		if !accepted {
			again.at(now.Add(time.Hour), func() { again.decide(o.ID, true) })
		}
		again.runOrder(o.ID)
		require.Equal(t, rules.OrderFulfilled, again.get(o.ID).State)
		require.Empty(t, again.tasks(db.TaskProcessStuck))
		require.NotEmpty(t, again.sender.of(rules.TemplateOrderConfirmation))
	}
}
