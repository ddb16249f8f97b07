package session

import (
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

// Reminder is what a mail says that reminds somebody of a session.
type Reminder struct {
	SessionID string
	Recipient string
	Start     time.Time
	JoinURL   string
}

// ReminderOver reports whether a reminder holds no more: since it was queued the session was moved
// or called off, got another link, has begun, or is the recipient's no more. Its mail is of no use
// then. So is that of an id that is no session's.
func ReminderOver(tx *db.Tx, r Reminder) (bool, error) {
	var row Session
	err := db.Found(tx.Select("id", "state", "starts_at", "join_url").
		First(&row, "id = ?", r.SessionID).Error)
	if rules.CodeOf(err) == rules.NotFound {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if row.State != session.Scheduled || !row.StartsAt.Equal(r.Start) ||
		!row.StartsAt.After(tx.Now()) || row.JoinURL != r.JoinURL {
		return true, nil
	}

	var invited int64
	err = tx.Model(&Attendee{}).
		Where("session_id = ? AND email = ?", r.SessionID, rules.NormaliseEmail(r.Recipient)).
		Count(&invited).Error
	return invited == 0, err
}
