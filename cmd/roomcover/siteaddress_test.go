package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/rma"
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

// An id names a site that is there, never one to come; and what is left out of an address stays,
// but does not follow the site to another city.
func TestS25_AnAddressKeepsWhatIsLeftOut(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	env.Covered(t)
	other := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
	at := func(site, street, city string, more ...string) []string {
		return append([]string{
			"site", "set-address", site, "--account", "Acme Ltda", "--street", street, "--city", city,
			"--country", "br", "--reason", "asked",
		}, more...)
	}

	before := env.Count(t, "SELECT count(*) FROM sites")
	for _, id := range []string{other.Site.ID, "sit_01kbtqz4vm0000000000000001", "sit_berrini"} {
		require.Equal(t, exitUsage, s.run(at(id, "Av. Berrini, 1", "São Paulo")...))
		require.Contains(t, s.err.String(), "no site has the id "+id)
	}
	require.Equal(t, before, env.Count(t, "SELECT count(*) FROM sites"))

	var site, moved api.SiteView
	s.json(&site, at("Rio Branco", "Av. Brasil, 1", "Rio Branco", "--region", "AC", "--postal-code", "69900-000")...)
	require.Equal(t, "America/Rio_Branco", site.TimeZone)
	s.json(&moved, at(site.ID, "Av. Brasil, 2", "rio branco")...)
	require.Equal(t, site.ID, moved.ID)
	require.Equal(t, "AC", moved.Address.Region)
	require.Equal(t, "69900-000", moved.Address.PostalCode)
	require.Equal(t, site.TimeZone, moved.TimeZone)

	require.Equal(t, exitUsage, s.run(at("Rio Branco", "Rua A, 1", "Manaus", "--region", "AM")...))
	require.Contains(t, s.err.String(), "--postal-code (it was 69900-000)")
	var far api.SiteView
	s.json(&far, at("Rio Branco", "Rua A, 1", "Manaus", "--region", "AM", "--postal-code", "")...)
	require.Empty(t, far.Address.PostalCode)
	require.Equal(t, "America/Manaus", far.TimeZone)
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

// S25: readdress is named only while it can work: not where the carrier was asked to book the
// parcel, neither beside the site that was changed nor in the list of replacements.
func TestS25_ReaddressIsNamedOnlyWhereItWorks(t *testing.T) {
	env := storetest.SQLite(t)
	env, c := storetest.Carried(t, env)
	s := service(t, env)
	r := env.Approved(t, c)
	move := func(street string) string {
		return s.must("site", "set-address", c.Site.Name, "--street", street, "--city", "São Paulo",
			"--country", "BR", "--reason", "moved")
	}
	offered := func() bool {
		var list []api.RMAView
		s.json(&list, "rma", "list")
		require.Len(t, list, 1)
		return slices.Contains(list[0].Commands, rma.RMAReaddress)
	}

	const remedy = "readdress -w reason"
	require.Contains(t, move("Rua Nova 1"), remedy)
	require.True(t, offered())
	storetest.BookParcels(t, env, r.ID)
	out := move("Rua Nova 2")
	require.Contains(t, out, r.Number+"; the carrier has that address already")
	require.NotContains(t, out, remedy)
	require.False(t, offered())
}
