package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules/processes"
)

// psCommand shows what is under way.
type psCommand struct {
	output
	apiOptions
	Kind     string        `enum:",order,invitation,rma,spare,shipment,csm" default:"" help:"Only orders, invitations, replacements, spare units, shipments or accounts without a customer success manager."`
	WaitsFor string        `name:"waits-for" placeholder:"WHAT" help:"Only what waits for this, such as REVIEW_DECISION."`
	Actor    string        `enum:",operator,customer,carrier,system,nobody" default:"" help:"Only where this one must act."`
	Overdue  bool          `help:"Only what should have moved on and did not: what is late."`
	DueBy    string        `name:"due-by" placeholder:"INSTANT" help:"Only what waits until this instant at most, such as 2026-11-26T23:59:59Z: what is due."`
	Limit    int           `default:"200" help:"At most so many, the newest first; 0 for all."`
	Counts   bool          `help:"Only count."`
	Lang     string        `enum:"en,pt-BR" default:"en" help:"The language of the sentences: ${enum}."`
	Links    bool          `help:"Also show the address of each workflow in the Temporal UI."`
	Watch    time.Duration `placeholder:"PAUSE" help:"Show it again after every pause, such as 5s, until Ctrl-C."`
}

// Help is shown by --help.
func (psCommand) Help() string {
	return `Lists every order, invitation, replacement, spare unit and shipment under way, and
every account that still lacks a customer success manager: its state, what it
waits for, who must act and since when (UTC, calendar); then, in a sentence, until
when, by the clock of the place, what comes then, and who can move it; and the last
error. It is read from the database, so it answers with Temporal down.
docs/processes.md shows every process with all its states.

Examples:
  roomcover ps
  roomcover ps --overdue --links
  roomcover ps --actor operator --lang pt-BR
  roomcover ps --kind rma --json
  roomcover ps --counts --watch 10s`
}

// Validate is called by kong.
func (c psCommand) Validate() error {
	if c.Watch != 0 && c.Watch < time.Second {
		return fmt.Errorf("--watch: give 1s or more")
	}
	if c.Watch != 0 && c.JSON {
		return fmt.Errorf("--watch is for people, --json for programs: give one of them")
	}
	return nil
}

// Run shows, once or until ctx ends.
func (c psCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	for {
		err := c.showOnce(ctx, a, client)
		if c.Watch != 0 && ctx.Err() != nil {
			return nil // Ctrl-C is how watching ends
		}
		if err != nil || c.Watch == 0 {
			return err
		}

		select {
		case <-ctx.Done():
			return nil
		case <-time.After(c.Watch):
		}

		a.clear()
	}
}

func (c psCommand) showOnce(ctx context.Context, a *app, client *apiClient) error {
	if c.Counts {
		var counts paged[api.ProcessCountView]
		err := client.read(ctx, "/v1/processes/counts", &counts)
		if err != nil {
			return err
		}
		return c.show(a, counts.Items, func(w io.Writer) { a.countTable(w, counts.Items) })
	}

	list, err := every[api.ProcessView](ctx, client, "/v1/processes", c.query(), c.Limit)
	if err != nil {
		return err
	}

	return c.show(a, list, func(w io.Writer) { a.showProcesses(w, list, c.Links) })
}

func (c psCommand) query() url.Values {
	q := url.Values{"lang": {c.Lang}}
	for name, value := range map[string]string{
		"kind":      c.Kind,
		"waits_for": c.WaitsFor,
		"actor":     c.Actor,
	} {
		if value != "" {
			q.Set(name, strings.ToUpper(value))
		}
	}

	if c.Overdue {
		q.Set("overdue", "true")
	}
	if c.DueBy != "" {
		q.Set("due_by", c.DueBy)
	}

	return q
}

// showProcesses writes a line of codes for each process, to look for and to filter by,
// and below it the sentence for people.
func (a *app) showProcesses(w io.Writer, list []api.ProcessView, links bool) {
	if len(list) == 0 {
		fmt.Fprintln(w, "Nothing is under way.")
		return
	}

	late := 0
	for _, p := range list {
		codes := []string{
			nameOf(p), string(p.Kind), p.State, p.WaitsFor, a.actor(p.Actor), "since " + minute(p.Since),
		}

		if p.Overdue {
			late++
			codes = append(codes, a.paint(text.FgRed, "overdue"))
		}

		fmt.Fprintln(w, strings.Join(codes, "  "))
		fmt.Fprintln(w, indented(p.Sentence))
		if p.LastError != "" {
			fmt.Fprintln(w, indented(a.paint(text.FgRed, "Last error: "+cutAt(p.LastError, 120))))
		}

		if links && p.Link != "" {
			fmt.Fprintln(w, "    "+p.Link)
		} else if links { // without ROOMCOVER_TEMPORAL_UI_URL there is no address
			fmt.Fprintln(w, "    "+p.WorkflowID)
		}

		fmt.Fprintln(w)
	}

	fmt.Fprintf(w, "%d under way, %d overdue; since is UTC.\n", len(list), late)
}

// nameOf returns what people call a process; a shipment and an order are asked for by id.
func nameOf(p api.ProcessView) string {
	if p.Kind == processes.RMA || p.Kind == processes.Spare {
		return cmp.Or(p.Number, p.ID)
	}
	return p.ID
}

// indented breaks a text between words, into lines that fit a terminal.
func indented(s string) string {
	const width, margin = 96, "    "
	var lines []string
	for line := range strings.Lines(text.WrapSoft(s, width)) {
		lines = append(lines, margin+strings.TrimRight(line, " \n"))
	}
	return strings.Join(lines, "\n")
}

func (a *app) countTable(w io.Writer, counts []api.ProcessCountView) {
	t := a.table(w, "kind", "waits for", "who must act", "how many")
	total := int64(0)
	for _, n := range counts {
		total += n.Count
		t.AppendRow([]any{n.Kind, n.WaitsFor, a.actor(n.Actor), n.Count})
	}

	t.Render()
	fmt.Fprintf(w, "\n%d under way.\n", total)
}

// actor makes it plain where a person of the operator is asked.
func (a *app) actor(who string) string {
	switch who {
	case "OPERATOR":
		return a.paint(text.FgYellow, who)
	case "", "NOBODY":
		return "-"
	}
	return who
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// cutAt shortens a text to n characters and to its first line.
func cutAt(s string, n int) string {
	s, _, _ = strings.Cut(s, "\n")
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// clear empties a terminal; in a pipe a line keeps the pictures apart.
func (a *app) clear() {
	if a.terminal {
		fmt.Fprint(a.out, "\x1b[H\x1b[2J")
		return
	}
	fmt.Fprintln(a.out)
}
