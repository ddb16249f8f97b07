package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
)

// Whoever mistypes is told what there is, and by what flag or command it is said.
func TestWhatIsNearlySaidIsOffered(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c := env.Covered(t)
	var r api.RMADetail
	s.json(&r, "rma", "request", "--serial", "SN-100", "--fault", "No picture")
	last := "2"
	if strings.HasSuffix(r.Number, last) {
		last = "3"
	}
	storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 1)
	receipt := []string{
		"stock", "receipt", "--depot", "BR-1", "--model", "RALLY-BAR", "--reference", "DN-1", "--quantity",
	}
	s.must(append(receipt, "5")...)
	env.Device(t, c.Room, "SN-401", "MEETUP", "2026-06-01")

	for name, o := range map[string]struct {
		args []string
		code int
		want string
	}{
		"a number": {[]string{"rma", "show", r.Number[:len(r.Number)-1] + last}, exitUsage, "there is " + r.Number},
		"a number without its prefix": {
			[]string{"rma", "show", strings.TrimPrefix(r.Number, "RMA-")}, exitUsage, "there is " + r.Number,
		},
		"a serial":    {[]string{"rma", "request", "--serial", "SN-10", "--fault", "x"}, exitRefused, "There is SN100"},
		"a proof":     {[]string{"rma", "request", "--serial", "SN-401", "--fault", "x"}, exitRefused, "with --proof"},
		"a command":   {[]string{"rma", "do", r.Number, "alocate"}, exitRefused, "You may: approve"},
		"no time yet": {[]string{"rma", "do", r.Number, "backorder", "-w", "expected_on=2027-12-07"}, exitRefused, "You may: approve"},
		"a reference": {append(receipt, "1"), exitRefused, "made another entry: 5 of RALLY-BAR"},
		"a company":   {[]string{"task", "show", "acme"}, exitUsage, "there is Acme Ltda"},
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			require.Equal(t, o.code, s.run(o.args...), s.err.String())
			require.Contains(t, s.err.String(), o.want)
		})
	}
}

// A second room or site of nearly one name comes into being only where it is meant.
func TestASecondOfANameIsAskedFor(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	env.Covered(t)
	room := []string{
		"room", "add", "Sala 9", "--account", "Acme Ltda", "--site", "Galpão Sul", "--country", "BR",
		"--platform", "mtr_windows", "--reason", "asked",
	}
	s.must(room...)
	require.Contains(t, s.err.String(), "set-address 'Galpão Sul' --account 'Acme Ltda' --country BR --street")
	require.Equal(t, exitUsage, s.run(room...))
	require.Contains(t, s.err.String(), "--another")
	s.must(append(room, "--another")...)

	at := func(site, city, country string, more ...string) []string {
		return append([]string{
			"site", "set-address", site, "--account", "Acme Ltda", "--street", "Rua A, 1", "--city", city,
			"--country", country, "--reason", "asked",
		}, more...)
	}
	require.Equal(t, exitUsage, s.run(at("Galpão Sull", "São Paulo", "BR")...))
	require.Contains(t, s.err.String(), "--new-site")
	var site api.SiteView
	s.json(&site, at("galpao sul", "São Paulo", "BR")...)
	require.Equal(t, "Galpão Sul", site.Name, "as the room spells it")
	s.json(&site, at("Galpão Sul", "sao paulo", "BR")...)
	require.Equal(t, "São Paulo", site.Address.City)
	require.EqualValues(t, 1, site.Version)
	require.Equal(t, exitUsage, s.run(at("Galpão Sul", "São Paulo", "Brasil")...))
	require.Contains(t, s.err.String(), "--country: give the ISO code")
	s.must(at("Galpão Sull", "São Paulo", "BR", "--new-site")...)
}

func TestASpellingStaysUnlessABetterOneIsSaid(t *testing.T) {
	for said, want := range map[string]string{
		"sao paulo": "São Paulo", "SÃO PAULO": "São Paulo", "Sao Paulo": "São Paulo", "São Paulo": "São Paulo",
	} {
		require.Equal(t, want, spelledAs("São Paulo", said))
	}
	require.Equal(t, "São Paulo", spelledAs("Sao Paulo", "São Paulo"))
	require.Equal(t, "São Paulo", spelledAs("SÃO PAULO", "São Paulo"))
}

// R59b: a device of any model may be kept; that nobody knows the model is said where it is typed,
// not first when the device fails, and so is how it is put right.
func TestR59b_AnUnknownModelIsSaidWhereItIsTyped(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c := env.Covered(t)
	add := []string{"device", "add", "SN-900", "--model", "raly-bar", "--room", "Sala 1", "--purchased-on", "2026-06-01", "--reason", "asked"}

	out := s.must(add...)
	require.Contains(t, out, "no model RALY-BAR")
	require.Contains(t, out, "Nearly spelled so: RALLY-BAR")
	require.Contains(t, out, "roomcover device change SN900 --model")
	require.Contains(t, s.must("device", "list"), "RALY-BAR, not in the catalog")

	env.Calendar.Set(env.Calendar.Now().Add(25 * time.Hour))
	request := []string{"rma", "request", "--serial", "SN-900", "--fault", "No picture"}
	require.Equal(t, exitRefused, s.run(request...))
	require.Contains(t, s.err.String(), "Nearly spelled so: RALLY-BAR")
	require.Contains(t, s.err.String(), "change its model")

	out = s.must("device", "change", "SN-900", "--model", "RALLY-BAR", "--reason", "read again")
	require.NotContains(t, out, "Warning")
	s.must(request...)
	require.NotContains(t, s.must("device", "show", c.Device.ID), "Warning")
}
