package ticket

import (
	"context"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// RunTicketTimers does everything that is due for a ticket, each thing once, and returns what
// it waits for next. It may run again at any time.
func (s *Tickets) RunTicketTimers(ctx context.Context, id string) (db.ProcessStatus, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return db.ProcessStatus{}, err
	}

	var st db.ProcessStatus
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		w, err := s.lock(tx, ref, id)
		if err != nil {
			return err
		}
		if next := w.Ticket.processStatus().At; next == nil || w.now.Before(*next) {
			st = w.status()
			// Who did it before may have died without saying that there are mails.
			st.Mails, err = notification.Waiting(tx, w.ID)
			return err
		}

		w.runTimers()
		if err := w.remindOfSessions(); err != nil {
			return err
		}
		w.quiet = true
		w.atOnce = true
		if err := w.save(); err != nil {
			return err
		}
		st = w.status()
		return nil
	})
	return st, err
}

// runTimers does what is due, in the order in which it was to be done. What clocks have come
// to is noted when the change is saved.
func (w *change) runTimers() {
	for {
		timers := w.waiting().Timers()
		if len(timers) == 0 || w.now.Before(timers[0].At) {
			return
		}

		switch t := timers[0]; t.Kind {
		case rule.TimerReminder:
			w.remind(t)
		case rule.TimerResolve:
			w.happen(Moved, EventDetails{Before: w.State, State: rule.Resolved, Day: t.Day},
				&fact{Kind: rule.EventMoved, State: rule.Resolved})
			w.enter(rule.Resolved, "")
			w.note("ticket.resolved_by_itself", nil)
			w.tellOf(mailPart{step: stepResolved})
		case rule.TimerClose:
			w.move(rule.Closed, "")
			w.note("ticket.closed", nil)
			w.tellOf(mailPart{step: stepClosed})
		}
	}
}

// remind reminds of the answer that is waited for; of several reminders that were missed only
// the last is sent.
func (w *change) remind(t rule.Timer) {
	w.RemindersSent = w.waiting().RemindersDue(w.now)
	if days := rule.ReminderDays(); w.RemindersSent <= len(days) && w.RemindersSent > 0 {
		t.Day = days[w.RemindersSent-1]
	}
	w.happen(Reminded, EventDetails{Day: t.Day}, nil)
	w.note("ticket.reminded", map[string]any{"day": t.Day})
	w.tellOf(mailPart{step: stepReminder, day: t.Day})
}
