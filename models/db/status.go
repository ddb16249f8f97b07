package db

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ProcessStatus is all that the workflow of an RMA or a spare unit needs to know after
// a change: what to wait for, whether mails are queued or the carrier has to be asked,
// and whether it is at its end. The command's own transaction writes it into the event,
// so that the workflow needs no step to learn it.
type ProcessStatus struct {
	Version int64  // of the row: of two statuses the one with the higher version holds
	Timer   string // what it waits for; empty: nothing
	At      *time.Time
	Mails   bool
	Parcels bool // the carrier has to be asked about the subject's parcels
	Closed  bool // nothing is left to wait for; a later change starts the workflow again

	// What people are shown of it in Temporal; the workflow does nothing by it.
	State    string
	WaitsFor string
	Coming   []ComingStep
	Summary  string // what it is; a workflow that runs keeps the one it was started with
}

// ComingStep is something that a process does at an instant, where nothing comes before.
type ComingStep struct {
	Name string
	At   time.Time
}

const (
	statusState   = "state"
	statusWaits   = "waits_for"
	statusComing  = "coming" // names and instants, such as RETURN_DUE@2026-11-30T03:00:00Z,...
	statusVersion = "v"
	statusTimer   = "timer"
	statusAt      = "at"
	statusMails   = "mails"
	statusParcels = "parcels"
	statusClosed  = "closed"
)

// Matters reports whether the workflow has to learn of this status after the one
// before. It need not where its timer would only fire later, or not at all: then it
// fires, nothing is due, and the workflow learns what is next. So what it waits for is
// never later than what the row says.
func (st ProcessStatus) Matters(before ProcessStatus) bool {
	sooner := st.At != nil && (before.At == nil || st.At.Before(*before.At))
	return st.Mails || st.Parcels || sooner || st.Closed != before.Closed
}

// Event returns the outbox event that carries the status to the workflow of the
// subject, once per version.
func (st ProcessStatus) Event(kind OutboxKind, subjectID string) OutboxEvent {
	return NewOutboxEvent(kind, subjectID, strconv.FormatInt(st.Version, 10), st.payload())
}

func (st ProcessStatus) payload() map[string]string {
	p := map[string]string{
		statusVersion: strconv.FormatInt(st.Version, 10),
		statusState:   st.State,
		statusWaits:   st.WaitsFor,
	}

	if st.At != nil {
		p[statusTimer] = st.Timer
		p[statusAt] = st.At.Format(time.RFC3339Nano)
	}

	coming := make([]string, len(st.Coming))
	for i, step := range st.Coming {
		coming[i] = step.Name + "@" + step.At.UTC().Format(time.RFC3339)
	}
	if len(coming) > 0 {
		p[statusComing] = strings.Join(coming, ",")
	}
	if st.Summary != "" {
		p[PayloadSummary] = st.Summary
	}

	if st.Mails {
		p[statusMails] = "1"
	}
	if st.Parcels {
		p[statusParcels] = "1"
	}
	if st.Closed {
		p[statusClosed] = "1"
	}

	return p
}

// ProcessStatusOf reads the status that an outbox event carries.
func ProcessStatusOf(e OutboxEvent) (ProcessStatus, error) {
	st := ProcessStatus{
		Timer:    e.Payload[statusTimer],
		Mails:    e.Payload[statusMails] != "",
		Parcels:  e.Payload[statusParcels] != "",
		Closed:   e.Payload[statusClosed] != "",
		State:    e.Payload[statusState],
		WaitsFor: e.Payload[statusWaits],
	}

	for step := range strings.SplitSeq(e.Payload[statusComing], ",") {
		name, at, _ := strings.Cut(step, "@")
		if at, err := time.Parse(time.RFC3339, at); err == nil {
			st.Coming = append(st.Coming, ComingStep{Name: name, At: at})
		}
	}

	var err error
	if st.Version, err = strconv.ParseInt(e.Payload[statusVersion], 10, 64); err != nil {
		return st, fmt.Errorf("models: event %s tells no version: %w", e.ID, err)
	}

	if text := e.Payload[statusAt]; text != "" {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return st, fmt.Errorf("models: event %s tells no instant: %w", e.ID, err)
		}
		st.At = &at
	}

	return st, nil
}

// stuckAfter is how long (real time) the system may take over its own step
// before a person should look.
const stuckAfter = 15 * time.Minute

// Patience is stuckAfter on the calendar, which may run fast.
func (d *DB) Patience() time.Duration {
	speed := float64(stuckAfter) / float64(d.Clock().RealDuration(stuckAfter))
	return time.Duration(float64(stuckAfter) * speed)
}
