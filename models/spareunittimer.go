package models

import (
	"context"
	"strconv"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// RunSpareTimers does everything that is due for a spare unit, each thing once, and
// tells what it waits for next. It may run again at any time.
func (s *Store) RunSpareTimers(ctx context.Context, id string) (ProcessStatus, error) {
	var st ProcessStatus
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		w, err := s.lockSpare(tx, scope, id)
		if err != nil {
			return err
		}
		if err := w.runTimers(); err != nil {
			return err
		}
		if len(w.entries) > 0 {
			w.quiet = true
			if err := w.save(); err != nil {
				return err
			}
		}
		st = w.status()
		return nil
	})
	return st, err
}

// runTimers does what is due. Of several reminders only the last is sent, and none
// once an operator is asked.
func (w *spareWork) runTimers() error {
	reminder := 0
	for _, t := range w.Timers(w.zone()) {
		switch {
		case w.now.Before(t.At):
		case t.Kind == rules.TimerRecallReminder:
			reminder = t.Day
			w.RemindersSent++
		default:
			if err := w.askForFee(); err != nil {
				return err
			}
		}
	}
	if reminder == 0 {
		return nil
	}
	w.note("spare.recall_reminded", map[string]any{"day": reminder})
	if w.FeeAskedAt == nil {
		w.mails = append(w.mails, spareMail{"RECALL_REMINDER", "d-" + strconv.Itoa(reminder) + "/" + strconv.Itoa(w.Recalls), map[string]any{"day": reminder}})
	}
	return nil
}

func (w *spareWork) askForFee() error {
	w.FeeAskedAt = &w.now
	w.note("spare.fee_asked", map[string]any{})
	w.mail("RECALL_OVERDUE", nil)
	return w.s.raise(w.tx, OperatorTask{Kind: TaskSpareFee, SubjectID: w.ID, AccountID: w.AccountID,
		What: "Bill the spare that did not come back, or, as a lead, waive it.", Why: "The recall is overdue, and no carrier has the unit."})
}
