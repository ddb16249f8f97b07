package models

import (
	"strings"
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
)

// AgendaCursor is where a page of an agenda's list ends.
type AgendaCursor struct {
	At time.Time
	ID string
}

// String is the cursor as callers see it; empty for none.
func (c AgendaCursor) String() string {
	if c == (AgendaCursor{}) {
		return ""
	}
	return c.At.UTC().Format(agendaCursorAt) + "-" + c.ID
}

const agendaCursorAt = "20060102T150405.000000000Z"

// ParseAgendaCursor reads what String wrote; anything else answers
// VALIDATION_FAILED.
func ParseAgendaCursor(pointer, text string) (AgendaCursor, error) {
	if text == "" {
		return AgendaCursor{}, nil
	}
	at, id, found := strings.Cut(text, "-")
	t, err := time.Parse(agendaCursorAt, at)
	if err != nil || !found || id == "" {
		return AgendaCursor{}, rules.Invalid([]rules.FieldError{{Pointer: pointer, Code: rules.OutOfRange, Message: "This is no cursor.", Remedy: "Send next_cursor of the list's page before."}})
	}
	return AgendaCursor{t, id}, nil
}

// sortedBy is the instant that an agenda sorts the line by.
func (a AgendaItem) sortedBy() time.Time {
	if a.Until == nil || a.Kind == processes.Task {
		return a.Since
	}
	return *a.Until
}
