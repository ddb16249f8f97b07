// Package order holds the life of an order: intake, review, fulfilment and cancellation.
// What it orders lives on in entitlement, its mails in notification.
package order

import (
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
)

// Orders reads and changes orders.
// It is safe for concurrent use.
type Orders struct {
	db           *db.DB
	programs     *program.Programs
	accounts     *account.Accounts
	people       *identity.People
	replacements *replacement.Replacements
}

// New returns the domain on a database, with the domains below that it uses.
func New(
	database *db.DB,
	programs *program.Programs,
	accounts *account.Accounts,
	people *identity.People,
	replacements *replacement.Replacements,
) *Orders {
	return &Orders{
		db:           database,
		programs:     programs,
		accounts:     accounts,
		people:       people,
		replacements: replacements,
	}
}

// Entities lists the entities of orders: one for each table.
func Entities() []any {
	return []any{
		Order{},
		OrderLine{},
		OrderRefusal{},
		OrderCancellation{},
	}
}
