package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/rules"
)

type orgCommands struct {
	Set      orgSetCommand      `cmd:"" help:"Add an organization, or change the one of the same kind, name and country."`
	List     orgListCommand     `cmd:"" help:"List organizations."`
	Show     orgShowCommand     `cmd:"" help:"Show an organization with what is on record about it."`
	Mail     orgMailCommand     `cmd:"" help:"Record an organization's mail domains and its address for notices."`
	Spelling orgSpellingCommand `cmd:"" help:"Record other names under which an organization is known."`
	Relate   orgRelateCommand   `cmd:"" help:"Record that a distributor orders in a reseller's name, or no longer does."`
	Merge    orgMergeCommand    `cmd:"" help:"Put a customer's parent and another together (by the API)."`
	Split    orgSplitCommand    `cmd:"" help:"Move accounts of a customer's parent to another (by the API)."`
}

// orgBook is where organisations are kept: the database, or the API behind a token.
type orgBook interface {
	ListOrgs(context.Context, account.OrgKind, db.Page) ([]account.Org, string, error)
	GetOrg(ctx context.Context, id string) (account.Org, error)
	GetOrgRecords(context.Context, account.Org) (account.OrgRecords, error)
	PutOrg(context.Context, account.OrgChange) (account.Org, error)
	ChangeOrg(
		ctx context.Context, id string, c account.OrgChange, reason string,
	) (account.Org, error)
	PutOrgMail(ctx context.Context, id string, m account.OrgMail, reason string) error
	PutOrgSpellings(ctx context.Context, id string, s []account.Spelling, reason string) error
	RelateOrgs(ctx context.Context, distributor, reseller string, related bool, reason string) error
}

// onOrgs runs fn with the API where there is a token, and with the database otherwise.
func (a *app) onOrgs(
	ctx context.Context, o apiOptions, fn func(context.Context, orgBook) error,
) error {
	if o.TokenFile != "" || os.Getenv("ROOMCOVER_TOKEN") != "" {
		client, err := o.client()
		if err != nil {
			return err
		}
		return fn(ctx, apiOrgs{client})
	}

	err := a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		return fn(ctx, d.Accounts)
	})
	var missing settingsError
	if errors.As(err, &missing) {
		return settingsError{fmt.Errorf(
			"%w\nSo does org: with ROOMCOVER_TOKEN, or --token-file, "+
				"it goes by the API at ROOMCOVER_URL", missing.error,
		)}
	}
	return err
}

// orgSetCommand adds or changes an organisation that sells or serves.
type orgSetCommand struct {
	output
	apiOptions
	Name    string `arg:"" help:"Full name of the company, with its legal form."`
	Country string `placeholder:"CODE" help:"Its country, such as BR; left out: the only one of this name."`
	ID      string `name:"id" help:"Change the organization of this id, its name and country too; needs --reason."`
	Reason  string `help:"Why; goes into the audit."`
	Kind    string `required:"" enum:"reseller,distributor,partner" help:"What it is: reseller, distributor or partner."`
	From    string `name:"authorised-from" placeholder:"DATE" help:"First day on which it may sell, YYYY-MM-DD (UTC)."`
	Until   string `name:"authorised-until" placeholder:"DATE" help:"First day on which it may no longer sell; left out: no end."`
	// Suspended stops new orders without touching the dates.
	Suspended bool `help:"Take no new orders of it."`
}

// Help is shown by --help.
func (orgSetCommand) Help() string {
	return `Everything that is not given is set to its default: the command says what the
organization is, not what to change. An order of one that is not authorized on
the day goes to review. A name that differs in its legal form or spelling is
another organization: to rename one, give its --id.

Examples:
  roomcover org set "Andina Telecom S.A." --country CL --kind reseller --authorised-from 2026-01-01
  roomcover org set "Revenda Sul Ltda" --kind reseller --authorised-from 2026-01-01
  roomcover org set "Revenda Sul Ltda" --kind reseller --authorised-from 2026-01-01 --suspended`
}

// Validate is called by kong.
func (c orgSetCommand) Validate() error {
	for option, value := range map[string]string{
		"--authorised-from":  c.From,
		"--authorised-until": c.Until,
	} {
		if _, err := civil.ParseDate(value); value != "" && err != nil {
			return fmt.Errorf("%s: give a date such as 2026-01-31", option)
		}
	}

	if len(rules.CheckCompanyName("/name", c.Name, rules.MaxCompany)) > 0 {
		return fmt.Errorf("NAME: give the name alone, on one line, without http, www or @")
	}
	if c.Until != "" && (c.From == "" || c.Until <= c.From) {
		return fmt.Errorf("--authorised-until must be later than --authorised-from")
	}
	return nil
}

// Run stores the organisation.
func (c orgSetCommand) Run(ctx context.Context, a *app) error {
	return a.onOrgs(ctx, c.apiOptions, func(ctx context.Context, orgs orgBook) error {
		o, err := c.store(ctx, orgs)
		if err != nil {
			return err
		}

		r, err := orgs.GetOrgRecords(ctx, o)
		if err != nil {
			return err
		}

		return c.show(a, recordsView(o, r), func(w io.Writer) {
			a.orgTable(w, []account.Org{o})
			a.alikeTable(w, r.Alike)
		})
	})
}

// store adds or changes the organisation that is named, or changes the one of the id.
func (c orgSetCommand) store(ctx context.Context, orgs orgBook) (account.Org, error) {
	change := account.OrgChange{
		Kind:            account.OrgKind(strings.ToUpper(c.Kind)),
		Name:            rules.NormaliseText(c.Name),
		Country:         strings.ToUpper(strings.TrimSpace(c.Country)),
		AuthorisedFrom:  c.From,
		AuthorisedUntil: c.Until,
		Suspended:       c.Suspended,
	}

	if c.ID != "" {
		return orgs.ChangeOrg(ctx, c.ID, change, c.Reason)
	}
	return orgs.PutOrg(ctx, change)
}

// orgListCommand lists organisations.
type orgListCommand struct {
	output
	apiOptions
	Kind string `enum:"reseller,distributor,partner,customer_parent,operator,all" default:"all" help:"Only of this kind (${enum})."`
}

// Help is shown by --help.
func (orgListCommand) Help() string {
	return `Example:
  roomcover org list --kind reseller`
}

// Run lists.
func (c orgListCommand) Run(ctx context.Context, a *app) error {
	return a.onOrgs(ctx, c.apiOptions, func(ctx context.Context, orgs orgBook) error {
		kind := account.OrgKind(strings.ToUpper(c.Kind))
		if c.Kind == "all" {
			kind = ""
		}

		list, err := everyOrg(ctx, orgs, kind)
		if err != nil {
			return err
		}

		views := make([]any, len(list))
		for i, o := range list {
			views[i] = orgView(o)
		}

		return c.show(a, views, func(w io.Writer) { a.orgTable(w, list) })
	})
}

// everyOrg reads all pages.
func everyOrg(
	ctx context.Context, orgs orgBook, kind account.OrgKind,
) ([]account.Org, error) {
	return pages(func(p db.Page) ([]account.Org, string, error) {
		return orgs.ListOrgs(ctx, kind, p)
	})
}

// pages reads a list to its end.
func pages[T any](read func(db.Page) ([]T, string, error)) ([]T, error) {
	var out []T
	for p := (db.Page{Limit: 200}); ; {
		rows, next, err := read(p)
		if err != nil {
			return nil, err
		}

		out = append(out, rows...)
		if p.After = next; next == "" {
			return out, nil
		}
	}
}

// findOrg finds one organisation by its id, or by its full name where only one has it. A
// name that others only resemble is refused, with theirs (S59).
func findOrg(ctx context.Context, orgs orgBook, idOrName string) (account.Org, error) {
	if strings.HasPrefix(idOrName, "org_") {
		return orgs.GetOrg(ctx, idOrName)
	}

	all, err := everyOrg(ctx, orgs, "")
	if err != nil {
		return account.Org{}, err
	}

	var found []account.Org
	var alike []string
	for _, o := range all {
		switch {
		case o.Kind == account.OrgCustomerParent:
		case o.FullKey == rules.FullNameKey(idOrName):
			found = append(found, o)
		case o.CompanyKey == rules.CompanyKey(idOrName):
			alike = append(alike, o.Name+" ("+o.ID+")")
		}
	}

	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return account.Org{}, rules.Refuse(rules.StateConflict,
			"Several organizations have this name.", "Give the id from roomcover org list.")
	case len(alike) > 0:
		return account.Org{}, rules.Refuse(rules.NotFound,
			"There is no organization of this full name.",
			"Others are named alike: "+strings.Join(alike, ", ")+". Give the id of the right one.")
	}

	return account.Org{}, rules.Refuse(rules.NotFound, "There is no organization of this name.",
		"Add it with roomcover org set, or see roomcover org list.")
}

func orgView(o account.Org) map[string]any {
	return map[string]any{
		"id":               o.ID,
		"kind":             o.Kind,
		"name":             o.Name,
		"country":          o.Country,
		"authorised_from":  o.AuthorisedFrom,
		"authorised_until": o.AuthorisedUntil,
		"suspended":        o.Suspended,
	}
}

func (a *app) orgTable(w io.Writer, orgs []account.Org) {
	t := a.table(w, "name", "kind", "country", "authorized from", "until", "suspended", "id")
	for _, o := range orgs {
		t.AppendRow([]any{
			o.Name,
			plain(string(o.Kind)),
			dash(o.Country),
			dash(o.AuthorisedFrom),
			dash(o.AuthorisedUntil),
			yes(o.Suspended),
			o.ID,
		})
	}

	t.Render()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
