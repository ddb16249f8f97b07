package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// course is how a replacement or a spare unit goes on: its timer, what the caller
// may do, and what happened.
type course struct {
	WaitsFor   string     `json:"waits_for,omitempty"`
	WaitsUntil *time.Time `json:"waits_until,omitempty"`
	Commands   []string   `json:"commands"`
	Timeline   []struct {
		At    time.Time `json:"at"`
		Event string    `json:"event"`
	} `json:"timeline,omitempty"`
}

func (c course) tell(w io.Writer) {
	if c.WaitsUntil != nil {
		fmt.Fprintf(w, "Timer: %s at %s\n", c.WaitsFor, minute(*c.WaitsUntil))
	}
	for _, e := range c.Timeline {
		fmt.Fprintf(w, "  %s  %s\n", minute(e.At), e.Event)
	}
	fmt.Fprintf(w, "You may: %s\n", strings.Join(c.Commands, ", "))
}
