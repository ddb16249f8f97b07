package chaos

import (
	"fmt"
	"sync"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// Ledger is what the load was told: every acknowledged answer, and every
// request whose outcome it does not know.
type Ledger struct {
	mu            sync.Mutex
	orders        map[orderKey]*Submission
	cancellations []*Cancellation
	decisions     map[string]bool // order id → accepted
	reissues      []Reissue
	rmas          map[string]*Replacement
	notes         map[string]int    // entries of stock by their reference
	tickets       map[string]string // id → account
	said          []*Said
	letters       []*Letter
	synced        []*SyncedRoom
	captured      []Captured
	faults        []Violation
	Counts        Counts
}

// orderKey is what makes an order one: who sells it and its number.
type orderKey struct{ ResellerID, PO string }

// Submission is an order that was acknowledged, and every answer to it.
type Submission struct {
	ResellerID string
	Form       ordering.OrderForm
	Answers    []OrderAnswer
}

// OrderAnswer is one answer to POST /v1/orders with 200 or 201.
type OrderAnswer struct {
	Status        int              `json:"-"`
	ID            string           `json:"id"`
	State         rules.OrderState `json:"state"`
	PONumber      string           `json:"po_number"`
	VendorOrderNo string           `json:"vendor_order_no"`
}

// Cancellation is one wish to cancel, sent again until it was answered. Marker
// stands in its reason and names it in the database.
type Cancellation struct {
	OrderID, Marker, Key string
	Quantity             int // 0: the whole order
	// Acknowledged holds the cancellation's id once a 2xx came; Refused is set
	// by any other final answer. Neither: the outcome is not known.
	Acknowledged string
	Refused      bool
}

// Reissue is an invitation that was sent again, acknowledged.
type Reissue struct{ Old, New string }

// Counts are the figures of a run.
type Counts struct {
	Orders, Repeats, Conflicts, Refusals, Cancellations, Decisions, Reissues int
	// replacements and spares
	RMAs, Commands, RMARefusals, SpareCommands, HandedIn int
	// tickets; MailsIn are mails that were taken, however often they were handed in
	Tickets, TicketCommands, TicketRefusals, Notes, MailsIn int
	// RoomHelp are answers with the ticket of a room that Sync said was down
	RoomHelp int
	// Retries are requests sent again; LostAnswers those of them whose first
	// sending had reached an API; Recovered are orders that had been committed
	// although their answer was lost.
	Retries, LostAnswers, Recovered int
}

// NewLedger is empty.
func NewLedger() *Ledger {
	return &Ledger{
		orders:    map[orderKey]*Submission{},
		decisions: map[string]bool{},
		rmas:      map[string]*Replacement{},
		notes:     map[string]int{},
		tickets:   map[string]string{},
	}
}

func (l *Ledger) count(change func(*Counts)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.Counts)
}

// hasEach reports whether an order, a replacement, a ticket, a mail and help with a room that Sync
// said was down were acknowledged.
func (l *Ledger) hasEach() (each bool) {
	l.count(func(n *Counts) {
		each = n.Orders > 0 && n.RMAs > 0 && n.Tickets > 0 && n.MailsIn > 0 &&
			n.RoomHelp > 0
	})
	return each
}

// submitted keeps an acknowledged order.
func (l *Ledger) submitted(resellerID string, form ordering.OrderForm, a OrderAnswer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := orderKey{resellerID, form.PONumber}
	if l.orders[key] == nil {
		l.orders[key] = &Submission{ResellerID: resellerID, Form: form}
		l.Counts.Orders++
	} else {
		l.Counts.Repeats++
	}

	l.orders[key].Answers = append(l.orders[key].Answers, a)
}

func (l *Ledger) wish(c *Cancellation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cancellations = append(l.cancellations, c)
}

func (l *Ledger) decided(orderID string, accepted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.decisions[orderID] = accepted
	l.Counts.Decisions++
}

func (l *Ledger) reissued(r Reissue) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reissues = append(l.reissues, r)
	l.Counts.Reissues++
}

// unexpected keeps an answer that no fault excuses.
func (l *Ledger) unexpected(subject, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, Violation{"answer", subject, fmt.Sprintf(format, args...)})
}

// pending are the cancellations whose outcome is not known yet.
func (l *Ledger) pending() []*Cancellation {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*Cancellation
	for _, c := range l.cancellations {
		if c.Acknowledged == "" && !c.Refused {
			out = append(out, c)
		}
	}

	return out
}
