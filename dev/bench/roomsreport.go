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

// Budgets holds what was measured against issue 4's budgets.
func (r RoomsReport) Budgets() []Budget {
	var out []Budget
	for n, f := range r.Sizes {
		for i, l := range f.Reads {
			out = append(out, Budget{fmt.Sprintf("%s, %d rooms: p99",
				l.Condition, f.Rooms), "<= 20 ms", fmt.Sprintf("%.1f ms", l.P99), l.P99 <= 20})
			if n > 0 {
				ratio := l.P99 / r.Sizes[0].Reads[i].P99
				out = append(out, Budget{fmt.Sprintf("the same / that of %d rooms",
					r.Sizes[0].Rooms), "<= 1.5", fmt.Sprintf("%.2f", ratio), ratio <= 1.5})
			}
		}

		out = append(out, Budget{f.Many.Condition + ": statements", "<= 10", fmt.Sprintf("%.0f",
			f.ManyStatements), f.ManyStatements <= 10})
		if f.SweepContracts > 0 {
			out = append(out, Budget{
				fmt.Sprintf("sweep of %d contracts, nothing to do", f.SweepContracts), "<= 2 s",
				fmt.Sprintf("%.3f s", f.SweepSeconds), f.SweepSeconds <= 2,
			},
				Budget{"its statements", "<= 20", fmt.Sprintf("%.0f",
					f.SweepStatements), f.SweepStatements <= 20})
		}

		if i := f.Import; i != nil {
			ratio := i.ReadsDuring.P99 / i.ReadsBefore.P99
			out = append(out, Budget{
				fmt.Sprintf("import of %d rows", i.Rows), ">= 2000 rows/s",
				fmt.Sprintf("%.0f rows/s", i.RowsPerSecond), i.RowsPerSecond >= 2000,
			},
				Budget{
					"its worker's memory", "<= 150 MB", fmt.Sprintf("%.0f MB", i.RSS), i.RSS <= 150,
				},
				Budget{"others' reads, p99 during / before", "<= 2", fmt.Sprintf(
					"%.2f (%.1f and %.1f ms)", ratio, i.ReadsDuring.P99, i.ReadsBefore.P99,
				), ratio <= 2})
		}
	}

	return out
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
