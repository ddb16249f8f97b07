package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
)

type spareAidCommand struct {
	output
	apiOptions
	Parent string `arg:"" help:"Id of the customer's parent."`
}

// spareAid is what helps to choose spares.
type spareAid struct {
	Parent string `json:"parent_org_id"`
	Models []struct {
		Model    string `json:"model"`
		Deployed int    `json:"deployed"`
	} `json:"models"`
	Suggestions []struct {
		Model    string       `json:"model"`
		Site     spareAidSite `json:"site"`
		Deployed int          `json:"deployed"`
		Score    int          `json:"score"`
		Reasons  []struct {
			Code   string `json:"code"`
			Points int    `json:"points"`
			Text   string `json:"text"`
		} `json:"reasons"`
	} `json:"suggestions"`
	Critical []struct {
		Room  string `json:"room_id"`
		Name  string `json:"name"`
		Site  string `json:"site,omitempty"`
		Model string `json:"model,omitempty"`
	} `json:"critical_rooms"`
	Unreliable []spareAidSite `json:"unreliable_sites"`
}

type spareAidSite struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Run shows.
func (c spareAidCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	var aid spareAid
	if err := client.read(ctx, "/v1/spares/"+url.PathEscape(c.Parent)+"/selection-aid", &aid); err != nil {
		return err
	}
	return c.show(a, aid, func(w io.Writer) { a.aidTable(w, aid) })
}

func (a *app) aidTable(w io.Writer, aid spareAid) {
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
		t.AppendRow([]any{s.Model, s.Site.Name, s.Site.ID, s.Deployed, s.Score, strings.Join(why, ", ")})
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
