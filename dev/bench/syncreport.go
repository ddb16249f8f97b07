package bench

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// SyncReport is everything that was measured of customers' Sync.
type SyncReport struct {
	Date    time.Time `json:"date"`
	Machine string    `json:"machine"`
	Load    Load      `json:"load"`

	Unchanged SyncPolls `json:"unchanged"`
	Changed   SyncPolls `json:"changed"`

	Added         int     `json:"added"`
	AddSeconds    float64 `json:"add_seconds"`
	AddStatements float64 `json:"add_statements"`

	Watch *SyncWatch `json:"watch,omitempty"`
}

// SyncPolls are polls of one connection.
type SyncPolls struct {
	Places     int       `json:"places"`
	Seconds    []float64 `json:"seconds"`
	Statements float64   `json:"statements"` // the most of one
}

// SyncWatch is what many connections cost, as a share of one core.
type SyncWatch struct {
	Connections int     `json:"connections"`
	PlacesEach  int     `json:"places_each"`
	Seconds     float64 `json:"seconds"`
	Requests    int     `json:"requests"`
	IdlePercent float64 `json:"idle_percent"` // of worker and database, with nobody connected
	Percent     float64 `json:"percent"`
}

func newSyncReport(SyncOptions) SyncReport {
	r := newReport(Options{}, "")
	return SyncReport{Date: r.Date, Machine: r.Machine, Load: r.Load}
}

// Budgets holds what was measured against the budgets of Sync.
func (r SyncReport) Budgets() []Budget {
	slowest := func(p SyncPolls) float64 {
		if len(p.Seconds) == 0 {
			return 0
		}
		return slices.Max(p.Seconds)
	}
	out := []Budget{
		atMost(fmt.Sprintf("%d places, nothing changed: the slowest poll", r.Unchanged.Places),
			slowest(r.Unchanged), 2, 2, " s"),
		atMost("its statements", r.Unchanged.Statements, 20, 0, ""),
		atMost(fmt.Sprintf("%d places, all changed: the slowest poll", r.Changed.Places),
			slowest(r.Changed), 2, 2, " s"),
		atMost(fmt.Sprintf("%d rooms added at %d places", r.Added, r.Unchanged.Places),
			r.AddSeconds, 10, 2, " s"),
	}
	if w := r.Watch; w != nil {
		what := fmt.Sprintf("CPU of %d connections of %d places, worker and database",
			w.Connections, w.PlacesEach)
		cost := atMost(what, w.Percent-w.IdlePercent, 5, 2, " % of a core")
		cost.Measured += fmt.Sprintf(" (%.2f, and %.2f without them)", w.Percent, w.IdlePercent)
		asked := atLeast("requests a minute of each of them",
			float64(w.Requests)/float64(w.Connections)/(w.Seconds/60), 0.9, 2, "")
		out = append(out, cost, asked)
	}
	return out
}

// Print writes the report for people.
func (r SyncReport) Print(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t,
		"\n%s; %s; postgres; load %.2f before, %.2f after\n\nwhat\tbudget\tmeasured\tok\n",
		r.Date.Format(time.RFC3339), r.Machine, r.Load.Before, r.Load.After)
	for _, b := range r.Budgets() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n",
			b.What, b.Budget, b.Measured, map[bool]string{true: "yes", false: "NO"}[b.OK])
	}

	fmt.Fprintf(t, "\npolls\tplaces\tstatements\tseconds\n")
	for _, p := range []struct {
		what string
		SyncPolls
	}{{"nothing changed", r.Unchanged}, {"all changed", r.Changed}} {
		fmt.Fprintf(t, "%s\t%d\t%.0f\t%.2f\n", p.what, p.Places, p.Statements, p.Seconds)
	}
	fmt.Fprintf(t, "rooms added\t%d\t%.0f\t%.2f\n", r.Added, r.AddStatements, r.AddSeconds)
	return t.Flush()
}
