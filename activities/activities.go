// Package activities is where workflows touch the world: one file per topic.
//
// An activity either succeeds, fails for now (it is tried again), or is refused
// for good: an ApplicationError of type ErrorRefused. What it takes and returns
// stands in workflow histories, so it carries ids, counts, codes and calendar
// instants, never names, addresses or e-mails. Every activity may run again
// after it succeeded, and then changes nothing.
package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// ErrorRefused is the type of an error that trying again cannot mend: a rule
// refused, and its code is the message.
const ErrorRefused = "REFUSED"

// errTooEarly says that this machine's clock is behind the one that fired the
// timer: the step is tried again in a moment.
var errTooEarly = errors.New("the calendar here has not reached the instant yet")

// ErrorPanic is the type of a step's panic: it is not tried again.
const ErrorPanic = "PanicError"

// failed turns a rule's refusal into an error that is not tried again, and
// keeps every other one.
func failed(err error) error {
	var refusal *rules.Error
	if errors.As(err, &refusal) {
		return temporal.NewNonRetryableApplicationError(refusal.Code, ErrorRefused, nil)
	}
	return err
}

// system is the context of the service's own work.
func system(ctx context.Context) context.Context { return db.WithSystem(ctx) }

// OrderStatus is what the workflow of an order has to wait for next.
type OrderStatus struct {
	// Review is set while an operator has to decide.
	Review *ReviewPlan `json:",omitempty"`
	// CancellableUntil is the exclusive end of the window (R90).
	CancellableUntil time.Time
	// Closed: rejected or cancelled; nothing is left to wait for.
	Closed bool `json:",omitempty"`
	// Cancellations are those whose compensation has not come to its end.
	Cancellations []string `json:",omitempty"`
}

// ReviewPlan are the instants of a review.
type ReviewPlan struct {
	Reminders []time.Time
	Until     time.Time
}

// ReviewReminder asks for the n-th reminder (from 1) of an order's review.
type ReviewReminder struct {
	OrderID string
	N       int
	Next    time.Time // when the workflow wakes after it; zero: an earlier release asks
}

// Compensation reports whether the order is cancelled as a whole.
type Compensation struct {
	Closed bool
}

// InvitationReminder asks for a reminder, days after the issue.
type InvitationReminder struct {
	InvitationID string
	Day          int
	Next         time.Time // when the workflow wakes after it; zero: an earlier release asks
}

// InvitationStatus reports whether anybody can still accept the invitation.
type InvitationStatus struct {
	Live bool
}

// SendMails names a subject, for all its queued mails, or one mail.
type SendMails struct {
	Key string
}

// GiveUpMails names the mails that are no longer tried, and why: those of the key that were
// queued before an instant, all of them where it is zero, as an earlier release asks.
type GiveUpMails struct {
	Key          string
	Reason       string
	QueuedBefore time.Time
}

// MailsSent counts how mails ended.
type MailsSent struct {
	Sent    int
	Refused int `json:",omitempty"`
	Unknown int `json:",omitempty"`
}

// ImportCount counts a job's rows.
type ImportCount struct {
	Rows, Stored, Unchanged, Refused int
}

// Sweep counts what the daily sweep changed.
type Sweep struct {
	Started, Expired, Reminded int
}

// Stuck says what needs a person.
type Stuck struct {
	SubjectID string
	Step      string
	Reason    string
}
