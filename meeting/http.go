package meeting

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// requestTimeout bounds one request with its answer.
	requestTimeout = 10 * time.Second
	// maxAnswer is how many bytes of an answer are read.
	maxAnswer = 1 << 20
	// tokenMargin is how long before its end a token is no longer used.
	tokenMargin = time.Minute
	// longestWait is the longest that a service's wish to wait is heeded.
	longestWait = time.Hour
)

// caller speaks to one service with a token that it asks for when it needs one. It tries each
// request once, and once more where the token had been withdrawn.
type caller struct {
	http     *http.Client
	base     string
	newToken func(ctx context.Context) (token string, lives time.Duration, err error)

	mu      sync.Mutex
	token   string
	expires time.Time
}

// newClient goes where it is sent and nowhere else: a redirect would take the token along.
func newClient(transport http.RoundTripper, timeout time.Duration) *http.Client {
	if timeout <= 0 {
		timeout = requestTimeout
	}
	return &http.Client{
		Timeout:   timeout,
		Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// call sends a request and reads its answer into out; nil: nothing is expected.
func (c *caller) call(ctx context.Context, method, path string, in, out any) (int, error) {
	for again := false; ; again = true {
		token, err := c.currentToken(ctx, again)
		if err != nil {
			return 0, err
		}

		status, err := c.once(ctx, token, method, path, in, out)
		if status == http.StatusUnauthorized && !again {
			continue
		}
		return status, err
	}
}

// currentToken returns the token that lives; another one where fresh.
func (c *caller) currentToken(ctx context.Context, fresh bool) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !fresh && c.token != "" && time.Now().Before(c.expires) {
		return c.token, nil
	}

	token, lives, err := c.newToken(ctx)
	if err != nil {
		return "", err
	}
	c.token, c.expires = token, time.Now().Add(lives-tokenMargin)
	return token, nil
}

func (c *caller) once(
	ctx context.Context, token, method, path string, in, out any,
) (int, error) {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return 0, &Error{Code: Refused, cause: err}
		}
		body = bytes.NewReader(encoded)
	}

	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return 0, &Error{Code: Refused, cause: err}
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return send(c.http, req, out)
}

// send sends one request and reads its answer.
func send(client *http.Client, req *http.Request, out any) (int, error) {
	res, err := client.Do(req)
	if err != nil {
		return 0, &Error{Code: Unavailable, cause: withoutAddress(err)}
	}
	defer res.Body.Close()

	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return res.StatusCode, &Error{Code: Unavailable, Status: res.StatusCode, cause: err}
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return res.StatusCode, failureOf(res)
	}
	if out != nil && json.Unmarshal(raw, out) != nil {
		return res.StatusCode, &Error{Code: BadAnswer, Status: res.StatusCode}
	}
	return res.StatusCode, nil
}

// withoutAddress drops the address of a request from its error: it may hold a person's.
func withoutAddress(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// failureOf tells what may go away from what does not.
func failureOf(res *http.Response) *Error {
	e := &Error{Code: Refused, Status: res.StatusCode}
	switch status := res.StatusCode; {
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500:
		e.Code = Unavailable
		if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
			e.RetryAfter = min(time.Duration(seconds)*time.Second, longestWait)
		}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		e.Code = NotAllowed
	case status == http.StatusNotFound, status == http.StatusGone:
		e.Code = Gone
	}
	return e
}

// askForToken sends a form of OAuth 2.0 to a token endpoint.
func askForToken(
	ctx context.Context, client *http.Client, address string, form url.Values,
	user, password string,
) (string, time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address,
		strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, &Error{Code: Refused, cause: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if user != "" {
		req.SetBasicAuth(user, password)
	}

	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	status, err := send(client, req, &answer)
	if CodeOf(err) == Refused { // of a token: 400 invalid_client, invalid_grant
		return "", 0, &Error{Code: NotAllowed, Status: status}
	}
	if err != nil {
		return "", 0, err
	}
	if answer.AccessToken == "" {
		return "", 0, &Error{Code: BadAnswer, Status: status}
	}
	return answer.AccessToken, time.Duration(answer.ExpiresIn) * time.Second, nil
}
