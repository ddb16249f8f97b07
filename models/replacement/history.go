package replacement

import (
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
)

// Occurrence is an event of a replacement or a spare unit, and when what it tells happened: that
// may be long before somebody told it.
type Occurrence struct {
	At time.Time
	db.AuditEvent
}

// course is the order of the steps of one parcel and its return, by their verbs: of two that
// happened at the same instant the earlier step comes first.
var course = []string{
	"requested", "approved", "backordered", "allocated", "shipped", "picked_up", "delivered",
	"return_scanned", "return_received", "inspected",
}

// stepOf returns the place of an event in the course of a parcel; -1: it has none.
func stepOf(e db.AuditEvent) int {
	_, verb, _ := strings.Cut(e.Verb, ".")
	return slices.Index(course, verb)
}

// InOrder returns what happened to a replacement or a spare unit, oldest first by when it
// happened, and at the same instant in the order of the course. What is in a parcel may be told
// after the carrier took it: it was ready when the carrier did.
func InOrder(events []db.AuditEvent) []Occurrence {
	all := make([]Occurrence, len(events))
	for i, e := range events {
		all[i] = Occurrence{happenedAt(e), e}
	}

	for i, ready := range all {
		if stepOf(ready.AuditEvent) != slices.Index(course, "shipped") {
			continue
		}
		if moved := movedBefore(events[:i]); moved != nil && moved.Before(ready.At) {
			all[i].At = *moved
		}
	}

	slices.SortStableFunc(all, func(a, b Occurrence) int {
		if by := a.At.Compare(b.At); by != 0 {
			return by
		}
		one, other := stepOf(a.AuditEvent), stepOf(b.AuditEvent)
		if one < 0 || other < 0 {
			return 0
		}
		return one - other
	})
	return all
}

// movedBefore returns when the parcel under way first moved, by what was told before; nil where
// nobody told that.
func movedBefore(told []db.AuditEvent) (first *time.Time) {
	for _, e := range told {
		switch _, verb, _ := strings.Cut(e.Verb, "."); verb {
		case "picked_up", "delivered":
			if at := happenedAt(e); first == nil || at.Before(*first) {
				first = &at
			}
		case "parcel_lost", "taken_back", "shipment_forgotten":
			first = nil // what moves next is another parcel, or was told wrongly
		}
	}
	return first
}

// happenedAt returns when it happened, where that is known, and else when it was recorded.
func happenedAt(e db.AuditEvent) time.Time {
	if text, ok := e.Details["at"].(string); ok {
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return at
		}
	}
	return e.At
}
