package activities

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models"
)

// RMAs are the steps of an RMA.
type RMAs struct{ Store *models.Store }

// RMAStatus is what the workflow of an RMA has to do next. Its names are short
// because it stands in the history with every change.
type RMAStatus struct {
	Version int64      `json:"v"`            // of two statuses the higher one holds
	Timer   string     `json:"t,omitempty"`  // what it waits for
	At      *time.Time `json:"at,omitempty"` // until when; none: for a signal only
	Mails   bool       `json:"m,omitempty"`  // mails are queued
	Closed  bool       `json:"c,omitempty"`
}

// RMATimer names a timer that has fired; a zero At asks what there is to do.
type RMATimer struct {
	RMAID string
	At    time.Time `json:",omitzero"`
}

// StatusOfRMA is the status as the workflow is told it.
func StatusOfRMA(st models.RMAStatus) RMAStatus {
	return RMAStatus{Version: st.Version, Timer: string(st.Timer), At: st.At, Mails: st.Mails, Closed: st.Closed}
}

// RunTimers does what is due for an RMA, and tells what is next.
func (a *RMAs) RunTimers(ctx context.Context, in RMATimer) (RMAStatus, error) {
	if a.Store.Clock().Now().Before(in.At) {
		return RMAStatus{}, errTooEarly
	}
	st, err := a.Store.RunRMATimers(system(ctx), in.RMAID)
	return StatusOfRMA(st), failed(err)
}
