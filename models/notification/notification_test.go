package notification_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestNextMailClaimsOneAtATimeInOneStatement(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		env.Statements.Reset()
		first, ok, err := env.NextMail(env.Context, o.ID, notification.MailResult{}, nil)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, rules.NotificationSending, first.State)
		require.Equal(t, 1, first.Attempts)
		require.NotNil(t, first.ClaimedAt)
		second, ok, err := env.NextMail(env.Context, o.ID,
			notification.MailResult{ID: first.ID, State: rules.NotificationSent, ProviderID: "<1@x>"}, nil)
		require.NoError(t, err)
		require.True(t, ok)
		require.NotEqual(t, first.ID, second.ID)
		require.Len(t, env.Statements.List(), 2)
		sent, err := env.GetNotification(env.Context, first.ID)
		require.NoError(t, err)
		require.Equal(t, rules.NotificationSent, sent.State)
		require.Equal(t, "<1@x>", sent.ProviderID)
		require.Equal(t, env.Calendar.Now(), *sent.SentAt)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM notifications WHERE state = 'SENDING'"))
	})
}

func TestTemporaryFailureIsSkippedAndTriedLater(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		var skip []string
		var last notification.MailResult
		for range 3 { // all three fail for now
			m, ok, err := env.NextMail(env.Context, o.ID, last, skip)
			require.NoError(t, err)
			require.True(t, ok)
			require.NotContains(t, skip, m.ID)
			skip = append(skip, m.ID)
			last = notification.MailResult{ID: m.ID, State: rules.NotificationQueued, Error: "451 try later"}
		}
		_, ok, err := env.NextMail(env.Context, o.ID, last, skip)
		require.NoError(t, err)
		require.False(t, ok)
		require.Equal(t, 3,
			env.Count(t, "SELECT count(*) FROM notifications WHERE state = 'QUEUED' AND last_error = '451 try later'"))
		require.Equal(t, 3, env.Count(t, "SELECT count(*) FROM notification_attempts"))
		require.Empty(t, env.Tasks(t, db.TaskMailUndeliverable))
		again := env.Deliver(t, o.ID)
		require.Len(t, again, 3)
		require.Equal(t, 2, again[0].Attempts)
	})
}

func TestC7_SendersAtOnceNeverGetTheSameMail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		queueMails(t, env, 50)
		var mu sync.Mutex
		got := map[string]int{}
		for range 20 { // a sender that met another stops; the workflow starts it again
			storetest.RequireAll(t, storetest.AtOnce(8, func(int) error {
				var last notification.MailResult
				for {
					m, ok, err := env.NextMail(env.Context, "sub", last, nil)
					if err != nil || !ok {
						return err
					}
					mu.Lock()
					got[m.ID]++
					mu.Unlock()
					last = notification.MailResult{ID: m.ID, State: rules.NotificationSent}
				}
			}))
			if len(got) == 50 {
				break
			}
		}
		requireNoDeadlock(t, env)
		require.Len(t, got, 50)
		for id, n := range got {
			require.Equal(t, 1, n, id)
		}
		require.Equal(t, 50, env.Count(t, "SELECT count(*) FROM notifications WHERE state = 'SENT' AND attempts = 1"))
	})
}

func TestC7_DedupeKey(t *testing.T) {
	env := storetest.SQLite(t)
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	for _, m := range append(env.Mails(t, "order_confirmation"), env.Mails(t, "invitation")...) {
		require.Equal(t, strings.Join([]string{"select", m.Template, m.SubjectID, m.Recipient, "1"}, "|"), m.DedupeKey)
	}
	require.Error(t, env.Exec(
		"INSERT INTO notifications SELECT 'ntf_x', dedupe_key, program_id, template, subject_id, recipient, epoch, account_id, order_id, locale, params, state, attempts, claimed_at, sent_at, provider_id, last_error, created_at FROM notifications WHERE order_id = '"+
			o.ID+"'",
	))
}

func TestStaleMailsBecomeUnknown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		m, _, err := env.NextMail(env.Context, o.ID, notification.MailResult{}, nil)
		require.NoError(t, err)
		inFlight, err := env.SettleStaleMails(env.Context, o.ID, time.Hour)
		require.NoError(t, err)
		require.Equal(t, 1, inFlight)
		for range 2 {
			inFlight, err = env.SettleStaleMails(env.Context, o.ID, 0)
			require.NoError(t, err)
			require.Zero(t, inFlight)
		}
		got, err := env.GetNotification(env.Context, m.ID)
		require.NoError(t, err)
		require.Equal(t, rules.NotificationUnknown, got.State)
		require.Len(t, env.Tasks(t, db.TaskMailUnknown), 1)
		require.Len(t, env.Deliver(t, o.ID), 2, "the unknown one is not sent again by itself")
		// The sender was only slow: its late report changes nothing.
		_, _, err = env.NextMail(env.Context, o.ID,
			notification.MailResult{ID: m.ID, State: rules.NotificationHardBounced, Error: "late"}, nil)
		require.NoError(t, err)
		require.Empty(t, env.Tasks(t, db.TaskMailUndeliverable))

		require.NoError(t, env.ResendMail(storetest.Operator(), m.ID))
		storetest.RequireCode(t, rules.StateConflict, env.ResendMail(storetest.Operator(), m.ID))
		require.Equal(t, 1,
			env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'mail.start' AND subject_id = '"+m.ID+"'"))
		require.Len(t, env.Deliver(t, m.ID), 1)
		require.NoError(t, env.MailDelivered(storetest.Operator(), m.ID))
		storetest.RequireCode(t, rules.StateConflict, env.MailDelivered(storetest.Operator(), m.ID))
		storetest.RequireCode(t, rules.NotFound, env.ResendMail(storetest.Operator(), "ntf_none"))
		env.AuditHolds(t)
	})
}

func TestS17_BouncedConfirmationIsATask(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		m, _, err := env.NextMail(env.Context, o.ID, notification.MailResult{}, nil)
		require.NoError(t, err)
		_, ok, err := env.NextMail(env.Context, o.ID,
			notification.MailResult{ID: m.ID, State: rules.NotificationHardBounced, Error: "550"}, nil)
		require.NoError(t, err)
		require.True(t, ok)
		require.Len(t, env.Tasks(t, db.TaskMailUndeliverable), 1)
		got, err := env.GetOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.False(t, got.InvitationFailed)
		require.NoError(t, env.ResendMail(storetest.Operator(), m.ID))
	})
}

func TestGiveUpMailsHandsEachToAnOperator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		inv := env.InvitationOf(t, o.ID)
		for range 2 {
			require.NoError(t, env.GiveUpMails(env.Context, o.ID, "three days without an answer", time.Time{}))
			require.NoError(t, env.GiveUpMails(env.Context, inv.ID, "three days without an answer", time.Time{}))
		}
		require.Len(t, env.Tasks(t, db.TaskMailUndeliverable), 4)
		got, err := env.GetOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.True(t, got.InvitationFailed)
	})
}
