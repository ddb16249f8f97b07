package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
)

// tasksCommand shows what needs an operator.
type tasksCommand struct {
	output
	apiOptions
	Kind  string `placeholder:"KIND" help:"Only tasks of this kind, such as REVIEW_ORDER."`
	Done  bool   `help:"Those that are done instead of those that are open."`
	Limit int    `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (tasksCommand) Help() string {
	return `Lists what only a person can settle, what to do and why. What each kind means
stands in docs/operations.md. Act on one by
POST /v1/operator/tasks/{id}/{action}.

Examples:
  roomcover tasks
  roomcover tasks --kind PROCESS_STUCK --json`
}

// Run lists.
func (c tasksCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	q := url.Values{"state": {"OPEN"}}
	if c.Done {
		q.Set("state", "DONE")
	}
	if c.Kind != "" {
		q.Set("kind", strings.ToUpper(c.Kind))
	}

	list, err := every[api.TaskView](ctx, client, "/v1/operator/tasks", q, c.Limit)
	if err != nil {
		return err
	}

	return c.show(a, list, func(w io.Writer) { a.taskTable(w, list) })
}

func (a *app) taskTable(w io.Writer, list []api.TaskView) {
	if len(list) == 0 {
		fmt.Fprintln(w, "Nothing needs an operator.")
		return
	}

	t := a.table(w, "id", "kind", "subject", "since", "actions", "what", "why")
	for _, k := range list {
		t.AppendRow([]any{
			k.ID,
			k.Kind,
			k.SubjectID,
			minute(k.CreatedAt),
			strings.Join(k.Actions, ", "),
			cutAt(k.What, 70),
			cutAt(k.Why, 70),
		})
	}

	t.Render()
	fmt.Fprintf(w, "\n%d tasks; times are UTC.\n", len(list))
}
