package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"roomcover.dev/roomcover/dev/temporalserver"
)

// Latency is how long clients waited for the answer to an order.
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
	if err := b.latency(ctx, "workers running", rate); err != nil {
		return err
	}
	if err := p.stack.StopWorker(); err != nil {
		return err
	}
	if err := b.latency(ctx, "workers stopped", rate); err != nil {
		return err
	}
	p.stack.StartWorker()
	if err := p.awaitSent(ctx); err != nil {
		return err
	}
	if err := p.temporal.Stop(); err != nil {
		return err
	}
	if err := b.latency(ctx, "Temporal stopped", rate); err != nil {
		return err
	}
	b.say("starting Temporal again and finishing what was accepted")
	var err error
	if p.temporal, err = temporalserver.Start(ctx, p.options); err != nil {
		return err
	}
	return errors.Join(p.awaitSent(ctx), p.stack.StopWorker())
}

// latency posts at a steady rate whatever the answers do, and counts each
// answer's time from the moment at which the request was due.
func (b *bench) latency(ctx context.Context, condition string, rate float64) error {
	n := int(rate * b.Acceptance.Seconds())
	times, failed := make([]time.Duration, n), 0
	name := fmt.Sprintf("a%d", len(b.report.Acceptance))
	var mu sync.Mutex
	var wg sync.WaitGroup
	began := time.Now()
	for i := range n {
		due := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		time.Sleep(time.Until(due))
		wg.Go(func() {
			err := b.parts.post(ctx, fmt.Sprintf("%s-%d", name, i))
			mu.Lock()
			defer mu.Unlock()
			times[i] = time.Since(due)
			if err != nil {
				failed++
			}
		})
	}
	wg.Wait()
	slices.Sort(times)
	l := Latency{Condition: condition, PerSecond: rate, Requests: n, Failed: failed,
		P50: quantile(times, 0.5), P99: quantile(times, 0.99), Max: quantile(times, 1)}
	b.report.Acceptance = append(b.report.Acceptance, l)
	b.say("acceptance, %s: p50 %.1f ms, p99 %.1f ms, %d of %d failed", condition, l.P50, l.P99, l.Failed, n)
	return ctx.Err()
}

// quantile of sorted times, in milliseconds.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
	return float64(at.Microseconds()) / 1000
}
