package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
)

// An account that no order opened is added with its address, alone or under the parent of
// another; what is wrong is said by the flag.
func TestAnAccountIsAddedFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	add := func(company, country string, more ...string) []string {
		return append([]string{
			"account", "add", company, "--street", "Rua A, 1", "--city", "Manaus", "--region", "AM",
			"--country", country,
		}, more...)
	}

	out := s.must(add("Acme Ltda", "BR")...)
	for _, want := range []string{
		"Acme Ltda\n", "Rua A, 1, Manaus, AM, BR", "America/Manaus", "Nobody has access to the account yet.",
	} {
		require.Contains(t, out, want)
	}

	var first, second accountWithQuestions
	s.json(&first, "account", "show", "acme ltda")
	s.json(&second, add("Acme Norte Ltda", "BR", "--mode", "site", "--parent", "Acme Ltda")...)
	require.Equal(t, first.ParentOrgID, second.ParentOrgID)
	require.EqualValues(t, "SITE", second.Mode)

	require.Equal(t, exitRefused, s.run(add("Beta Ltda", "Brasil")...))
	require.Contains(t, s.err.String(), "  --country: ")
	require.Equal(t, exitUsage, s.run(add("Beta Ltda", "BR", "--parent", "Gama Ltda")...))
	require.Contains(t, s.err.String(), `no account is called "Gama Ltda"`)
}

// S15: a mail domain on record is shown with its account and removed with a reason.
func TestS15_AMailDomainIsForgottenFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	id := *env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1")).AccountID
	require.NoError(t, env.Exec("INSERT INTO account_domains VALUES ('"+id+
		"', 'acme.example', 'tok', '2026-11-23')"))
	require.Regexp(t, `Mail domains +acme.example\n`, s.must("account", "show", "Acme Ltda"))

	forget := []string{"account", "forget-domain", "Acme Ltda", "acme.example"}
	require.Equal(t, exitUsage, s.run(forget...), "a reason is needed")
	forget = append(forget, "--reason", "sold")
	require.Equal(t, "acme.example is not on record for Acme Ltda any more. On record: none.\n",
		s.must(forget...))
	s.must(forget...) // again
	require.NotContains(t, s.must("account", "show", "Acme Ltda"), "Mail domains")

	var left api.MailDomainsView
	s.json(&left, forget...)
	require.Empty(t, left.Domains)
	require.Equal(t, exitUsage, s.run("account", "forget-domain", "Beta", "b.example", "--reason", "r"))
}
