package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/workflows"
)

// invited fulfils an order and gives its invitation.
func (b *bench) invited(change ...func(*ordering.OrderForm)) identity.Invitation {
	b.t.Helper()
	o := b.accept(change...)
	_, err := b.db.FulfilOrder(b.db.Context, o.ID)
	require.NoError(b.t, err)
	invitations, _, err := b.db.ListInvitations(b.db.Context, "", o.ID, db.Page{})
	require.NoError(b.t, err)
	require.Len(b.t, invitations, 1)
	return invitations[0]
}

func (b *bench) invitationInput(inv identity.Invitation) workflows.InvitationInput {
	b.t.Helper()
	plan, err := b.db.PlanInvitation(b.db.Context, inv.ID)
	require.NoError(b.t, err)
	in := workflows.InvitationInput{InvitationID: inv.ID, ExpiresAt: plan.ExpiresAt}
	for _, r := range plan.Reminders {
		in.Reminders = append(in.Reminders, workflows.InvitationReminder{Day: r.Day, At: r.At})
	}
	return in
}

func (b *bench) runInvitation(inv identity.Invitation) {
	b.t.Helper()
	b.ExecuteWorkflow(workflows.InvitationName, b.invitationInput(inv))
	b.ended()
}

func (b *bench) invitation(id string) identity.Invitation {
	b.t.Helper()
	inv, err := b.db.GetInvitation(b.db.Context, id)
	require.NoError(b.t, err)
	return inv
}

func TestR121_S16_UnclaimedInvitationRemindsAndExpires(t *testing.T) {
	b := newBench(t)
	inv := b.invited()
	var reminded []time.Time
	b.SetOnActivityCompletedListener(remember(b, "Remind", &reminded))
	in := b.invitationInput(inv)
	var nexts []time.Time
	b.SetOnActivityStartedListener(func(i *activity.Info, _ context.Context, args converter.EncodedValues) {
		var asked activities.InvitationReminder
		if i.ActivityType.Name == activities.NameRemindInvitation && args.Get(&asked) == nil {
			nexts = append(nexts, asked.Next)
		}
	})
	b.runInvitation(inv)

	require.Equal(t, []time.Time{in.Reminders[1].At, in.Reminders[2].At, in.ExpiresAt}, nexts)
	nine := func(day int) time.Time { return saoPaulo(day).Add(9 * time.Hour) }
	require.Equal(t, []time.Time{nine(7), nine(21), nine(28)}, reminded, "09:00 local on d+7, d+21, d+28")
	require.Equal(t, saoPaulo(31), b.Now().UTC(), "through local day d+30")
	require.Equal(t, rules.InvitationHasExpired, b.invitation(inv.ID).State)
	require.Len(t, b.sender.of(rules.TemplateInvitation), 1)
	require.Len(t, b.sender.of(rules.TemplateInvitationReminder), 3)
	require.Len(t, b.tasks(db.TaskInvitationUnclaimed), 1)
	notices := b.mailsOf(rules.TemplateInvitationUnclaimed)
	require.Len(t, notices, 1, "the reseller is told once")
	require.Equal(t, "pedidos@revendasul.example", notices[0].Recipient)
}

// mailsOf are the notifications of a template.
func (b *bench) mailsOf(template string) (out []notification.Notification) {
	b.t.Helper()
	for _, n := range b.mails(notification.NotificationFilter{}) {
		if n.Template == template {
			out = append(out, n)
		}
	}
	return out
}

func TestV17_InvitationAcrossAChangeOfDaylightSaving(t *testing.T) {
	b := benchOn(t, storetest.SQLite(t), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	inv := b.invited(func(f *ordering.OrderForm) {
		f.PurchasedOn = "2026-02-27"
		f.EndCustomer.Address = rules.Address{
			Street:     "Unter den Linden 1",
			City:       "Berlin",
			PostalCode: "10117",
			Country:    "DE",
		}
	})
	var reminded []time.Time
	b.SetOnActivityCompletedListener(remember(b, "Remind", &reminded))
	b.runInvitation(inv)
	require.Equal(t, time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC), b.Now().UTC(),
		"the end of 31 March in Berlin's summer time")
	require.Equal(t, []time.Time{
		time.Date(2026, 3, 8, 8, 0, 0, 0, time.UTC),
		time.Date(2026, 3, 22, 8, 0, 0, 0, time.UTC),
		time.Date(2026, 3, 29, 7, 0, 0, 0, time.UTC),
	}, reminded)
}

func TestR121_InvitationClosedAtAnyTime(t *testing.T) {
	closings := map[string]func(b *bench, inv identity.Invitation){
		"accepted": func(b *bench, inv identity.Invitation) {
			_, _, err := b.db.AcceptInvitation(b.db.Context, identity.Acceptance{
				InvitationID: inv.ID,
				Email:        inv.Email,
				Name:         "Ana Souza",
				PasswordHash: "x",
			})
			require.NoError(b.t, err)
		},
		"superseded": func(b *bench, inv identity.Invitation) {
			_, err := b.db.Reissue(b.operator(), inv.ID, "", "", "lost")
			require.NoError(b.t, err)
		},
		"revoked": func(b *bench, inv identity.Invitation) {
			_, err := b.db.RevokeInvitation(b.operator(), inv.ID, "wrong person")
			require.NoError(b.t, err)
		},
	}
	for name, closing := range closings {
		for _, c := range []struct{ days, reminders int }{{0, 0}, {3, 0}, {10, 1}, {25, 2}, {30, 3}} {
			t.Run(name, func(t *testing.T) {
				b := newBench(t)
				inv := b.invited()
				at := b.Now().Add(time.Duration(c.days) * 24 * time.Hour)
				b.at(at, func() {
					closing(b, inv)
					b.SignalWorkflow(workflows.SignalClosed, nil)
				})
				b.runInvitation(inv)
				require.Equal(t, at, b.Now(), "it ends at once")
				require.Len(t, b.sender.of(rules.TemplateInvitationReminder), c.reminders)
				require.Empty(t, b.tasks(db.TaskInvitationUnclaimed))
				require.Empty(t, b.mailsOf(rules.TemplateInvitationUnclaimed))
			})
		}
	}
}

// The invitation was closed before its workflow began: its mail never goes out.
func TestR121_ClosedBeforeTheStart(t *testing.T) {
	for name, told := range map[string]bool{"signal waits": true, "signal was lost": false} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			inv := b.invited()
			in := b.invitationInput(inv)
			_, err := b.db.RevokeInvitation(b.operator(), inv.ID, "wrong person")
			require.NoError(t, err)
			if told {
				b.at(b.Now(), func() { b.SignalWorkflow(workflows.SignalClosed, nil) })
			}
			b.ExecuteWorkflow(workflows.InvitationName, in)
			b.ended()
			require.Empty(t, b.sender.mails)
			require.LessOrEqual(t, b.Now().UTC(), saoPaulo(7).Add(9*time.Hour),
				"at the latest the first reminder finds it closed")
		})
	}
}

func TestS17_HardBounceFlagsTheOrderAndTellsTheReseller(t *testing.T) {
	b := newBench(t)
	inv := b.invited()
	b.sender.fail = func(m mail.Message) error {
		return &mail.SendError{Kind: mail.Permanent, Code: 550, Enhanced: "5.1.1", Step: mail.StepRcpt}
	}
	b.runInvitation(inv)
	require.Equal(t, rules.InvitationBounced, b.invitation(inv.ID).State)
	require.True(t, b.get(*inv.OrderID).InvitationFailed)
	require.Len(t, b.tasks(db.TaskMailUndeliverable), 1)
	require.Len(t, b.mailsOf(rules.TemplateInvitationUndeliverable), 1)
	require.Empty(t, b.mailsOf(rules.TemplateInvitationReminder))
	require.Empty(t, b.tasks(db.TaskInvitationUnclaimed))
}

func TestR45b_InvitationStepsKilledAfterTheirCommit(t *testing.T) {
	for _, step := range []string{"SendMails", "Remind", "Expire"} {
		t.Run(step, func(t *testing.T) {
			b := newBench(t)
			inv := b.invited()
			b.hooks.after = func(name string, nth int) error {
				if name == step && nth%2 == 1 {
					return errKilled
				}
				return nil
			}
			b.runInvitation(inv)
			require.Len(t, b.sender.of(rules.TemplateInvitation), 1)
			require.Len(t, b.sender.of(rules.TemplateInvitationReminder), 3)
			require.Len(t, b.mailsOf(rules.TemplateInvitationUnclaimed), 1)
			require.Equal(t, rules.InvitationHasExpired, b.invitation(inv.ID).State)
		})
	}
}

// A mail server that is down for three days must not move the expiry.
func TestR121_ExpiryDoesNotWaitForAReminderThatCannotBeSent(t *testing.T) {
	b := newBench(t)
	inv := b.invited()
	b.at(saoPaulo(28), func() { b.sender.fail = temporary })
	expired := time.Time{}
	b.at(saoPaulo(31).Add(time.Second), func() {
		if b.invitation(inv.ID).State == rules.InvitationHasExpired {
			expired = b.Now()
		}
	})
	b.runInvitation(inv)
	require.False(t, expired.IsZero(), "it expires at the end of local day d+30")
}

func TestC1_InvitationExpiresAlsoWhereTheClockIsBehind(t *testing.T) {
	b := newBench(t)
	inv := b.invited()
	b.hooks.before = func(name string, nth int) error {
		if name == "Expire" && nth == 1 {
			b.db.Calendar.Set(b.Now().UTC().Add(-time.Second))
		}
		return nil
	}
	b.runInvitation(inv)
	require.Equal(t, rules.InvitationHasExpired, b.invitation(inv.ID).State)
}
