package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// siteSetAddressCommand makes known where a site is, so that parcels can go there.
type siteSetAddressCommand struct {
	output
	apiOptions
	Site         string  `arg:"" help:"The site: its name, as rooms have it, or its id."`
	Account      string  `placeholder:"ACCOUNT" help:"Whose site it is: id or the company's name."`
	NewSite      bool    `help:"The site is a new one, although another is called nearly so."`
	Street       string  `required:"" help:"Street and number."`
	PostalCode   *string `placeholder:"CODE" help:"Postal code; what is known stays where it is left out, and the city does."`
	City         string  `required:"" help:"City."`
	Region       *string `placeholder:"CODE" help:"State or region by its code, such as SP or IL; what is known stays where it is left out, and the city does."`
	Country      string  `required:"" placeholder:"CODE" help:"Country, by its ISO code of two letters, such as BR."`
	ContactName  string  `placeholder:"NAME" help:"Who takes parcels there; what is known stays where it is left out."`
	ContactEmail string  `placeholder:"EMAIL" help:"Is told of each step of a replacement; what is known stays where it is left out."`
	Reason       string  `help:"Operators: why; it goes into the audit."`
}

// Help is shown by --help.
func (siteSetAddressCommand) Help() string {
	return `Adds the address of a site that rooms name, or changes it. A replacement that is
approved keeps its address: rma do ... readdress changes that. The same command again changes
nothing. To another city goes no postal code and no region that was known: say them, or ''
where there is none.

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

	if !found {
		c.Site, _, err = client.siteNamed(ctx, account, c.Site, c.NewSite)
		if err != nil {
			return err
		}
	}

	s, err := c.save(ctx, client, account, known, found)
	if err != nil {
		return err
	}
	return c.showNamed(ctx, a, client, s, func(out io.Writer, w *words) {
		if !found {
			fmt.Fprintf(out, "New site: the account had none called %s.\n\n", s.Name)
		}
		explainSite(out, w, s.SiteView)
		writeStay(out, s.Stay, s.MayReaddress)
	})
}

// writeStay says which replacements do not follow a site that was changed, and how they do.
func writeStay(out io.Writer, stay, may []string) {
	if len(stay) == 0 {
		return
	}

	fmt.Fprintln(out, "\nNot sent yet, and going to the address that they were approved with:")
	for _, number := range stay {
		if !slices.Contains(may, number) {
			fmt.Fprintf(out, "  %s; the carrier has that address already\n", number)
			continue
		}
		fmt.Fprintf(out, "  %s; change it with: roomcover rma do %s readdress -w reason=\"...\"\n",
			number, number)
	}
}

// save adds the site, or changes the one that was found where it differs.
func (c siteSetAddressCommand) save(
	ctx context.Context, client *apiClient, account string, known api.SiteView, found bool,
) (s api.SiteChanged, err error) {
	address, err := c.address(known.Address)
	if err != nil {
		return s, err
	}

	told := api.SiteRequest{
		Name:         c.Site,
		Address:      address,
		ContactName:  c.ContactName,
		ContactEmail: c.ContactEmail,
		Reason:       c.Reason,
	}
	if !found {
		told.AccountID = account
		err := client.post(ctx, "/v1/sites", told, &s.SiteView)
		return s, err
	}

	told.Name = known.Name
	told.ContactName = cmp.Or(c.ContactName, known.ContactName)
	told.ContactEmail = cmp.Or(c.ContactEmail, known.ContactEmail)
	if address.Country == known.Address.Country &&
		strings.EqualFold(address.Region, known.Address.Region) {
		told.TimeZone = known.TimeZone
	}
	if told.Address == known.Address && told.ContactName == known.ContactName &&
		told.ContactEmail == known.ContactEmail {
		client.told.add(false)
		return api.SiteChanged{SiteView: known}, nil
	}

	err = client.change(ctx, http.MethodPut, "/v1/sites/"+url.PathEscape(known.ID), known.Version,
		told, &s)
	return s, err
}

// address is what the command says, with what is known where it says nothing. A postal code and
// a region belong to their city: they do not follow a site to another one.
func (c siteSetAddressCommand) address(known rules.Address) (rules.Address, error) {
	told := rules.Address{
		Street:     c.Street,
		City:       c.City,
		Region:     known.Region,
		PostalCode: known.PostalCode,
		Country:    c.Country,
	}
	overwrite(&told.Region, c.Region)
	overwrite(&told.PostalCode, c.PostalCode)
	told = told.Normalised()
	if len(told.Country) != 2 {
		return told, settingsError{fmt.Errorf(
			"--country: give the ISO code of two letters, such as BR, not %s", c.Country)}
	}

	sameCity := known.City == "" || rules.SearchKey(told.City) == rules.SearchKey(known.City)
	if sameCity && (known.Country == "" || told.Country == known.Country) {
		if known.City != "" {
			told.City = spelledAs(known.City, told.City)
		}
		return told, nil
	}

	var missing []string
	if c.PostalCode == nil && known.PostalCode != "" {
		missing = append(missing, "--postal-code (it was "+known.PostalCode+")")
	}
	if c.Region == nil && known.Region != "" {
		missing = append(missing, "--region (it was "+known.Region+")")
	}
	if len(missing) > 0 {
		return told, settingsError{fmt.Errorf("the site was in %s: for another city or country "+
			"say %s too, or '' where there is none",
			strings.TrimPrefix(known.City+", "+known.Country, ", "),
			strings.Join(missing, " and "))}
	}
	return told, nil
}

// siteOf finds a site by its id or its name; a name may be that of a site to come, an id may
// not. accountID may be empty where the token has one
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
	if !found && isID(nameOrID, db.PrefixSite) {
		return s, false, settingsError{fmt.Errorf(
			"no site has the id %s; roomcover site list shows those that there are", nameOrID,
		)}
	}
	return s, found, nil
}
