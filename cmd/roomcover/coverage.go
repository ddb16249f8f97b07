package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"roomcover.dev/roomcover/api"
)

// coverageCommand asks what is covered.
type coverageCommand struct {
	output
	apiOptions
	Serial string `placeholder:"SERIAL" help:"A device, by its serial as it stands on it."`
	Room   string `placeholder:"ID" help:"A room."`
	Model  string `placeholder:"CODE" help:"With --room: an accessory or software in it."`
	For    string `enum:"hardware,technical,setup" default:"hardware" help:"What cover is asked for: hardware, technical or setup."`
	At     string `placeholder:"TIME" help:"An instant such as 2026-11-23T12:00:00Z; otherwise now."`
}

// Help is shown by --help.
func (coverageCommand) Help() string {
	return `Says whether a room or a device is covered, for what, until when, and by which
rule. Times are UTC; every end is the first moment without cover.

Examples:
  roomcover coverage --serial "2147-LZ 0ABC"
  roomcover coverage --room rom_01kb --for technical
  roomcover coverage --room rom_01kb --model TABLE-MOUNT --json`
}

// Validate is called by kong.
func (c coverageCommand) Validate() error {
	if (c.Serial == "") == (c.Room == "") {
		return errors.New("give either --serial or --room")
	}
	return nil
}

// Run asks and answers.
func (c coverageCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	q := url.Values{"for": {c.For}}
	for name, value := range map[string]string{
		"serial": c.Serial,
		"room":   c.Room,
		"model":  c.Model,
		"at":     c.At,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}

	var out api.CoveredView
	if err := client.call(ctx, request{
		method: http.MethodGet,
		path:   "/v1/coverage",
		query:  q,
	}, &out); err != nil {
		return err
	}

	return c.show(a, out, func(w io.Writer) { c.explain(w, out) })
}

func (c coverageCommand) explain(w io.Writer, out api.CoveredView) {
	answer := out.Answer
	switch {
	case answer.Covered:
		fmt.Fprintf(w, "Covered for %s until %s.\n", c.For, minute(*answer.Until))
	case answer.Held:
		fmt.Fprintf(w, "Not covered for %s yet: it waits for a proof (%s).\n", c.For, answer.Code)
	default:
		fmt.Fprintf(w, "Not covered for %s (%s).\n", c.For, answer.Code)
	}

	for _, r := range answer.Reasons {
		fmt.Fprintf(w, "  - %s (rule %s)\n", r.Message, r.Rule)
	}

	for _, line := range []struct {
		name string
		end  *time.Time
	}{{"Hardware until", answer.HardwareUntil}, {"Support until ", answer.SupportUntil}} {
		if line.end != nil {
			fmt.Fprintf(w, "%s: %s\n", line.name, minute(*line.end))
		}
	}

	for _, line := range []struct{ name, value string }{
		{"Replacement", string(answer.RMASpeed)},
		{"SLA", answer.SLAPolicy},
		{"Room", answer.RoomID},
	} {
		if line.value != "" {
			fmt.Fprintf(w, "%s: %s\n", line.name, line.value)
		}
	}
}
