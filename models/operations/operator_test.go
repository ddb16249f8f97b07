package operations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/processes"
)

func process(t *testing.T, env storetest.Env, id string) *operations.Process {
	for _, p := range storetest.ListOf(
		env.ListProcesses(env.Context, operations.ProcessFilter{Page: db.Page{Limit: 200}}),
	)(t) {
		if p.ID == id {
			return &p
		}
	}
	return nil
}

func TestProcessesSayWhatTheyWaitFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller, review := storetest.InReview(t, env)
		check := func(id, waitsFor, actor string, until *time.Time) {
			t.Helper()
			p := process(t, env, id)
			require.NotNil(t, p)
			require.Equal(t, waitsFor, p.WaitsFor)
			require.Equal(t, actor, p.Actor)
			require.Equal(t, until, p.Until)
			require.False(t, p.Overdue)
		}
		check(review.ID, processes.WaitsForDecision, "OPERATOR", review.ReviewUntil)
		o := env.Accept(t, seller, storetest.Form("PO-2"))
		check(o.ID, processes.WaitsForFulfilment, "SYSTEM", nil)
		_, err := env.FulfilOrder(env.Context, o.ID)
		require.NoError(t, err)
		check(o.ID, processes.WaitsForWindow, "NOBODY", &o.CancellableUntil)
		inv := env.InvitationOf(t, o.ID)
		require.Equal(t, "invitation/"+inv.ID, process(t, env, inv.ID).WorkflowID)
		check(inv.ID, processes.WaitsForSending, "SYSTEM", &inv.ExpiresAt)
		env.Deliver(t, inv.ID)
		check(inv.ID, processes.WaitsForAcceptance, "CUSTOMER", &inv.ExpiresAt)
		require.Equal(t, "SENT", process(t, env, inv.ID).State)
		counts, err := env.CountProcesses(env.Context)
		require.NoError(t, err)
		require.Len(t, counts, 4, "and the account has no manager yet (R35e)")
		for _, c := range counts {
			require.EqualValues(t, 1, c.N)
		}
		require.Len(t, storetest.ListOf(
			env.ListProcesses(env.Context, operations.ProcessFilter{WaitsFor: processes.WaitsForAcceptance}),
		)(t), 1)
		require.Len(t, storetest.ListOf(
			env.ListProcesses(env.Context, operations.ProcessFilter{Kind: processes.Order, Actor: "OPERATOR"}),
		)(t), 1)
		_, c, err := env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{Reason: "x"})
		require.NoError(t, err)
		check(o.ID, processes.WaitsForCompensation, "SYSTEM", nil)
		require.NoError(t, env.RecordFailure(env.Context, o.ID, "mail server down"))
		require.Equal(t, "mail server down", process(t, env, o.ID).LastError)
		_, err = env.CompensateCancellation(env.Context, c.ID)
		require.NoError(t, err)
		require.Nil(t, process(t, env, o.ID))
		require.Nil(t, process(t, env, inv.ID))
	})
}

func TestBouncedInvitationWaitsForANewAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, inv := storetest.FulfilledWithInvitation(t, env)
		m, _, err := env.NextMail(env.Context, inv.ID, notification.MailResult{}, nil)
		require.NoError(t, err)
		_, _, err = env.NextMail(env.Context, inv.ID,
			notification.MailResult{ID: m.ID, State: rules.NotificationHardBounced, Error: "550"}, nil)
		require.NoError(t, err)
		p := process(t, env, inv.ID)
		require.Equal(t, processes.WaitsForNewAddress, p.WaitsFor)
		require.Equal(t, "OPERATOR", p.Actor)
		require.Equal(t, "550", p.LastError)
		env.Calendar.Set(o.CancellableUntil)
		require.Nil(t, process(t, env, o.ID), "the window is over")
	})
}

func TestProcessesPage(t *testing.T) {
	env := storetest.SQLite(t)
	storetest.TakeOrders(t, env, 7)
	seen := map[string]bool{}
	f := operations.ProcessFilter{Page: db.Page{Limit: 3}}
	for {
		rows, next, err := env.ListProcesses(env.Context, f)
		require.NoError(t, err)
		for _, p := range rows {
			require.False(t, seen[p.ID])
			seen[p.ID] = true
		}
		if f.Page.After = next; next == "" {
			break
		}
	}
	require.Len(t, seen, 7)
}

func TestWatchOverdueRaisesATaskForEverythingStuck(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		storetest.TakeOrders(t, env, 205) // more than a page; nobody fulfils them
		_, inv := storetest.FulfilledWithInvitation(t, env)
		n, err := env.WatchOverdue(env.Context)
		require.NoError(t, err)
		require.Zero(t, n)
		env.Calendar.Set(storetest.Now.Add(15 * time.Minute))
		for range 2 {
			n, err = env.WatchOverdue(env.Context)
			require.NoError(t, err)
			require.Equal(t, 206, n, "205 orders, and the invitation whose mail is not sent")
		}
		require.Equal(t, 206, env.Count(t, "SELECT count(*) FROM operator_tasks WHERE kind = 'PROCESS_STUCK'"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM operator_tasks WHERE subject_id = '"+inv.ID+"'"))
	})
}

func TestWatchOverdueGivesATimerItsGrace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, o := storetest.InReview(t, env)
		require.NoError(t, env.RemindReview(env.Context, o.ID, 2, time.Time{})) // its last reminder came
		for _, c := range []struct {
			after time.Duration
			n     int
		}{{-time.Minute, 0}, {time.Minute, 0}, {15 * time.Minute, 1}} {
			env.Calendar.Set(o.ReviewUntil.Add(c.after))
			n, err := env.WatchOverdue(env.Context)
			require.NoError(t, err)
			require.Equal(t, c.n, n, c.after)
		}
	})
}

func TestTasksRaisedTwiceDoneAndRaisedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		raise := func(why string) {
			require.NoError(t, env.RaiseTask(env.Context, db.OperatorTask{
				Kind:      db.TaskProcessStuck,
				SubjectID: "ord_1",
				What:      "look",
				Why:       why,
			}))
		}
		raise("first")
		raise("second")
		tasks := env.Tasks(t, db.TaskProcessStuck)
		require.Len(t, tasks, 1)
		require.Equal(t, "first", tasks[0].Why)
		require.Equal(t, []string{"retry", "close"}, operations.ActionsOf(tasks[0].Kind))
		done, err := env.ResolveTask(storetest.Operator(), tasks[0].ID, "was nothing")
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, done.State)
		require.Equal(t, "tok_operator", done.ResolvedBy)
		_, err = env.ResolveTask(storetest.Operator(), tasks[0].ID, "again")
		storetest.RequireCode(t, rules.StateConflict, err)
		raise("third")
		open, err := env.GetTask(env.Context, tasks[0].ID)
		require.NoError(t, err)
		require.Equal(t, db.TaskOpen, open.State)
		require.Equal(t, "third", open.Why)
		require.Empty(t, open.Resolution)
		require.Nil(t, open.ResolvedAt)
		require.NoError(t, env.RetryProcess(storetest.Operator(), open.ID))
		storetest.RequireCode(t, rules.StateConflict, env.RetryProcess(storetest.Operator(), open.ID))
		require.Equal(t, 1,
			env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'order.retry' AND subject_id = 'ord_1'"))
		storetest.RequireAll(t, storetest.AtOnce(8, func(int) error {
			return env.RaiseTask(env.Context, db.OperatorTask{Kind: db.TaskOutboxStuck, SubjectID: "evt_1"})
		}))
		require.Len(t, env.Tasks(t, db.TaskOutboxStuck), 1)
		env.AuditHolds(t)
	})
}

func TestRetryOfAnOutboxEventMakesItDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		storetest.TakeOrders(t, env, 1)
		events, err := env.LeaseOutbox(env.Context, 1, time.Hour)
		require.NoError(t, err)
		require.NoError(
			t, env.RaiseTask(env.Context, db.OperatorTask{Kind: db.TaskOutboxStuck, SubjectID: events[0].ID}),
		)
		require.NoError(t, env.RetryProcess(storetest.Operator(), env.Tasks(t, db.TaskOutboxStuck)[0].ID))
		again, err := env.LeaseOutbox(env.Context, 1, time.Hour)
		require.NoError(t, err)
		require.Len(t, again, 1)
		require.Equal(t, 1, again[0].Attempts)
	})
}

func TestR1_ProgramIsConfiguration(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ref, err := env.Reference(env.Context)
		require.NoError(t, err)
		require.Equal(t, catalogue.DefaultProgram(), ref.Program)
		p := ref.Program.Named("Acme Rooms")
		p.CancelDays = 14
		changed, err := env.ChangeProgram(storetest.Operator(), p, ref.Version)
		require.NoError(t, err)
		require.Equal(t, "Acme Rooms", changed.Program.Name)
		require.Equal(t, ref.Version+1, changed.Version)
		_, err = env.ChangeProgram(storetest.Operator(), p, ref.Version)
		storetest.RequireCode(t, rules.StateConflict, err)
		p.CancelDays = -1
		_, err = env.ChangeProgram(storetest.Operator(), p, changed.Version)
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.NoError(t, env.SeedReference(env.Context), "seeding again changes nothing")
		o := env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		require.Equal(t, "2026-12-05T03:00:00Z", storetest.Stamp(o.CancellableUntil))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM programs"))
		require.Equal(t, len(catalogue.DefaultCatalogue()), env.Count(t, "SELECT count(*) FROM catalogue_skus"))
	})
}

func TestTokens(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		org := env.Reseller(t, "Revenda Sul")
		token, secret, err := env.CreateToken(storetest.Operator(), identity.NewToken{
			OrgID:     org.ID,
			Role:      rules.Reseller,
			Label:     "ERP",
			Scopes:    []string{"orders:write", "orders:read"},
			ExpiresAt: time.Now().Add(time.Hour),
		})
		require.NoError(t, err)
		require.Regexp(t, `^rct_[A-Za-z0-9_-]{43}$`, secret)
		require.Equal(t, secret[:10], token.Prefix)
		for _, text := range storetest.EveryText(t, env) {
			require.NotContains(t, text, secret)
		}
		got, err := env.TokenBySecret(env.Context, secret)
		require.NoError(t, err)
		require.Equal(t, org.ID, got.Org.ID)
		require.True(t, got.Org.Authorised(storetest.Now))
		require.True(t, got.HasScope("orders:read"))
		require.False(t, got.HasScope("orders"))
		_, err = env.TokenBySecret(env.Context, secret+"x")
		require.ErrorIs(t, err, identity.ErrBadToken)
		_, expired, err := env.CreateToken(storetest.Operator(), identity.NewToken{
			OrgID:     org.ID,
			Role:      rules.Reseller,
			ExpiresAt: time.Now().Add(-time.Second),
		})
		require.NoError(t, err)
		_, err = env.TokenBySecret(env.Context, expired)
		require.ErrorIs(t, err, identity.ErrBadToken)
		for range 2 {
			require.NoError(t, env.RevokeToken(storetest.Operator(), token.ID))
		}
		_, err = env.TokenBySecret(env.Context, secret)
		require.ErrorIs(t, err, identity.ErrBadToken)
		require.Len(t, storetest.ListOf(env.ListTokens(env.Context, db.Page{}))(t), 2)
		require.Empty(t, storetest.ListOf(env.ListTokens(storetest.Seller(account.Org{ID: "org_other"}), db.Page{}))(t))
		_, _, err = env.CreateToken(storetest.Operator(), identity.NewToken{OrgID: "org_none", Role: rules.Reseller})
		storetest.RequireCode(t, rules.NotFound, err)
		env.AuditHolds(t)
	})
}
