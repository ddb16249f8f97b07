package ticket

import (
	"slices"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
)

// State of a ticket (RULES 2).
type State string

// The states. A ticket that is reopened is IN_PROGRESS again, and its row says that it was
// reopened: the work is the same, and only the clocks and the numbers care.
const (
	New               State = "NEW"
	Open              State = "OPEN" // a person on our side answered
	InProgress        State = "IN_PROGRESS"
	PendingCustomer   State = "PENDING_CUSTOMER"
	PendingThirdParty State = "PENDING_THIRD_PARTY"
	PendingRMA        State = "PENDING_RMA"
	Resolved          State = "RESOLVED"
	Closed            State = "CLOSED"
	Cancelled         State = "CANCELLED"
)

// States lists the states of a ticket.
func States() []State {
	return []State{
		New, Open, InProgress, PendingCustomer, PendingThirdParty, PendingRMA,
		Resolved, Closed, Cancelled,
	}
}

// working are the states from the first answer until the ticket is resolved.
var working = []State{Open, InProgress, PendingCustomer, PendingThirdParty, PendingRMA}

// A ticket leaves NEW by the first answer of a person, so that nothing waits for a customer
// who was never answered; until then it can be taken back.
var moves = map[State][]State{
	"":                {New},
	New:               {Open, Cancelled},
	Open:              {InProgress, PendingCustomer, PendingThirdParty, PendingRMA, Resolved},
	InProgress:        {PendingCustomer, PendingThirdParty, PendingRMA, Resolved},
	PendingCustomer:   {InProgress, PendingThirdParty, PendingRMA, Resolved},
	PendingThirdParty: {InProgress, PendingCustomer, PendingRMA, Resolved},
	PendingRMA:        {InProgress, PendingCustomer, PendingThirdParty, Resolved},
	Resolved:          {InProgress, Closed}, // back to work when it is reopened
}

// CanBecome reports whether a ticket may move to next; the zero state is "no ticket yet".
// That an undone reopening leads back to RESOLVED (S45) is the same move as resolving.
func (s State) CanBecome(next State) bool { return slices.Contains(moves[s], next) }

// Valid reports whether there is such a state.
func (s State) Valid() bool { return slices.Contains(States(), s) }

// Over reports whether the ticket is at its end: nothing is answered in it any more. A
// reply to a closed ticket opens a linked new one.
func (s State) Over() bool { return s == Closed || s == Cancelled }

// Done reports whether nobody works on the ticket any more: it is resolved or over.
func (s State) Done() bool { return s == Resolved || s.Over() }

// Category is what a ticket is about.
type Category string

// The categories.
const (
	Setup    Category = "SETUP"
	Hardware Category = "HARDWARE"
	Software Category = "SOFTWARE"
	Question Category = "QUESTION"
)

// Categories lists the categories.
func Categories() []Category { return []Category{Setup, Hardware, Software, Question} }

// Valid reports whether there is such a category.
func (c Category) Valid() bool { return slices.Contains(Categories(), c) }

// Purpose returns for what the ticket's cover is asked. JumpStart covers setup alone
// (R29); a ticket about hardware is support, and only its replacement is hardware (R75,
// R125c).
func (c Category) Purpose() cover.Purpose {
	if c == Setup {
		return cover.ForSetup
	}
	return cover.ForTechnical
}

// Usable is the answer to the question from which a ticket's severity follows: can the
// room be used?
type Usable string

// The answers.
const (
	UsableNo     Usable = "NO"     // the room is down
	UsablePartly Usable = "PARTLY" // it works, but not as it should
	UsableYes    Usable = "YES"
)

// Usables lists the answers.
func Usables() []Usable { return []Usable{UsableNo, UsablePartly, UsableYes} }

// Valid reports whether there is such an answer.
func (u Usable) Valid() bool { return slices.Contains(Usables(), u) }

// SeverityOf returns the severity of a new ticket: that of the room's use, and of a
// question about a room that can be used the least.
func SeverityOf(c Category, u Usable) cover.Severity {
	switch {
	case u == UsableNo:
		return cover.Sev1
	case u == UsablePartly:
		return cover.Sev2
	case c == Question:
		return cover.Sev4
	}
	return cover.Sev3
}

// Channel is the way on which a ticket or a message came.
type Channel string

// The channels. A ticket is never born by mail (R40a): a mail adds to one that there is.
const (
	ByPortal Channel = "PORTAL"
	ByAPI    Channel = "API"
	ByMail   Channel = "MAIL"
	ByPhone  Channel = "PHONE" // entered by an agent for somebody who called
	BySync   Channel = "SYNC"
)

// Channels lists the channels.
func Channels() []Channel { return []Channel{ByPortal, ByAPI, ByMail, ByPhone, BySync} }

// Valid reports whether there is such a channel.
func (c Channel) Valid() bool { return slices.Contains(Channels(), c) }

// Opens reports whether a ticket may be born on the channel (R40a).
func (c Channel) Opens() bool { return c.Valid() && c != ByMail }

// AuthorKind is who wrote a message.
type AuthorKind string

// The kinds of authors.
const (
	FromCustomer AuthorKind = "CUSTOMER"
	FromPartner  AuthorKind = "PARTNER"
	FromTSP      AuthorKind = "TSP"
	FromAgent    AuthorKind = "AGENT"
	FromSystem   AuthorKind = "SYSTEM_AUTO"
)

// AuthorOf returns as what somebody with a role writes.
func AuthorOf(role rules.Role) AuthorKind {
	switch role {
	case rules.CustomerAdmin, rules.CustomerReadOnly:
		return FromCustomer
	case rules.PartnerAdmin, rules.PartnerReadOnly:
		return FromPartner
	}
	if role.IsOperator() {
		return FromAgent
	}
	return FromSystem
}

// IsOurs reports whether the author is a person on our side: only their public texts meet
// a clock (S40).
func (a AuthorKind) IsOurs() bool { return a == FromAgent }

// Turn is for whom a ticket waits.
type Turn string

// The turns.
const (
	TurnUs         Turn = "US"
	TurnCustomer   Turn = "CUSTOMER"
	TurnThirdParty Turn = "THIRD_PARTY"
	TurnCarrier    Turn = "CARRIER"
	TurnNobody     Turn = "NOBODY"
)

// Turns lists the turns.
func Turns() []Turn {
	return []Turn{TurnUs, TurnCustomer, TurnThirdParty, TurnCarrier, TurnNobody}
}

// TurnOf returns for whom a ticket waits. A ticket that waits for a replacement waits for
// the carrier once the carrier is to bring it, and for us until then.
func TurnOf(s State, shipped bool) Turn {
	switch s {
	case PendingCustomer:
		return TurnCustomer
	case PendingThirdParty:
		return TurnThirdParty
	case PendingRMA:
		if shipped {
			return TurnCarrier
		}
	case Resolved, Closed, Cancelled:
		return TurnNobody
	}
	return TurnUs
}
