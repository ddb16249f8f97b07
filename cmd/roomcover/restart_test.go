package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
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
