package operations

import (
	"context"
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// taskNeeds is the capability by which a task is settled where its actions do not tell: what
// it asks for is done elsewhere, and closes it.
var taskNeeds = map[db.TaskKind]rules.Capability{
	db.TaskDecideRMA:     rules.DecideRMA,
	db.TaskRMAFee:        rules.DecideRMA,
	db.TaskSpareFee:      rules.DecideRMA,
	db.TaskAwaitingStock: rules.ManageStock,
	db.TaskChooseSpare:   rules.ChooseSpare,
	db.TaskBreakGlass:    rules.ManageOperators,
}

// maySettle reports whether a role may do what a kind of task asks for first.
func maySettle(role rules.Role, kind db.TaskKind) bool {
	if needs, ok := taskNeeds[kind]; ok {
		return rules.Allows(role, needs).Allowed()
	}
	return mayAct(db.Actor{Role: role}, db.OperatorTask{Kind: kind}, taskActions[kind][0]) == nil
}

// worker returns the person who asks, who must be one who works on tasks (FORBIDDEN).
func (s *Operations) worker(ctx context.Context) (db.Actor, string, error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return db.Actor{}, "", err
	}
	if !rules.Allows(scope.Actor.Role, rules.WorkTasks).Allowed() {
		return db.Actor{}, "", rules.Refuse(rules.Forbidden,
			"This role does not work on tasks.", "Ask an agent.")
	}
	person, err := identity.NewOperators(s.db).PersonBehind(ctx, scope.Actor.ID)
	if rules.CodeOf(err) == rules.NotFound {
		return scope.Actor, scope.Actor.ID, nil
	}
	return scope.Actor, person, err
}

// WhoAsks is the person who asks and works on tasks: the operator, also by a token they made.
func (s *Operations) WhoAsks(ctx context.Context) (string, error) {
	_, person, err := s.worker(ctx)
	return person, err
}

// PullTask gives the task that is due first to who asks: the first that nobody has taken and
// that the role may settle (S54). Two who pull at once never get the same. NOT_FOUND: nothing
// waits for them.
func (s *Operations) PullTask(ctx context.Context) (db.OperatorTask, error) {
	actor, person, err := s.worker(ctx)
	if err != nil {
		return db.OperatorTask{}, err
	}
	var kinds []db.TaskKind
	for kind := range taskActions {
		if maySettle(actor.Role, kind) {
			kinds = append(kinds, kind)
		}
	}

	var t db.OperatorTask
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		// Nobody looks at their own emergency sign-in.
		passed := []string{""}
		for {
			t, err = tx.FirstTask(tx.Where(
				"kind IN ? AND NOT (kind = ? AND subject_id = ?) AND id NOT IN ?",
				kinds, db.TaskBreakGlass, person, passed))
			if err != nil {
				return err
			}
			given, err := s.give(tx, &t, person)
			if err != nil || given {
				return err
			}
			passed = append(passed, t.ID)
		}
	})
	return t, err
}

// give gives a task that is locked to somebody, and the ticket that it is about with it. Whoever
// changes a ticket locks it before its task, so that here nobody waits for a ticket: one that is
// just being changed is passed over.
func (s *Operations) give(tx *db.Tx, t *db.OperatorTask, to string) (bool, error) {
	if t.Kind == db.TaskTicket {
		free, err := s.tickets.GiveFree(tx, t.SubjectID, to)
		if err != nil || !free {
			return false, err
		}
	}
	return true, tx.GiveTask(t, &to)
}

// assign gives an open task to somebody, nil: to nobody, and the ticket that it is about with it:
// a ticket has one assignee, which is the ticket's own, and its task follows. seen is the state
// of the task that was looked at (VERSION_MISMATCH), empty: any; a task that is done answers
// STATE_CONFLICT.
func (s *Operations) assign(
	ctx context.Context, id string, to *string, seen string,
) (db.OperatorTask, error) {
	about, err := s.db.GetTask(ctx, id)
	if err != nil {
		return about, err
	}

	var t db.OperatorTask
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		assignTask := func() (err error) {
			t, err = tx.AssignTask(id, to, seen)
			return err
		}
		if about.Kind != db.TaskTicket {
			return assignTask()
		}
		return s.tickets.GiveWith(tx, about.SubjectID, to, assignTask)
	})
	return t, err
}

// TakeTask gives an open task to who asks.
func (s *Operations) TakeTask(ctx context.Context, id, seen string) (db.OperatorTask, error) {
	_, person, err := s.worker(ctx)
	if err != nil {
		return db.OperatorTask{}, err
	}
	return s.assign(ctx, id, &person, seen)
}

// HandBackTask has an open task be nobody's again.
func (s *Operations) HandBackTask(ctx context.Context, id, seen string) (db.OperatorTask, error) {
	if _, _, err := s.worker(ctx); err != nil {
		return db.OperatorTask{}, err
	}
	return s.assign(ctx, id, nil, seen)
}

// GiveTask gives an open task to a colleague, by id or e-mail. One who is unknown or does not
// work on tasks answers VALIDATION_FAILED.
func (s *Operations) GiveTask(
	ctx context.Context, id, colleague, seen string,
) (db.OperatorTask, error) {
	if _, _, err := s.worker(ctx); err != nil {
		return db.OperatorTask{}, err
	}
	to, err := s.colleague(ctx, colleague)
	if err != nil {
		return db.OperatorTask{}, err
	}
	return s.assign(ctx, id, &to, seen)
}

func (s *Operations) colleague(ctx context.Context, said string) (string, error) {
	all, err := s.Colleagues(ctx)
	if err != nil {
		return "", err
	}
	email := rules.NormaliseEmail(said)
	for _, o := range all {
		if o.ID == said || o.Email == email {
			return o.ID, nil
		}
	}
	return "", rules.Invalid([]rules.FieldError{{
		Pointer: "/operator",
		Code:    rules.OutOfRange,
		Message: "No operator who works on tasks is called this.",
		Remedy:  "Send the id or the e-mail address of one.",
	}})
}

// Colleagues are the operators who work on tasks, by name.
func (s *Operations) Colleagues(ctx context.Context) ([]identity.Operator, error) {
	all, err := identity.NewOperators(s.db).ListOperators(ctx)
	return slices.DeleteFunc(all, func(o identity.Operator) bool {
		return !o.Works() || !rules.Allows(o.Role, rules.WorkTasks).Allowed()
	}), err
}

// NoteTask adds a note of who asks to a task.
func (s *Operations) NoteTask(ctx context.Context, id, note string) (db.TaskNote, error) {
	return s.NoteTaskOnce(ctx, id, note, "")
}

// NoteTaskOnce is NoteTask for a form that may come twice: once names it, and the same note of
// it again adds nothing.
func (s *Operations) NoteTaskOnce(
	ctx context.Context, id, note, once string,
) (db.TaskNote, error) {
	_, person, err := s.worker(ctx)
	if err != nil {
		return db.TaskNote{}, err
	}
	return s.db.AddTaskNote(ctx, db.NewTaskNote{
		TaskID:   id,
		AuthorID: person,
		Note:     note,
		Once:     once,
	})
}
