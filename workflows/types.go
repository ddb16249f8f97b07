// Package workflows holds the long processes: one file per process, no I/O.
//
// Inputs, results, ids, summaries and details carry ids, codes, counts and instants,
// never names, addresses or e-mails. All instants are calendar time; the clock
// that a workflow is registered with maps them to the timers' real time.
package workflows

import (
	"slices"
	"time"
)

// The names under which workflows are registered. They are part of every
// history: never change one.
const (
	OrderName      = "Order"
	InvitationName = "Invitation"
	MailName       = "Mail"
	ImportName     = "Import"
	SweepName      = "DailySweep"
	RMAName        = "RMA"
	SpareName      = "Spare"
	TicketName     = "Ticket"
)

// The signals: facts that the relay passes on from the outbox.
const (
	SignalDecided   = "decided"
	SignalCancelled = "cancelled"
	SignalClosed    = "closed"
	SignalRetry     = "retry"
	SignalChanged   = "changed"
)

// The task queues: one slow dependency cannot take the slots of the others.
const (
	QueueMain    = "roomcover"
	QueueMail    = "roomcover-mail"
	QueueImport  = "roomcover-import"
	QueueCarrier = "roomcover-carrier"
)

// OrderInput names the order; everything else is read from its row.
type OrderInput struct {
	OrderID string
}

// CancellationSignal names a cancellation that the API has committed.
type CancellationSignal struct {
	CancellationID string
}

// InvitationInput is an invitation and its instants, fixed when it was issued.
type InvitationInput struct {
	InvitationID string
	ExpiresAt    time.Time
	Reminders    []InvitationReminder
}

// InvitationReminder is a reminder, days after the issue.
type InvitationReminder struct {
	Day int
	At  time.Time
}

// MailInput names one notification.
type MailInput struct {
	NotificationID string
}

// ImportInput names an import job.
type ImportInput struct {
	JobID string
}

// SortReminders puts the reminders in the order of their instants.
func (in InvitationInput) SortReminders() {
	slices.SortFunc(in.Reminders, func(a, b InvitationReminder) int { return a.At.Compare(b.At) })
}
