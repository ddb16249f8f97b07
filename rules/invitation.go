package rules

import (
	"slices"
	"time"

	"cloud.google.com/go/civil"
)

// invitationReminderHour is the local hour at which reminders go out.
const invitationReminderHour = 9

// Reminder is one mail about a pending invitation: Day days after its issue, at
// the UTC instant At.
type Reminder struct {
	Day int       `json:"day"`
	At  time.Time `json:"at"`
}

// InvitationExpiry returns the exclusive end of an invitation: it is valid through
// the end of local day issue+days (R121, V17).
func InvitationExpiry(issued time.Time, days int, loc *time.Location) time.Time {
	return AllowedUntil(DateIn(issued, loc), days, loc)
}

// InvitationReminders returns the reminders of an invitation at 09:00 local time
// on the days after its issue, by default 7, 21 and 28. Those after the expiry have
// to be left out; see RemindersAhead.
func InvitationReminders(issued time.Time, days []int, loc *time.Location) []Reminder {
	day := DateIn(issued, loc)
	var reminders []Reminder
	for _, n := range days {
		at := civil.DateTime{Date: day.AddDays(n), Time: civil.Time{Hour: invitationReminderHour}}
		reminders = append(reminders, Reminder{Day: n, At: at.In(loc).UTC()})
	}
	return reminders
}

// RemindersAhead returns the reminders that are still to come at now and fall
// before the expiry.
func RemindersAhead(issued, expires, now time.Time, days []int, loc *time.Location) []Reminder {
	var ahead []Reminder
	for _, r := range InvitationReminders(issued, days, loc) {
		if r.At.After(now) && r.At.Before(expires) {
			ahead = append(ahead, r)
		}
	}
	return ahead
}

// NextOfInvitation returns the instant at which an invitation has something done next, given
// the reminders that are still to come.
func NextOfInvitation(ahead []Reminder, expires time.Time) time.Time {
	if len(ahead) > 0 {
		return ahead[0].At
	}
	return expires
}

// KeepPendingInvitation reports whether a pending invitation is still valid for so many days that
// it is kept when the same person orders again (S15, by default 7); otherwise it is superseded
// by a fresh one. Days are calendar days in now's location: pass now in the account's zone to
// be exact across a change of daylight saving time.
func KeepPendingInvitation(now, expires time.Time, days int) bool {
	return !now.AddDate(0, 0, days).After(expires)
}

// ContactAnswerDays is how many days the administrators have to say whether the person
// whom an order names may come in; then an operator decides (S15).
const ContactAnswerDays = 7

// ContactStanding is how an account knows the person whom an order names (S15).
type ContactStanding string

// The standings of a contact, from the best known to the unknown.
const (
	ContactOpensAccount ContactStanding = "OPENS_ACCOUNT" // the order opens the account
	ContactIsMember     ContactStanding = "MEMBER"        // active, in whatever role
	ContactIsInvited    ContactStanding = "INVITED"       // an invitation is pending
	// named by the order that opened the account, who never came in
	ContactOpenedAccount ContactStanding = "OPENED_ACCOUNT"
	// somebody else, of a mail domain by which the account is known
	ContactIsColleague ContactStanding = "COLLEAGUE"
	ContactIsUnknown   ContactStanding = "UNKNOWN"
)

// ContactFacts is what StandingOf needs to know about an account and an address.
type ContactFacts struct {
	NewAccount    bool     // the order opens the account
	Member        bool     // the address is an active member's
	Invited       bool     // an invitation to the address is pending and has not expired
	OpenedAccount bool     // see ContactOpenedAccount
	Domain        string   // of the address
	AdminDomains  []string // of the account's active administrators
	KnownDomains  []string // that an operator recorded for the account
}

// StandingOf judges the person whom an order names (S15). Anyone may know a company's name
// and address: a person is a colleague only where there is an administrator to ask.
func StandingOf(f ContactFacts) ContactStanding {
	known := slices.Concat(f.AdminDomains, f.KnownDomains)
	sameDomain := func(d string) bool { return SameMailDomain(d, f.Domain) }
	switch {
	case f.NewAccount:
		return ContactOpensAccount
	case f.Member:
		return ContactIsMember
	case f.Invited:
		return ContactIsInvited
	case f.OpenedAccount && len(f.AdminDomains) == 0: // an administrator would be asked
		return ContactOpenedAccount
	case len(f.AdminDomains) > 0 && slices.ContainsFunc(known, sameDomain):
		return ContactIsColleague
	default:
		return ContactIsUnknown
	}
}

// InviteAs is what an operator decided about the person whom an order names: the role of
// the invitation, that there is none, or, empty, nothing.
type InviteAs string

// The decisions about an order's contact; the roles are those of a member.
const (
	InviteAsAdmin    InviteAs = "ADMIN"
	InviteAsReadOnly InviteAs = "READ_ONLY"
	InviteAsNobody   InviteAs = "NONE"
)

// Known reports whether an operator may decide so.
func (a InviteAs) Known() bool {
	return a == InviteAsAdmin || a == InviteAsReadOnly || a == InviteAsNobody
}

// InvitationAction is what fulfilment does about the invitation of an order.
type InvitationAction string

// The answers of DecideInvitation (S15).
const (
	InviteNone InvitationAction = "NONE" // confirmation only
	InviteKeep InvitationAction = "KEEP" // the pending one stays
	// a fresh one replaces the pending one
	InviteSupersede InvitationAction = "SUPERSEDE"
	InviteIssue     InvitationAction = "ISSUE"
	// by an operator's decision: the administrators are told
	InviteIssueWithNotice InvitationAction = "ISSUE_WITH_NOTICE"
	InviteAsk             InvitationAction = "ASK" // the administrators decide
	// nothing is fulfilled before an operator decides
	InviteReview InvitationAction = "REVIEW"
)

// LetsIn reports whether somebody gets into the account by it without anybody else's decision.
func (a InvitationAction) LetsIn() bool {
	return a == InviteSupersede || a == InviteIssue || a == InviteIssueWithNotice
}

// InvitationFacts is what DecideInvitation needs to know.
type InvitationFacts struct {
	Standing       ContactStanding
	Decided        InviteAs  // by an operator, who looked at this order; empty otherwise
	PendingRole    InviteAs  // of the pending invitation, if the contact is invited
	PendingExpires time.Time // its expiry, if the contact is invited
}

// DecideInvitation decides what happens when an order names a person (S15); keepDays is
// how long a pending invitation must still be valid to be kept.
func DecideInvitation(f InvitationFacts, now time.Time, keepDays int) InvitationAction {
	switch {
	case f.Decided == InviteAsNobody, f.Standing == ContactIsMember:
		return InviteNone
	case f.Standing == ContactIsInvited:
		another := f.Decided != "" && f.Decided != f.PendingRole
		if !another && KeepPendingInvitation(now, f.PendingExpires, keepDays) {
			return InviteKeep
		}
		return InviteSupersede
	case f.Standing == ContactOpensAccount, f.Standing == ContactOpenedAccount:
		return InviteIssue
	case f.Decided != "":
		return InviteIssueWithNotice
	case f.Standing == ContactIsColleague:
		return InviteAsk
	default:
		return InviteReview
	}
}
