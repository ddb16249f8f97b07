package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"roomcover.dev/roomcover/carrier"
)

// webhook is one message to send: a copy of an event.
type webhook struct {
	name  string // of this copy
	event carrier.Event
	at    time.Time // calendar
}

// attempt is what is known of a webhook that was not taken.
type attempt struct {
	failed int
	next   time.Time // real
}

const (
	firstPause = 200 * time.Millisecond // real time, doubled after each failure
	longPause  = time.Minute
	idle       = time.Hour
)

// stir wakes the sender.
func (s *Simulator) stir() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run sends webhooks until the context ends. One that is not taken is sent again,
// with growing pauses, for as long as it takes; after a restart too.
func (s *Simulator) Run(ctx context.Context) {
	for ctx.Err() == nil {
		due, wait := s.due(time.Now())
		for _, w := range due {
			s.settle(w, s.sendWebhook(ctx, w.event))
		}

		if len(due) > 0 {
			continue
		}

		timer := time.NewTimer(wait)

		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.wake:
		}

		timer.Stop()
	}
}

// due lists what is to be sent now, by its time, and how long to wait when nothing
// is.
func (s *Simulator) due(now time.Time) (due []webhook, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait = idle
	if s.o.WebhookURL == "" {
		return nil, wait
	}

	for _, p := range s.byKey {
		for _, e := range p.events {
			for n, at := range e.sends {
				w := webhook{fmt.Sprintf("%s/%d", e.EventID, n), e.Event, at}
				if s.sent[w.name] {
					continue
				}

				pause := max(s.o.RealUntil(at), s.retry[w.name].next.Sub(now))
				if pause <= 0 {
					due = append(due, w)
				}

				wait = min(wait, max(pause, time.Millisecond))
			}
		}
	}

	slices.SortFunc(due, func(a, b webhook) int { return a.at.Compare(b.at) })
	return due, wait
}

// settle notes that a webhook was taken, or when to send it again.
func (s *Simulator) settle(w webhook, taken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if taken && s.journal.write(record{Sent: w.name}) == nil {
		s.sent[w.name] = true
		delete(s.retry, w.name)
		return
	}

	a := s.retry[w.name]
	a.next = time.Now().Add(min(firstPause<<min(a.failed, 12), longPause))
	a.failed++
	s.retry[w.name] = a
}

// sendWebhook sends one webhook and reports whether it was taken.
func (s *Simulator) sendWebhook(ctx context.Context, e carrier.Event) bool {
	body, err := json.Marshal(e)
	if err != nil {
		return false
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.o.WebhookURL,
		bytes.NewReader(body))
	if err != nil {
		return false
	}

	req.Header.Set("Content-Type", "application/json")
	carrier.Sign(req.Header, body, time.Now(), s.o.WebhookKeys...)
	res, err := s.o.HTTP.Do(req)
	if err != nil {
		return false
	}

	_ = res.Body.Close()
	return res.StatusCode >= 200 && res.StatusCode < 300
}
