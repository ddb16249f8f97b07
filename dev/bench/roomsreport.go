package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// RoomsReport is everything that was measured of rooms, devices and cover.
type RoomsReport struct {
	Date    time.Time      `json:"date"`
	Machine string         `json:"machine"`
	Load    Load           `json:"load"`
	Sizes   []RoomsFigures `json:"sizes"`
}

// RoomsFigures are those of one number of rooms.
type RoomsFigures struct {
	Rooms           int       `json:"rooms"`
	Reads           []Latency `json:"reads"`
	Many            Latency   `json:"many"`
	ManyStatements  float64   `json:"many_statements"`
	SweepContracts  int       `json:"sweep_contracts"`
	SweepSeconds    float64   `json:"sweep_seconds"`
	SweepStatements float64   `json:"sweep_statements"`
	Import          *Import   `json:"import,omitempty"`
}

// Import is one file on its way in, and what others felt of it.
type Import struct {
	Rows          int     `json:"rows"`
	RowsPerSecond float64 `json:"rows_per_second"`
	RSS           float64 `json:"rss_mb"` // the worker's most
	ReadsBefore   Latency `json:"reads_before"`
	ReadsDuring   Latency `json:"reads_during"`
}

func newRoomsReport(RoomsOptions) RoomsReport {
	r := newReport(Options{}, "")
	return RoomsReport{Date: r.Date, Machine: r.Machine, Load: r.Load}
}

// Budgets holds what was measured against the budgets of rooms.
func (r RoomsReport) Budgets() []Budget {
	var out []Budget
	for n, f := range r.Sizes {
		for i, l := range f.Reads {
			what := fmt.Sprintf("%s, %d rooms: p99", l.Condition, f.Rooms)
			out = append(out, atMost(what, l.P99, 20, 1, " ms"))
			if n > 0 {
				first := r.Sizes[0]
				what := fmt.Sprintf("the same / that of %d rooms", first.Rooms)
				out = append(out, atMost(what, l.P99/first.Reads[i].P99, 1.5, 2, ""))
			}
		}

		out = append(out, atMost(f.Many.Condition+": statements", f.ManyStatements, 10, 0, ""))
		if f.SweepContracts > 0 {
			what := fmt.Sprintf("sweep of %d contracts, nothing to do", f.SweepContracts)
			out = append(out,
				atMost(what, f.SweepSeconds, 2, 3, " s"),
				atMost("its statements", f.SweepStatements, 20, 0, ""))
		}

		if i := f.Import; i != nil {
			what := fmt.Sprintf("import of %d rows", i.Rows)
			out = append(out,
				atLeast(what, i.RowsPerSecond, 2000, 0, " rows/s"),
				atMost("its worker's memory", i.RSS, 150, 0, " MB"),
				duringImport(i.ReadsDuring.P99, i.ReadsBefore.P99))
		}
	}

	return out
}

// duringImport is the budget of what others read while a file is imported.
func duringImport(during, before float64) Budget {
	b := atMost("others' reads, p99 during / before", during/before, 2, 2, "")
	b.Measured += fmt.Sprintf(" (%.1f and %.1f ms)", during, before)
	return b
}

// Print writes the report for people.
func (r RoomsReport) Print(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t,
		"\n%s; %s; postgres; load %.2f before, %.2f after\n\nwhat\tbudget\tmeasured\tok\n",
		r.Date.Format(time.RFC3339), r.Machine, r.Load.Before, r.Load.After)

	for _, b := range r.Budgets() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n",
			b.What, b.Budget, b.Measured, map[bool]string{true: "yes", false: "NO"}[b.OK])
	}

	fmt.Fprintf(t, "\nrooms\tquestion\tp50 ms\tp99 ms\tmax ms\n")
	for _, f := range r.Sizes {
		for _, l := range append(f.Reads, f.Many) {
			fmt.Fprintf(t, "%d\t%s\t%.1f\t%.1f\t%.1f\n", f.Rooms, l.Condition, l.P50, l.P99, l.Max)
		}
	}

	return t.Flush()
}
