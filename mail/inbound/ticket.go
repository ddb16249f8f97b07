package inbound

import (
	"regexp"
	"slices"
	"strings"

	"roomcover.dev/roomcover/mail/thread"
)

// ticketOf finds the ticket that a mail answers: by our signed address among those whom it was
// sent to, else by any of our own Message-IDs that it answers, the nearest first. Nothing else
// names a ticket.
func ticketOf(h header, e Envelope, keys thread.Keys) *Ticket {
	recipients := []string{e.To}
	for _, name := range []string{"delivered-to", "x-original-to", "to", "cc"} {
		for _, value := range h.all(name) {
			recipients = append(recipients, bareEmail.FindAllString(value, -1)...)
		}
	}
	for _, address := range recipients {
		if number, ok := keys.TicketOfAddress(strings.Trim(address, "<> ")); ok {
			return &Ticket{Number: number, By: ByAddress}
		}
	}

	answered := messageIDs(strings.Join(h.all("references"), " "))
	answered = append(answered, messageIDs(h.get("in-reply-to"))...)
	slices.Reverse(answered)
	for _, id := range answered {
		if own, ok := keys.ParseMessageID(id); ok && own.Ticket != "" {
			return &Ticket{Number: own.Ticket, By: ByHeader}
		}
	}
	return nil
}

var numberInTitle = regexp.MustCompile(`\[([A-Z]{1,5}-[A-Z0-9]{3,12})\]`)

// hintedTicket is the number of a ticket in a subject. Anybody can type one: it is shown to an
// operator, and nothing follows from it.
func hintedTicket(subject string) string {
	found := numberInTitle.FindStringSubmatch(strings.ToUpper(subject))
	if found == nil {
		return ""
	}
	return found[1]
}
