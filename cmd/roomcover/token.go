package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// tokenCommands are about tokens of the API. They go by the API where there is a token, and by
// the database otherwise: the first token is made there.
type tokenCommands struct {
	Create tokenCreateCommand `cmd:"" help:"Make a token; its secret is shown this once."`
	List   tokenListCommand   `cmd:"" help:"List tokens, without their secrets."`
	Revoke tokenRevokeCommand `cmd:"" help:"End a token at once."`
}

// tokenCreateCommand makes a token for a machine of an organisation.
type tokenCreateCommand struct {
	output
	apiOptions
	Org   string   `required:"" help:"Id or name of the organization that it acts for; operator for the operator's own."`
	Label string   `required:"" help:"What uses the token, for people to recognize it."`
	Role  string   `help:"Role; by default the one that fits the organization." enum:",reseller,distributor,operator_agent,operator_lead,operator_csm" default:""`
	Scope []string `help:"What it may do, comma separated; by default everything that fits the role."`
	Days  int      `help:"How many days it is valid, 1 to 730." default:"365"`
}

// Help is shown by --help.
func (tokenCreateCommand) Help() string {
	return `The secret is printed alone on the last line, and only its hash is stored: put
it away at once. A lost token is revoked and replaced.

Examples:
  roomcover token create --org "Revenda Sul Ltda" --label "order system"
  roomcover token create --org operator --role operator_lead --label "night shift" --days 30
  ROOMCOVER_TOKEN=$(roomcover token create --org operator --label ops | tail -n 1)

Scopes: ` + strings.Join(api.ScopesFor(rules.OperatorLead), ", ") + "."
}

// Validate is called by kong.
func (c tokenCreateCommand) Validate() error {
	if c.Days < 1 || c.Days > 730 {
		return fmt.Errorf("--days: give 1 to 730")
	}

	for _, s := range c.Scope {
		if !slices.Contains(api.ScopesFor(rules.OperatorLead), s) {
			return fmt.Errorf("--scope: there is no scope %q; there are %s", s,
				strings.Join(api.ScopesFor(rules.OperatorLead), ", "))
		}
	}

	return nil
}

// Run makes the token.
func (c tokenCreateCommand) Run(ctx context.Context, a *app) error {
	return a.onTokens(ctx, c.apiOptions, func(
		ctx context.Context, tokens tokenBook, orgs orgBook,
	) error {
		n, err := c.token(ctx, orgs)
		if err != nil {
			return err
		}

		names, err := allOrgNames(ctx, orgs)
		if err != nil {
			return err
		}

		t, secret, err := tokens.CreateToken(ctx, n)
		if err != nil {
			return err
		}

		view := tokenView(t)
		view["token"] = secret
		return c.show(a, view, func(w io.Writer) {
			a.tokenTable(w, []identity.APIToken{t}, names)
			fmt.Fprintf(w, "\nThe secret, shown this once:\n%s\n", secret)
		})
	})
}

func (c tokenCreateCommand) token(
	ctx context.Context, orgs orgBook,
) (identity.NewToken, error) {
	if c.Org == "operator" {
		c.Org = account.OperatorOrgID
	}

	org, err := findOrg(ctx, orgs, c.Org)
	if err != nil {
		return identity.NewToken{}, err
	}

	fitting := rolesOf[org.Kind]
	role := rules.Role(strings.ToUpper(c.Role))
	if role == "" && len(fitting) > 0 {
		role = fitting[0]
	}

	if !slices.Contains(fitting, role) {
		return identity.NewToken{}, rules.Refuse(rules.Forbidden,
			"This role does not fit the organization.",
			"Leave --role out, or choose one of the organization's kind.")
	}

	scopes := c.Scope
	if len(scopes) == 0 {
		scopes = api.ScopesFor(role)
	}

	return identity.NewToken{
		OrgID:     org.ID,
		Role:      role,
		Label:     c.Label,
		Scopes:    scopes,
		ExpiresAt: time.Now().AddDate(0, 0, c.Days),
	}, nil
}

// rolesOf are the roles of tokens that fit an organisation's kind, the usual one
// first.
var rolesOf = map[account.OrgKind][]rules.Role{
	account.OrgOperator:    {rules.OperatorAgent, rules.OperatorLead, rules.OperatorCSM},
	account.OrgReseller:    {rules.Reseller},
	account.OrgDistributor: {rules.Distributor},
}

// tokenListCommand lists tokens.
type tokenListCommand struct {
	output
	apiOptions
	All bool `help:"Also tokens that are expired or revoked."`
}

// Help is shown by --help.
func (tokenListCommand) Help() string {
	return `Example:
  roomcover token list --all`
}

// Run lists.
func (c tokenListCommand) Run(ctx context.Context, a *app) error {
	return a.onTokens(ctx, c.apiOptions, func(
		ctx context.Context, book tokenBook, orgs orgBook,
	) error {
		tokens, err := pages(func(p db.Page) ([]identity.APIToken, string, error) {
			return book.ListTokens(ctx, p)
		})
		if err != nil {
			return err
		}

		views := []any{}
		shown := tokens[:0]
		for _, t := range tokens {
			if c.All || tokenState(t) == "live" {
				shown, views = append(shown, t), append(views, tokenView(t))
			}
		}

		names, err := allOrgNames(ctx, orgs)
		if err != nil {
			return err
		}
		return c.show(a, views, func(w io.Writer) { a.tokenTable(w, shown, names) })
	})
}

// tokenRevokeCommand ends a token.
type tokenRevokeCommand struct {
	output
	apiOptions
	ID string `arg:"" help:"Id of the token, tok_…"`
}

// Help is shown by --help.
func (tokenRevokeCommand) Help() string {
	return `The next request with it is refused. Again for the same token it changes nothing.

Example:
  roomcover token revoke tok_01k8x…`
}

// Run revokes.
func (c tokenRevokeCommand) Run(ctx context.Context, a *app) error {
	return a.onTokens(ctx, c.apiOptions, func(
		ctx context.Context, tokens tokenBook, _ orgBook,
	) error {
		if err := tokens.RevokeToken(ctx, c.ID); err != nil {
			return err
		}
		return c.show(a, map[string]string{"id": c.ID, "state": "revoked"}, func(w io.Writer) {
			fmt.Fprintf(w, "Revoked %s.\n", c.ID)
		})
	})
}

// allOrgNames names the organisations by their ids.
func allOrgNames(ctx context.Context, orgs orgBook) (map[string]string, error) {
	all, err := everyOrg(ctx, orgs, "")
	names := map[string]string{}
	for _, o := range all {
		names[o.ID] = o.Name
	}
	return names, err
}

func tokenView(t identity.APIToken) map[string]any {
	return map[string]any{
		"id":         t.ID,
		"org_id":     t.OrgID,
		"role":       t.Role,
		"label":      t.Label,
		"prefix":     t.Prefix,
		"scopes":     strings.Fields(t.Scopes),
		"expires_at": t.ExpiresAt,
		"state":      tokenState(t),
	}
}

func tokenState(t identity.APIToken) string {
	switch {
	case t.RevokedAt != nil:
		return "revoked"
	case !time.Now().Before(t.ExpiresAt):
		return "expired"
	}
	return "live"
}

func (a *app) tokenTable(w io.Writer, tokens []identity.APIToken, orgs map[string]string) {
	t := a.table(w, "label", "begins with", "organization", "role", "state", "expires", "scopes",
		"id")
	for _, k := range tokens {
		t.AppendRow([]any{
			k.Label,
			k.Prefix,
			orgs[k.OrgID],
			plain(string(k.Role)),
			tokenState(k),
			k.ExpiresAt.Format(time.DateOnly),
			k.Scopes,
			k.ID,
		})
	}

	t.Render()
}
