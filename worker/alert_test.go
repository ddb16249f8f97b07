package worker

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// runStep runs a workflow "order/<id>" of one step that is tried ten times at
// most, under the interceptor of the workers.
func runStep(t *testing.T, env storetest.Env, orderID string, step func(attempt int32) error) error {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(quiet))
	w := suite.NewTestWorkflowEnvironment()
	w.SetTestTimeout(time.Minute)
	w.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "order/" + orderID, TaskQueue: "x"})
	w.SetWorkerOptions(worker.Options{
		Interceptors: []interceptor.WorkerInterceptor{Interceptor(Options{Domains: env.Domains, Log: quiet})},
	})
	w.RegisterActivityWithOptions(func(ctx context.Context) error {
		return step(activity.GetInfo(ctx).Attempt)
	}, activity.RegisterOptions{Name: "Step"})
	w.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute,
			RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, MaximumAttempts: 10}})
		return workflow.ExecuteActivity(ctx, "Step").Get(ctx, nil)
	})
	require.True(t, w.IsWorkflowCompleted())
	return w.GetWorkflowError()
}

func TestAlertAsksOnceAfterManyAttempts(t *testing.T) {
	env := storetest.SQLite(t)
	o := env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	err := runStep(t, env, o.ID, func(attempt int32) error {
		open := tasks(t, env, db.TaskProcessStuck)
		if attempt <= alertAttempt {
			require.Empty(t, open, "attempt %d", attempt)
		} else {
			require.Len(t, open, 1)
			require.Equal(t, o.ID, open[0].SubjectID)
			require.Contains(t, open[0].Why, "Step")
		}
		return errors.New("the database does not answer")
	})
	require.Error(t, err)
	o, err = env.GetOrder(env.Context, o.ID)
	require.NoError(t, err)
	require.Equal(t, "the database does not answer", o.LastError)
}

func TestAlertClearsTheErrorWhenTheStepSucceeds(t *testing.T) {
	env := storetest.SQLite(t)
	o := env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	require.NoError(t, runStep(t, env, o.ID, func(attempt int32) error {
		if attempt < 10 {
			return errors.New("down")
		}
		return nil
	}))
	o, err := env.GetOrder(env.Context, o.ID)
	require.NoError(t, err)
	require.Empty(t, o.LastError)
}

func TestAlertMakesOneTaskOfAMailOutage(t *testing.T) {
	env := storetest.SQLite(t)
	for range 3 {
		require.Error(t, runStep(t, env, db.NewID("ord"), func(int32) error { return activities.ErrMailLater }))
	}
	open := tasks(t, env, db.TaskProcessStuck)
	require.Len(t, open, 1)
	require.Equal(t, mailServer, open[0].SubjectID)
}

func TestAlertKeepsAPanicsWordsOutOfTheHistory(t *testing.T) {
	env := storetest.SQLite(t)
	runs := 0
	err := runStep(t, env, "ord_1", func(int32) error { runs++; panic("ana.souza@acme.example") })
	var panicked *temporal.PanicError
	require.ErrorAs(t, err, &panicked)
	require.NotContains(t, err.Error(), "acme")
	require.Equal(t, 1, runs, "a panic is not tried again")
}

// What a database, a network or a library says may hold anything: it stands in the log, and
// the history keeps type, code and pause.
func TestAFailuresWordsStayOutOfTheHistory(t *testing.T) {
	const canary = "ana.souza@acme.example"
	env := storetest.SQLite(t)
	for name, c := range map[string]struct {
		cause error
		kind  string
		words string
	}{
		"of a database": {
			fmt.Errorf("insert: %w", &pgconn.PgError{Code: "57014", Detail: canary, Message: canary}),
			"*pgconn.PgError", "SQLSTATE 57014",
		},
		"of a library": {errors.New(canary), "*errors.errorString", "the log has the words"},
		"in an error with a pause": {
			temporal.NewApplicationErrorWithOptions(canary, "",
				temporal.ApplicationErrorOptions{Cause: errors.New(canary), NextRetryDelay: time.Second}),
			"*errors.errorString", "the log has the words",
		},
		"around a refusal": {
			fmt.Errorf("%s: %w", canary, temporal.NewNonRetryableApplicationError("STATE_CONFLICT",
				activities.ErrorRefused, errors.New(canary))),
			activities.ErrorRefused, "STATE_CONFLICT",
		},
		"of ours": {activities.ErrMailLater, "MAIL_LATER", activities.ErrMailLater.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			err := runStep(t, env, db.NewID("ord"), func(int32) error { return c.cause })
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			require.Equal(t, c.kind, app.Type())
			require.Contains(t, app.Message(), c.words)

			failure, encodeErr := protojson.Marshal(temporal.GetDefaultFailureConverter().ErrorToFailure(err))
			require.NoError(t, encodeErr)
			require.NotContains(t, string(failure), canary)
		})
	}
}

// What the database can never take is refused after a few attempts, so that the step
// waits for an operator; what it cannot take at present is tried on.
func TestAnErrorForGoodIsRefusedAfterAFewAttempts(t *testing.T) {
	env := storetest.SQLite(t)
	o := env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	for name, c := range map[string]struct {
		err     error
		refused bool
	}{
		"a value that does not fit":   {&pgconn.PgError{Code: "22003"}, true},
		"a constraint":                {&pgconn.PgError{Code: "23514"}, true},
		"a name that is not there":    {&pgconn.PgError{Code: "42703"}, true},
		"a limit of the program":      {&pgconn.PgError{Code: "54000"}, true},
		"too many parameters":         {errors.New("extended protocol limited to 65535 parameters"), true},
		"a key that is there already": {gorm.ErrDuplicatedKey, true},
		"no connection":               {&pgconn.PgError{Code: "08006"}, false},
		"a statement that ran long":   {&pgconn.PgError{Code: "57014"}, false},
		"a deadlock":                  {&pgconn.PgError{Code: "40P01"}, false},
		"something else":              {errors.New("down"), false},
	} {
		t.Run(name, func(t *testing.T) {
			var last int32
			err := runStep(t, env, o.ID, func(attempt int32) error {
				last = attempt
				return fmt.Errorf("fulfil: %w", c.err)
			})
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			require.Equal(t, c.refused, app.Type() == activities.ErrorRefused, app.Type())
			if c.refused {
				require.EqualValues(t, permanentAttempt, last)
				require.Contains(t, app.Message(), "for ever")
				return
			}
			require.EqualValues(t, 10, last)
		})
	}
}
