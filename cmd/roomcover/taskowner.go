package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
)

// taskPullCommand takes the next task.
type taskPullCommand struct {
	output
	apiOptions
}

// Help is shown by --help.
func (taskPullCommand) Help() string {
	return `Gives you the task that is due first, of those that nobody has taken and that your role
may settle. Two who pull at the same moment never get the same.

Example:
  roomcover task pull`
}

// Run pulls.
func (c taskPullCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	var pulled api.PulledView
	err = client.post(ctx, "/v1/operator/tasks/pull", api.PullRequest{}, &pulled)
	if err != nil {
		return err
	}
	if pulled.Task == nil {
		return c.show(a, pulled, func(out io.Writer) {
			fmt.Fprintln(out, "Nothing waits that you may settle.")
		})
	}
	return c.owned(ctx, a, client, "Yours", *pulled.Task)
}

// owned shows a task that has another owner by now.
func (o output) owned(
	ctx context.Context, a *app, client *apiClient, whose string, k api.TaskView,
) error {
	return o.showNamed(ctx, a, client, k, func(out io.Writer, w *words) {
		fmt.Fprintf(out, "%s: %s\n\n", whose, w.prose(k.What))
		writeFacts(out, taskFacts(w, k)...)
		fmt.Fprintf(out, "\n%s\n", k.ID)
	})
}

// whichTask names a task on the command line.
type whichTask struct {
	Task string `arg:"" help:"The task: its id, or the number of the order or the serial of the replacement that it is about."`
}

// give has a task be somebody's from now on.
func (t whichTask) give(
	ctx context.Context, client *apiClient, operator string,
) (api.TaskView, error) {
	var k api.TaskView
	id, err := client.taskID(ctx, t.Task)
	if err != nil {
		return k, err
	}
	path := "/v1/operator/tasks/" + url.PathEscape(id) + "/owner"
	return k, client.post(ctx, path, api.OwnerRequest{Operator: operator}, &k)
}

// taskTakeCommand takes a task.
type taskTakeCommand struct {
	output
	apiOptions
	whichTask
}

// Help is shown by --help.
func (taskTakeCommand) Help() string {
	return `What your token takes is yours in the console, too.

Example:
  roomcover task take PO-2026-0017`
}

// Run takes.
func (c taskTakeCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	k, err := c.give(ctx, client, "me")
	if err != nil {
		return err
	}
	return c.owned(ctx, a, client, "Yours", k)
}

// taskGiveCommand gives a task to a colleague.
type taskGiveCommand struct {
	output
	apiOptions
	whichTask
	Colleague string `arg:"" help:"Who has it from now on: an operator's e-mail or id."`
}

// Help is shown by --help.
func (taskGiveCommand) Help() string {
	return `Example:
  roomcover task give PO-2026-0017 ari@desk.example`
}

// Run gives.
func (c taskGiveCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	k, err := c.give(ctx, client, c.Colleague)
	if err != nil {
		return err
	}
	return c.owned(ctx, a, client, "Given", k)
}

// taskHandBackCommand hands a task back.
type taskHandBackCommand struct {
	output
	apiOptions
	whichTask
}

// Help is shown by --help.
func (taskHandBackCommand) Help() string {
	return `Example:
  roomcover task hand-back PO-2026-0017`
}

// Run hands back.
func (c taskHandBackCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	k, err := c.give(ctx, client, "")
	if err != nil {
		return err
	}
	return c.owned(ctx, a, client, "Nobody's", k)
}

// taskNoteCommand adds a note.
type taskNoteCommand struct {
	output
	apiOptions
	whichTask
	Note string `arg:"" help:"What the next person has to know."`
}

// Help is shown by --help.
func (taskNoteCommand) Help() string {
	return `Notes are added, and never changed. They are for operators alone.

Example:
  roomcover task note PO-2026-0017 "The reseller answers tomorrow."`
}

// Run notes.
func (c taskNoteCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	id, err := client.taskID(ctx, c.Task)
	if err != nil {
		return err
	}
	var n api.NoteView
	path := "/v1/operator/tasks/" + url.PathEscape(id) + "/notes"
	if err := client.post(ctx, path, api.NoteRequest{Note: c.Note}, &n); err != nil {
		return err
	}
	return c.show(a, n, func(out io.Writer) { fmt.Fprintln(out, "Noted.") })
}

// writeNotes writes what was noted about a task.
func writeNotes(out io.Writer, w *words, k api.TaskView, notes api.NotesView) {
	for _, n := range notes.Items {
		when := w.since(n.CreatedAt, w.zone(k.AccountID, k.SubjectID))
		fmt.Fprintf(out, "\n%s, %s:\n%s\n", w.name(n.AuthorID), when, indented(n.Note))
	}
}

// taskManyCommand does one act to many tasks.
type taskManyCommand struct {
	output
	apiOptions
	Act      string   `arg:"" help:"What to do to each: take, hand_back, give, close or retry."`
	Tasks    []string `arg:"" help:"The tasks: their ids, or what they are about."`
	Operator string   `placeholder:"OPERATOR" help:"give: to whom, by e-mail or id."`
	Reason   string   `placeholder:"TEXT" help:"close: why; kept with each task."`
	Yes      bool     `help:"Do it; without it, only what would be done is shown."`
}

// Help is shown by --help.
func (taskManyCommand) Help() string {
	return `Without --yes it changes nothing, and shows how many tasks it would be done to and which
would be refused. Each task is done by itself: what is refused for one keeps no other from its
turn.

Examples:
  roomcover task many take PO-2026-0017 PO-2026-0018
  roomcover task many close tsk_01kb1 tsk_01kb2 --reason "one outage" --yes`
}

// Run does it, or shows what it would do.
func (c taskManyCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	r := api.ManyTasksRequest{
		Act:      strings.ReplaceAll(strings.ToLower(c.Act), "-", "_"),
		Operator: c.Operator,
		Reason:   c.Reason,
		Preview:  !c.Yes,
	}
	for _, said := range c.Tasks {
		id, err := client.taskID(ctx, said)
		if err != nil {
			return err
		}
		r.TaskIDs = append(r.TaskIDs, id)
	}

	var v api.ManyTasksView
	if err := client.post(ctx, "/v1/operator/tasks/many", r, &v); err != nil {
		return err
	}
	return c.show(a, v, func(out io.Writer) { writeMany(out, v, c.Yes) })
}

func writeMany(out io.Writer, v api.ManyTasksView, done bool) {
	for _, one := range v.Items {
		if !one.Done {
			fmt.Fprintf(out, "%s  %s\n", one.TaskID, plain(string(one.Kind)))
			fmt.Fprintln(out, indented(one.Message+" "+one.Remedy))
		}
	}
	if v.Refused > 0 {
		fmt.Fprintln(out)
	}
	if done {
		fmt.Fprintf(out, "%s done, %d refused.\n", count(v.Done, "task"), v.Refused)
		return
	}
	fmt.Fprintf(out, "%s would be done, %d refused. Nothing has changed yet: add --yes.\n",
		count(v.Done, "task"), v.Refused)
}
