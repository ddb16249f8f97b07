package ticket

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// waitForRMA has the ticket wait for a replacement: one that is requested with it in the same
// transaction, or one that there is. Device and room are the ticket's own where the request
// names none.
func (w *change) waitForRMA(c Command) error {
	r, err := w.findRMA(c)
	if err != nil {
		return err
	}
	if c.Text != "" {
		w.write(c)
	}

	if db.Text(r.TicketID) != w.ID {
		if err := replacement.LinkTicket(w.tx, r.ID, w.ID); err != nil {
			return err
		}
	}
	w.happen(RMALinked, EventDetails{RMA: r.ID}, nil)
	if r.ApprovedAt != nil && !r.Outbound().Done() {
		w.happen(RMAApproved, EventDetails{RMA: r.ID},
			&fact{Kind: rule.EventRMAApproved, RMA: r.ID})
	}
	w.RMAShipped = r.Outbound() == rma.OutboundShipped
	shipped := w.RMAShipped
	w.move(rule.PendingRMA, c.Reason)
	w.RMAShipped = shipped
	w.note("ticket.rma_linked", map[string]any{"rma": r.ID})
	return nil
}

// findRMA requests the replacement, or reads the one that is named.
func (w *change) findRMA(c Command) (replacement.RMA, error) {
	if c.RMAID != "" {
		r, err := replacement.ReadRMA(w.tx, c.RMAID)
		switch {
		case err != nil:
			return r, err
		case r.AccountID != w.AccountID:
			return r, db.NotFound()
		case r.ClosedAt != nil || r.Outbound().Done():
			return r, rules.Refuse(rules.StateConflict, "The replacement is over.",
				"Name one that is under way, or request another.")
		}
		return r, w.isFree(r)
	}

	var n replacement.NewRMA
	if c.RMA != nil {
		n = *c.RMA
	}
	n.AccountID = w.AccountID
	if n.Serial == "" && n.ModelCode == "" && w.DeviceID != nil {
		var serials []*string
		err := w.tx.Table("devices").Where("id = ?", *w.DeviceID).Pluck("serial", &serials).Error
		if err != nil {
			return replacement.RMA{}, err
		}
		if len(serials) > 0 {
			n.Serial = db.Text(serials[0])
		}
	}
	if n.Serial == "" && n.RoomID == "" {
		n.RoomID = db.Text(w.RoomID)
	}
	if n.Fault == "" {
		n.Fault = w.Summary
	}
	if n.Once == "" && c.Once != "" {
		n.Once = w.ID + "/" + c.Once
	}
	return w.s.replacements.RequestIn(w.tx, w.ref, n)
}

// isFree refuses a replacement that another ticket waits for: that one would wait for ever, and
// its clocks stand still.
func (w *change) isFree(r replacement.RMA) error {
	if r.TicketID == nil || *r.TicketID == w.ID {
		return nil
	}
	var waits []string
	err := w.tx.Model(&Ticket{}).
		Where("id = ? AND closed_at IS NULL", *r.TicketID).
		Pluck("number", &waits).Error
	if err != nil || len(waits) == 0 {
		return err
	}
	return rules.Refuse(rules.StateConflict,
		"The replacement belongs to "+waits[0]+".",
		"Link this ticket as a duplicate of that one, or request another replacement.")
}

// RegisterReplacements makes tickets follow their replacements. It is called once, when the
// domains are opened.
func (s *Tickets) RegisterReplacements() { s.replacements.RegisterTickets(s) }

// RMAMoved hands a ticket what became of its replacement, in the transaction that learned it
// and under the lock on the account: the approval stops its clocks, and once the customer has
// a working unit, or there will be none, somebody works on the ticket again. A spare of the
// customer's own ends the outage at once (R35d).
func (s *Tickets) RMAMoved(tx *db.Tx, before, after replacement.RMA) error {
	was, is := before.Outbound(), after.Outbound()
	approved := before.ApprovedAt == nil && after.ApprovedAt != nil && !is.Done()
	ended := (is.Done() || after.StoredState.Over()) && !(was.Done() || before.StoredState.Over())
	shipped := is == rma.OutboundShipped && was != rma.OutboundShipped
	if !approved && !ended && !shipped {
		return nil
	}

	ref, err := s.programs.ReferenceIn(tx)
	if err != nil {
		return err
	}

	// Whoever moved the replacement need not be somebody who may do something with tickets.
	system := tx.Scope
	system.Actor.Role = "SYSTEM"
	w, err := s.lock(tx.As(system), ref, *after.TicketID)
	if err != nil {
		return err
	}
	w.tx = tx

	switch {
	case ended:
		return w.endRMA(after, is)
	case approved:
		w.happen(RMAApproved, EventDetails{RMA: after.ID},
			&fact{Kind: rule.EventRMAApproved, RMA: after.ID})
		w.note("ticket.rma_approved", map[string]any{"rma": after.ID})
	case shipped:
		w.RMAShipped = w.State == rule.PendingRMA
		w.happen(RMAShipped, EventDetails{RMA: after.ID}, nil)
		w.note("ticket.rma_shipped", map[string]any{"rma": after.ID})
	}
	return w.save()
}

// endRMA notes that a replacement is at its end for the customer. Where no other is waited
// for, somebody works on the ticket again.
func (w *change) endRMA(r replacement.RMA, how rma.OutboundState) error {
	w.happen(RMAEnded, EventDetails{RMA: r.ID, Ending: string(how)},
		&fact{Kind: rule.EventRMAEnded, RMA: r.ID})
	w.note("ticket.rma_ended", map[string]any{"rma": r.ID, "ending": how})

	if w.State == rule.PendingRMA {
		others, err := replacement.OutstandingOf(w.tx, w.ID, r.ID)
		if err != nil {
			return err
		}
		switch {
		case others > 0:
		case how == rma.OutboundSwapped:
			w.move(rule.Resolved, "")
			w.tellOf(mailPart{step: stepResolved})
		default:
			w.move(rule.InProgress, "")
		}
	}
	return w.save()
}
