// Package replacement holds RMAs and spare units, from the request to the return, and the
// ledger of the spares that customers earn.
package replacement

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/program"
)

// Replacements reads and changes RMAs, spare units and the ledger of spares.
// It is safe for concurrent use.
type Replacements struct {
	db        *db.DB
	programs  *program.Programs
	logistics *logistics.Logistics
	tickets   ticketOwner // nil: nobody follows RMAs; see RegisterTickets
}

// New returns the domain on a database, with the domains below that it uses.
func New(
	database *db.DB,
	programs *program.Programs,
	logistics *logistics.Logistics,
) *Replacements {
	return &Replacements{
		db:        database,
		programs:  programs,
		logistics: logistics,
	}
}

// Entities lists the entities of replacements and spares: one for each table.
func Entities() []any {
	return []any{
		RMA{},
		SpareUnit{},
		SpareLine{},
	}
}
