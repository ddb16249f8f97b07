package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/worker"
	"roomcover.dev/roomcover/workflows"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var quiet = slog.New(slog.DiscardHandler)

// bench runs workflows in the SDK's time-skipping environment with the real
// activities on a real Store, whose calendar follows the environment's clock.
type bench struct {
	*testsuite.TestWorkflowEnvironment
	t      *testing.T
	db     storetest.Env
	sender *recorder
	hooks  *hooks
	// parcels asks the carrier that a test gives it.
	parcels *activities.Parcels
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return benchOn(t, storetest.SQLite(t), storetest.Now)
}

// benchOn is another environment on the same database, at a later time.
func benchOn(t *testing.T, env storetest.Env, now time.Time) *bench {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(quiet))
	b := &bench{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, db: env, sender: &recorder{}}
	b.hooks = &hooks{now: b.follow, ran: map[string]int{}}
	b.SetStartTime(now)
	b.SetTestTimeout(time.Minute)
	o := worker.Options{Domains: env.Domains, Sender: b.sender, PortalURL: "https://portal.example", Log: quiet}
	b.SetWorkerOptions(sdkworker.Options{Interceptors: []interceptor.WorkerInterceptor{worker.Interceptor(o), b.hooks}})
	worker.RegisterWorkflows(b, env.DB.Clock())
	b.RegisterActivity(&activities.Fulfilment{Orders: env.Orders})
	b.RegisterActivity(&activities.Invitations{People: env.People})
	b.RegisterActivity(&activities.Tasks{DB: env.DB, Operations: env.Operations})
	b.RegisterActivity(&activities.Sweeps{
		Programs:     env.Programs,
		Replacements: env.Replacements,
		Operations:   env.Operations,
	})
	b.RegisterActivity(&activities.Imports{
		DB:           env.DB,
		Programs:     env.Programs,
		Jobs:         env.Jobs,
		Accounts:     env.Accounts,
		Entitlements: env.Entitlements,
		Orders:       env.Orders,
	})
	b.RegisterActivity(&activities.RMAs{DB: env.DB, Replacements: env.Replacements})
	b.RegisterActivity(&activities.Tickets{DB: env.DB, Tickets: env.Tickets})
	b.RegisterActivity(&activities.Spares{DB: env.DB, Replacements: env.Replacements})
	b.parcels = &activities.Parcels{Logistics: env.Logistics, Name: "sim"}
	b.RegisterActivity(b.parcels)
	b.RegisterActivity(&activities.Mail{
		DB:            env.DB,
		Programs:      env.Programs,
		Notifications: env.Notifications,
		People:        env.People,
		Sessions:      env.Sessions,
		Tickets:       env.Tickets,
		Sender:        b.sender,
		PortalURL:     o.PortalURL,
		Log:           quiet,
	})
	env.Calendar.Set(now)
	return b
}

// follow sets the database's calendar to the environment's time.
func (b *bench) follow() { b.db.Calendar.Set(b.Now().UTC()) }

// at runs fn when the environment's clock reaches the instant.
func (b *bench) at(instant time.Time, fn func()) {
	b.RegisterDelayedCallback(func() { b.follow(); fn() }, instant.Sub(b.Now()))
}

// runOrder runs an order's workflow to its end.
func (b *bench) runOrder(id string) {
	b.t.Helper()
	b.ExecuteWorkflow(workflows.OrderName, workflows.OrderInput{OrderID: id})
	b.ended()
}

func (b *bench) ended() {
	b.t.Helper()
	require.True(b.t, b.IsWorkflowCompleted(), "the workflow still waits")
	require.NoError(b.t, b.GetWorkflowError(), "a workflow never fails")
	b.follow()
}

// accept stores an order of an authorised reseller; change may alter its form.
func (b *bench) accept(change ...func(*ordering.OrderForm)) order.Order {
	b.t.Helper()
	form := storetest.Form("PO-1")
	for _, c := range change {
		c(&form)
	}
	return b.db.Accept(b.t, b.db.Reseller(b.t, "Revenda Sul"), form)
}

// inReview makes the order need an operator's decision (R115b).
func inReview(f *ordering.OrderForm) { f.EndCustomer.Email = "ana.souza@gmail.com" }

func (b *bench) get(id string) order.Order {
	b.t.Helper()
	o, err := b.db.GetOrder(b.db.Context, id)
	require.NoError(b.t, err)
	return o
}

func (b *bench) mails(f notification.NotificationFilter) []notification.Notification {
	b.t.Helper()
	f.Page.Limit = 100
	out, _, err := b.db.ListNotifications(b.db.Context, f)
	require.NoError(b.t, err)
	return out
}

func (b *bench) tasks(kind db.TaskKind) []db.OperatorTask {
	b.t.Helper()
	out, _, err := b.db.ListTasks(b.db.Context, db.TaskFilter{Kind: kind, State: db.TaskOpen})
	require.NoError(b.t, err)
	return out
}

// operator is the context of an operator's command.
func (b *bench) operator() context.Context {
	return db.WithScope(context.Background(), db.Scope{
		System: true,
		Actor:  db.Actor{ID: "usr_operator", Role: rules.OperatorAgent},
	})
}

// cancel commits a cancellation and tells the workflow, as the relay does.
func (b *bench) cancel(id string, quantity int) order.OrderCancellation {
	b.t.Helper()
	c := b.commitCancel(id, quantity)
	b.SignalWorkflow(workflows.SignalCancelled, workflows.CancellationSignal{CancellationID: c.ID})
	return c
}

func (b *bench) commitCancel(id string, quantity int) order.OrderCancellation {
	b.t.Helper()
	_, c, err := b.db.CancelOrder(b.operator(), id, order.CancelRequest{Quantity: quantity, Reason: "not needed"})
	require.NoError(b.t, err)
	return c
}

// revoked counts the order's licences that a cancellation took.
func (b *bench) revoked(orderID string) (n int) {
	b.t.Helper()
	contracts, err := b.db.ContractsOfOrder(b.db.Context, orderID)
	require.NoError(b.t, err)
	for _, c := range contracts {
		licences, err := b.db.LicencesOf(b.db.Context, c.ID)
		require.NoError(b.t, err)
		for _, l := range licences {
			if l.State == rules.LicenceRevoked {
				n++
			}
		}
	}
	return n
}

// recorder is a Sender that keeps what it is given.
type recorder struct {
	mu    sync.Mutex
	mails []mail.Message
	fail  func(mail.Message) error
}

func (r *recorder) Send(_ context.Context, m mail.Message) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		if err := r.fail(m); err != nil {
			return "", err
		}
	}
	r.mails = append(r.mails, m)
	return "queued as " + m.ID, nil
}

// of are the mails of a template, in the order of their sending.
func (r *recorder) of(template string) []mail.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []mail.Message
	for _, m := range r.mails {
		if m.Template == template {
			out = append(out, m)
		}
	}
	return out
}

func temporary(mail.Message) error {
	return &mail.SendError{Kind: mail.Temporary, Step: mail.StepConnect}
}

// hooks stand between a workflow and its activities: they keep the calendar
// right, count, and fail what a test wants to fail.
type hooks struct {
	interceptor.WorkerInterceptorBase
	now func()

	mu     sync.Mutex
	ran    map[string]int
	before func(activity string, nth int) error
	after  func(activity string, nth int) error
}

func (h *hooks) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	i := &hookedActivity{hooks: h}
	i.Next = next
	return i
}

// InterceptWorkflow lifts the environment's own bound of ten attempts: in
// production there is none.
func (h *hooks) InterceptWorkflow(
	_ workflow.Context, next interceptor.WorkflowInboundInterceptor,
) interceptor.WorkflowInboundInterceptor {
	i := &unboundedInbound{}
	i.Next = next
	return i
}

type unboundedInbound struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (i *unboundedInbound) Init(out interceptor.WorkflowOutboundInterceptor) error {
	o := &unboundedOutbound{}
	o.Next = out
	return i.Next.Init(o)
}

type unboundedOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
}

func (o *unboundedOutbound) ExecuteActivity(ctx workflow.Context, activityType string, args ...any) workflow.Future {
	options := workflow.GetActivityOptions(ctx)
	policy := *options.RetryPolicy
	policy.MaximumAttempts = 1_000_000
	options.RetryPolicy = &policy
	return o.Next.ExecuteActivity(workflow.WithActivityOptions(ctx, options), activityType, args...)
}

type hookedActivity struct {
	interceptor.ActivityInboundInterceptorBase
	hooks *hooks
}

var errKilled = errors.New("killed after the commit")

func (a *hookedActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	h := a.hooks
	h.now()
	name := activity.GetInfo(ctx).ActivityType.Name
	h.mu.Lock()
	h.ran[name]++
	n := h.ran[name]
	before := h.before
	after := h.after
	h.mu.Unlock()
	if before != nil {
		if err := before(name, n); err != nil {
			return nil, err
		}
	}
	out, err := a.Next.ExecuteActivity(ctx, in)
	if err == nil && after != nil {
		if err := after(name, n); err != nil {
			return nil, err
		}
	}
	return out, err
}

func (h *hooks) count(activity string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ran[activity]
}
