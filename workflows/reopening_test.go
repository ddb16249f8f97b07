package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

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
	_, err = b.db.ReopenOrder(b.operator(), o.ID, b.get(o.ID).Version, "rejected by mistake")
	require.NoError(t, err)

	b.at(saoPaulo(2), func() { b.decide(o.ID, true) })
	b.runOrder(o.ID)
	require.Equal(t, rules.OrderFulfilled, b.get(o.ID).State)
	require.Len(t, b.sender.of(rules.TemplateOrderReviewReminder), 1, "reminded anew")
	require.Len(t, b.mailsOf(rules.TemplateOrderRejected), 1)
	require.NotEmpty(t, b.sender.of(rules.TemplateOrderConfirmation))
}
