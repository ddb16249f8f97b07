package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"roomcover.dev/roomcover/demo"
)

// demoCommand plays the whole story against a development process.
type demoCommand struct {
	URL     string        `name:"url" default:"http://localhost:8080" help:"Address of the portal and the API."`
	Mails   string        `default:"http://127.0.0.1:8025" help:"Address of the mailbox."`
	Carrier string        `default:"http://127.0.0.1:8030" help:"Address of the simulated carrier."`
	Data    string        `type:"path" default:"data/fast" help:"Data folder of the development process, as it says at its start; its tokens are in it."`
	Wait    time.Duration `default:"3m" help:"How long any single step may take."`
}

// Help is shown by --help.
func (demoCommand) Help() string {
	return `Plays an order, its acceptance, fifty rooms under cover, a spare that is used,
a replacement with its return, one that is billed, a ticket of a Sunday night that
becomes a replacement, a room that is down in Sync and becomes a ticket by one
click, and a cancellation, against a running "make dev ARGS='--day 2s'", and
checks each step. It takes a few minutes. Where no Sync runs ("--sync-port 0")
the story leaves it out.
Exit code 4 when something differs.

Examples:
  roomcover demo
  roomcover demo --url http://localhost:8081 --data other`
}

// Run plays.
func (c demoCommand) Run(ctx context.Context, a *app) error {
	tokens, err := c.tokens()
	if err != nil {
		return err
	}

	key, err := os.ReadFile(filepath.Join(c.Data, "carrier.key"))
	if err != nil {
		return settingsError{fmt.Errorf("the carrier's key cannot be read: %w", err)}
	}

	base := apiOptions{URL: c.URL}
	if _, err := base.clientWith(tokens["operator"]); err != nil {
		return err
	}

	certificate, syncKey, err := c.syncFiles()
	if err != nil {
		return err
	}

	err = demo.Run(ctx, demo.Options{
		Portal:     strings.TrimRight(c.URL, "/"),
		Mails:      c.Mails,
		Carrier:    c.Carrier,
		CarrierKey: strings.TrimSpace(string(key)),
		As: func(token string) demo.API {
			client, _ := base.clientWith(token)
			return demoAPI{client}
		},
		Reseller:        tokens["reseller"],
		Operator:        tokens["operator"],
		SyncCertificate: certificate,
		SyncKey:         syncKey,
		Name:            rand.Text()[:5],
		Out:             a.out,
		Patience:        c.Wait,
	})
	if err != nil && ctx.Err() == nil {
		return findings{err.Error()}
	}

	return err
}

// syncFiles are the certificate and the key of the simulated Sync that the development process
// made; empty where it never ran one.
func (c demoCommand) syncFiles() (certificate, key string, err error) {
	var texts []string
	for _, name := range []string{"sync-certificate.pem", "sync-key.pem"} {
		text, err := os.ReadFile(filepath.Join(c.Data, name))
		if errors.Is(err, os.ErrNotExist) {
			return "", "", nil
		}
		if err != nil {
			return "", "", settingsError{
				fmt.Errorf("the certificate of the simulated Sync cannot be read: %w", err),
			}
		}
		texts = append(texts, string(text))
	}
	return texts[0], texts[1], nil
}

// tokens are those that the development process made, by their names.
func (c demoCommand) tokens() (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(c.Data, "access.json"))
	if err != nil {
		return nil, settingsError{
			fmt.Errorf("start make dev ARGS='--day 2s' first, or name its folder with --data: %w",
				err),
		}
	}

	var access struct {
		Tokens []struct{ Name, Secret string }
	}
	if err := json.Unmarshal(text, &access); err != nil {
		return nil, settingsError{fmt.Errorf("access.json cannot be read: %w", err)}
	}

	tokens := map[string]string{}
	for _, t := range access.Tokens {
		tokens[t.Name] = t.Secret
	}

	if tokens["reseller"] == "" || tokens["operator"] == "" {
		return nil, settingsError{
			errors.New("access.json lacks the token of the reseller or of the operator"),
		}
	}

	return tokens, nil
}

// demoAPI is the API with one token, as the demo uses it.
type demoAPI struct{ client *apiClient }

// Call sends a request, safely again where that may help.
func (d demoAPI) Call(ctx context.Context, method, path string, body, out any) error {
	if method == http.MethodPost {
		return namingFields(d.client.post(ctx, path, body, out))
	}

	r := request{method: method, path: path}
	if at := strings.IndexByte(path, '?'); at >= 0 {
		r.path = path[:at]
		query, err := url.ParseQuery(path[at+1:])
		if err != nil {
			return err
		}
		r.query = query
	}

	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		r.body, r.contentType = text, "application/json"
	}

	return namingFields(d.client.call(ctx, r, out))
}

// namingFields adds what is wrong with which field to a refusal.
func namingFields(err error) error {
	var refused *apiError
	if !errors.As(err, &refused) || len(refused.Errors) == 0 {
		return err
	}

	var fields []string
	for _, f := range refused.Errors {
		fields = append(fields, f.Pointer+" "+f.Code)
	}

	return fmt.Errorf("%w %s", err, strings.Join(fields, ", "))
}
