package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/workflows"
)

func TestR25a_OrderIsFulfilledMailedAndEndsWithItsWindow(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	b.runOrder(o.ID)

	midnight := time.Date(2026, 12, 21, 3, 0, 0, 0, time.UTC) // the end of 20 December in São Paulo
	require.WithinRange(t, b.Now(), midnight, midnight.Add(30*time.Minute))
	require.Equal(t, rules.OrderFulfilled, b.get(o.ID).State)
	contracts, err := b.db.ContractsOfOrder(b.db.Context, o.ID)
	require.NoError(t, err)
	require.Len(t, contracts, 1)
	licences, err := b.db.LicencesOf(b.db.Context, contracts[0].ID)
	require.NoError(t, err)
	require.Len(t, licences, 10)
	require.Len(t, b.sender.of(rules.TemplateOrderConfirmation), 3)
	require.Empty(t, b.sender.of(rules.TemplateInvitation), "the invitation has a workflow of its own")
	require.Equal(t, 1, b.hooks.count("Fulfil"))
	require.Equal(t, 1, b.hooks.count("SendMails"))
}

// Orders of one day have one end of their windows; their workflows end one after another.
func TestManyWindowsEndOneAfterAnother(t *testing.T) {
	ends := map[time.Time]bool{}
	for range 5 {
		b := newBench(t)
		o := b.accept()
		b.runOrder(o.ID)
		require.WithinRange(t, b.Now(), o.CancellableUntil, o.CancellableUntil.Add(30*time.Minute))
		ends[b.Now().Truncate(time.Second)] = true
	}
	require.Greater(t, len(ends), 1)
}

func TestR90b_WholeCancellationEndsTheOrder(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	b.at(b.Now().Add(5*24*time.Hour), func() { b.cancel(o.ID, 0) })
	b.runOrder(o.ID)

	require.Equal(t, rules.OrderCancelled, b.get(o.ID).State)
	require.Less(t, b.Now().Sub(o.CreatedAt), 6*24*time.Hour, "nothing is left to wait for")
	require.Equal(t, 10, b.revoked(o.ID))
	require.Len(t, b.sender.of(rules.TemplateOrderCancelled), 3)
	invitations, _, err := b.db.ListInvitations(b.db.Context, "", o.ID, db.Page{})
	require.NoError(t, err)
	require.Equal(t, rules.InvitationWasWithdrawn, invitations[0].State, "S11")
}

func TestS12_PartialCancellationsLeaveTheWindowOpen(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	b.at(b.Now().Add(24*time.Hour), func() { b.cancel(o.ID, 3) })
	b.at(b.Now().Add(48*time.Hour), func() { b.cancel(o.ID, 2) })
	b.runOrder(o.ID)

	require.Equal(t, rules.OrderPartiallyCancelled, b.get(o.ID).State)
	require.Equal(t, 5, b.revoked(o.ID))
	require.Len(t, b.sender.of(rules.TemplateOrderCancelled), 6, "three parties, two cancellations")
	require.False(t, b.Now().Before(o.CancellableUntil))
}

func TestS12_CancellationsInTheLastMinute(t *testing.T) {
	for name, quantity := range map[string]int{"whole": 0, "partial": 4} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			o := b.accept()
			b.at(o.CancellableUntil.Add(-time.Second), func() { b.cancel(o.ID, quantity) })
			b.runOrder(o.ID)
			require.Len(t, b.sender.of(rules.TemplateOrderCancelled), 3)
			require.Empty(t, b.pending(o.ID))
		})
	}
}

// pending are the cancellations whose compensation has not ended.
func (b *bench) pending(orderID string) (ids []string) {
	b.t.Helper()
	all, err := b.db.ListCancellations(b.db.Context, orderID)
	require.NoError(b.t, err)
	for _, c := range all {
		if c.State != order.CancellationCompleted {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// A cancellation was committed in time; its signal comes while the workflow
// only waits for mails that are tried again.
func TestR90b_SignalAfterTheTimerIsStillRun(t *testing.T) {
	for name, quantity := range map[string]int{"whole": 0, "partial": 4} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			o := b.accept(func(f *ordering.OrderForm) { f.PurchasedOn = "2026-10-25" }) // the window ends on the 24th
			b.sender.fail = temporary
			var c order.OrderCancellation
			b.at(o.CancellableUntil.Add(-time.Second), func() { c = b.commitCancel(o.ID, quantity) })
			b.at(o.CancellableUntil.Add(time.Minute), func() {
				b.SignalWorkflow(workflows.SignalCancelled, workflows.CancellationSignal{CancellationID: c.ID})
			})
			b.at(o.CancellableUntil.Add(2*time.Hour), func() { b.sender.fail = nil })
			b.runOrder(o.ID)
			require.Empty(t, b.pending(o.ID))
			require.Len(t, b.sender.of(rules.TemplateOrderCancelled), 3)
			require.Len(t, b.sender.of(rules.TemplateOrderConfirmation), 3)
		})
	}
}

// The relay tells a workflow that has ended by starting a new run.
func TestR90b_CancellationStartsANewRun(t *testing.T) {
	for name, told := range map[string]bool{"with its signal": true, "without a signal": false} {
		t.Run(name, func(t *testing.T) {
			first := newBench(t)
			o := first.accept()
			first.runOrder(o.ID)
			first.db.Calendar.Set(o.CancellableUntil.Add(-time.Second))
			partial := first.commitCancel(o.ID, 3)
			whole := first.commitCancel(o.ID, 0)

			b := benchOn(t, first.db, o.CancellableUntil.Add(time.Hour))
			if told {
				b.at(b.Now(), func() {
					for _, id := range []string{partial.ID, whole.ID} {
						b.SignalWorkflow(workflows.SignalCancelled, workflows.CancellationSignal{CancellationID: id})
					}
				})
			}
			b.runOrder(o.ID)
			require.Empty(t, b.pending(o.ID))
			require.Equal(t, rules.OrderCancelled, b.get(o.ID).State)
			require.Len(t, b.sender.of(rules.TemplateOrderCancelled), 6)
			require.Empty(t, b.sender.of(rules.TemplateOrderConfirmation), "those were sent by the first run")
		})
	}
}

func TestS12_TheSameCancellationToldTwice(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	b.at(b.Now().Add(time.Hour), func() {
		c := b.cancel(o.ID, 0)
		b.SignalWorkflow(workflows.SignalCancelled, workflows.CancellationSignal{CancellationID: c.ID})
	})
	b.runOrder(o.ID)
	require.Len(t, b.sender.of(rules.TemplateOrderCancelled), 3)
	require.Equal(t, 10, b.revoked(o.ID))
}

func TestR90b_CancellationWhileMailsAreRetried(t *testing.T) {
	b := newBench(t)
	o := b.accept()
	b.sender.fail = temporary
	var compensatedAt time.Time
	b.at(b.Now().Add(time.Hour), func() { b.cancel(o.ID, 0) })
	b.at(b.Now().Add(time.Hour+time.Minute), func() {
		if len(b.pending(o.ID)) == 0 {
			compensatedAt = b.Now()
		}
		b.sender.fail = nil
	})
	b.runOrder(o.ID)
	require.False(t, compensatedAt.IsZero(), "the compensation does not wait for mails")
	require.Len(t, b.sender.of(rules.TemplateOrderConfirmation), 3)
	require.Len(t, b.sender.of(rules.TemplateOrderCancelled), 3)
}

func TestR45b_EveryStepKilledAfterItsCommit(t *testing.T) {
	for _, step := range []string{"Fulfil", "SendMails", "CompensateCancellation"} {
		t.Run(step, func(t *testing.T) {
			b := newBench(t)
			o := b.accept()
			b.hooks.after = func(activity string, nth int) error {
				if activity == step && nth <= 2 {
					return errKilled
				}
				return nil
			}
			b.at(b.Now().Add(24*time.Hour), func() { b.cancel(o.ID, 4) })
			b.runOrder(o.ID)

			require.GreaterOrEqual(t, b.hooks.count(step), 3)
			require.Len(t, b.sender.of(rules.TemplateOrderConfirmation), 3)
			require.Len(t, b.sender.of(rules.TemplateOrderCancelled), 3)
			contracts, err := b.db.ContractsOfOrder(b.db.Context, o.ID)
			require.NoError(t, err)
			require.Len(t, contracts, 1)
			require.Equal(t, 4, b.revoked(o.ID))
			invitations, _, err := b.db.ListInvitations(b.db.Context, "", o.ID, db.Page{})
			require.NoError(t, err)
			require.Len(t, invitations, 1)
			_, faults, err := b.db.VerifyAudit(b.db.Context)
			require.NoError(t, err)
			require.Empty(t, faults)
		})
	}
}
