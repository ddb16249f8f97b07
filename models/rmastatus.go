package models

import (
	"fmt"
	"strconv"
	"time"

	"roomcover.dev/roomcover/rules"
)

// RMAStatus is all that the workflow of an RMA needs to know after a change: what
// to wait for, whether mails are queued, and whether it is at its end. The command's
// own transaction tells it, so that the workflow needs no step to learn it.
type RMAStatus struct {
	Version int64 // of the RMA: of two statuses the higher one holds
	Timer   rules.RMATimerKind
	At      *time.Time // of the timer; nil: none
	Mails   bool
	Closed  bool
}

const (
	statusVersion = "v"
	statusTimer   = "timer"
	statusAt      = "at"
	statusMails   = "mails"
	statusClosed  = "closed"
)

func (w *rmaWork) status() RMAStatus {
	return RMAStatus{Version: w.Version, Timer: w.NextTimer, At: w.NextAt, Mails: len(w.mails) > 0, Closed: w.ClosedAt != nil}
}

// tell has the workflow told where this change matters to it.
func (w *rmaWork) tell() error {
	st := w.status()
	if w.quiet {
		// the workflow itself asked, and learns it from the answer
	} else if st.Mails || w.fresh || !sameInstant(w.NextAt, w.before.NextAt) || w.NextTimer != w.before.NextTimer || st.Closed != (w.before.ClosedAt != nil) {
		kind := OutboxRMAChanged
		if w.fresh {
			kind = OutboxRMARequested
		}
		w.events = append(w.events, outboxEvent(kind, w.ID, strconv.FormatInt(w.Version, 10), st.payload()))
	}
	if len(w.events) == 0 {
		return nil
	}
	return w.s.enqueue(w.tx, w.events...)
}

// event tells those outside of the service: the same one of an RMA once.
func (w *rmaWork) event(kind OutboxKind, why string) {
	w.events = append(w.events, outboxEvent(kind, w.ID, why, map[string]string{"why": why}))
}

func (st RMAStatus) payload() map[string]string {
	p := map[string]string{statusVersion: strconv.FormatInt(st.Version, 10), PayloadWaitsFor: string(st.Timer)}
	if st.At != nil {
		p[statusTimer], p[statusAt], p[PayloadUntil] = string(st.Timer), st.At.Format(time.RFC3339Nano), st.At.Format(time.RFC3339Nano)
	}
	if st.Mails {
		p[statusMails] = "1"
	}
	if st.Closed {
		p[statusClosed] = "1"
	}
	return p
}

// RMAStatusOf reads the status that an outbox event tells.
func RMAStatusOf(e OutboxEvent) (RMAStatus, error) {
	st := RMAStatus{Timer: rules.RMATimerKind(e.Payload[statusTimer]), Mails: e.Payload[statusMails] != "", Closed: e.Payload[statusClosed] != ""}
	var err error
	if st.Version, err = strconv.ParseInt(e.Payload[statusVersion], 10, 64); err != nil {
		return st, fmt.Errorf("models: event %s tells no version of the RMA: %w", e.ID, err)
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
