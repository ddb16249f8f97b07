package worker

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/tracing"
	"roomcover.dev/roomcover/workflows"
)

// relay starts and signals workflows as the outbox says. An event is delivered at
// least once; workflow ids and the steps themselves make that enough.
type relay struct {
	db     *db.DB
	people *identity.People
	acts   *operations.Operations
	client client.Client
	log    *slog.Logger
	pause  func(attempts int) time.Duration // before an event that failed is tried again
}

const (
	relayBatch   = 50
	relayAtOnce  = 8                      // subjects delivered in parallel
	relayPause   = 200 * time.Millisecond // between polls of an empty outbox
	relayGather  = 5 * time.Millisecond   // what is committed together is told together
	relayLease   = 30 * time.Second       // a dead relay's events come back after it
	relayAlarm   = 10                     // attempts after which an operator is asked
	relayTimeout = 5 * time.Second        // how long Temporal may take over one event
	actTimeout   = 20 * time.Second       // how long an operator's act may take; within the lease
)

func newRelay(o Options) *relay {
	return &relay{
		db:     o.Domains.DB,
		people: o.Domains.People,
		acts:   o.Domains.Operations,
		client: o.Temporal,
		log:    o.Log,
		pause:  growingPause,
	}
}

// growingPause doubles from a tenth of a second to a minute.
func growingPause(attempts int) time.Duration {
	return min(time.Duration(1)<<min(attempts, 10)*100*time.Millisecond, time.Minute)
}

// relayEvents delivers events until the context ends. It waits out an error of the
// database.
func (r *relay) relayEvents(ctx context.Context) error {
	ctx = db.WithSystem(ctx)
	for {
		_, err := r.relayDue(ctx)
		if err != nil && ctx.Err() == nil {
			r.log.ErrorContext(ctx, "the outbox cannot be read", "error", err)
		}

		pause := relayPause
		if err != nil {
			pause = time.Second
		}
		if err := r.awaitEvents(ctx, pause); err != nil {
			return err
		}
	}
}

// awaitEvents waits for the next poll, or for a commit of this process.
func (r *relay) awaitEvents(ctx context.Context, pause time.Duration) error {
	wait := time.NewTimer(pause)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-wait.C:
	case <-r.db.OutboxWritten():
		wait.Reset(min(pause, relayGather))
		<-wait.C
	}

	return nil
}

// relayDue delivers what is due, batch after batch, and returns how many events it
// took. One statement marks a batch as delivered and leases the next.
func (r *relay) relayDue(ctx context.Context) (n int, err error) {
	events, err := r.db.LeaseOutbox(ctx, relayBatch, relayLease)
	if err != nil {
		return 0, err
	}

	for len(events) > 0 {
		n += len(events)
		delivered := r.deliverEvents(ctx, events)
		if ctx.Err() != nil {
			return n, r.db.OutboxDelivered(context.WithoutCancel(ctx), delivered)
		}

		wasStuck := stuckAmong(events, delivered)
		events, err = r.db.NextOutbox(ctx, delivered, relayBatch, relayLease)
		if err != nil {
			return n, err
		}

		if wasStuck {
			if _, err := r.db.SettleOutbox(ctx, relayAlarm); err != nil {
				r.log.ErrorContext(ctx, "tasks about the outbox cannot be closed", "error", err)
			}
		}
	}

	return n, nil
}

// stuckAmong reports whether an event was delivered for which an operator may have been
// asked.
func stuckAmong(events []db.OutboxEvent, delivered []string) bool {
	return slices.ContainsFunc(events, func(e db.OutboxEvent) bool {
		return e.Attempts >= relayAlarm && slices.Contains(delivered, e.ID)
	})
}

// deliverEvents delivers a batch, several subjects at once and each subject's own
// events in order, and returns the ids of those that Temporal took.
func (r *relay) deliverEvents(ctx context.Context, events []db.OutboxEvent) (delivered []string) {
	bySubject := map[string][]db.OutboxEvent{}
	for _, e := range events {
		bySubject[e.SubjectID] = append(bySubject[e.SubjectID], e)
	}

	var group errgroup.Group
	group.SetLimit(relayAtOnce)
	b := &batch{relay: r}
	for _, own := range bySubject {
		group.Go(func() error {
			for _, e := range own {
				b.deliverOrPostpone(ctx, e)
			}
			return nil
		})
	}

	_ = group.Wait() // what failed was postponed
	return b.delivered
}

// batch is what became of the events that were leased together. Once Temporal proves
// to be down, the rest is postponed without trying each.
type batch struct {
	relay *relay

	mu        sync.Mutex
	delivered []string // ids
	down      error    // why Temporal takes nothing; nil while it does
}

func (b *batch) deliverOrPostpone(ctx context.Context, e db.OutboxEvent) {
	var err error
	ctx, span := tracing.Span(tracing.Follow(ctx, e.Payload), trace.SpanKindConsumer,
		"relay "+string(e.Kind))
	defer func() { tracing.End(span, err) }()

	if e.Kind == db.OutboxActDue { // which Temporal has no part in
		err = b.relay.doAct(ctx, e)
	} else if err = b.outage(); err == nil {
		err = b.relay.deliverInTime(ctx, e)
	}
	if err != nil {
		b.relay.postponeEvent(ctx, e, err)
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case err == nil:
		b.delivered = append(b.delivered, e.ID)
	case temporalsFault(err):
		b.down = err
	}
}

func (b *batch) outage() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.down
}

func (r *relay) deliverInTime(ctx context.Context, e db.OutboxEvent) error {
	ctx, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	return r.deliverEvent(ctx, e)
}

// doAct has an operator's act done that was held. What fails is no fault of Temporal's, whatever
// the error looks like.
func (r *relay) doAct(ctx context.Context, e db.OutboxEvent) error {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	if err := r.acts.DoAct(ctx, e.SubjectID); err != nil {
		return errors.New("an act that was held could not be done: " + err.Error())
	}
	return nil
}

// temporalsFault reports whether Temporal takes no event at all: the fault is not the
// event's. Of what Temporal answers, only what it says of the call itself is the event's.
func temporalsFault(err error) bool {
	if namespaceMissing(err) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}

	switch codeOf(err) {
	case codes.OK, codes.Unknown, codes.InvalidArgument, codes.NotFound, codes.AlreadyExists,
		codes.OutOfRange:
		return false
	}
	return true
}

// accessRefused reports whether Temporal does not let this service in: its API key or its
// certificate is missing, wrong, expired, or may not use the namespace.
func accessRefused(err error) bool {
	code := codeOf(err)
	return code == codes.PermissionDenied || code == codes.Unauthenticated
}

// codeOf is the gRPC code of an answer of Temporal; Unknown where it is none.
func codeOf(err error) codes.Code { return serviceerror.ToStatus(err).Code() }

// namespaceMissing reports whether Temporal has lost its data, or never had a namespace.
func namespaceMissing(err error) bool {
	var missing *serviceerror.NamespaceNotFound
	return errors.As(err, &missing)
}

// postponeEvent returns a failed event to the outbox with a growing pause, and asks an
// operator when it has failed for long.
func (r *relay) postponeEvent(ctx context.Context, e db.OutboxEvent, cause error) {
	if ctx.Err() != nil {
		return
	}

	r.log.WarnContext(ctx, "a workflow could not be told", "event", e.ID, "kind", e.Kind,
		"subject", e.SubjectID, "attempt", e.Attempts, "error", cause)
	if err := r.db.OutboxFailed(ctx, e.ID, cause.Error(), r.pause(e.Attempts)); err != nil {
		r.log.ErrorContext(ctx, "an outbox event cannot be put back", "event", e.ID, "error", err)
	}
	if e.Attempts < relayAlarm {
		return
	}

	t := db.OperatorTask{
		Kind:      db.TaskOutboxStuck,
		SubjectID: e.ID,
		What:      "Find out why Temporal does not take this; it is tried on.",
		Why:       "Telling " + string(e.Kind) + " of " + e.SubjectID + " fails: " + cause.Error(),
	}

	if temporalsFault(cause) {
		t = outageTask(cause)
	}

	if err := r.db.RaiseTask(ctx, t); err != nil {
		r.log.ErrorContext(ctx, "an operator cannot be asked", "event", e.ID, "error", err)
	}
}

// outageTask is the one task that stands for every event that waits while Temporal takes
// none. It says what brings it back.
func outageTask(cause error) db.OperatorTask {
	t := db.OperatorTask{
		Kind:      db.TaskOutboxStuck,
		SubjectID: db.OutboxOutage,
		What:      "Look at the Temporal service; what waits is told when it is back.",
		Why:       "Temporal does not answer: " + cause.Error(),
	}

	switch {
	case accessRefused(cause):
		t.Why = "Temporal does not let this service in: " + cause.Error()
		t.What = "Look at the API key or the certificate that the workers use: it is missing, " +
			"wrong, expired, or may not use the namespace (docs/operations.md, environment). " +
			"Restart the workers with the right one."
	case codeOf(cause) == codes.ResourceExhausted:
		t.Why = "Temporal takes fewer calls than there are: " + cause.Error()
		t.What = "Raise the limit of the namespace, or wait: what waits is told as it can be."
	case namespaceMissing(cause):
		t.Why = "Temporal does not have the namespace: its data may be lost. " + cause.Error()
		t.What = "The workers make the namespace again within a minute and tell everything " +
			"that is under way to go on. Where Temporal does not let them, make the namespace " +
			"by hand (docs/operations.md, loss of Temporal), then run roomcover restart."
	}

	return t
}

// deliverEvent starts or signals the workflow that an event is for.
func (r *relay) deliverEvent(ctx context.Context, e db.OutboxEvent) error {
	id := workflowID(e.Kind, e.SubjectID)
	switch e.Kind {
	case db.OutboxOrderAccepted:
		return r.startWorkflow(ctx, r.options(id, "Order", e), workflows.OrderName,
			workflows.OrderInput{OrderID: e.SubjectID})
	case db.OutboxOrderDecided:
		return r.signalOrder(ctx, e, workflows.SignalDecided, nil)
	case db.OutboxOrderCancelled:
		return r.signalOrder(ctx, e, workflows.SignalCancelled,
			workflows.CancellationSignal{CancellationID: e.Payload[db.PayloadCancellationID]})
	case db.OutboxOrderRetried:
		return r.signalOrder(ctx, e, workflows.SignalRetry, nil)
	case db.OutboxInvitationIssued:
		in, err := invitationInput(e)
		if err != nil {
			return err
		}

		return r.startWorkflow(ctx, r.options(id, "Invitation", e), workflows.InvitationName, in)
	case db.OutboxInvitationClosed:
		return r.signalWorkflow(ctx, id, workflows.SignalClosed)
	case db.OutboxInvitationRetried:
		return r.retryInvitation(ctx, id, e)
	case db.OutboxNotificationQueued:
		return r.sendMail(ctx, r.options(id, "Mail", e), e.SubjectID)
	case db.OutboxImportQueued:
		// The same event asks an import that waits for a person to go on.
		return r.signalOrStart(ctx, r.options(id, "Import", e), workflows.SignalRetry,
			nil, workflows.ImportName, workflows.ImportInput{JobID: e.SubjectID})
	case db.OutboxRMARequested, db.OutboxRMAChanged, db.OutboxRMARetried:
		return r.informFollower(ctx, followedRMA, id, e)
	case db.OutboxSpareEarned, db.OutboxSpareChanged, db.OutboxSpareRetried:
		return r.informFollower(ctx, followedSpare, id, e)
	case db.OutboxTicketOpened, db.OutboxTicketChanged, db.OutboxTicketRetried:
		return r.informFollower(ctx, followedTicket, id, e)
	case db.OutboxTicketMails:
		return r.sendHeldMails(ctx, e)
	case db.OutboxRMABreached, db.OutboxFeeBilled, db.OutboxFeeCredited:
		return nil // for those outside, to whom nothing is sent yet; the event stays in the outbox
	case db.OutboxShipmentMoved:
		return nil // no workflow waits for shipments yet; their rows say where they stand
	}

	return errors.New("no workflow is known for this kind of event")
}

// workflowID names the workflow of a subject, "rma/rma_01..." for an event
// "rma.requested". SQL that looks for workflows spells the same ids.
func workflowID(kind db.OutboxKind, subjectID string) string {
	subject, _, _ := strings.Cut(string(kind), ".")
	return subject + "/" + subjectID
}

// options name a workflow, and say for people in a line what it is for. What it waits for it
// says itself, see workflows.standing: it changes.
func (r *relay) options(id, kind string, e db.OutboxEvent) client.StartWorkflowOptions {
	summary := kind
	if text := e.Payload[db.PayloadSummary]; text != "" {
		summary += ": " + text
	}

	const failedOnly = enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY
	return client.StartWorkflowOptions{
		ID:                                       id,
		TaskQueue:                                workflows.QueueMain,
		StaticSummary:                            summary,
		EnableEagerStart:                         true,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    failedOnly,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}
}

// startWorkflow starts a workflow once; for one that runs or ran already, the event was
// delivered before.
func (r *relay) startWorkflow(
	ctx context.Context, o client.StartWorkflowOptions, name string, in any,
) error {
	_, err := r.client.ExecuteWorkflow(ctx, o, name, in)
	if alreadyStarted(err) {
		return nil
	}
	return err
}

func alreadyStarted(err error) bool {
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	return errors.As(err, &started)
}

// sendMail starts the workflow of a mail, which may have run before. One that runs is told
// that the mail is queued again: it may just have made its last attempt.
func (r *relay) sendMail(ctx context.Context, o client.StartWorkflowOptions, mailID string) error {
	in := workflows.MailInput{NotificationID: mailID}
	o.WorkflowIDReusePolicy = enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	_, err := r.client.ExecuteWorkflow(ctx, o, workflows.MailName, in)
	if !alreadyStarted(err) {
		return err
	}
	return r.signalOrStart(ctx, o, workflows.SignalRetry, nil, workflows.MailName, in)
}

// signalOrder signals the order's workflow, and starts it where it has ended or
// has not begun: the order's row says where it stands.
func (r *relay) signalOrder(ctx context.Context, e db.OutboxEvent, signal string, arg any) error {
	o := r.options(workflowID(e.Kind, e.SubjectID), "Order", e)
	return r.signalOrStart(ctx, o, signal, arg, workflows.OrderName,
		workflows.OrderInput{OrderID: e.SubjectID})
}

// signalOrStart signals a workflow, and starts it where it does not run.
func (r *relay) signalOrStart(
	ctx context.Context, o client.StartWorkflowOptions, signal string, arg any, name string, in any,
) error {
	o.EnableEagerStart = false
	o.WorkflowIDConflictPolicy = enums.WORKFLOW_ID_CONFLICT_POLICY_UNSPECIFIED
	o.WorkflowIDReusePolicy = enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	_, err := r.client.SignalWithStartWorkflow(ctx, o.ID, signal, arg, o, name, in)
	return err
}

// signalWorkflow signals a workflow; one that has ended needs no signal.
func (r *relay) signalWorkflow(ctx context.Context, id, signal string) error {
	err := r.client.SignalWorkflow(ctx, id, "", signal, nil)
	var gone *serviceerror.NotFound
	if errors.As(err, &gone) {
		return nil
	}
	return err
}
