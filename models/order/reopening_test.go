package order_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// rejectedOrder is an order that an operator rejected, whose seller was told.
func rejectedOrder(t *testing.T, env storetest.Env) order.Order {
	_, o := storetest.InReview(t, env)
	o, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: 1, Reason: "a mistake"})
	require.NoError(t, err)
	_, err = env.ReopenOrder(storetest.Operator(), o.ID, o.Version, "too early")
	storetest.RequireCode(t, rules.StateConflict, err) // the mail is on its way
	env.Deliver(t, o.ID)
	return o
}

// The workflow of a review ends with its last mail. An order that was reopened before would be
// told to a workflow that hears nothing any more, and never be fulfilled.
func TestOrders_AnOrderIsReopenedOnlyOnceItsReviewHasEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, o := storetest.InReview(t, env)
		o, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: 1, Reason: "a mistake"})
		require.NoError(t, err)
		refused := func(says string) {
			t.Helper()
			_, err := env.ReopenOrder(storetest.Operator(), o.ID, o.Version, "too early")
			storetest.RequireCode(t, rules.StateConflict, err)
			storetest.RequireCode(t, rules.StateConflict, env.CheckReopening(storetest.Operator(), o.ID))
			var refusal *rules.Error
			require.ErrorAs(t, err, &refusal)
			require.Contains(t, refusal.Message+" "+refusal.Remedy, says)
		}
		state := func(set string) {
			t.Helper()
			require.NoError(t, env.Exec("UPDATE notifications SET "+set+" WHERE order_id = '"+o.ID+"'"))
		}

		// Whatever the mail is about.
		env.Calendar.Set(storetest.Now.Add(time.Hour))
		state("template = 'order_received'")
		for _, s := range []string{"QUEUED", "SENDING"} {
			state("state = '" + s + "'")
			refused("still on its way")
		}

		state("state = 'QUEUED'")
		env.Deliver(t, o.ID)
		refused("Try again in 10 minutes.")
		env.Calendar.Set(storetest.Now.Add(time.Hour + 9*time.Minute + time.Second))
		refused("Try again in 1 minute.")
		env.Calendar.Set(storetest.Now.Add(time.Hour + 10*time.Minute))
		require.NoError(t, env.CheckReopening(storetest.Operator(), o.ID))

		// One that was refused ends the workflow too, when it was.
		state("state = 'QUEUED'")
		mail, ok, err := env.NextMail(env.Context, o.ID, notification.MailResult{}, nil)
		require.NoError(t, err)
		require.True(t, ok)
		lost := notification.MailResult{ID: mail.ID, State: rules.NotificationUnknown, Error: "gone"}
		_, _, err = env.NextMail(env.Context, o.ID, lost, nil)
		require.NoError(t, err)
		refused("Try again in 10 minutes.")
		env.Calendar.Set(storetest.Now.Add(time.Hour + 20*time.Minute))
		_, err = env.ReopenOrder(storetest.Operator(), o.ID, o.Version, "rejected by mistake")
		require.NoError(t, err)
	})
}

func TestOrders_ARejectedOrderIsReopenedOnceAndReviewedAnew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := rejectedOrder(t, env)
		env.Calendar.Set(storetest.Now.AddDate(0, 0, 10))
		_, err := env.ReopenOrder(storetest.Operator(), o.ID, o.Version, " ")
		storetest.RequireCode(t, rules.ReasonRequired, err)
		_, err = env.ReopenOrder(storetest.Operator(), o.ID, 0, "a mistake")
		storetest.RequireCode(t, rules.VersionMissing, err)

		errs := storetest.AtOnce(4, func(int) error {
			_, err := env.ReopenOrder(storetest.Operator(), o.ID, o.Version, "rejected by mistake")
			return err
		})
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
				continue
			}
			storetest.RequireCode(t, rules.StateConflict, err)
		}
		require.Equal(t, 1, done)

		again, err := env.GetOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.Equal(t, rules.OrderNeedsReview, again.State)
		require.Equal(t, o.Payload, again.Payload)
		require.Equal(t, "2027-01-03T03:00:00Z", storetest.Stamp(*again.ReviewUntil), "30 days of its own")
		require.Len(t, env.Tasks(t, db.TaskReviewOrder), 1)
		require.Len(t, env.Mails(t, rules.TemplateOrderReopened), 1)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'order.retry' AND subject_id = '"+o.ID+"'"))
		env.AuditHolds(t)

		// Nothing is lost where it is rejected again, and everything holds where it is accepted.
		third, err := env.DecideOrder(storetest.Operator(), o.ID, order.Decision{Version: again.Version, Reason: "after all"})
		require.NoError(t, err)
		require.Len(t, env.Mails(t, rules.TemplateOrderRejected), 2, "the second rejection is told too")
		env.Deliver(t, o.ID)
		env.Deliver(t, env.Mails(t, rules.TemplateOrderReopened)[0].ID)
		env.Calendar.Set(env.Calendar.Now().Add(10 * time.Minute))
		fourth, err := env.ReopenOrder(storetest.Operator(), o.ID, third.Version, "once more")
		require.NoError(t, err)
		_, err = env.DecideOrder(storetest.Operator(), o.ID,
			order.Decision{Version: fourth.Version, Accept: true, Reason: "it is right"})
		require.NoError(t, err)
		f, err := env.FulfilOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.NotEmpty(t, f.AccountID)
		_, err = env.ReopenOrder(storetest.Operator(), o.ID, fourth.Version, "a mistake")
		storetest.RequireCode(t, rules.StateConflict, err)
	})
}

func TestOrders_WhatIsTooOldOrSentAnewIsNotReopened(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := rejectedOrder(t, env)
		env.Calendar.Set(storetest.Now.AddDate(0, 0, 31))
		_, err := env.ReopenOrder(storetest.Operator(), o.ID, o.Version, "a mistake")
		storetest.RequireCode(t, rules.StateConflict, err)
		require.ErrorContains(t, err, "too long ago")

		env.Calendar.Set(storetest.Now.AddDate(0, 0, 2))
		f := o.Payload
		f.PONumber = "PO-ANEW"
		sender, err := env.GetOrg(env.Context, o.SubmittedBy)
		require.NoError(t, err)
		env.Accept(t, sender, f)
		_, err = env.ReopenOrder(storetest.Operator(), o.ID, o.Version, "a mistake")
		storetest.RequireCode(t, rules.StateConflict, err)
		require.ErrorContains(t, err, "as PO-ANEW")
		storetest.RequireCode(t, rules.StateConflict, env.CheckReopening(storetest.Operator(), o.ID))
	})
}
