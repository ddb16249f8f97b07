package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"roomcover.dev/roomcover/api"
)

const privacyRequestsPath = "/v1/privacy-requests"

// privacyCommand is about what is known of people, and forgetting it.
type privacyCommand struct {
	List   privacyListCommand   `cmd:"" help:"List requests about people's data."`
	Show   privacyShowCommand   `cmd:"" help:"Show how far a request has come."`
	Export privacyExportCommand `cmd:"" help:"Ask for an export of a person's data, or fetch its file."`
	Erase  privacyEraseCommand  `cmd:"" help:"Have a person erased."`
}

func (a *app) privacyTable(w io.Writer, list []api.PrivacyRequestView) {
	if len(list) == 0 {
		fmt.Fprintln(w, "No requests.")
		return
	}

	t := a.table(w, "kind", "state", "person", "e-mail", "rows", "id")
	for _, r := range list {
		t.AppendRow([]any{
			strings.ToLower(r.Kind), strings.ToLower(r.State), r.Name, r.Email, r.Rows, r.ID,
		})
	}

	t.Render()
}

type privacyListCommand struct {
	output
	apiOptions
	Kind  string `enum:",export,erasure" default:"" help:"Only exports, or only erasures."`
	State string `enum:",asked,ready,decide,done,expired" default:"" help:"Only those that have come so far."`
	Limit int    `default:"50" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (privacyListCommand) Help() string {
	return `Example:
  roomcover privacy list --state decide`
}

// Run lists.
func (c privacyListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	list, err := every[api.PrivacyRequestView](ctx, client, privacyRequestsPath,
		filters(map[string]string{
			"kind":  strings.ToUpper(c.Kind),
			"state": strings.ToUpper(c.State),
		}), c.Limit)
	if err != nil {
		return err
	}
	return c.show(a, list, func(w io.Writer) { a.privacyTable(w, list) })
}

type privacyShowCommand struct {
	output
	apiOptions
	Request string `arg:"" name:"request" help:"The request's id, such as prv_01kb…"`
}

// Help is shown by --help.
func (privacyShowCommand) Help() string {
	return `Example:
  roomcover privacy show prv_01kb9m4t6s8v0x2z4a6c8e0g2j`
}

// Run shows.
func (c privacyShowCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	var r api.PrivacyRequestView
	path := privacyRequestsPath + "/" + url.PathEscape(c.Request)
	if err := client.read(ctx, path, &r); err != nil {
		return err
	}
	return c.show(a, r, func(w io.Writer) { a.privacyTable(w, []api.PrivacyRequestView{r}) })
}

type privacyExportCommand struct {
	output
	apiOptions
	Person string `arg:"" name:"person" help:"The person's e-mail; or, with --out, the id of the request."`
	Reason string `placeholder:"TEXT" help:"Why, without naming the person; operators have to say it, and it is kept."`
	Out    string `type:"path" placeholder:"FILE" help:"Fetch the file of a request that is ready, and write it here."`
}

// Help is shown by --help.
func (privacyExportCommand) Help() string {
	return `Examples:
  roomcover privacy export ana@acme.example --reason "asked by letter"
  roomcover privacy export prv_01kb9m4t6s8v0x2z4a6c8e0g2j --out export.zip`
}

// Run asks for the export, or fetches its file.
func (c privacyExportCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	if c.Out != "" {
		var content []byte
		path := privacyRequestsPath + "/" + url.PathEscape(c.Person) + "/export"
		if err := client.read(ctx, path, &content); err != nil {
			return err
		}
		if err := os.WriteFile(c.Out, content, 0o600); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "The export is in %s. Give it to that person only.\n", c.Out)
		return nil
	}

	return c.output.asks(ctx, a, client, map[string]string{
		"kind":   "EXPORT",
		"email":  c.Person,
		"reason": c.Reason,
	})
}

type privacyEraseCommand struct {
	output
	apiOptions
	Person  string `arg:"" name:"person" help:"The person's e-mail."`
	Confirm string `required:"" placeholder:"ADDRESS" help:"The person's e-mail, once more: it cannot be undone."`
	Reason  string `placeholder:"TEXT" help:"Why, without naming the person; operators have to say it, and it is kept."`
}

// Help is shown by --help.
func (privacyEraseCommand) Help() string {
	return `Example:
  roomcover privacy erase ana@acme.example --confirm ana@acme.example --reason "asked by letter"`
}

// Run asks for the erasure.
func (c privacyEraseCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	return c.output.asks(ctx, a, client, map[string]string{
		"kind":    "ERASURE",
		"email":   c.Person,
		"confirm": c.Confirm,
		"reason":  c.Reason,
	})
}

// asks makes a request about a person's data and shows it.
func (o output) asks(ctx context.Context, a *app, client *apiClient, body map[string]string) error {
	var r api.PrivacyRequestView
	if err := client.post(ctx, privacyRequestsPath, body, &r); err != nil {
		return err
	}
	return o.show(a, r, func(w io.Writer) { a.privacyTable(w, []api.PrivacyRequestView{r}) })
}
