package main

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/identity"
)

// tokenBook is where tokens are kept: the database, or the API behind a token that may make
// others.
type tokenBook interface {
	ListTokens(context.Context, db.Page) ([]identity.APIToken, string, error)
	CreateToken(context.Context, identity.NewToken) (identity.APIToken, string, error)
	RevokeToken(ctx context.Context, id string) error
}

var _ tokenBook = (*identity.People)(nil)
var _ tokenBook = apiTokens{}

// onTokens runs fn with the API where there is a token, and with the database otherwise.
func (a *app) onTokens(
	ctx context.Context, o apiOptions, fn func(context.Context, tokenBook, orgBook) error,
) error {
	if o.TokenFile != "" || os.Getenv("ROOMCOVER_TOKEN") != "" {
		client, err := o.client()
		if err != nil {
			return err
		}
		return fn(ctx, apiTokens{client}, apiOrgs{client})
	}

	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		return fn(ctx, d.People, d.Accounts)
	})
}

// apiTokens are the tokens behind the API.
type apiTokens struct{ client *apiClient }

func tokenOf(v api.TokenView) identity.APIToken {
	t := identity.APIToken{
		ID:        v.ID,
		OrgID:     v.OrgID,
		Role:      v.Role,
		Label:     v.Label,
		Prefix:    v.Prefix,
		Scopes:    strings.Join(v.Scopes, " "),
		CreatedAt: v.CreatedAt,
		ExpiresAt: v.ExpiresAt,
		RevokedAt: v.RevokedAt,
	}
	if v.AccountID != "" {
		t.AccountID = &v.AccountID
	}
	return t
}

// ListTokens reads one page.
func (b apiTokens) ListTokens(
	ctx context.Context, p db.Page,
) ([]identity.APIToken, string, error) {
	var page paged[api.TokenView]
	err := b.client.call(ctx, request{
		method: http.MethodGet,
		path:   "/v1/tokens",
		query: filters(map[string]string{
			"cursor": p.After,
			"limit":  strconv.Itoa(p.Limit),
		}),
	}, &page)

	out := make([]identity.APIToken, len(page.Items))
	for i, v := range page.Items {
		out[i] = tokenOf(v)
	}
	return out, page.NextCursor, err
}

// CreateToken makes one. The answer has the secret, which nobody keeps.
func (b apiTokens) CreateToken(
	ctx context.Context, n identity.NewToken,
) (identity.APIToken, string, error) {
	const day = 24 * time.Hour
	var made api.NewTokenView
	err := b.client.post(ctx, "/v1/tokens", api.TokenRequest{
		OrgID:     n.OrgID,
		Role:      n.Role,
		Label:     n.Label,
		Scopes:    n.Scopes,
		ValidDays: int(time.Until(n.ExpiresAt).Round(day) / day),
	}, &made)
	return tokenOf(made.TokenView), made.Secret, err
}

// RevokeToken ends one at once.
func (b apiTokens) RevokeToken(ctx context.Context, id string) error {
	var none []byte
	return b.client.call(ctx, request{
		method: http.MethodDelete,
		path:   "/v1/tokens/" + url.PathEscape(id),
	}, &none)
}
