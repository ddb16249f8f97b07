package sync

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"

	"roomcover.dev/roomcover/rules/health"
)

// What Sync allows an organisation: a request a second, ten at once.
const (
	sustained = rate.Limit(1)
	burst     = 10
)

const (
	maxAnswer = 64 << 20 // bytes: a thousand rooms of twenty devices take a tenth of it
	// mostKept bounds what is kept for organisations and certificates; see Client.forget.
	mostKept   = 4096
	forgetTime = 15 * time.Minute
)

// projection asks for what health follows from, and not for who is in a room.
const projection = "place.info,place.contract,place.device,place.device.info,place.device.status"

// Options configure a Client.
type Options struct {
	// Regions are where the API of each region lives, such as https://api.sync.example/v1.
	Regions map[string]string
	// Roots are who is believed about the servers; nil for those of the system.
	Roots *x509.CertPool
	// Timeout bounds one request with its answer; 0 means 30 s.
	Timeout time.Duration
	// TripAfter is how many failures of a region in a row open its circuit; 0 means 10. While it
	// is open, for OpenFor (0 means 60 s), nothing is sent; then one request tries.
	TripAfter int
	OpenFor   time.Duration
}

// Client asks Sync. It is safe for concurrent use. It tries each request once: who calls it
// repeats, with pauses of its own, what may pass.
type Client struct {
	o       Options
	regions map[string]region

	mu      sync.Mutex
	buckets map[string]*bucket // by region, organisation and certificate
	ways    map[string]*way    // by certificate
}

type region struct {
	base    *url.URL
	breaker *gobreaker.CircuitBreaker[health.Page]
}

// bucket is what an organisation may still ask.
type bucket struct {
	limiter *rate.Limiter
	used    time.Time
}

// way is the way out with one certificate.
type way struct {
	http *http.Client
	used time.Time
}

// NewClient checks the options and returns a Client.
func NewClient(o Options) (*Client, error) {
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.TripAfter <= 0 {
		o.TripAfter = 10
	}
	if o.OpenFor <= 0 {
		o.OpenFor = time.Minute
	}

	c := &Client{
		o:       o,
		regions: map[string]region{},
		buckets: map[string]*bucket{},
		ways:    map[string]*way{},
	}
	for name, address := range o.Regions {
		base, err := url.Parse(strings.TrimRight(address, "/"))
		if err != nil || base.Host == "" || base.Scheme != "https" || base.User != nil ||
			base.RawQuery != "" || base.Fragment != "" {
			return nil, fmt.Errorf("sync: the address of %q must be https, without a user", name)
		}
		c.regions[name] = region{base: base, breaker: breaker(name, o)}
	}
	return c, nil
}

func breaker(name string, o Options) *gobreaker.CircuitBreaker[health.Page] {
	return gobreaker.NewCircuitBreaker[health.Page](gobreaker.Settings{
		Name:        "sync " + name,
		MaxRequests: 1,
		Timeout:     o.OpenFor,
		ReadyToTrip: func(counts gobreaker.Counts) bool {
			return int(counts.ConsecutiveFailures) >= o.TripAfter
		},
		// What one customer is refused says nothing of the region.
		IsSuccessful: func(err error) bool {
			trouble, ok := health.TroubleOf(err)
			return err == nil || ok && trouble.Code != health.Unreachable
		},
		// we went away, not Sync
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
	})
}

// Regions lists the regions that are configured, in no order.
func (c *Client) Regions() []string {
	out := make([]string, 0, len(c.regions))
	for name := range c.regions {
		out = append(out, name)
	}
	return out
}

// Places asks for a page of an organisation's rooms with their devices: the first, or the one
// that after, the Next of the page before, names. It waits until the organisation may ask again.
// Whatever is no answer is a *health.Trouble.
func (c *Client) Places(
	ctx context.Context, region, org string, certificate tls.Certificate, after string,
) (health.Page, error) {
	query := url.Values{
		"limit":      {strconv.Itoa(health.PlacesPerRequest)},
		"desks":      {"false"},
		"unlicensed": {"true"},
		"projection": {projection},
	}
	if after != "" {
		query.Set("continuation", after)
	}
	return c.ask(ctx, region, org, certificate, query)
}

// Try asks for as little as there is, to see whether Sync lets the certificate in.
func (c *Client) Try(
	ctx context.Context, region, org string, certificate tls.Certificate,
) error {
	_, err := c.ask(ctx, region, org, certificate, url.Values{
		"limit":      {"1"},
		"projection": {""},
	})
	return err
}

func (c *Client) ask(
	ctx context.Context, name, org string, certificate tls.Certificate, query url.Values,
) (health.Page, error) {
	r, ok := c.regions[name]
	if !ok || len(certificate.Certificate) == 0 {
		return health.Page{}, &health.Trouble{
			Code:  health.Unexpected,
			Cause: errors.New("sync: the region is not configured, or there is no certificate"),
		}
	}
	// By certificate too: one that somebody made in another's name takes nothing from that one.
	sum := sha256.Sum256(certificate.Certificate[0])
	if err := c.limiter(name + "\x00" + org + "\x00" + string(sum[:])).Wait(ctx); err != nil {
		return health.Page{}, &health.Trouble{Code: health.Throttled, Cause: err}
	}

	page, err := r.breaker.Execute(func() (health.Page, error) {
		return c.send(ctx, r.base, org, certificate, query)
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return page, &health.Trouble{
			Code:       health.Unreachable,
			RetryAfter: c.o.OpenFor,
			Cause:      err,
		}
	}
	return page, err
}

func (c *Client) send(
	ctx context.Context, base *url.URL, org string, certificate tls.Certificate, query url.Values,
) (health.Page, error) {
	address := base.JoinPath("org", url.PathEscape(org), "place")
	address.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return health.Page{}, &health.Trouble{Code: health.Unexpected, Cause: withoutURL(err)}
	}
	req.Header.Set("Accept", "application/json")

	res, err := c.way(certificate).Do(req)
	if err != nil {
		return health.Page{}, &health.Trouble{Code: codeOf(err), Cause: withoutURL(err)}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return health.Page{}, &health.Trouble{
			Code:   health.Unreachable,
			Status: res.StatusCode,
			Cause:  withoutURL(err),
		}
	}

	if trouble := troubleOf(res); trouble != nil {
		return health.Page{}, trouble
	}
	page, err := health.Decode(body)
	if err != nil || len(body) > maxAnswer {
		return health.Page{}, &health.Trouble{
			Code:   health.Unexpected,
			Status: res.StatusCode,
			Cause:  err,
		}
	}
	return page, nil
}

// troubleOf turns an answer that is none into a trouble; nil for one that is. What Sync wrote is
// not read: the status says it.
func troubleOf(res *http.Response) error {
	t := &health.Trouble{Status: res.StatusCode, Code: health.Unexpected}
	switch {
	case res.StatusCode == http.StatusOK:
		return nil
	case res.StatusCode == http.StatusTooManyRequests:
		t.Code = health.Throttled
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden:
		t.Code = health.Refused
	case res.StatusCode >= 500 || res.StatusCode == http.StatusRequestTimeout:
		t.Code = health.Unreachable
	}
	seconds, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if err == nil && seconds > 0 {
		t.RetryAfter = time.Duration(min(seconds, 86_400)) * time.Second
	}
	return t
}

// codeOf tells a certificate that the server refuses in the handshake from a server that is not
// there.
func codeOf(err error) health.Code {
	text := err.Error()
	for _, refusal := range []string{
		"bad certificate", "expired certificate", "revoked certificate", "unknown certificate",
		"unsupported certificate", "certificate required", "access denied",
	} {
		if strings.Contains(text, "remote error: tls: "+refusal) {
			return health.Refused
		}
	}
	return health.Unreachable
}

// withoutURL keeps the organisation out of the error's text.
func withoutURL(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return fmt.Errorf("%s: %w", strings.ToLower(e.Op), e.Err)
	}
	return err
}

func (c *Client) limiter(key string) *rate.Limiter {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	b := c.buckets[key]
	if b == nil {
		c.forget(now)
		b = &bucket{limiter: rate.NewLimiter(sustained, burst)}
		c.buckets[key] = b
	}
	b.used = now
	return b.limiter
}

// way returns the way out with a certificate: connections stay open from one poll to the next, and
// none carries another customer's certificate.
func (c *Client) way(certificate tls.Certificate) *http.Client {
	sum := sha256.Sum256(certificate.Certificate[0])
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	w := c.ways[string(sum[:])]
	if w == nil {
		c.forget(now)
		w = &way{http: &http.Client{
			Timeout: c.o.Timeout,
			Transport: &http.Transport{
				Proxy: http.ProxyFromEnvironment,
				TLSClientConfig: &tls.Config{
					MinVersion:   tls.VersionTLS12,
					Certificates: []tls.Certificate{certificate},
					RootCAs:      c.o.Roots,
				},
				ForceAttemptHTTP2:   true,
				MaxIdleConnsPerHost: 1,
				IdleConnTimeout:     2 * time.Minute,
			},
			// A redirect would show the certificate elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			},
		}}
		c.ways[string(sum[:])] = w
	}
	w.used = now
	return w.http
}

// forget lets go of what nobody used for a while, once there is much of it.
func (c *Client) forget(now time.Time) {
	if len(c.buckets)+len(c.ways) < mostKept {
		return
	}
	for key, b := range c.buckets {
		if now.Sub(b.used) > forgetTime {
			delete(c.buckets, key)
		}
	}
	for key, w := range c.ways {
		if now.Sub(w.used) > forgetTime {
			w.http.CloseIdleConnections()
			delete(c.ways, key)
		}
	}
}
