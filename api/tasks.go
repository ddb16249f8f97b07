package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// taskHandlers answer what is asked about operator tasks.
type taskHandlers struct{ store *models.Store }

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
	ID         string           `json:"id"`
	Kind       models.TaskKind  `json:"kind"`
	State      models.TaskState `json:"state" enum:"OPEN,DONE"`
	What       string           `json:"what" doc:"What to do"`
	Why        string           `json:"why" doc:"Why it is needed"`
	SubjectID  string           `json:"subject_id" doc:"What it is about"`
	AccountID  string           `json:"account_id,omitempty"`
	Actions    []string         `json:"actions" nullable:"false" doc:"What can be done with it here"`
	Resolution string           `json:"resolution,omitempty"`
	ResolvedBy string           `json:"resolved_by,omitempty"`
	CreatedAt  time.Time        `json:"created_at"`
	ResolvedAt *time.Time       `json:"resolved_at,omitempty"`
}

func taskView(t models.OperatorTask) TaskView {
	v := TaskView{t.ID, t.Kind, t.State, t.What, t.Why, t.SubjectID, text(t.AccountID), []string{}, t.Resolution, t.ResolvedBy, t.CreatedAt, t.ResolvedAt}
	if t.State == models.TaskOpen {
		v.Actions = append(v.Actions, t.Actions()...)
	}
	return v
}

type listTasksInput struct {
	ListInput
	State     string `query:"state" enum:"OPEN,DONE" doc:"Only tasks in this state"`
	Kind      string `query:"kind" maxLength:"64" doc:"Only tasks of this kind"`
	SubjectID string `query:"subject_id" maxLength:"64" doc:"Only tasks about this"`
}

func (h taskHandlers) listTasks(ctx context.Context, in *listTasksInput) (*pageOf[TaskView], error) {
	if kind := models.TaskKind(in.Kind); kind != "" && len(models.OperatorTask{Kind: kind}.Actions()) == 0 {
		return nil, invalidParameter("/query/kind", "There is no such kind of task.")
	}
	tasks, next, err := h.store.ListTasks(ctx, models.TaskFilter{State: models.TaskState(in.State), Kind: models.TaskKind(in.Kind), SubjectID: in.SubjectID, Page: in.page()})
	return listed(tasks, next, err, taskView)
}

func (h taskHandlers) getTask(ctx context.Context, in *IDInput) (*one[TaskView], error) {
	t, err := h.store.GetTask(ctx, in.ID)
	return single(t, err, taskView)
}

// ActionRequest says why, and whatever the action needs.
type ActionRequest struct {
	Reason      string `json:"reason,omitempty" doc:"Required to accept, reject, reissue, assign and close"`
	AccountID   string `json:"account_id,omitempty" doc:"accept: the account, when the order matches several; link: whose the imported warranty is"`
	StartsOn    string `json:"starts_on,omitempty" format:"date" doc:"link: first day of a claimed warranty"`
	LastDay     string `json:"last_day,omitempty" format:"date" doc:"link: last covered day of a claimed warranty"`
	Email       string `json:"email,omitempty" doc:"reissue: another person's address"`
	ContactName string `json:"contact_name,omitempty" doc:"reissue: another person's name"`
	CSMID       string `json:"csm_id,omitempty" doc:"assign: who looks after the account"`
}

type actionInput struct {
	IDInput
	Action string `path:"action" maxLength:"32" doc:"One of the task's actions"`
}

// actionNeeds is what a role needs beyond working on tasks.
var actionNeeds = map[string]rules.Capability{"link": rules.ReviewOrders, "accept": rules.ReviewOrders, "reject": rules.ReviewOrders, "reissue": rules.ManageUsers, "assign": rules.AssignCSM}

func (h taskHandlers) actOnTask(ctx context.Context, in *actionInput, r ActionRequest) (*one[TaskView], error) {
	t, err := h.store.GetTask(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	needs, special := actionNeeds[in.Action]
	switch {
	case !slices.Contains(t.Actions(), in.Action):
		return nil, rules.Refuse(codeActionNotOffered, "This task has no such action.", "Read the task for its actions.")
	case special && !rules.Allows(callOf(ctx).token.Role, needs).Allowed():
		return nil, rules.Refuse(rules.Forbidden, "The token's role may not do this.", "Ask an agent.")
	case t.State == models.TaskDone:
		return nil, rules.Refuse(rules.StateConflict, "This task is done already.", "Read the task again to see how it was resolved.")
	}
	if err := h.act(ctx, t, in.Action, r); err != nil {
		return nil, err
	}
	return h.getTask(ctx, &in.IDInput)
}

// act does the action and closes the task; some commands of the Store close it
// by themselves.
func (h taskHandlers) act(ctx context.Context, t models.OperatorTask, action string, r ActionRequest) error {
	var err error
	switch action {
	case "accept", "reject":
		_, err = h.store.DecideOrder(ctx, t.SubjectID, models.Decision{Accept: action == "accept", Reason: r.Reason, AccountID: r.AccountID})
		return err
	case "link", "refuse":
		if t.Kind == models.TaskWarrantyUnmatched || t.Kind == models.TaskWarrantyClaimed {
			_, err = h.store.DecideWarranty(ctx, t.SubjectID, models.WarrantyDecision{Link: action == "link", AccountID: r.AccountID, StartsOn: r.StartsOn, LastDay: r.LastDay, Reason: r.Reason})
			return err
		}
		fallthrough
	case "move":
		_, err = h.store.DecideClaim(ctx, t.SubjectID, action == "move", r.Reason)
		return err
	case "assign":
		_, err = h.store.AssignCSM(ctx, models.CSMAssignment{AccountID: t.SubjectID, CSMID: r.CSMID, Reason: r.Reason})
		return err
	case "retry":
		return h.store.RetryProcess(ctx, t.ID)
	case "resend":
		err = h.store.ResendMail(ctx, t.SubjectID)
	case "mark_delivered":
		err = h.store.MailDelivered(ctx, t.SubjectID)
	case "reissue":
		if err = needReason(r.Reason); err == nil {
			_, err = h.store.Reissue(ctx, t.SubjectID, r.Email, strings.TrimSpace(r.ContactName), r.Reason)
		}
	default: // close
		err = needReason(r.Reason)
	}
	if err != nil {
		return err
	}
	note := action
	if r.Reason != "" {
		note += ": " + r.Reason
	}
	if _, err = h.store.ResolveTask(ctx, t.ID, note); rules.CodeOf(err) == rules.StateConflict {
		return nil // the command closed it
	}
	return err
}
