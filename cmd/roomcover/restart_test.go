package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestRestartTellsEverythingUnderWayToGoOn(t *testing.T) {
	env := storetest.SQLite(t)
	env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-2"))
	s := newShell(t, &env)
	var told struct{ Told int }
	s.json(&told, "restart")
	require.Equal(t, env.Count(t, "SELECT count(*) FROM outbox_events WHERE dedupe_key LIKE '%/restart_%'"),
		told.Told)
	require.GreaterOrEqual(t, told.Told, 4, "two orders, an invitation, its mails")
	require.Contains(t, s.must("restart"), "Told to go on: ")
}

// After a restore, mails that had not left by the rows may have left since: none is sent again
// by itself, and each is an operator's question.
func TestRestartAfterARestoreSendsNoMailAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		waiting := env.Count(t, "SELECT count(*) FROM notifications WHERE state = 'QUEUED'")
		require.Positive(t, waiting)
		s := newShell(t, &env)
		var told struct {
			Told         int
			MailsUnknown int `json:"mails_unknown"`
		}
		s.json(&told, "restart", "--restored")
		require.Equal(t, waiting, told.MailsUnknown)
		require.Equal(t, waiting, env.Count(t, "SELECT count(*) FROM operator_tasks WHERE kind = 'MAIL_UNKNOWN'"+
			" AND state = 'OPEN' AND why LIKE '%restored%'"))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM notifications WHERE state <> 'UNKNOWN'"))
		require.Contains(t, s.must("restart", "--restored"), "since the backup: 0")
	})
}

// A worker that sends would write its end over the doubt, and go on with the rest.
func TestRestartAfterARestoreRefusesWhileAWorkerSends(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, inv := storetest.FulfilledWithInvitation(t, env)
		_, ok, err := env.NextMail(env.Context, inv.ID, notification.MailResult{}, nil)
		require.NoError(t, err)
		require.True(t, ok)

		_, err = env.DoubtUnsentMails(env.Context)
		storetest.RequireCode(t, rules.StateConflict, err)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM notifications WHERE state = 'UNKNOWN'"))

		require.NoError(t, env.Exec("UPDATE notifications SET claimed_at = '2020-01-01 00:00:00+00:00'"))
		n, err := env.DoubtUnsentMails(env.Context)
		require.NoError(t, err, "its sender is gone")
		require.Positive(t, n)
	})
}
