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
	"roomcover.dev/roomcover/rules"
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
