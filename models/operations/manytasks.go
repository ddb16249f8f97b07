package operations

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// What can be done to many tasks at once, beside ActClose and ActRetry.
const (
	ManyTake     = "take"
	ManyHandBack = "hand_back"
	ManyGive     = "give"
)

// ManyTaskActs are all of them.
func ManyTaskActs() []string {
	return []string{ManyTake, ManyHandBack, ManyGive, ActClose, ActRetry}
}

// mostTasks is how many tasks are acted on at once.
const mostTasks = 200

// ManyTasks is an act on many tasks.
type ManyTasks struct {
	IDs       []string
	Act       string
	Colleague string // give: to whom, by id or e-mail
	Reason    string // close: required
	Preview   bool   // only say what would be done, and what refused
}

// TaskOutcome is what became, or would become, of one of many tasks.
type TaskOutcome struct {
	ID      string
	Task    db.OperatorTask
	Refused *rules.Error // nil: done
}

// ActOnTasks does one act to many tasks, one after the other, each by itself: what is refused
// for one keeps no other from its turn. A preview refuses for the same reasons, and changes
// nothing.
func (s *Operations) ActOnTasks(ctx context.Context, m ManyTasks) ([]TaskOutcome, error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return nil, err
	}
	if _, _, err := s.worker(ctx); err != nil {
		return nil, err
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	if m.Act == ManyGive {
		if m.Colleague, err = s.colleague(ctx, m.Colleague); err != nil {
			return nil, err
		}
	}

	var out []TaskOutcome
	for _, id := range m.IDs {
		if slices.ContainsFunc(out, func(o TaskOutcome) bool { return o.ID == id }) {
			continue
		}
		one := TaskOutcome{ID: id}
		one.Task, err = s.db.GetTask(ctx, id)
		if err == nil {
			as := scope
			as.Actor.OnBehalfOf = db.Text(one.Task.AccountID)
			err = s.actOnOne(db.WithScope(ctx, as), one.Task, m)
		}
		if err != nil && !errors.As(err, &one.Refused) {
			return out, err
		}
		out = append(out, one)
	}
	return out, nil
}

func (m ManyTasks) check() error {
	var k rules.Checker
	switch {
	case len(m.IDs) == 0:
		k.Fail("/task_ids", rules.Required, "No task is named.", "Name at least one.")
	case len(m.IDs) > mostTasks:
		k.Fail("/task_ids", rules.OutOfRange,
			fmt.Sprintf("More than %d tasks are named.", mostTasks), "Name fewer at once.")
	}
	if !slices.Contains(ManyTaskActs(), m.Act) {
		k.Fail("/act", rules.OutOfRange, "Nobody can do this to many tasks.",
			"Choose take, hand_back, give, close or retry.")
	}
	if err := rules.Invalid(k.Fields); err != nil {
		return err
	}
	if m.Act == ActClose && !m.Preview {
		return needReason(m.Reason)
	}
	return nil
}

// actOnOne does the act to a task, or says what would refuse it.
func (s *Operations) actOnOne(ctx context.Context, t db.OperatorTask, m ManyTasks) error {
	if m.Act == ActClose || m.Act == ActRetry {
		a := TaskAction{Name: m.Act, Reason: m.Reason}
		if m.Preview {
			return s.wouldAct(ctx, t, a)
		}
		_, err := s.Act(ctx, t.ID, a)
		return err
	}

	if m.Preview {
		if t.State == db.TaskDone {
			return db.TaskIsDone()
		}
		return nil
	}
	var err error
	switch m.Act {
	case ManyTake:
		_, err = s.TakeTask(ctx, t.ID, "")
	case ManyHandBack:
		_, err = s.HandBackTask(ctx, t.ID, "")
	case ManyGive:
		_, err = s.assign(ctx, t.ID, &m.Colleague, "")
	}
	return err
}

// wouldAct says what would refuse an action, as far as that can be known without doing it.
func (s *Operations) wouldAct(ctx context.Context, t db.OperatorTask, a TaskAction) error {
	if err := s.refuses(ctx, t, a); err != nil || a.Name != ActClose {
		return err
	}
	return s.mayClose(ctx, t)
}
