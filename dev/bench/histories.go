package bench

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
)

// Counts are what a normal order costs on any machine, until both of its
// workflows wait.
type Counts struct {
	StatementsPerOrder float64     `json:"statements_per_order"`
	Statements         []Statement `json:"statements"`
	// The most that any of the counted orders took, both workflows together.
	Events  int `json:"events"`
	Bytes   int `json:"bytes"`
	Actions int `json:"actions"`
}

// histories reads the histories of a run's orders and keeps the largest.
func (p *parts) histories(ctx context.Context, name string, c *Counts) error {
	pool, err := p.stack.Store.Pool()
	if err != nil {
		return err
	}
	pairs, err := workflowsOf(ctx, pool, name)
	if err != nil {
		return err
	}
	for _, ids := range pairs {
		var sum Counts
		for _, id := range ids {
			if err := p.history(ctx, id, &sum); err != nil {
				return fmt.Errorf("read the history of %s: %w", id, err)
			}
		}
		c.Events, c.Bytes, c.Actions = max(c.Events, sum.Events), max(c.Bytes, sum.Bytes), max(c.Actions, sum.Actions)
	}
	return nil
}

// workflowsOf are the two workflows of each order of a run.
func workflowsOf(ctx context.Context, pool *sql.DB, name string) ([][2]string, error) {
	rows, err := pool.QueryContext(ctx, `SELECT o.id, i.id FROM orders o JOIN invitations i ON i.order_id = o.id WHERE o.po_number LIKE 'PO-`+name+`-%'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][2]string
	for rows.Next() {
		var order, invitation string
		if err := rows.Scan(&order, &invitation); err != nil {
			return nil, err
		}
		out = append(out, [2]string{"order/" + order, "invitation/" + invitation})
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
	events := p.client.GetWorkflowHistory(ctx, id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
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
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, enums.EVENT_TYPE_TIMER_STARTED,
		enums.EVENT_TYPE_MARKER_RECORDED, enums.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED,
		enums.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED, enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
		enums.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
		return 1
	case enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		return int(e.GetActivityTaskStartedEventAttributes().GetAttempt())
	}
	return 0
}
