package bench

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
)

// Counts are what each that is measured costs on any machine: an order until both of
// its workflows wait, an RMA until it is closed.
type Counts struct {
	StatementsEach float64     `json:"statements_each"`
	Statements     []Statement `json:"statements"`
	// The most that any of those counted took, all its workflows together.
	Events  int `json:"events"`
	Bytes   int `json:"bytes"`
	Actions int `json:"actions"`
}

// histories reads the histories of a run and keeps the largest. query finds the ids
// of the workflows of each, separated by blanks.
func (p *parts) histories(ctx context.Context, query string, c *Counts) error {
	pool, err := p.stack.Domains.DB.Pool()
	if err != nil {
		return err
	}

	each, err := textsOf(ctx, pool, query)
	if err != nil {
		return err
	}

	for _, ids := range each {
		var sum Counts
		for id := range strings.FieldsSeq(ids) {
			if err := p.history(ctx, id, &sum); err != nil {
				return fmt.Errorf("read the history of %s: %w", id, err)
			}
		}

		c.Events = max(c.Events, sum.Events)
		c.Bytes = max(c.Bytes, sum.Bytes)
		c.Actions = max(c.Actions, sum.Actions)
	}

	return nil
}

// textsOf is the first column of a query.
func textsOf(ctx context.Context, pool *sql.DB, query string) (out []string, err error) {
	rows, err := pool.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}

	return out, rows.Err()
}

// history adds one workflow's figures once it waits for its timer only.
func (p *parts) history(ctx context.Context, id string, sum *Counts) error {
	for deadline := time.Now().Add(orderTimeout); ; time.Sleep(20 * time.Millisecond) {
		d, err := p.client.DescribeWorkflowExecution(ctx, id, "")
		if err != nil {
			return err
		}

		if len(d.GetPendingActivities()) == 0 && d.GetPendingWorkflowTask() == nil {
			sum.Bytes += int(d.GetWorkflowExecutionInfo().GetHistorySizeBytes())
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("it is still busy after %s", orderTimeout)
		}
	}

	events := p.client.GetWorkflowHistory(ctx, id, "",
		false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return err
		}
		sum.Events++
		sum.Actions += actions(e)
	}

	return nil
}

// actions are what an event is billed by a Temporal service: starts, signals,
// attempts of activities, timers, markers, children and changed attributes.
func actions(e *history.HistoryEvent) int {
	switch e.GetEventType() {
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
		enums.EVENT_TYPE_TIMER_STARTED,
		enums.EVENT_TYPE_MARKER_RECORDED, enums.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
		enums.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED,
		enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
		enums.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
		return 1
	case enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		return int(e.GetActivityTaskStartedEventAttributes().GetAttempt())
	}

	return 0
}
