package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"roomcover.dev/roomcover/models/account"
)

// orgShowCommand shows an organisation with what operators keep about it.
type orgShowCommand struct {
	output
	apiOptions
	Org string `arg:"" help:"Id or full name."`
}

// Help is shown by --help.
func (orgShowCommand) Help() string {
	return `Example:
  roomcover org show "Revenda Sul Ltda"`
}

// Run shows.
func (c orgShowCommand) Run(ctx context.Context, a *app) error {
	return a.onOrgs(ctx, c.apiOptions, func(ctx context.Context, orgs orgBook) error {
		return c.showRecords(ctx, a, orgs, c.Org)
	})
}

// orgMailCommand changes what is on record about an organisation's mail.
type orgMailCommand struct {
	output
	apiOptions
	Org       string   `arg:"" help:"Id or full name."`
	Domains   []string `name:"domain" xor:"domains" help:"Domain of its people's addresses, in place of those on record; may be repeated."`
	NoticesTo string   `xor:"notices" placeholder:"ADDRESS" help:"Address that is told of orders that a distributor sends in its name."`
	Language  string   `xor:"language" placeholder:"CODE" help:"Language of mails to these addresses, such as pt-BR or en."`
	Reason    string   `required:"" help:"Why; goes into the audit."`

	NoDomains  bool `xor:"domains" help:"Remove the domains."`
	NoNotices  bool `xor:"notices" help:"Remove the address for notices."`
	NoLanguage bool `xor:"language" help:"Remove the language: mails come in that of the customer's order."`
}

// Help is shown by --help.
func (orgMailCommand) Help() string {
	return `An order whose contact has an address in one of the domains goes to review,
whatever address the order gives for the seller. What is not given stays.

Examples:
  roomcover org mail "Revenda Sul Ltda" --domain revendasul.example \
    --notices-to pedidos@revendasul.example --language en --reason "their contract of 2026"
  roomcover org mail "Revenda Sul Ltda" --no-notices --reason "they asked"`
}

// Validate is called by kong.
func (c orgMailCommand) Validate() error {
	if len(c.Domains) == 0 && c.NoticesTo == "" && c.Language == "" &&
		!c.NoDomains && !c.NoNotices && !c.NoLanguage {
		return errors.New("say what changes: --domain, --notices-to or --language, " +
			"or --no-domains, --no-notices or --no-language")
	}
	return nil
}

// Run stores them.
func (c orgMailCommand) Run(ctx context.Context, a *app) error {
	return a.onOrgs(ctx, c.apiOptions, func(ctx context.Context, orgs orgBook) error {
		o, err := findOrg(ctx, orgs, c.Org)
		if err != nil {
			return err
		}

		// A list of organizations does not say all of each.
		if o, err = orgs.GetOrg(ctx, o.ID); err != nil {
			return err
		}
		known, err := orgs.GetOrgRecords(ctx, o)
		if err != nil {
			return err
		}
		if err := orgs.PutOrgMail(ctx, o.ID, c.change(o, known), c.Reason); err != nil {
			return err
		}

		return c.showRecords(ctx, a, orgs, o.ID)
	})
}

// change is what the command says, with what is on record where it says nothing.
func (c orgMailCommand) change(o account.Org, known account.OrgRecords) account.OrgMail {
	m := account.OrgMail{
		Domains:   c.Domains,
		NoticesTo: cmp.Or(c.NoticesTo, o.NoticesTo),
		Locale:    cmp.Or(languageOf(c.Language), o.Locale),
	}
	if len(c.Domains) == 0 {
		m.Domains = known.MailDomains
	}
	if c.NoDomains {
		m.Domains = nil
	}
	if c.NoNotices {
		m.NoticesTo = ""
	}
	if c.NoLanguage {
		m.Locale = ""
	}
	return m
}

// orgSpellingCommand replaces the other names of an organisation.
type orgSpellingCommand struct {
	output
	apiOptions
	Org    string   `arg:"" help:"Id or full name."`
	Names  []string `name:"name" sep:"none" help:"Another name that means it; may be repeated. A country may stand before it: \"CL: Andina Telecom SA\". Left out: none."`
	Reason string   `required:"" help:"Why; goes into the audit."`
}

// Help is shown by --help.
func (orgSpellingCommand) Help() string {
	return `The answer to the question whether a name in an order, which differs in its legal
form, spelling or country, is this organization's. What is not given is removed.

Example:
  roomcover org spelling "Andina Telecom S.A." --name "CL: Andina Telecom SA" \
    --reason "same tax number"`
}

// Run stores them.
func (c orgSpellingCommand) Run(ctx context.Context, a *app) error {
	return a.onOrgs(ctx, c.apiOptions, func(ctx context.Context, orgs orgBook) error {
		o, err := findOrg(ctx, orgs, c.Org)
		if err != nil {
			return err
		}

		var spellings []account.Spelling
		for _, text := range c.Names {
			country, name, named := strings.Cut(text, ": ")
			if !named || len(country) != 2 {
				country, name = "", text
			}
			spellings = append(spellings, account.Spelling{
				Name:    name,
				Country: strings.ToUpper(country),
			})
		}

		if err := orgs.PutOrgSpellings(ctx, o.ID, spellings, c.Reason); err != nil {
			return err
		}
		return c.showRecords(ctx, a, orgs, o.ID)
	})
}

// orgRelateCommand records a relation of a distributor and a reseller.
type orgRelateCommand struct {
	output
	apiOptions
	Distributor string `arg:"" help:"Id or full name of the distributor."`
	Reseller    string `arg:"" help:"Id or full name of the reseller."`
	Remove      bool   `help:"It no longer orders in the reseller's name."`
	Reason      string `required:"" help:"Why; goes into the audit."`
}

// Help is shown by --help.
func (orgRelateCommand) Help() string {
	return `A distributor's order in the name of a reseller goes to review unless their relation
is on record. The reseller is told of each order either way.

Examples:
  roomcover org relate "Distribuidora Norte" "Revenda Sul Ltda" --reason "contract of 2026"
  roomcover org relate "Distribuidora Norte" "Revenda Sul Ltda" --remove --reason "ended"`
}

// Run stores it.
func (c orgRelateCommand) Run(ctx context.Context, a *app) error {
	return a.onOrgs(ctx, c.apiOptions, func(ctx context.Context, orgs orgBook) error {
		distributor, err := findOrg(ctx, orgs, c.Distributor)
		if err != nil {
			return err
		}
		reseller, err := findOrg(ctx, orgs, c.Reseller)
		if err != nil {
			return err
		}

		err = orgs.RelateOrgs(ctx, distributor.ID, reseller.ID, !c.Remove, c.Reason)
		if err != nil {
			return err
		}

		return c.showRecords(ctx, a, orgs, distributor.ID)
	})
}

// showRecords shows an organisation, by id or name, with what is on record about it.
func (o output) showRecords(ctx context.Context, a *app, orgs orgBook, org string) error {
	found, err := findOrg(ctx, orgs, org)
	if err != nil {
		return err
	}

	r, err := orgs.GetOrgRecords(ctx, found)
	if err != nil {
		return err
	}

	resellers, err := orgNames(ctx, orgs, r.ResellerIDs)
	if err != nil {
		return err
	}

	distributors, err := orgNames(ctx, orgs, r.DistributorIDs)
	if err != nil {
		return err
	}

	return o.show(a, recordsView(found, r), func(w io.Writer) {
		a.orgTable(w, []account.Org{found})
		line := func(what string, values ...string) {
			fmt.Fprintf(w, "%-20s %s\n", what, dash(strings.Join(values, ", ")))
		}

		line("mail domains", r.MailDomains...)
		line("notices to", found.NoticesTo)
		line("language of mails", found.Locale)
		line("other names", spellingTexts(r.Spellings)...)
		line("orders in name of", resellers...)
		line("ordered for by", distributors...)
		a.alikeTable(w, r.Alike)
	})
}

// orgNames names organisations by their ids.
func orgNames(ctx context.Context, orgs orgBook, ids []string) ([]string, error) {
	out := make([]string, len(ids))
	for i, id := range ids {
		o, err := orgs.GetOrg(ctx, id)
		if err != nil {
			return nil, err
		}
		out[i] = o.Name
	}
	return out, nil
}

// alikeTable asks about organisations whose names are alike (S59).
func (a *app) alikeTable(w io.Writer, alike []account.Org) {
	if len(alike) == 0 {
		return
	}
	fmt.Fprintln(w, "\nNamed alike, and not the same organization unless you record it so:")
	a.orgTable(w, alike)
}

func spellingTexts(spellings []account.OrgSpelling) []string {
	out := make([]string, len(spellings))
	for i, s := range spellings {
		out[i] = s.Name
		if s.Country != "" {
			out[i] = s.Country + ": " + s.Name
		}
	}
	return out
}

func recordsView(o account.Org, r account.OrgRecords) map[string]any {
	alike := make([]string, len(r.Alike))
	for i, other := range r.Alike {
		alike[i] = other.ID
	}

	view := orgView(o)
	view["mail_domains"] = append([]string{}, r.MailDomains...)
	view["notices_to"] = o.NoticesTo
	view["locale"] = o.Locale
	view["spellings"] = spellingTexts(r.Spellings)
	view["reseller_ids"] = append([]string{}, r.ResellerIDs...)
	view["distributor_ids"] = append([]string{}, r.DistributorIDs...)
	view["alike"] = alike
	return view
}
