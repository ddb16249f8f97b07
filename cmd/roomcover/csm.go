package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"roomcover.dev/roomcover/api"
)

// csmCommand is about customer success managers.
type csmCommand struct {
	List   csmListCommand   `cmd:"" help:"List customer success managers."`
	Add    csmAddCommand    `cmd:"" help:"Add a customer success manager."`
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

type csmAssignCommand struct {
	output
	apiOptions
	Account string `required:"" placeholder:"ACCOUNT" help:"The account: its id, or the company's exact name where one account has it."`
	CSM     string `required:"" name:"csm" placeholder:"CSM" help:"Who looks after it: the manager's e-mail, name or id."`
	Reason  string `required:"" placeholder:"TEXT" help:"Goes into the audit."`
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

	body, err := json.Marshal(map[string]string{"csm_id": manager, "reason": c.Reason})
	if err != nil {
		return err
	}

	r := request{
		method:      http.MethodPut,
		path:        path + "/csm",
		body:        body,
		contentType: "application/json",
		match:       strconv.Quote(strconv.FormatInt(acc.Version, 10)),
	}

	if err := client.call(ctx, r, &acc); err != nil {
		return err
	}

	return c.show(a, acc,
		func(w io.Writer) {
			fmt.Fprintf(w, "%s looks after %s.\n", acc.CSM.Name, acc.LegalName)
		})
}
