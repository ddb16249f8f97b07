package db

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// OperatorTask is something that needs a person: what, and why.
type OperatorTask struct {
	ID         string
	Kind       TaskKind
	SubjectID  string
	AccountID  *string
	DedupeKey  string
	What       string
	Why        string
	State      TaskState
	AssigneeID *string // the operator who has taken it; nil: nobody
	Resolution string
	ResolvedBy string
	CreatedAt  time.Time
	DueAt      time.Time // where none is given: the end of the desk's day on which it is raised
	Severity   int       // of a ticket; TaskWithoutSeverity: of anything else
	ResolvedAt *time.Time
}

// TaskWithoutSeverity stands behind every severity of tickets that are due at the same instant.
const TaskWithoutSeverity = 9

// TaskState says whether a task still waits for a person.
type TaskState string

// The states of an OperatorTask.
const (
	TaskOpen TaskState = "OPEN"
	TaskDone TaskState = "DONE"
)

// TaskKind says what kind of help is needed.
type TaskKind string

// The kinds of OperatorTask. Each subject is named in the comment.
const (
	TaskReviewOrder TaskKind = "REVIEW_ORDER" // order
	// notification: refused for good (S17)
	TaskMailUndeliverable TaskKind = "MAIL_UNDELIVERABLE"
	// notification: may or may not have arrived
	TaskMailUnknown         TaskKind = "MAIL_UNKNOWN"
	TaskInvitationUnclaimed TaskKind = "INVITATION_UNCLAIMED" // invitation (S16)
	// invitation: a visitor asks for a new link
	TaskInvitationRequested TaskKind = "INVITATION_REQUESTED"
	// contact question: the administrators did not answer in time (S15)
	TaskDecideContact TaskKind = "DECIDE_CONTACT"
	// order, invitation, notification or import job: retry or repair
	TaskProcessStuck  TaskKind = "PROCESS_STUCK"
	TaskOutboxStuck   TaskKind = "OUTBOX_STUCK"   // outbox event
	TaskSweepLate     TaskKind = "SWEEP_LATE"     // the sweep's name
	TaskSweepFailed   TaskKind = "SWEEP_FAILED"   // account or customer's parent
	TaskSerialClaimed TaskKind = "SERIAL_CLAIMED" // device claim (R27c)

	// shipment: scans that exclude each other
	TaskShipmentContradicted TaskKind = "SHIPMENT_CONTRADICTED"

	TaskCalendarNoHolidays    TaskKind = "CALENDAR_WITHOUT_HOLIDAYS"     // calendar, by code (C3)
	TaskCalendarNoWorkingTime TaskKind = "CALENDAR_WITHOUT_WORKING_TIME" // calendar, by code (C3)

	TaskWarrantyUnmatched TaskKind = "WARRANTY_UNMATCHED" // earlier warranty of a file (R111b)
	// earlier warranty that a customer misses (R111c)
	TaskWarrantyClaimed TaskKind = "WARRANTY_CLAIMED"

	// customer's parent: is it one company with those of a name alike (S60)?
	TaskOneParent TaskKind = "ONE_PARENT"
	// account: is it one with another of nearly the same address (S61)?
	TaskNearAccount TaskKind = "NEAR_ACCOUNT"

	// account: a directory has ended the access of its last administrator (S18, S50)
	TaskNoAdminReachable TaskKind = "NO_ADMIN_REACHABLE"

	// connection of a company's own sign-in: its provider's last certificate ends (S48)
	TaskSignInEnds TaskKind = "SIGN_IN_ENDS"

	TaskAssignCSM TaskKind = "ASSIGN_CSM" // account: name its customer success manager (R35e)

	TaskDecideRMA TaskKind = "DECIDE_RMA" // RMA: approve or reject
	TaskRMALate   TaskKind = "RMA_LATE"   // RMA: the first promise was missed (S21)
	// RMA: no sign of the carrier for 3 business days
	TaskRMASilent TaskKind = "RMA_PARCEL_SILENT"
	// RMA or spare unit: approved, and no unit is set apart for it (S21)
	TaskAwaitingStock TaskKind = "AWAITING_STOCK"
	TaskRMAWrongUnit  TaskKind = "RMA_WRONG_UNIT" // RMA: another unit came back
	TaskRMAFee        TaskKind = "RMA_FEE"        // RMA: bill or waive (S22)

	// RMA or spare unit: letters of the address have no font
	TaskLabelUnreadable TaskKind = "LABEL_UNREADABLE"

	TaskChooseSpare TaskKind = "CHOOSE_SPARE" // spare unit: model and site (R88a); a CSM's
	// spare unit: bill or waive one that did not come back (S9)
	TaskSpareFee TaskKind = "SPARE_FEE"

	TaskTicket TaskKind = "TICKET" // ticket: it waits for us, and for nobody else (S54)
	// ticket: the customer says that it is worse
	TaskTicketWorse TaskKind = "TICKET_WORSE"

	// operator: signed in with the password although there is an issuer (S53)
	TaskBreakGlass TaskKind = "BREAK_GLASS_USED"

	// incident: the authority and the people concerned have to be told in time (S33)
	TaskIncident TaskKind = "PRIVACY_INCIDENT"
	// item of the mailbox: somebody wrote, and an operator decides (S56)
	TaskMailboxRequest TaskKind = "MAILBOX_REQUEST"

	// connection to Sync: it lets nobody in any more, or its last certificate ends soon (S29)
	TaskSyncConnection TaskKind = "SYNC_CONNECTION"

	// privacy request: texts that people wrote name somebody who was erased (S33)
	TaskPrivacyTexts TaskKind = "PRIVACY_TEXTS"
)

// Raise writes a task in the caller's transaction. The same need raises one
// task: an open one stays as it is, and one that was done is opened again.
func (tx *Tx) Raise(t OperatorTask) error { return tx.RaiseAll([]OperatorTask{t}) }

// RaiseAll is Raise for several tasks of different needs.
func (tx *Tx) RaiseAll(tasks []OperatorTask) error {
	for i := range tasks {
		t := &tasks[i]
		t.ID = NewID(PrefixTask)
		t.State = TaskOpen
		t.CreatedAt = tx.Now()
		if t.DedupeKey == "" {
			t.DedupeKey = string(t.Kind) + "/" + t.SubjectID
		}
		if t.DueAt.IsZero() {
			t.DueAt = tx.database.endOfDeskDay(t.CreatedAt)
		}
		if t.Severity == 0 {
			t.Severity = TaskWithoutSeverity
		}
	}

	again := tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "dedupe_key"}},
		Where: clause.Where{Exprs: []clause.Expression{clause.Eq{
			Column: clause.Column{Table: "operator_tasks", Name: "state"},
			Value:  TaskDone,
		}}},
		DoUpdates: clause.AssignmentColumns([]string{
			"state", "what", "why", "created_at", "due_at", "severity", "resolved_at", "resolution",
			"resolved_by", "assignee_id",
		}),
	})
	return again.CreateInBatches(&tasks, RowsPerStatement(tasks)).Error
}

// KeepTask writes a task as it is now, in one statement: it is raised, opened again or changed,
// whom it is given to included. Its age stays that of the need.
func (tx *Tx) KeepTask(t OperatorTask) error {
	t.ID = NewID(PrefixTask)
	t.State = TaskOpen
	t.DedupeKey = string(t.Kind) + "/" + t.SubjectID
	if t.DueAt.IsZero() {
		t.DueAt = tx.database.endOfDeskDay(tx.Now())
	}
	if t.Severity == 0 {
		t.Severity = TaskWithoutSeverity
	}
	return tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "dedupe_key"}},
		DoUpdates: clause.AssignmentColumns([]string{
			"state", "what", "why", "due_at", "severity", "resolved_at", "resolution",
			"resolved_by", "assignee_id",
		}),
	}).Create(&t).Error
}

// endOfDeskDay is the end of the day in which an instant lies, by the clock of the desk.
func (d *DB) endOfDeskDay(at time.Time) time.Time {
	return rules.StartOfDay(rules.DateIn(at, d.desk).AddDays(1), d.desk).UTC()
}

// MoveTask has the open task of a kind about a subject be due at another instant, and of another
// severity: the queue follows what runs, in the transaction that moves it (S54).
func (tx *Tx) MoveTask(kind TaskKind, subjectID string, due time.Time, severity int) error {
	return tx.Model(&OperatorTask{}).
		Where("dedupe_key = ? AND state = ?", string(kind)+"/"+subjectID, TaskOpen).
		Updates(map[string]any{"due_at": due.UTC(), "severity": severity}).Error
}

// RaiseOnce writes a complete task unless its need was ever raised before: one that was
// done is not opened again.
func (tx *Tx) RaiseOnce(t OperatorTask) error {
	t.DueAt = tx.database.endOfDeskDay(t.CreatedAt)
	t.Severity = TaskWithoutSeverity
	return tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "dedupe_key"}},
		DoNothing: true,
	}).Create(&t).Error
}

// ExplainTask has the open task of a kind about a subject give another reason, and belong
// to the account that is known by now.
func (tx *Tx) ExplainTask(t OperatorTask) error {
	return tx.Model(&OperatorTask{}).
		Where("kind = ? AND subject_id = ? AND state = ?", t.Kind, t.SubjectID, TaskOpen).
		Updates(map[string]any{"why": t.Why, "account_id": t.AccountID}).Error
}

// RaiseTask records that something needs a person. It may be called again with
// the same need.
func (d *DB) RaiseTask(ctx context.Context, t OperatorTask) error {
	return d.Write(ctx, func(tx *Tx) error { return tx.Raise(t) })
}

// TaskFilter narrows a list of tasks; empty fields do not narrow.
type TaskFilter struct {
	State     TaskState
	Kind      TaskKind
	SubjectID string // or the number of an RMA or a spare unit
	Assignee  string // who has taken it, or TakenByNobody
	Page      Page
}

// TakenByNobody stands for the tasks that nobody has taken.
const TakenByNobody = "nobody"

// ListTasks lists operator tasks, newest first.
func (d *DB) ListTasks(ctx context.Context, f TaskFilter) ([]OperatorTask, string, error) {
	var out []OperatorTask
	err := d.Read(ctx, func(tx *Tx) error {
		subject, err := IDNamed(tx, f.SubjectID)
		if err != nil {
			return err
		}

		q := tx.Scope.Accounts(tx.DB, "account_id")
		for column, value := range map[string]string{
			"state":       string(f.State),
			"kind":        string(f.Kind),
			"subject_id":  subject,
			"assignee_id": f.Assignee,
		} {
			switch value {
			case "":
			case TakenByNobody:
				q = q.Where(clause.Eq{Column: column, Value: nil})
			default:
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}

		return f.Page.Apply(q).Find(&out).Error
	})

	out, next := Cut(f.Page, out, func(t OperatorTask) string { return t.ID })
	return out, next, err
}

// GetTask reads one task.
func (d *DB) GetTask(ctx context.Context, id string) (OperatorTask, error) {
	var t OperatorTask
	err := d.Read(ctx, func(tx *Tx) error {
		return Found(tx.Scope.Accounts(tx.DB, "account_id").First(&t, "id = ?", id).Error)
	})
	return t, err
}

// ResolveTask closes a task with a note. A task that is done already answers
// STATE_CONFLICT.
func (d *DB) ResolveTask(ctx context.Context, id, resolution string) (OperatorTask, error) {
	var t OperatorTask
	err := d.Write(ctx, func(tx *Tx) (err error) {
		t, err = tx.ResolveTask(id, resolution)
		return err
	})

	return t, err
}

// ResolveTask is DB.ResolveTask in the caller's transaction.
func (tx *Tx) ResolveTask(id, resolution string) (OperatorTask, error) {
	t, err := tx.lockTask(id)
	if err != nil {
		return t, err
	}
	if t.State == TaskDone {
		return t, TaskIsDone()
	}
	return t, tx.Resolve(&t, resolution)
}

// Seen names what somebody who looks at the task sees of it: another one stands there once
// the task was closed, opened again, explained otherwise, or taken by somebody else.
func (t OperatorTask) Seen() string {
	return HashSecret(strings.Join([]string{
		t.ID, string(t.State), t.What, t.Why, Text(t.AssigneeID), t.CreatedAt.UTC().String(),
	}, "\x00"))[:20]
}

// TaskMoved is the refusal of what was decided about another state of a task.
func TaskMoved() error {
	return rules.Refuse(rules.VersionMismatch, "This task has changed since you looked at it.",
		"Look at it again, and decide then.")
}

// AssignTask gives an open task to somebody; nil: to nobody. seen is the state that was
// looked at (VERSION_MISMATCH), empty: any; a task that is done answers STATE_CONFLICT.
func (tx *Tx) AssignTask(id string, to *string, seen string) (OperatorTask, error) {
	t, err := tx.lockTask(id)
	if err != nil {
		return t, err
	}
	switch {
	case t.State == TaskDone:
		return t, TaskIsDone()
	case Text(t.AssigneeID) == Text(to):
		return t, nil
	case seen != "" && seen != t.Seen():
		return t, TaskMoved()
	}
	return t, tx.GiveTask(&t, to)
}

// lockTask reads a task of the scope and locks it.
func (tx *Tx) lockTask(id string) (OperatorTask, error) {
	var t OperatorTask
	q := ForUpdate(tx.Scope.Accounts(tx.DB, "account_id"))
	return t, Found(q.First(&t, "id = ?", id).Error)
}

// TaskIsDone is the refusal of what is done to a task that is done already.
func TaskIsDone() error {
	return rules.Refuse(rules.StateConflict, "This task is done already.",
		"Read the task again to see how it was resolved.")
}

// GiveTask gives a task that is locked to somebody, nil: to nobody, with its audit.
func (tx *Tx) GiveTask(t *OperatorTask, to *string) error {
	before := t.AssigneeID
	t.AssigneeID = to
	err := tx.Model(&OperatorTask{}).Where("id = ?", t.ID).Update("assignee_id", to).Error
	if err != nil {
		return err
	}
	return tx.Audit(t.ID, t.AccountID, false, Entry{
		Verb:     "task.assigned",
		ObjectID: t.ID,
		Details:  map[string]any{"to": Text(to), "before": Text(before)},
	})
}

// QueueOrder is the order of the queue (S54): an id tells the age.
const QueueOrder = "due_at, severity, id"

// FirstTask locks the open task that is due first, of those that nobody has taken and that the
// query narrows to (S54); of several that are due at once, the most severe, then the oldest. What
// another transaction is about to give is passed over: two who pull at once never get the same.
// NOT_FOUND: there is none.
func (tx *Tx) FirstTask(narrow *gorm.DB) (OperatorTask, error) {
	var t OperatorTask
	passing := clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}
	err := LockWith(narrow, passing).
		Where("state = ? AND assignee_id IS NULL", TaskOpen).
		Order(QueueOrder).
		Limit(1).
		First(&t).Error
	return t, Found(err)
}

// Resolve closes an open task in the caller's transaction, with its audit.
func (tx *Tx) Resolve(t *OperatorTask, resolution string) error {
	now := tx.Now()
	t.State = TaskDone
	t.Resolution = resolution
	t.ResolvedBy = tx.Scope.Actor.ID
	t.ResolvedAt = &now

	err := tx.Model(&OperatorTask{}).Where("id = ?", t.ID).
		Select("state", "resolution", "resolved_by", "resolved_at").Updates(t).Error
	if err != nil {
		return err
	}

	return tx.Audit(t.ID, t.AccountID, false, Entry{
		Verb:     "task.resolved",
		ObjectID: t.ID,
		Details:  map[string]any{"kind": t.Kind, "subject": t.SubjectID},
	})
}

// settleForGood is Resolve for a need that went away and may come again as another one: the
// next need raises a new task instead of opening this one again.
func (tx *Tx) settleForGood(t *OperatorTask, resolution string) error {
	if err := tx.Resolve(t, resolution); err != nil {
		return err
	}
	return tx.Model(&OperatorTask{}).
		Where("id = ?", t.ID).
		Update("dedupe_key", t.DedupeKey+"/"+t.ID).Error
}

// Settle closes the open task for a need that went away, by itself or by what the actor
// did. Without an open task it changes nothing.
func (tx *Tx) Settle(
	kind TaskKind, subjectID, resolution string,
) error {
	return tx.SettleAll(kind, []string{subjectID}, resolution)
}

// SettleAll is Settle for several subjects.
func (tx *Tx) SettleAll(
	kind TaskKind, subjectIDs []string, resolution string,
) error {
	keys := make([]string, len(subjectIDs))
	for i, id := range subjectIDs {
		keys[i] = string(kind) + "/" + id
	}
	return SettleWhere(tx, tx.Where("dedupe_key IN ?", keys), resolution)
}

// SettleKinds closes the open tasks of several kinds about one subject.
func SettleKinds(
	tx *Tx, kinds []TaskKind, subjectID, resolution string,
) error {
	about := tx.Where("subject_id = ? AND kind IN ?", subjectID, kinds)
	return SettleWhere(tx, about, resolution)
}

// ReopenKinds opens the tasks of several kinds about one subject again that the actor closed at
// that instant or since: what they did is taken back. The audit says so of each.
func ReopenKinds(tx *Tx, kinds []TaskKind, subjectID string, since time.Time) error {
	var tasks []OperatorTask
	err := tx.ForUpdate().
		Where("subject_id = ? AND kind IN ? AND state = ? AND resolved_by = ? AND resolved_at >= ?",
			subjectID, kinds, TaskDone, tx.Scope.Actor.ID, since).
		Order("id").
		Find(&tasks).Error
	if err != nil || len(tasks) == 0 {
		return err
	}

	ids := make([]string, len(tasks))
	for i, t := range tasks {
		ids[i] = t.ID
	}
	err = tx.Model(&OperatorTask{}).Where("id IN ?", ids).
		Updates(map[string]any{
			"state":       TaskOpen,
			"resolution":  "",
			"resolved_by": "",
			"resolved_at": nil,
		}).Error
	if err != nil {
		return err
	}
	for _, t := range tasks {
		err := tx.Audit(t.ID, t.AccountID, false, Entry{
			Verb:     "task.reopened",
			ObjectID: t.ID,
			Details:  map[string]any{"kind": t.Kind, "subject": t.SubjectID},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// SettleWhere closes the open tasks that a query narrows to, in the name of the actor.
// Every task whose need went away is closed here.
func SettleWhere(tx *Tx, q *gorm.DB, resolution string) error {
	return q.Model(&OperatorTask{}).
		Where("state = ?", TaskOpen).
		Updates(map[string]any{
			"state":       TaskDone,
			"resolution":  resolution,
			"resolved_by": tx.Scope.Actor.ID,
			"resolved_at": tx.Now(),
		}).Error
}
