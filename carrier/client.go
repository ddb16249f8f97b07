package carrier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"
	"go.opentelemetry.io/otel/trace"

	"roomcover.dev/roomcover/tracing"
)

// Client books at a carrier over HTTP. It is safe for concurrent use. It tries each
// request once: who calls it repeats, with its own pauses, what is temporary, and
// the key sees that one booking stays one.
type Client struct {
	base    *url.URL
	apiKey  string
	http    *http.Client
	breaker *gobreaker.CircuitBreaker[answer]
}

var _ Carrier = (*Client)(nil)

// Options configure a Client.
type Options struct {
	// URL is where the carrier's API lives, such as https://carrier.example/api.
	URL    string
	APIKey string
	// Timeout bounds one request with its answer; 0 means 10 s.
	Timeout time.Duration
	// TripAfter is how many failures in a row open the circuit; 0 means 5. While it
	// is open, for OpenFor (0 means 30 s), nothing is sent; then one request tries.
	TripAfter int
	OpenFor   time.Duration
	// Transport is the way out; nil for the usual one.
	Transport http.RoundTripper
}

const (
	maxAnswer = 1 << 20 // bytes of JSON, or of one label
)

// NewClient checks the options and returns a Client.
func NewClient(o Options) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(o.URL, "/"))
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") ||
		base.User != nil {
		return nil, errors.New("carrier: the carrier's URL must be http or https, without a user")
	}

	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.TripAfter <= 0 {
		o.TripAfter = 5
	}
	if o.OpenFor <= 0 {
		o.OpenFor = 30 * time.Second
	}

	c := &Client{base: base, apiKey: o.APIKey}
	// A redirect would send the address elsewhere.
	c.http = &http.Client{
		Timeout:   o.Timeout,
		Transport: o.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}

	c.breaker = gobreaker.NewCircuitBreaker[answer](gobreaker.Settings{
		Name:        "carrier",
		MaxRequests: 1,
		Timeout:     o.OpenFor,
		ReadyToTrip: func(counts gobreaker.Counts) bool {
			return int(counts.ConsecutiveFailures) >= o.TripAfter
		},
		IsSuccessful: func(err error) bool { return CodeOf(err) != Unavailable },
		// we went away, not the carrier
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
	})

	return c, nil
}

// Book books a parcel; see Carrier.
func (c *Client) Book(ctx context.Context, key string, b Booking) (Booked, error) {
	body, err := json.Marshal(b)
	if err != nil {
		return Booked{}, &Error{Code: InvalidBooking, cause: err}
	}

	a, err := c.do(ctx, request{
		method: http.MethodPost,
		path:   "bookings",
		key:    key,
		body:   body,
	})
	if err != nil {
		return Booked{}, err
	}

	var out Booked
	if err := a.decode(&out); err != nil {
		return Booked{}, err
	}

	if out.Tracking == "" {
		return Booked{}, &Error{Code: BadAnswer, Status: a.status}
	}

	return out, nil
}

// Label fetches a label; see Carrier.
func (c *Client) Label(ctx context.Context, tracking string) (Label, error) {
	a, err := c.do(ctx, request{
		method: http.MethodGet,
		path:   "bookings/" + url.PathEscape(tracking) + "/label",
		accept: "application/pdf",
	})
	if err != nil {
		return Label{}, err
	}

	if a.media != "application/pdf" || len(a.body) == 0 {
		return Label{}, &Error{Code: BadAnswer, Status: a.status}
	}
	return Label{a.media, a.body}, nil
}

// Cancel calls a booking off; see Carrier.
func (c *Client) Cancel(ctx context.Context, tracking string) error {
	_, err := c.do(ctx, request{
		method: http.MethodPost,
		path:   "bookings/" + url.PathEscape(tracking) + "/cancellation",
	})
	return err
}

// Track asks for a parcel's events; see Carrier.
func (c *Client) Track(ctx context.Context, tracking string) (Tracking, error) {
	a, err := c.do(ctx, request{
		method: http.MethodGet,
		path:   "bookings/" + url.PathEscape(tracking),
	})
	if err != nil {
		return Tracking{}, err
	}

	var out Tracking
	return out, a.decode(&out)
}

type request struct {
	method, path, key, accept string
	body                      []byte
}

type answer struct {
	status int
	media  string
	body   []byte
}

func (a answer) decode(into any) error {
	if err := json.Unmarshal(a.body, into); err != nil || a.media != "application/json" {
		return &Error{Code: BadAnswer, Status: a.status}
	}
	return nil
}

// do sends a request unless the circuit is open.
func (c *Client) do(ctx context.Context, r request) (a answer, err error) {
	ctx, span := tracing.Span(ctx, trace.SpanKindClient, "carrier "+r.method)
	defer func() { tracing.End(span, err) }()

	a, err = c.breaker.Execute(func() (answer, error) { return c.sendRequest(ctx, r) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return a, &Error{Code: CircuitOpen, cause: err}
	}
	return a, err
}

func (c *Client) sendRequest(ctx context.Context, r request) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, c.base.String()+"/v1/"+r.path,
		bytes.NewReader(r.body))
	if err != nil {
		return answer{}, &Error{Code: Refused, cause: errors.New("the request cannot be made")}
	}

	req.Header.Set("Authorization", "Bearer "+c.apiKey)
	req.Header.Set("Accept", "application/json")
	if r.accept != "" {
		req.Header.Set("Accept", r.accept+", application/json")
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}

	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, &Error{Code: Unavailable, cause: withoutURL(err)}
	}
	defer res.Body.Close()

	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return answer{}, &Error{Code: Unavailable, Status: res.StatusCode, cause: withoutURL(err)}
	}

	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	a := answer{res.StatusCode, media, body}
	if len(body) > maxAnswer {
		return a, &Error{Code: BadAnswer, Status: res.StatusCode}
	}

	return a, a.refusal(res.Header.Get("Retry-After"))
}

// withoutURL keeps the tracking number out of the error's text.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%s: %w", strings.ToLower(e.Op), e.Err)
	}
	return err
}

// refusal turns an answer that is none into an error.
func (a answer) refusal(retryAfter string) error {
	if a.status >= 200 && a.status < 300 {
		return nil
	}

	e := &Error{Status: a.status, Code: Refused}
	var problem struct {
		Code Code `json:"code"`
	}
	_ = json.Unmarshal(a.body, &problem)

	switch {
	case a.status >= 500 || a.status == http.StatusRequestTimeout:
		e.Code = Unavailable
	case a.status == http.StatusTooManyRequests:
		e.Code = RateLimited
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		e.Code = Unauthorised
	case a.status < 400:
		e.Code = BadAnswer
	case a.status == http.StatusUnprocessableEntity:
		e.Code = InvalidBooking
	case problem.Code == KeyReused || problem.Code == AlreadyPickedUp ||
		problem.Code == UnknownParcel:
		e.Code = problem.Code
	case a.status == http.StatusNotFound: // not the carrier's own: a wrong address, or a proxy
		e.Code = BadAnswer
	}

	if seconds, err := strconv.Atoi(retryAfter); err == nil && seconds > 0 && e.Code.Temporary() {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}

	return e
}
