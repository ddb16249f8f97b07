package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// Client talks to any of the APIs as a good client does: what was not
// answered, or with a 5xx, is sent again as it was, to whichever API answers.
type Client struct {
	urls   []string
	ledger *Ledger
	http   http.Client
	armed  []atomic.Pointer[func()]
}

// NewClient talks to the APIs under the base addresses.
func NewClient(urls []string, l *Ledger) *Client {
	return &Client{
		urls:   urls,
		ledger: l,
		armed:  make([]atomic.Pointer[func()], len(urls)),
		http: http.Client{
			Timeout:   15 * time.Second,
			Transport: &http.Transport{MaxIdleConnsPerHost: 20},
		},
	}
}

// Arm runs strike once, as soon as the next POST has been written to the API.
func (c *Client) Arm(api int, strike func()) { c.armed[api].Store(&strike) }

// Disarm forgets every strike that still waits.
func (c *Client) Disarm() {
	for i := range c.armed {
		c.armed[i].Store(nil)
	}
}

// Request is one request, the same however often it is sent.
type Request struct {
	Method, Path, Token, Key string
	Match                    string // If-Match
	Body                     any
}

// Answer is the final answer to a Request. Lost tells that an earlier sending
// had reached an API and was not answered.
type Answer struct {
	Status int
	Body   []byte
	Lost   bool
}

// problem is the code of a refusal.
func (a Answer) code() string {
	var p struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(a.Body, &p)
	return p.Code
}

// comeBack reports whether the answer says, as it should, that the same request may succeed later.
func (a Answer) comeBack() bool {
	return a.Status == http.StatusServiceUnavailable && a.code() == "SERVICE_UNAVAILABLE"
}

func unmarshal(a Answer, out any) error { return json.Unmarshal(a.Body, out) }

// Do sends until there is an answer below 500, or the context ends.
func (c *Client) Do(ctx context.Context, r Request, first int) (Answer, error) {
	body, err := json.Marshal(r.Body)
	if err != nil {
		return Answer{}, err
	}

	lost := false
	for try := 0; ; try++ {
		answer, reached, err := c.send(ctx, r, body, (first+try)%len(c.urls))
		if err == nil && answer.Status < 500 {
			answer.Lost = lost
			return answer, nil
		}

		if err == nil && !answer.comeBack() {
			c.ledger.unexpected(r.Method+" "+r.Path,
				"it was answered %d %s, which is no way to say that the service is not available",
				answer.Status, answer.code())
		}

		lost = lost || reached
		c.ledger.count(func(n *Counts) {
			n.Retries++
			if reached {
				n.LostAnswers++
			}
		})

		select {
		case <-ctx.Done():
			return Answer{}, fmt.Errorf("%s %s was never answered: %w",
				r.Method, r.Path, errors.Join(err, context.Cause(ctx)))
		case <-time.After(time.Duration(min(try+1, 10)) * 30 * time.Millisecond):
		}
	}
}

// send sends once; reached tells that the request was written.
func (c *Client) send(
	ctx context.Context, r Request, body []byte, api int,
) (a Answer, reached bool, err error) {
	var wrote atomic.Bool
	trace := &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) {
		if info.Err != nil {
			return
		}

		wrote.Store(true)
		if strike := c.armed[api].Load(); strike != nil && r.Method == http.MethodPost &&
			c.armed[api].CompareAndSwap(strike, nil) {
			go (*strike)()
		}
	}}

	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), r.Method,
		c.urls[api]+r.Path, bytes.NewReader(body))
	if err != nil {
		return a, false, err
	}

	req.Header.Set("Authorization", "Bearer "+r.Token)
	if r.Method != http.MethodGet {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.Match != "" {
		req.Header.Set("If-Match", r.Match)
	}
	if r.Key != "" {
		req.Header.Set("Idempotency-Key", r.Key)
	}

	res, err := c.http.Do(req)
	if err != nil {
		return a, wrote.Load(), err
	}
	defer res.Body.Close()

	a.Status = res.StatusCode
	a.Body, err = io.ReadAll(io.LimitReader(res.Body, 4<<20))
	return a, true, err
}
