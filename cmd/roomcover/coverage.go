package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules/cover"
)

// coverageCommand asks what is covered.
type coverageCommand struct {
	output
	apiOptions
	Serial  string `placeholder:"SERIAL" help:"A device, by its serial as it stands on it."`
	Room    string `placeholder:"ROOM" help:"A room, by name or id."`
	Account string `placeholder:"ACCOUNT" help:"Whose room it is, where several accounts have one of this name."`
	Model   string `placeholder:"CODE" help:"With --room: an accessory or software in it."`
	For     string `enum:"hardware,technical,setup" default:"hardware" help:"What coverage is asked for: hardware, technical or setup."`
	At      string `placeholder:"TIME" help:"An instant such as 2026-11-23T12:00:00Z; otherwise now."`
}

// Help is shown by --help.
func (coverageCommand) Help() string {
	return `Says whether a room or a device is covered, for what, until when, and
why. Times are those of the room; every end is the first moment without cover.

Examples:
  roomcover coverage --serial "2147-LZ 0ABC"
  roomcover coverage --room "Sala 1" --account "Acme Ltda" --for technical
  roomcover coverage --room "Sala 1" --model TABLE-MOUNT --json`
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

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}

	room, err := client.roomID(ctx, account, c.Room)
	if err != nil {
		return err
	}

	q := url.Values{"for": {c.For}}
	for name, value := range map[string]string{
		"serial": c.Serial,
		"room":   room,
		"model":  c.Model,
		"at":     c.At,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}

	var out api.CoveredView
	err = client.call(ctx, request{
		method: http.MethodGet,
		path:   "/v1/coverage",
		query:  q,
	}, &out)
	if c.Serial != "" && refusedAs(err, http.StatusNotFound) {
		// Nobody has this one: is it another that was meant?
		if _, near := client.deviceID(ctx, account, c.Serial); near != nil {
			return near
		}
	}
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, out, func(to io.Writer, w *words) { c.explain(to, w, out) })
}

func (c coverageCommand) explain(out io.Writer, w *words, v api.CoveredView) {
	answer := v.Answer
	zone := w.zone(answer.RoomID, v.RoomID)
	day := func(at *time.Time) string {
		if at == nil {
			return ""
		}
		return w.until(*at, zone)
	}

	purpose := c.For
	if purpose != "hardware" {
		purpose += " support"
	}

	switch {
	case answer.Covered:
		fmt.Fprintf(out, "Covered for %s until %s.\n", purpose, day(answer.Until))
	case answer.Held:
		fmt.Fprintf(out, "Not covered for %s yet: it waits for a proof of purchase.\n", purpose)
	default:
		fmt.Fprintf(out, "Not covered for %s.\n", purpose)
	}
	for _, r := range answer.Reasons {
		fmt.Fprintf(out, "  - %s\n", r.Message)
	}
	if remedy := cover.RefusalRemedies[answer.Code]; remedy != "" && !answer.Covered {
		fmt.Fprintf(out, "What to do: %s\n", remedy)
	}
	fmt.Fprintln(out)

	device := w.known(v.DeviceID)
	writeFacts(out,
		fact{"Device", cmp.Or(device, strings.TrimSpace(v.Model+" "+v.Serial))},
		fact{"Room", w.name(cmp.Or(answer.RoomID, v.RoomID))},
		fact{"Hardware until", day(answer.HardwareUntil)},
		fact{"Support until", day(answer.SupportUntil)},
		fact{"Replacement", w.code(string(answer.RMASpeed))},
		fact{"Service level", plain(answer.SLAPolicy)},
	)
}
