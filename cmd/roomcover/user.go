package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// userCommands are about the people who have access to an account.
type userCommands struct {
	List     userListCommand     `cmd:"" help:"List the people of an account."`
	Show     userShowCommand     `cmd:"" help:"Show one person."`
	Language userLanguageCommand `cmd:"" help:"Set the language of somebody's mails."`

	Role    userRoleCommand    `cmd:"" help:"Make somebody an administrator or a reader."`
	Suspend userSuspendCommand `cmd:"" help:"Close somebody's access for a while."`
	Restore userRestoreCommand `cmd:"" help:"Open somebody's access again."`
	Remove  userRemoveCommand  `cmd:"" help:"Take somebody's access away."`
}

type userListCommand struct {
	output
	apiOptions
	Account string `required:"" placeholder:"ACCOUNT" help:"The account: its id or the company's name."`
}

// Help is shown by --help.
func (userListCommand) Help() string {
	return `Example:
  roomcover user list --account "Acme Ltda"`
}

// Run lists.
func (c userListCommand) Run(ctx context.Context, a *app) error {
	_, acc, err := oneAccount(c).find(ctx)
	if err != nil {
		return err
	}
	return c.show(a, acc.Members, func(out io.Writer) { a.memberTable(out, acc.Members) })
}

// oneUser names the person whom a command is about.
type oneUser struct {
	output
	apiOptions
	Person  string `arg:"" help:"The person: e-mail or name in --account, or the id that 'user list' shows."`
	Account string `required:"" placeholder:"ACCOUNT" help:"The account: its id or the company's name."`
}

// find reads the person's place in the account.
func (c oneUser) find(ctx context.Context) (*apiClient, api.MemberView, error) {
	client, err := c.client()
	if err != nil {
		return nil, api.MemberView{}, err
	}

	account, err := client.accountID(ctx, c.Account)
	if err != nil {
		return nil, api.MemberView{}, err
	}

	id, err := client.memberID(ctx, account, c.Person)
	if none := (notCalled{}); errors.As(err, &none) && !none.near {
		err = client.invitedOnly(ctx, account, c.Person, err)
	}
	if err != nil {
		return nil, api.MemberView{}, err
	}

	var acc api.AccountDetail
	if err := client.read(ctx, "/v1/accounts/"+url.PathEscape(account), &acc); err != nil {
		return nil, api.MemberView{}, err
	}
	for _, m := range acc.Members {
		if m.ID == id {
			return client, m, nil
		}
	}
	return nil, api.MemberView{}, settingsError{fmt.Errorf("nobody in the account is %q", c.Person)}
}

// invitedOnly says of somebody who is no member, and has not accepted an invitation yet, what can
// be changed until then. Of anybody else it says what was said.
func (c *apiClient) invitedOnly(ctx context.Context, account, said string, otherwise error) error {
	if _, err := c.invitationID(ctx, account, said); err != nil {
		return otherwise
	}
	return settingsError{fmt.Errorf("%s was invited and has not accepted yet; role and language "+
		"go with the invitation, which is sent anew with: roomcover invite again %s "+
		"--language CODE --reason \"...\"", said, quoted(said))}
}

type userShowCommand struct{ oneUser }

// Help is shown by --help.
func (userShowCommand) Help() string {
	return `Example:
  roomcover user show ana.souza@acme.example --account "Acme Ltda"`
}

// Run shows.
func (c userShowCommand) Run(ctx context.Context, a *app) error {
	client, m, err := c.find(ctx)
	if err != nil {
		return err
	}
	return c.showUser(ctx, a, client, m)
}

func (o output) showUser(ctx context.Context, a *app, client *apiClient, m api.MemberView) error {
	return o.showNamed(ctx, a, client, m, func(out io.Writer, w *words) {
		fmt.Fprintf(out, "%s <%s>\n\n", m.Name, m.Email)
		writeFacts(out,
			fact{"Account", w.name(m.AccountID)},
			fact{"Role", roleName(m.Role)},
			fact{"Language of mails", m.Locale},
			fact{"State", memberState(m.State)},
			fact{"Since", w.since(m.CreatedAt, w.zone(m.AccountID))},
		)
		fmt.Fprintf(out, "\n%s\n", m.ID)
	})
}

// change changes a person's place in the account and shows it.
func (c oneUser) change(ctx context.Context, a *app, r api.MembershipRequest) error {
	client, m, err := c.find(ctx)
	if err != nil {
		return err
	}

	body, err := json.Marshal(r)
	if err != nil {
		return err
	}

	err = client.call(ctx, request{
		method:      http.MethodPatch,
		path:        "/v1/memberships/" + url.PathEscape(m.ID),
		body:        body,
		contentType: "application/json",
	}, &m.MembershipView)
	if err != nil {
		return err
	}

	return c.showUser(ctx, a, client, m)
}

type userRoleCommand struct {
	oneUser
	Role   string `arg:"" enum:"admin,read_only" help:"What the person becomes: admin or read_only."`
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (userRoleCommand) Help() string {
	return `Example:
  roomcover user role ana.souza@acme.example read_only --account "Acme Ltda" --reason "she asked"`
}

// Run changes the role.
func (c userRoleCommand) Run(ctx context.Context, a *app) error {
	return c.change(ctx, a, api.MembershipRequest{
		Role:   identity.MemberRole(strings.ToUpper(c.Role)),
		Reason: c.Reason,
	})
}

type userSuspendCommand struct {
	oneUser
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (userSuspendCommand) Help() string {
	return `Example:
  roomcover user suspend ana.souza@acme.example --account "Acme Ltda" --reason "a lost phone"`
}

// Run suspends.
func (c userSuspendCommand) Run(ctx context.Context, a *app) error {
	return c.change(ctx, a, api.MembershipRequest{
		State:  rules.MembershipSuspended,
		Reason: c.Reason,
	})
}

type userRestoreCommand struct {
	oneUser
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (userRestoreCommand) Help() string {
	return `Example:
  roomcover user restore ana.souza@acme.example --account "Acme Ltda" --reason "found again"`
}

// Run restores.
func (c userRestoreCommand) Run(ctx context.Context, a *app) error {
	return c.change(ctx, a, api.MembershipRequest{
		State:  rules.MembershipActive,
		Reason: c.Reason,
	})
}

type userRemoveCommand struct {
	oneUser
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (userRemoveCommand) Help() string {
	return `The person's access ends at once, and the administrators are told where an
administrator is removed.

Example:
  roomcover user remove ana.souza@acme.example --account "Acme Ltda" --reason "left the company"`
}

// Run removes.
func (c userRemoveCommand) Run(ctx context.Context, a *app) error {
	return c.change(ctx, a, api.MembershipRequest{
		State:  rules.MembershipRemoved,
		Reason: c.Reason,
	})
}

type userLanguageCommand struct {
	oneUser
	Language string `arg:"" help:"The language, such as pt-BR or en."`
	Reason   string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (userLanguageCommand) Help() string {
	return `All further mails to the person come in it, whatever account they are about. The person
chooses too, on the portal's page Account.

Example:
  roomcover user language ana.souza@acme.example en --account "Acme Ltda" --reason "she asked"`
}

// Run sets it.
func (c userLanguageCommand) Run(ctx context.Context, a *app) error {
	client, m, err := c.find(ctx)
	if err != nil {
		return err
	}

	err = client.put(ctx, "/v1/memberships/"+url.PathEscape(m.ID)+"/language",
		api.LanguageRequest{Locale: languageOf(c.Language), Reason: c.Reason}, &m.MembershipView)
	if err != nil {
		return err
	}

	m.Locale = languageOf(c.Language)
	return c.showUser(ctx, a, client, m)
}
