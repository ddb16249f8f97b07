package chaos

import (
	"context"
	"fmt"
	"strings"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"roomcover.dev/roomcover/rules"
)

// WorkflowRun is one run of a workflow, with everything that Temporal keeps of
// it, encoded: search attributes, memo, summaries and history.
type WorkflowRun struct {
	WorkflowID, RunID string
	Status            enums.WorkflowExecutionStatus
	Kept              []byte
}

// ListRuns reads the state of every run of the namespace.
func ListRuns(ctx context.Context, c client.Client) ([]WorkflowRun, error) {
	var out []WorkflowRun
	var page []byte
	for {
		list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace, PageSize: 500, NextPageToken: page})
		if err != nil {
			return nil, err
		}
		for _, info := range list.GetExecutions() {
			out = append(out, WorkflowRun{WorkflowID: info.GetExecution().GetWorkflowId(), RunID: info.GetExecution().GetRunId(), Status: info.GetStatus()})
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
	run.Status = described.GetWorkflowExecutionInfo().GetStatus()
	if run.Kept, err = proto.Marshal(described); err != nil {
		return err
	}
	events := c.GetWorkflowHistory(ctx, run.WorkflowID, run.RunID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return err
		}
		if run.Kept, err = (proto.MarshalOptions{}).MarshalAppend(run.Kept, event); err != nil {
			return err
		}
	}
	return nil
}

// workflowRuns holds the runs against the rows: every order and invitation has
// its workflow, none failed, at most one runs, and it runs exactly as long as
// there is something to wait for. An order that is told something after its
// workflow has ended gets another run under the same id, which ends.
func workflowRuns(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	waiting, err := waits(ctx, e)
	if err != nil {
		return err
	}
	running, runs := map[string]int{}, map[string]int{}
	for _, r := range e.Runs {
		subject := subjectOf(r)
		runs[subject]++
		switch r.Status {
		case enums.WORKFLOW_EXECUTION_STATUS_RUNNING:
			running[subject]++
		case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		default:
			report(r.WorkflowID, "the workflow ended as %s", r.Status)
		}
	}
	for subject, waits := range waiting {
		switch {
		case runs[subject] == 0:
			report(subject, "it has no workflow")
		case strings.HasPrefix(subject, "inv_") && runs[subject] > 1:
			report(subject, "its workflow ran %d times", runs[subject])
		case waits && running[subject] != 1:
			report(subject, "%d workflows run and it still has to wait", running[subject])
		case !waits && running[subject] > 0:
			report(subject, "its workflow runs and there is nothing to wait for")
		}
	}
	for subject := range runs {
		if _, known := waiting[subject]; !known && !strings.HasPrefix(subject, "ntf_") && !strings.HasPrefix(subject, "daily-sweep") && !strings.HasPrefix(subject, "temporal-sys") {
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

// waits says of every order and invitation whether its workflow has something
// to wait for.
func waits(ctx context.Context, e Evidence) (map[string]bool, error) {
	rows, err := e.DB.QueryContext(ctx, `SELECT id, state IN ('NEEDS_REVIEW') OR (state IN ('FULFILLED','PARTIALLY_CANCELLED') AND cancellable_until > $1) FROM orders
		UNION ALL SELECT id, state IN ('`+string(rules.InvitationIssued)+`','`+string(rules.InvitationSent)+`') FROM invitations WHERE state <> 'BOUNCED'`, e.Store.Clock().Now())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var id string
		var waiting bool
		if err := rows.Scan(&id, &waiting); err != nil {
			return nil, err
		}
		out[id] = waiting
	}
	return out, rows.Err()
}
