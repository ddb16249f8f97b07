package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
)

func TestR35e_ManagersFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	require.Contains(t, s.must("csm", "list"), "No customer success managers.")
	account := *env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1")).AccountID
	require.Contains(t, s.must("tasks", "--kind", "assign_csm"), "assign, close")
	require.Contains(t, s.must("ps", "--kind", "csm"), account)

	var made api.CSMView
	s.json(&made, "csm", "add", "--name", "Clara Reis", "--email", "Clara@operator.example", "--phone",
		"+55 11 4000-1234", "--reason", "new colleague")
	require.Equal(t, api.CSMContact{
		ID:     made.ID,
		Name:   "Clara Reis",
		Email:  "clara@operator.example",
		Phone:  "+55 11 4000-1234",
		Active: true,
	}, made.CSMContact)
	out := s.must("csm", "list")
	for _, want := range []string{made.ID, "Clara Reis", "active"} {
		require.Contains(t, out, want)
	}
	assign := func(to string) []string {
		return []string{"csm", "assign", "--account", "Acme Ltda", "--csm", to, "--reason", "knows them"}
	}
	require.Equal(t, exitUsage, s.run(assign("nobody@operator.example")...))
	require.Equal(t, exitRefused, s.run(assign("csm_none")...))
	require.Contains(t, s.must(assign("CLARA@operator.example")...), "Clara Reis looks after Acme Ltda.")
	require.Contains(t, s.must("ps", "--kind", "csm"), "Nothing is under way.")
	require.Contains(t, s.must(assign(made.ID)...), "Clara Reis", "again")
}
