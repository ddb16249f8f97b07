package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
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

func TestS54_TasksArePulledGivenAndNotedFromTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	ari, err := env.Domains.Operators.SignInByIssuer(env.Context, identity.IssuerSignIn{
		Issuer: "https://idp.example", Subject: "1", Email: "ari@desk.example", Name: "Ari Prado",
		Role: rules.OperatorAgent,
	})
	require.NoError(t, err)
	for _, subject := range []string{"one", "two"} {
		require.NoError(t, env.RaiseTask(db.WithSystem(env.Context), db.OperatorTask{
			Kind: db.TaskSweepLate, SubjectID: subject, What: "Look at " + subject + ".", Why: "It is late.",
		}))
	}

	require.Contains(t, s.must("task", "pull"), "Yours: Look at one.")
	var mine []api.TaskView
	s.json(&mine, "task", "list", "--mine")
	require.Len(t, mine, 1)
	id := mine[0].ID
	require.Contains(t, s.must("task", "pull"), "Look at two.")
	require.Contains(t, s.must("task", "pull"), "Nothing waits that you may settle.")
	require.Contains(t, s.must("task", "give", id, "ari@desk.example"), "Ari Prado")
	require.Equal(t, exitRefused, s.run("task", "give", id, "nobody@desk.example"))
	require.Equal(t, ari.ID, *get(t, env, id).AssigneeID)
	require.Contains(t, s.must("task", "hand-back", id), "Nobody's: Look at one.")
	require.Nil(t, get(t, env, id).AssigneeID)
	require.Contains(t, s.must("task", "take", id), "Yours: Look at one.")
	require.Contains(t, s.must("task", "note", id, "Ana answers tomorrow."), "Noted.")
	require.Contains(t, s.must("task", "show", id), "Ana answers tomorrow.")

	many := []string{"task", "many", "close", id, "tsk_none", "--reason", "one outage"}
	require.Contains(t, s.must(many...), "1 task would be done, 1 refused. Nothing has changed yet")
	require.Equal(t, db.TaskOpen, get(t, env, id).State)
	require.Contains(t, s.must(append(many, "--yes")...), "1 task done, 1 refused.")
	require.Equal(t, db.TaskDone, get(t, env, id).State)
}

func get(t *testing.T, env storetest.Env, id string) db.OperatorTask {
	t.Helper()
	task, err := env.GetTask(env.Context, id)
	require.NoError(t, err)
	return task
}
