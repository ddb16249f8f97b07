package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/worker"
	"roomcover.dev/roomcover/workflows"
)

// script is what the workflow of an RMA is told, step after step, as the outbox of
// one that was counted told it.
type script []activities.Status

const scriptSQL = `SELECT payload
	FROM outbox_events
	WHERE kind LIKE 'rma.%'
		AND subject_id = (SELECT min(id) FROM rmas WHERE fault LIKE 'count-%')
	ORDER BY id`

// readScript reads it.
func (r *rmas) readScript(ctx context.Context) error {
	pool, err := r.parts.stack.Domains.DB.Pool()
	if err != nil {
		return err
	}

	payloads, err := textsOf(ctx, pool, scriptSQL)
	if err != nil {
		return err
	}

	for _, text := range payloads {
		var e db.OutboxEvent
		if err := json.Unmarshal([]byte(text), &e.Payload); err != nil {
			return err
		}

		st, err := db.ProcessStatusOf(e)
		if err != nil {
			return err
		}

		r.script = append(r.script, activities.StatusOf(st))
	}

	return nil
}

// rmaFloor is the RMA's own workflow, told the same, with activities that do nothing:
// no database, HTTP or SMTP.
type rmaFloor struct {
	client  client.Client
	tracker *tracker
	script  script
}

// SendMails sends nothing and tells the tracker so.
func (f *rmaFloor) SendMails(
	_ context.Context, in activities.SendMails,
) (activities.MailsSent, error) {
	f.tracker.step(in.Key)
	return activities.MailsSent{Sent: 2}, nil
}

// floorRMA makes the ids as long as the real ones.
const floorRMA = "rma_01jdfloorfloorfloor"

// replace tells the workflow one status after another, each once the mails of the one
// before were sent.
func (f *rmaFloor) replace(ctx context.Context, key string) error {
	id := floorRMA + key
	for i, st := range f.script {
		sent := f.tracker.expect(id, 1)
		if err := f.tell(ctx, id, i == 0, st); err != nil {
			return err
		}
		if !st.Mails {
			continue
		}
		if err := await(ctx, sent, "the mail of "+id); err != nil {
			return err
		}
	}

	f.tracker.step(key)
	return nil
}

// tell starts or signals the workflow as the relay does.
func (f *rmaFloor) tell(ctx context.Context, id string, first bool, st activities.Status) error {
	in := workflows.RMAInput{RMAID: id}
	o := startOptions(workflows.QueueMain, "rma/"+id, "RMA "+id)
	if first {
		in.Status = &st
		_, err := f.client.ExecuteWorkflow(ctx, o, workflows.RMAName, in)
		return err
	}

	o.EnableEagerStart = false
	_, err := f.client.SignalWithStartWorkflow(ctx, o.ID, workflows.SignalChanged, st, o,
		workflows.RMAName, in)
	return err
}

// runFloor has the floor's workers running while run is called, on the queues of the
// stack's, which are stopped.
func (r *rmas) runFloor(_ context.Context, run func(load) error) error {
	if len(r.script) == 0 {
		return errors.New("no RMA was counted, so the floor has nothing to follow")
	}

	f := &rmaFloor{client: r.parts.client, tracker: r.parts.tracker, script: r.script}
	tuning := worker.DefaultTuning()
	main := sdkworker.New(f.client, workflows.QueueMain, tuning.Options(tuning.MainSlots, false))
	mails := sdkworker.New(f.client, workflows.QueueMail, tuning.Options(tuning.MailSlots, true))

	main.RegisterWorkflowWithOptions(
		workflows.RMA{Clock: r.parts.stack.Domains.DB.Clock()}.Run,
		workflow.RegisterOptions{Name: workflows.RMAName},
	)

	mails.RegisterActivityWithOptions(f.SendMails, activity.RegisterOptions{Name: "SendMails"})
	for _, w := range []sdkworker.Worker{main, mails} {
		if err := w.Start(); err != nil {
			return fmt.Errorf("start the floor's workers: %w", err)
		}
		defer w.Stop()
	}

	return run(func(
		ctx context.Context, name string, n, concurrency int, begun func(),
	) (time.Duration, error) {
		return f.tracker.run(ctx, name, n, concurrency, 1, begun, f.replace)
	})
}
