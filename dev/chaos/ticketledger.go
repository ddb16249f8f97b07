package chaos

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/ticket"
)

// Canary stands in every internal note and in every reason of the load that is for operators
// alone: outside it is found nowhere (S42).
const Canary = "zqcanary"

// wordOf is the word of a text of the load: it stands in that text and in no other.
var wordOf = regexp.MustCompile(`word[0-9]+x[0-9]+x[0-9]+e`)

// word makes a word; who is the number of whoever writes.
func word(seed uint64, who, n int) string { return fmt.Sprintf("word%dx%dx%de", seed, who, n) }

// Said is a text of the load in a ticket, sent again until it was answered.
type Said struct {
	Word    string
	Account string
	Note    bool // for operators alone
	// Ticket is the ticket that an answer of 2xx named; empty: nobody knows whether it was said.
	Ticket string
}

// letterKind is what may become of a mail of the load.
type letterKind string

// The kinds of letters.
const (
	// fromMember: of a member, proved: the next message of its ticket.
	fromMember letterKind = "of a member"
	// fromOperator: of an operator whom their domain vouches for: a message of ours.
	fromOperator letterKind = "of an operator"
	// unproved: of a stranger, forged, or by a header alone: an operator decides.
	unproved letterKind = "unproved"
	// automatic: no person wrote it: folded, or filed.
	automatic letterKind = "automatic"
	// question: answers no ticket: an operator decides.
	question letterKind = "a question"
)

// Letter is a mail that comes in. It is handed in several times, and to each recipient until it
// was taken.
type Letter struct {
	Word    string
	Kind    letterKind
	Account string // of the ticket that it answers; empty: of none
	Author  string // id of who wrote it, where that is proved
	From    string
	To      []string
	Raw     []byte
	Taken   bool // somebody answered that it is stored
}

func (l *Ledger) say(s *Said) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, s)
}

func (l *Ledger) write(m *Letter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.letters = append(l.letters, m)
}

func (l *Ledger) taken(m *Letter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m.Taken = true
	l.Counts.MailsIn++
}

// opened keeps that a ticket was acknowledged, with the text that it was opened with.
func (l *Ledger) opened(s *Said, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.Ticket = id
	if l.tickets[id] == "" {
		l.Counts.Tickets++
	}
	l.tickets[id] = s.Account
}

// ticketRefusals are the codes with which a command on a ticket may be refused, beside those of a
// replacement: somebody was first, or it made no sense.
var ticketRefusals = []string{
	ticket.TicketClosed, ticket.ReopenLimit, ticket.NotReopened, ticket.SameSeverity,
	rules.VersionMismatch,
}

func mayRefuseTicket(code string) bool {
	return slices.Contains(refusals, code) || slices.Contains(uncovered, code) ||
		slices.Contains(ticketRefusals, code) || cover.ReasonFor(code).Rule != ""
}

// ticketAnswered takes down the answer to what was said or done in a ticket, and returns the
// ticket that it names; said is nil where nothing was.
func (l *Ledger) ticketAnswered(about string, said *Said, opens bool, a Answer) api.TicketView {
	var t api.TicketView
	code := a.code()
	switch {
	case a.Status == http.StatusOK || a.Status == http.StatusCreated:
		if err := json.Unmarshal(a.Body, &t); err != nil || t.ID == "" {
			l.unexpected(about, "the answer about a ticket cannot be read")
			return t
		}
		if opens {
			l.opened(said, t.ID)
			return t
		}
		l.mu.Lock()
		if said != nil {
			said.Ticket = t.ID
		}
		l.Counts.TicketCommands++
		l.mu.Unlock()
	case mayRefuseTicket(code):
		l.count(func(n *Counts) { n.TicketRefusals++ })
	default:
		l.unexpected(about, "what was asked of a ticket was answered %d %s", a.Status, code)
	}
	return t
}

// noteAnswered takes down the answer to a note.
func (l *Ledger) noteAnswered(ticketID string, said *Said, a Answer) {
	switch code := a.code(); {
	case a.Status == http.StatusCreated || a.Status == http.StatusOK:
		l.mu.Lock()
		said.Ticket = ticketID
		l.Counts.Notes++
		l.mu.Unlock()
	case mayRefuseTicket(code):
		l.count(func(n *Counts) { n.TicketRefusals++ })
	default:
		l.unexpected(ticketID, "a note was answered %d %s", a.Status, code)
	}
}
