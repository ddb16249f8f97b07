package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestR121_V17_InvitationValidThroughLocalDay30(t *testing.T) {
	for _, c := range []struct{ country, zone, end string }{
		{"DE", "Europe/Berlin", "2026-03-31T22:00:00Z"}, // daylight saving time begins on 29 March
		{"BR", "America/Sao_Paulo", "2026-04-01T03:00:00Z"},
	} {
		env := storetest.SQLite(t)
		env.SetLocal(t, c.zone, "2026-03-01 10:00")
		form := storetest.Form("PO-1")
		form.PurchasedOn = "2026-03-01"
		form.EndCustomer.Address.Country = c.country
		form.EndCustomer.Address.Region = ""
		inv := env.InvitationOf(t, env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form).ID)
		require.Equal(t, c.end, storetest.Stamp(inv.ExpiresAt))
		token := env.Secrets().InvitationToken(inv.ID)
		env.SetLocal(t, c.zone, "2026-03-31 23:59")
		_, err := env.InvitationByToken(env.Context, token)
		require.NoError(t, err)
		require.NoError(t, env.ExpireInvitation(env.Context, inv.ID), "too early: nothing happens")
		env.SetLocal(t, c.zone, "2026-04-01 00:00")
		_, err = env.InvitationByToken(env.Context, token)
		storetest.RequireCode(t, rules.InvitationExpired, err)
		storetest.RequireCode(t, rules.InvitationExpired, storetest.AcceptAs(env, inv, inv.Email))
		require.NoError(t, env.ExpireInvitation(env.Context, inv.ID))
		got, err := env.GetInvitation(env.Context, inv.ID)
		require.NoError(t, err)
		require.Equal(t, rules.InvitationHasExpired, got.State)
	}
}

func TestPlanInvitation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		plan, err := env.PlanInvitation(env.Context, inv.ID)
		require.NoError(t, err)
		require.True(t, plan.Live)
		require.Equal(t, inv.ExpiresAt, plan.ExpiresAt)
		require.Equal(t, []int{7, 21, 28}, days(plan))
		require.Equal(t, "2026-11-30T12:00:00Z", storetest.Stamp(plan.Reminders[0].At)) // 09:00 in São Paulo
		env.Calendar.Set(plan.Reminders[1].At)
		_, err = env.RemindInvitation(env.Context, inv.ID, 7, plan.Reminders[1].At)
		require.NoError(t, err)
		plan, err = env.PlanInvitation(env.Context, inv.ID)
		require.NoError(t, err)
		require.Equal(t, []int{21, 28}, days(plan), "the one that is due now is not lost")
		env.Join(t, inv)
		plan, err = env.PlanInvitation(env.Context, inv.ID)
		require.NoError(t, err)
		require.False(t, plan.Live)
		_, err = env.PlanInvitation(env.Context, "inv_none")
		storetest.RequireCode(t, rules.NotFound, err)
	})
}

func days(p identity.InvitationPlan) (out []int) {
	for _, r := range p.Reminders {
		out = append(out, r.Day)
	}
	return out
}

func TestReminderOncePerDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		for _, day := range []int{7, 7, 21} {
			live, err := env.RemindInvitation(env.Context, inv.ID, day, time.Time{})
			require.NoError(t, err)
			require.True(t, live)
		}
		require.Len(t, env.Mails(t, "invitation_reminder"), 2)
		env.Join(t, inv)
		live, err := env.RemindInvitation(env.Context, inv.ID, 28, time.Time{})
		require.NoError(t, err)
		require.False(t, live)
		require.Len(t, env.Mails(t, "invitation_reminder"), 2)
	})
}

func TestS16_UnclaimedIsToldOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		env.Calendar.Set(inv.ExpiresAt)
		storetest.RequireAll(
			t, storetest.AtOnce(4, func(int) error { return env.ExpireInvitation(env.Context, inv.ID) }),
		)
		mails := env.Mails(t, "invitation_unclaimed")
		require.Len(t, mails, 1)
		require.Equal(t, "pedidos@revendasul.example", mails[0].Recipient)
		require.Len(t, env.Tasks(t, db.TaskInvitationUnclaimed), 1)
		env.AuditHolds(t)
	})
}

func TestS17_BouncedInvitation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, inv := storetest.FulfilledWithInvitation(t, env)
		m, ok, err := env.NextMail(env.Context, inv.ID, notification.MailResult{}, nil)
		require.NoError(t, err)
		require.True(t, ok)
		bounce := notification.MailResult{ID: m.ID, State: rules.NotificationHardBounced, Error: "550 no such user"}
		for range 2 { // the answer was lost, the report comes again
			_, ok, err = env.NextMail(env.Context, inv.ID, bounce, nil)
			require.NoError(t, err)
			require.False(t, ok)
		}
		got, err := env.GetOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.True(t, got.InvitationFailed)
		require.Len(t, env.Tasks(t, db.TaskMailUndeliverable), 1)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM notification_attempts"))
		told := env.Mails(t, "invitation_undeliverable")
		require.Len(t, told, 1)
		require.Equal(t, "pedidos@revendasul.example", told[0].Recipient)
		_, err = env.InvitationByToken(env.Context, env.Secrets().InvitationToken(inv.ID))
		storetest.RequireCode(t, rules.InvitationExpired, err)
		storetest.RequireCode(t, rules.StateConflict, env.ResendMail(storetest.Operator(), m.ID))
		fresh, err := env.Reissue(storetest.Operator(), inv.ID, "ana.lima@acme.example",
			"Ana Lima", "address was wrong")
		require.NoError(t, err)
		got, err = env.GetOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.False(t, got.InvitationFailed)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskMailUndeliverable)[0].State)
		env.Join(t, fresh)
	})
}

// A list shows what people see: SENT follows from the mail, and a link is dead at its
// instant, whenever the workflow comes to store it.
func TestR121_ListsShowTheDerivedStateOfAnInvitation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		shown := func() identity.Invitation {
			t.Helper()
			list, _, err := env.ListInvitations(env.Context, inv.AccountID, "", db.Page{})
			require.NoError(t, err)
			require.Len(t, list, 1)
			return list[0]
		}
		require.Equal(t, rules.InvitationIssued, shown().State)

		sentAt := env.Calendar.Now().Add(time.Hour)
		env.Calendar.Set(sentAt)
		env.Deliver(t, inv.ID)
		require.Equal(t, rules.InvitationSent, shown().State)
		require.True(t, sentAt.Equal(shown().StateSince))

		env.Calendar.Set(inv.ExpiresAt.Add(-time.Second))
		require.Equal(t, rules.InvitationSent, shown().State)
		env.Calendar.Set(inv.ExpiresAt)
		require.Equal(t, rules.InvitationHasExpired, shown().State)
		require.True(t, inv.ExpiresAt.Equal(shown().StateSince))

		_, err := env.RevokeInvitation(storetest.Operator(), inv.ID, "asked")
		require.NoError(t, err)
		require.Equal(t, rules.InvitationWasWithdrawn, shown().State, "what is stored and over stays")
	})
}

// While nobody knows whether the mail of an invitation arrived, one task asks; once the
// invitation has expired, the task about it takes its place.
func TestS16_AnInvitationWhoseMailIsUnknownIsOneTask(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		m, ok, err := env.NextMail(env.Context, inv.ID, notification.MailResult{}, nil)
		require.NoError(t, err)
		require.True(t, ok)
		lost := notification.MailResult{ID: m.ID, State: rules.NotificationUnknown, Error: "no answer"}
		_, _, err = env.NextMail(env.Context, inv.ID, lost, nil)
		require.NoError(t, err)
		require.Equal(t, db.TaskOpen, env.Tasks(t, db.TaskMailUnknown)[0].State)

		env.Calendar.Set(inv.ExpiresAt)
		require.NoError(t, env.ExpireInvitation(env.Context, inv.ID))
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskMailUnknown)[0].State)
		require.Equal(t, db.TaskOpen, env.Tasks(t, db.TaskInvitationUnclaimed)[0].State)
	})
}

func TestRevokedInvitationIsDead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		_, err := env.RevokeInvitation(storetest.Operator(), inv.ID, "left the company")
		require.NoError(t, err)
		storetest.RequireCode(t, rules.InvitationRevoked, storetest.AcceptAs(env, inv, inv.Email))
		_, err = env.RevokeInvitation(storetest.Operator(), inv.ID, "x")
		storetest.RequireCode(t, rules.StateConflict, err)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'invitation.closed'"))
	})
}

func TestR123_AskingForANewLinkRevealsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		for _, email := range []string{"nobody@acme.example", "ANA.souza@acme.example", "ana.souza@acme.example", ""} {
			require.NoError(t, env.RequestInvitation(env.Context, email))
		}
		require.Len(t, env.Tasks(t, db.TaskInvitationRequested), 1)
		env.Join(t, inv)
		_, err := env.ResolveTask(storetest.Operator(), env.Tasks(t, db.TaskInvitationRequested)[0].ID, "done")
		require.NoError(t, err)
		require.NoError(t, env.RequestInvitation(env.Context, inv.Email))
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskInvitationRequested)[0].State)
	})
}

// A program with a shorter window has fewer reminders: one that comes after the
// expiry would hold the workflow up, and offer a link that is dead.
func TestC8_AShorterWindowHasNoReminderAfterItsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ref, err := env.Reference(env.Context)
		require.NoError(t, err)
		short := ref.Program
		short.InviteDays = 14
		_, err = env.ChangeProgram(storetest.Operator(), short, ref.Version)
		require.NoError(t, err)
		_, inv := storetest.FulfilledWithInvitation(t, env)
		require.Equal(t, "2026-12-08T03:00:00Z", storetest.Stamp(inv.ExpiresAt))
		events, err := env.LeaseOutbox(env.Context, 10, time.Minute)
		require.NoError(t, err)
		told := 0
		for _, e := range events {
			if e.Kind == db.OutboxInvitationIssued {
				require.Equal(t, map[string]string{
					db.PayloadExpiresAt:      "2026-12-08T03:00:00Z",
					db.PayloadReminder + "7": "2026-11-30T12:00:00Z",
					db.PayloadSummary:        "ADMIN, BR",
				}, e.Payload)
				told++
			}
		}
		require.Equal(t, 1, told)
		plan, err := env.PlanInvitation(env.Context, inv.ID)
		require.NoError(t, err)
		require.Equal(t, []int{7}, days(plan))
	})
}

func TestR121_NobodyIsRemindedOfAnExpiredInvitation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		env.Calendar.Set(inv.ExpiresAt) // every worker was down for weeks
		live, err := env.RemindInvitation(env.Context, inv.ID, 28, time.Time{})
		require.NoError(t, err)
		require.True(t, live, "its end is still to come")
		require.Empty(t, env.Mails(t, "invitation_reminder"))
		env.Calendar.Set(inv.ExpiresAt.Add(-time.Second))
		_, err = env.RemindInvitation(env.Context, inv.ID, 28, time.Time{})
		require.NoError(t, err)
		require.Len(t, env.Mails(t, "invitation_reminder"), 1)
	})
}
