package main

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"roomcover.dev/roomcover/api"
)

// orderRefusedCommand answers a seller who asks why an order never came.
type orderRefusedCommand struct {
	output
	apiOptions
	TimeZone string `name:"time-zone" aliases:"zone" env:"TZ" placeholder:"ZONE" help:"By whose clock the times are, such as America/Sao_Paulo (${env}); left out: by this machine's."`
	Limit    int    `default:"20" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (orderRefusedCommand) Help() string {
	return `What was sent is not kept: only who sent it, when, and what was wrong with it.

Example:
  roomcover order refused --limit 5 --time-zone America/Sao_Paulo`
}

// Run lists.
func (c orderRefusedCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	list, err := every[api.RefusalView](ctx, client, "/v1/refusals", url.Values{}, c.Limit)
	if err != nil {
		return err
	}

	zone := readersZone(c.TimeZone)
	return c.showNamed(ctx, a, client, list, func(out io.Writer, w *words) {
		if len(list) == 0 {
			fmt.Fprintln(out, "Nothing was refused.")
			return
		}

		for _, r := range list {
			fmt.Fprintf(out, "%s, %s (request %s)\n", w.name(r.OrgID),
				w.since(r.CreatedAt, zone), r.RequestID)
			a.spelling.explain(out, "", "", r.Errors)
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%d in all.\n", len(list))
	})
}
