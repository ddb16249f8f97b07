package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

func TestReconcileTellsByKindAndCanBeTried(t *testing.T) {
	env := storetest.SQLite(t)
	env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	s := newShell(t, &env)
	events := func() int { return env.Count(t, "SELECT count(*) FROM outbox_events") }
	before := events()
	told := map[string]int{}
	s.json(&told, "temporal", "reconcile", "--dry-run")
	require.Equal(t, 1, told["order"])
	require.Equal(t, 1, told["invitation"])
	require.Equal(t, before, events())

	require.Contains(t, s.must("temporal", "reconcile"), "told to go on")
	require.Greater(t, events(), before)

	clear(told)
	since := env.Calendar.Now().Add(time.Hour).Format(time.RFC3339)
	s.json(&told, "temporal", "reconcile", "--since", since)
	require.Empty(t, told)
}
