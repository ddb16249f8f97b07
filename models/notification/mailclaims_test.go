package notification_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func queueMails(t *testing.T, env storetest.Env, n int) {
	t.Helper()
	for i := range n {
		require.NoError(t, env.Exec(fmt.Sprintf(`INSERT INTO notifications (id, dedupe_key, program_id, template, subject_id, recipient, epoch, locale, params, state, attempts, provider_id, last_error, created_at)
			VALUES ('ntf_%02d', '%d', 'p', 't', 'sub', 'r', '1', 'en', '{}', 'QUEUED', 0, '', '', '2026-11-23 12:00:00+00:00')`, i, i)))
	}
}

// requireNoDeadlock fails when senders waited for each other: a retry hides it, but each
// such wait costs all of them a second.
func requireNoDeadlock(t *testing.T, env storetest.Env) {
	t.Helper()
	if env.DB.Postgres() {
		require.Zero(t, env.Count(t,
			"SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
	}
}

func TestC7_SendersAtOnceNeverShareABatch(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		queueMails(t, env, 50)
		var mu sync.Mutex
		got := map[string]int{}
		storetest.RequireAll(t, storetest.AtOnce(8, func(int) error {
			var ended []notification.MailResult
			for {
				batch, err := env.NextMails(env.Context, "sub", 4, ended, nil)
				if err != nil || len(batch) == 0 {
					return err
				}
				mu.Lock()
				ended = nil
				for _, m := range batch {
					got[m.ID]++
					ended = append(ended, notification.MailResult{
						ID:         m.ID,
						State:      rules.NotificationSent,
						ProviderID: "p " + m.ID,
					})
				}
				mu.Unlock()
			}
		}))
		requireNoDeadlock(t, env)
		require.Len(t, got, 50, "whoever met another went on to other mails")
		for id, n := range got {
			require.Equal(t, 1, n, id)
		}
		require.Equal(t, 50, env.Count(
			t,
			"SELECT count(*) FROM notifications WHERE state = 'SENT' AND attempts = 1 AND provider_id = 'p ' || id AND sent_at IS NOT NULL",
		))
	})
}

func TestC7_TheEndsOfABatchAreOneStatement(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		queueMails(t, env, 6)
		batch, err := env.NextMails(env.Context, "sub", 4, nil, nil)
		require.NoError(t, err)
		require.Len(t, batch, 4)
		env.Statements.Reset()
		next, err := env.NextMails(env.Context, "sub", 4, []notification.MailResult{
			{ID: batch[0].ID, State: rules.NotificationSent},
			{ID: batch[1].ID, State: rules.NotificationSent},
		}, nil)
		require.NoError(t, err)
		require.Len(t, env.Statements.List(), 1)
		require.Equal(t, []string{"ntf_04", "ntf_05"}, []string{next[0].ID, next[1].ID})

		none, err := env.NextMails(env.Context, "", 0, []notification.MailResult{
			{ID: batch[2].ID, State: rules.NotificationHardBounced, Error: "550"},
			{ID: batch[3].ID, State: rules.NotificationQueued, Error: "451"},
			{ID: next[0].ID, State: rules.NotificationSent, ProviderID: "250"},
			{ID: "ntf_99", State: rules.NotificationUnknown},
		}, nil)
		require.NoError(t, err)
		require.Empty(t, none)
		require.Equal(t, []string{
			"ntf_00 SENT ", "ntf_01 SENT ", "ntf_02 HARD_BOUNCED 550", "ntf_03 QUEUED 451", "ntf_04 SENT ",
			"ntf_05 SENDING ",
		},
			env.Strings(t, "SELECT id || ' ' || state || ' ' || last_error FROM notifications ORDER BY id"))
		require.Len(t, env.Tasks(t, db.TaskMailUndeliverable), 1)
		require.Empty(t, env.Tasks(t, db.TaskMailUnknown), "there is no such mail")
		again, err := env.NextMails(env.Context, "sub", 4, nil, []string{"ntf_03"})
		require.NoError(t, err)
		require.Empty(t, again, "it waits for a later attempt")
	})
}

// Of a sender that is killed nobody knows which of its mails were handed over.
func TestC7_AllThatAKilledSenderHeldBecomesUnknown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		queueMails(t, env, 6)
		_, err := env.NextMails(env.Context, "sub", 4, nil, nil)
		require.NoError(t, err)
		inFlight, err := env.SettleStaleMails(env.Context, "sub", time.Minute)
		require.NoError(t, err)
		require.Equal(t, 4, inFlight)
		_, err = env.SettleStaleMails(env.Context, "sub", 0)
		require.NoError(t, err)
		require.Len(t, env.Tasks(t, db.TaskMailUnknown), 4)
		require.Len(t, env.Deliver(t, "sub"), 2, "the others are sent, and none of these again")
	})
}

// Somebody who has locked a mail may give up; the sender that holds others meanwhile does
// not take it for sent.
func TestC7_AMailThatSomebodyGivesBackIsStillSent(t *testing.T) {
	env := storetest.Postgres(t)
	queueMails(t, env, 3)
	first, err := env.NextMails(env.Context, "sub", 1, nil, nil)
	require.NoError(t, err)
	require.Len(t, first, 1)

	locked, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_ = env.DB.Write(env.Context, func(tx *db.Tx) error {
			var rows []notification.Notification
			err := tx.ForUpdate().Where("state = ?", rules.NotificationQueued).Find(&rows).Error
			close(locked)
			<-release
			return errors.Join(err, errors.New("given up"))
		})
	})
	<-locked
	time.AfterFunc(100*time.Millisecond, func() { close(release) })

	sent := []notification.MailResult{{ID: first[0].ID, State: rules.NotificationSent}}
	rest, err := env.NextMails(env.Context, "sub", 4, sent, nil)
	require.NoError(t, err)
	require.Len(t, rest, 2)
	all.Wait()
}
