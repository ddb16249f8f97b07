package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestS53_OperatorsAreAddedChangedAndDisabledByTheCommandLine(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := onDatabase(t, &env)
		require.Contains(t, s.must("operator", "list"), "No operators.")
		out := s.must("operator", "add", "Ana@desk.example", "--name", "Ana Lima", "--role", "agent",
			"--reason", "new colleague")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		link := lines[len(lines)-1]
		require.Contains(t, link, "https://portal.example.com/console/set-up?token=")
		_, secret, _ := strings.Cut(link, "token=")
		o, _, err := env.Domains.Operators.OperatorToSetUp(env.Context, secret)
		require.NoError(t, err)
		require.Equal(t, rules.OperatorAgent, o.Role)

		require.Contains(t, s.must("operator", "role", "ana@desk.example", "--role", "lead", "--reason", "x"), "lead")
		require.Equal(t, exitRefused, s.run("operator", "role", "bob@desk.example", "--role", "lead", "--reason", "x"))
		require.Equal(t, exitUsage, s.run("operator", "role", o.ID, "--role", "king", "--reason", "x"))
		require.Equal(t, exitRefused, s.run("operator", "arm", o.ID, "--hours", "4", "--reason", "down"), "not set up")
		require.Equal(t, exitUsage, s.run("operator", "arm", o.ID, "--hours", "25", "--reason", "down"))

		require.NotContains(t, s.must("operator", "reset-factor", o.ID, "--reason", "lost"), secret)
		_, _, err = env.Domains.Operators.OperatorToSetUp(env.Context, secret)
		storetest.RequireCode(t, rules.NotFound, err)

		lead := db.WithScope(env.Context, db.Scope{
			System: true, Actor: db.Actor{ID: o.ID, Role: rules.OperatorLead},
		})
		sellers, _, err := env.CreateToken(lead, identity.NewToken{
			OrgID: env.Reseller(t, "Revenda Sul").ID, Role: rules.Reseller, Label: "x",
			ExpiresAt: time.Now().Add(time.Hour),
		})
		require.NoError(t, err)
		out = s.must("operator", "disable", o.ID, "--reason", "left")
		require.Contains(t, out, "disabled")
		require.Contains(t, out, "for sellers or customers (1)")
		require.Contains(t, out, sellers.ID)
		require.Contains(t, s.must("operator", "enable", o.ID, "--reason", "back"), "not set up")
		var list []struct {
			Email string
			Role  rules.Role
			By    identity.OperatorSource `json:"signs_in_by"`
		}
		s.json(&list, "operator", "list")
		require.Len(t, list, 1)
		require.Equal(t, "ana@desk.example", list[0].Email)
	})
}
