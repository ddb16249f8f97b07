package main

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"roomcover.dev/roomcover/api"
)

// orgMergeCommand puts two customers' parents together.
type orgMergeCommand struct {
	output
	apiOptions
	Parent string `arg:"" help:"The customer's parent that goes: its id, or the name of an account of it."`
	Into   string `arg:"" help:"The one that stays: its id, or the name of an account of it."`
	Reason string `required:"" placeholder:"TEXT" help:"How it is known that they are one company; it goes into the audit of both."`
}

// Help is shown by --help.
func (orgMergeCommand) Help() string {
	return `The accounts of both earn spares together from then on, and see the parent's name. A
task ONE_PARENT that asked about them closes itself. org split parts them again.

Example:
  roomcover org merge "Acme Ltda" "Acme S.A." --reason "same group, said their buyer by phone"`
}

// Run merges.
func (c orgMergeCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	from, err := client.parentID(ctx, c.Parent)
	if err != nil {
		return err
	}
	into, err := client.parentID(ctx, c.Into)
	if err != nil {
		return err
	}

	var done api.ParentChangeView
	err = client.post(ctx, "/v1/orgs/"+url.PathEscape(from)+"/merge",
		api.MergeRequest{Into: into, Reason: c.Reason}, &done)
	if err != nil {
		return err
	}
	return c.showParents(ctx, a, client, done)
}

// orgSplitCommand parts accounts from their parent.
type orgSplitCommand struct {
	output
	apiOptions
	Parent   string   `arg:"" help:"The customer's parent that holds two companies: its id, or the name of an account of it."`
	Name     string   `required:"" help:"Name of the parent that takes the accounts, with its legal form."`
	Accounts []string `name:"account" required:"" placeholder:"ACCOUNT" help:"An account that belongs to the other company: its id or name; may be repeated."`
	Reason   string   `required:"" placeholder:"TEXT" help:"How it is known that they are two companies; it goes into the audit of both."`
}

// Help is shown by --help.
func (orgSplitCommand) Help() string {
	return `What you part is not joined again by itself. Spares that were earned together are
counted anew for both.

Example:
  roomcover org split "Alfa Ltda" --name "Alfa GmbH" --account "Alfa GmbH" \
    --reason "another company, by the register"`
}

// Run splits.
func (c orgSplitCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	from, err := client.parentID(ctx, c.Parent)
	if err != nil {
		return err
	}

	parted := api.SplitRequest{Name: c.Name, Reason: c.Reason}
	for _, said := range c.Accounts {
		id, err := client.accountID(ctx, said)
		if err != nil {
			return err
		}
		parted.AccountIDs = append(parted.AccountIDs, id)
	}

	var done api.ParentChangeView
	err = client.post(ctx, "/v1/orgs/"+url.PathEscape(from)+"/split", parted, &done)
	if err != nil {
		return err
	}
	return c.showParents(ctx, a, client, done)
}

// showParents answers with what a merge or split did.
func (o output) showParents(
	ctx context.Context, a *app, client *apiClient, done api.ParentChangeView,
) error {
	return o.showNamed(ctx, a, client, done, func(out io.Writer, w *words) {
		fmt.Fprintf(out, "%s under %s now:\n", count(len(done.Moved), "account"), done.Into.Name)
		for _, id := range done.Moved {
			fmt.Fprintf(out, "  %s\n", w.name(id))
		}

		fmt.Fprintln(out)
		t := a.table(out, "parent", "spares earned", "id")
		for _, p := range []api.SparesView{done.From, done.Into} {
			t.AppendRow([]any{p.Name, p.Entitled, p.ParentOrgID})
		}
		t.Render()
	})
}
