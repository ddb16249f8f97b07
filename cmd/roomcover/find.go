package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/db"
)

// findCommand finds things by what is known of them.
type findCommand struct {
	output
	apiOptions
	Text []string `arg:"" help:"Number, serial, tracking, e-mail address, company or room."`
}

// Help is shown by --help.
func (findCommand) Help() string {
	return `Finds orders, replacements, devices, parcels, spares, people, companies and rooms by
what somebody knows of them, in any spelling. What is exactly so stands first; of
companies, rooms and serials a part of three letters is enough, of an order's number
the beginning.

Examples:
  roomcover find SO-5RTFE-17SK6
  roomcover find 2147-LZ 0ABC
  roomcover find ana.souza@acme.example
  roomcover find acme --json`
}

// Run finds.
func (c findCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	text := strings.Join(c.Text, " ")
	var found api.HitsView
	err = client.call(ctx, request{
		method: http.MethodGet,
		path:   "/v1/search",
		query:  url.Values{"q": {text}},
	}, &found)
	if err != nil {
		return err
	}
	return c.show(a, found, func(out io.Writer) {
		if len(found.Items) == 0 {
			fmt.Fprintf(out, "Nothing is known as %q.\n", text)
			return
		}
		t := a.table(out, "what", "name", "customer", "found by", "id")
		for _, h := range found.Items {
			by := "a part"
			if h.Exact {
				by = "all of it"
			}
			t.AppendRow([]any{
				cmp.Or(kindTexts[db.KindOf(h.ID)], "-"), h.Name, h.AccountName, by, h.ID,
			})
		}
		t.Render()
	})
}

// kindTexts are what people call the kinds of thing that are found.
var kindTexts = map[string]string{
	db.PrefixOrder:      "order",
	db.PrefixRMA:        "replacement",
	db.PrefixDevice:     "device",
	db.PrefixShipment:   "parcel",
	db.PrefixSpareUnit:  "spare",
	db.PrefixAccount:    "customer",
	db.PrefixOrg:        "company",
	db.PrefixRoom:       "room",
	db.PrefixMembership: "person",
	db.PrefixInvitation: "invitation",
}
