package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
)

// taskHandlers answer what is asked about operator tasks.
type taskHandlers struct {
	db         *db.DB
	operations *operations.Operations
}

func (h taskHandlers) routes(api huma.API) {
	work := route{
		Tag:          "Operator tasks",
		Scope:        Operator,
		Capability:   rules.WorkTasks,
		OperatorOnly: true,
	}

	mount(api, work.get("list-tasks", "/v1/operator/tasks",
		"List what needs a person, newest first"), h.listTasks)
	mount(api, work.get("get-task", "/v1/operator/tasks/{id}", "Read a task with its actions").
		refuses(404), h.getTask)
	mountJSON(api, work.post("pull-task", "/v1/operator/tasks/pull",
		"Take the task that is due first").
		idempotent(), h.pullTask)
	mountJSON(api, work.post("act-on-tasks", "/v1/operator/tasks/many",
		"Do one act to many tasks, or preview it").
		idempotent(), h.actOnTasks)
	mountJSON(api, work.post("give-task", "/v1/operator/tasks/{id}/owner",
		"Take a task, give it to a colleague, or hand it back").
		idempotent().refuses(404, 409, 412), h.giveTask)
	mount(api, work.get("list-task-notes", "/v1/operator/tasks/{id}/notes",
		"List what was noted about a task, oldest first").refuses(404), h.listNotes)
	mountJSON(api, work.post("note-task", "/v1/operator/tasks/{id}/notes",
		"Add a note to a task").
		answers(http.StatusCreated).idempotent().refuses(404), h.noteTask)
	mountJSON(api, work.post("act-on-task", "/v1/operator/tasks/{id}/{action}",
		"Do one of a task's actions").
		idempotent().refuses(404), h.actOnTask)
}

// TaskView is something that needs a person.
type TaskView struct {
	ID        string       `json:"id" doc:"Id of the task, such as tsk_01kb…"`
	Kind      db.TaskKind  `json:"kind" doc:"What kind of task it is, such as REVIEW_ORDER"`
	State     db.TaskState `json:"state" enum:"OPEN,DONE" doc:"Whether somebody still has to do it"`
	What      string       `json:"what" doc:"What to do, as an English sentence"`
	Why       string       `json:"why" doc:"Why it is needed, as an English sentence"`
	SubjectID string       `json:"subject_id" doc:"Id of what it is about"`

	// Another party may change an order in review: a decision names what it is about.
	SubjectVersion int64 `json:"subject_version,omitempty" doc:"Of an order in review: the version that a decision is about; send it as version"`

	AccountID  string     `json:"account_id,omitempty" doc:"Id of the customer's account, such as acc_01kb…"`
	AssigneeID string     `json:"assignee_id,omitempty" doc:"Id of the operator, or of the token, that has taken it; missing: nobody has"`
	Seen       string     `json:"seen" doc:"Stands for what you see of it: send it along, and a change since is refused"`
	Actions    []string   `json:"actions" nullable:"false" doc:"What can be done with it here: words for {action}"`
	Resolution string     `json:"resolution,omitempty" doc:"How it was done: the action, or a note"`
	ResolvedBy string     `json:"resolved_by,omitempty" doc:"Who did it"`
	CreatedAt  time.Time  `json:"created_at" doc:"When it was raised; an instant in UTC"`
	ResolvedAt *time.Time `json:"resolved_at,omitempty" doc:"When it was done; an instant in UTC"`
}

func taskView(t db.OperatorTask, version int64) TaskView {
	v := TaskView{
		ID:        t.ID,
		Kind:      t.Kind,
		State:     t.State,
		What:      t.What,
		Why:       t.Why,
		SubjectID: t.SubjectID,

		SubjectVersion: version,

		AccountID:  text(t.AccountID),
		AssigneeID: text(t.AssigneeID),
		Seen:       t.Seen(),
		Actions:    []string{},
		Resolution: t.Resolution,
		ResolvedBy: t.ResolvedBy,
		CreatedAt:  t.CreatedAt,
		ResolvedAt: t.ResolvedAt,
	}

	if t.State == db.TaskOpen {
		v.Actions = append(v.Actions, operations.ActionsOf(t.Kind)...)
	}

	return v
}

type listTasksInput struct {
	ListInput
	State     string `query:"state" enum:"OPEN,DONE" doc:"Only tasks in this state"`
	Kind      string `query:"kind" maxLength:"64" doc:"Only tasks of this kind"`
	Assignee  string `query:"assignee" maxLength:"64" doc:"Only tasks that this operator has taken, by id; me: those of who asks; nobody: those that nobody has taken"`
	SubjectID string `query:"subject_id" maxLength:"64" doc:"Only tasks about this, by its id; an RMA or a spare unit by its number too"`
}

func (h taskHandlers) listTasks(
	ctx context.Context, in *listTasksInput,
) (*pageOf[TaskView], error) {
	if kind := db.TaskKind(in.Kind); kind != "" &&
		len(operations.ActionsOf(kind)) == 0 {
		return nil, invalidParameter("/query/kind", "There is no such kind of task.")
	}

	assignee := in.Assignee
	if assignee == itself {
		var err error
		if assignee, err = h.operations.WhoAsks(ctx); err != nil {
			return nil, err
		}
	}

	tasks, next, err := h.db.ListTasks(ctx, db.TaskFilter{
		State:     db.TaskState(in.State),
		Assignee:  assignee,
		Kind:      db.TaskKind(in.Kind),
		SubjectID: in.SubjectID,
		Page:      in.page(),
	})
	view := h.viewOf(ctx, &err, tasks...)
	return listed(tasks, next, err, view)
}

// viewOf returns how tasks are shown: with the versions of what they are about, which it
// reads for all of them at once. An error is left in err where there was none.
func (h taskHandlers) viewOf(
	ctx context.Context, err *error, tasks ...db.OperatorTask,
) func(db.OperatorTask) TaskView {
	versions, failed := h.operations.SubjectVersions(ctx, tasks)
	*err = cmp.Or(*err, failed)
	return func(t db.OperatorTask) TaskView { return taskView(t, versions[t.SubjectID]) }
}

func (h taskHandlers) getTask(ctx context.Context, in *IDInput) (*one[TaskView], error) {
	t, err := h.db.GetTask(ctx, in.ID)
	view := h.viewOf(ctx, &err, t)
	return single(t, err, view)
}

// ActionRequest says why, and whatever the action needs.
type ActionRequest struct {
	Reason       string         `json:"reason,omitempty" doc:"Required to accept, reject, reissue, assign and close"`
	Version      int64          `json:"version,omitempty" doc:"accept, reject of an order: required; the subject_version of the task, or the version of the order, that you looked at"`
	AccountID    string         `json:"account_id,omitempty" doc:"accept: the account, when the order matches several or nearly one (then also NEW); link: whose the imported warranty is"`
	InviteAs     rules.InviteAs `json:"invite_as,omitempty" enum:"ADMIN,READ_ONLY,NONE" doc:"accept: what the person whom the order names is invited as; NONE: not at all"`
	RecordDomain bool           `json:"record_domain,omitempty" doc:"accept: record that person's mail domain as the account's own"`
	StartsOn     string         `json:"starts_on,omitempty" format:"date" doc:"link: first day of a claimed warranty, YYYY-MM-DD"`
	LastDay      string         `json:"last_day,omitempty" format:"date" doc:"link: last covered day of a claimed warranty, YYYY-MM-DD"`
	Email        string         `json:"email,omitempty" doc:"reissue: another person's address; accept with a role or record_domain on an order: the address of the person whom the order names, against an amendment that you have not seen"`
	ContactName  string         `json:"contact_name,omitempty" doc:"reissue: another person's name"`
	CSMID        string         `json:"csm_id,omitempty" doc:"assign: who looks after the account"`
}

type actionInput struct {
	IDInput
	Action string `path:"action" maxLength:"32" doc:"One of the task's actions"`
}

func (h taskHandlers) actOnTask(
	ctx context.Context, in *actionInput, r ActionRequest,
) (*one[TaskView], error) {
	t, err := h.operations.Act(ctx, in.ID, operations.TaskAction{
		Name:         in.Action,
		Reason:       r.Reason,
		Version:      r.Version,
		AccountID:    r.AccountID,
		InviteAs:     r.InviteAs,
		RecordDomain: r.RecordDomain,
		StartsOn:     r.StartsOn,
		LastDay:      r.LastDay,
		Email:        r.Email,
		ContactName:  r.ContactName,
		CSMID:        r.CSMID,
	})
	view := h.viewOf(ctx, &err, t)
	return single(t, err, view)
}
