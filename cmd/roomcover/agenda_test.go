package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
)

func TestAgendaFromTheCommandLine(t *testing.T) {
	t.Setenv("TZ", "")
	env := storetest.SQLite(t)
	s := service(t, env)
	require.Equal(t, "Late: nothing.\n\nDue today: nothing.\n", s.must("agenda"))
	c := env.Covered(t)
	r := env.Shipped(t, c)
	env.Calendar.Set(env.Calendar.Now().Add(24 * time.Hour))
	out := s.must("agenda", "--time-zone", "America/Sao_Paulo", "--account", "Acme Ltda")
	for _, want := range []string{
		"Late: 1\n", "3 days late", "assign csm", "Name the account's customer success manager.", "Due today: ",
		"due today", r.Number, "delivery", "Replacement RALLY-BAR SN100", "Acme Ltda",
	} {
		require.Contains(t, out, want)
	}
	var list api.AgendaView
	s.json(&list, "agenda", "--on", "2026-11-27")
	require.EqualValues(t, 1, list.Late.ByKind["RMA"])
	require.Contains(t, s.must("agenda", "--limit", "1", "--on", "2026-11-27"), "more")
	require.Equal(t, exitRefused, s.run("agenda", "--on", "yesterday"))
	require.Equal(t, exitRefused, s.run("agenda", "--time-zone", "Mars"))
}
