package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/rules"
)

type orgCommands struct {
	Set  orgSetCommand  `cmd:"" help:"Add an organisation, or change the one of the same kind and name."`
	List orgListCommand `cmd:"" help:"List organisations."`
}

// orgSetCommand adds or changes an organisation that sells or serves.
type orgSetCommand struct {
	output
	Name  string `arg:"" help:"Name of the company."`
	Kind  string `required:"" enum:"reseller,distributor,partner" help:"What it is: reseller, distributor or partner."`
	From  string `name:"authorised-from" placeholder:"DATE" help:"First day on which it may sell, YYYY-MM-DD (UTC)."`
	Until string `name:"authorised-until" placeholder:"DATE" help:"First day on which it may no longer sell; left out: no end."`
	// Suspended stops new orders without touching the dates.
	Suspended bool `help:"Take no new orders of it."`
}

// Help is shown by --help.
func (orgSetCommand) Help() string {
	return `Everything that is not given is set to its default: the command says what the
organisation is, not what to change. An order of one that is not authorised on
the day goes to review.

Examples:
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
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		o, err := d.Accounts.PutOrg(ctx, account.OrgChange{
			Kind:            account.OrgKind(strings.ToUpper(c.Kind)),
			Name:            strings.TrimSpace(c.Name),
			AuthorisedFrom:  c.From,
			AuthorisedUntil: c.Until,
			Suspended:       c.Suspended,
		})
		if err != nil {
			return err
		}
		return c.show(a, orgView(o), func(w io.Writer) { a.orgTable(w, []account.Org{o}) })
	})
}

// orgListCommand lists organisations.
type orgListCommand struct {
	output
	Kind string `enum:"reseller,distributor,partner,customer_parent,operator,all" default:"all" help:"Only of this kind (${enum})."`
}

// Run lists.
func (c orgListCommand) Run(ctx context.Context, a *app) error {
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		kind := account.OrgKind(strings.ToUpper(c.Kind))
		if c.Kind == "all" {
			kind = ""
		}

		orgs, err := everyOrg(ctx, d, kind)
		if err != nil {
			return err
		}

		views := make([]any, len(orgs))
		for i, o := range orgs {
			views[i] = orgView(o)
		}

		return c.show(a, views, func(w io.Writer) { a.orgTable(w, orgs) })
	})
}

// everyOrg reads all pages.
func everyOrg(
	ctx context.Context, d *domains.Domains, kind account.OrgKind,
) ([]account.Org, error) {
	return pages(func(p db.Page) ([]account.Org, string, error) {
		return d.Accounts.ListOrgs(ctx, kind, p)
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

// findOrg finds one organisation by its id, or by its name where only one has it.
func findOrg(ctx context.Context, d *domains.Domains, idOrName string) (account.Org, error) {
	if strings.HasPrefix(idOrName, "org_") {
		return d.Accounts.GetOrg(ctx, idOrName)
	}

	orgs, err := everyOrg(ctx, d, "")
	if err != nil {
		return account.Org{}, err
	}

	var found []account.Org
	for _, o := range orgs {
		if o.Kind != account.OrgCustomerParent && o.NameKey == rules.CompanyKey(idOrName) {
			found = append(found, o)
		}
	}

	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return account.Org{}, rules.Refuse(rules.NotFound, "There is no organisation of this name.",
			"Add it with roomcover org set, or see roomcover org list.")
	}

	return account.Org{}, rules.Refuse(rules.StateConflict, "Several organisations have this name.",
		"Give the id from roomcover org list.")
}

func orgView(o account.Org) map[string]any {
	return map[string]any{
		"id":               o.ID,
		"kind":             o.Kind,
		"name":             o.Name,
		"authorised_from":  o.AuthorisedFrom,
		"authorised_until": o.AuthorisedUntil,
		"suspended":        o.Suspended,
	}
}

func (a *app) orgTable(w io.Writer, orgs []account.Org) {
	t := a.table(w, "id", "kind", "name", "authorised from", "until", "suspended")
	for _, o := range orgs {
		t.AppendRow([]any{
			o.ID,
			o.Kind,
			o.Name,
			dash(o.AuthorisedFrom),
			dash(o.AuthorisedUntil),
			yes(o.Suspended),
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
