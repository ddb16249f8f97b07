package operations

import (
	"context"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
)

// failures keep the last error of a subject, by its kind.
var failures = map[string]func(tx *db.Tx, id, reason string) error{
	db.PrefixOrder:      order.KeepFailure,
	db.PrefixRMA:        replacement.KeepRMAFailure,
	db.PrefixSpareUnit:  replacement.KeepSpareUnitFailure,
	db.PrefixTicket:     ticket.KeepFailure,
	db.PrefixInvitation: identity.KeepFailure,
}

// RecordFailure keeps the last error of a step of an order, RMA, spare unit,
// ticket or invitation, for people to see; of any other subject it keeps none. The error holds
// no personal data.
func (s *Operations) RecordFailure(ctx context.Context, subjectID, reason string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		keep, ok := failures[db.KindOf(subjectID)]
		if !ok {
			return nil
		}
		return keep(tx, subjectID, reason)
	})
}

// retries are the events that make a workflow try again, by the kind of its subject.
var retries = map[string]db.OutboxKind{
	db.PrefixOrder:        db.OutboxOrderRetried,
	db.PrefixInvitation:   db.OutboxInvitationRetried,
	db.PrefixNotification: db.OutboxNotificationQueued,
	db.PrefixImport:       db.OutboxImportQueued,
	db.PrefixRMA:          db.OutboxRMARetried,
	db.PrefixSpareUnit:    db.OutboxSpareRetried,
	db.PrefixTicket:       db.OutboxTicketRetried,
}

// RetryProcess closes a task and lets the workflow that waits for a person try again,
// or lets the relay try again an event that it could not deliver. A task that is done
// already answers STATE_CONFLICT. Of a task that stands for many, such as all mails that
// nobody takes, it tells the workflow of each to go on.
func (s *Operations) RetryProcess(ctx context.Context, taskID string) error {
	t, err := s.db.GetTask(ctx, taskID)
	if err != nil {
		return err
	}
	if only := stalledPrefix(t.SubjectID); only != "" && t.State == db.TaskOpen {
		if _, err := s.Reconcile(ctx, Reconciliation{Only: only}); err != nil {
			return err
		}
	}

	return s.db.Write(ctx, func(tx *db.Tx) error {
		var t db.OperatorTask
		if err := db.Found(tx.ForUpdate().First(&t, "id = ?", taskID).Error); err != nil {
			return err
		}

		if t.State == db.TaskDone {
			return rules.Refuse(rules.StateConflict, "This task is done already.",
				"Read the task again.")
		}
		if err := tx.Resolve(&t, "retry"); err != nil {
			return err
		}
		if stalledPrefix(t.SubjectID) != "" {
			return nil
		}

		kind, ok := retries[db.KindOf(t.SubjectID)]
		if !ok {
			return db.RetryOutbox(tx, t.SubjectID)
		}

		return tx.Enqueue(db.NewOutboxEvent(kind, t.SubjectID, db.NewID("retry"), nil))
	})
}
