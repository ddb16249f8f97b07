package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
)

// tasksCommands are about what needs an operator.
type tasksCommands struct {
	List tasksCommand  `cmd:"" default:"withargs" help:"Show what needs an operator (the default)."`
	Do   taskDoCommand `cmd:"" help:"Do one of a task's actions, such as accept or reject."`
}

// Help is shown by --help.
func (tasksCommands) Help() string {
	return `Examples:
  roomcover tasks
  roomcover tasks do tsk_01kb reject --version 1 --reason "a double"`
}

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
stands in docs/operations.md. Act on one by roomcover tasks do.

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

// taskDoCommand does one of a task's actions.
type taskDoCommand struct {
	output
	apiOptions
	ID           string `arg:"" help:"Id of the task."`
	Action       string `arg:"" help:"What to do: one of the actions that 'tasks' lists."`
	Reason       string `placeholder:"TEXT" help:"Why; goes into the audit."`
	Version      int64  `placeholder:"N" help:"accept, reject of an order: the version that 'tasks' showed you. Another one means that the order was amended since."`
	Account      string `placeholder:"ID" help:"accept: the account of the order, where several match; link: whose warranty it is."`
	InviteAs     string `placeholder:"ROLE" help:"accept: what the person whom the order names is invited as: admin, read_only, or none for not at all."`
	RecordDomain bool   `help:"accept: record that person's mail domain as the account's own."`
	StartsOn     string `placeholder:"DATE" help:"link: first day of a claimed warranty."`
	LastDay      string `placeholder:"DATE" help:"link: last covered day of a claimed warranty."`
	Email        string `placeholder:"ADDRESS" help:"reissue: another person's address; accept: that of the person whom the order names."`
	ContactName  string `placeholder:"NAME" help:"reissue: the other person's name."`
	CSM          string `name:"csm" placeholder:"ID" help:"assign: the customer success manager."`
}

// Help is shown by --help.
func (taskDoCommand) Help() string {
	return `What each action needs stands in docs/operations.md.

Examples:
  roomcover tasks do tsk_01kb accept --version 2 --invite-as read_only \
    --email rui@acme.example --reason "asked"
  roomcover tasks do tsk_01kb accept --version 2 --record-domain \
    --email rui@acme.example --reason "theirs"
  roomcover tasks do tsk_01kb refuse --reason "nobody there knows the person"`
}

// Run does it.
func (c taskDoCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	body := api.ActionRequest{
		Reason:       c.Reason,
		Version:      c.Version,
		AccountID:    c.Account,
		InviteAs:     rules.InviteAs(strings.ToUpper(c.InviteAs)),
		RecordDomain: c.RecordDomain,
		StartsOn:     c.StartsOn,
		LastDay:      c.LastDay,
		Email:        c.Email,
		ContactName:  c.ContactName,
		CSMID:        c.CSM,
	}

	path := "/v1/operator/tasks/" + url.PathEscape(c.ID) + "/" + url.PathEscape(c.Action)
	var done api.TaskView
	if err := client.post(ctx, path, body, &done); err != nil {
		return err
	}

	return c.show(a, done, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s, %s.\n", done.ID, done.Kind, strings.ToLower(string(done.State)))
	})
}

// versionOf is what a decision of the task is about; empty where nobody else changes it.
func versionOf(k api.TaskView) string {
	if k.SubjectVersion == 0 {
		return ""
	}
	return strconv.FormatInt(k.SubjectVersion, 10)
}

func (a *app) taskTable(w io.Writer, list []api.TaskView) {
	if len(list) == 0 {
		fmt.Fprintln(w, "Nothing needs an operator.")
		return
	}

	t := a.table(w, "id", "kind", "subject", "version", "since", "actions", "what", "why")
	for _, k := range list {
		t.AppendRow([]any{
			k.ID,
			k.Kind,
			k.SubjectID,
			versionOf(k),
			minute(k.CreatedAt),
			strings.Join(k.Actions, ", "),
			cutAt(k.What, 70),
			cutAt(k.Why, 70),
		})
	}

	t.Render()
	fmt.Fprintf(w, "\n%d tasks; times are UTC.\n", len(list))
}
