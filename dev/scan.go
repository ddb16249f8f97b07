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
	"slices"
	"strings"
	"time"
)

// scanCommand has the simulated carrier scan a parcel now, which it would do by itself hours
// or days later.
type scanCommand struct {
	Data   string        `help:"Data folder of the process that is up." default:"./data" type:"path"`
	Wait   time.Duration `help:"How long to wait for the parcel to be booked." default:"30s"`
	Parcel string        `arg:"" help:"The serial of a faulty device or of a spare unit, the number of a replacement (RMA-...) or spare unit (SPARE-...), or the id or tracking number of the parcel itself."`
	Way    string        `arg:"" enum:"out,return" help:"Which parcel: out or return."`
	Kind   string        `arg:"" enum:"picked_up,delivered,lost,returned_to_sender,exception" help:"What the carrier does: picked_up, delivered, lost, returned_to_sender or exception."`
}

// Help is shown by --help.
func (scanCommand) Help() string {
	return `The carrier tells the service by its webhook, as carriers do.

Examples:
  bin/roomcover-dev scan 2147LZ0A10 out delivered
  bin/roomcover-dev scan RMA-7F3K2 return picked_up`
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

	token := access.Token("operator")
	tracking, err := c.tracking(ctx, func(path string, into any) error {
		return askFor(ctx, http.MethodGet, up.Portal+path, token, nil, into)
	})
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

// parcel is what the scan needs of a shipment.
type parcel struct{ Direction, State, Tracking string }

// directions are those of the parcels of a replacement and of a spare unit.
var directions = map[string][]string{"out": {"OUT", "SPARE"}, "return": {"RETURN", "RECALL"}}

// tracking waits until the newest parcel that is meant is booked, and returns its number.
func (c scanCommand) tracking(
	ctx context.Context, read func(path string, into any) error,
) (string, error) {
	list, err := c.parcels(read)
	if err != nil {
		return "", err
	}

	until := time.Now().Add(c.Wait)
	for {
		var parcels struct{ Items []parcel }
		if err := read(list, &parcels); err != nil {
			return "", err
		}

		for _, p := range parcels.Items { // newest first
			if !slices.Contains(directions[c.Way], p.Direction) {
				continue
			}
			if p.Tracking != "" && p.State != "CREATED" {
				return p.Tracking, nil
			}
			break
		}

		if time.Now().After(until) {
			return "", fmt.Errorf("no parcel %s of %s is booked: see bin/roomcover shipment list",
				c.Way, c.Parcel)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// parcels returns where the parcels stand that are meant: of what has the number or the serial,
// or the one of the id or the tracking number.
func (c scanCommand) parcels(read func(path string, into any) error) (string, error) {
	type found struct {
		Items []struct{ ID, Tracking string }
	}
	said := url.QueryEscape(c.Parcel)
	number := strings.ToUpper(c.Parcel)
	byTracking := "/v1/shipments?tracking="

	switch {
	case strings.HasPrefix(number, "RMA-"), strings.HasPrefix(number, "RMA_"),
		strings.HasPrefix(number, "SPARE-"),
		strings.HasPrefix(c.Parcel, "spu_"):
		return "/v1/shipments?subject_id=" + said, nil
	case strings.HasPrefix(c.Parcel, "shp_"):
		var one struct{ Tracking string }
		err := read("/v1/shipments/"+url.PathEscape(c.Parcel), &one)
		if err == nil && one.Tracking == "" {
			err = fmt.Errorf("the parcel %s is not booked yet", c.Parcel)
		}
		return byTracking + url.QueryEscape(one.Tracking), err
	}

	for _, of := range []string{"/v1/rmas?limit=1&serial=", "/v1/spare-units?limit=1&serial="} {
		var all found
		if err := read(of+said, &all); err != nil {
			return "", err
		}
		if len(all.Items) > 0 {
			return "/v1/shipments?subject_id=" + url.QueryEscape(all.Items[0].ID), nil
		}
	}

	var all found
	if err := read(byTracking+said, &all); err != nil {
		return "", err
	}
	if len(all.Items) == 0 {
		return "", fmt.Errorf("no replacement or spare unit has the number or serial %s, and no "+
			"parcel that tracking number", c.Parcel)
	}
	return byTracking + said, nil
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
