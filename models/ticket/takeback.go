package ticket

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// A reply of the desk is held for some seconds, in which whoever wrote it can take it back: its
// mail has not left, and no customer is shown it yet. What follows from it, such as the first
// answer (S40), is not patched afterward: the clocks are computed again from what is left.

// undoFor is how long a reply can be taken back.
const undoFor = notification.UndoFor

// standing is what of a ticket a reply changes beside its clocks, as it was before.
type standing struct {
	Version              int64      `json:"version"` // of the ticket, once the reply was stored
	State                rule.State `json:"state"`
	StateSince           time.Time  `json:"state_since"`
	RemindersSent        int        `json:"reminders_sent"`
	CustomerWaitingSince *time.Time `json:"customer_waiting_since"`
	LastWordAt           time.Time  `json:"last_word_at"`
	FirstAnswerAt        *time.Time `json:"first_answer_at"`
	ResolvedAt           *time.Time `json:"resolved_at"`
	ReopenedAt           *time.Time `json:"reopened_at"`
	WorseAskedAt         *time.Time `json:"worse_asked_at"`
	RMAShipped           bool       `json:"rma_shipped"`
}

// hold lets the writer of a message take it back for a while.
func (w *change) hold(m *Message) {
	until := db.RealNow().Add(undoFor)
	before, _ := json.Marshal(standing{ // it has nothing that JSON lacks
		Version:              w.before.Version + 1,
		State:                w.before.State,
		StateSince:           w.before.StateSince,
		RemindersSent:        w.before.RemindersSent,
		CustomerWaitingSince: w.before.CustomerWaitingSince,
		LastWordAt:           w.before.LastWordAt,
		FirstAnswerAt:        w.before.FirstAnswerAt,
		ResolvedAt:           w.before.ResolvedAt,
		ReopenedAt:           w.before.ReopenedAt,
		WorseAskedAt:         w.before.WorseAskedAt,
		RMAShipped:           w.before.RMAShipped,
	})
	m.UndoUntil = &until
	m.UndoTo = string(before)
	w.held = true
}

// restore makes of the ticket what it was.
func (w *change) restore(s standing) {
	w.State = s.State
	w.StateSince = s.StateSince
	w.RemindersSent = s.RemindersSent
	w.CustomerWaitingSince = s.CustomerWaitingSince
	w.LastWordAt = s.LastWordAt
	w.FirstAnswerAt = s.FirstAnswerAt
	w.ResolvedAt = s.ResolvedAt
	w.ReopenedAt = s.ReopenedAt
	w.WorseAskedAt = s.WorseAskedAt
	w.RMAShipped = s.RMAShipped
}

// shown finds the messages in scope that are shown to whoever asks: to the service and its
// operators all, to everybody else those that cannot be taken back any more and were not.
func shown(tx *db.Tx) *gorm.DB {
	q := tx.Scope.Accounts(tx.Model(&Message{}), "account_id")
	if tx.Scope.System {
		return q
	}
	return q.Where("taken_back_at IS NULL AND (undo_until IS NULL OR undo_until <= ?)",
		db.RealNow())
}

// TakeBack takes back the last reply of the caller to a ticket, while it can be: the mail about
// it does not leave, the ticket stands where it stood, and what was written is the caller's draft
// again. Too late, or once anything else has happened to the ticket, it answers STATE_CONFLICT.
func (s *Tickets) TakeBack(ctx context.Context, name string) error {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return err
	}

	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		w, err := s.lock(tx, ref, name)
		if err != nil {
			return err
		}
		m, before, err := w.lastHeld()
		if err != nil {
			return err
		}
		if err := keepDraft(tx, w.Ticket, false, m.Text); err != nil {
			return err
		}
		return w.takeBack(m, before)
	})
}

// lastHeld returns the last reply of the caller, and what the ticket was before it.
func (w *change) lastHeld() (m Message, before standing, err error) {
	late := rules.Refuse(rules.StateConflict,
		"The reply has left already, or something happened to the ticket since.",
		"Write another one that says what is right.")
	var held []Message
	err = w.tx.Where("ticket_id = ? AND author_id = ? AND taken_back_at IS NULL AND undo_until > ?",
		w.ID, w.actor().ID, db.RealNow()).
		Order("seq DESC").
		Limit(1).
		Find(&held).Error
	if err != nil {
		return m, before, err
	}
	if len(held) == 0 {
		return m, before, late
	}
	if err := json.Unmarshal([]byte(held[0].UndoTo), &before); err != nil {
		return m, before, err
	}
	if before.Version != w.Version {
		return m, before, late
	}
	return held[0], before, nil
}

// takeBack undoes a reply and what came with it: no entry behind it is of anything else.
func (w *change) takeBack(m Message, before standing) error {
	err := w.tx.Model(&Message{}).Where("id = ?", m.ID).
		Updates(map[string]any{"taken_back_at": w.now, "fact": ""}).Error
	if err != nil {
		return err
	}
	err = w.tx.Model(&Event{}).Where("ticket_id = ? AND seq > ?", w.ID, m.Seq).
		Updates(map[string]any{"internal": true, "fact": ""}).Error
	if err != nil {
		return err
	}

	w.facts = slices.DeleteFunc(w.facts, func(e rule.Event) bool { return int64(e.Seq) >= m.Seq })
	w.restore(before)
	if w.WaitingReason, err = w.lastReason(); err != nil {
		return err
	}
	w.said = true
	w.note("ticket.answer_taken_back", map[string]any{"message": m.ID, "state": w.State})
	if err := w.save(); err != nil {
		return err
	}
	return w.withdrawMail(m.ID)
}

// lastReason is what whoever is waited for was asked for, as the conversation has it.
func (w *change) lastReason() (string, error) {
	if w.State != rule.PendingCustomer && w.State != rule.PendingThirdParty {
		return "", nil
	}
	var last []Event
	err := w.tx.Where("ticket_id = ? AND kind = ? AND NOT internal", w.ID, Moved).
		Order("seq DESC").
		Limit(1).
		Find(&last).Error
	if err != nil || len(last) == 0 {
		return "", err
	}
	return last[0].Details.Reason, nil
}

// withdrawMail takes what a message told of out of the mail that is held; one that tells of
// nothing else does not leave at all.
func (w *change) withdrawMail(messageID string) error {
	if w.Held == nil {
		return nil
	}
	params := map[string]any{}
	if err := json.Unmarshal([]byte(*w.Held), &params); err != nil {
		return err
	}
	parts, _ := params["parts"].([]any)
	left := slices.DeleteFunc(slices.Clone(parts), func(part any) bool {
		p, _ := part.(map[string]any)
		return p["message"] == messageID
	})
	switch {
	case len(left) == len(parts):
		return nil
	case len(left) == 0:
		return notification.SuppressHeld(w.tx, rules.TemplateTicket, w.ID, w.MailBundle)
	}
	params["parts"] = left
	w.stand(params)
	_, err := notification.ChangeHeld(w.tx, rules.TemplateTicket, w.ID, w.MailBundle, params, false)
	return err
}
