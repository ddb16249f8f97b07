package worker

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/workflows"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var quiet = slog.New(slog.DiscardHandler)

// call is one call to Temporal.
type call struct {
	what, id, name string // start, signal or signalWithStart; name of workflow or signal
	options        client.StartWorkflowOptions
	arg            any
}

// fakeTemporal records the relay's calls and answers with err.
type fakeTemporal struct {
	*mocks.Client
	mu    sync.Mutex
	calls []call
	err   func(call) error
}

func newFake(t *testing.T) *fakeTemporal {
	f := &fakeTemporal{Client: mocks.NewClient(t), err: func(call) error { return nil }}
	run := &mocks.WorkflowRun{}
	f.On("ExecuteWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything).Maybe().
		Return(func(_ context.Context, o client.StartWorkflowOptions, w any, args ...any) (client.WorkflowRun, error) {
			return run, f.take(call{"start", o.ID, w.(string), o, args[0]})
		})
	f.On("SignalWithStartWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything,
		mock.Anything, mock.Anything).Maybe().
		Return(func(
			_ context.Context, id, signal string, arg any, o client.StartWorkflowOptions, _ any, _ ...any,
		) (client.WorkflowRun, error) {
			return run, f.take(call{"signalWithStart", id, signal, o, arg})
		})
	f.On("SignalWorkflow", mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).Maybe().
		Return(func(_ context.Context, id, _, signal string, arg any) error {
			return f.take(call{"signal", id, signal, client.StartWorkflowOptions{}, arg})
		})
	return f
}

func (f *fakeTemporal) take(c call) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, c)
	return f.err(c)
}

func (f *fakeTemporal) said() (out []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		out = append(out, c.what+" "+c.id+" "+c.name)
	}
	return out
}

func newTestRelay(t *testing.T, env storetest.Env) (*relay, *fakeTemporal) {
	f := newFake(t)
	r := newRelay(Options{Domains: env.Domains, Temporal: f, Log: quiet})
	r.pause = func(int) time.Duration { return time.Hour } // dueNow ends it, and no slow machine does
	return r, f
}

func TestThePauseOfAFailedEventGrowsToAMinute(t *testing.T) {
	require.Equal(t, 200*time.Millisecond, growingPause(1))
	require.Equal(t, 400*time.Millisecond, growingPause(2))
	require.Equal(t, time.Minute, growingPause(10))
	require.Equal(t, time.Minute, growingPause(100_000))
}

func operator() context.Context {
	return db.WithScope(context.Background(), db.Scope{
		System: true,
		Actor:  db.Actor{ID: "usr_operator", Role: rules.OperatorAgent},
	})
}

func (r *relay) round(t *testing.T, env storetest.Env) int {
	t.Helper()
	n, err := r.relayDue(env.Context)
	require.NoError(t, err)
	return n
}

// dueNow makes every event that waits due, as if its pause were over.
func dueNow(t *testing.T, env storetest.Env) {
	t.Helper()
	pool, err := env.Pool()
	require.NoError(t, err)
	_, err = pool.Exec("UPDATE outbox_events SET due_at = '2020-01-01 00:00:00+00:00' WHERE delivered_at IS NULL")
	require.NoError(t, err)
}

func tasks(t *testing.T, env storetest.Env, kind db.TaskKind) []db.OperatorTask {
	t.Helper()
	out, _, err := env.ListTasks(env.Context, db.TaskFilter{Kind: kind, State: db.TaskOpen})
	require.NoError(t, err)
	return out
}

func TestC4_EachKindOfEventReachesItsWorkflow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		r, f := newTestRelay(t, env)
		reseller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, reseller, storetest.Form("PO-1"))
		invitations, _, err := env.ListInvitations(env.Context, "", o.ID, db.Page{})
		require.NoError(t, err)
		inv := invitations[0]
		form := storetest.Form("PO-2")
		form.EndCustomer.Email = "ana@gmail.com"
		reviewed := env.Accept(t, reseller, form)
		_, err = env.DecideOrder(operator(), reviewed.ID, order.Decision{Version: 1, Reason: "no"})
		require.NoError(t, err)
		_, err = env.ChallengeInvited(env.Context, inv.ID, "browser", "en")
		require.NoError(t, err)
		_, c, err := env.CancelOrder(operator(), o.ID, order.CancelRequest{Quantity: 1, Reason: "one too many"})
		require.NoError(t, err)
		_, err = env.RevokeInvitation(operator(), inv.ID, "wrong person")
		require.NoError(t, err)
		job, err := env.CreateImport(env.Context, importjob.ImportJob{
			OrgID:   reseller.ID,
			Format:  "json",
			Content: []byte("[]"),
		})
		require.NoError(t, err)
		for _, subject := range []string{o.ID, inv.ID} {
			require.NoError(t, env.RaiseTask(env.Context, db.OperatorTask{
				Kind:      db.TaskProcessStuck,
				SubjectID: subject,
				What:      "x",
				Why:       "y",
			}))
		}
		for _, task := range tasks(t, env, db.TaskProcessStuck) {
			require.NoError(t, env.RetryProcess(operator(), task.ID))
		}
		for r.round(t, env) > 0 {
		}
		mails, _, err := env.ListNotifications(env.Context, notification.NotificationFilter{})
		require.NoError(t, err)
		code := slices.IndexFunc(mails, func(n notification.Notification) bool {
			return n.Template == rules.TemplateOneTimeCode
		})
		require.ElementsMatch(t, []string{
			"start order/" + o.ID + " Order", "start order/" + reviewed.ID + " Order",
			"start invitation/" + inv.ID + " Invitation", "signalWithStart order/" + reviewed.ID + " decided",
			"start mail/" + mails[code].ID + " Mail", "signalWithStart order/" + o.ID + " cancelled",
			"signal invitation/" + inv.ID + " closed", "signalWithStart import/" + job.ID + " retry",
			"signalWithStart order/" + o.ID + " retry", // the invitation is over: its retry needs no telling
		}, f.said())
		f.checkArguments(t, env, inv, c)
		count, _, err := env.OutboxBacklog(env.Context)
		require.NoError(t, err)
		require.Zero(t, count)
	})
}

// summaries say what a workflow is for, beside its id, and nothing of persons.
var summaries = map[string]string{
	workflows.OrderName:      `^Order: [A-Z_]+ × \d+, BR$`,
	workflows.InvitationName: `^Invitation: [A-Z_]+, BR$`,
	workflows.MailName:       `^Mail: [a-z_]+$`,
	workflows.ImportName:     `^Import: orders, json$`,
}

func (f *fakeTemporal) checkArguments(
	t *testing.T, env storetest.Env, inv identity.Invitation, c order.OrderCancellation,
) {
	t.Helper()
	for _, said := range f.calls {
		switch {
		case said.name == workflows.SignalCancelled:
			require.Equal(t, workflows.CancellationSignal{CancellationID: c.ID}, said.arg)
		case said.name == workflows.InvitationName:
			plan, err := env.PlanInvitation(env.Context, inv.ID)
			require.NoError(t, err)
			in := said.arg.(workflows.InvitationInput)
			require.True(t, plan.ExpiresAt.Equal(in.ExpiresAt))
			require.Len(t, in.Reminders, 3)
			for i, at := range plan.Reminders {
				require.Equal(t, at.Day, in.Reminders[i].Day)
				require.True(t, at.At.Equal(in.Reminders[i].At))
			}
		}
		if said.what == "start" || said.name == workflows.ImportName {
			require.Regexp(t, summaries[said.name], said.options.StaticSummary)
		}
		if said.what == "start" {
			require.True(t, said.options.WorkflowExecutionErrorWhenAlreadyStarted,
				"the trap of a run that is given back without an error")
			require.Equal(t, enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL, said.options.WorkflowIDConflictPolicy)
			require.Zero(t, said.options.TypedSearchAttributes.Size(), "they would not stay true")
		}
	}
}

func TestC4_WorkflowThatRunsAlreadyWasTold(t *testing.T) {
	env := storetest.SQLite(t)
	r, f := newTestRelay(t, env)
	f.err = func(call) error { return serviceerror.NewWorkflowExecutionAlreadyStarted("", "", "") }
	env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	require.Equal(t, 1, r.round(t, env))
	count, _, err := env.OutboxBacklog(env.Context)
	require.NoError(t, err)
	require.Zero(t, count)
}

func TestC4_SignalToAWorkflowThatHasEnded(t *testing.T) {
	env := storetest.SQLite(t)
	r, f := newTestRelay(t, env)
	f.err = func(c call) error {
		if c.what == "signal" {
			return serviceerror.NewNotFound("workflow not found")
		}
		return nil
	}
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	invitations, _, err := env.ListInvitations(env.Context, "", o.ID, db.Page{})
	require.NoError(t, err)
	_, err = env.RevokeInvitation(operator(), invitations[0].ID, "wrong person")
	require.NoError(t, err)
	require.Equal(t, 3, r.round(t, env))
	count, _, err := env.OutboxBacklog(env.Context)
	require.NoError(t, err)
	require.Zero(t, count)
}

func TestC6_TemporalDownIsWaitedOutAndAsksOnePerson(t *testing.T) {
	env := storetest.SQLite(t)
	r, f := newTestRelay(t, env)
	f.err = func(call) error { return serviceerror.NewUnavailable("no route") }
	reseller := env.Reseller(t, "Revenda Sul")
	for i := range 20 {
		env.Accept(t, reseller, storetest.Form(storetest.PO(i)))
	}
	require.Equal(t, 20, r.round(t, env))
	require.LessOrEqual(t, len(f.said()), relayAtOnce, "once it proves to be down, the rest is not tried")
	require.Zero(t, r.round(t, env), "what failed waits")
	for range relayAlarm - 2 {
		dueNow(t, env)
		r.round(t, env)
	}
	require.Empty(t, tasks(t, env, db.TaskOutboxStuck))
	dueNow(t, env)
	r.round(t, env)
	require.Len(t, tasks(t, env, db.TaskOutboxStuck), 1, "one outage, one task")

	f.err = func(call) error { return nil }
	dueNow(t, env)
	f.calls = nil
	require.Equal(t, 20, r.round(t, env))
	require.Len(t, f.said(), 20)
	count, _, err := env.OutboxBacklog(env.Context)
	require.NoError(t, err)
	require.Zero(t, count, "nothing is lost")
}

// The task of an outage closes itself once what waited was taken; the next outage is a task
// of its own, which says what happened then and what brings Temporal back.
func TestC6_EachOutageIsATaskOfItsOwnThatClosesItself(t *testing.T) {
	for name, c := range map[string]struct {
		cause     error
		why, what string
	}{
		"unreachable": {serviceerror.NewUnavailable("no route"), "does not answer", "when it is back"},
		"an expired key": {
			serviceerror.NewPermissionDenied("Request unauthorized.", ""), "does not let", "API key",
		},
		"no key at all": {
			serviceerror.FromStatus(status.New(codes.Unauthenticated, "no token")), "does not let", "API key",
		},
		"too many calls": {
			serviceerror.NewResourceExhausted(enums.RESOURCE_EXHAUSTED_CAUSE_RPS_LIMIT, "namespace rate"),
			"fewer calls", "limit",
		},
		"it fails inside": {serviceerror.NewInternal("shard"), "does not answer", "when it is back"},
		"its data are lost": {
			serviceerror.NewNamespaceNotFound("roomcover"), "may be lost", "roomcover restart",
		},
	} {
		t.Run(name, func(t *testing.T) {
			env := storetest.SQLite(t)
			r, f := newTestRelay(t, env)
			reseller := env.Reseller(t, "Revenda Sul")
			outage := func(from int) db.OperatorTask {
				f.err = func(call) error { return c.cause }
				for i := range 3 {
					env.Accept(t, reseller, storetest.Form(storetest.PO(from+i)))
				}
				for range relayAlarm {
					dueNow(t, env)
					r.round(t, env)
				}
				open := tasks(t, env, db.TaskOutboxStuck)
				require.Len(t, open, 1, "one outage, one task")
				require.Equal(t, db.OutboxOutage, open[0].SubjectID)
				require.Contains(t, open[0].Why, c.why)
				require.Contains(t, open[0].What, c.what)
				return open[0]
			}

			first := outage(0)
			_, err := env.SettleOutbox(env.Context, relayAlarm)
			require.NoError(t, err)
			require.Len(t, tasks(t, env, db.TaskOutboxStuck), 1, "it lasts")

			f.err = func(call) error { return nil }
			dueNow(t, env)
			require.Equal(t, 3, r.round(t, env))
			require.Empty(t, tasks(t, env, db.TaskOutboxStuck), "its cause is gone")

			env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
			second := outage(3)
			require.NotEqual(t, first.ID, second.ID, "the next outage is another task")
			require.True(t, second.CreatedAt.After(first.CreatedAt))
			closed, err := env.GetTask(env.Context, first.ID)
			require.NoError(t, err)
			require.Equal(t, db.TaskDone, closed.State)
			require.NotEmpty(t, closed.Resolution)
		})
	}
}

// A relay that is stopped, or another one, has delivered what was stuck: the watch closes
// the task. An event that is stuck itself keeps its own, and hides no outage's end.
func TestC6_WatchClosesWhatIsNoLongerStuck(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		r, f := newTestRelay(t, env)
		reseller := env.Reseller(t, "Revenda Sul")
		poison := env.Accept(t, reseller, storetest.Form("PO-1"))
		env.Accept(t, reseller, storetest.Form("PO-2"))
		f.err = func(c call) error {
			if c.id == "order/"+poison.ID {
				return errors.New("invalid argument")
			}
			return serviceerror.NewUnavailable("no route")
		}
		for range 3 * relayAlarm { // whichever comes first postpones the rest of its batch
			dueNow(t, env)
			r.round(t, env)
		}
		require.Len(t, tasks(t, env, db.TaskOutboxStuck), 2)

		waiting, err := env.LeaseOutbox(env.Context, 10, 0)
		require.NoError(t, err)
		require.Empty(t, waiting, "all wait for their pause")
		pool, err := env.Pool()
		require.NoError(t, err)
		_, err = pool.Exec("UPDATE outbox_events SET delivered_at = created_at WHERE subject_id <> '" + poison.ID + "'")
		require.NoError(t, err)
		newWatch(Options{Domains: env.Domains, Log: quiet}).watchOnce(env.Context)
		open := tasks(t, env, db.TaskOutboxStuck)
		require.Len(t, open, 1)
		require.Contains(t, open[0].Why, poison.ID)

		f.err = func(call) error { return nil }
		dueNow(t, env)
		r.round(t, env)
		require.Empty(t, tasks(t, env, db.TaskOutboxStuck))
		env.AuditHolds(t)
	})
}

// An operator's retry of an outage does not wait for the pauses of what waits.
func TestC6_RetryOfAnOutageTriesEverything(t *testing.T) {
	env := storetest.SQLite(t)
	r, f := newTestRelay(t, env)
	reseller := env.Reseller(t, "Revenda Sul")
	f.err = func(call) error { return serviceerror.NewUnavailable("no route") }
	env.Accept(t, reseller, storetest.Form("PO-1"))
	env.Accept(t, reseller, storetest.Form("PO-2"))
	for range relayAlarm {
		dueNow(t, env)
		r.round(t, env)
	}
	f.err = func(call) error { return nil }
	require.Zero(t, r.round(t, env))
	require.NoError(t, env.RetryProcess(operator(), tasks(t, env, db.TaskOutboxStuck)[0].ID))
	require.Equal(t, 2, r.round(t, env))
}

func TestC6_PoisonEventDoesNotHoldUpTheOthers(t *testing.T) {
	env := storetest.SQLite(t)
	r, f := newTestRelay(t, env)
	reseller := env.Reseller(t, "Revenda Sul")
	poison := env.Accept(t, reseller, storetest.Form("PO-1"))
	env.Accept(t, reseller, storetest.Form("PO-2"))
	f.err = func(c call) error {
		if c.id == "order/"+poison.ID {
			return errors.New("invalid argument")
		}
		return nil
	}
	for range relayAlarm {
		dueNow(t, env)
		r.round(t, env)
	}
	count, _, err := env.OutboxBacklog(env.Context)
	require.NoError(t, err)
	require.EqualValues(t, 1, count)
	open := tasks(t, env, db.TaskOutboxStuck)
	require.Len(t, open, 1)
	require.Contains(t, open[0].Why, poison.ID)

	f.err = func(call) error { return nil }
	require.NoError(t, env.RetryProcess(operator(), open[0].ID))
	require.Equal(t, 1, r.round(t, env), "an operator's retry does not wait for the pause")
}

func TestC6_EventsOfOneSubjectAreToldInOrder(t *testing.T) {
	env := storetest.SQLite(t)
	r, f := newTestRelay(t, env)
	reseller := env.Reseller(t, "Revenda Sul")
	for i := range 5 {
		o := env.Fulfilled(t, reseller, storetest.Form(storetest.PO(i)))
		_, _, err := env.CancelOrder(operator(), o.ID, order.CancelRequest{Quantity: 1, Reason: "x"})
		require.NoError(t, err)
		_, _, err = env.CancelOrder(operator(), o.ID, order.CancelRequest{Reason: "x"})
		require.NoError(t, err)
	}
	for r.round(t, env) > 0 {
	}
	seen := map[string][]string{}
	for _, c := range f.calls {
		if strings.HasPrefix(c.id, "order/") {
			seen[c.id] = append(seen[c.id], c.name)
		}
	}
	require.Len(t, seen, 5)
	for _, names := range seen {
		require.Equal(t, []string{"Order", "cancelled", "cancelled"}, names)
	}
}

func TestC4_SeveralRelaysTellEachEventOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		reseller := env.Reseller(t, "Revenda Sul")
		for i := range 60 {
			env.Accept(t, reseller, storetest.Form(storetest.PO(i)))
		}
		f := newFake(t)
		ctx, cancel := context.WithCancel(context.Background())
		var wait sync.WaitGroup
		for range 3 {
			wait.Go(func() { _ = newRelay(Options{Domains: env.Domains, Temporal: f, Log: quiet}).relayEvents(ctx) })
		}
		require.Eventually(t, func() bool {
			count, _, err := env.OutboxBacklog(env.Context)
			return err == nil && count == 0
		}, time.Minute, 10*time.Millisecond)
		cancel()
		wait.Wait()
		said := f.said()
		slices.Sort(said)
		require.Len(t, slices.Compact(said), 60)
		require.Len(t, f.said(), 60)
	})
}

func TestC6_DeadRelaysEventsComeBack(t *testing.T) {
	env := storetest.SQLite(t)
	r, f := newTestRelay(t, env)
	env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	events, err := env.LeaseOutbox(env.Context, 10, 50*time.Millisecond) // a relay that dies
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Eventually(t, func() bool { return r.round(t, env) == 1 }, 10*time.Second, 10*time.Millisecond)
	require.Len(t, f.said(), 1)
}

func TestInvitationEventWithoutItsExpiryIsAFault(t *testing.T) {
	_, err := invitationInput(db.OutboxEvent{SubjectID: "inv_1", Payload: map[string]string{}})
	require.Error(t, err)
}

func TestRetryOfAnInvitationStartsItsWorkflowWhereTemporalHasNone(t *testing.T) {
	env := storetest.SQLite(t)
	r, f := newTestRelay(t, env)
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	inv := env.InvitationOf(t, o.ID)
	r.round(t, env)
	retry := func() []string {
		f.calls = nil
		require.NoError(t, env.RaiseTask(env.Context, db.OperatorTask{
			Kind:      db.TaskProcessStuck,
			SubjectID: inv.ID,
			What:      "retry",
			Why:       "lost",
		}))
		require.NoError(t, env.RetryProcess(operator(), tasks(t, env, db.TaskProcessStuck)[0].ID))
		r.round(t, env)
		return f.said()
	}
	said := retry()
	require.Len(t, said, 1)
	require.Contains(t, said[0], "invitation/"+inv.ID)
	require.Contains(t, said[0], workflows.SignalRetry)

	_, err := env.RevokeInvitation(operator(), inv.ID, "wrong person")
	require.NoError(t, err)
	r.round(t, env)
	require.Empty(t, retry(), "an invitation that is over needs no workflow")
}
