package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/api"
)

// apiOptions are the options of the commands that talk to the API.
type apiOptions struct {
	URL       string `name:"url" env:"ROOMCOVER_URL" default:"http://127.0.0.1:8080" help:"Address of the API (${env})."`
	TokenFile string `type:"path" env:"ROOMCOVER_TOKEN_FILE" placeholder:"FILE" help:"File that holds the token; otherwise it is read from ROOMCOVER_TOKEN."`
	AllowHTTP bool   `name:"allow-http" help:"Send the token without TLS to another machine."`

	app *app
}

// AfterApply is called by kong.
func (o *apiOptions) AfterApply(a *app) error {
	o.app = a
	return nil
}

// apiClient calls the API with a token.
type apiClient struct {
	base  *url.URL
	token string
	http  *http.Client
	told  *changes
	// pause is how long to wait before the n-th try again.
	pause func(n int) time.Duration
}

// client checks address and token; it does not connect.
func (o apiOptions) client() (*apiClient, error) {
	token := strings.TrimSpace(os.Getenv("ROOMCOVER_TOKEN"))
	if o.TokenFile != "" {
		text, err := os.ReadFile(o.TokenFile)
		if err != nil {
			return nil, settingsError{fmt.Errorf("the token cannot be read: %w", err)}
		}
		token = strings.TrimSpace(string(text))
	}

	return o.clientWith(token)
}

// clientWith is client with a token that is at hand.
func (o apiOptions) clientWith(token string) (*apiClient, error) {
	base, err := url.Parse(strings.TrimRight(o.URL, "/"))
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, settingsError{errors.New(
			"--url or ROOMCOVER_URL must be an address such as https://portal.example.com",
		)}
	}

	if base.Scheme == "http" && !o.AllowHTTP && !local(base.Hostname()) {
		return nil, settingsError{errors.New(
			"the token would travel without TLS: use an https address, " +
				"or --allow-http inside a trusted network",
		)}
	}

	if token == "" {
		return nil, settingsError{errors.New(
			"there is no token: set ROOMCOVER_TOKEN, or --token-file to a file that holds it",
		)}
	}

	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, settingsError{errors.New(
			"the token is no token: it must be one word; token create prints it on its last line",
		)}
	}

	told := &changes{}
	if o.app != nil {
		told = &o.app.told
	}
	return &apiClient{
		base:  base,
		token: token,
		told:  told,
		http:  &http.Client{Timeout: time.Minute},
		pause: growing,
	}, nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func growing(n int) time.Duration {
	return min(time.Duration(1)<<n*250*time.Millisecond, 5*time.Second)
}

// apiTries is how often a request is sent while the API does not answer or
// asks to come back later: about a quarter of a minute in all.
const apiTries = 6

// request is one call; the same key makes sending it again safe.
type request struct {
	method, path string
	query        url.Values
	body         []byte
	contentType  string
	key          string // Idempotency-Key
	match        string // If-Match

	etag *string // where to keep the answer's ETag, for a match later
}

func newKey() string { return rand.Text() }

// call sends a request and reads the answer into out, trying again where that
// is safe and may help.
func (c *apiClient) call(ctx context.Context, r request, out any) error {
	for n := 0; ; n++ {
		wait, err := c.sendOnce(ctx, r, out)
		if err == nil || wait < 0 || n == apiTries-1 {
			return err
		}

		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(wait, c.pause(n))):
		}
	}
}

// read gets what is at a path.
func (c *apiClient) read(ctx context.Context, path string, out any) error {
	return c.call(ctx, request{method: http.MethodGet, path: path}, out)
}

// post sends JSON, under a key of its own so that sending it again is safe.
func (c *apiClient) post(ctx context.Context, path string, body, out any) error {
	return c.postMatching(ctx, "", path, body, out)
}

// postMatching is post about what was read with an ETag; where that is no longer so, it is
// refused.
func (c *apiClient) postMatching(
	ctx context.Context, tag, path string, body, out any,
) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}

	return c.call(ctx, request{
		method:      http.MethodPost,
		path:        path,
		body:        raw,
		contentType: "application/json",
		key:         newKey(),
		match:       tag,
	}, out)
}

// put sends JSON that replaces what is at a path, which is safe to send again.
func (c *apiClient) put(ctx context.Context, path string, body, out any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}

	return c.call(ctx, request{
		method:      http.MethodPut,
		path:        path,
		body:        raw,
		contentType: "application/json",
	}, out)
}

// change sends JSON about something as it was read at a version; where somebody else changed
// it since, it is refused.
func (c *apiClient) change(
	ctx context.Context, method, path string, version int64, body, out any,
) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}

	return c.call(ctx, request{
		method:      method,
		path:        path,
		body:        raw,
		contentType: "application/json",
		match:       strconv.Quote(strconv.FormatInt(version, 10)),
	}, out)
}

// filters are the parameters that say something.
func filters(values map[string]string) url.Values {
	q := url.Values{}
	for name, value := range values {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// sendOnce sends a request; wait is negative where trying again cannot help.
func (c *apiClient) sendOnce(
	ctx context.Context, r request, out any,
) (wait time.Duration, err error) {
	u := *c.base
	u.Path += r.path
	u.RawQuery = r.query.Encode()

	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), bytes.NewReader(r.body))
	if err != nil {
		return -1, err
	}

	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", "application/json, application/problem+json")
	req.Header.Set("User-Agent", "roomcover/"+versionText())
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	if r.match != "" {
		req.Header.Set("If-Match", r.match)
	}

	res, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return -1, ctx.Err()
		}
		return 0, fmt.Errorf("the API cannot be reached: %w", err)
	}
	defer res.Body.Close()

	text, err := io.ReadAll(io.LimitReader(res.Body, 32<<20))
	if err != nil {
		return 0, fmt.Errorf("the API's answer cannot be read: %w", err)
	}

	if res.StatusCode >= 300 {
		return retryAfter(res), problemOf(res.StatusCode, text)
	}
	if r.method != http.MethodGet {
		c.told.add(res.Header.Get(api.UnchangedHeader) == "")
	}
	if r.etag != nil {
		*r.etag = res.Header.Get("ETag")
	}
	if file, ok := out.(*[]byte); ok {
		*file = text
		return -1, nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return -1, fmt.Errorf("the API's answer is no JSON that this version understands: %w", err)
	}

	return -1, nil
}

// changes counts what the commands of a run have told the API to do.
type changes struct{ asked, made int }

func (c *changes) add(changed bool) {
	c.asked++
	if changed {
		c.made++
	}
}

// none reports whether all that was asked for was so already.
func (c changes) none() bool { return c.asked > 0 && c.made == 0 }

// retryAfter is how long to wait before the next try; negative for never.
func retryAfter(res *http.Response) time.Duration {
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable,
		http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return min(time.Duration(seconds)*time.Second, time.Minute)
	}
	return -1
}

// apiError is a refusal of the API (problem+json).
type apiError struct{ api.Problem }

// refusedAs reports whether the API refused a request with the status.
func refusedAs(err error, status int) bool {
	var refused *apiError
	return errors.As(err, &refused) && refused.Status == status
}

func problemOf(status int, text []byte) *apiError {
	e := &apiError{}
	if err := json.Unmarshal(text, &e.Problem); err != nil || e.Code == "" {
		e.Code, e.Detail = "HTTP_"+strconv.Itoa(status), http.StatusText(status)
	}
	e.Status = status
	return e
}

// Error says what happened; the code is for programs, which ask the API itself.
func (e *apiError) Error() string { return cmp.Or(e.Detail, e.Code) }

// explain says what to do, in the words of the command, and gives the exit code.
func (e *apiError) explain(w io.Writer, said spelling) int {
	said.explain(w, e.Detail, e.Remedy, e.Errors)
	if e.RequestID != "" {
		fmt.Fprintf(w, "Request %s\n", e.RequestID)
	}
	if e.Status >= 500 {
		return exitFailed
	}

	return exitRefused
}

// paged is a list of the API.
type paged[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor"`
}

// whole reads a list of the API that has no pages.
func whole[T any](
	ctx context.Context, c *apiClient, path string, query url.Values,
) ([]T, error) {
	var p paged[T]
	err := c.call(ctx, request{
		method: http.MethodGet,
		path:   path,
		query:  query,
	}, &p)
	return p.Items, err
}

// every reads a list of the API to its end or to limit, 0 for no limit.
func every[T any](
	ctx context.Context, c *apiClient, path string, query url.Values, limit int,
) ([]T, error) {
	all := []T{}
	for {
		query.Set("limit", "200")
		if limit > 0 {
			query.Set("limit", strconv.Itoa(min(200, limit-len(all))))
		}

		var p paged[T]
		if err := c.call(ctx, request{
			method: http.MethodGet,
			path:   path,
			query:  query,
		}, &p); err != nil {
			return nil, err
		}

		all = append(all, p.Items...)
		if p.NextCursor == "" || (limit > 0 && len(all) >= limit) {
			return all, nil
		}

		query.Set("cursor", p.NextCursor)
	}
}
