package activities

import (
	"time"

	"roomcover.dev/roomcover/models/db"
)

// Status is what the workflow of an RMA or a spare unit has to do next. Its names
// are short because it stands in the history with every change.
type Status struct {
	Version int64      `json:"v"`            // of two statuses the higher one holds
	Timer   string     `json:"t,omitempty"`  // what it waits for
	At      *time.Time `json:"at,omitempty"` // until when; none: for a signal only
	Mails   bool       `json:"m,omitempty"`  // mails are queued
	Parcels bool       `json:"p,omitempty"`  // the carrier has to be asked
	Closed  bool       `json:"c,omitempty"`
	// Leave says of a closed status that the timer may go on until the workflow ends:
	// to stop it costs an event. Histories from before do not say it.
	Leave bool `json:"l,omitempty"`

	// What people are shown of it in Temporal; histories from before do not say it.
	State    string   `json:"s,omitempty"`
	WaitsFor string   `json:"w,omitempty"`
	Coming   []Coming `json:"n,omitempty"`
}

// Coming is something that a process does at an instant, where nothing comes before.
type Coming struct {
	Name string    `json:"n"`
	At   time.Time `json:"at"`
}

// StatusOf is the status as a workflow is told it.
func StatusOf(st db.ProcessStatus) Status {
	var coming []Coming
	for _, step := range st.Coming {
		coming = append(coming, Coming{Name: step.Name, At: step.At.UTC()})
	}

	return Status{
		Version: st.Version,
		Timer:   st.Timer,
		At:      st.At,
		Mails:   st.Mails,
		Parcels: st.Parcels,
		Closed:  st.Closed,
		Leave:   st.Closed,

		State:    st.State,
		WaitsFor: st.WaitsFor,
		Coming:   coming,
	}
}
