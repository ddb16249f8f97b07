package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules/processes"
)

// inviteCommands are about invitations to an account.
type inviteCommands struct {
	List   inviteListCommand   `cmd:"" help:"List an account's invitations."`
	Show   inviteShowCommand   `cmd:"" help:"Show one with what it waits for."`
	Send   inviteSendCommand   `cmd:"" help:"Invite one more person."`
	Again  inviteAgainCommand  `cmd:"" help:"Send an invitation again, to the same or another person."`
	Revoke inviteRevokeCommand `cmd:"" help:"Withdraw an invitation."`
}

type inviteListCommand struct {
	output
	apiOptions
	Account string `required:"" placeholder:"ACCOUNT" help:"The account: its id or the company's name."`
	Limit   int    `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (inviteListCommand) Help() string {
	return `Example:
  roomcover invite list --account "Acme Ltda"`
}

// Run lists.
func (c inviteListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}

	list, err := client.invitations(ctx, account, c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list, func(out io.Writer, w *words) {
		if len(list) == 0 {
			fmt.Fprintln(out, "No invitations.")
			return
		}

		zone := w.zone(account)
		t := a.table(out, "name", "e-mail", "role", "state", "sent", "good until", "id")
		for _, i := range list {
			t.AppendRow([]any{
				i.ContactName,
				i.Email,
				roleName(i.Role),
				plain(string(i.State)),
				w.since(i.IssuedAt, zone),
				w.until(i.ExpiresAt, zone),
				i.ID,
			})
		}
		t.Render()
	})
}

func (c *apiClient) invitations(
	ctx context.Context, account string, limit int,
) ([]api.InvitationView, error) {
	return every[api.InvitationView](ctx, c,
		"/v1/accounts/"+url.PathEscape(account)+"/invitations", url.Values{}, limit)
}

// oneInvitation names the invitation that a command is about.
type oneInvitation struct {
	output
	apiOptions
	Invitation string `arg:"" help:"The invitation: e-mail or name of the person in --account, or its id."`
	Account    string `placeholder:"ACCOUNT" help:"The account: its id or the company's name."`
}

// find returns the id, and the account's where it was said.
func (c oneInvitation) find(
	ctx context.Context,
) (client *apiClient, account, id string, err error) {
	if client, err = c.client(); err != nil {
		return nil, "", "", err
	}
	if account, err = client.accountID(ctx, c.Account); err != nil {
		return nil, "", "", err
	}
	id, err = client.invitationID(ctx, account, c.Invitation)
	return client, account, id, err
}

type inviteShowCommand struct{ oneInvitation }

// Help is shown by --help.
func (inviteShowCommand) Help() string {
	return `Example:
  roomcover invite show ana.souza@acme.example --account "Acme Ltda"`
}

// Run shows.
func (c inviteShowCommand) Run(ctx context.Context, a *app) error {
	client, account, id, err := c.find(ctx)
	if err != nil {
		return err
	}
	if account == "" {
		return settingsError{fmt.Errorf("say with --account in which account it is")}
	}

	list, err := client.invitations(ctx, account, 0)
	if err != nil {
		return err
	}
	for _, i := range list {
		if i.ID == id {
			return c.showInvitation(ctx, a, client, i)
		}
	}
	return settingsError{fmt.Errorf("the account has no such invitation")}
}

// showInvitation answers with an invitation.
func (o output) showInvitation(
	ctx context.Context, a *app, client *apiClient, i api.InvitationView,
) error {
	if o.JSON {
		return o.show(a, i, nil)
	}

	standing, err := client.standing(ctx, i.ID)
	if err != nil {
		return err
	}

	return o.showNamed(ctx, a, client, i, func(out io.Writer, w *words) {
		zone := w.zone(i.AccountID)
		c := course{
			kind:     processes.Invitation,
			state:    string(i.State),
			standing: standing,
			zone:     zone,
		}

		fmt.Fprintf(out, "Invitation of %s <%s>: %s\n\n", i.ContactName, i.Email,
			plain(string(i.State)))
		c.writeNext(out, w, a)
		writeFacts(out,
			fact{"Account", w.name(i.AccountID)},
			fact{"Order", w.name(i.OrderID)},
			fact{"As", roleName(i.Role)},
			fact{"Language", i.Locale},
			fact{"Issued", w.since(i.IssuedAt, zone)},
			fact{"Good until", w.until(i.ExpiresAt, zone)},
			fact{"Takes the place of", w.name(i.SupersedesID)},
		)
		fmt.Fprintf(out, "\n%s\n", i.ID)
	})
}

type inviteSendCommand struct {
	output
	apiOptions
	Account string `required:"" placeholder:"ACCOUNT" help:"The account: its id or the company's name."`
	Email   string `required:"" placeholder:"ADDRESS" help:"The person's address."`
	Name    string `required:"" placeholder:"NAME" help:"The person's name."`
	Role    string `required:"" enum:"admin,read_only" placeholder:"ROLE" help:"What the person is invited as: admin or read_only."`
	Reason  string `required:"" placeholder:"TEXT" help:"Who asked for it; it goes into the audit."`

	Language string `placeholder:"CODE" help:"Language of the mails, such as pt-BR or en; left out: the account's."`
}

// Help is shown by --help.
func (inviteSendCommand) Help() string {
	return `Example:
  roomcover invite send --account "Acme Ltda" --email rui@acme.example --name "Rui Alves" \
    --role read_only --reason "Ana asked by phone"`
}

// Run invites.
func (c inviteSendCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}

	var i api.InvitationView
	err = client.post(ctx, "/v1/accounts/"+url.PathEscape(account)+"/invitations",
		api.InviteRequest{
			Email:       c.Email,
			ContactName: c.Name,
			Role:        identity.MemberRole(strings.ToUpper(c.Role)),
			Reason:      c.Reason,
			Locale:      languageOf(c.Language),
		}, &i)
	if err != nil {
		return err
	}

	return c.showInvitation(ctx, a, client, i)
}

type inviteAgainCommand struct {
	oneInvitation
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
	Email  string `placeholder:"ADDRESS" help:"Another person's address, or the corrected one; left out: the same."`
	Name   string `placeholder:"NAME" help:"The other person's name."`

	Language string `placeholder:"CODE" help:"Language of the mails, such as pt-BR or en; left out: that of the one before."`
}

// Help is shown by --help.
func (inviteAgainCommand) Help() string {
	return `The link that was sent before is dead from then on.

Examples:
  roomcover invite again ana.souza@acme.example --account "Acme Ltda" --reason "never came"
  roomcover invite again ana.sousa@acme.example --account "Acme Ltda" \
    --email ana.souza@acme.example --reason "misspelt"`
}

// Run sends it again.
func (c inviteAgainCommand) Run(ctx context.Context, a *app) error {
	client, _, id, err := c.find(ctx)
	if err != nil {
		return err
	}

	var i api.InvitationView
	err = client.post(ctx, "/v1/invitations/"+url.PathEscape(id)+"/reissue", api.ReissueRequest{
		Reason:      c.Reason,
		Email:       c.Email,
		ContactName: c.Name,
		Locale:      languageOf(c.Language),
	}, &i)
	if err != nil {
		return err
	}

	return c.showInvitation(ctx, a, client, i)
}

type inviteRevokeCommand struct {
	oneInvitation
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (inviteRevokeCommand) Help() string {
	return `Its link is dead from then on.

Example:
  roomcover invite revoke rui@acme.example --account "Acme Ltda" --reason "left the company"`
}

// Run withdraws it.
func (c inviteRevokeCommand) Run(ctx context.Context, a *app) error {
	client, _, id, err := c.find(ctx)
	if err != nil {
		return err
	}

	var i api.InvitationView
	err = client.post(ctx, "/v1/invitations/"+url.PathEscape(id)+"/revocation",
		api.ReasonRequest{Reason: c.Reason}, &i)
	if err != nil {
		return err
	}

	return c.showInvitation(ctx, a, client, i)
}
