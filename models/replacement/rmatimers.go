package replacement

import (
	"context"
	"strconv"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// RunRMATimers does everything that is due for an RMA, each thing once, and returns
// what it waits for next. It may run again at any time.
func (s *Replacements) RunRMATimers(ctx context.Context, id string) (db.ProcessStatus, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return db.ProcessStatus{}, err
	}

	var st db.ProcessStatus
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		w, err := s.lockRMA(tx, ref, id)
		if err != nil {
			return err
		}

		changed, err := w.runTimers()
		if err != nil {
			return err
		}

		if changed {
			w.quiet = true
			if err := w.save(); err != nil {
				return err
			}
		}

		st = w.statusNow(w.RMA.processStatus())
		if !changed {
			// Who did it before may have died without saying that there are mails.
			st.Mails, err = notification.Waiting(tx, w.ID)
		}
		return err
	})

	return st, err
}

// runTimers does what is due, and reports whether anything was.
func (w *rmaChange) runTimers() (changed bool, err error) {
	steps := map[rma.RMATimerKind]func() error{
		rma.TimerBreach:     w.breach,
		rma.TimerSilence:    w.askAboutSilence,
		rma.TimerReminder:   w.remind,
		rma.TimerOverdue:    w.tellOverdue,
		rma.TimerFeeConfirm: w.askForFee,
	}

	return w.runDue(func() (time.Time, func() error, bool) {
		next, ok := w.RMAFacts.NextTimer(w.ReturnPlan)
		return next.At, steps[next.Kind], ok
	})
}

// remind reminds of the return. The last reminder, sent on a later day than its own, moves
// what follows it: people have the days after it that they would have had.
func (w *rmaChange) remind() error {
	reminder, sent, _ := w.RemindersDue(w.ReturnPlan, w.now)
	w.RemindersSent = sent
	w.note("rma.reminded", map[string]any{"day": reminder.BusinessDay})
	epoch := "d-" + strconv.Itoa(reminder.BusinessDay) + "/" + w.ReturnBaseAt.Format(time.RFC3339)
	w.mailOnce("REMINDER", epoch, map[string]any{"day": reminder.BusinessDay})

	today := rules.DateIn(w.now, w.zone())
	if sent < len(w.ReturnPlan.Reminders) || !today.After(reminder.On) {
		return nil
	}

	workdays, err := w.calendar()
	if err != nil {
		return err
	}

	window := w.ref.Program.Replacement.Window()
	overdue, confirm, err := w.ReturnPlan.AfterLateReminder(today, w.zone(), workdays, window)
	if err != nil {
		return err
	}

	w.OverdueFrom = rma.Last(w.OverdueFrom, overdue)
	w.FeeConfirmAt = rma.Last(w.FeeConfirmAt, confirm)
	return nil
}

// tellOverdue tells the customer that the return is overdue. Told on a later day than the
// first, it moves the fee.
func (w *rmaChange) tellOverdue() error {
	w.OverdueAt = &w.now
	w.note("rma.return_overdue", nil)
	w.mail("OVERDUE", nil)

	first := w.ReturnPlan.On.AddDays(1)
	today := rules.DateIn(w.now, w.zone())
	if !today.After(first) {
		return nil
	}

	workdays, err := w.calendar()
	if err != nil {
		return err
	}

	window := w.ref.Program.Replacement.Window()
	confirm, err := w.ReturnPlan.AfterLateNotice(today, w.zone(), workdays, window)
	if err != nil {
		return err
	}

	w.FeeConfirmAt = rma.Last(w.FeeConfirmAt, confirm)
	return nil
}

// breach notes that the first promise was missed (S21).
func (w *rmaChange) breach() error {
	w.BreachedAt = &w.now
	w.note("rma.breached", map[string]any{"promised_on": promisedOn(*w.FirstPromise)})
	w.event(db.OutboxRMABreached, "1")
	return w.askAboutDelay()
}

func (w *rmaChange) askAboutDelay() error {
	return w.raise(db.TaskRMALate,
		"Find out why the replacement is late, and tell the customer.",
		"The replacement has not arrived by the end of the first promised day.")
}

// askAboutSilence asks an agent whether the parcel is lost, unless the carrier gave
// a sign since the timer was set: then it waits on.
func (w *rmaChange) askAboutSilence() error {
	sign := w.ShippedAt
	if rma.After(w.PickedUpAt, sign) {
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
	return w.askWhereItIs()
}

func (w *rmaChange) askWhereItIs() error {
	return w.raise(db.TaskRMASilent,
		"Ask the carrier; declare the parcel lost and send another one, or wait on.",
		"The carrier has given no sign for 3 business days.")
}

// askAboutLoss asks an agent about a parcel of which the carrier, or a person who asked
// the carrier, says that it will not arrive: nobody has to wait for silence then.
func (w *rmaChange) askAboutLoss() error {
	w.SilenceAskedAt = &w.now
	w.note("rma.parcel_told_lost", map[string]any{"tracking": w.Tracking})
	return w.raise(db.TaskRMASilent,
		"Declare the parcel lost and send another one, or wait on.",
		"The parcel will not arrive: its shipment says that it is lost or comes back.")
}

// askForFee asks an operator about the fee for a unit that did not come back (S22).
func (w *rmaChange) askForFee() error {
	w.FeeAskedAt = &w.now
	w.note("rma.fee_asked", nil)
	return w.askAboutFee()
}

// askAboutFee asks an operator to bill or waive the fee that is open.
func (w *rmaChange) askAboutFee() error {
	if w.DamageOpen() {
		return w.raise(db.TaskRMAFee,
			"Decide about the fee for the damage: bill it or, as a lead, waive it.",
			"The depot found damage that no warranty covers.")
	}
	return w.raise(db.TaskRMAFee,
		"Confirm the fee for the unit that did not come back, or, as a lead, waive it.",
		"The return is 5 business days overdue.")
}
