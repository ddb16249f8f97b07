package models

import "time"

// CSM is a customer success manager, one of the operator's people whom customers
// turn to (R35e).
type CSM struct {
	ID        string
	Name      string
	Email     string // normalised, unique
	Phone     string // may be empty
	Active    bool   // false: has left; its accounts wait for another
	CreatedAt time.Time
	Version   int64
}

// TableName is the table of managers.
func (CSM) TableName() string { return "csms" }
