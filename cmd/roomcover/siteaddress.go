package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/rules"
)

// siteSetAddressCommand makes known where a site is, so that parcels can go there.
type siteSetAddressCommand struct {
	output
	apiOptions
	Site         string `arg:"" help:"The site: its name, as rooms have it, or its id."`
	Account      string `placeholder:"ACCOUNT" help:"Whose site it is: id or the company's name."`
	Street       string `required:"" help:"Street and number."`
	PostalCode   string `placeholder:"CODE" help:"Postal code."`
	City         string `required:"" help:"City."`
	Region       string `placeholder:"CODE" help:"State or region by its code, such as SP or IL."`
	Country      string `required:"" placeholder:"CODE" help:"Country, by its ISO code of two letters, such as BR."`
	ContactName  string `placeholder:"NAME" help:"Who takes parcels there; what is known stays where it is left out."`
	ContactEmail string `placeholder:"EMAIL" help:"Is told of each step of a replacement; what is known stays where it is left out."`
	Reason       string `help:"Operators: why; it goes into the audit."`
}

// Help is shown by --help.
func (siteSetAddressCommand) Help() string {
	return `Adds the address of a site that rooms name, or changes it. A replacement that is
already on its way keeps its address. The same command again changes nothing.

Example:
  roomcover site set-address Berrini --account "Acme Ltda" --street "Av. Berrini, 1376" \
    --city "São Paulo" --region SP --postal-code 04571-000 --country BR \
    --reason "asked on the telephone"`
}

// Run sets it.
func (c siteSetAddressCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}

	known, found, err := client.siteOf(ctx, account, c.Site)
	if err != nil {
		return err
	}

	s, err := c.save(ctx, client, account, known, found)
	if err != nil {
		return err
	}
	return c.showNamed(ctx, a, client, s,
		func(out io.Writer, w *words) { explainSite(out, w, s) })
}

// save adds the site, or changes the one that was found where it differs.
func (c siteSetAddressCommand) save(
	ctx context.Context, client *apiClient, account string, known api.SiteView, found bool,
) (api.SiteView, error) {
	told := api.SiteRequest{
		Name: c.Site,
		Address: rules.Address{
			Street:     c.Street,
			City:       c.City,
			Region:     c.Region,
			PostalCode: c.PostalCode,
			Country:    c.Country,
		},
		ContactName:  c.ContactName,
		ContactEmail: c.ContactEmail,
		Reason:       c.Reason,
	}
	if !found {
		told.AccountID = account
		var s api.SiteView
		err := client.post(ctx, "/v1/sites", told, &s)
		return s, err
	}

	told.Name = known.Name
	if c.ContactName == "" {
		told.ContactName = known.ContactName
	}
	if c.ContactEmail == "" {
		told.ContactEmail = known.ContactEmail
	}
	if c.Country == known.Address.Country && c.Region == known.Address.Region {
		told.TimeZone = known.TimeZone
	}
	if told.Address == known.Address && told.ContactName == known.ContactName &&
		told.ContactEmail == known.ContactEmail {
		return known, nil
	}

	var changed api.SiteView
	err := client.change(ctx, http.MethodPut, "/v1/sites/"+url.PathEscape(known.ID), known.Version,
		told, &changed)
	return changed, err
}

// siteOf finds a site by its id or its name; accountID may be empty where the token has one
// account only.
func (c *apiClient) siteOf(
	ctx context.Context, accountID, nameOrID string,
) (s api.SiteView, found bool, err error) {
	list, err := every[api.SiteView](ctx, c, "/v1/sites",
		filters(map[string]string{"account_id": accountID}), 0)
	if err != nil {
		return s, false, err
	}

	for _, site := range list {
		named := rules.SiteKey(site.Name) == rules.SiteKey(nameOrID)
		if site.ID != nameOrID && !named {
			continue
		}
		if found {
			return s, false, settingsError{fmt.Errorf(
				"several accounts have a site %s: name the account with --account", nameOrID,
			)}
		}
		s, found = site, true
	}
	return s, found, nil
}
