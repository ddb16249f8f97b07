package models

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// SpareUnit is one spare that a customer's parent has earned, on loan from the
// operator (S26). It is earned once, by a line of the ledger, and lives on through
// uses and replenishments. AccountID and SiteID are nil until a CSM has named the
// site; until then only the service and its operators see it. No person's name
// stands in it.
type SpareUnit struct {
	ID          string
	ParentOrgID string
	LineID      string // of the ledger: what earned it
	Ordinal     int    // from 1, within the line
	AccountID   *string
	SiteID      *string
	ModelCode   string  // empty: not chosen
	Serial      string  // of the unit that is on site, on its way or was there last; normalised
	DeviceID    *string // that unit as a device
	RMAID       *string `gorm:"column:rma_id"` // the RMA that used it last
	DepotID     *string // where its stock was taken from
	Parcels     int     // sent to the site and declared lost or used up; names the next one
	Recalls     int     // requested; names the parcel back
	Carrier     string  // of the parcel to the site
	Tracking    string

	rules.SpareFacts

	StateSince time.Time
	ClosedAt   *time.Time
	NextTimer  rules.SpareTimerKind // empty: none
	NextAt     *time.Time
	LastError  string
	CreatedAt  time.Time
	Version    int64
}
