package ticket

import (
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// A ticket that waits for us stands in the operators' queue as one open task, among all other
// tasks (S54). The ticket says what is true of it: by when, how severe, whose. The task is its
// shadow, which is written in the transaction that moves the ticket, and so is who has it:
// whoever takes the task takes the ticket, and the other way round.

// By when a ticket is to be looked at for which nothing is promised: soon where the customer has
// no answer, and behind all that is promised where nobody is owed anything.
const (
	withoutPromise = 24 * time.Hour
	withoutHurry   = 365 * 24 * time.Hour
)

// inQueue reports whether the ticket waits for us: then it stands in the operators' queue.
func (t Ticket) inQueue() bool { return t.ID != "" && !t.State.Done() && t.Turn == rule.TurnUs }

// queueDue is by when the ticket stands in the queue: when the first of its clocks runs out. What
// owes nothing never stands before what is promised, however old it is.
func (t Ticket) queueDue() time.Time {
	switch waiting := t.CustomerWaitingSince; {
	case t.EffectiveDue != nil:
		return *t.EffectiveDue
	case waiting == nil:
	case waiting.After(t.StateSince):
		return waiting.Add(withoutPromise)
	case t.State != rule.PendingRMA: // there the replacement is the answer to what was said before
		return t.StateSince.Add(withoutPromise)
	}
	return t.StateSince.Add(withoutHurry)
}

// keepTasks keeps the ticket's place in the operators' queue, in the transaction that moves
// what it is ordered by. A warning and a breach are told there, which no customer sees.
func (w *change) keepTasks() error {
	var over []db.TaskKind
	if w.before.inQueue() && !w.inQueue() {
		over = append(over, db.TaskTicket)
	}
	if w.before.WorseAskedAt != nil && w.WorseAskedAt == nil {
		over = append(over, db.TaskTicketWorse)
	}
	if len(over) > 0 {
		if err := db.SettleKinds(w.tx, over, w.ID, string(w.State)); err != nil {
			return err
		}
	}

	same := w.before.inQueue() &&
		w.before.queueDue().Equal(w.queueDue()) &&
		w.before.Severity == w.Severity &&
		w.before.Alarm == w.Alarm &&
		w.before.State == w.State &&
		db.Text(w.before.AssigneeID) == db.Text(w.AssigneeID)
	if !w.inQueue() || same {
		return nil
	}

	return w.tx.KeepTask(db.OperatorTask{
		Kind:       db.TaskTicket,
		SubjectID:  w.ID,
		AccountID:  &w.AccountID,
		What:       w.Number + ": Answer, or say what it waits for.",
		Why:        w.whyInQueue(),
		DueAt:      w.queueDue().UTC(),
		Severity:   int(w.Severity),
		AssigneeID: w.AssigneeID,
		CreatedAt:  w.OpenedAt,
	})
}

// whyInQueue says why the ticket waits for us.
func (t Ticket) whyInQueue() string {
	switch {
	case t.Alarm == MarkBreach:
		return "A promised time is over."
	case t.Alarm == MarkWarning:
		return "Most of a promised time is over."
	case t.State == rule.New:
		return "Nobody of ours has answered it yet."
	case t.State == rule.PendingRMA:
		return "Its replacement is not on its way yet."
	}
	return "It waits for us."
}

// GiveWith gives a ticket that stands in the queue to an operator, nil: to nobody, together with
// its task, which assignTask does once the ticket is locked.
func (s *Tickets) GiveWith(tx *db.Tx, id string, to *string, assignTask func() error) error {
	ref, err := s.programs.ReferenceIn(tx)
	if err != nil {
		return err
	}
	w, err := s.lock(tx, ref, id)
	if err != nil {
		return err
	}
	if err := rule.MayGive(rule.DoAssign, tx.Scope.Actor.Role); err != nil {
		return err
	}

	if err := assignTask(); err != nil || db.Text(w.AssigneeID) == db.Text(to) {
		return err
	}
	w.give(to, w.Team)
	return w.save()
}

// GiveFree is GiveWith for a task that the caller has locked and gives: it waits for nobody who
// changes the ticket at the moment, but reports that it is not free.
func (s *Tickets) GiveFree(tx *db.Tx, id string, to string) (free bool, err error) {
	passing := clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}
	var ids []string
	q := tx.Table("tickets").Select("id").Where("id = ?", id)
	if err := db.LockWith(q, passing).Scan(&ids).Error; err != nil || len(ids) == 0 {
		return false, err
	}
	return true, s.GiveWith(tx, id, &to, func() error { return nil })
}
