package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
)

// taskCommands are about what needs an operator.
type taskCommands struct {
	List taskListCommand `cmd:"" default:"withargs" help:"Show what needs an operator (the default)."`
	Show taskShowCommand `cmd:"" help:"Show one with what to do and why."`
	Do   taskDoCommand   `cmd:"" help:"Do one of a task's actions, such as accept or reject."`

	Pull     taskPullCommand     `cmd:"" help:"Take the task that is due first, and show it."`
	Take     taskTakeCommand     `cmd:"" help:"Take a task."`
	Give     taskGiveCommand     `cmd:"" help:"Give a task to a colleague."`
	HandBack taskHandBackCommand `cmd:"" help:"Hand a task back: it is nobody's again."`
	Note     taskNoteCommand     `cmd:"" help:"Add a note to a task."`
	Many     taskManyCommand     `cmd:"" help:"Do one act to many tasks; first it shows what would be done."`
}

// Help is shown by --help.
func (taskCommands) Help() string {
	return `Examples:
  roomcover task
  roomcover task show PO-2026-0017
  roomcover task do PO-2026-0017 reject --version 1 --reason "a double"`
}

// taskListCommand shows what needs an operator.
type taskListCommand struct {
	output
	apiOptions
	Kind  string `placeholder:"KIND" help:"Only tasks of this kind, such as review_order."`
	Mine  bool   `help:"Only tasks that you have taken."`
	Done  bool   `help:"Those that are done instead of those that are open."`
	Limit int    `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (taskListCommand) Help() string {
	return `Lists what only a person can settle, what to do and why. What each kind means
stands in docs/operations.md. Act on one by roomcover task do. The old spelling,
roomcover tasks, still works.

Examples:
  roomcover task list
  roomcover task list --kind process_stuck --json`
}

// Run lists.
func (c taskListCommand) Run(ctx context.Context, a *app) error {
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

	if c.Mine {
		q.Set("assignee", "me")
	}

	list, err := every[api.TaskView](ctx, client, "/v1/operator/tasks", q, c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list,
		func(out io.Writer, w *words) { a.taskTable(out, w, list, c.Done) })
}

// taskShowCommand shows one task.
type taskShowCommand struct {
	output
	apiOptions
	Task string `arg:"" help:"The task: its id, or the number of the order or the serial of the replacement that it is about."`
}

// Help is shown by --help.
func (taskShowCommand) Help() string {
	return `Example:
  roomcover task show PO-2026-0017`
}

// Run shows.
func (c taskShowCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	id, err := client.taskID(ctx, c.Task)
	if err != nil {
		return err
	}

	var k api.TaskView
	if err := client.read(ctx, "/v1/operator/tasks/"+url.PathEscape(id), &k); err != nil {
		return err
	}

	if c.JSON {
		return c.show(a, k, nil)
	}

	var notes api.NotesView
	err = client.read(ctx, "/v1/operator/tasks/"+url.PathEscape(id)+"/notes", &notes)
	if err != nil {
		return err
	}

	var o api.OrderDetail // that the task asks to decide on; none where it asks something else
	if k.SubjectVersion != 0 {
		if o, err = client.orderOf(ctx, k); err != nil {
			return err
		}
	}

	return c.showNamed(ctx, a, client, []any{k, o, notes}, func(out io.Writer, w *words) {
		fmt.Fprintln(out, indented(w.prose(k.What)))
		if len(k.Actions) > 0 {
			fmt.Fprintln(out, indented("You may: "+strings.Join(k.Actions, ", ")))
		}
		fmt.Fprintln(out)
		if o.ID != "" {
			do := "roomcover task do " + quoted(c.Task)
			writeDecisions(out, do+" accept", do+" reject", o)
		}
		writeFacts(out, taskFacts(w, k)...)
		if o.ID != "" {
			fmt.Fprintln(out)
			writeFacts(out, orderFacts(w, o)...)
		}
		writeNotes(out, w, k, notes)
		fmt.Fprintf(out, "\n%s\n", k.ID)
	})
}

func taskFacts(w *words, k api.TaskView) []fact {
	zone := w.zone(k.AccountID, k.SubjectID)
	facts := []fact{
		{"About", subjectOf(w, k)},
		{"Customer", w.name(k.AccountID)},
		{"Why", w.reason(k.Why)},
		{"Since", w.since(k.CreatedAt, zone)},
		{"Taken by", w.name(k.AssigneeID)},
	}
	if k.ResolvedAt != nil {
		facts = append(facts,
			fact{"Done", w.since(*k.ResolvedAt, zone)},
			fact{"By", w.name(k.ResolvedBy)},
			fact{"How", w.prose(k.Resolution)},
		)
	}
	return facts
}

// orderOf reads the order that a task asks to decide on, as a decision is about what is shown.
func (c *apiClient) orderOf(ctx context.Context, k api.TaskView) (api.OrderDetail, error) {
	var o api.OrderDetail
	return o, c.read(ctx, "/v1/orders/"+url.PathEscape(k.SubjectID), &o)
}

// subjectOf names what a task is about; a subject without a name, such as a calendar, is
// named by its code.
func subjectOf(w *words, k api.TaskView) string {
	if name := w.known(k.SubjectID); name != "" {
		return name
	}
	if idForm.MatchString(k.SubjectID) {
		return ""
	}
	return k.SubjectID
}

// taskDoCommand does one of a task's actions.
type taskDoCommand struct {
	output
	apiOptions
	Task         string `arg:"" help:"The task: its id, or the number of the order or the serial of the replacement that it is about."`
	Action       string `arg:"" help:"What to do: one of the actions that 'task list' shows."`
	Reason       string `placeholder:"TEXT" help:"Why; goes into the audit."`
	Version      int64  `placeholder:"N" help:"accept, reject of an order: the version that you decided about, as 'task show' gives it; left out: the order is shown, and nothing is decided."`
	Account      string `placeholder:"ACCOUNT" help:"accept: the account of the order, where several match, by id or name, or new for none of them; link: whose warranty it is."`
	InviteAs     string `placeholder:"ROLE" help:"accept: what the person whom the order names is invited as: admin, read_only, or none for not at all."`
	RecordDomain bool   `help:"accept: record that person's mail domain as the account's own."`
	StartsOn     string `placeholder:"DATE" help:"link: first day of a claimed warranty."`
	LastDay      string `placeholder:"DATE" help:"link: last covered day of a claimed warranty."`
	Email        string `placeholder:"ADDRESS" help:"reissue: another person's address; accept: that of the person whom the order names."`
	ContactName  string `placeholder:"NAME" help:"reissue: the other person's name."`
	CSM          string `name:"csm" placeholder:"CSM" help:"assign: the customer success manager, by id, e-mail or name."`
}

// Help is shown by --help.
func (taskDoCommand) Help() string {
	return `What each action needs stands in docs/operations.md. To accept or reject an order say
with --version which version of it you looked at; without it, the order is shown.

Examples:
  roomcover task do PO-2026-0017 accept --version 1 --invite-as read_only \
    --email rui@acme.example --reason "asked"
  roomcover task do PO-2026-0017 accept --version 1 --record-domain \
    --email rui@acme.example --reason "theirs"
  roomcover task do PO-2026-0017 refuse --reason "nobody there knows the person"`
}

// Run does it.
func (c taskDoCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	id, err := client.taskID(ctx, c.Task)
	if err != nil {
		return err
	}

	var task api.TaskView
	if err := client.read(ctx, "/v1/operator/tasks/"+url.PathEscape(id), &task); err != nil {
		return err
	}

	decides := task.SubjectVersion != 0 && slices.Contains(task.Actions, c.Action)
	if decides && c.Version == 0 {
		o, err := client.orderOf(ctx, task)
		if err != nil {
			return err
		}
		return c.ask(ctx, a, client, o)
	}

	account, err := client.chosenAccount(ctx, c.Account)
	if err != nil {
		return err
	}

	csm, err := client.csmID(ctx, c.CSM)
	if err != nil {
		return err
	}

	body := api.ActionRequest{
		Reason:       c.Reason,
		Version:      c.Version,
		AccountID:    account,
		InviteAs:     rules.InviteAs(strings.ToUpper(c.InviteAs)),
		RecordDomain: c.RecordDomain,
		StartsOn:     c.StartsOn,
		LastDay:      c.LastDay,
		Email:        c.Email,
		ContactName:  c.ContactName,
		CSMID:        csm,
	}

	path := "/v1/operator/tasks/" + url.PathEscape(id) + "/" + url.PathEscape(c.Action)
	var done api.TaskView
	if err := client.post(ctx, path, body, &done); err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, done, func(out io.Writer, w *words) {
		fmt.Fprintf(out, "Done: %s\n\n", w.prose(done.What))
		writeFacts(out, taskFacts(w, done)...)
		fmt.Fprintf(out, "\n%s\n", done.ID)
	})
}

// chosenAccount is the account that an operator chose for an order: an existing one, or the
// word new.
func (c *apiClient) chosenAccount(ctx context.Context, said string) (string, error) {
	if strings.EqualFold(said, order.NewAccount) {
		return order.NewAccount, nil
	}
	return c.accountID(ctx, said)
}

func (a *app) taskTable(out io.Writer, w *words, list []api.TaskView, done bool) {
	if len(list) == 0 && done {
		fmt.Fprintln(out, "No task was done yet.")
		return
	}
	if len(list) == 0 {
		fmt.Fprintln(out, "Nothing needs an operator.")
		return
	}

	for _, k := range list {
		head := []string{plain(string(k.Kind))}
		for _, name := range []string{subjectOf(w, k), w.known(k.AccountID)} {
			if name != "" && !slices.Contains(head, name) {
				head = append(head, name)
			}
		}
		head = append(head, "since "+w.since(k.CreatedAt, w.zone(k.AccountID, k.SubjectID)))

		fmt.Fprintln(out, strings.Join(head, "; ")+"  "+k.ID)
		fmt.Fprintln(out, indented(w.prose(k.What)))
		fmt.Fprintln(out, indented("Why: "+w.reason(k.Why)))
		if len(k.Actions) > 0 {
			fmt.Fprintln(out, indented("You may: "+strings.Join(k.Actions, ", ")))
		}
		fmt.Fprintln(out)
	}

	fmt.Fprintln(out, count(len(list), "task")+".")
}
