package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// tokenHandlers answer what is asked about tokens.
type tokenHandlers struct {
	accounts *account.Accounts
	people   *identity.People
}

func (h tokenHandlers) routes(api huma.API) {
	manage := route{
		Tag:          "Tokens",
		Scope:        TokensWrite,
		Capability:   rules.ManageCatalogue,
		OperatorOnly: true,
	}

	mountJSON(api, manage.post("create-token", "/v1/tokens", "Create an API token").
		answers(http.StatusCreated).idempotent().refuses(404).hides("secret"), h.createToken)
	mount(api, manage.get("list-tokens", "/v1/tokens", "List API tokens"), h.listTokens)
	mount(api, manage.delete("revoke-token", "/v1/tokens/{id}", "Revoke an API token at once").
		answers(http.StatusNoContent).refuses(404), h.revokeToken)
}

// TokenRequest is what a token is made of.
type TokenRequest struct {
	OrgID     string     `json:"org_id" doc:"Id of the organization that the token acts for"`
	Role      rules.Role `json:"role" enum:"RESELLER,DISTRIBUTOR,OPERATOR_AGENT,OPERATOR_LEAD,OPERATOR_CSM,CUSTOMER_ADMIN,CUSTOMER_READ_ONLY" doc:"Role in which the token acts for the organization"`
	AccountID string     `json:"account_id,omitempty" doc:"Customers: the one account that the token acts for; org_id is its parent"`
	Label     string     `json:"label" doc:"What people call it, such as \"ERP, production\""`
	Scopes    []string   `json:"scopes,omitempty" nullable:"false" doc:"What it may be used for, such as orders:write; missing: all that make sense for the role. Your own token must have each of them"`
	ValidDays int        `json:"valid_days,omitempty" minimum:"1" maximum:"730" doc:"Days that it is good; missing: 365"`
}

// TokenView is a token without its secret.
type TokenView struct {
	ID        string     `json:"id" doc:"Id of the token, such as tok_01kb…; not its secret"`
	OrgID     string     `json:"org_id" doc:"Id of the organization that it acts for"`
	Role      rules.Role `json:"role" doc:"Role in which it acts, such as RESELLER"`
	AccountID string     `json:"account_id,omitempty" doc:"Of a customer's token: the one account that it acts for"`
	Label     string     `json:"label" doc:"What people call it"`
	Prefix    string     `json:"prefix" doc:"How the secret begins, to recognize it"`
	Scopes    []string   `json:"scopes" nullable:"false" doc:"What it may be used for, such as orders:write"`
	CreatedAt time.Time  `json:"created_at" doc:"When it was recorded; an instant in UTC"`
	ExpiresAt time.Time  `json:"expires_at" doc:"When it expires; an instant in UTC"`
	RevokedAt *time.Time `json:"revoked_at,omitempty" doc:"When it was revoked; an instant in UTC, missing while it is good"`
}

// NewTokenView is a token with its secret.
type NewTokenView struct {
	TokenView
	Secret string `json:"secret,omitempty" doc:"The token itself, rct_…: keep it, it is not shown again"`
}

func tokenView(t identity.APIToken) TokenView {
	return TokenView{
		ID:        t.ID,
		OrgID:     t.OrgID,
		Role:      t.Role,
		AccountID: text(t.AccountID),
		Label:     t.Label,
		Prefix:    t.Prefix,
		Scopes:    append([]string{}, strings.Fields(t.Scopes)...),
		CreatedAt: t.CreatedAt,
		ExpiresAt: t.ExpiresAt,
		RevokedAt: t.RevokedAt,
	}
}

func (h tokenHandlers) createToken(
	ctx context.Context, _ *struct{}, r TokenRequest,
) (*one[NewTokenView], error) {
	if err := checkToken(&r); err != nil {
		return nil, err
	}
	if err := rules.MayMakeToken(callOf(ctx).token.Role, r.Role); err != nil {
		return nil, err
	}

	org, err := h.accounts.GetOrg(ctx, r.OrgID)
	if err != nil {
		return nil, err
	}

	if !fits(r.Role, org.Kind) {
		return nil, wrong("/role", "ROLE_DOES_NOT_FIT",
			"An organization of this kind cannot have this role.",
			"Name an organization of the role's kind.")
	}

	if err := h.checkTokenAccount(ctx, r); err != nil {
		return nil, err
	}
	if err := mayGrant(ctx, r); err != nil {
		return nil, err
	}

	t, secret, err := h.people.CreateToken(ctx, identity.NewToken{
		OrgID:     r.OrgID,
		Role:      r.Role,
		AccountID: r.AccountID,
		Label:     r.Label,
		Scopes:    r.Scopes,
		ExpiresAt: time.Now().AddDate(0, 0, r.ValidDays),
	})
	return single(t, err,
		func(t identity.APIToken) NewTokenView { return NewTokenView{tokenView(t), secret} })
}

// checkTokenAccount holds a customer's token to one account of its organisation.
func (h tokenHandlers) checkTokenAccount(ctx context.Context, r TokenRequest) error {
	if customers(r.Role) == (r.AccountID == "") {
		return wrong("/account_id", "ACCOUNT_DOES_NOT_FIT",
			"A customer's token names its account, and no other token does.",
			"Name the account, or leave it out.")
	}

	if r.AccountID == "" {
		return nil
	}

	acc, err := h.accounts.GetAccount(ctx, r.AccountID)
	if err != nil {
		return err
	}

	if acc.ParentOrgID != r.OrgID {
		return wrong("/account_id", "ACCOUNT_DOES_NOT_FIT",
			"The account belongs to another organization.", "Name its parent as org_id.")
	}
	return nil
}

// checkToken also fills in what is missing.
func checkToken(r *TokenRequest) error {
	var f fieldCheck
	f.fail(!slices.Contains(Roles(), r.Role), "/role", "UNKNOWN_ROLE",
		"There is no such role for a token.", "See the reference for the roles.")
	f.fail(strings.TrimSpace(r.Label) == "", "/label", rules.Required,
		"This field is missing or empty.", "Fill it in.")
	f.fail(len(r.Label) > 100, "/label", rules.TooLong, "The text has more than 100 octets.",
		"Shorten it.")
	if r.ValidDays == 0 {
		r.ValidDays = 365
	}

	f.fail(r.ValidDays < 1 || r.ValidDays > 730, "/valid_days", rules.OutOfRange,
		"A token is valid for 1 to 730 days.", "Send a number in this range.")
	all := ScopesFor(r.Role)
	for i, scope := range r.Scopes {
		f.fail(!slices.Contains(all, scope), fmt.Sprintf("/scopes/%d", i), "UNKNOWN_SCOPE",
			"The role has no such scope.", "See the reference for the scopes.")
	}

	if r.Scopes == nil {
		r.Scopes = all
	}

	return rules.Invalid(f.fields)
}

// mayGrant keeps a token from making one that may do more.
func mayGrant(ctx context.Context, r TokenRequest) error {
	var f fieldCheck
	for i, scope := range r.Scopes {
		f.fail(!callOf(ctx).token.HasScope(scope), fmt.Sprintf("/scopes/%d", i), "SCOPE_NOT_HELD",
			"Your own token lacks this scope.", "Leave it out, or use a token that has it.")
	}

	return rules.Invalid(f.fields)
}

// mayHandle keeps an agent from ending a token that may do more than the agent.
func mayHandle(ctx context.Context, role rules.Role) error {
	if role.IsOperator() && callOf(ctx).token.Role != rules.OperatorLead {
		return rules.Refuse(rules.Forbidden, "Only a lead handles tokens of operators.",
			"Ask a lead.")
	}
	return nil
}

func fits(role rules.Role, kind account.OrgKind) bool {
	switch role {
	case rules.Reseller:
		return kind == account.OrgReseller
	case rules.Distributor:
		return kind == account.OrgDistributor
	case rules.CustomerAdmin, rules.CustomerReadOnly:
		return kind == account.OrgCustomerParent
	}

	return kind == account.OrgOperator
}

func (h tokenHandlers) listTokens(ctx context.Context, in *ListInput) (*pageOf[TokenView], error) {
	tokens, next, err := h.people.ListTokens(ctx, in.page())
	return listed(tokens, next, err, tokenView)
}

func (h tokenHandlers) revokeToken(ctx context.Context, in *IDInput) (*struct{}, error) {
	t, err := h.people.GetToken(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := mayHandle(ctx, t.Role); err != nil {
		return nil, err
	}

	return nil, h.people.RevokeToken(ctx, in.ID)
}
