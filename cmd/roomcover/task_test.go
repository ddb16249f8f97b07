package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestS15_AnOperatorDecidesFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	seller := env.Reseller(t, "Revenda Sul")
	first := env.Fulfilled(t, seller, storetest.Form("PO-1"))
	env.Join(t, env.InvitationOf(t, first.ID))
	o := env.Accept(t, seller, storetest.FormFor("PO-2", "Acme Ltda", "eve@stranger.example"))
	require.Equal(t, rules.OrderNeedsReview, o.State)

	var list []api.TaskView
	s.json(&list, "tasks", "--kind", "review_order")
	require.Len(t, list, 1)
	require.EqualValues(t, 1, list[0].SubjectVersion)
	do := []string{"tasks", "do", list[0].ID, "accept", "--reason", "asked Ana"}
	require.Equal(t, exitRefused, s.run(append(do, "--version", "7")...))
	require.Contains(t, s.err.String(), "was changed since you read it")
	do = append(do, "--version", "1")
	require.Equal(t, exitRefused, s.run(do...))
	require.Contains(t, s.err.String(), "--invite-as")
	do = append(do, "--invite-as", "read_only")
	for _, email := range []string{"", "ana.souza@acme.example"} {
		require.Equal(t, exitRefused, s.run(append(do, "--email", email)...))
		require.Contains(t, s.err.String(), "--email")
	}
	out := s.must(append(do, "--email", "Eve@Stranger.example")...)
	require.Contains(t, out, "Done: Decide on the order")
	require.Contains(t, out, list[0].ID)

	o, err := env.GetOrder(env.Context, o.ID)
	require.NoError(t, err)
	require.Equal(t, rules.OrderAccepted, o.State)
	require.Equal(t, rules.InviteAsReadOnly, o.InviteAs)
	require.Equal(t, exitRefused, s.run("tasks", "do", "tsk_none", "accept"))
	require.Equal(t, exitUsage, s.run("tasks", "do"))
}
