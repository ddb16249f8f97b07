package main

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"roomcover.dev/roomcover/api"
)

// siteCommands are about the sites that parcels go to.
type siteCommands struct {
	List siteListCommand `cmd:"" help:"List sites."`
	Show siteShowCommand `cmd:"" help:"Show one with its address and who takes parcels there."`

	SetAddress siteSetAddressCommand `cmd:"" help:"Say where a site is, so that parcels can go there."`
	Courier    siteCourierCommand    `cmd:"" help:"Note whether a site's courier is unreliable."`
}

type siteListCommand struct {
	output
	apiOptions
	Account string `placeholder:"ACCOUNT" help:"Only those of this account: its id or the company's name."`
	Limit   int    `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (siteListCommand) Help() string {
	return `Example:
  roomcover site list --account "Acme Ltda"`
}

// Run lists.
func (c siteListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}

	list, err := every[api.SiteView](ctx, client, "/v1/sites",
		filters(map[string]string{"account_id": account}), c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list, func(out io.Writer, w *words) {
		if len(list) == 0 {
			fmt.Fprintln(out, "No sites.")
			return
		}

		t := a.table(out, "site", "customer", "address", "takes parcels", "courier", "id")
		for _, s := range list {
			t.AppendRow([]any{
				s.Name,
				w.name(s.AccountID),
				dash(addressOf(s.Address)),
				dash(s.ContactName),
				courier(s),
				s.ID,
			})
		}
		t.Render()
		fmt.Fprintf(out, "\n%s.\n", count(len(list), "site"))
	})
}

func courier(s api.SiteView) string {
	if s.CourierUnreliable {
		return "unreliable"
	}
	return "-"
}

// oneSite names the site that a command is about.
type oneSite struct {
	output
	apiOptions
	Site    string `arg:"" help:"The site: its name or id."`
	Account string `placeholder:"ACCOUNT" help:"Whose site it is, where several accounts have one of this name: id or the company's name."`
}

// find reads the site.
func (c oneSite) find(ctx context.Context) (*apiClient, api.SiteView, error) {
	var s api.SiteView
	client, err := c.client()
	if err != nil {
		return nil, s, err
	}

	_, id, err := client.placeIDs(ctx, c.Account, "", c.Site)
	if err != nil {
		return nil, s, err
	}

	return client, s, client.read(ctx, "/v1/sites/"+url.PathEscape(id), &s)
}

type siteShowCommand struct{ oneSite }

// Help is shown by --help.
func (siteShowCommand) Help() string {
	return `Example:
  roomcover site show HQ --account "Acme Ltda"`
}

// Run shows.
func (c siteShowCommand) Run(ctx context.Context, a *app) error {
	client, s, err := c.find(ctx)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, s,
		func(out io.Writer, w *words) { explainSite(out, w, s) })
}

// explainSite shows a site in plain words.
func explainSite(out io.Writer, w *words, s api.SiteView) {
	fmt.Fprintf(out, "%s of %s\n\n", s.Name, w.name(s.AccountID))
	writeFacts(out,
		fact{"Address", dash(addressOf(s.Address))},
		fact{"Time zone", s.TimeZone},
		fact{"Takes parcels", s.ContactName},
		fact{"Is told", s.ContactEmail},
		fact{"Courier", courier(s)},
	)
	fmt.Fprintf(out, "\n%s\n", s.ID)
}

type siteCourierCommand struct {
	oneSite
	Unreliable bool   `xor:"courier" required:"" help:"Parcels often come late there: a reason to keep a spare on site."`
	Reliable   bool   `xor:"courier" required:"" help:"They come on time."`
	Reason     string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (siteCourierCommand) Help() string {
	return `Example:
  roomcover site courier Manaus --account "Acme Ltda" --unreliable --reason "third late parcel"`
}

// Run notes it.
func (c siteCourierCommand) Run(ctx context.Context, a *app) error {
	client, s, err := c.find(ctx)
	if err != nil {
		return err
	}

	err = client.post(ctx, "/v1/sites/"+url.PathEscape(s.ID)+"/courier",
		api.CourierRequest{Unreliable: c.Unreliable, Reason: c.Reason}, &s)
	if err != nil {
		return err
	}
	return c.showNamed(ctx, a, client, s,
		func(out io.Writer, w *words) { explainSite(out, w, s) })
}
