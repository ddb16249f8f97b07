package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"roomcover.dev/roomcover/api"
)

// writeCourse shows how a replacement or a spare unit goes on: its timer, what
// happened, and what the caller may do.
func writeCourse[C ~string](
	w io.Writer, waitsFor string, until *time.Time, events []api.EventView, commands []C,
) {
	if until != nil {
		fmt.Fprintf(w, "Timer: %s at %s\n", waitsFor, minute(*until))
	}
	for _, e := range events {
		fmt.Fprintf(w, "  %s  %s\n", minute(e.At), e.Event)
	}

	names := make([]string, len(commands))
	for i, c := range commands {
		names[i] = string(c)
	}

	fmt.Fprintf(w, "You may: %s\n", strings.Join(names, ", "))
}

// writeFacts says what a command may name now, in words before the facts; nothing where it
// may name none.
func writeFacts[F ~string](w io.Writer, words string, facts []F) {
	if len(facts) == 0 {
		return
	}

	names := make([]string, len(facts))
	for i, f := range facts {
		names[i] = string(f)
	}

	fmt.Fprintf(w, "%s: %s\n", words, strings.Join(names, ", "))
}

// writeUnprintable warns of an address that no label can print as it is.
func writeUnprintable(w io.Writer, letters string) {
	if letters != "" {
		fmt.Fprintf(w, "Label: write the address by hand, these letters do not print: %s\n", letters)
	}
}
