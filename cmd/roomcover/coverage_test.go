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
	require.Contains(t, out, "Not covered for hardware.")
	require.Contains(t, out, "No Select license is assigned to the room at that time.\n")
	env.Assigned(t, env.Licences(t, order)[0], room)
	out = s.must("coverage", "--serial", "ab1234")
	require.Contains(t, out, "Covered for hardware until 30 Nov 2027 in São Paulo.")
	require.Contains(t, out, "because of the age of the device")
	require.Contains(t, out, "next business day")
	require.Contains(t, s.must("coverage", "--room", "sala 1", "--for", "technical"), "Covered for technical support until")
	var answer api.CoveredView
	s.json(&answer, "coverage", "--room", room.ID, "--model", "table-mount")
	require.True(t, answer.Answer.Covered)
}
