package chaos

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"roomcover.dev/roomcover/clock"
)

// WorkflowRun is one run of a workflow, with everything that Temporal keeps of
// it, encoded: search attributes, memo, summaries and history.
type WorkflowRun struct {
	WorkflowID, RunID string
	Status            enums.WorkflowExecutionStatus
	Kept              []byte
	// Failed are the causes of failed workflow tasks, Programs the build ids of the
	// workers that have done one.
	Failed   []string
	Programs map[string]bool
}

// ListRuns reads the state of every run of the namespace.
func ListRuns(ctx context.Context, c client.Client) ([]WorkflowRun, error) {
	var out []WorkflowRun
	var page []byte
	for {
		list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Namespace:     namespace,
			PageSize:      500,
			NextPageToken: page,
		})
		if err != nil {
			return nil, err
		}

		for _, info := range list.GetExecutions() {
			out = append(out, WorkflowRun{
				WorkflowID: info.GetExecution().GetWorkflowId(),
				RunID:      info.GetExecution().GetRunId(),
				Status:     info.GetStatus(),
			})
		}

		if page = list.GetNextPageToken(); len(page) == 0 {
			return out, nil
		}
	}
}

// ReadRuns adds to the runs what Temporal keeps of them.
func ReadRuns(ctx context.Context, c client.Client, runs []WorkflowRun) error {
	readers, ctx := errgroup.WithContext(ctx)
	readers.SetLimit(8)
	for i := range runs {
		readers.Go(func() error {
			if err := readRun(ctx, c, &runs[i]); err != nil {
				return fmt.Errorf("read %s: %w", runs[i].WorkflowID, err)
			}
			return nil
		})
	}

	return readers.Wait()
}

func readRun(ctx context.Context, c client.Client, run *WorkflowRun) error {
	described, err := c.DescribeWorkflowExecution(ctx, run.WorkflowID, run.RunID)
	if err != nil {
		return err
	}
	if run.Kept, err = proto.Marshal(described); err != nil {
		return err
	}

	events := c.GetWorkflowHistory(ctx, run.WorkflowID, run.RunID, false,
		enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return err
		}
		if run.Kept, err = (proto.MarshalOptions{}).MarshalAppend(run.Kept, event); err != nil {
			return err
		}

		run.note(event)
	}

	return nil
}

// note keeps of an event who has done a task, and why one failed. A task whose
// workflow was told something at its very end is done again by design.
func (r *WorkflowRun) note(event *history.HistoryEvent) {
	if done := event.GetWorkflowTaskCompletedEventAttributes(); done != nil {
		if r.Programs == nil {
			r.Programs = map[string]bool{}
		}
		//lint:ignore SA1019 an unversioned worker tells its program nowhere else
		r.Programs[done.GetWorkerVersion().GetBuildId()+done.GetBinaryChecksum()] = true
	}

	if failed := event.GetWorkflowTaskFailedEventAttributes(); failed != nil &&
		failed.GetCause() != enums.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND {
		r.Failed = append(r.Failed, failed.GetCause().String())
	}
}

// workflowRuns holds the runs against the rows: every order and invitation has
// its workflow, none failed, at most one runs, and it runs exactly as long as
// there is something to wait for. An order that is told something after its
// workflow has ended gets another run under the same id, which ends. Where Temporal has lost its
// data, what has nothing to wait for may have none.
func workflowRuns(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	waiting, err := waits(ctx, e)
	if err != nil {
		return err
	}

	running, runs := map[string]int{}, map[string]int{}
	for _, r := range e.Runs {
		subject := subjectOf(r)
		runs[subject]++
		for _, cause := range r.Failed {
			report(r.WorkflowID, "a task of the workflow failed: %s", cause)
		}

		switch r.Status {
		case enums.WORKFLOW_EXECUTION_STATUS_RUNNING:
			running[subject]++
		case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		default:
			report(r.WorkflowID, "the workflow ended as %s", r.Status)
		}
	}

	for subject, w := range waiting {
		waits := w == waitsOn
		switch {
		case runs[subject] == 0 && e.TemporalLost && w != waitsOn:
		case runs[subject] == 0:
			report(subject, "it has no workflow")
		case strings.HasPrefix(subject, "inv_") && runs[subject] > 1:
			report(subject, "its workflow ran %d times", runs[subject])
		case w == mayWait:
		case waits && running[subject] != 1:
			report(subject, "%d workflows run and it still has to wait", running[subject])
		case !waits && running[subject] > 0:
			report(subject, "its workflow runs and there is nothing to wait for")
		}
	}

	for subject := range runs {
		if _, known := waiting[subject]; !known && !strings.HasPrefix(subject, "ntf_") &&
			!strings.HasPrefix(subject, "daily-sweep") &&
			!strings.HasPrefix(subject, "temporal-sys") {
			report(subject, "a workflow belongs to nothing")
		}
	}

	return nil
}

// subjectOf is the id of what a workflow is about: order/ord_… is about ord_….
func subjectOf(r WorkflowRun) string {
	if _, id, ok := strings.Cut(r.WorkflowID, "/"); ok {
		return id
	}
	return r.WorkflowID
}

// wait says whether a workflow has something to wait for. Around the instant at
// which a wait ends it may or may not: the calendar runs on while the oracle looks.
type wait int

const (
	waitsNot wait = iota
	waitsOn
	mayWait
)

// slack is how long (real time) after an instant what is due then may be undone.
const slack = 15 * time.Second

//go:embed facts/waits.sql
var waitsSQL string

// waits says of every order, invitation, replacement and spare whether its workflow has
// something to wait for.
func waits(ctx context.Context, e Evidence) (map[string]wait, error) {
	now := e.today()
	around := calendarSlack(e.DB.Clock())
	rows, err := e.Rows.QueryContext(ctx, waitsSQL, now.Add(around), now.Add(-around))
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	out := map[string]wait{}
	for rows.Next() {
		var id string
		var waiting, either bool
		if err := rows.Scan(&id, &waiting, &either); err != nil {
			return nil, err
		}

		switch {
		case either:
			out[id] = mayWait
		case waiting:
			out[id] = waitsOn
		default:
			out[id] = waitsNot
		}
	}

	return out, rows.Err()
}

// calendarSlack is the slack as it passes on the calendar.
func calendarSlack(c clock.Clock) time.Duration {
	now := time.Now()
	return c.Calendar(now.Add(slack)).Sub(c.Calendar(now))
}
