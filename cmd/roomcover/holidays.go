package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"roomcover.dev/roomcover/api"
)

// holidaysCommand shows where days are promised by weekends alone.
type holidaysCommand struct {
	output
	apiOptions
}

// Help is shown by --help.
func (holidaysCommand) Help() string {
	return `Lists the countries and regions with customers whose calendar has no public
holiday in the next 12 months: what is promised there is counted by weekends alone,
and the promise says so. Enter their holidays with
roomcover calendar add-holiday. Exit code 4 when there are any.

Example:
  roomcover holidays`
}

// Run lists.
func (c holidaysCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	var answer paged[api.HolidayGapView]
	err = client.call(ctx, request{
		method: http.MethodGet,
		path:   "/v1/calendars/without-holidays",
	}, &answer)
	if err != nil {
		return err
	}

	gaps := answer.Items
	if err := c.show(a, gaps, func(w io.Writer) { a.gapTable(w, gaps) }); err != nil {
		return err
	}
	if len(gaps) > 0 {
		return findings{
			"no holidays are entered for " + count(len(gaps), "calendar") + " with customers",
		}
	}

	return nil
}

func (a *app) gapTable(w io.Writer, gaps []api.HolidayGapView) {
	if len(gaps) == 0 {
		fmt.Fprintln(w, "Every calendar on which customers count has holidays.")
		return
	}

	t := a.table(w, "calendar", "accounts", "rooms", "sites")
	for _, g := range gaps {
		t.AppendRow([]any{g.Calendar, g.Accounts, g.Rooms, g.Sites})
	}

	t.Render()
}
