package api

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
)

// itself stands for who asks, where an operator is named.
const itself = "me"

// PullRequest asks for the next task; there is nothing to say about it.
type PullRequest struct{}

// PulledView is the task that who asked has taken by asking.
type PulledView struct {
	Task *TaskView `json:"task,omitempty" doc:"The task, which is yours now; missing: nothing waits that you may settle"`
}

func (h taskHandlers) pullTask(
	ctx context.Context, _ *struct{}, _ PullRequest,
) (*one[PulledView], error) {
	t, err := h.operations.PullTask(ctx)
	if rules.CodeOf(err) == rules.NotFound {
		return single(PulledView{}, nil, func(v PulledView) PulledView { return v })
	}
	view := h.viewOf(ctx, &err, t)
	return single(t, err, func(t db.OperatorTask) PulledView {
		v := view(t)
		return PulledView{Task: &v}
	})
}

// OwnerRequest says who has a task from now on.
type OwnerRequest struct {
	Operator string `json:"operator,omitempty" doc:"Who has it from now on: an operator's id or e-mail, or me; missing: nobody, you hand it back"`
	Seen     string `json:"seen,omitempty" doc:"The seen of the task that you looked at; a task that has changed since is refused; missing: any"`
}

func (h taskHandlers) giveTask(
	ctx context.Context, in *IDInput, r OwnerRequest,
) (*one[TaskView], error) {
	var t db.OperatorTask
	var err error
	switch r.Operator {
	case "":
		t, err = h.operations.HandBackTask(ctx, in.ID, r.Seen)
	case itself:
		t, err = h.operations.TakeTask(ctx, in.ID, r.Seen)
	default:
		t, err = h.operations.GiveTask(ctx, in.ID, r.Operator, r.Seen)
	}
	view := h.viewOf(ctx, &err, t)
	return single(t, err, view)
}

// NoteRequest is a note about a task.
type NoteRequest struct {
	Note string `json:"note" doc:"What the next person has to know, in at most 4,000 characters and as many lines as it takes"`
}

// NoteView is what an operator noted about a task.
type NoteView struct {
	ID        string    `json:"id" doc:"Id of the note"`
	TaskID    string    `json:"task_id" doc:"Id of the task, such as tsk_01kb…"`
	AuthorID  string    `json:"author_id" doc:"Id of the operator, or of the token, that noted it"`
	Note      string    `json:"note" doc:"What was noted"`
	CreatedAt time.Time `json:"created_at" doc:"When; an instant in UTC"`
}

func noteView(n db.TaskNote) NoteView {
	return NoteView{
		ID:        n.ID,
		TaskID:    n.TaskID,
		AuthorID:  n.AuthorID,
		Note:      n.Note,
		CreatedAt: n.CreatedAt,
	}
}

// NotesView are the notes of a task.
type NotesView struct {
	Items []NoteView `json:"items" nullable:"false" doc:"The notes, oldest first; there is no further page"`
}

func (h taskHandlers) listNotes(ctx context.Context, in *IDInput) (*one[NotesView], error) {
	if _, err := h.db.GetTask(ctx, in.ID); err != nil {
		return nil, err
	}
	notes, err := h.db.TaskNotes(ctx, in.ID)
	return single(notes, err, func(notes []db.TaskNote) NotesView {
		return NotesView{Items: viewed(notes, noteView)}
	})
}

func (h taskHandlers) noteTask(
	ctx context.Context, in *IDInput, r NoteRequest,
) (*one[NoteView], error) {
	n, err := h.operations.NoteTask(ctx, in.ID, r.Note)
	return single(n, err, noteView)
}

// ManyTasksRequest does one act to many tasks.
type ManyTasksRequest struct {
	TaskIDs  []string `json:"task_ids" nullable:"false" doc:"Ids of the tasks, at most 200"`
	Act      string   `json:"act" enum:"take,hand_back,give,close,retry" doc:"What to do to each"`
	Operator string   `json:"operator,omitempty" doc:"give: to whom, by id or e-mail"`
	Reason   string   `json:"reason,omitempty" doc:"close: required; kept with each task"`
	Preview  bool     `json:"preview,omitempty" doc:"Only say what would be done and what refused; nothing changes"`
}

// ManyTasksView is what became of many tasks.
type ManyTasksView struct {
	Done    int               `json:"done" doc:"How many were done or, in a preview, would be"`
	Refused int               `json:"refused" doc:"How many were refused or, in a preview, would be"`
	Items   []TaskOutcomeView `json:"items" nullable:"false" doc:"What became of each, in the order in which they were named"`
}

// TaskOutcomeView is what became of one of them.
type TaskOutcomeView struct {
	TaskID  string      `json:"task_id" doc:"Id of the task, such as tsk_01kb…"`
	Kind    db.TaskKind `json:"kind,omitempty" doc:"What kind of task it is; missing where there is no such task"`
	Done    bool        `json:"done" doc:"Whether it was done or, in a preview, would be"`
	Code    string      `json:"code,omitempty" doc:"Why not, as a code of refusals"`
	Message string      `json:"message,omitempty" doc:"Why not, as an English sentence"`
	Remedy  string      `json:"remedy,omitempty" doc:"What to do about it"`
}

func (h taskHandlers) actOnTasks(
	ctx context.Context, _ *struct{}, r ManyTasksRequest,
) (*one[ManyTasksView], error) {
	out, err := h.operations.ActOnTasks(ctx, operations.ManyTasks{
		IDs:       r.TaskIDs,
		Act:       r.Act,
		Colleague: r.Operator,
		Reason:    r.Reason,
		Preview:   r.Preview,
	})
	return single(out, err, manyTasksView)
}

func manyTasksView(outcomes []operations.TaskOutcome) ManyTasksView {
	v := ManyTasksView{Items: []TaskOutcomeView{}}
	for _, o := range outcomes {
		one := TaskOutcomeView{TaskID: o.ID, Kind: o.Task.Kind, Done: o.Refused == nil}
		if o.Refused != nil {
			one.Code = o.Refused.Code
			one.Message = o.Refused.Message
			one.Remedy = o.Refused.Remedy
			v.Refused++
		} else {
			v.Done++
		}
		v.Items = append(v.Items, one)
	}
	return v
}
