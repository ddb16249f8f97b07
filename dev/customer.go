package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"roomcover.dev/roomcover/demo"
	"roomcover.dev/roomcover/dev/stack"
)

// settledCustomer is a customer to look at from the first minute: it has fifty rooms under cover,
// and its Sync, with rooms that go down and up, is connected. Each folder of data has one.
type settledCustomer struct {
	demo.Options
	file string // says who it is, once it is there
}

// customerOf is the customer of a folder.
func customerOf(
	data string, parts *stack.Stack, mails *mailService, cloud *syncService,
) settledCustomer {
	return settledCustomer{
		file: filepath.Join(data, "customer.json"),
		Options: demo.Options{
			Portal:          parts.URL,
			Mails:           mails.url,
			As:              func(token string) demo.API { return tokenAPI{parts.URL, token} },
			Reseller:        parts.Access.Token("reseller"),
			Operator:        parts.Access.Token("operator"),
			SyncCertificate: cloud.settled.certificate,
			SyncKey:         cloud.settled.key,
			Out:             io.Discard,

			// Where one was begun and not finished, another is made.
			Name: rand.Text()[:5],
		},
	}
}

// settle has the customer be there, and says how to sign in as its administrator.
func (c settledCustomer) settle(ctx context.Context, out io.Writer) error {
	who, err := c.known()
	if errors.Is(err, fs.ErrNotExist) {
		who, err = c.make(ctx)
	}
	if err != nil {
		return fmt.Errorf("make a customer to look at: %w", err)
	}
	fmt.Fprintf(out, "\nCustomer       %s: fifty rooms under cover, and its Sync is connected\n"+
		"  portal       %s/sign-in\n  e-mail       %s\n  password     %s\n",
		who.Company, c.Portal, who.Email, who.Password)
	return nil
}

func (c settledCustomer) known() (who demo.Customer, err error) {
	text, err := os.ReadFile(c.file)
	if err != nil {
		return who, err
	}
	return who, json.Unmarshal(text, &who)
}

func (c settledCustomer) make(ctx context.Context) (demo.Customer, error) {
	who, err := demo.Settle(ctx, c.Options)
	if err != nil {
		return who, err
	}
	text, err := json.MarshalIndent(who, "", "  ")
	if err != nil {
		return who, err
	}
	return who, os.WriteFile(c.file, text, 0o600)
}

// tokenAPI is the API with one token.
type tokenAPI struct{ url, token string }

// Call sends body as JSON, unless it is nil, and reads the answer into out.
func (a tokenAPI) Call(ctx context.Context, method, path string, body, out any) error {
	var sent []byte
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, bytes.NewReader(sent))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}

	client := http.Client{Timeout: time.Minute}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode >= http.StatusMultipleChoices:
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	case out == nil:
		return nil
	}
	return json.Unmarshal(text, out)
}
