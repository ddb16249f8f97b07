package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"roomcover.dev/roomcover/api"
)

// csmCommand is about customer success managers.
type csmCommand struct {
	List   csmListCommand   `cmd:"" help:"List customer success managers."`
	Add    csmAddCommand    `cmd:"" help:"Add a customer success manager."`
	Change csmChangeCommand `cmd:"" help:"Change a customer success manager, or note that one has left."`
	Assign csmAssignCommand `cmd:"" help:"Name an account's customer success manager."`
}

func (a *app) csmTable(w io.Writer, list []api.CSMView) {
	if len(list) == 0 {
		fmt.Fprintln(w, "No customer success managers.")
		return
	}

	t := a.table(w, "name", "e-mail", "telephone", "state", "id")
	for _, c := range list {
		state := "active"
		if !c.Active {
			state = "left"
		}
		t.AppendRow([]any{c.Name, c.Email, c.Phone, state, c.ID})
	}

	t.Render()
}

type csmListCommand struct {
	output
	apiOptions
	Limit int `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (csmListCommand) Help() string {
	return `Example:
  roomcover csm list`
}

// Run lists.
func (c csmListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	list, err := every[api.CSMView](ctx, client, "/v1/csms", url.Values{}, c.Limit)
	if err != nil {
		return err
	}

	return c.show(a, list, func(w io.Writer) { a.csmTable(w, list) })
}

type csmAddCommand struct {
	output
	apiOptions
	Name   string `required:"" placeholder:"NAME" help:"As customers see it."`
	Email  string `required:"" placeholder:"ADDRESS" help:"At work; customers see it."`
	Phone  string `placeholder:"NUMBER" help:"At work; customers see it."`
	Reason string `required:"" placeholder:"TEXT" help:"Goes into the audit."`
}

// Help is shown by --help.
func (csmAddCommand) Help() string {
	return `Example:
  roomcover csm add --name "Clara Reis" --email clara@operator.example \
    --phone "+55 11 4000-1234" --reason "new colleague"`
}

// Run adds.
func (c csmAddCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	var made api.CSMView
	body := map[string]string{
		"name":   c.Name,
		"email":  c.Email,
		"phone":  c.Phone,
		"reason": c.Reason,
	}

	if err := client.post(ctx, "/v1/csms", body, &made); err != nil {
		return err
	}
	return c.show(a, made, func(w io.Writer) { a.csmTable(w, []api.CSMView{made}) })
}

type csmChangeCommand struct {
	output
	apiOptions
	CSM    string  `arg:"" name:"csm" help:"Who: the manager's e-mail, name or id."`
	Name   string  `placeholder:"NAME" help:"The new name; left out: it stays."`
	Email  string  `placeholder:"ADDRESS" help:"The new address at work; left out: it stays."`
	Phone  *string `placeholder:"NUMBER" help:"The new number at work; empty: none any more; left out: it stays."`
	Left   bool    `xor:"active" help:"Has left: an operator is asked who looks after each of the accounts."`
	Back   bool    `xor:"active" help:"Is back."`
	Reason string  `required:"" placeholder:"TEXT" help:"Goes into the audit."`
}

// Help is shown by --help.
func (csmChangeCommand) Help() string {
	return `Examples:
  roomcover csm change clara@operator.example --phone "+55 11 4000-9876" --reason "new number"
  roomcover csm change "Clara Reis" --left --reason "left the company"`
}

// Run changes, on the version that it reads.
func (c csmChangeCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	id, err := client.csmID(ctx, c.CSM)
	if err != nil {
		return err
	}

	path := "/v1/csms/" + url.PathEscape(id)
	var known, changed api.CSMView
	if err := client.read(ctx, path, &known); err != nil {
		return err
	}

	told := api.CSMChangeRequest{
		Name:   c.Name,
		Email:  c.Email,
		Phone:  c.Phone,
		Reason: c.Reason,
	}
	if c.Left || c.Back {
		told.Active = &c.Back
	}

	same := (c.Name == "" || c.Name == known.Name) &&
		(c.Email == "" || strings.EqualFold(c.Email, known.Email)) &&
		(c.Phone == nil || *c.Phone == known.Phone) &&
		(told.Active == nil || *told.Active == known.Active)
	if same {
		client.told.add(false)
		return c.show(a, known, func(w io.Writer) { a.csmTable(w, []api.CSMView{known}) })
	}

	err = client.change(ctx, http.MethodPatch, path, known.Version, told, &changed)
	if err != nil {
		return err
	}
	return c.show(a, changed, func(w io.Writer) { a.csmTable(w, []api.CSMView{changed}) })
}

type csmAssignCommand struct {
	output
	apiOptions
	Account string `required:"" placeholder:"ACCOUNT" help:"The account: its id, or the company's exact name where one account has it."`
	CSM     string `required:"" name:"csm" placeholder:"CSM" help:"Who looks after it: the manager's e-mail, name or id."`
	Reason  string `required:"" placeholder:"TEXT" help:"Goes into the audit."`
}

// Help is shown by --help.
func (csmAssignCommand) Help() string {
	return `Example:
  roomcover csm assign --account "Acme Ltda" --csm clara@operator.example --reason "knows them"`
}

// accountCSM is what the answer says of an account.
type accountCSM struct {
	ID        string          `json:"id"`
	LegalName string          `json:"legal_name"`
	Version   int64           `json:"version"`
	CSM       *api.CSMContact `json:"csm"`
}

// Run assigns, on the version of the account that it reads.
func (c csmAssignCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	id, err := client.accountID(ctx, c.Account)
	if err != nil {
		return err
	}

	manager, err := client.csmID(ctx, c.CSM)
	if err != nil {
		return err
	}

	path := "/v1/accounts/" + url.PathEscape(id)
	var acc accountCSM
	if err := client.read(ctx, path, &acc); err != nil {
		return err
	}

	err = client.change(ctx, http.MethodPut, path+"/csm", acc.Version,
		api.AssignCSMRequest{CSMID: manager, Reason: c.Reason}, &acc)
	if err != nil {
		return err
	}

	return c.show(a, acc,
		func(w io.Writer) {
			fmt.Fprintf(w, "%s looks after %s.\n", acc.CSM.Name, acc.LegalName)
		})
}
