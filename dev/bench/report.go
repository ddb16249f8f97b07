package bench

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// Report is everything that was measured.
type Report struct {
	Of          string    `json:"of"` // what was measured: "order", "RMA" or "ticket"
	Date        time.Time `json:"date"`
	Machine     string    `json:"machine"`
	Load        Load      `json:"load"`
	Database    string    `json:"database"`
	Orders      int       `json:"number"`
	Concurrency int       `json:"concurrency"`
	Counts      Counts    `json:"counts"`
	Pairs       []Pair    `json:"pairs"`
	Medians     Pair      `json:"medians"`
	Acceptance  []Latency `json:"acceptance"`
	Waiting     *Waiting  `json:"waiting,omitempty"`
}

// Load is the machine's load over one minute, before and after the run; the
// run itself is part of the second.
type Load struct {
	Before float64 `json:"before"`
	After  float64 `json:"after"`
}

// Half is one side of a pair.
type Half struct {
	Orders    int     `json:"number"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"per_second"`
	CPU       float64 `json:"cpu_seconds_each"`
}

// Pair is a run of the stack next to a run of each of its floors: nothing, and by hand.
type Pair struct {
	Stack          Half    `json:"stack"`
	Floor          Half    `json:"floor"`
	PerSecondRatio float64 `json:"per_second_ratio"`
	CPURatio       float64 `json:"cpu_ratio"`

	ByHand               *Half   `json:"by_hand,omitempty"` // nil: not written by hand
	PerSecondRatioByHand float64 `json:"per_second_ratio_by_hand,omitempty"`
	CPURatioByHand       float64 `json:"cpu_ratio_by_hand,omitempty"`
}

func (p *Pair) rate() {
	p.PerSecondRatio = p.Stack.PerSecond / p.Floor.PerSecond
	p.CPURatio = p.Stack.CPU / p.Floor.CPU
	if p.ByHand != nil {
		p.PerSecondRatioByHand = p.Stack.PerSecond / p.ByHand.PerSecond
		p.CPURatioByHand = p.Stack.CPU / p.ByHand.CPU
	}
}

// String tells a pair in a line.
func (p Pair) String() string {
	text := fmt.Sprintf("stack %s; nothing %s, ratios %.2f and %.2f",
		p.Stack, p.Floor, p.PerSecondRatio, p.CPURatio)
	if p.ByHand != nil {
		text += fmt.Sprintf("; by hand %s, ratios %.2f and %.2f",
			p.ByHand, p.PerSecondRatioByHand, p.CPURatioByHand)
	}
	return text
}

func (h Half) String() string {
	return fmt.Sprintf("%.1f/s, %.2f ms CPU", h.PerSecond, h.CPU*1000)
}

func newReport(o Options, of string) Report {
	return Report{
		Of:   of,
		Date: time.Now().UTC().Truncate(time.Second),
		Machine: fmt.Sprintf("%d cores, %s/%s, %s",
			runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version()),
		Load:        Load{Before: loadAverage()},
		Database:    o.Database,
		Orders:      o.Orders,
		Concurrency: o.Concurrency,
	}
}

// sum takes the median of each figure over the pairs; the ratios' medians are
// those of the pairs' own ratios.
func (r *Report) sum() {
	median := func(of func(Pair) float64) float64 {
		values := make([]float64, len(r.Pairs))
		for i, p := range r.Pairs {
			values[i] = of(p)
		}

		slices.Sort(values)
		if n := len(values); n%2 == 0 && n > 0 {
			return (values[n/2-1] + values[n/2]) / 2
		} else if n > 0 {
			return values[n/2]
		}

		return 0
	}

	half := func(of func(Pair) Half) Half {
		return Half{
			Orders:    r.Orders,
			Seconds:   median(func(p Pair) float64 { return of(p).Seconds }),
			PerSecond: median(func(p Pair) float64 { return of(p).PerSecond }),
			CPU:       median(func(p Pair) float64 { return of(p).CPU }),
		}
	}

	r.Medians = Pair{
		Stack:          half(func(p Pair) Half { return p.Stack }),
		Floor:          half(func(p Pair) Half { return p.Floor }),
		PerSecondRatio: median(func(p Pair) float64 { return p.PerSecondRatio }),
		CPURatio:       median(func(p Pair) float64 { return p.CPURatio }),
	}
	if len(r.Pairs) == 0 || r.Pairs[0].ByHand == nil {
		return
	}
	byHand := half(func(p Pair) Half { return *p.ByHand })
	r.Medians.ByHand = &byHand
	r.Medians.PerSecondRatioByHand = median(func(p Pair) float64 { return p.PerSecondRatioByHand })
	r.Medians.CPURatioByHand = median(func(p Pair) float64 { return p.CPURatioByHand })
}

// Budget is one line of the table.
type Budget struct {
	What     string
	Budget   string
	Measured string
	OK       bool
}

// atMost is a budget that is kept up to its limit; measured is shown with that many
// decimals.
func atMost(what string, measured, limit float64, decimals int, unit string) Budget {
	return Budget{
		What:     what,
		Budget:   "<= " + figure(limit, -1, unit),
		Measured: figure(measured, decimals, unit),
		OK:       measured <= limit,
	}
}

// atLeast is a budget that is kept from its limit on.
func atLeast(what string, measured, limit float64, decimals int, unit string) Budget {
	return Budget{
		What:     what,
		Budget:   ">= " + figure(limit, -1, unit),
		Measured: figure(measured, decimals, unit),
		OK:       measured >= limit,
	}
}

func figure(f float64, decimals int, unit string) string {
	return strconv.FormatFloat(f, 'f', decimals, 64) + unit
}

// limits are the counts that an issue allows for each that is measured.
type limits struct {
	events, bytes, actions int
	statements             float64
	cpuByHand              float64 // of the stack's CPU / by hand
	perSecondByHand        float64 // at least; 0: not bounded
}

// budgets are of what is counted; of tickets it is counted elsewhere.
var budgets = map[string]limits{
	"order": {30, 8192, 7, 25, 1.15, 0.9},
	"RMA":   {60, 15360, 18, 60, 1.2, 0},
}

// Budgets holds what was measured against the budgets of an order or an RMA; what was not
// measured has no line.
func (r Report) Budgets() []Budget {
	var out []Budget
	if l, counted := budgets[r.Of]; counted {
		c := r.Counts
		out = append(out,
			atMost("history events, all workflows", float64(c.Events), float64(l.events), 0, ""),
			atMost("history bytes, all workflows", float64(c.Bytes), float64(l.bytes), 0, ""),
			atMost("Temporal actions", float64(c.Actions), float64(l.actions), 0, ""),
			atMost("SQL statements", c.StatementsEach, l.statements, 1, ""))
	}

	if len(r.Pairs) > 0 {
		m := r.Medians
		out = append(out,
			atMost("CPU of the stack / nothing", m.CPURatio, 1.25, 2, ""),
			atLeast(r.Of+"s/s of the stack / nothing", m.PerSecondRatio, 0.85, 2, ""))
		if m.ByHand != nil {
			l := budgets[r.Of]
			out = append(out,
				atMost("CPU of the stack / by hand", m.CPURatioByHand, l.cpuByHand, 2, ""))
			if l.perSecondByHand > 0 {
				out = append(out, atLeast(r.Of+"s/s of the stack / by hand",
					m.PerSecondRatioByHand, l.perSecondByHand, 2, ""))
			}
		}
	}

	for _, l := range r.Acceptance {
		p99 := atMost("p99, "+l.Condition, l.P99, 50, 1, " ms")
		p99.OK = p99.OK && l.Failed == 0
		out = append(out, p99)
	}

	if w := r.Waiting; w != nil {
		waiting := fmt.Sprintf("%d %ss waiting", w.Orders, r.Of)
		out = append(out,
			atMost("worker memory, "+waiting, w.RSS, 150, 0, " MB"),
			atMost("worker CPU, "+waiting, w.CPUPercent, 1, 2, " %"))
	}

	return out
}

// Print writes the report for people.
func (r Report) Print(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\n%s; %s; %s; %d %ss, %d at once; load %.2f before, %.2f after\n\n",
		r.Date.Format(time.RFC3339), r.Machine, r.Database, r.Orders, r.Of, r.Concurrency,
		r.Load.Before, r.Load.After)
	fmt.Fprintf(t, "per ordinary %s\tbudget\tmeasured\tok\n", r.Of)

	for _, b := range r.Budgets() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n",
			b.What, b.Budget, b.Measured, map[bool]string{true: "yes", false: "NO"}[b.OK])
	}

	if len(r.Pairs) > 0 {
		m := r.Medians
		fmt.Fprintf(t, "\nmedian of %d pairs\t%ss/s\tCPU ms each\n", len(r.Pairs), r.Of)
		fmt.Fprintf(t, "stack\t%.1f\t%.2f\nnothing\t%.1f\t%.2f\n",
			m.Stack.PerSecond, m.Stack.CPU*1000, m.Floor.PerSecond, m.Floor.CPU*1000)
		if m.ByHand != nil {
			fmt.Fprintf(t, "by hand\t%.1f\t%.2f\n", m.ByHand.PerSecond, m.ByHand.CPU*1000)
			fmt.Fprintf(t, "stack / by hand\t%.2f\t%.2f\n",
				m.PerSecondRatioByHand, m.CPURatioByHand)
		}
	}

	if len(r.Acceptance) > 0 {
		fmt.Fprintf(t, "\nanswers\t%ss/s\tp50 ms\tp99 ms\tmax ms\tfailed\n", r.Of)
		for _, l := range r.Acceptance {
			fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%.1f\t%.1f\t%d of %d\n",
				l.Condition, l.PerSecond, l.P50, l.P99, l.Max, l.Failed, l.Requests)
		}
	}

	if w := r.Waiting; w != nil {
		fmt.Fprintf(t, "\n%d %ss waiting, %.0f s\tfresh MB\twaiting MB\tof it anonymous\tCPU %%\n",
			w.Orders, r.Of, w.Seconds)
		fmt.Fprintf(t, "worker (own process)\t%.0f\t%.0f\t%.0f\t%.2f\n",
			w.RSSFresh, w.RSS, w.Anonymous, w.CPUPercent)
		fmt.Fprintf(t, "Temporal, API and benchmark\t%.0f\t%.0f\n", w.ServerBefore, w.ServerAfter)
	}

	if len(r.Counts.Statements) > 0 {
		fmt.Fprintf(t, "\nSQL statements each\t\n")
	}
	for _, s := range r.Counts.Statements {
		fmt.Fprintf(t, "%s\t%.1f\n", s.Kind, s.Each)
	}

	return t.Flush()
}
