package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// send posts to the API with a token, and reads the answer into out unless that is
// nil.
func (p *parts) send(ctx context.Context, path, token string, body, out any) error {
	return p.sendTo(ctx, p.stack.URL+path, token, body, out)
}

// sendTo is send to a whole address.
func (p *parts) sendTo(ctx context.Context, url, token string, body, out any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}

	text, err = p.requestAt(ctx, http.MethodPost, url, withToken(token, "application/json"), text)
	if err != nil || out == nil {
		return err
	}

	return json.Unmarshal(text, out)
}

// call sends a request with a token and reads the whole answer.
func (p *parts) call(
	ctx context.Context, method, path, token, media string, body []byte,
) ([]byte, error) {
	return p.request(ctx, method, path, withToken(token, media), body)
}

func withToken(token, media string) http.Header {
	header := http.Header{"Authorization": {"Bearer " + token}}
	if media != "" {
		header.Set("Content-Type", media)
	}
	return header
}

func (p *parts) request(
	ctx context.Context, method, path string, header http.Header, body []byte,
) ([]byte, error) {
	return p.requestAt(ctx, method, p.stack.URL+path, header, body)
}

func (p *parts) requestAt(
	ctx context.Context, method, url string, header http.Header, body []byte,
) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}

	req.Header = header
	resp, err := p.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()

	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("the API answered %s: %s", resp.Status, text)
	}

	return text, err
}
