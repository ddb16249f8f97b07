package inbound

import "slices"

// Outcome is what becomes of a mail (S44).
type Outcome string

// The outcomes.
const (
	// BecomesMessage: the next message of its ticket.
	BecomesMessage Outcome = "MESSAGE"
	// BecomesAutomaticReply: noted on its ticket and folded; nothing follows from it.
	BecomesAutomaticReply Outcome = "AUTOMATIC_REPLY"
	// BecomesDelivery: what happened to one of our mails.
	BecomesDelivery Outcome = "DELIVERY"
	// BecomesItem: an operator decides.
	BecomesItem Outcome = "ITEM"
	// BecomesFiled: kept to be read, and nobody has to do anything.
	BecomesFiled Outcome = "FILED"
)

// Reason is why a mail has its outcome.
type Reason string

// The reasons.
const (
	ReasonProved    Reason = "PROVED"        // a participant, and proved
	ReasonNoTicket  Reason = "NO_TICKET"     // it answers none
	ReasonStranger  Reason = "STRANGER"      // its sender has no part in the ticket
	ReasonForged    Reason = "FORGED"        // not from the domain that it names
	ReasonUnproved  Reason = "UNPROVED"      // by header alone, and nobody knows whose it is
	ReasonAutomatic Reason = "AUTOMATIC"     // no person wrote it
	ReasonReport    Reason = "REPORT"        // a delivery report
	ReasonTooMany   Reason = "TOO_MANY"      // more messages of one sender than an hour takes
	ReasonReopens   Reason = "MANY_REOPENED" // the ticket was reopened by mail too often today
	ReasonNoSuch    Reason = "TICKET_GONE"   // there is no such ticket, or it takes no more
	// it would open a ticket that follows a closed one, and nothing covers that
	ReasonNotCovered Reason = "NOT_COVERED"
	ReasonBroken     Reason = "UNREADABLE" // reading it failed
)

// Decide says what becomes of a mail. participant reports whether its sender is a member,
// partner, TSP or operator of the ticket that it answers. A mail whose sender's domain disowns
// it is no participant's, whatever address it was sent to.
func Decide(m Mail, participant bool) (Outcome, Reason) {
	switch {
	case m.Report != nil:
		return BecomesDelivery, ReasonReport
	case slices.Contains(m.Automatic, OurOwn):
		return BecomesFiled, ReasonAutomatic
	case len(m.Automatic) > 0:
		if m.Ticket != nil && participant && m.unproved() == "" {
			return BecomesAutomaticReply, ReasonAutomatic
		}
		return BecomesFiled, ReasonAutomatic
	case m.Ticket == nil:
		return BecomesItem, ReasonNoTicket
	case !participant:
		return BecomesItem, ReasonStranger
	case m.unproved() != "":
		return BecomesItem, m.unproved()
	}
	return BecomesMessage, ReasonProved
}

// unproved is what is missing for a mail to be its sender's; empty: nothing.
func (m Mail) unproved() Reason {
	switch {
	case m.Authentication.Verdict == Fail:
		return ReasonForged
	case m.Ticket.By == ByHeader && m.Authentication.Verdict != Pass:
		return ReasonUnproved
	}
	return ""
}
