package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// Issuer says who signs operators in, by OpenID Connect (S53). Without a URL they sign in by
// password and second factor.
type Issuer struct {
	URL                    string
	ClientID, ClientSecret string
	// RoleClaim is the claim that holds roles or groups, "roles" by default; with dots it
	// names one inside another, such as realm_access.roles.
	RoleClaim string
	// Roles are what the values of that claim stand for.
	Roles map[string]rules.Role
}

func (i Issuer) given() bool { return i.URL != "" }

// rank is how much a role may: of several that somebody has, the first here counts.
var rank = []rules.Role{
	rules.OperatorLead, rules.OperatorAgent, rules.OperatorCSM, rules.OperatorManager,
}

// clockSkew is how far the issuer's clock and ours may differ.
const clockSkew = 3 * time.Minute

// relyingParty talks to the issuer. It asks the issuer about itself when it is first needed,
// so that the service starts while the issuer does not answer, and again once that has failed.
type relyingParty struct {
	issuer   Issuer
	redirect string
	client   *http.Client

	mu       sync.Mutex
	known    *provider
	failed   error // of the last time that the issuer was asked
	failedAt time.Time
}

// askAgainAfter is how long an issuer that did not answer is not asked again: whoever waited
// for that answer hears of it at once, and does not wait for one more.
const askAgainAfter = 5 * time.Second

// provider is what the issuer says about itself.
type provider struct {
	oauth2      oauth2.Config
	verifier    *oidc.IDTokenVerifier
	namesItself bool // in every answer (RFC 9207)
}

func newRelyingParty(issuer Issuer, publicURL string) *relyingParty {
	return &relyingParty{
		issuer:   issuer,
		redirect: publicURL + CallbackPath,
		client:   &http.Client{Timeout: 10 * time.Second},
	}
}

// provider returns what is known of the issuer.
func (p *relyingParty) provider() (*provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		return p.known, nil
	}
	if p.failed != nil && time.Since(p.failedAt) < askAgainAfter {
		return nil, p.failed
	}

	p.known, p.failed = p.ask()
	p.failedAt = time.Now()
	return p.known, p.failed
}

// ask asks the issuer about itself.
func (p *relyingParty) ask() (*provider, error) {
	// The keys are read by this context later on: it must outlive the request.
	ctx := oidc.ClientContext(context.Background(), p.client)
	found, err := oidc.NewProvider(ctx, p.issuer.URL)
	if err != nil {
		return nil, fmt.Errorf("the issuer does not answer: %w", err)
	}

	var says struct {
		NamesItself bool `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&says); err != nil {
		return nil, err
	}

	return &provider{
		oauth2: oauth2.Config{
			ClientID:     p.issuer.ClientID,
			ClientSecret: p.issuer.ClientSecret,
			Endpoint:     found.Endpoint(),
			RedirectURL:  p.redirect,
			Scopes:       []string{oidc.ScopeOpenID, "email", "profile"},
		},
		verifier: found.VerifierContext(ctx, &oidc.Config{
			ClientID:             p.issuer.ClientID,
			SupportedSigningAlgs: []string{oidc.RS256, oidc.PS256, oidc.ES256},
		}),
		namesItself: says.NamesItself,
	}, nil
}

// transaction is what has to come back from the issuer; the session keeps it, once.
type transaction struct {
	State, Nonce, Verifier string
	Fresh                  bool // the person has to prove themselves anew
	Next                   string
	Until                  int64 // Unix seconds
}

// transactionValid is how long a person may take at the issuer.
const transactionValid = 10 * time.Minute

// address is where the sign-in goes on, at the issuer.
func (p *relyingParty) address(t transaction, hint string) (string, error) {
	known, err := p.provider()
	if err != nil {
		return "", err
	}

	more := []oauth2.AuthCodeOption{
		oidc.Nonce(t.Nonce),
		oauth2.S256ChallengeOption(t.Verifier),
		oauth2.SetAuthURLParam("response_mode", "query"),
	}
	if t.Fresh {
		more = append(more, oauth2.SetAuthURLParam("prompt", "login"),
			oauth2.SetAuthURLParam("max_age", "0"))
	}
	if hint != "" {
		more = append(more, oauth2.SetAuthURLParam("login_hint", hint))
	}
	return known.oauth2.AuthCodeURL(t.State, more...), nil
}

// errIssuer is an answer of the issuer that is not to be believed.
var errIssuer = errors.New("console: the issuer's answer does not hold")

// signedIn is whom the issuer has signed in.
type signedIn struct {
	identity.IssuerSignIn
	At time.Time // when the person proved themselves; zero: it does not say
}

// finish exchanges the code for a token and reads from it who it is.
func (p *relyingParty) finish(
	ctx context.Context, t transaction, code, issuer string,
) (signedIn, error) {
	known, err := p.provider()
	if err != nil {
		return signedIn{}, err
	}
	if issuer != p.issuer.URL && (issuer != "" || known.namesItself) {
		return signedIn{}, fmt.Errorf("%w: it comes from another issuer", errIssuer)
	}

	ctx = oidc.ClientContext(ctx, p.client)
	tokens, err := known.oauth2.Exchange(ctx, code, oauth2.VerifierOption(t.Verifier))
	if err != nil {
		return signedIn{}, fmt.Errorf("%w: the code was not exchanged: %w",
			errIssuer, withoutBody(err))
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := known.verifier.Verify(ctx, raw)
	if err != nil {
		return signedIn{}, fmt.Errorf("%w: %w", errIssuer, err)
	}

	var claims map[string]json.RawMessage
	if err := token.Claims(&claims); err != nil {
		return signedIn{}, fmt.Errorf("%w: %w", errIssuer, err)
	}
	switch {
	case token.Nonce != t.Nonce:
		return signedIn{}, fmt.Errorf("%w: the token is of another sign-in", errIssuer)
	case token.Subject == "" || !rules.Storable(token.Subject):
		return signedIn{}, fmt.Errorf("%w: the token names nobody", errIssuer)
	case len(token.Audience) > 1 && textOf(claims["azp"]) != p.issuer.ClientID:
		return signedIn{}, fmt.Errorf("%w: the token is for another program", errIssuer)
	}

	in := signedIn{IssuerSignIn: identity.IssuerSignIn{
		Issuer:  token.Issuer,
		Subject: token.Subject,
		Session: textOf(claims["sid"]),
		Email:   textOf(claims["email"]),
		Name:    textOf(claims["name"]),
		Role:    p.issuer.roleIn(claims),
	}}
	if in.Name == "" {
		in.Name = in.Email
	}
	var at int64
	if json.Unmarshal(claims["auth_time"], &at) == nil && at > 0 {
		in.At = time.Unix(at, 0)
	}
	if t.Fresh && time.Since(in.At) > freshFor+clockSkew {
		return in, fmt.Errorf("%w: the person did not prove themselves anew", errIssuer)
	}
	return in, nil
}

// withoutBody keeps an answer's text, which may hold anything, out of errors and logs.
func withoutBody(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return fmt.Errorf("status %d, %q", refused.Response.StatusCode, refused.ErrorCode)
	}
	return err
}

// signedOut reads whom a logout token of the issuer's back channel is about.
func (p *relyingParty) signedOut(
	ctx context.Context, raw string,
) (subject, session string, err error) {
	known, err := p.provider()
	if err != nil {
		return "", "", err
	}
	token, err := known.verifier.VerifyLogout(oidc.ClientContext(ctx, p.client), raw)
	if err != nil {
		return "", "", fmt.Errorf("%w: %w", errIssuer, err)
	}
	return token.Subject, token.SessionID, nil
}

// roleIn is the role that the claims give; empty: none.
func (i Issuer) roleIn(claims map[string]json.RawMessage) rules.Role {
	has := map[rules.Role]bool{}
	for _, value := range valuesOf(claims, i.RoleClaim) {
		has[i.Roles[value]] = true
	}
	for _, role := range rank {
		if has[role] {
			return role
		}
	}
	return ""
}

// valuesOf reads a claim that is a text or a list of them, by its name, and else by its path.
func valuesOf(claims map[string]json.RawMessage, name string) []string {
	raw, ok := claims[name]
	if !ok {
		outer, inner, nested := strings.Cut(name, ".")
		var within map[string]json.RawMessage
		if !nested || json.Unmarshal(claims[outer], &within) != nil {
			return nil
		}
		return valuesOf(within, inner)
	}

	var list []string
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	if text := textOf(raw); text != "" {
		return []string{text}
	}
	return nil
}

// textOf reads a claim that is a text; anything else is none.
func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil || !rules.Storable(text) {
		return ""
	}
	if len(text) > 255 {
		return ""
	}
	return text
}
