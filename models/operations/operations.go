// Package operations is what operators see across domains: processes, the agenda, the
// actions of tasks, retries, the daily sweep, and parents that are merged or split.
package operations

import (
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/models/warranty"
)

// Operations answers what operators ask across domains, and acts on it.
// It is safe for concurrent use.
type Operations struct {
	db            *db.DB
	programs      *program.Programs
	notifications *notification.Notifications
	accounts      *account.Accounts
	people        *identity.People
	entitlements  *entitlement.Entitlements
	warranties    *warranty.Warranties
	replacements  *replacement.Replacements
	tickets       *ticket.Tickets
	orders        *order.Orders

	sums    recent[[]ProcessSum]
	zones   recent[[]string]
	totals  recent[agendaTotals]
	loads   recent[[]DayLoad]
	numbers recent[Numbers]
}

// New returns the domain on a database, with the domains below that it uses.
func New(
	database *db.DB,
	programs *program.Programs,
	notifications *notification.Notifications,
	accounts *account.Accounts,
	people *identity.People,
	entitlements *entitlement.Entitlements,
	warranties *warranty.Warranties,
	replacements *replacement.Replacements,
	tickets *ticket.Tickets,
	orders *order.Orders,
) *Operations {
	return &Operations{
		db:            database,
		programs:      programs,
		notifications: notifications,
		accounts:      accounts,
		people:        people,
		entitlements:  entitlements,
		warranties:    warranties,
		replacements:  replacements,
		tickets:       tickets,
		orders:        orders,
	}
}
