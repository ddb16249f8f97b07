package api

import (
	"context"
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
	mountJSON(api, work.post("act-on-task", "/v1/operator/tasks/{id}/{action}",
		"Do one of a task's actions").
		idempotent().refuses(404), h.actOnTask)
}

// TaskView is something that needs a person.
type TaskView struct {
	ID         string       `json:"id"`
	Kind       db.TaskKind  `json:"kind"`
	State      db.TaskState `json:"state" enum:"OPEN,DONE"`
	What       string       `json:"what" doc:"What to do"`
	Why        string       `json:"why" doc:"Why it is needed"`
	SubjectID  string       `json:"subject_id" doc:"What it is about"`
	AccountID  string       `json:"account_id,omitempty"`
	Actions    []string     `json:"actions" nullable:"false" doc:"What can be done with it here"`
	Resolution string       `json:"resolution,omitempty"`
	ResolvedBy string       `json:"resolved_by,omitempty"`
	CreatedAt  time.Time    `json:"created_at"`
	ResolvedAt *time.Time   `json:"resolved_at,omitempty"`
}

func taskView(t db.OperatorTask) TaskView {
	v := TaskView{
		ID:         t.ID,
		Kind:       t.Kind,
		State:      t.State,
		What:       t.What,
		Why:        t.Why,
		SubjectID:  t.SubjectID,
		AccountID:  text(t.AccountID),
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
	SubjectID string `query:"subject_id" maxLength:"64" doc:"Only tasks about this"`
}

func (h taskHandlers) listTasks(
	ctx context.Context, in *listTasksInput,
) (*pageOf[TaskView], error) {
	if kind := db.TaskKind(in.Kind); kind != "" &&
		len(operations.ActionsOf(kind)) == 0 {
		return nil, invalidParameter("/query/kind", "There is no such kind of task.")
	}

	tasks, next, err := h.db.ListTasks(ctx, db.TaskFilter{
		State:     db.TaskState(in.State),
		Kind:      db.TaskKind(in.Kind),
		SubjectID: in.SubjectID,
		Page:      in.page(),
	})
	return listed(tasks, next, err, taskView)
}

func (h taskHandlers) getTask(ctx context.Context, in *IDInput) (*one[TaskView], error) {
	t, err := h.db.GetTask(ctx, in.ID)
	return single(t, err, taskView)
}

// ActionRequest says why, and whatever the action needs.
type ActionRequest struct {
	Reason       string         `json:"reason,omitempty" doc:"Required to accept, reject, reissue, assign and close"`
	AccountID    string         `json:"account_id,omitempty" doc:"accept: the account, when the order matches several or nearly one (then also NEW); link: whose the imported warranty is"`
	InviteAs     rules.InviteAs `json:"invite_as,omitempty" enum:"ADMIN,READ_ONLY,NONE" doc:"accept: what the person whom the order names is invited as; NONE: not at all"`
	RecordDomain bool           `json:"record_domain,omitempty" doc:"accept: record that person's mail domain as the account's own"`
	StartsOn     string         `json:"starts_on,omitempty" format:"date" doc:"link: first day of a claimed warranty"`
	LastDay      string         `json:"last_day,omitempty" format:"date" doc:"link: last covered day of a claimed warranty"`
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
		AccountID:    r.AccountID,
		InviteAs:     r.InviteAs,
		RecordDomain: r.RecordDomain,
		StartsOn:     r.StartsOn,
		LastDay:      r.LastDay,
		Email:        r.Email,
		ContactName:  r.ContactName,
		CSMID:        r.CSMID,
	})
	return single(t, err, taskView)
}
