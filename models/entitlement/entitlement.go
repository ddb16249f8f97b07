// Package entitlement holds what a customer is entitled to: contracts and licences, rooms
// and devices, where devices stand, which licence covers which room, and the cover that
// follows from it all.
package entitlement

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/program"
)

// Entitlements reads and changes contracts, licences, rooms and devices.
// It is safe for concurrent use.
type Entitlements struct {
	db       *db.DB
	programs *program.Programs
	jobs     *importjob.Jobs
	people   *identity.People
}

// New returns the domain on a database, with the domains below that it uses.
func New(
	database *db.DB,
	programs *program.Programs,
	jobs *importjob.Jobs,
	people *identity.People,
) *Entitlements {
	return &Entitlements{
		db:       database,
		programs: programs,
		jobs:     jobs,
		people:   people,
	}
}

// Entities lists the entities of contracts, rooms and devices: one for each table.
func Entities() []any {
	return []any{
		ServiceContract{},
		Licence{},
		Room{},
		Device{},
		DeviceClaim{},
		DevicePlacement{},
		LicenceAssignment{},
		selectCount{},
	}
}
