package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	"roomcover.dev/roomcover/api"
)

// rmaLabelCommand fetches the label of a replacement's parcel.
type rmaLabelCommand struct {
	apiOptions
	RMA string `arg:"" name:"replacement" help:"The replacement: its number, such as RMA-7F3K2, its id, or the serial of the faulty unit or of its replacement."`
	Way string `enum:"return,out" default:"return" help:"Of the parcel that comes back (return) or of the one that goes out (out)."`
	Out string `type:"path" placeholder:"FILE" required:"" help:"Where the PDF is written."`
}

// Help is shown by --help.
func (rmaLabelCommand) Help() string {
	return `Example:
  roomcover rma label RMA-7F3K2 --out return-label.pdf`
}

// Run fetches it.
func (c rmaLabelCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	id, err := client.rmaID(ctx, c.RMA)
	if err != nil {
		return err
	}

	parcels, err := every[api.ShipmentView](ctx, client, "/v1/shipments",
		filters(map[string]string{"subject_id": id}), 0)
	if err != nil {
		return err
	}

	for _, p := range parcels { // newest first
		if string(p.Direction) != strings.ToUpper(c.Way) {
			continue
		}
		if p.Tracking == "" {
			break
		}

		var pdf []byte
		path := "/v1/shipments/" + url.PathEscape(p.ID) + "/label"
		if err := client.read(ctx, path, &pdf); err != nil {
			return err
		}
		if err := os.WriteFile(c.Out, pdf, 0o600); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "The label of parcel %s is in %s.\n", p.Tracking, c.Out)
		return nil
	}

	return findings{"there is no such parcel yet: rma show says what it waits for"}
}
