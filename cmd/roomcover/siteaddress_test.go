package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
)

// §4.1: from the command line an address is made known, changed, and told again to no effect;
// who takes parcels there stays.
func TestS25_ASitesAddressFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	env.Covered(t)
	address := func(street string, more ...string) []string {
		return append([]string{
			"site", "set-address", "Berrini", "--account", "Acme Ltda", "--street", street, "--city", "São Paulo",
			"--region", "SP", "--postal-code", "04571-000", "--country", "BR", "--reason", "asked",
		}, more...)
	}
	require.Contains(t, s.must(address("Av. Berrini, 1376", "--contact-name", "Rui Portaria")...), "Av. Berrini, 1376")
	var site, again api.SiteView
	s.json(&site, address("Av. Berrini, 1376")...)
	require.Equal(t, int64(1), site.Version, "the same again changes nothing")
	require.Equal(t, "Rui Portaria", site.ContactName)
	s.json(&again, address("Av. Berrini, 1500")...)
	require.Equal(t, site.ID, again.ID)
	require.Equal(t, int64(2), again.Version)
	require.Equal(t, "Av. Berrini, 1500", again.Address.Street)
	require.Equal(t, "Rui Portaria", again.ContactName)
	require.Contains(t, s.must("site", "list", "--account", "Acme Ltda"), "Berrini")
}

// A proof is a number, or a file of which name and hash are kept.
func TestS25_AProofFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c := env.Covered(t)
	for _, serial := range []string{"SN-401", "SN-402", "SN-403"} {
		env.Device(t, c.Room, serial, "MEETUP", "2026-06-01")
	}
	s.must("rma", "request", "--serial", "SN-401", "--fault", "Broken", "--proof", "NF 4711")

	file := filepath.Join(t.TempDir(), "nota.pdf")
	require.NoError(t, os.WriteFile(file, []byte("NF 4711"), 0o600))
	s.must("rma", "request", "--serial", "SN-402", "--fault", "Broken", "--proof", file)
	require.Equal(t, []string{
		"NF 4711",
		"nota.pdf (SHA-256 4f955b808dc3d95461f5742796a5d5776988e371f2308cc96843c10bd230a72e)",
	}, env.Strings(t, "SELECT serial_proof FROM rmas ORDER BY id"))
	require.NotZero(t, s.run("rma", "request", "--serial", "SN-403", "--fault", "Broken"))
}
