package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

type orderCancelCommand struct {
	oneOrder
	Whole    bool     `help:"Cancel all that is left of it."`
	Quantity int      `placeholder:"N" help:"Cancel so many licenses."`
	License  []string `aliases:"licence" sep:"none" placeholder:"ROOM" help:"With --quantity: an assigned license to take, by the room that it covers, its number (SELECT-3Y/7) or its id; may be repeated."`
	Reason   string   `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
	Yes      bool     `help:"Do so also where replacements or spare units end with the licenses."`
}

// Help is shown by --help.
func (orderCancelCommand) Help() string {
	return `Canceled licenses end at once, and this cannot be undone. Where replacements that were
not sent yet or spare units end with them, the command names those and does nothing: with --yes it
does.

Examples:
  roomcover order cancel PO-2026-0017 --whole --reason "ordered by mistake"
  roomcover order cancel PO-2026-0017 --quantity 5 --reason "five too many"
  roomcover order cancel PO-2026-0017 --quantity 1 --license "Sala 1" --reason "room given up"`
}

// Validate is called by kong.
func (c orderCancelCommand) Validate() error {
	if c.Whole == (c.Quantity != 0) {
		return errors.New("give either --whole or --quantity")
	}
	if c.Quantity < 0 {
		return errors.New("--quantity: give 1 or more")
	}
	return nil
}

// Run cancels.
func (c orderCancelCommand) Run(ctx context.Context, a *app) error {
	client, o, err := c.find(ctx)
	if err != nil {
		return err
	}

	will, err := client.wouldEnd(ctx, o.ID, nil)
	if err != nil {
		return err
	}

	body := api.CancellationRequest{Reason: c.Reason}
	if !c.Whole {
		body.Quantity = &c.Quantity
		body.LicenceIDs, err = c.licenceIDs(will.Licences)
		if err != nil {
			return err
		}

		will, err = client.wouldEnd(ctx, o.ID, filters(map[string]string{
			"quantity":    strconv.Itoa(c.Quantity),
			"licence_ids": strings.Join(body.LicenceIDs, ","),
		}))
		if err != nil {
			return err
		}
	}

	if err := asksFirst(a, will, c.Yes); err != nil {
		return err
	}
	return c.end(ctx, a, client, o, "/cancellation", body, will)
}

// licenceIDs returns the ids of the licences that are named. Where too few are in no room, it
// says which ones there are to name.
func (c orderCancelCommand) licenceIDs(inForce []api.LicenceToEnd) (ids []string, err error) {
	free := 0
	var assigned []string
	for _, l := range inForce {
		if l.Assigned {
			assigned = append(assigned, licenseName(l))
		} else {
			free++
		}
	}

	for _, said := range c.License {
		var found []api.LicenceToEnd
		for _, l := range inForce {
			if called(l, said) {
				found = append(found, l)
			}
		}
		if len(found) != 1 {
			problem := "no license of the order is called %q; there is %s"
			if len(found) > 1 {
				problem = "several licenses of the order are called %q; say which one by its " +
					"number: %s"
				assigned = nil
				for _, l := range found {
					assigned = append(assigned, licenseName(l))
				}
			}
			return nil, settingsError{fmt.Errorf(problem, said, someOf(assigned))}
		}
		ids = append(ids, found[0].ID)
		if !found[0].Assigned {
			free--
		}
	}

	missing := c.Quantity - len(ids) - free
	if missing > 0 && c.Quantity < len(inForce) { // all of them need no names
		return nil, settingsError{fmt.Errorf(
			"too few of its licenses are in no room; name %d more with --license: %s",
			missing, someOf(assigned))}
	}
	return ids, nil
}

// called reports whether a license is meant: by its room with or without its site, by its
// number or by its id.
func called(l api.LicenceToEnd, said string) bool {
	if isID(said, db.PrefixLicence) {
		return l.ID == said
	}

	room, _, _ := strings.Cut(l.Room, ",")
	key := rules.SearchKey(said)
	return l.Room != "" && (key == rules.SearchKey(l.Room) || key == rules.SearchKey(room)) ||
		strings.EqualFold(said, licenseNumber(l))
}

// licenseNumber is what people call a license: what was ordered, and which one of it.
func licenseNumber(l api.LicenceToEnd) string { return fmt.Sprintf("%s/%d", l.SKU, l.Number) }

// licenseName is its number, with the room that it covers.
func licenseName(l api.LicenceToEnd) string {
	if l.Room == "" {
		return licenseNumber(l)
	}
	return licenseNumber(l) + " (" + l.Room + ")"
}

// someOf names the first of many, and counts the others.
func someOf(names []string) string {
	const most = 10
	shown := slices.Clone(names[:min(len(names), most)])
	if more := len(names) - len(shown); more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(shown, "; ")
}

// ending is what a cancellation would end, and the tag that stands for it.
type ending struct {
	api.CancellationPreview
	tag string
}

// wouldEnd asks what a cancellation would end.
func (c *apiClient) wouldEnd(
	ctx context.Context, orderID string, query url.Values,
) (will ending, err error) {
	err = c.call(ctx, request{
		method: http.MethodGet,
		path:   "/v1/orders/" + url.PathEscape(orderID) + "/cancellation",
		query:  query,
		etag:   &will.tag,
	}, &will.CancellationPreview)
	return will, err
}

// asksFirst names what ends beside the licenses, and ends the command where that was not
// agreed to.
func asksFirst(a *app, will ending, agreed bool) error {
	ends := beside(will.Replacements, &will.Spares)
	if len(ends) == 0 || agreed {
		return nil
	}
	return undecided{
		what: fmt.Sprintf("with %s end too: %s. Nothing was canceled; with --yes it is:",
			count(len(will.Licences), "license"), strings.Join(ends, "; ")),
		again: a.again("--yes"),
	}
}

// beside says what ends beside licenses.
func beside(replacements []string, spares *api.SparesToEnd) (out []string) {
	if len(replacements) > 0 {
		out = append(out, "not sent, withdrawn: "+someOf(replacements))
	}
	if spares != nil && len(spares.Voided) > 0 {
		out = append(out, "spares not sent any more: "+someOf(spares.Voided))
	}
	if spares != nil && len(spares.Recalled) > 0 {
		out = append(out, "spares to send back: "+someOf(spares.Recalled))
	}
	return out
}

// writeCancellation says what was canceled, by whom and why, and what ended with it.
func writeCancellation(out io.Writer, w *words, zone string, x api.CancellationView) {
	what := "the whole order"
	if !x.Whole {
		what = count(int(x.Quantity), "license")
	}
	fmt.Fprintf(out, "\nCanceled: %s, %s, by %s. %s\n", what, w.since(x.CreatedAt, zone),
		w.code(string(x.Role)), x.Reason)
	for _, ended := range beside(x.Replacements, x.Spares) {
		fmt.Fprintf(out, "  With it: %s\n", ended)
	}
}

type orderTerminateCommand struct {
	oneOrder
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
	Yes    bool   `help:"Do so also where replacements or spare units end with it."`
}

// Help is shown by --help.
func (orderTerminateCommand) Help() string {
	return `Ends all that is left of an order whose window is over. This cannot be undone.

Example:
  roomcover order terminate PO-2026-0017 --reason "goodwill, agreed with finance"`
}

// Run ends it.
func (c orderTerminateCommand) Run(ctx context.Context, a *app) error {
	client, o, err := c.find(ctx)
	if err != nil {
		return err
	}

	will, err := client.wouldEnd(ctx, o.ID, url.Values{"termination": {"true"}})
	if err != nil {
		return err
	}
	if err := asksFirst(a, will, c.Yes); err != nil {
		return err
	}
	return c.end(ctx, a, client, o, "/termination", api.ReasonRequest{Reason: c.Reason}, will)
}

// end cancels or terminates what was looked at and nothing else, and shows the order.
func (c oneOrder) end(
	ctx context.Context, a *app, client *apiClient,
	o api.OrderDetail, path string, body any, will ending,
) error {
	at := "/v1/orders/" + url.PathEscape(o.ID)
	var done api.CancellationAnswer
	if err := client.postMatching(ctx, will.tag, at+path, body, &done); err != nil {
		return err
	}
	if err := client.read(ctx, at, &o); err != nil {
		return err
	}

	return c.showOrder(ctx, a, client, o)
}
