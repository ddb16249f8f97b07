package rules

import (
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

// KeepPendingInvitation reports whether a pending invitation is still valid for so many days that
// it is kept when the same person orders again (S15, by default 7); otherwise it is superseded
// by a fresh one. Days are calendar days in now's location: pass now in the account's zone to
// be exact across a change of daylight saving time.
func KeepPendingInvitation(now, expires time.Time, days int) bool {
	return !now.AddDate(0, 0, days).After(expires)
}

// InvitationAction is what fulfilment does about the invitation of an order.
type InvitationAction string

// The answers of DecideInvitation (S15).
const (
	// an active admin: confirmation only
	InviteNone InvitationAction = "NONE"
	InviteKeep InvitationAction = "KEEP" // the pending one stays
	// a fresh one replaces the pending one
	InviteSupersede InvitationAction = "SUPERSEDE"
	InviteIssue     InvitationAction = "ISSUE" // the first one of the account
	// a further admin: current admins are told first
	InviteIssueWithNotice InvitationAction = "ISSUE_WITH_NOTICE"
)

// InvitationFacts is what DecideInvitation needs to know about the account and
// the e-mail address of the order.
type InvitationFacts struct {
	ActiveAdmin    bool      // the address belongs to an active admin of the account
	Pending        bool      // a live invitation to the address exists
	PendingExpires time.Time // its expiry, if Pending
	OtherAdmins    bool      // the account has active admins
}

// DecideInvitation decides what happens when an order names a person (S15); keepDays is
// how long a pending invitation must still be valid to be kept.
func DecideInvitation(f InvitationFacts, now time.Time, keepDays int) InvitationAction {
	switch {
	case f.ActiveAdmin:
		return InviteNone
	case f.Pending && KeepPendingInvitation(now, f.PendingExpires, keepDays):
		return InviteKeep
	case f.Pending:
		return InviteSupersede
	case f.OtherAdmins:
		return InviteIssueWithNotice
	default:
		return InviteIssue
	}
}
