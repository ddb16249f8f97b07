package activities

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
)

// RMAs are the steps of an RMA.
type RMAs struct {
	DB           *db.DB
	Replacements *replacement.Replacements
}

// RMATimer names a timer that has fired; a zero At asks what there is to do.
type RMATimer struct {
	RMAID string
	At    time.Time `json:",omitzero"`
}

// RunTimers does what is due for an RMA, and returns what is next.
func (a *RMAs) RunTimers(ctx context.Context, in RMATimer) (Status, error) {
	if a.DB.Clock().Now().Before(in.At) {
		return Status{}, errTooEarly
	}
	st, err := a.Replacements.RunRMATimers(system(ctx), in.RMAID)
	return StatusOf(st), failed(err)
}
