package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// What roomcover ps says of an order, a replacement and what they bring with them.
func TestS55_PsSaysWhatEachProcessWaitsFor(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c, _ := env.Spare(t)
	r := env.Shipped(t, c)

	out := s.must("ps")
	t.Log(out)
	said := strings.Join(strings.Fields(out), " ")
	for _, sentence := range []string{
		"Replacement RALLY-BAR SN100, Sala 1 for Acme Ltda; on its way; since",
		"Waiting for the carrier to deliver the replacement, promised by Thu 26 Nov in São Paulo; " +
			"after 3 business days without news from the carrier, an agent is asked to check. The carrier's scans move it along;",
		"Nothing is pending: the order can be canceled until",
		"in São Paulo; after that, the cancellation window is closed. The reseller, an administrator of the customer " +
			"or an operator can cancel all or part of it.",
		"Waiting for the customer success manager to choose a model and a site;",
		"Waiting for an operator to name the account's customer success manager, who will choose its spares.",
	} {
		require.Contains(t, said, sentence)
	}
	for _, line := range strings.Split(out, "\n") {
		if strings.HasPrefix(line, " ") {
			require.LessOrEqual(t, len([]rune(line)), 100)
		}
	}

	require.NoError(t, env.RecordFailure(env.Context, r.ID, "the label cannot be printed"))
	env.Calendar.Set(r.PromisedUntil.Add(90 * time.Minute))
	out = s.must("ps", "--kind", "rma", "--lang", "pt-BR")
	t.Log(out)
	said = strings.Join(strings.Fields(out), " ")
	require.Contains(t, said, r.Number+" Aguardando a transportadora entregar o equipamento, "+
		"prometido até qui., 26 nov. em São Paulo (1 h de atraso);")
	require.Contains(t, said, "Last error: the label cannot be printed")
	require.Contains(t, said, "1 under way, 1 overdue.")

	require.Equal(t, exitUsage, s.run("ps", "--lang", "fr"))
}
