package models

import (
	"context"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// RecordFailure keeps the last error of a step of an order, RMA, spare unit or
// invitation, for people to see. It holds no personal data.
func (s *Store) RecordFailure(ctx context.Context, subjectID, reason string) error {
	return s.tx(ctx, func(tx *gorm.DB, _ Scope) error {
		if err := tx.Model(&Order{}).Where("id = ?", subjectID).Update("last_error", reason).Error; err != nil {
			return err
		}
		if err := tx.Model(&RMA{}).Where("id = ?", subjectID).Update("last_error", reason).Error; err != nil {
			return err
		}
		if err := tx.Model(&SpareUnit{}).Where("id = ?", subjectID).Update("last_error", reason).Error; err != nil {
			return err
		}
		return tx.Model(&Invitation{}).Where("id = ?", subjectID).Update("last_error", reason).Error
	})
}

// RetryProcess tells a workflow that waits for a person to try again.
func (s *Store) RetryProcess(ctx context.Context, taskID string) error {
	return s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		var t OperatorTask
		if err := found(s.forUpdate(tx).First(&t, "id = ?", taskID).Error); err != nil {
			return err
		}
		if t.State == TaskDone {
			return rules.Refuse(rules.StateConflict, "This task is done already.", "Read the task again.")
		}
		if err := s.resolve(tx, scope, &t, "retry"); err != nil {
			return err
		}
		kinds := map[string]OutboxKind{prefixOrder: OutboxOrderRetried, prefixInvitation: OutboxInvitationRetried, prefixNotification: OutboxNotificationQueued, prefixImport: OutboxImportQueued, prefixRMA: OutboxRMARetried, prefixSpareUnit: OutboxSpareRetried}
		kind, ok := kinds[t.SubjectID[:3]]
		if !ok {
			return tx.Model(&OutboxEvent{}).Where("id = ? AND delivered_at IS NULL", t.SubjectID).Updates(map[string]any{"due_at": realNow(), "attempts": 0}).Error
		}
		return s.enqueue(tx, outboxEvent(kind, t.SubjectID, NewID("retry"), nil))
	})
}
