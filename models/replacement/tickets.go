package replacement

import (
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
)

// ticketOwner is the domain of the tickets that wait for replacements. RMAs know them by id
// alone; see Replacements.RegisterTickets.
type ticketOwner interface {
	// RMAMoved hands a ticket what became of its RMA, in the transaction that learned it and
	// under the lock on the account.
	RMAMoved(tx *db.Tx, before, after RMA) error
}

// RegisterTickets names the domain of tickets. It is called when the domains are opened.
func (s *Replacements) RegisterTickets(o ticketOwner) { s.tickets = o }

// tellTicket tells the ticket that waits for the RMA what became of it.
func (w *rmaChange) tellTicket() error {
	if w.TicketID == nil || w.fresh || w.s.tickets == nil {
		return nil
	}
	return w.s.tickets.RMAMoved(w.tx, w.before, w.RMA)
}

// RequestIn is RequestRMA in the caller's transaction, which has locked the account.
func (s *Replacements) RequestIn(tx *db.Tx, ref program.Reference, n NewRMA) (RMA, error) {
	if err := n.validate(); err != nil {
		return RMA{}, err
	}

	w := s.newRMAChange(tx, ref)
	known, err := w.request(n)
	if err != nil || known {
		return w.RMA, err
	}
	err = w.save()
	return w.RMA, err
}

// ReadRMA reads one RMA in scope, which is named by its id or its number.
func ReadRMA(tx *db.Tx, name string) (RMA, error) {
	var r RMA
	q := tx.Scope.Accounts(tx.DB, "account_id").Where(namedRMA("rmas", name))
	return r, db.Found(q.First(&r).Error)
}

// LinkTicket has an RMA belong to the ticket that waits for it. The caller has locked the
// account of both.
func LinkTicket(tx *db.Tx, rmaID, ticketID string) error {
	return tx.Model(&RMA{}).Where("id = ?", rmaID).Update("ticket_id", ticketID).Error
}

// OutstandingOf returns the other RMAs of a ticket whose replacement has not come.
func OutstandingOf(tx *db.Tx, ticketID, but string) ([]RMA, error) {
	var rmas []RMA
	err := tx.Find(&rmas, "ticket_id = ? AND id <> ? AND closed_at IS NULL", ticketID, but).Error
	return slices.DeleteFunc(rmas, func(r RMA) bool { return r.Outbound().Done() }), err
}
