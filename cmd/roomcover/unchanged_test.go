package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// A command whose end is there already does nothing, and says so: whoever repeats one, or
// mistypes, does not read it as done.
func TestACommandThatChangesNothingSaysSo(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c := env.Covered(t)

	const unchanged = "Nothing to change"
	for _, line := range []string{
		"depot set XYZ --name Campinas --street 'Rua A 1' --city Campinas --region SP --country BR",
		"stock receipt --depot XYZ --model RALLY-BAR --quantity 3 --reference NF-1",
		"csm add --name 'Clara Reis' --email clara@operator.example --reason new",
		"csm assign --account 'Acme Ltda' --csm clara@operator.example --reason new",
		"csm change clara@operator.example --phone '+55 11 4000-9876' --reason 'new number'",
		"site courier '" + c.Site.Name + "' --unreliable --reason 'late twice'",
		"site set-address '" + c.Site.Name + "' --street 'Rua B 2' --city Campinas --region SP " +
			"--postal-code 13010-000 --country BR --reason moved",
		"room change '" + c.Room.Name + "' --criticality critical --reason asked",
		"device change SN-100 --purchased-on 2026-01-15 --reason asked",
		"rma request --serial SN-100 --fault 'No picture'",
		"rma do SN-100 approve",
		"rma do SN-100 ship -w serial=NEW100 -w carrier=sim -w tracking=TRK1",
		"rma do SN-100 tell -w fact=picked_up",
		"rma do SN-100 tell -w fact=delivered",
		"rma do SN-100 receive",
	} {
		t.Run(line, func(t *testing.T) {
			s.t = t
			s.must(shellWords(line)...)
			require.NotContains(t, s.err.String()+s.out.String(), unchanged, "the first time")
			if s.run(shellWords(line)...) == exitDone {
				require.Contains(t, s.err.String()+s.out.String(), unchanged, "the second time")
			}
		})
	}
}
