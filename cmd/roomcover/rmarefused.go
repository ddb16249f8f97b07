package main

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// What the service refuses of a replacement is answered with what can be typed.

// remedied says how this command does what a refused request lacks.
func (c rmaRequestCommand) remedied(ctx context.Context, client *apiClient, err error) error {
	var refused *apiError
	if !errors.As(err, &refused) {
		return err
	}

	for i, f := range refused.Errors {
		remedy := f.Remedy
		switch f.Code {
		case rma.SiteUnknown:
			remedy = "Give the room's site an address with roomcover site set-address, " +
				"name a site that has one with --site, or say --to-account."
		case rma.SerialTooNew:
			remedy = "Give the proof that it is the account's with --proof, or wait."
		case rma.SerialNotRegistered:
			_, near := client.only(ctx, "device", c.Serial, nil, client.serials(ctx))
			if none := (notCalled{}); errors.As(near, &none) && none.near {
				_, these, _ := strings.Cut(none.Error(), "; ")
				remedy += " T" + strings.TrimPrefix(these, "t") + "."
			}
		}

		if refused.Remedy == f.Remedy {
			refused.Remedy = remedy
		}
		refused.Errors[i].Remedy = remedy
	}
	return err
}

// withCommands says what may be done with a replacement that refused a command as one that it
// does not have, or not now.
func (c *apiClient) withCommands(ctx context.Context, id string, err error) error {
	var refused *apiError
	if !errors.As(err, &refused) ||
		refused.Code != rules.ActionNotAvailable && refused.Code != rules.StateConflict ||
		len(refused.Errors) > 0 {
		return err
	}

	var r api.RMADetail
	if c.read(ctx, "/v1/rmas/"+url.PathEscape(id), &r) != nil || len(r.Commands) == 0 {
		return err
	}
	refused.Remedy = "You may: " + strings.Join(lower(r.Commands), ", ") +
		". What comes next: roomcover rma show " + r.Number
	return err
}
