package models

import (
	"context"
	"strings"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

func todayUTC(t time.Time) civil.Date { return civil.DateOf(t.UTC()) }

// queueMail writes notifications in the caller's transaction. A mail whose
// dedupe key (program, template, subject, recipient, epoch) stands already is
// left alone (C7).
func (s *Store) queueMail(tx *gorm.DB, mails ...Notification) error {
	if len(mails) == 0 {
		return nil
	}
	for i := range mails {
		m := &mails[i]
		m.ID, m.ProgramID, m.State, m.CreatedAt = NewID(prefixNotification), rules.DefaultProgram().ID, rules.NotificationQueued, s.clock.Now()
		m.DedupeKey = strings.Join([]string{m.ProgramID, m.Template, m.SubjectID, m.Recipient, m.Epoch}, "|")
		if m.Params == nil {
			m.Params = map[string]any{}
		}
	}
	return tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "dedupe_key"}}, DoNothing: true}).Create(&mails).Error
}

// queueSingleMail writes a mail that no order's or invitation's workflow
// sends, with the outbox event that starts its own. The outbox key is the
// mail's, so a repeated mail is told once.
func (s *Store) queueSingleMail(tx *gorm.DB, m Notification) error {
	mails := []Notification{m}
	if err := s.queueMail(tx, mails...); err != nil {
		return err
	}
	var stored Notification
	if err := tx.Select("id", "state").First(&stored, "dedupe_key = ?", mails[0].DedupeKey).Error; err != nil {
		return err
	}
	if stored.ID != mails[0].ID {
		return nil
	}
	return s.enqueue(tx, outboxEvent(OutboxNotificationQueued, stored.ID, "1", nil))
}

// mailFailed keeps a failed attempt, and hands what will not be tried again to
// an operator (S17).
func (s *Store) mailFailed(tx *gorm.DB, scope Scope, r MailResult) error {
	err := tx.Create(&NotificationAttempt{ID: NewID(prefixAttempt), NotificationID: r.ID, Outcome: string(r.State), Error: r.Error, At: s.clock.Now()}).Error
	if err != nil {
		return err
	}
	switch r.State {
	case rules.NotificationHardBounced:
		return s.bounced(tx, scope, r)
	case rules.NotificationUnknown:
		return s.raise(tx, OperatorTask{Kind: TaskMailUnknown, SubjectID: r.ID,
			What: "Find out whether the mail arrived; send it again if it did not.", Why: "The connection broke while the mail was handed over."})
	}
	return nil
}

// SettleStaleMails turns what an earlier attempt left in SENDING into UNKNOWN:
// nobody knows whether it was handed over, so it is never sent again by itself
// (RULES 2). It returns how many mails are still being sent by someone else,
// claimed less than the lease ago.
func (s *Store) SettleStaleMails(ctx context.Context, key string, lease time.Duration) (inFlight int, err error) {
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		inFlight = 0
		var sending []Notification
		err := s.forUpdate(tx).Where("(subject_id = ? OR id = ?) AND state = ?", key, key, rules.NotificationSending).Find(&sending).Error
		if err != nil {
			return err
		}
		for _, n := range sending {
			if n.ClaimedAt != nil && realNow().Sub(*n.ClaimedAt) < lease {
				inFlight++
				continue
			}
			r := MailResult{ID: n.ID, State: rules.NotificationUnknown, Error: "the sender stopped while the mail was on its way"}
			if err := tx.Model(&Notification{}).Where("id = ?", n.ID).Updates(map[string]any{"state": r.State, "last_error": r.Error}).Error; err != nil {
				return err
			}
			if err := s.mailFailed(tx, scope, r); err != nil {
				return err
			}
		}
		return nil
	})
	return inFlight, err
}

// GiveUpMails ends the attempts at a key's queued mails; each becomes an
// operator's task (S17).
func (s *Store) GiveUpMails(ctx context.Context, key, reason string) error {
	return s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		var queued []Notification
		err := s.forUpdate(tx).Where("(subject_id = ? OR id = ?) AND state = ?", key, key, rules.NotificationQueued).Find(&queued).Error
		if err != nil {
			return err
		}
		for _, n := range queued {
			r := MailResult{ID: n.ID, State: rules.NotificationHardBounced, Error: reason}
			if err := tx.Model(&Notification{}).Where("id = ?", n.ID).Updates(map[string]any{"state": r.State, "last_error": reason}).Error; err != nil {
				return err
			}
			if err := s.mailFailed(tx, scope, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// ResendMail queues a mail again that an operator found not to have arrived.
func (s *Store) ResendMail(ctx context.Context, id string) error {
	return s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		var n Notification
		if err := found(s.forUpdate(tx).First(&n, "id = ?", id).Error); err != nil {
			return err
		}
		if n.State != rules.NotificationUnknown && n.State != rules.NotificationHardBounced {
			return rules.Refuse(rules.StateConflict, "Only a mail that failed or whose fate is unknown can be sent again.", "Read the mail's state again.")
		}
		if err := s.stillInvites(tx, n); err != nil {
			return err
		}
		if err := tx.Model(&Notification{}).Where("id = ?", id).Updates(map[string]any{"state": rules.NotificationQueued, "last_error": ""}).Error; err != nil {
			return err
		}
		if err := s.appendAudit(tx, scope, n.ID, n.AccountID, false, entry{"mail.resent", n.ID, map[string]any{"template": n.Template, "before": n.State}}); err != nil {
			return err
		}
		return s.enqueue(tx, outboxEvent(OutboxNotificationQueued, n.ID, NewID("epoch"), nil))
	})
}

// stillInvites refuses to send the mail of an invitation that is over or whose
// mailbox refused it: its link would be dead.
func (s *Store) stillInvites(tx *gorm.DB, n Notification) error {
	if n.Template != "invitation" && n.Template != "invitation_reminder" {
		return nil
	}
	inv, _, err := s.lockInvitation(tx, n.SubjectID)
	if err != nil || inv.State.Live() {
		return err
	}
	return rules.Refuse(rules.StateConflict, "The invitation of this mail is over.", "Issue the invitation again instead.")
}

// MailDelivered records that a mail whose fate was unknown did arrive.
func (s *Store) MailDelivered(ctx context.Context, id string) error {
	return s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		res := tx.Model(&Notification{}).Where("id = ? AND state IN ?", id, []rules.NotificationState{rules.NotificationUnknown, rules.NotificationSent}).
			Update("state", rules.NotificationDelivered)
		if res.Error == nil && res.RowsAffected == 0 {
			return rules.Refuse(rules.StateConflict, "Only a mail that was sent can be marked as delivered.", "Read the mail's state again.")
		}
		if res.Error != nil {
			return res.Error
		}
		return s.appendAudit(tx, scope, id, nil, false, entry{"mail.delivered", id, nil})
	})
}

// NotificationFilter narrows a list of mails; empty fields do not narrow.
type NotificationFilter struct {
	OrderID, SubjectID string
	State              rules.NotificationState
	Page               Page
}

// ListNotifications lists mails and their delivery state, newest first.
func (s *Store) ListNotifications(ctx context.Context, f NotificationFilter) ([]Notification, string, error) {
	var out []Notification
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		q := scope.accounts(tx, "account_id")
		for column, value := range map[string]string{"order_id": f.OrderID, "subject_id": f.SubjectID, "state": string(f.State)} {
			if value != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}
		return f.Page.apply(q).Find(&out).Error
	})
	out, next := cut(f.Page, out, func(n Notification) string { return n.ID })
	return out, next, err
}
