package models

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// SpareLine is one line of a parent's ledger of spares: the sum of the deltas is
// what it is entitled to (R81a). Lines are added, never changed. SourceID is the
// order, cancellation, contract or other parent that caused it; an order, a
// cancellation or an expired contract writes at most one line of a parent.
type SpareLine struct {
	ID          string
	ParentOrgID string
	Seq         int64 // from 1, without gaps
	Delta       int
	Cause       rules.SpareCause
	SourceID    string
	Licences    int64 // in force after the change (R81c)
	CreatedAt   time.Time
}

// TableName is the table of the ledger.
func (SpareLine) TableName() string { return "spare_ledger" }

// Spares is what a parent has earned. Licences are those in force over all its
// accounts; a customer is not told (R82b).
type Spares struct {
	ParentOrgID string
	Name        string
	MergedInto  string // the parent that took over, or ""
	Entitled    int
	Licences    int
}
