package operations_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// as is the context of an operator with a role.
func as(env storetest.Env, id string, role rules.Role) context.Context {
	return db.WithScope(env.Context, db.Scope{
		System: true,
		Actor:  db.Actor{ID: id, Role: role, OrgID: account.OperatorOrgID},
	})
}

// staffed writes an operator who signs in by the issuer.
func staffed(t *testing.T, env storetest.Env, name string, role rules.Role) identity.Operator {
	t.Helper()
	o, err := env.Domains.Operators.SignInByIssuer(env.Context, identity.IssuerSignIn{
		Issuer: "https://idp.example", Subject: name, Email: name + "@desk.example", Name: name, Role: role,
	})
	require.NoError(t, err)
	return o
}

// The order in which tasks are pulled is that of their running clocks, whatever was raised,
// closed and raised again before, in whatever zone; and nobody gets what another one has.
func TestS54_PullsFollowTheRunningClocksAndNeverMeet(t *testing.T) {
	for seed := range uint64(storetest.Sized(2, 8)) {
		storetest.Each(t, func(t *testing.T, env storetest.Env) {
			random := rand.New(rand.NewPCG(seed, 54))
			zone := []string{"UTC", "America/Sao_Paulo", "Pacific/Kiritimati"}[random.IntN(3)]
			subjects := map[string]bool{}
			for range 40 {
				env.Calendar.Set(env.Calendar.Now().Add(time.Duration(random.IntN(14)) * time.Hour))
				subject := fmt.Sprint("subject-", random.IntN(25))
				if subjects[subject] && random.IntN(2) == 0 {
					require.NoError(t, env.DB.Write(db.WithSystem(env.Context), func(tx *db.Tx) error {
						return tx.Settle(db.TaskSweepLate, subject, "gone")
					}))
				}
				subjects[subject] = true
				task := db.OperatorTask{
					Kind: db.TaskSweepLate, SubjectID: subject, What: "Look.", Why: "So.",
				}
				if random.IntN(2) == 0 { // like a ticket
					task.DueAt = env.Calendar.Now().Add(time.Duration(random.IntN(6)) * time.Hour)
					task.Severity = 1 + random.IntN(4)
				}
				require.NoError(t, env.RaiseTask(db.WithSystem(env.Context), task))
				if random.IntN(4) == 0 {
					moved := env.Calendar.Now().Add(time.Duration(random.IntN(48)) * time.Hour)
					require.NoError(t, env.DB.Write(db.WithSystem(env.Context), func(tx *db.Tx) error {
						return tx.MoveTask(db.TaskSweepLate, subject, moved, 1+random.IntN(4))
					}))
				}
			}

			listed, err := env.Queue(storetest.Operator(), operations.QueueQuery{Zone: zone, Limit: 200})
			require.NoError(t, err)
			require.True(t, slices.IsSortedFunc(listed.Items, func(a, b operations.QueueItem) int {
				return cmp.Or(a.DueAt.Compare(b.DueAt), a.Severity-b.Severity, cmp.Compare(a.ID, b.ID))
			}), "by the end of its clock, then by severity and age")

			// one after the other, in the order of the list
			var got []string
			for range 5 {
				task, err := env.PullTask(as(env, "opr_0", rules.OperatorAgent))
				require.NoError(t, err)
				got = append(got, task.ID)
			}
			for i, id := range got {
				require.Equal(t, listed.Items[i].ID, id)
			}

			// all at once: every task once, and each gets theirs in the order of the clocks
			var mu sync.Mutex
			position := map[string]int{}
			for i, item := range listed.Items {
				position[item.ID] = i
			}
			storetest.RequireAll(t, storetest.AtOnce(4, func(i int) error {
				last := -1
				for {
					task, err := env.PullTask(as(env, fmt.Sprint("opr_", i+1), rules.OperatorAgent))
					if rules.CodeOf(err) == rules.NotFound {
						return nil
					}
					if err != nil {
						return err
					}
					mu.Lock()
					got = append(got, task.ID)
					mu.Unlock()
					if position[task.ID] < last {
						return errors.New("an older task came later")
					}
					last = position[task.ID]
				}
			}))
			var all []string
			for _, item := range listed.Items {
				all = append(all, item.ID)
			}
			require.ElementsMatch(t, all, got)
		})
	}
}

// Who pulls gets what the role may settle, and managers get nothing.
func TestS54_WhoPullsGetsWhatTheyMaySettle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		lena := staffed(t, env, "lena", rules.OperatorLead)
		for _, kind := range []db.TaskKind{db.TaskBreakGlass, db.TaskChooseSpare, db.TaskReviewOrder, db.TaskSweepLate} {
			subject := "x"
			if kind == db.TaskBreakGlass {
				subject = lena.ID
			}
			require.NoError(t, env.RaiseTask(db.WithSystem(env.Context), db.OperatorTask{
				Kind: kind, SubjectID: subject, What: "Look.", Why: "So.",
			}))
			env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		}
		pull := func(id string, role rules.Role) db.TaskKind {
			task, err := env.PullTask(as(env, id, role))
			require.NoError(t, err)
			return task.Kind
		}
		require.Equal(t, db.TaskReviewOrder, pull(lena.ID, rules.OperatorLead), "not what is about herself")
		require.Equal(t, db.TaskChooseSpare, pull("opr_clara", rules.OperatorCSM))
		require.Equal(t, db.TaskSweepLate, pull("opr_ari", rules.OperatorAgent))
		_, err := env.PullTask(as(env, "opr_ari", rules.OperatorAgent))
		storetest.RequireCode(t, rules.NotFound, err)
		require.Equal(t, db.TaskBreakGlass, pull("opr_lia", rules.OperatorLead))
		_, err = env.PullTask(as(env, "opr_mauro", rules.OperatorManager))
		storetest.RequireCode(t, rules.Forbidden, err)
	})
}

// A task is taken, given to a colleague who works on tasks, and handed back; each in the audit.
func TestS54_ATaskHasAnOwnerAndNotes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ari := staffed(t, env, "ari", rules.OperatorAgent)
		mauro := staffed(t, env, "mauro", rules.OperatorManager)
		task := raised(t, env, db.TaskSweepLate, "one")
		lena := as(env, "opr_lena", rules.OperatorLead)

		taken, err := env.TakeTask(lena, task.ID, task.Seen())
		require.NoError(t, err)
		require.Equal(t, "opr_lena", db.Text(taken.AssigneeID))
		_, err = env.GiveTask(lena, task.ID, mauro.ID, "")
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, err = env.GiveTask(lena, task.ID, ari.Email, task.Seen())
		storetest.RequireCode(t, rules.VersionMismatch, err)
		given, err := env.GiveTask(lena, task.ID, ari.Email, taken.Seen())
		require.NoError(t, err)
		require.Equal(t, ari.ID, db.Text(given.AssigneeID))
		back, err := env.HandBackTask(lena, task.ID, "")
		require.NoError(t, err)
		require.Nil(t, back.AssigneeID)

		_, err = env.NoteTask(lena, task.ID, "  ")
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, err = env.NoteTask(lena, task.ID, strings.Repeat("é", 4001))
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, err = env.NoteTask(as(env, mauro.ID, rules.OperatorManager), task.ID, "x")
		storetest.RequireCode(t, rules.Forbidden, err)
		_, err = env.NoteTask(lena, task.ID, "Ana answers tomorrow.\r\nAt nine.")
		require.NoError(t, err)
		_, err = env.NoteTask(as(env, ari.ID, rules.OperatorAgent), task.ID, "She did.")
		require.NoError(t, err)
		notes, err := env.TaskNotes(lena, task.ID)
		require.NoError(t, err)
		require.Len(t, notes, 2)
		require.Equal(t, "Ana answers tomorrow.\nAt nine.", notes[0].Note)
		require.Equal(t, ari.ID, notes[1].AuthorID)
		events, err := env.Timeline(db.WithSystem(env.Context), task.ID)
		require.NoError(t, err)
		var verbs []string
		for _, e := range events {
			verbs = append(verbs, e.Verb)
			require.NotContains(t, fmt.Sprint(e.Details), "Ana", "the audit says that, not what")
		}
		require.Equal(t, []string{
			"task.assigned", "task.assigned", "task.assigned", "task.noted", "task.noted",
		}, verbs)
	})
}

// What a token does is its maker's: the operator finds in the console what they took elsewhere.
func TestS54_WhatATokenTakesIsItsMakers(t *testing.T) {
	env := storetest.SQLite(t)
	lena := staffed(t, env, "lena", rules.OperatorLead)
	token, _, err := env.CreateToken(as(env, lena.ID, rules.OperatorLead), identity.NewToken{
		OrgID: account.OperatorOrgID, Role: rules.OperatorAgent, Label: "x", ExpiresAt: time.Now().Add(time.Hour),
	})
	require.NoError(t, err)
	task := raised(t, env, db.TaskSweepLate, "one")
	taken, err := env.TakeTask(as(env, token.ID, rules.OperatorAgent), task.ID, "")
	require.NoError(t, err)
	require.Equal(t, lena.ID, db.Text(taken.AssigneeID))
}

func raised(t *testing.T, env storetest.Env, kind db.TaskKind, subject string) db.OperatorTask {
	t.Helper()
	require.NoError(t, env.RaiseTask(db.WithSystem(env.Context), db.OperatorTask{
		Kind: kind, SubjectID: subject, What: "Look.", Why: "So.",
	}))
	tasks, _, err := env.ListTasks(env.Context, db.TaskFilter{Kind: kind, SubjectID: subject})
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	return tasks[0]
}

// A preview of an act on many refuses what the act itself refuses, and changes nothing.
func TestS54_APreviewOfManyIsWhatHappens(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ari := staffed(t, env, "ari", rules.OperatorAgent)
		ctx := as(env, ari.ID, rules.OperatorAgent)
		for _, act := range operations.ManyTaskActs() {
			var ids []string
			for _, kind := range []db.TaskKind{
				db.TaskSweepLate, db.TaskReviewOrder, db.TaskBreakGlass, db.TaskOneParent, db.TaskProcessStuck,
			} {
				ids = append(ids, raised(t, env, kind, act+string(kind)).ID)
			}
			_, err := env.ResolveTask(db.WithSystem(env.Context), ids[3], "done")
			require.NoError(t, err)
			m := operations.ManyTasks{IDs: append(ids, "tsk_none", ids[0]), Act: act, Colleague: ari.Email, Preview: true}

			would, err := env.ActOnTasks(ctx, m)
			require.NoError(t, err, act)
			require.Len(t, would, 6, "each once")
			open, _, err := env.ListTasks(env.Context, db.TaskFilter{State: db.TaskOpen, Assignee: ari.ID})
			require.NoError(t, err)
			require.Empty(t, open, "nothing was done")

			m.Preview = false
			if act == operations.ActClose {
				_, err = env.ActOnTasks(ctx, m)
				storetest.RequireCode(t, rules.ReasonRequired, err)
			}
			m.Reason = "looked at"
			did, err := env.ActOnTasks(ctx, m)
			require.NoError(t, err, act)
			done := 0
			for i := range did {
				require.Equal(t, would[i].Refused, did[i].Refused, "%s %s", act, did[i].Task.Kind)
				if did[i].Refused == nil {
					done++
				}
			}
			require.Positive(t, done)
			require.Less(t, done, 6)
			require.NoError(t, env.Exec("UPDATE operator_tasks SET assignee_id = NULL, state = 'DONE'"))
		}
		_, err := env.ActOnTasks(ctx, operations.ManyTasks{IDs: []string{"tsk_x"}, Act: operations.ActAccept})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, err = env.ActOnTasks(as(env, "opr_m", rules.OperatorManager),
			operations.ManyTasks{IDs: []string{"tsk_x"}, Act: operations.ManyTake})
		storetest.RequireCode(t, rules.Forbidden, err)
	})
}
