package models

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// StockLevel is the stock of a model at a depot: the sum of its entries.
type StockLevel struct {
	DepotID   string `gorm:"primaryKey"`
	ModelCode string `gorm:"primaryKey"`
	OnHand    int
	Reserved  int
	UpdatedAt time.Time
}

// Level is the level as the rules know it.
func (l StockLevel) Level() rules.StockLevel {
	return rules.StockLevel{OnHand: l.OnHand, Reserved: l.Reserved}
}

// StockEntry is one line of the ledger. CauseKey is unique: a cause makes one
// entry. ClosesID names the reservation that a release or shipment closes, each
// once.
type StockEntry struct {
	ID            string
	DepotID       string
	ModelCode     string
	Kind          rules.StockKind
	Quantity      int
	OnHandDelta   int
	ReservedDelta int
	CauseKey      string
	SubjectID     string // RMA or spare unit; empty for receipts and adjustments
	ClosesID      *string
	Reason        string
	EnteredBy     string
	CreatedAt     time.Time
}

const prefixStock = "stk"
