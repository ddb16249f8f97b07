package identity

import (
	"context"
	_ "embed"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// WaitingKind says whose answer or look something waits for.
type WaitingKind string

// What waits: an invitation of the person; a partner that asks the account, or soon acts for it no
// more; a customer that asks the partner whose people the account has, or soon lets it act no more.
const (
	WaitingInvitation WaitingKind = "INVITATION"
	WaitingPartner    WaitingKind = "PARTNER"
	WaitingCustomer   WaitingKind = "CUSTOMER"
)

// Waiting is an invitation or a request for delegation that can be answered now, or a delegation
// that ends soon.
type Waiting struct {
	Kind     WaitingKind
	ID       string // of the invitation or the delegation
	Other    string // the name of who asks
	Role     MemberRole
	State    string
	Until    time.Time // until when it can be answered; exclusive
	StartsAt *time.Time
	EndsAt   *time.Time // of a delegation that was accepted; exclusive
	Zone     string
}

// Ends reports whether it is a delegation that comes to its end, rather than a request.
func (w Waiting) Ends() bool { return w.State == string(DelegationActive) }

// soonOver is how long before its end a delegation stands among what waits: with the second of the
// reminders (S51).
const soonOver = 7 * 24 * time.Hour

// mostWaiting bounds what is read: a partner may have hundreds of customers.
const mostWaiting = 60

//go:embed waiting.sql
var waitingSQL string

// WaitingFor lists what waits for the person of an address, in one statement: the invitations
// to other accounts, and, where accountID names an account in scope, the delegations of that
// account that wait for an answer of its side or end within days. An account out of scope answers
// NOT_FOUND; an empty one has none. The names are of those who turned to this side: what a partner
// asked for itself is not among them (R41c).
func (s *People) WaitingFor(ctx context.Context, email, accountID string) ([]Waiting, error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return nil, err
	}
	if accountID != "" && !scope.Sees(accountID) {
		return nil, db.NotFound()
	}

	var found, out []Waiting
	err = s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		found, out = nil, nil
		err := tx.Raw(waitingSQL, map[string]any{
			"account": accountID,
			"email":   email,
			"live":    liveInvitations,
			"now":     tx.Now(),
			"soon":    tx.Now().Add(soonOver),
			"most":    mostWaiting,
		}).Scan(&found).Error
		for _, w := range found {
			if w.Ends() && rules.DelegationReminder(*w.StartsAt, *w.EndsAt, tx.Now()) == 0 {
				continue // it was never meant to last for longer
			}
			out = append(out, w)
		}
		return err
	})
	return out, err
}
