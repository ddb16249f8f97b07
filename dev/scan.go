package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"roomcover.dev/roomcover/dev/stack"
)

// scanCommand has the simulated carrier scan a parcel now, which it would do by itself hours
// or days later.
type scanCommand struct {
	Data   string        `help:"Data folder of the process that is up." default:"./data" type:"path"`
	Wait   time.Duration `help:"How long to wait for the parcel to be booked." default:"30s"`
	Serial string        `arg:"" help:"Of the faulty device of a replacement."`
	Way    string        `arg:"" enum:"out,return" help:"Which parcel: out or return."`
	Kind   string        `arg:"" enum:"picked_up,delivered,lost,returned_to_sender,exception" help:"What the carrier does: picked_up, delivered, lost, returned_to_sender or exception."`
}

// Help is shown by --help.
func (scanCommand) Help() string {
	return `The carrier tells the service by its webhook, as carriers do.

Examples:
  bin/roomcover-dev scan 2147LZ0A10 out delivered
  bin/roomcover-dev scan 2147LZ0A10 return picked_up`
}

// Run orders the scan.
func (c scanCommand) Run(ctx context.Context, out io.Writer) error {
	up, access, err := find(c.Data)
	if err != nil {
		return err
	}
	if up.Carrier == "" {
		return errors.New(
			"the simulated carrier is not up: start make dev without --carrier-port 0",
		)
	}

	key, err := carrierKey(up.Data)
	if err != nil {
		return err
	}

	tracking, err := c.tracking(ctx, up.Portal, access)
	if err != nil {
		return err
	}

	kind := strings.ToUpper(c.Kind)
	body, err := json.Marshal(map[string]string{"kind": kind})
	if err != nil {
		return err
	}
	address := up.Carrier + "/simulator/parcels/" + url.PathEscape(tracking) + "/scans"
	err = askFor(ctx, http.MethodPost, address, hex.EncodeToString(key), body, nil)
	if err != nil {
		return err
	}

	fmt.Fprintf(out, "The carrier scans parcel %s: %s. The service knows it in a second or two.\n",
		tracking, kind)
	return nil
}

// tracking waits until the newest parcel of the replacement is booked, and returns its number.
func (c scanCommand) tracking(
	ctx context.Context, portal string, access stack.Access,
) (string, error) {
	token := access.Token("operator")
	var rmas struct{ Items []struct{ ID string } }
	err := askFor(ctx, http.MethodGet, portal+"/v1/rmas?limit=1&serial="+url.QueryEscape(c.Serial),
		token, nil, &rmas)
	if err != nil {
		return "", err
	}
	if len(rmas.Items) == 0 {
		return "", fmt.Errorf("there is no replacement of %s: ask for one first", c.Serial)
	}

	direction := map[string]string{"out": "OUT", "return": "RETURN"}[c.Way]
	until := time.Now().Add(c.Wait)
	for {
		var parcels struct {
			Items []struct{ Direction, State, Tracking string }
		}
		err := askFor(ctx, http.MethodGet, portal+"/v1/shipments?subject_id="+
			url.QueryEscape(rmas.Items[0].ID), token, nil, &parcels)
		if err != nil {
			return "", err
		}

		for _, p := range parcels.Items { // newest first
			if p.Direction != direction {
				continue
			}
			if p.Tracking != "" && p.State != "CREATED" {
				return p.Tracking, nil
			}
			break
		}

		if time.Now().After(until) {
			return "", fmt.Errorf("no parcel %s of %s is booked: see bin/roomcover rma show %s",
				c.Way, c.Serial, c.Serial)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// askFor asks with a token; an answer that is no success is an error with what it says.
func askFor(
	ctx context.Context, method, address, token string, body []byte, into any,
) error {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}

	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()

	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s: %s", answer.Status, strings.TrimSpace(string(text)))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}
