package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
)

func TestR39c_CoverageInPlainWords(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	order := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	room := env.Room(t, *order.AccountID, "Sala 1")
	env.Device(t, room, "AB-12 34", "MEETUP", "2022-12-01")
	out := s.must("coverage", "--serial", "ab1234")
	require.Contains(t, out, "Not covered for hardware (NOT_COVERED).")
	require.Contains(t, out, "No Select licence is assigned to the room at that time. (rule R39c)")
	env.Assigned(t, env.Licences(t, order)[0], room)
	out = s.must("coverage", "--serial", "ab1234")
	require.Contains(t, out, "Covered for hardware until 2027-12-01 03:00")
	require.Contains(t, out, "(rule R125b)")
	require.Contains(t, out, "Replacement: NBD")
	require.Contains(t, s.must("coverage", "--room", room.ID, "--for", "technical"), "Covered for technical until")
	var answer api.CoveredView
	s.json(&answer, "coverage", "--room", room.ID, "--model", "table-mount")
	require.True(t, answer.Answer.Covered)
}
