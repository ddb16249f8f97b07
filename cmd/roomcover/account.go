package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// accountCommands are about customers' accounts.
type accountCommands struct {
	List     accountListCommand     `cmd:"" help:"List accounts."`
	Find     accountFindCommand     `cmd:"" help:"Find customers by company, e-mail address or order number."`
	Show     accountShowCommand     `cmd:"" help:"Show one with its licenses, people and customer success manager."`
	Add      accountAddCommand      `cmd:"" help:"Add an account that no order opened."`
	TimeZone accountTimeZoneCommand `cmd:"" help:"Move an account to another time zone."`
	Language accountLanguageCommand `cmd:"" help:"Give an account another language."`

	ForgetDomain accountForgetDomainCommand `cmd:"" help:"Remove a mail domain that is recorded as an account's own."`
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

	return c.showAccounts(ctx, a, client, list)
}

// showAccounts answers with a list of accounts.
func (o output) showAccounts(
	ctx context.Context, a *app, client *apiClient, list []api.AccountView,
) error {
	return o.showNamed(ctx, a, client, list, func(out io.Writer, w *words) {
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

type accountFindCommand struct {
	output
	apiOptions
	Text  string `arg:"" help:"Part of the company's name, or a whole e-mail address or order number."`
	Limit int    `default:"50" help:"At most so many, the newest first; 0 for all."`
}

// Help is shown by --help.
func (accountFindCommand) Help() string {
	return `An e-mail address is that of somebody who has access or was invited. An order number is
the vendor's, which is in the customer's mails, or the sender's own.

Examples:
  roomcover account find acme
  roomcover account find ana.souza@acme.example
  roomcover account find SO-1RPCG`
}

// Run finds.
func (c accountFindCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	list, err := every[api.AccountView](ctx, client, "/v1/accounts",
		url.Values{"q": {c.Text}}, c.Limit)
	if err != nil {
		return err
	}
	return c.showAccounts(ctx, a, client, list)
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

// accountWithQuestions is an account with the persons of whom its administrators are asked, and
// the mail domains on record as its own.
type accountWithQuestions struct {
	api.AccountDetail
	Questions   []api.ContactQuestionView `json:"contact_questions"`
	MailDomains []string                  `json:"mail_domains"`
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

	var recorded api.MailDomainsView
	err = client.read(ctx, "/v1/accounts/"+url.PathEscape(acc.ID)+"/mail-domains", &recorded)
	if err != nil && !refusedAs(err, http.StatusForbidden) {
		return err
	}

	shown := accountWithQuestions{acc, questions, recorded.Domains}
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
			{"Language", acc.Locale},
			{"Parent", w.name(acc.ParentOrgID)},
			{"Mail domains", strings.Join(recorded.Domains, ", ")},
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

type accountAddCommand struct {
	output
	apiOptions
	Company    string `arg:"" help:"Name of the company, with its legal form."`
	Street     string `required:"" help:"Street and number."`
	PostalCode string `placeholder:"CODE" help:"Postal code."`
	City       string `required:"" help:"City."`
	Region     string `placeholder:"CODE" help:"State or region by its code, such as SP or IL."`
	Country    string `required:"" placeholder:"CODE" help:"Country, by its ISO code of two letters, such as BR."`
	Mode       string `enum:"consolidated,site" default:"consolidated" help:"Whether it serves all sites of the customer (consolidated) or one (site)."`
	Parent     string `placeholder:"ACCOUNT" help:"Another account of the same company, or the id of their parent, where they belong together; left out: the company's own."`
}

// Help is shown by --help.
func (accountAddCommand) Help() string {
	return `Company and address together say which account it is: an order with both finds it. A
second account of both would make every order for it a question to an operator. Nobody has
access until somebody is invited (roomcover invite send).

Examples:
  roomcover account add "Acme Ltda" --street "Av. Paulista, 1000" --city "São Paulo" \
    --region SP --postal-code 01310-100 --country BR
  roomcover account add "Acme Manaus Ltda" --street "Rua A, 1" --city Manaus --region AM \
    --country BR --mode site --parent "Acme Ltda"`
}

// Run adds it.
func (c accountAddCommand) Run(ctx context.Context, a *app) error {
	client, err := c.client()
	if err != nil {
		return err
	}

	parent, err := client.parentID(ctx, c.Parent)
	if err != nil {
		return err
	}

	var made api.AccountView
	err = client.post(ctx, "/v1/accounts", api.AccountRequest{
		Company: c.Company,
		Address: rules.Address{
			Street:     c.Street,
			City:       c.City,
			Region:     c.Region,
			PostalCode: c.PostalCode,
			Country:    c.Country,
		},
		Mode:        account.AccountMode(strings.ToUpper(c.Mode)),
		ParentOrgID: parent,
	}, &made)
	if err != nil {
		return err
	}

	var acc api.AccountDetail
	if err := client.read(ctx, "/v1/accounts/"+url.PathEscape(made.ID), &acc); err != nil {
		return err
	}
	return c.showAccount(ctx, a, client, acc)
}

type accountForgetDomainCommand struct {
	oneAccount
	Domain string `arg:"" help:"The domain, such as acme.example."`
	Reason string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (accountForgetDomainCommand) Help() string {
	return `Whom an order names from the domain is a stranger to the account from then on: an
operator decides about them, and the administrators are not asked. Who came in stays.
account show lists the domains; order accept --record-domain records one.

Example:
  roomcover account forget-domain "Acme Ltda" acme.example --reason "sold to another company"`
}

// Run removes it.
func (c accountForgetDomainCommand) Run(ctx context.Context, a *app) error {
	client, acc, err := c.find(ctx)
	if err != nil {
		return err
	}

	var left api.MailDomainsView
	err = client.post(ctx, "/v1/accounts/"+url.PathEscape(acc.ID)+"/mail-domains/"+
		url.PathEscape(c.Domain)+"/removal", api.ReasonRequest{Reason: c.Reason}, &left)
	if err != nil {
		return err
	}

	return c.show(a, left, func(out io.Writer) {
		fmt.Fprintf(out, "%s is not on record for %s any more. On record: %s.\n", c.Domain,
			acc.LegalName, cmp.Or(strings.Join(left.Domains, ", "), "none"))
	})
}

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

	err = client.change(ctx, http.MethodPut, "/v1/accounts/"+url.PathEscape(acc.ID)+"/time-zone",
		acc.Version, api.TimeZoneRequest{TimeZone: c.Zone, Reason: c.Reason}, &acc)
	if err != nil {
		return err
	}

	return c.showAccount(ctx, a, client, acc)
}

type accountLanguageCommand struct {
	oneAccount
	Language string `arg:"" help:"The language, such as pt-BR or en."`
	Reason   string `required:"" placeholder:"TEXT" help:"Why; it goes into the audit."`
}

// Help is shown by --help.
func (accountLanguageCommand) Help() string {
	return `Papers, and mails to people who do not sign in, such as the contact of a site, come in
this language from then on. Who signs in is written to in their own (user language), and an
invitation may have one (invite send --language).

Example:
  roomcover account language "Acme Ltda" en --reason "the contact reads English"`
}

// Run changes it, on the version of the account that it reads.
func (c accountLanguageCommand) Run(ctx context.Context, a *app) error {
	client, acc, err := c.find(ctx)
	if err != nil {
		return err
	}

	err = client.change(ctx, http.MethodPut, "/v1/accounts/"+url.PathEscape(acc.ID)+"/language",
		acc.Version, api.LanguageRequest{
			Locale: languageOf(c.Language), Reason: c.Reason}, &acc)
	if err != nil {
		return err
	}

	return c.showAccount(ctx, a, client, acc)
}
