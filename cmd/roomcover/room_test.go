package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
)

// A room is added and changed: what is not said stays, and a region and a time zone go with the
// country that they belong to.
func TestARoomIsAddedAndChangedFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	out := s.must("room", "add", "Sala 9", "--account", "Acme Ltda", "--site", "Paulista", "--country",
		"br", "--region", "AM", "--platform", "mtr_windows", "--reason", "asked")
	for _, want := range []string{
		"Sala 9: active", "Acme Ltda", "Paulista", "BR-AM", "America/Manaus", "Teams Rooms on Windows",
	} {
		require.Contains(t, out, want)
	}

	change := func(more ...string) []string {
		return append([]string{"room", "change", "Sala 9", "--reason", "asked"}, more...)
	}
	var r api.RoomDetail
	s.json(&r, change("--criticality", "critical")...)
	require.EqualValues(t, 2, r.Version)
	require.Equal(t, []string{"Paulista", "BR", "AM", "America/Manaus", "CRITICAL", "MTR_WINDOWS"}, []string{
		r.Site, r.Country, r.Region, r.TimeZone, string(r.Criticality), string(r.Platform),
	})
	r = api.RoomDetail{}
	s.json(&r, change("--region", "SP", "--site", "")...)
	require.Equal(t, []string{"", "SP", "America/Sao_Paulo"}, []string{r.Site, r.Region, r.TimeZone})
	r = api.RoomDetail{}
	s.json(&r, change("--country", "DE")...)
	require.Equal(t, []string{"DE", "", "Europe/Berlin"}, []string{r.Country, r.Region, r.TimeZone})

	require.Equal(t, exitRefused, s.run(change("--country", "XX")...))
	require.Contains(t, s.err.String(), "  --country: ")
	require.Equal(t, exitRefused, s.run("room", "change", "Sala 9", "--name", "Sala Ipê"))
	require.Contains(t, s.err.String(), "  --reason: ", "operators say why")
	require.Contains(t, s.must(change("--name", "Sala Ipê")...), "Sala Ipê: active")
	require.Equal(t, exitUsage, s.run(change("--name", "x")...), "it has another name")
}

// Devices and licences move from room to room together; a licence is released.
func TestDevicesAndLicencesMoveFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c := env.Covered(t)
	env.Room(t, c.Account, "Sala Nova")
	from := c.Room.Name
	move := func(more ...string) []string {
		return append([]string{"room", "move", from, "Sala Nova", "--reason", "rebuilt"}, more...)
	}

	require.Equal(t, exitUsage, s.run(move()...))
	require.Contains(t, s.err.String(), "--all-devices")
	require.Equal(t, exitUsage, s.run(move("--device", "SN-999")...))
	require.Contains(t, s.err.String(), `no device is called "SN999"`)
	out := s.must(move("--all-devices", "--licences")...)
	require.Contains(t, out, "Sala Nova: active")
	require.Contains(t, out, "SN100")
	require.Regexp(t, `Licenses +Select since`, out)
	require.Equal(t, exitUsage, s.run(move("--all-devices")...))
	require.Contains(t, s.err.String(), "has nothing of that to move")
	require.Contains(t, s.must("room", "move", "Sala Nova", from, "--device", "sn 100", "--reason", "back"), "SN100")

	release := []string{"room", "release", "Sala Nova", "--reason", "a mistake"}
	require.Regexp(t, `Licenses +-\n`, s.must(release...))
	require.Equal(t, exitUsage, s.run(release...))
	require.Contains(t, s.err.String(), "Sala Nova has no license of Select")
}

// A device is registered, corrected and placed by its serial, however that is written.
func TestADeviceFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c := env.Covered(t)
	add := []string{
		"device", "add", "sn-5 55", "--model", "RALLY-BAR", "--room", c.Room.Name, "--account", "Acme Ltda",
		"--purchased-on", "2026-10-01", "--reason", "asked",
	}
	out := s.must(add...)
	for _, want := range []string{"RALLY-BAR SN555: in room", "Acme Ltda", c.Room.Name, "is there now"} {
		require.Contains(t, out, want)
	}
	require.Equal(t, exitRefused, s.run(add...))
	require.Contains(t, s.err.String(), "already registered in the account")

	var d api.DeviceDetail
	s.json(&d, "device", "change", "SN-555", "--purchased-on", "2026-09-15", "--purchase-proof", "NF 4711",
		"--reason", "the invoice")
	require.Equal(t, []string{"2026-09-15", "NF 4711", "RALLY-BAR", "SN555"},
		[]string{d.PurchasedOn, d.PurchaseProof, d.Model, d.Serial})
	require.EqualValues(t, 2, d.Version)

	require.Equal(t, exitUsage, s.run("device", "place", "SN-555", "--reason", "r"), "where?")
	require.Contains(t, s.must("device", "place", "SN-555", "--out", "--reason", "taken down"), ": unplaced")
	require.Contains(t, s.must("device", "list", "--state", "unplaced"), "1 device.")
	require.Contains(t, s.must("device", "place", "SN-555", "--room", c.Room.Name, "--reason", "back"), ": in room")
	require.Contains(t, s.must("device", "list", "--room", c.Room.Name, "--account", "Acme Ltda"), "2 devices.")
	require.Equal(t, exitUsage, s.run("device", "show", "SN-5"))
	require.Contains(t, s.err.String(), `no device is called "SN5"; there is SN555`)
}
