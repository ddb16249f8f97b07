package main

import (
	"os"
	"path/filepath"
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
	require.Equal(t, "Late: nothing.\n\nDue today: nothing.\n\nDays of tasks are counted in UTC.\n",
		s.must("agenda"))
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
	require.Contains(t, out, "\nDays of tasks are counted by the time in São Paulo.\n")
	var list api.AgendaView
	s.json(&list, "agenda", "--on", "2026-11-27")
	require.EqualValues(t, 1, list.Late.ByKind["RMA"])
	require.Contains(t, s.must("agenda", "--limit", "1", "--on", "2026-11-27"), "more")
	require.Equal(t, exitRefused, s.run("agenda", "--on", "yesterday"))
	require.Equal(t, exitRefused, s.run("agenda", "--time-zone", "Mars"))
}

// Whoever says no zone reads by the clock of the machine, as in every other program.
func TestTheReadersZoneIsThatOfTheMachine(t *testing.T) {
	zones := filepath.Join(t.TempDir(), "zoneinfo", "America")
	require.NoError(t, os.MkdirAll(zones, 0o700))
	file := filepath.Join(zones, "Manaus")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	link := filepath.Join(t.TempDir(), "localtime")
	require.NoError(t, os.Symlink(file, link))
	before := localTime
	t.Cleanup(func() { localTime = before })
	localTime = link

	t.Setenv("TZ", "")
	require.Equal(t, "UTC", readersZone(""), "TZ is set, to nothing")
	require.NoError(t, os.Unsetenv("TZ"))
	require.Equal(t, "America/Manaus", readersZone(""))
	require.Equal(t, "Europe/Lisbon", readersZone(":Europe/Lisbon"))
	localTime = file + "-gone"
	require.Equal(t, "UTC", readersZone(""))

	localTime = link
	s := service(t, storetest.SQLite(t))
	require.Contains(t, s.must("agenda"), "Days of tasks are counted by the time in Manaus.")
	t.Setenv("TZ", "America/Sao_Paulo")
	require.Contains(t, s.must("agenda"), "Days of tasks are counted by the time in São Paulo.")
	require.Contains(t, s.must("agenda", "--zone", "America/Bogota"), "by the time in Bogotá.")
}
