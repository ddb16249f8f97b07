// Package program holds the slow-moving data that everything is held against: the program
// and its catalogue (R1), product models, countries' terms, calendars with their holidays,
// and the promises that follow from them.
package program

import (
	"roomcover.dev/roomcover/models/db"
)

// Programs reads and changes the program and its reference data.
// It is safe for concurrent use.
type Programs struct {
	db *db.DB
	caches
}

// New returns the domain on a database, with the domains below that it uses.
func New(
	database *db.DB,
) *Programs {
	return &Programs{
		db: database,
	}
}
