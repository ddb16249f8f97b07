package session

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/session"
)

// NextReminder returns when somebody of a ticket's sessions is reminded next; nil: nobody is.
func NextReminder(tx *db.Tx, ticketID string) (*time.Time, error) {
	var next []Session
	err := tx.Scope.Accounts(tx.DB, "account_id").
		Select("id", "remind_at").
		Where("ticket_id = ? AND remind_at IS NOT NULL", ticketID).
		Order("remind_at").Limit(1).
		Find(&next).Error
	if err != nil || len(next) == 0 {
		return nil, err
	}
	return next[0].RemindAt, nil
}

// TakeReminders returns the sessions of a ticket of which people are reminded now: each once for
// each time that it is scheduled for. Of one that has begun, or to which nobody is invited yet,
// nobody is reminded.
func TakeReminders(tx *db.Tx, ticketID string, now time.Time) ([]Session, error) {
	var due []Session
	err := db.ForUpdate(tx.Scope.Accounts(tx.DB, "account_id")).
		Where("ticket_id = ? AND remind_at <= ?", ticketID, now).
		Order("id").Find(&due).Error
	if err != nil || len(due) == 0 {
		return nil, err
	}

	ids := db.IdsOf(due, func(s Session) string { return s.ID })
	err = tx.Model(&Session{}).Where("id IN ?", ids).Update("remind_at", nil).Error
	if err != nil {
		return nil, err
	}
	var out []Session
	for _, s := range due {
		if s.State == session.Scheduled && s.StartsAt.After(now) && s.JoinURL != "" {
			out = append(out, s)
		}
	}
	return out, nil
}

// ReminderOver reports whether a reminder of a session at a time holds no more: the session was
// moved or called off since, or has begun. Its mail is of no use then. So is that of an id that is
// no session's.
func (s *Sessions) ReminderOver(ctx context.Context, id string, start time.Time) (bool, error) {
	over := false
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		var row Session
		err := db.Found(tx.Select("id", "state", "starts_at").First(&row, "id = ?", id).Error)
		if rules.CodeOf(err) == rules.NotFound {
			over = true
			return nil
		}
		if err != nil {
			return err
		}
		over = row.State != session.Scheduled || !row.StartsAt.Equal(start) ||
			!row.StartsAt.After(tx.Now())
		return nil
	})
	return over, err
}
