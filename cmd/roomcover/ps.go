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
	Kind     string        `enum:",order,invitation,rma,spare,shipment,csm,contact" default:"" help:"Only orders, invitations, replacements, spare units, shipments, accounts without a customer success manager, or questions about persons whom orders name."`
	WaitsFor string        `name:"waits-for" placeholder:"WHAT" help:"Only what waits for this, such as review_decision."`
	Actor    string        `enum:",operator,customer,carrier,system,nobody" default:"" help:"Only where this one must act."`
	State    string        `placeholder:"STATE" help:"Only what is in this state, such as backordered."`
	Account  string        `placeholder:"CUSTOMER" help:"Only of this customer: the company's name or the account's id."`
	Stuck    bool          `help:"Only what stands still: a step that comes by itself has not come."`
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
	return `Lists every order, invitation, replacement, spare unit and shipment under way, every
account that still lacks a customer success manager, and every person of whom an
account's administrators were asked: what and whose it is, its state and since when;
then, in a sentence, what it waits for, until when by the clock of the place, what
comes then, and who can move it; and the last error. It is read from the database,
so it answers with Temporal down. docs/processes.md shows every process with all
its states.

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
		return c.showNamed(ctx, a, client, counts.Items,
			func(out io.Writer, w *words) { a.countTable(out, w, counts.Items) })
	}

	q := c.query()
	if c.Account != "" {
		id, err := client.accountID(ctx, c.Account)
		if err != nil {
			return err
		}
		q.Set("account_id", id)
	}
	list, err := every[api.ProcessView](ctx, client, "/v1/processes", q, c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list,
		func(out io.Writer, w *words) { a.showProcesses(out, w, list, c.Links) })
}

func (c psCommand) query() url.Values {
	q := url.Values{"lang": {c.Lang}}
	for name, value := range map[string]string{
		"kind":      c.Kind,
		"state":     c.State,
		"waits_for": c.WaitsFor,
		"actor":     c.Actor,
	} {
		if value != "" {
			q.Set(name, strings.ToUpper(value))
		}
	}

	if c.Stuck {
		q.Set("stuck", "true")
	}
	if c.Overdue {
		q.Set("overdue", "true")
	}
	if c.DueBy != "" {
		q.Set("due_by", c.DueBy)
	}

	return q
}

// showProcesses writes of each process what and whose it is, and below it the sentence on
// what it waits for. The id stands last, for the next command.
func (a *app) showProcesses(out io.Writer, w *words, list []api.ProcessView, links bool) {
	if len(list) == 0 {
		fmt.Fprintln(out, "Nothing is under way.")
		return
	}

	late := 0
	for _, p := range list {
		parts := []string{
			about(w, p.Kind, p.ID, p.AccountID),
			w.state(p.Kind.Name(), p.State),
			"since " + w.since(p.Since, w.zone(p.ID, p.AccountID)),
		}

		if p.Overdue {
			late++
			parts = append(parts, a.late("overdue"))
		}

		fmt.Fprintln(out, strings.Join(parts, "; ")+"  "+cmp.Or(numberOf(p.Kind, p.Number), p.ID))
		fmt.Fprintln(out, indented(p.Sentence))
		if p.LastError != "" {
			fmt.Fprintln(out, indented(a.late("Last error: "+cutAt(w.prose(p.LastError), 120))))
		}

		if links && p.Link != "" {
			fmt.Fprintln(out, "    "+p.Link)
		} else if links { // without ROOMCOVER_TEMPORAL_UI_URL there is no address
			fmt.Fprintln(out, "    "+p.WorkflowID)
		}

		fmt.Fprintln(out)
	}

	fmt.Fprintf(out, "%d under way, %d overdue.\n", len(list), late)
}

// numberOf is the number of a replacement or a spare unit, which is asked for by it; nothing
// else is.
func numberOf(kind processes.Kind, number string) string {
	if kind == processes.RMA || kind == processes.Spare {
		return number
	}
	return ""
}

// about says what and whose something under way is.
func about(w *words, kind processes.Kind, id, account string) string {
	text := w.kind(kind)
	if name := w.known(id); name != "" && id != account {
		text += " " + name
	}
	if name := w.known(account); name != "" {
		text += " for " + name
	}
	return text
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

func (a *app) countTable(out io.Writer, w *words, counts []api.ProcessCountView) {
	t := a.table(out, "kind", "waits for", "who must act", "how many")
	total := int64(0)
	for _, n := range counts {
		total += n.Count
		t.AppendRow([]any{w.kind(n.Kind), plain(n.WaitsFor), a.actor(n.Actor), n.Count})
	}

	t.Render()
	fmt.Fprintf(out, "\n%d under way.\n", total)
}

// actor makes it plain where a person of the operator is asked.
func (a *app) actor(who string) string {
	switch who {
	case processes.ByOperator:
		return a.paint(text.FgYellow, "we")
	case processes.BySystem:
		return "the service"
	case "", processes.ByNobody:
		return "-"
	}
	return "the " + plain(who)
}

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
