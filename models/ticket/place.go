package ticket

import (
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// CheckText refuses a text that a conversation cannot hold (VALIDATION_FAILED).
func CheckText(text string) error { return rules.Invalid(textProblems("/text", text)) }

// Place is a place in a ticket's conversation for what is kept elsewhere.
type Place struct {
	TicketID  string
	AccountID string
	Seq       int64 // of the last entry before it
	At        time.Time
}

// TakePlace returns the place behind the last entry of a ticket's conversation for a note of the
// caller, who is an operator: to anybody else the ticket is NOT_FOUND. done reports whether the
// note is there already; then there is no place. The ticket stays as it is, its version and the
// numbers of its entries too: they are what a customer sees of it (S42).
func (s *Tickets) TakePlace(
	tx *db.Tx, name string, version int64, done func(ticketID string) (bool, error),
) (*Place, error) {
	if err := tx.Scope.Service(); err != nil {
		return nil, err
	}
	ref, err := s.programs.ReferenceIn(tx)
	if err != nil {
		return nil, err
	}
	w, err := s.lock(tx, ref, name)
	if err != nil {
		return nil, err
	}
	if err := rule.May(rule.DoNote, tx.Scope.Actor.Role, w.factsNow()); err != nil {
		return nil, err
	}

	if is, err := done(w.ID); err != nil || is {
		return nil, err
	}
	if err := w.lookedAt(version); err != nil {
		return nil, err
	}

	w.note("ticket.noted", nil)
	return &Place{
		TicketID:  w.ID,
		AccountID: w.AccountID,
		Seq:       w.Seq,
		At:        w.now,
	}, w.audit()
}
