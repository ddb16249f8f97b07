// Package logistics holds depots, their stock, shipments with their scans, carriers' events,
// and the papers of parcels. It knows what a parcel is for by id alone.
package logistics

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
)

// Logistics reads and changes stock, shipments and carriers' events.
// It is safe for concurrent use.
type Logistics struct {
	db       *db.DB
	programs *program.Programs

	// Carrier is the name of the carrier at which the service books parcels by itself;
	// empty: people hand them in.
	Carrier string

	shipmentOwners map[string]shipmentOwner // by the prefix of their ids; see RegisterOwner
}

// New returns the domain on a database, with the domains below that it uses.
func New(
	database *db.DB,
	programs *program.Programs,
) *Logistics {
	return &Logistics{
		db:       database,
		programs: programs,
	}
}

// Entities lists the entities of stock and shipments: one for each table.
func Entities() []any {
	return []any{
		Depot{},
		StockLevel{},
		StockEntry{},
		Shipment{},
		ShipmentScan{},
		ShipmentLabel{},
		CarrierEvent{},
	}
}
