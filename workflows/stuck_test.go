package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/workflows"
)

// failFor lets a step fail with the error for its first n runs.
func failFor(step string, n int, err func() error) func(string, int) error {
	return func(name string, nth int) error {
		if name == step && nth <= n {
			return err()
		}
		return nil
	}
}

func refusal() error {
	return temporal.NewNonRetryableApplicationError("STATE_CONFLICT", activities.ErrorRefused, nil)
}

func TestR45b_RefusedStepWaitsForAnOperatorAndGoesOn(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	b.hooks.before = failFor("Fulfil", 1, refusal)
	b.at(b.Now().Add(time.Hour), func() {
		tasks := b.tasks(db.TaskProcessStuck)
		require.Len(t, tasks, 1)
		require.Equal(t, o.ID, tasks[0].SubjectID)
		require.Contains(t, tasks[0].Why, "STATE_CONFLICT")
		require.Equal(t, "STATE_CONFLICT", b.get(o.ID).LastError)
		require.NoError(t, b.db.RetryProcess(b.operator(), tasks[0].ID))
		b.SignalWorkflow(workflows.SignalRetry, nil)
	})
	b.runOrder(o.ID)
	require.Equal(t, rules.OrderFulfilled, b.get(o.ID).State)
	require.Empty(t, b.tasks(db.TaskProcessStuck))
	require.Equal(t, 2, b.hooks.count("Fulfil"))
}

// A retry that was told while nothing waited for it must not count later.
func TestR45b_StaleRetryIsForgotten(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	b.hooks.before = failFor("CompensateCancellation", 1, refusal)
	b.at(b.Now().Add(time.Hour), func() { b.SignalWorkflow(workflows.SignalRetry, nil) })
	b.at(b.Now().Add(2*time.Hour), func() { b.cancel(o.ID, 0) })
	b.at(b.Now().Add(3*time.Hour), func() {
		require.Equal(t, 1, b.hooks.count("CompensateCancellation"))
		require.Len(t, b.tasks(db.TaskProcessStuck), 1)
		b.SignalWorkflow(workflows.SignalRetry, nil)
	})
	b.runOrder(o.ID)
	require.Empty(t, b.pending(o.ID))
}

func TestR45b_StepThatFailsForGoodTwiceAsksTwice(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	b.hooks.before = failFor("Fulfil", 2, refusal)
	for _, h := range []time.Duration{1, 2} {
		b.at(b.Now().Add(h*time.Hour), func() {
			tasks := b.tasks(db.TaskProcessStuck)
			require.Len(t, tasks, 1)
			require.NoError(t, b.db.RetryProcess(b.operator(), tasks[0].ID))
			b.SignalWorkflow(workflows.SignalRetry, nil)
		})
	}
	b.runOrder(o.ID)
	require.Equal(t, rules.OrderFulfilled, b.get(o.ID).State)
}

func TestR45b_PanicReachesAnOperatorWithoutItsWords(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	b.hooks.before = failFor("Fulfil", 1, func() error { panic("ana.souza@acme.example") })
	b.at(b.Now().Add(time.Hour), func() {
		tasks := b.tasks(db.TaskProcessStuck)
		require.Len(t, tasks, 1)
		require.Contains(t, tasks[0].Why, "panicked")
		require.NotContains(t, tasks[0].Why, "acme")
		require.Equal(t, 1, b.hooks.count("Fulfil"), "a panic is not tried again by itself")
		b.SignalWorkflow(workflows.SignalRetry, nil)
	})
	b.runOrder(o.ID)
	require.Equal(t, rules.OrderFulfilled, b.get(o.ID).State)
}

func TestR45b_OutageOfHoursIsWaitedOutAndAsksAPerson(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	b.hooks.before = failFor("Fulfil", 40, func() error { return errors.New("the database does not answer") })
	b.runOrder(o.ID)
	require.Equal(t, rules.OrderFulfilled, b.get(o.ID).State)
	require.Equal(t, 41, b.hooks.count("Fulfil"))
}

func TestS17_MailsThatFailForThreeDaysBecomeTasks(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	b.sender.fail = func(m mail.Message) error {
		if m.To == "orders@norte.example" {
			return temporary(m)
		}
		return nil
	}
	var gaveUp []time.Time
	b.SetOnActivityCompletedListener(remember(b, "GiveUp", &gaveUp))
	start := b.Now()
	b.runOrder(o.ID)

	require.Len(t, gaveUp, 1)
	after := gaveUp[0].Sub(start)
	require.Greater(t, after, 70*time.Hour)
	require.LessOrEqual(t, after, 72*time.Hour)
	tasks := b.tasks(db.TaskMailUndeliverable)
	require.Len(t, tasks, 1)
	require.NotContains(t, tasks[0].Why+tasks[0].What, "norte", "no address in a task's words")
	require.Len(t, b.sender.of(rules.TemplateOrderConfirmation), 2, "the others were sent, once")
	failed := b.mails(notification.NotificationFilter{State: rules.NotificationHardBounced})
	require.Len(t, failed, 1)
	require.Less(t, failed[0].Attempts, 100, "the pauses grow")
}

func TestS17_GivingUpItselfIsTriedUntilItSucceeds(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	b.sender.fail = temporary
	b.hooks.before = failFor("GiveUp", 3, func() error { return errors.New("the database does not answer") })
	b.runOrder(o.ID)
	require.Len(t, b.tasks(db.TaskMailUndeliverable), 3)
	require.Equal(t, 4, b.hooks.count("GiveUp"))
}

// While the step of a timer waits for an operator, changes are heard: their mails go out and
// their parcels are booked at once. What a change mends goes on by itself, and its task is
// closed.
func TestR45b_AStuckTimerHearsOfChanges(t *testing.T) {
	b := newCarrierBenchOn(t, storetest.SQLite(t).WithCarrier(t, "sim"))
	start := b.Now()
	b.do(start.Add(hour), b.approve) // nothing is in stock
	day := func(n int) time.Time { return start.Add(time.Duration(n) * 24 * hour) }

	// The breach of the promise is the first timer; nothing was shipped by then.
	stuck := true
	b.hooks.before = func(name string, _ int) error {
		if name == "RunTimers" && stuck {
			return refusal()
		}
		return nil
	}

	mailed := 0
	b.at(day(9), func() {
		require.Len(t, b.tasks(db.TaskProcessStuck), 1)
		require.Zero(t, b.hooks.count("SettleParcels"))
		mailed = b.hooks.count("SendMails")
	})
	b.do(day(10), func() error {
		stocked(t, b.db)
		_, err := b.db.AllocateRMA(storetest.Operator(), b.id, "")
		return err
	})
	b.at(day(10).Add(hour), func() {
		require.NotZero(t, b.hooks.count("SettleParcels"), "it is booked on the day")
		require.Len(t, b.tasks(db.TaskProcessStuck), 1, "the timer still fails, and one task says so")
		stuck = false
	})
	b.do(day(10).Add(2*hour), b.fact(rma.FactPickedUp))
	b.do(day(11), b.fact(rma.FactDelivered))
	b.at(day(11).Add(hour), func() {
		require.Greater(t, b.hooks.count("SendMails"), mailed, "the mail goes out on the day")
		require.Empty(t, b.mails(notification.NotificationFilter{
			SubjectID: b.id,
			State:     rules.NotificationQueued,
		}))
		require.Empty(t, b.tasks(db.TaskProcessStuck), "it went on by itself")
		require.Empty(t, b.rma().LastError)
	})
	b.do(day(13), b.inspect)
	b.run()
}

// An invitation that is accepted while its reminder waits for an operator is at its end.
func TestR45b_AStuckReminderHearsThatTheInvitationIsClosed(t *testing.T) {
	b := newBench(t)
	inv := b.invited()
	b.hooks.before = failFor("Remind", 1, refusal)
	b.at(b.Now().Add(8*24*hour), func() {
		require.Len(t, b.tasks(db.TaskProcessStuck), 1)
		_, err := b.db.RevokeInvitation(b.operator(), inv.ID, "not needed")
		require.NoError(t, err)
		b.SignalWorkflow(workflows.SignalClosed, nil)
	})
	start := b.Now()
	b.runInvitation(inv)
	require.Less(t, b.Now().Sub(start), 9*24*hour)
	require.Equal(t, 1, b.hooks.count("Remind"))
	require.Empty(t, b.tasks(db.TaskProcessStuck))
}

// A mail that was queued while an earlier one of its subject was tried for almost three days
// has three days of its own.
func TestS17_AMailHasThreeDaysFromWhenItWasQueued(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	down := func(m mail.Message) error {
		if m.To == "orders@norte.example" {
			return temporary(m)
		}
		return nil
	}
	b.sender.fail = down
	start := b.Now()
	late := start.Add(70*hour + 30*time.Minute)
	b.at(late, func() { b.cancel(o.ID, 0) })

	undeliverable := func(template string) []notification.Notification {
		var out []notification.Notification
		for _, n := range b.mails(notification.NotificationFilter{State: rules.NotificationHardBounced}) {
			if n.Template == template {
				out = append(out, n)
			}
		}
		return out
	}
	b.at(start.Add(73*hour), func() {
		require.Len(t, undeliverable(rules.TemplateOrderConfirmation), 1)
		require.Empty(t, undeliverable(rules.TemplateOrderCancelled), "it is tried on")
	})
	b.at(late.Add(69*hour), func() {
		require.Empty(t, undeliverable(rules.TemplateOrderCancelled))
	})
	b.runOrder(o.ID)
	require.Len(t, undeliverable(rules.TemplateOrderCancelled), 1)
}

// A mail that is sent again at the moment in which its last sender comes to its end is sent.
func TestS17_AMailThatIsResentAtTheClosingMomentIsSent(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	b.sender.fail = temporary
	b.runOrder(o.ID)
	failed := b.mails(notification.NotificationFilter{State: rules.NotificationHardBounced})
	require.NotEmpty(t, failed)
	id := failed[0].ID
	again := benchOn(t, b.db, b.Now())
	require.NoError(t, again.db.ResendMail(again.operator(), id))
	again.sender.fail = temporary
	again.hooks.after = func(name string, nth int) error {
		if name == "GiveUp" && nth == 1 {
			again.sender.mu.Lock()
			again.sender.fail = nil
			again.sender.mu.Unlock()
			require.NoError(t, again.db.ResendMail(again.operator(), id))
			again.SignalWorkflow(workflows.SignalRetry, nil)
		}
		return nil
	}
	again.ExecuteWorkflow(workflows.MailName, workflows.MailInput{NotificationID: id})
	again.ended()
	n, err := again.db.GetNotification(again.db.Context, id)
	require.NoError(t, err)
	require.Equal(t, rules.NotificationSent, n.State)
}
