package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules/processes"
)

// fact is something that is known about what a command shows.
type fact struct{ what, value string }

// writeFacts writes what is known, one thing a line; what says nothing is left out.
func writeFacts(w io.Writer, facts ...fact) {
	width := 0
	for _, f := range facts {
		if f.value != "" {
			width = max(width, len(f.what))
		}
	}
	for _, f := range facts {
		if f.value != "" {
			fmt.Fprintf(w, "  %-*s  %s\n", width, f.what, f.value)
		}
	}
}

// standing reads where something stands that is under way; nil where it is not, or where the
// token may not see what is under way.
func (c *apiClient) standing(ctx context.Context, id string) (*api.ProcessView, error) {
	list, err := every[api.ProcessView](ctx, c, "/v1/processes", url.Values{"id": {id}}, 1)
	if refusedAs(err, http.StatusForbidden) {
		return nil, nil
	}
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// course is how something goes on, and what happened to it.
type course struct {
	kind     processes.Kind
	state    string
	standing *api.ProcessView // nil: not under way, or not known
	events   []api.EventView
	commands []string
	tell     []string // facts that may be told
	takeBack []string // facts that may be taken back
	zone     string   // IANA name, of the place
}

// writeNext says first what to do next: whose turn it is and until when, and which commands
// there are.
func (c course) writeNext(out io.Writer, w *words, a *app) {
	sentence := w.standing(c.kind, c.state)
	if c.standing != nil {
		sentence = c.standing.Sentence
		if c.standing.Overdue {
			sentence = a.late("Late.") + " " + sentence
		}
	}

	fmt.Fprintln(out, indented(sentence))
	if c.standing != nil && c.standing.LastError != "" {
		fmt.Fprintln(out, indented(a.late("Last error: "+w.prose(c.standing.LastError))))
	}
	if len(c.commands) > 0 {
		fmt.Fprintln(out, indented("You may: "+strings.Join(c.commands, ", ")))
	}
	if len(c.tell) > 0 {
		fmt.Fprintln(out, indented("You may tell: "+strings.Join(c.tell, ", ")))
	}
	if len(c.takeBack) > 0 {
		fmt.Fprintln(out, indented("You may take back: "+strings.Join(c.takeBack, ", ")))
	}
	fmt.Fprintln(out)
}

// writeHistory says in sentences what happened, oldest first, by the clock of the place.
func (c course) writeHistory(out io.Writer, w *words) {
	if len(c.events) == 0 {
		return
	}

	fmt.Fprintf(out, "\nWhat happened, by the time %s:\n", w.place(c.zone))
	for _, e := range c.events {
		line := w.moment(e.At, c.zone) + "  " + w.happened(e.Event)
		if by := w.by(e); by != "" {
			line += " By " + by + "."
		}
		if reason, ok := e.Details["reason"].(string); ok && reason != "" {
			line += " Reason: " + w.prose(reason)
		}
		fmt.Fprintln(out, "  "+line)
	}
}

// unprintable says what to do about the letters of an address that no label can print.
func unprintable(letters string) string {
	if letters == "" {
		return ""
	}
	return "write the address by hand, these letters do not print: " + letters
}

// lower returns names of commands or facts as people type them.
func lower[T ~string](names []T) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.ToLower(string(n))
	}
	return out
}
