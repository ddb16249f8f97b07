package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
)

type spareAidCommand struct {
	output
	apiOptions
	Parent string `arg:"" help:"The customer's parent: its id, or the name of an account of it."`
}

// Help is shown by --help.
func (spareAidCommand) Help() string {
	return `Example:
  roomcover spare aid "Acme Ltda"`
}

// Run shows.
func (c spareAidCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	parent, err := client.parentID(ctx, c.Parent)
	if err != nil {
		return err
	}

	var aid api.SpareAidView
	if err := client.read(ctx, "/v1/spares/"+url.PathEscape(parent)+"/selection-aid",
		&aid); err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, aid,
		func(out io.Writer, w *words) { a.aidTable(out, w, aid) })
}

func (a *app) aidTable(out io.Writer, w *words, aid api.SpareAidView) {
	if len(aid.Suggestions) == 0 {
		fmt.Fprintln(out, "Nothing to suggest: no supported model is deployed at a known site.")
		return
	}

	t := a.table(out, "model", "site", "there", "score", "why", "site's id")
	for _, s := range aid.Suggestions {
		var why []string
		for _, r := range s.Reasons {
			why = append(why, fmt.Sprintf("%s (%d)", w.code(string(r.Code)), r.Points))
		}

		t.AppendRow([]any{
			s.Model,
			s.Site.Name,
			s.Deployed,
			s.Score,
			strings.Join(why, ", "),
			s.Site.ID,
		})
	}

	t.Render()
	fmt.Fprintln(out)
	for _, r := range aid.Critical {
		fmt.Fprintf(out, "No alternative: %s, %s %s\n", r.Name, r.Site, r.Model)
	}

	for _, s := range aid.Unreliable {
		fmt.Fprintf(out, "Unreliable courier: %s\n", s.Name)
	}
}
