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
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// assignCommand assigns licences of one contract to rooms.
type assignCommand struct {
	output
	apiOptions
	Rooms    []string       `arg:"" optional:"" name:"room" help:"Rooms, by name or id."`
	All      bool           `help:"Every active room that has no license of the service."`
	Site     string         `help:"With --all: only rooms of this site."`
	Contract string         `placeholder:"CONTRACT" help:"The contract: its id, or the number of its order; left out by operators: the account's only Select contract that runs or waits."`
	Account  string         `placeholder:"ACCOUNT" help:"Operators: id or name of the account."`
	Terms    map[string]int `placeholder:"DE=2" help:"Versions of the countries' terms that were read, where they differ from home."`
	Reason   string         `help:"Operators: why; it goes into the audit."`
}

// Help is shown by --help.
func (assignCommand) Help() string {
	return `Assigns one available license of a contract to each room: all of them or none.
The first assignment of an order starts its contracts. A room that has a license of
the contract keeps it, so running the command again is safe.

Examples:
  roomcover assign --contract PO-2026-0017 --account "Acme Ltda" "Sala 1" "Sala 2"
  roomcover assign --contract PO-2026-0017 --all --site Paulista
  roomcover assign --all --account "Acme Ltda" --reason "asked by phone"`
}

// Validate is called by kong.
func (c assignCommand) Validate() error {
	switch {
	case (len(c.Rooms) > 0) == c.All:
		return errors.New("give either rooms or --all")
	case c.Contract == "" && c.Account == "":
		return errors.New("give --contract, or as an operator --account")
	}
	return nil
}

// Run assigns.
func (c assignCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	account := ""
	if c.Account != "" {
		if account, err = client.accountID(ctx, c.Account); err != nil {
			return err
		}
	}

	if c.Contract, err = client.contractID(ctx, c.Contract); err != nil {
		return err
	}
	if c.Contract == "" {
		if c.Contract, err = client.onlyContract(ctx, account); err != nil {
			return err
		}
	}

	var rooms []string
	for _, said := range c.Rooms {
		room, err := client.roomID(ctx, account, said)
		if err != nil {
			return err
		}
		rooms = append(rooms, room)
	}
	if c.All {
		if rooms, err = client.freeRooms(ctx, account, c.Site); err != nil {
			return err
		}
	}

	if len(rooms) == 0 {
		return c.show(a, api.AssignedView{},
			func(w io.Writer) { fmt.Fprintln(w, "Every room has a license already.") })
	}

	asked := map[string]any{"room_ids": rooms, "reason": c.Reason}
	if len(c.Terms) > 0 {
		asked["acknowledged_terms"] = c.Terms
	}

	body, err := json.Marshal(asked)
	if err != nil {
		return err
	}

	var out api.AssignedView
	err = client.call(ctx, request{
		method:      http.MethodPost,
		path:        "/v1/contracts/" + url.PathEscape(c.Contract) + "/assignments",
		body:        body,
		contentType: "application/json",
		key:         newKey(),
	}, &out)
	if err != nil {
		return err
	}

	// the contract is named too, though the answer does not hold it
	shown := struct {
		api.AssignedView
		ContractID string `json:"contract_id"`
	}{out, c.Contract}
	return c.showNamed(ctx, a, client, shown,
		func(to io.Writer, w *words) { c.explain(a, to, w, out) })
}

func (c assignCommand) explain(a *app, to io.Writer, w *words, out api.AssignedView) {
	if len(out.Warnings) > 0 {
		t := a.table(to, "device", "warning", "hardware covered until")
		for _, v := range out.Warnings {
			t.AppendRow([]any{w.name(v.DeviceID), w.code(v.Code), dash(w.dayBefore(v.EndsOn))})
		}
		t.Render()
		fmt.Fprintln(to)
	}

	have := "have"
	if len(out.Assignments) == 1 {
		have = "has"
	}
	fmt.Fprintf(to, "%s %s a license of the contract of %s:\n",
		count(len(out.Assignments), "room"), have, w.name(c.Contract))
	for _, s := range out.Assignments {
		fmt.Fprintf(to, "  %s\n", w.name(s.RoomID))
	}
	if n := len(out.StartedContracts); n > 0 {
		fmt.Fprintf(to, "It is the order's first assignment: %s started.\n",
			count(n, "contract"))
	}
}

// onlyContract finds the account's one Select contract that runs or waits.
func (c *apiClient) onlyContract(ctx context.Context, account string) (string, error) {
	all, err := every[api.ContractView](ctx, c, "/v1/contracts",
		url.Values{"account_id": {account}}, 0)
	if err != nil {
		return "", err
	}

	var ids []string
	for _, k := range all {
		if k.Type == catalogue.ServiceSelect &&
			(k.State == rules.ContractActive || k.State == rules.ContractPendingStart) {
			ids = append(ids, k.ID)
		}
	}

	if len(ids) != 1 {
		return "", settingsError{fmt.Errorf(
			"the account has %d Select contracts that run or wait: name one with --contract %s",
			len(ids), strings.Join(ids, " "),
		)}
	}

	return ids[0], nil
}

// freeRooms lists the active rooms without a Select licence.
func (c *apiClient) freeRooms(ctx context.Context, account, site string) ([]string, error) {
	query := func(more map[string]string) url.Values {
		q := url.Values{}
		for name, value := range more {
			if value != "" {
				q.Set(name, value)
			}
		}
		return q
	}

	open, err := every[api.AssignmentView](ctx, c, "/v1/assignments", query(map[string]string{
		"open":       "true",
		"account_id": account,
	}), 0)
	if err != nil {
		return nil, err
	}

	taken := map[string]bool{}
	for _, a := range open {
		taken[a.RoomID] = taken[a.RoomID] || a.ServiceType == catalogue.ServiceSelect
	}

	rooms, err := every[api.RoomItem](ctx, c, "/v1/rooms", query(map[string]string{
		"state":      "ACTIVE",
		"account_id": account,
		"site":       site,
	}), 0)

	var free []string
	for _, r := range rooms {
		if !taken[r.ID] {
			free = append(free, r.ID)
		}
	}

	return free, err
}
