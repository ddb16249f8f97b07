// Package notification queues mails with the facts that they report, hands each of them
// to one sender, and records what became of them (C7).
package notification

import (
	"roomcover.dev/roomcover/models/db"
)

// Notifications queues mails and records what became of them.
// It is safe for concurrent use.
type Notifications struct {
	db *db.DB

	mails mailRules // see OnBounce and OnResend
}

// New returns the domain on a database, with the domains below that it uses.
func New(
	database *db.DB,
) *Notifications {
	return &Notifications{
		db: database,
	}
}
