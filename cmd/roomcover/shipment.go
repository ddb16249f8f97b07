package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/db"
)

// shipmentCommands are about parcels.
type shipmentCommands struct {
	List shipmentListCommand `cmd:"" help:"List parcels."`
	Show shipmentShowCommand `cmd:"" help:"Show one with every scan that is known."`
}

type shipmentListCommand struct {
	output
	apiOptions
	Account   string `placeholder:"ACCOUNT" help:"Only those of this account: its id or the company's name."`
	RMA       string `xor:"for" name:"rma" placeholder:"REPLACEMENT" help:"Only those of a replacement: its number, id or a serial."`
	Spare     string `xor:"for" placeholder:"SPARE" help:"Only those of a spare unit: its number, serial or id."`
	Direction string `enum:",out,return,spare,recall" default:"" help:"Only those that go out, return, bring a spare or take one back (recall)."`
	State     string `enum:",created,labelled,picked_up,in_transit,delivered,exception,lost,returned_to_sender,cancelled" default:"" help:"Only those in this state."`
	Limit     int    `default:"50" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (shipmentListCommand) Help() string {
	return `Examples:
  roomcover shipment list --rma SN-100
  roomcover shipment list --state exception`
}

// Run lists.
func (c shipmentListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}
	subject, err := client.parcelOf(ctx, c.RMA, c.Spare)
	if err != nil {
		return err
	}

	list, err := every[api.ShipmentView](ctx, client, "/v1/shipments", filters(map[string]string{
		"account_id": account,
		"subject_id": subject,
		"direction":  strings.ToUpper(c.Direction),
		"state":      strings.ToUpper(c.State),
	}), c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list, func(out io.Writer, w *words) {
		if len(list) == 0 {
			fmt.Fprintln(out, "No parcels.")
			return
		}

		t := a.table(out, "parcel", "way", "for", "customer", "state", "promised", "id")
		for _, s := range list {
			t.AppendRow([]any{
				dash(strings.TrimSpace(s.Carrier + " " + s.Tracking)),
				wayOf(s),
				w.name(s.SubjectID),
				w.name(s.AccountID),
				shipmentState(a, s),
				dash(w.day(s.PromisedOn)),
				s.ID,
			})
		}
		t.Render()
		fmt.Fprintf(out, "\n%s.\n", count(len(list), "parcel"))
	})
}

// parcelOf returns the id of the replacement or spare unit that parcels are for.
func (c *apiClient) parcelOf(ctx context.Context, rma, spare string) (string, error) {
	switch {
	case rma != "":
		return c.rmaID(ctx, rma)
	case spare != "":
		return c.spareID(ctx, spare)
	}
	return "", nil
}

// wayOf says which way a parcel goes.
func wayOf(s api.ShipmentView) string {
	switch s.Direction {
	case "OUT":
		return "replacement, out"
	case "RETURN":
		return "faulty unit, back"
	case "SPARE":
		return "spare, out"
	}
	return "spare, back"
}

// shipmentState marks what somebody has to look at.
func shipmentState(a *app, s api.ShipmentView) string {
	state := plain(string(s.State))
	switch {
	case s.Contradicted:
		return a.late(state + ", contradicted")
	case state == "exception" || state == "lost" || state == "returned to sender":
		return a.late(state)
	}
	return state
}

type shipmentShowCommand struct {
	output
	apiOptions
	Shipment string `arg:"" name:"parcel" help:"The parcel: its tracking number or id."`
}

// Help is shown by --help.
func (shipmentShowCommand) Help() string {
	return `Example:
  roomcover shipment show BR123456789`
}

// Run shows.
func (c shipmentShowCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	id := c.Shipment
	if !isID(id, db.PrefixShipment) {
		all, err := candidates(ctx, client, "/v1/shipments", url.Values{"tracking": {id}},
			func(s api.ShipmentView) candidate {
				return candidate{
					id:    s.ID,
					names: []string{c.Shipment},
					apart: func(w *words) []string {
						return []string{
							s.Carrier,
							wayOf(s),
							w.name(s.SubjectID),
							plain(string(s.State)),
						}
					},
				}
			})
		if err != nil {
			return err
		}
		if id, err = client.only(ctx, "parcel", c.Shipment, all); err != nil {
			return err
		}
	}

	var s api.ShipmentDetail
	if err := client.read(ctx, "/v1/shipments/"+url.PathEscape(id), &s); err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, s, func(out io.Writer, w *words) {
		zone := w.zone(s.SubjectID, s.AccountID)
		fmt.Fprintf(out, "Parcel %s: %s\n\n", dash(strings.TrimSpace(s.Carrier+" "+s.Tracking)),
			shipmentState(a, s.ShipmentView))
		writeFacts(out,
			fact{"Way", wayOf(s.ShipmentView)},
			fact{"For", w.name(s.SubjectID)},
			fact{"Customer", w.name(s.AccountID)},
			fact{"Promised", w.day(s.PromisedOn)},
		)

		fmt.Fprintln(out)
		if len(s.Scans) == 0 {
			fmt.Fprintln(out, "Nothing is known of its way yet.")
		} else {
			t := a.table(out, "when", "what", "who says so", "")
			for _, scan := range s.Scans {
				note := ""
				switch {
				case scan.TakenBack:
					note = "of another parcel: the number was mistyped"
				case scan.Contradicted:
					note = a.late("cannot be true at that time")
				}
				t.AppendRow([]any{
					w.at(scan.At, zone),
					plain(string(scan.Kind)),
					plain(string(scan.Source)),
					note,
				})
			}
			t.Render()
		}
		fmt.Fprintf(out, "\n%s\n", s.ID)
	})
}
