package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"roomcover.dev/roomcover/dev/temporalserver"
)

// Latency is how long clients waited for one kind of answer.
type Latency struct {
	Condition string  `json:"condition"`
	PerSecond float64 `json:"per_second"`
	Requests  int     `json:"requests"`
	Failed    int     `json:"failed"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	Max       float64 `json:"max_ms"`
}

// acceptance measures the API at half the measured throughput: with all parts
// up, with the workers stopped, and with Temporal stopped. Afterwards
// everything runs again and finishes what was accepted.
func (b *bench) acceptance(ctx context.Context) error {
	if b.Acceptance == 0 {
		return nil
	}

	p := b.parts
	rate := max(b.report.Medians.Stack.PerSecond/2, 1)
	p.stack.StartWorker()
	if err := b.latency(ctx, "acceptance, workers running", rate); err != nil {
		return err
	}
	if err := p.stack.StopWorker(); err != nil {
		return err
	}
	if err := b.latency(ctx, "acceptance, workers stopped", rate); err != nil {
		return err
	}

	p.stack.StartWorker()
	if err := p.awaitSent(ctx); err != nil {
		return err
	}
	if err := p.temporal.Stop(); err != nil {
		return err
	}
	if err := b.latency(ctx, "acceptance, Temporal stopped", rate); err != nil {
		return err
	}

	b.say("starting Temporal again and finishing what was accepted")
	var err error
	if p.temporal, err = temporalserver.Start(ctx, p.options); err != nil {
		return err
	}

	return errors.Join(p.awaitSent(ctx), p.stack.StopWorker())
}

// latency posts orders at a steady rate.
func (b *bench) latency(ctx context.Context, condition string, rate float64) error {
	name := fmt.Sprintf("a%d", len(b.report.Acceptance))
	a := newAnswers(condition, rate)
	steady(rate, b.Acceptance, func(i int, due time.Time) {
		a.add(due, b.parts.post(ctx, fmt.Sprintf("%s-%d", name, i)))
	})
	b.tell(a)
	return ctx.Err()
}

// steady begins one after another at a steady rate, whatever became of those before,
// and waits for all.
func steady(rate float64, last time.Duration, one func(i int, due time.Time)) {
	var wg sync.WaitGroup
	began := time.Now()
	for i := range int(rate * last.Seconds()) {
		due := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		time.Sleep(time.Until(due))
		wg.Go(func() { one(i, due) })
	}

	wg.Wait()
}

// answers are the times of one kind of request.
type answers struct {
	mu     sync.Mutex
	times  []time.Duration
	failed error // the first
	of     Latency
}

func newAnswers(condition string, rate float64) *answers {
	return &answers{of: Latency{Condition: condition, PerSecond: rate}}
}

// add counts an answer from the moment at which the request was due.
func (a *answers) add(due time.Time, err error) {
	took := time.Since(due)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.times = append(a.times, took)

	if err != nil {
		a.of.Failed++
		a.failed = cmp.Or(a.failed, err)
	}
}

func (b *bench) tell(a *answers) {
	slices.Sort(a.times)
	l := a.of
	l.Requests = len(a.times)
	l.P50 = quantile(a.times, 0.5)
	l.P99 = quantile(a.times, 0.99)
	l.Max = quantile(a.times, 1)
	b.report.Acceptance = append(b.report.Acceptance, l)
	b.say("%s: p50 %.1f ms, p99 %.1f ms, %d of %d failed",
		l.Condition, l.P50, l.P99, l.Failed, l.Requests)
	if a.failed != nil {
		b.say("the first failure: %v", a.failed)
	}
}

// quantile of sorted times, in milliseconds.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
	return float64(at.Microseconds()) / 1000
}
