package ticket

import (
	"slices"
	"time"

	"roomcover.dev/roomcover/rules"
)

// Command is what somebody does with a ticket.
type Command string

// The commands.
const (
	DoOpen         Command = "open"
	DoComment      Command = "comment" // a public text of the customer's side
	DoWatch        Command = "watch"   // oneself or a colleague, or not any more
	DoAskSeverity  Command = "worse"   // the customer says that it is worse; an agent decides
	DoAnswer       Command = "answer"  // a public text of ours
	DoNote         Command = "note"    // internal
	DoAssign       Command = "assign"  // to oneself, somebody else or a team
	DoSetSeverity  Command = "set_severity"
	DoLink         Command = "link_duplicate"
	DoWaitCustomer Command = "wait_for_customer"
	DoWaitOther    Command = "wait_for_third_party"
	DoWaitRMA      Command = "wait_for_replacement"
	DoResume       Command = "resume"
	DoResolve      Command = "resolve"
	DoReopen       Command = "reopen"
	DoUndoReopen   Command = "undo_reopening"
	DoCancel       Command = "cancel"
)

// Commands lists the commands.
func Commands() []Command {
	return []Command{
		DoOpen, DoComment, DoWatch, DoAskSeverity, DoAnswer, DoNote, DoAssign, DoSetSeverity,
		DoLink, DoWaitCustomer, DoWaitOther, DoWaitRMA, DoResume, DoResolve, DoReopen,
		DoUndoReopen, DoCancel,
	}
}

// Codes of refusals about tickets.
const (
	// TicketClosed: what would be said here opens a new ticket that follows this one.
	TicketClosed  = "TICKET_CLOSED"
	ReopenLimit   = "REOPEN_LIMIT"   // by mail at most three times a day (S45)
	NotReopened   = "NOT_REOPENED"   // there is no reopening to undo (S45)
	SameSeverity  = "SAME_SEVERITY"  // it has this severity already
	SeverityRange = "SEVERITY_RANGE" // there is no such severity
)

// Facts are what the guards ask of a ticket.
type Facts struct {
	State State
	// ReopenedAt is when it was reopened, nil where it was not since it was last resolved.
	ReopenedAt *time.Time
}

type side int

// The sides of a ticket, of which a command may belong to one.
const (
	eitherSide side = iota
	theirSide
	ourSide
)

// guard says who may give a command, and in which states.
type guard struct {
	side   side
	reader bool // a member who may only read gives it too (R42, R55a)
	states []State
	leads  State // where it leads; "" where the state stays, or depends on it
}

// notOver are the states in which something can still be said.
var notOver = append([]State{New, Resolved}, working...)

// unresolved are the states before RESOLVED.
var unresolved = append([]State{New}, working...)

// guards say who may give a command and in which state (RULES 2, RULES 4).
var guards = map[Command]guard{
	DoOpen:        {reader: true, states: []State{""}, leads: New},
	DoComment:     {side: theirSide, reader: true, states: notOver},
	DoWatch:       {states: States()},
	DoAskSeverity: {side: theirSide, states: unresolved},
	DoAnswer:      {side: ourSide, states: notOver},
	DoNote:        {side: ourSide, states: States()},
	DoAssign:      {side: ourSide, states: notOver},
	DoSetSeverity: {side: ourSide, states: unresolved},
	DoLink:        {side: ourSide, states: States()},
	// Another question to a customer who is waited for begins the wait again.
	DoWaitCustomer: {
		side:   ourSide,
		states: []State{Open, InProgress, PendingCustomer, PendingThirdParty, PendingRMA},
		leads:  PendingCustomer,
	},
	DoWaitOther: {
		side:   ourSide,
		states: []State{Open, InProgress, PendingCustomer, PendingRMA},
		leads:  PendingThirdParty,
	},
	DoWaitRMA: {
		side:   ourSide,
		states: []State{Open, InProgress, PendingCustomer, PendingThirdParty},
		leads:  PendingRMA,
	},
	DoResume: {
		side:   ourSide,
		states: []State{Open, PendingCustomer, PendingThirdParty, PendingRMA},
		leads:  InProgress,
	},
	DoResolve:    {states: working, leads: Resolved},
	DoReopen:     {states: []State{Resolved}, leads: InProgress},
	DoUndoReopen: {side: ourSide, states: working, leads: Resolved},
	DoCancel:     {states: []State{New}, leads: Cancelled},
}

// Leads returns the state to which a command leads; ok is false where the state stays, or
// depends on the state before it: see AfterAnswer and AfterComment.
func (c Command) Leads() (next State, ok bool) {
	next = guards[c].leads
	return next, next != ""
}

// MayGive decides whether a role may ever give a command to a ticket, whatever its state:
// it is asked also where the command was done before. Whether the ticket is one of the
// caller's own is not asked here (C5). It refuses with FORBIDDEN.
func MayGive(c Command, role rules.Role) error {
	if g, ok := guards[c]; ok && g.permits(role) {
		return nil
	}
	return rules.Refuse(rules.Forbidden, "Your role may not do this with a ticket.",
		"Ask somebody who may: an administrator of the account, or an agent.")
}

func (g guard) permits(role rules.Role) bool {
	grant := rules.Allows(role, rules.UseTickets)
	if !grant.Allowed() || grant == rules.GrantViewOnly {
		return false
	}
	if role == rules.CustomerReadOnly && !g.reader {
		return false
	}

	switch g.side {
	case theirSide:
		return !role.IsOperator()
	case ourSide:
		return role.IsOperator()
	}
	return true
}

// May decides who may give a command to a ticket and when. Errors in this order:
// FORBIDDEN, TICKET_CLOSED, STATE_CONFLICT, NOT_REOPENED. What the command itself says,
// such as a reason, is checked elsewhere.
func May(c Command, role rules.Role, f Facts) error {
	if err := MayGive(c, role); err != nil {
		return err
	}

	switch {
	case slices.Contains(guards[c].states, f.State):
	case f.State.Over() && (c == DoComment || c == DoAnswer || c == DoReopen):
		return rules.Refuse(TicketClosed, "The ticket is closed.",
			"Open a new ticket; it can name this one as the one that it follows.")
	default:
		return rules.Move(f.State, "")
	}

	if c == DoUndoReopen && f.ReopenedAt == nil {
		return rules.Refuse(NotReopened, "The ticket was not reopened.",
			"Resolve it, if there is nothing left to do.")
	}
	return nil
}

// AfterAnswer returns the state of a ticket after a public text of a person on our side:
// the first one opens it.
func AfterAnswer(s State) State {
	if s == New {
		return Open
	}
	return s
}

// AfterComment returns the state of a ticket after a public text of the customer's side,
// and whether it is reopened by it. Who only says thanks reopens nothing (S45).
func AfterComment(s State, thanks bool) (next State, reopened bool) {
	switch {
	case s == PendingCustomer:
		return InProgress, false
	case s == Resolved && !thanks:
		return InProgress, true
	}
	return s, false
}

// reopeningsByMail is how often a day a ticket is reopened by mail (S45).
const reopeningsByMail = 3

// MayReopenByMail decides whether a mail may reopen a ticket that mails reopened before at
// the instants given. A day is one of the account's zone. It refuses with REOPEN_LIMIT.
func MayReopenByMail(before []time.Time, now time.Time, zone *time.Location) error {
	today, n := rules.DateIn(now, zone), 0
	for _, at := range before {
		if rules.DateIn(at, zone) == today {
			n++
		}
	}

	if n < reopeningsByMail {
		return nil
	}
	return rules.Refuse(ReopenLimit, "The ticket was reopened by mail three times today.",
		"Open the ticket in the portal and reopen it there.")
}

// CheckSeverity decides whether a severity may be changed to another. It refuses with
// SEVERITY_RANGE and SAME_SEVERITY.
func CheckSeverity(from, to int) error {
	switch {
	case to < 1 || to > 4:
		return rules.Refuse(SeverityRange, "There is no such severity.",
			"Send 1 for a room that is down, 2 for one that works in part, 3 or 4.")
	case from == to:
		e := rules.Refuse(SameSeverity, "The ticket has this severity already.",
			"Say what is left to say with an answer or a note.")
		e.Fields = []rules.FieldError{{
			Pointer: "/severity",
			Code:    SameSeverity,
			Message: e.Message,
			Remedy:  e.Remedy,
		}}
		return e
	}
	return nil
}
