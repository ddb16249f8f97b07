// Package warranty holds extended warranties: attached to devices by serial, imported from
// before, and claimed by customers (R111).
package warranty

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
)

// Warranties reads and changes extended warranties.
// It is safe for concurrent use.
type Warranties struct {
	db       *db.DB
	programs *program.Programs
}

// New returns the domain on a database, with the domains below that it uses.
func New(
	database *db.DB,
	programs *program.Programs,
) *Warranties {
	return &Warranties{
		db:       database,
		programs: programs,
	}
}

// Entities lists the entities of warranties: one for each table.
func Entities() []any {
	return []any{
		WarrantyAttachment{},
		EarlierWarranty{},
	}
}
