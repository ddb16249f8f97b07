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
	Parent string `arg:"" help:"Id of the customer's parent."`
}

// Run shows.
func (c spareAidCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	var aid api.SpareAidView
	if err := client.read(ctx, "/v1/spares/"+url.PathEscape(c.Parent)+"/selection-aid",
		&aid); err != nil {
		return err
	}

	return c.show(a, aid, func(w io.Writer) { a.aidTable(w, aid) })
}

func (a *app) aidTable(w io.Writer, aid api.SpareAidView) {
	if len(aid.Suggestions) == 0 {
		fmt.Fprintln(w, "Nothing to suggest: no supported model is deployed at a known site.")
		return
	}

	t := a.table(w, "model", "site", "site's id", "there", "score", "why")
	for _, s := range aid.Suggestions {
		var why []string
		for _, r := range s.Reasons {
			why = append(why, fmt.Sprintf("%s %d", r.Code, r.Points))
		}

		t.AppendRow([]any{
			s.Model,
			s.Site.Name,
			s.Site.ID,
			s.Deployed,
			s.Score,
			strings.Join(why, ", "),
		})
	}

	t.Render()
	fmt.Fprintln(w)
	for _, r := range aid.Critical {
		fmt.Fprintf(w, "No alternative: %s, %s %s\n", r.Name, r.Site, r.Model)
	}

	for _, s := range aid.Unreliable {
		fmt.Fprintf(w, "Unreliable courier: %s\n", s.Name)
	}
}
