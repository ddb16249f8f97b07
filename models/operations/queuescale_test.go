package operations_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// What is done costs the queue nothing: with 50,000 tasks that are done and 10,000 open ones,
// each page and each pull finds its tasks by an index.
func TestS54_TheQueueIsReadByItsIndexes(t *testing.T) {
	env := storetest.Postgres(t)
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	for _, c := range []struct {
		n           int
		prefix, set string
	}{{50_000, "d", "'DONE'"}, {10_000, "o", "'OPEN'"}} {
		copies(t, env, "operator_tasks", "kind = 'ASSIGN_CSM' AND length(id) > 12", c.n, map[string]string{
			"id": "'tsk_" + c.prefix + "' || i", "dedupe_key": "'" + c.prefix + "' || i", "state": c.set,
			"created_at": "x.created_at - i * interval '1 minute'", "due_at": "x.due_at - i * interval '1 minute'",
		})
	}
	require.NoError(t, env.Exec("ANALYZE"))
	agent := as(env, "opr_ari", rules.OperatorAgent)
	env.Statements.Reset()
	for _, q := range []operations.QueueQuery{
		{}, {Assignee: "opr_ari"}, {Assignee: "opr_ari", OrNobody: true}, {AccountID: *o.AccountID},
		{Assignee: operations.QueueNobodys, Due: operations.DueLate},
	} {
		found, err := env.Queue(agent, q)
		require.NoError(t, err)
		require.LessOrEqual(t, len(found.Items), 50)
	}
	_, err := env.OpenTasks(agent, "opr_none")
	require.NoError(t, err)
	_, err = env.PullTask(agent)
	require.NoError(t, err)
	for _, query := range env.Statements.List() {
		if !strings.HasPrefix(query, "SELECT") || !strings.Contains(query, "operator_tasks") {
			continue
		}
		for _, step := range env.Strings(t, "EXPLAIN "+query) {
			require.NotContains(t, step, "Seq Scan on operator_tasks", query)
		}
	}
}
