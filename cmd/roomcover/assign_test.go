package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
)

// The commands of the README: rooms are imported, licences assigned, and cover is
// told in plain words.
func TestR39_AssignGivesEveryFreeRoomALicence(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	order := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	account := *order.AccountID
	here := env.Room(t, account, "Sala 1")
	there := env.Room(t, account, "Sala 2")
	env.Device(t, here, "AB1234", "MEETUP", "2022-12-01")
	contract := env.Licences(t, order)[0].ContractID
	out := s.must("assign", "--contract", contract, here.ID, "--reason", "asked")
	require.Contains(t, out, "1 room has a license of the contract of PO-1:\n  Sala 1, HQ\n")
	require.Contains(t, out, "hardware coverage ends before the contract")
	require.Contains(t, out, "1 contract started")
	require.Equal(t, exitRefused, s.run("assign", "--all", "--account", "acme ltda"))
	require.Contains(t, s.err.String(), "--reason: Send --reason.")
	out = s.must("assign", "--all", "--site", "HQ", "--account", "acme ltda", "--reason", "asked")
	require.Contains(t, out, "1 room has a license")
	open, _, err := env.ListAssignments(env.Context, entitlement.AssignmentFilter{RoomID: there.ID, Open: true})
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Contains(t, s.must("assign", "--all", "--account", account, "--reason", "asked"),
		"Every room has a license already.")
	require.Contains(t, s.must("coverage", "--serial", "ab-1234"), "Covered for hardware until 30 Nov 2027 in São Paulo.")

	for range 9 {
		env.Room(t, account, "Lounge")
	}
	require.Equal(t, exitRefused, s.run("assign", "--all", "--account", account, "--reason", "asked"))
	require.Contains(t, s.err.String(), "ROOM: The contract has 8 licenses left.")
	env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-2"))
	require.Equal(t, exitUsage, s.run("assign", "--all", "--account", account, "--reason", "asked"))
	require.Contains(t, s.err.String(), "2 Select contracts")
	require.Equal(t, exitUsage, s.run("assign", "--all", "--account", "nobody", "--reason", "asked"))
	for _, wrong := range [][]string{
		{"assign", "--all"},
		{"assign", "--contract", "c"},
		{"assign", "--contract", "c", "--all", "rom_1"},
	} {
		require.Equal(t, exitUsage, s.run(wrong...), wrong)
	}
}

func TestS35_ImportOfRoomsSaysWhoseAndWhy(t *testing.T) {
	i := &importer{
		states: []api.ImportView{job("DONE", 2, 1, 1, 0)},
		rows: []api.ImportRowView{
			{Row: 2, Outcome: "STORED", RoomID: "rom_1"},
			{Row: 3, Outcome: "UNCHANGED", RoomID: "rom_2"},
		},
	}
	s, file := importing(t, i)
	out := s.must("import", "rooms", file, "--account", "acc_1", "--reason", "asked by phone", "--pause", "1ms")
	require.Contains(t, out, "rom_1")
	require.Contains(t, out, "2 rows, 1 stored, 1 unchanged, 0 refused")
	require.Equal(t, "/v1/rooms/import", i.upload.URL.Path)
	require.Equal(t, "account_id=acc_1&all_or_nothing=true&dry_run=false&reason=asked+by+phone", i.upload.URL.RawQuery)
	i.asked = 0
	s.must("import", "rooms", file, "--pause", "1ms") // a customer's token has its own account
	require.Equal(t, "all_or_nothing=true&dry_run=false", i.upload.URL.RawQuery)
	i.asked = 0
	s.must("import", "orders", file, "--pause", "1ms")
	require.Equal(t, "/v1/orders/import", i.upload.URL.Path)
}

// A long file's report names the refused rows only.
func TestImportOfALongFileReportsWhatIsRefused(t *testing.T) {
	long := job("DONE", 0, 0, 0, 0)
	long.RowsTotal = 100_000
	i := &importer{states: []api.ImportView{long}}
	s, file := importing(t, i)
	s.must("import", "rooms", file, "--pause", "1ms")
	require.Equal(t, "REFUSED", i.report.Get("outcome"))
	i.asked = 0
	s.must("import", "rooms", file, "--pause", "1ms", "--json")
	require.Empty(t, i.report.Get("outcome"), "a program may read them all")
}
