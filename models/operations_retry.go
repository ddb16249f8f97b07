package models

import (
	"context"

	"roomcover.dev/roomcover/rules"
)

// RecordFailure keeps the last error of a step of an order, RMA, spare unit or
// invitation, for people to see; of any other subject it keeps none. The error holds
// no personal data.
func (s *Store) RecordFailure(ctx context.Context, subjectID, reason string) error {
	failing := map[string]any{
		prefixOrder:      &Order{},
		prefixRMA:        &RMA{},
		prefixSpareUnit:  &SpareUnit{},
		prefixInvitation: &Invitation{},
	}

	entity, ok := failing[KindOf(subjectID)]
	return s.db.Write(ctx, func(tx *Tx) error {
		if !ok {
			return nil
		}
		return tx.Model(entity).Where("id = ?", subjectID).Update("last_error", reason).Error
	})
}

// retries are the events that have a workflow try again, by the kind of its subject.
var retries = map[string]OutboxKind{
	prefixOrder:        OutboxOrderRetried,
	prefixInvitation:   OutboxInvitationRetried,
	prefixNotification: OutboxNotificationQueued,
	prefixImport:       OutboxImportQueued,
	prefixRMA:          OutboxRMARetried,
	prefixSpareUnit:    OutboxSpareRetried,
}

// RetryProcess closes a task and has the workflow that waits for a person try again,
// or the relay an event that it could not tell. A task that is done already answers
// STATE_CONFLICT.
func (s *Store) RetryProcess(ctx context.Context, taskID string) error {
	return s.db.Write(ctx, func(tx *Tx) error {
		var t OperatorTask
		if err := found(tx.ForUpdate().First(&t, "id = ?", taskID).Error); err != nil {
			return err
		}

		if t.State == TaskDone {
			return rules.Refuse(rules.StateConflict, "This task is done already.",
				"Read the task again.")
		}
		if err := tx.Resolve(&t, "retry"); err != nil {
			return err
		}

		kind, ok := retries[KindOf(t.SubjectID)]
		if !ok {
			return retryOutbox(tx, t.SubjectID)
		}

		return tx.Enqueue(outboxEvent(kind, t.SubjectID, NewID("retry"), nil))
	})
}
