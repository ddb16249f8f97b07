package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/workflows"
)

// alert asks an operator when an activity has failed many times, so that
// unlimited attempts are never silent, and keeps the words of errors and panics,
// which may hold anything, out of the history: they stand in the log.
type alert struct {
	interceptor.WorkerInterceptorBase
	db         *db.DB
	operations *operations.Operations
	log        *slog.Logger
}

// An operator is asked when a step fails for the eighth time or later and has
// failed for some minutes. The number alone says little: a Temporal server that
// restarts hands tasks out again, and a short outage may see many of them.
const (
	alertAttempt = 8
	alertAge     = 4 * time.Minute
)

// mailServer is the subject of the one task that stands for all mails that wait
// because no mail can be handed over: each mail's own task follows when its
// three days are over.
const mailServer = "smtp"

// carrierService is the subject of the one task that stands for every parcel that
// waits while the carrier is down.
const carrierService = "carrier"

// InterceptActivity wraps every activity.
func (a *alert) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	i := &alertActivity{alert: a}
	i.Next = next
	return i
}

type alertActivity struct {
	interceptor.ActivityInboundInterceptorBase
	alert *alert
}

// ExecuteActivity runs the activity and looks at its error.
func (a *alertActivity) ExecuteActivity(
	ctx context.Context, in *interceptor.ExecuteActivityInput,
) (out any, err error) {
	defer func() {
		if p := recover(); p != nil {
			a.alert.log.ErrorContext(ctx, "an activity panicked",
				"activity", activity.GetInfo(ctx).ActivityType.Name, "panic", fmt.Sprint(p),
				"stack", string(debug.Stack()))
			out = nil
			err = temporal.NewNonRetryableApplicationError(
				"the step panicked; the log has the trace", activities.ErrorPanic, nil,
			)
		}
	}()

	out, err = a.Next.ExecuteActivity(ctx, in)
	a.alert.look(ctx, err)
	return out, activities.Failure(refuse(activity.GetInfo(ctx), err))
}

// permanentAttempt is the attempt at which an error of the database that will never go
// away is taken for what it is: the ones before may have met a schema that was changed.
const permanentAttempt = 5

// refuse turns an error of the database that no further attempt can mend into a refusal:
// the step waits for an operator, whose task says why, instead of being tried for ever.
// Mails are tried for three days whatever happens, and a task is always tried on.
func refuse(info activity.Info, err error) error {
	if info.Attempt < permanentAttempt || !db.Permanent(err) ||
		info.TaskQueue == workflows.QueueMail || asksOperators[info.ActivityType.Name] {
		return err
	}
	return temporal.NewNonRetryableApplicationError(
		db.CauseOf(err)+"; it would for ever", activities.ErrorRefused, nil,
	)
}

// asksOperators are the activities by which a process asks for help.
var asksOperators = map[string]bool{"RaiseStuck": true, "SettleStuck": true}

// look keeps an activity's failure where people look, and clears it when a
// later attempt succeeds.
func (a *alert) look(ctx context.Context, cause error) {
	info := activity.GetInfo(ctx)
	subject := subjectOf(info)
	if temporal.IsCanceledError(cause) {
		return
	}
	if cause != nil {
		a.log.WarnContext(ctx, "an activity failed",
			"activity", info.ActivityType.Name, "subject", subject,
			"attempt", info.Attempt, "error", cause)
	}
	if age := info.StartedTime.Sub(info.ScheduledTime); info.Attempt < alertAttempt ||
		(age > 0 && age < alertAge) {
		return
	}

	ctx = db.WithSystem(context.WithoutCancel(ctx))
	reason := ""
	if cause != nil {
		reason = cause.Error()
		a.ask(ctx, subject, info.ActivityType.Name, cause)
	}
	if err := a.operations.RecordFailure(ctx, subject, reason); err != nil {
		a.log.ErrorContext(ctx, "a failure cannot be recorded", "subject", subject, "error", err)
	}
}

func subjectOf(info activity.Info) string {
	if _, id, ok := strings.Cut(info.WorkflowExecution.ID, "/"); ok {
		return id
	}
	return info.WorkflowExecution.ID
}

func (a *alert) ask(ctx context.Context, subject, step string, cause error) {
	t := db.OperatorTask{
		Kind:      db.TaskProcessStuck,
		SubjectID: subject,
		What:      "Find out why this step fails; it is tried on.",
		Why:       "The step " + step + " fails again and again: " + cause.Error(),
	}

	if errors.Is(cause, activities.ErrMailLater) {
		t.SubjectID = mailServer
		t.What = "Look at the mail server; mails are tried on for three days."
		t.Why = "Mails cannot be handed over for a while now."
	}

	if errors.Is(cause, activities.ErrCarrierLater) {
		t.SubjectID = carrierService
		t.What =
			"Look at the carrier, and at its settings here; parcels are booked when it is back."
		t.Why = "The carrier cannot be asked for a while now: " + cause.Error()
	}

	if err := a.db.RaiseTask(ctx, t); err != nil {
		a.log.ErrorContext(ctx, "an operator cannot be asked", "subject", subject, "error", err)
	}
}
