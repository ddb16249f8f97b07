// Package account holds organisations, customers' accounts with their sites, the parents
// that accounts share, and customer success managers.
package account

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
)

// Accounts reads and changes organisations, accounts, sites and parents.
// It is safe for concurrent use.
type Accounts struct {
	db       *db.DB
	programs *program.Programs
}

// New returns the domain on a database, with the domains below that it uses.
func New(
	database *db.DB,
	programs *program.Programs,
) *Accounts {
	return &Accounts{
		db:       database,
		programs: programs,
	}
}
