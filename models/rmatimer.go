package models

import (
	"context"
	"strconv"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// RunRMATimers does everything that is due for an RMA, each thing once, and tells
// what it waits for next. It may run again at any time.
func (s *Store) RunRMATimers(ctx context.Context, id string) (ProcessStatus, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return ProcessStatus{}, err
	}
	var st ProcessStatus
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		w, err := s.lockRMA(tx, scope, ref, id)
		if err != nil {
			return err
		}
		if err := w.runTimers(); err != nil {
			return err
		}
		if len(w.entries) > 0 || w.SilenceDueAt != nil && !sameInstant(w.SilenceDueAt, w.before.SilenceDueAt) {
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

// runTimers does what is due. Of several reminders only the last is sent.
func (w *rmaWork) runTimers() error {
	reminder := 0
	for _, t := range w.RMAFacts.Timers(w.ReturnPlan) {
		if w.now.Before(t.At) {
			continue
		}
		if t.Kind == rules.TimerReminder {
			reminder = max(reminder, t.Day)
			w.RemindersSent++
			continue
		}
		if err := rmaTimers[t.Kind](w); err != nil {
			return err
		}
	}
	if reminder > 0 && w.OverdueAt == nil {
		w.note("rma.reminded", map[string]any{"day": reminder})
		w.mails = append(w.mails, rmaMail{"REMINDER", "d-" + strconv.Itoa(reminder) + "/" + w.ReturnBaseAt.Format(time.RFC3339), map[string]any{"day": reminder}})
	}
	return nil
}

var rmaTimers = map[rules.RMATimerKind]func(*rmaWork) error{
	rules.TimerBreach: func(w *rmaWork) error {
		w.BreachedAt = &w.now
		w.note("rma.breached", map[string]any{"promised_on": promisedOn(*w.FirstPromise)})
		w.event(OutboxRMABreached, "1")
		return w.raise(TaskRMALate, "Find out why the replacement is late, and tell the customer.", "The replacement has not arrived by the end of the first promised day.")
	},
	rules.TimerSilence: (*rmaWork).askAboutSilence,
	rules.TimerOverdue: func(w *rmaWork) error {
		w.OverdueAt = &w.now
		w.note("rma.return_overdue", nil)
		w.mail("OVERDUE", nil)
		return nil
	},
	rules.TimerFeeConfirm: func(w *rmaWork) error {
		w.FeeAskedAt = &w.now
		w.note("rma.fee_asked", nil)
		return w.raise(TaskRMAFee, "Confirm the fee for the unit that did not come back, or, as a lead, waive it.", "The return is 5 business days overdue.")
	},
}

// askAboutSilence asks an agent whether the parcel is lost, unless the carrier gave
// a sign since the timer was set: then it waits on.
func (w *rmaWork) askAboutSilence() error {
	sign := w.ShippedAt
	if rules.After(w.PickedUpAt, sign) {
		sign = w.PickedUpAt
	}
	due, err := w.silenceDue(*sign)
	if err != nil {
		return err
	}
	if due.After(w.now) {
		w.SilenceDueAt = due
		return nil
	}
	w.SilenceAskedAt = &w.now
	w.note("rma.parcel_silent", map[string]any{"tracking": w.Tracking})
	return w.raise(TaskRMASilent, "Ask the carrier; declare the parcel lost and send another one, or wait on.", "The carrier has given no sign for 3 business days.")
}
