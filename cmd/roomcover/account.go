package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// accountCommands are about customers' accounts.
type accountCommands struct {
	List     accountListCommand     `cmd:"" help:"List accounts."`
	Show     accountShowCommand     `cmd:"" help:"Show one with its licences, people and customer success manager."`
	TimeZone accountTimeZoneCommand `cmd:"" help:"Move an account to another time zone."`
}

type accountListCommand struct {
	output
	apiOptions
	Limit int `default:"200" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (accountListCommand) Help() string {
	return `Example:
  roomcover account list`
}

// Run lists.
func (c accountListCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	list, err := every[api.AccountView](ctx, client, "/v1/accounts", url.Values{}, c.Limit)
	if err != nil {
		return err
	}

	return c.showNamed(ctx, a, client, list, func(out io.Writer, w *words) {
		if len(list) == 0 {
			fmt.Fprintln(out, "No accounts.")
			return
		}

		t := a.table(out, "company", "city", "country", "time zone", "looked after by", "id")
		for _, acc := range list {
			t.AppendRow([]any{
				acc.LegalName,
				acc.Address.City,
				acc.Address.Country,
				acc.TimeZone,
				dash(w.name(acc.CSMID)),
				acc.ID,
			})
		}
		t.Render()
		fmt.Fprintf(out, "\n%s.\n", count(len(list), "account"))
	})
}

// oneAccount names the account that a command is about.
type oneAccount struct {
	output
	apiOptions
	Account string `arg:"" help:"The account: its id or the company's name."`
}

func (c oneAccount) find(ctx context.Context) (*apiClient, api.AccountDetail, error) {
	var acc api.AccountDetail
	client, err := c.client()
	if err != nil {
		return nil, acc, err
	}

	id, err := client.accountID(ctx, c.Account)
	if err != nil {
		return nil, acc, err
	}

	return client, acc, client.read(ctx, "/v1/accounts/"+url.PathEscape(id), &acc)
}

type accountShowCommand struct{ oneAccount }

// Help is shown by --help.
func (accountShowCommand) Help() string {
	return `Example:
  roomcover account show "Acme Ltda"`
}

// Run shows.
func (c accountShowCommand) Run(ctx context.Context, a *app) error {
	client, acc, err := c.find(ctx)
	if err != nil {
		return err
	}
	return c.showAccount(ctx, a, client, acc)
}

// accountWithQuestions is an account with the persons of whom its administrators are asked.
type accountWithQuestions struct {
	api.AccountDetail
	Questions []api.ContactQuestionView `json:"contact_questions"`
}

// showAccount answers with an account and the questions about persons that are open in it.
func (o output) showAccount(
	ctx context.Context, a *app, client *apiClient, acc api.AccountDetail,
) error {
	questions, err := every[api.ContactQuestionView](ctx, client,
		"/v1/accounts/"+url.PathEscape(acc.ID)+"/contact-questions", url.Values{}, 0)
	if err != nil && !refusedAs(err, http.StatusForbidden) {
		return err
	}

	shown := accountWithQuestions{acc, questions}
	return o.showNamed(ctx, a, client, shown, func(out io.Writer, w *words) {
		fmt.Fprintf(out, "%s\n\n", acc.LegalName)
		for _, q := range questions {
			if q.State == identity.QuestionOpen {
				fmt.Fprintln(out, indented(fmt.Sprintf(
					"The administrators are asked whether %s <%s>, whom an order of %s names, "+
						"may come in, until %s.", q.ContactName, q.Email, q.Seller,
					w.until(q.AnswerUntil, acc.TimeZone),
				)))
				fmt.Fprintln(out)
			}
		}

		facts := []fact{
			{"Address", addressOf(acc.Address)},
			{"Time zone", acc.TimeZone},
			{"Parent", w.name(acc.ParentOrgID)},
			{"Since", w.at(acc.CreatedAt, acc.TimeZone)},
		}
		if acc.CSM != nil {
			manager := acc.CSM.Name + " <" + acc.CSM.Email + ">"
			facts = append(facts, fact{"Looked after by", manager})
		}
		for _, kind := range slices.Sorted(maps.Keys(acc.Balance)) {
			facts = append(facts, fact{serviceName(kind), balanceOf(acc.Balance[kind])})
		}
		writeFacts(out, facts...)

		fmt.Fprintln(out)
		a.memberTable(out, acc.Members)
		fmt.Fprintf(out, "\n%s\n", acc.ID)
	})
}

// balanceOf counts licences by their states: "12 assigned, 8 available".
func balanceOf(states map[rules.LicenceState]int64) string {
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(states)) {
		if states[state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", states[state], plain(string(state))))
		}
	}
	return strings.Join(parts, ", ")
}

func (a *app) memberTable(out io.Writer, members []api.MemberView) {
	if len(members) == 0 {
		fmt.Fprintln(out, "Nobody has access to the account yet.")
		return
	}

	t := a.table(out, "name", "e-mail", "role", "state", "id")
	for _, m := range members {
		t.AppendRow([]any{m.Name, m.Email, roleName(m.Role), memberState(m.State), m.ID})
	}
	t.Render()
}

func roleName(r identity.MemberRole) string {
	if r == identity.RoleAdmin {
		return "administrator"
	}
	return "reads only"
}

func memberState(s rules.MembershipState) string { return plain(string(s)) }

type accountTimeZoneCommand struct {
	oneAccount
	Zone   string `arg:"" help:"IANA name, such as America/Manaus."`
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (accountTimeZoneCommand) Help() string {
	return `Future days count in the new zone; what was promised does not move.

Example:
  roomcover account time-zone "Acme Ltda" America/Manaus --reason "they moved"`
}

// Run moves it, on the version of the account that it reads.
func (c accountTimeZoneCommand) Run(ctx context.Context, a *app) error {
	client, acc, err := c.find(ctx)
	if err != nil {
		return err
	}

	body, err := json.Marshal(api.TimeZoneRequest{TimeZone: c.Zone, Reason: c.Reason})
	if err != nil {
		return err
	}

	err = client.call(ctx, request{
		method:      http.MethodPut,
		path:        "/v1/accounts/" + url.PathEscape(acc.ID) + "/time-zone",
		body:        body,
		contentType: "application/json",
		match:       strconv.Quote(strconv.FormatInt(acc.Version, 10)),
	}, &acc)
	if err != nil {
		return err
	}

	return c.showAccount(ctx, a, client, acc)
}
