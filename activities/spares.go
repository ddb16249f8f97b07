package activities

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
)

// Spares are the steps of a spare unit.
type Spares struct {
	DB           *db.DB
	Replacements *replacement.Replacements
}

// SpareTimer names a timer that has fired; a zero At asks what there is to do.
type SpareTimer struct {
	SpareUnitID string
	At          time.Time `json:",omitzero"`
}

// RunSpareTimers does what is due for a spare unit, and returns what is next.
func (a *Spares) RunSpareTimers(ctx context.Context, in SpareTimer) (Status, error) {
	if a.DB.Clock().Now().Before(in.At) {
		return Status{}, errTooEarly
	}
	st, err := a.Replacements.RunSpareTimers(system(ctx), in.SpareUnitID)
	return StatusOf(st), failed(err)
}
