package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/workflows"
)

// decide commits a decision and tells the workflow, as the relay does.
func (b *bench) decide(id string, accept bool) {
	b.t.Helper()
	_, err := b.db.DecideOrder(b.operator(), id, order.Decision{Version: b.get(id).Version, Accept: accept, Reason: "spoken with the reseller"})
	require.NoError(b.t, err)
	b.SignalWorkflow(workflows.SignalDecided, nil)
}

// saoPaulo is the local midnight days after the tests' first day.
func saoPaulo(days int) time.Time { return time.Date(2026, 11, 23+days, 3, 0, 0, 0, time.UTC) }

func TestR115b_UndecidedReviewRemindsAndIsRejected(t *testing.T) {
	b := newBench(t)
	o := b.accept(inReview)
	require.Equal(t, rules.OrderNeedsReview, o.State)
	var reminded []time.Time
	b.SetOnActivityCompletedListener(remember(b, "RemindReview", &reminded))
	var nexts []time.Time
	b.SetOnActivityStartedListener(func(i *activity.Info, _ context.Context, args converter.EncodedValues) {
		var asked activities.ReviewReminder
		if i.ActivityType.Name == activities.NameRemindReview && args.Get(&asked) == nil {
			nexts = append(nexts, asked.Next.UTC())
		}
	})
	b.runOrder(o.ID)

	require.Equal(t, []time.Time{saoPaulo(3), saoPaulo(31)}, nexts, "the row knows when it wakes")
	require.Equal(t, []time.Time{saoPaulo(1), saoPaulo(3)}, reminded, "d+1 and d+3, local days")
	require.Equal(t, saoPaulo(31), b.Now().UTC(), "through local day d+30")
	require.Equal(t, rules.OrderRejected, b.get(o.ID).State)
	require.Len(t, b.sender.of(rules.TemplateOrderReviewReminder), 2)
	require.Equal(t, "pedidos@revendasul.example", b.sender.of(rules.TemplateOrderRejected)[0].To)
	require.Len(t, b.sender.of(rules.TemplateOrderRejected), 1)
	require.Empty(t, b.sender.of(rules.TemplateOrderConfirmation))
	require.Empty(t, b.tasks(db.TaskReviewOrder))
}

func remember(b *bench, name string, at *[]time.Time) func(*activity.Info, converter.EncodedValue, error) {
	return func(info *activity.Info, _ converter.EncodedValue, _ error) {
		if info.ActivityType.Name == name {
			*at = append(*at, b.Now().UTC())
		}
	}
}

func TestR45a_ReviewDecidedAtAnyTime(t *testing.T) {
	for name, c := range map[string]struct {
		after     time.Duration
		reminders int
	}{
		"at once":                  {0, 0},
		"before the first":         {time.Hour, 0},
		"between the reminders":    {2 * 24 * time.Hour, 1},
		"after the reminders":      {10 * 24 * time.Hour, 2},
		"in the last local second": {saoPaulo(31).Sub(storetest.Now) - time.Second, 2},
	} {
		for verdict, accept := range map[string]bool{"accepted": true, "rejected": false} {
			t.Run(name+" "+verdict, func(t *testing.T) {
				b := newBench(t)
				o := b.accept(inReview)
				b.at(b.Now().Add(c.after), func() { b.decide(o.ID, accept) })
				b.runOrder(o.ID)
				confirmations, want := 0, rules.OrderRejected
				if accept {
					confirmations, want = 3, rules.OrderFulfilled
				}
				require.Equal(t, want, b.get(o.ID).State)
				require.Len(t, b.sender.of(rules.TemplateOrderConfirmation), confirmations)
				require.Len(t, b.sender.of(rules.TemplateOrderReviewReminder), c.reminders)
			})
		}
	}
}

func TestR45a_NoContractAndNoMailWhileInReview(t *testing.T) {
	b := newBench(t)
	o := b.accept(inReview)
	b.at(b.Now().Add(12*time.Hour), func() {
		contracts, err := b.db.ContractsOfOrder(b.db.Context, o.ID)
		require.NoError(t, err)
		require.Empty(t, contracts)
		require.Empty(t, b.mails(notification.NotificationFilter{OrderID: o.ID}))
		b.decide(o.ID, true)
	})
	b.runOrder(o.ID)
	invitations, _, err := b.db.ListInvitations(b.db.Context, "", o.ID, db.Page{})
	require.NoError(t, err)
	require.Len(t, invitations, 1)
}

func TestS14_AmendedOrderLeavesTheReview(t *testing.T) {
	b := newBench(t)
	o := b.accept(inReview)
	b.at(b.Now().Add(2*24*time.Hour), func() {
		_, err := b.db.AmendOrder(b.operator(), o.ID, storetest.Form("PO-1"), 0)
		require.NoError(t, err)
		b.SignalWorkflow(workflows.SignalDecided, nil)
	})
	b.runOrder(o.ID)
	require.Equal(t, rules.OrderFulfilled, b.get(o.ID).State)
	require.Len(t, b.sender.of(rules.TemplateOrderConfirmation), 3)
	require.Len(t, b.sender.of(rules.TemplateOrderReviewReminder), 1)
}

func TestS14_AmendmentThatNeedsReviewStillChangesNothingElse(t *testing.T) {
	b := newBench(t)
	o := b.accept(inReview)
	b.at(b.Now().Add(2*24*time.Hour), func() {
		form := storetest.Form("PO-1")
		inReview(&form)
		form.Lines[0].Quantity = 3
		_, err := b.db.AmendOrder(b.operator(), o.ID, form, 0)
		require.NoError(t, err)
	})
	b.runOrder(o.ID)
	require.Equal(t, rules.OrderRejected, b.get(o.ID).State)
	require.Equal(t, saoPaulo(31), b.Now().UTC(), "an amendment does not give the review more time")
	require.Len(t, b.sender.of(rules.TemplateOrderReviewReminder), 2)
}

// A mail server that is down must not keep a decision waiting.
func TestR45a_DecisionWhileTheReminderCannotBeSent(t *testing.T) {
	b := newBench(t)
	o := b.accept(inReview)
	b.sender.fail = temporary
	b.at(saoPaulo(1).Add(time.Hour), func() { b.decide(o.ID, true) })
	b.at(saoPaulo(1).Add(2*time.Hour), func() {
		require.Equal(t, rules.OrderFulfilled, b.get(o.ID).State)
		b.sender.fail = nil
	})
	b.runOrder(o.ID)
	require.Len(t, b.sender.of(rules.TemplateOrderConfirmation), 3)
}

func TestR45b_ReviewStepsKilledAfterTheirCommit(t *testing.T) {
	for _, step := range []string{"Fulfil", "RemindReview", "RejectOverdue", "SendMails"} {
		t.Run(step, func(t *testing.T) {
			b := newBench(t)
			o := b.accept(inReview)
			b.hooks.after = func(name string, nth int) error {
				if name == step && nth%2 == 1 {
					return errKilled
				}
				return nil
			}
			b.runOrder(o.ID)
			require.Len(t, b.sender.of(rules.TemplateOrderReviewReminder), 2)
			require.Len(t, b.sender.of(rules.TemplateOrderRejected), 1)
			require.Equal(t, rules.OrderRejected, b.get(o.ID).State)
		})
	}
}

// The clock of the machine that runs the step may be behind the one that fired
// the timer.
func TestC1_ReviewEndsAlsoWhereTheClockIsBehind(t *testing.T) {
	b := newBench(t)
	o := b.accept(inReview)
	b.hooks.before = func(name string, nth int) error {
		if name == "RejectOverdue" && nth <= 2 {
			b.db.Calendar.Set(b.Now().UTC().Add(-3 * time.Second))
		}
		return nil
	}
	b.runOrder(o.ID)
	require.Equal(t, rules.OrderRejected, b.get(o.ID).State)
	require.Equal(t, 3, b.hooks.count("RejectOverdue"))
	require.Equal(t, 2, b.hooks.count("Fulfil"))
}

// An order that was accepted before another one opened the account goes back to review
// when it is to be fulfilled; its workflow then waits as for any other review.
func TestS15_AnOrderThatWentBackToReviewWaitsForItsDecision(t *testing.T) {
	for verdict, decide := range map[string]bool{"decided": true, "undecided": false} {
		t.Run(verdict, func(t *testing.T) {
			b := newBench(t)
			first := b.accept()
			o := b.accept(func(f *ordering.OrderForm) {
				f.PONumber = "PO-2"
				f.EndCustomer.Email = "eve@stranger.example"
			})
			require.Equal(t, rules.OrderAccepted, o.State)
			_, err := b.db.FulfilOrder(b.db.Context, first.ID)
			require.NoError(t, err)

			want := rules.OrderRejected
			if decide {
				want = rules.OrderFulfilled
				b.at(b.Now().Add(2*24*time.Hour), func() {
					require.Equal(t, rules.OrderNeedsReview, b.get(o.ID).State)
					_, err := b.db.DecideOrder(b.operator(), o.ID, order.Decision{
						Version:  b.get(o.ID).Version,
						Accept:   true,
						Reason:   "asked the customer",
						InviteAs: rules.InviteAsAdmin,
						Email:    "eve@stranger.example",
					})
					require.NoError(t, err)
					b.SignalWorkflow(workflows.SignalDecided, nil)
				})
			}
			b.runOrder(o.ID)
			require.Equal(t, want, b.get(o.ID).State)
			require.Equal(t, decide, len(b.sender.of(rules.TemplateOrderConfirmation)) == 3)
			require.Equal(t, !decide, len(b.sender.of(rules.TemplateOrderRejected)) == 1)
			require.NotEmpty(t, b.sender.of(rules.TemplateOrderReviewReminder))
		})
	}
}
