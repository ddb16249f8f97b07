package operations_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// What a colleague has, however much of it and however late, does not hide what is mine and what
// nobody has: each is counted by itself up to 1,000, and beyond that the count says that there may
// be more.
func TestS54_WhatIsMineIsCountedBesideAThousandOfAColleague(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		now := env.Calendar.Now()
		tasks := func(n int, kind db.TaskKind, prefix, assignee string, due time.Time) {
			var all []db.OperatorTask
			for i := range n {
				id := fmt.Sprint(prefix, i)
				all = append(all, db.OperatorTask{
					Kind: kind, SubjectID: id, DedupeKey: id, What: "Look.", Why: "So.", DueAt: due,
				})
			}
			require.NoError(t, env.DB.Write(db.WithSystem(env.Context), func(tx *db.Tx) error {
				return tx.RaiseAll(all)
			}))
			if assignee != "" {
				require.NoError(t, env.Exec(fmt.Sprintf(
					"UPDATE operator_tasks SET assignee_id = '%s' WHERE subject_id LIKE '%s%%'",
					assignee, prefix)))
			}
		}
		require.NoError(t, env.Exec("DELETE FROM operator_tasks"))
		tasks(1100, db.TaskSweepLate, "theirs", "opr_theirs", now.Add(-time.Hour))
		tasks(3, db.TaskOutboxStuck, "free", "", now.Add(time.Hour))
		tasks(2, db.TaskSweepLate, "mine", "opr_mine", now.Add(-time.Minute))

		ask := func(q operations.QueueQuery) operations.Queue {
			t.Helper()
			found, err := env.Queue(as(env, "opr_mine", rules.OperatorAgent), q)
			require.NoError(t, err)
			require.Equal(t, map[string]operations.QueueCount{
				"opr_mine":              {N: 2},
				"opr_theirs":            {N: 1001, AtLeast: true},
				operations.QueueNobodys: {N: 3},
			}, found.Assignees)
			return found
		}

		opens := ask(operations.QueueQuery{Assignee: "opr_mine", OrNobody: true})
		require.Equal(t, operations.QueueCount{N: 5}, opens.Total)
		require.Equal(t, operations.QueueCount{N: 2}, opens.Late)
		require.Equal(t, map[db.TaskKind]operations.QueueCount{
			db.TaskSweepLate: {N: 2}, db.TaskOutboxStuck: {N: 3},
		}, opens.Kinds)

		all := ask(operations.QueueQuery{})
		require.Equal(t, operations.QueueCount{N: 1001, AtLeast: true}, all.Total)
		require.Equal(t, operations.QueueCount{N: 1001, AtLeast: true}, all.Late)
		require.Equal(t, operations.QueueCount{AtLeast: true}, all.Dues[operations.DueToday])

		theirs := ask(operations.QueueQuery{Assignee: "opr_theirs"})
		require.Equal(t, operations.QueueCount{N: 1001, AtLeast: true}, theirs.Kinds[db.TaskSweepLate])
		require.Equal(t, operations.QueueCount{N: 3},
			ask(operations.QueueQuery{Assignee: operations.QueueNobodys}).Total)
		require.Equal(t, operations.QueueCount{N: 2},
			ask(operations.QueueQuery{Assignee: "opr_mine"}).Total)

		// A page that has them all counts them itself, also of a kind that stands behind the rest.
		rare, err := env.Queue(as(env, "opr_mine", rules.OperatorAgent),
			operations.QueueQuery{Kind: db.TaskOutboxStuck})
		require.NoError(t, err)
		require.Equal(t, operations.QueueCount{N: 3}, rare.Total)

		work, err := env.OpenTasks(as(env, "opr_mine", rules.OperatorAgent), "opr_mine")
		require.NoError(t, err)
		require.Equal(t, operations.OpenWork{Open: 5, Late: 2}, work)
		work, err = env.OpenTasks(as(env, "opr_theirs", rules.OperatorAgent), "opr_theirs")
		require.NoError(t, err)
		require.True(t, work.AtLeast)

		found, err := env.Queue(as(env, "opr_mine", rules.OperatorAgent),
			operations.QueueQuery{Uncounted: true, Assignee: "opr_theirs"})
		require.NoError(t, err)
		require.Len(t, found.Items, 50)
		require.Empty(t, found.Kinds)
	})
}
