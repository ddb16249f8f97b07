// Package oidc signs people in at a customer's OpenID Connect provider: from the address to which
// a browser is sent to who came back. What a provider says is believed only when its signature,
// issuer, audience, nonce and times hold; each fault has a code, for the page that tells the
// customer's administrator what to mend. It knows no account and no person of ours.
package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"roomcover.dev/roomcover/sso/dial"
)

// Fault is why a provider, or its answer, is not believed.
type Fault string

// The faults.
const (
	NotAnAddress  Fault = "ISSUER_ADDRESS"   // the issuer is no public address of https
	ManyCompanies Fault = "ISSUER_OF_MANY"   // its issuer stands for many companies
	Unreachable   Fault = "UNREACHABLE"      // it does not answer, or not what it should
	OtherIssuer   Fault = "ISSUER_DIFFERS"   // it calls itself something else
	Refused       Fault = "PROVIDER_REFUSED" // it sent the person back without a code
	NotAssigned   Fault = "NOT_ASSIGNED"     // it says that the person may not
	BadClient     Fault = "CLIENT_REFUSED"   // client id or secret are wrong
	BadCode       Fault = "CODE_REFUSED"     // it does not know its own code
	BadSignature  Fault = "SIGNATURE"        // no key of the provider signed the token
	BadIssuer     Fault = "TOKEN_ISSUER"     // the token, or the answer, is another issuer's
	BadAudience   Fault = "TOKEN_AUDIENCE"   // the token is for another program
	BadNonce      Fault = "TOKEN_NONCE"      // the token is of another sign-in
	Expired       Fault = "TOKEN_EXPIRED"    // the token is over
	BadClock      Fault = "CLOCK"            // the provider's clock is not ours
	NoSubject     Fault = "TOKEN_SUBJECT"    // the token names nobody
	OtherTenant   Fault = "TOKEN_TENANT"     // Entra ID: the token is another tenant's
	NoEmail       Fault = "NO_EMAIL"         // nothing says the person's address
	NotFresh      Fault = "NOT_FRESH"        // the person did not prove themselves again
)

// Error is a fault with what is known of it. Its text holds nothing personal and no secret.
type Error struct {
	Fault Fault
	Why   string
}

// Error is the text for a log.
func (e *Error) Error() string { return "oidc: " + string(e.Fault) + ": " + e.Why }

func fault(f Fault, why string) error { return &Error{f, why} }

// FaultOf returns the fault of an error; empty for none.
func FaultOf(err error) Fault {
	var e *Error
	if errors.As(err, &e) {
		return e.Fault
	}
	return ""
}

// Client is the program that a provider knows.
type Client struct{ Issuer, ID, Secret string }

// Attempt is what has to come back.
type Attempt struct {
	State, Nonce, Verifier string
	Hint                   string // the address that was typed
	Fresh                  bool   // the person has to prove themselves again
}

// Claims is who came back, as the provider says it.
type Claims struct {
	Issuer        string
	Subject       string // of Entra ID: tenant and object, which hold for all its programs
	Email         string
	EmailVerified *bool // nil: the provider does not say
	Name          string
	At            time.Time  // when the person proved themselves; zero: it does not say
	All           []Received // for a rehearsal

	subject string // as the token has it
}

// Received is one claim as it came.
type Received struct{ Name, Value string }

// Party talks to providers. It is safe for concurrent use.
type Party struct {
	http     *http.Client
	local    bool
	redirect string
	now      func() time.Time

	mu    sync.Mutex
	known map[string]*asked // by issuer
}

// New returns a party to which providers send people back at redirect. Local lets a provider be on
// this machine: for development and tests.
func New(redirect string, local bool) *Party {
	return &Party{
		http:     dial.Client(local),
		local:    local,
		redirect: redirect,
		now:      time.Now,
		known:    map[string]*asked{},
	}
}

// Through returns the party with a client of its own, in the place of the one that reaches public
// addresses alone: for tests with names that are nobody's.
func Through(redirect string, client *http.Client) *Party {
	p := New(redirect, false)
	p.http = client
	return p
}

// Redirect is where providers send people back.
func (p *Party) Redirect() string { return p.redirect }

const (
	knownFor      = time.Hour
	askAgainAfter = 5 * time.Second // an issuer that did not answer is not asked again before
	mostKnown     = 1000
	// maxSkew is how far the provider's clock and ours may differ, and journey how long a token
	// may be on its way.
	maxSkew = 3 * time.Minute
	journey = time.Minute
	// freshFor is how long ago the person may have proved themselves, where that is asked for.
	freshFor = time.Minute
)

// asked is what an issuer said about itself when it was asked last.
type asked struct {
	mu       sync.Mutex
	at       time.Time
	provider *provider
	err      error
}

type provider struct {
	oidc        *oidc.Provider
	endpoint    oauth2.Endpoint
	namesItself bool // in every answer (RFC 9207)
}

// microsoft are the hosts of Entra ID, whose issuers name a tenant in their path.
var microsoft = []string{
	"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn",
	"login.windows.net", "sts.windows.net",
}

var tenantID = regexp.MustCompile(
	"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")

// personalTenant is that of Microsoft's private accounts: anybody's.
const personalTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"

// ofMany are the hosts of issuers that sign in people of any company, or of none.
var ofMany = []string{
	"accounts.google.com", "appleid.apple.com", "login.yahoo.com", "login.live.com", "slack.com",
	"www.facebook.com", "www.linkedin.com", "login.salesforce.com", "gitlab.com", "github.com",
	"id.twitch.tv", "account.zoom.us",
}

// CheckIssuer refuses what no provider of one company can be called, before anybody is asked.
func (p *Party) CheckIssuer(issuer string) error {
	if err := dial.Check(issuer, p.local); err != nil {
		return fault(NotAnAddress, err.Error())
	}
	u, err := url.Parse(issuer)
	if err != nil || u.RawQuery != "" || u.ForceQuery {
		return fault(NotAnAddress, "it has a query")
	}

	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if slices.Contains(ofMany, host) {
		return fault(ManyCompanies, "the issuer signs in people of every company")
	}
	if slices.Contains(microsoft, host) {
		if t := tenantOf(issuer); t == "" || t == personalTenant {
			return fault(ManyCompanies, "the address names no tenant")
		}
	}
	return nil
}

// tenantOf is the tenant of an issuer of Entra ID; empty for any other.
func tenantOf(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil || !slices.Contains(microsoft, strings.ToLower(u.Hostname())) {
		return ""
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if !tenantID.MatchString(strings.ToLower(first)) {
		return ""
	}
	return strings.ToLower(first)
}

// Ask asks an issuer about itself: whether it can be used at all.
func (p *Party) Ask(ctx context.Context, issuer string) error {
	_, err := p.provider(ctx, issuer)
	return err
}

// provider returns what is known of an issuer, and asks it where nothing is.
func (p *Party) provider(ctx context.Context, issuer string) (*provider, error) {
	if err := p.CheckIssuer(issuer); err != nil {
		return nil, err
	}

	p.mu.Lock()
	a := p.known[issuer]
	if a == nil {
		if len(p.known) >= mostKnown {
			clear(p.known)
		}
		a = &asked{}
		p.known[issuer] = a
	}
	p.mu.Unlock()

	a.mu.Lock()
	defer a.mu.Unlock()
	age := time.Since(a.at)
	if a.provider != nil && age < knownFor || a.err != nil && age < askAgainAfter {
		return a.provider, a.err
	}

	found, err := p.ask(issuer)
	a.at = time.Now()
	if err != nil && a.provider != nil {
		// What it said before holds on while it does not answer; it is asked again soon.
		a.at = a.at.Add(askAgainAfter - knownFor)
		return a.provider, nil
	}
	a.provider = found
	a.err = err
	return found, err
}

// ask asks an issuer about itself. The keys are read by the same client later on, so that it does
// not depend on the request for which it is asked first.
func (p *Party) ask(issuer string) (*provider, error) {
	ctx := oidc.ClientContext(context.Background(), p.http)
	found, err := oidc.NewProvider(ctx, issuer)
	var differs *url.Error
	switch {
	case err == nil:
	case errors.As(err, &differs):
		return nil, fault(Unreachable, reasonOf(differs))
	case strings.Contains(err.Error(), "issuer"):
		return nil, fault(OtherIssuer, "it calls itself something else")
	default:
		return nil, fault(Unreachable, "its answer cannot be read")
	}

	var says struct {
		NamesItself bool     `json:"authorization_response_iss_parameter_supported"`
		Keys        string   `json:"jwks_uri"`
		Methods     []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := found.Claims(&says); err != nil {
		return nil, fault(Unreachable, "its answer cannot be read")
	}

	endpoint := found.Endpoint()
	for _, address := range []string{endpoint.AuthURL, endpoint.TokenURL, says.Keys} {
		if err := dial.Check(address, p.local); err != nil {
			return nil, fault(Unreachable, "one of its addresses: "+err.Error())
		}
	}
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if len(says.Methods) > 0 && !slices.Contains(says.Methods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &provider{oidc: found, endpoint: endpoint, namesItself: says.NamesItself}, nil
}

// reasonOf says why nobody was reached, without what a stranger's server wrote.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, dial.ErrRefused), errors.Is(err, dial.ErrInsecure):
		return "the address is not one of the public internet"
	case errors.Is(err, context.DeadlineExceeded):
		return "it did not answer in time"
	default:
		return "it did not answer"
	}
}

func (p *Party) config(known *provider, c Client) oauth2.Config {
	return oauth2.Config{
		ClientID:     c.ID,
		ClientSecret: c.Secret,
		Endpoint:     known.endpoint,
		RedirectURL:  p.redirect,
		Scopes:       []string{oidc.ScopeOpenID, "email", "profile"},
	}
}

// Address is where the browser goes: the code flow with PKCE, whose answer comes back in the
// address, since a browser that posts it from another site leaves our cookie out.
func (p *Party) Address(ctx context.Context, c Client, a Attempt) (string, error) {
	known, err := p.provider(ctx, c.Issuer)
	if err != nil {
		return "", err
	}

	more := []oauth2.AuthCodeOption{
		oidc.Nonce(a.Nonce),
		oauth2.S256ChallengeOption(a.Verifier),
		oauth2.SetAuthURLParam("response_mode", "query"),
	}
	if a.Fresh {
		more = append(more, oauth2.SetAuthURLParam("prompt", "login"),
			oauth2.SetAuthURLParam("max_age", "0"))
	}
	if a.Hint != "" {
		more = append(more, oauth2.SetAuthURLParam("login_hint", a.Hint))
	}
	config := p.config(known, c)
	return config.AuthCodeURL(a.State, more...), nil
}

// Finish reads who came back from the address to which the provider has sent the browser. The
// caller has found the attempt by its state, once, and knows that the browser is the same.
func (p *Party) Finish(
	ctx context.Context, c Client, a Attempt, back url.Values,
) (Claims, error) {
	known, err := p.provider(ctx, c.Issuer)
	if err != nil {
		return Claims{}, err
	}
	if from := back.Get("iss"); from != c.Issuer && (from != "" || known.namesItself) {
		return Claims{}, fault(BadIssuer, "the answer is another issuer's")
	}
	switch refused := back.Get("error"); {
	case refused == "access_denied":
		return Claims{}, fault(NotAssigned, "access_denied")
	case refused != "":
		return Claims{}, fault(Refused, wordOf(refused))
	case back.Get("code") == "":
		return Claims{}, fault(Refused, "there is no code")
	}

	config := p.config(known, c)
	ctx = oidc.ClientContext(ctx, p.http)
	tokens, err := config.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Claims{}, exchangeFault(err)
	}

	raw, _ := tokens.Extra("id_token").(string)
	claims, err := p.verify(ctx, known, c, a, raw)
	if err != nil {
		return Claims{}, err
	}
	if claims.Email == "" {
		p.askForEmail(ctx, known, tokens, &claims)
	}
	if claims.Email == "" {
		return claims, fault(NoEmail, "no claim email")
	}
	return claims, nil
}

// exchangeFault says why no token came for a code.
func exchangeFault(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return fault(Unreachable, reasonOf(err))
	}
	why := fmt.Sprintf("status %d, %s", refused.Response.StatusCode, wordOf(refused.ErrorCode))
	switch {
	case refused.ErrorCode == "invalid_client", refused.ErrorCode == "unauthorized_client",
		refused.Response.StatusCode == http.StatusUnauthorized:
		return fault(BadClient, why)
	case refused.Response.StatusCode >= 500:
		return fault(Unreachable, why)
	}
	return fault(BadCode, why)
}

var word = regexp.MustCompile("^[a-z_]{1,40}$")

// wordOf keeps what a provider wrote out of logs, unless it is a word of the protocol.
func wordOf(text string) string {
	if word.MatchString(text) {
		return text
	}
	return "another error"
}

// verify reads a token and believes it only when all of it holds.
func (p *Party) verify(
	ctx context.Context, known *provider, c Client, a Attempt, raw string,
) (Claims, error) {
	if raw == "" {
		return Claims{}, fault(BadSignature, "there is no token")
	}
	// Times, issuer and audience are held below, each with its own fault; the signature here.
	verifier := known.oidc.VerifierContext(ctx, &oidc.Config{
		SkipClientIDCheck:    true,
		SkipIssuerCheck:      true,
		SkipExpiryCheck:      true,
		SupportedSigningAlgs: []string{oidc.RS256, oidc.PS256, oidc.ES256},
	})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return Claims{}, fault(BadSignature,
			"no key of the provider signed it with RS256, PS256 or ES256")
	}
	var claims map[string]json.RawMessage
	if err := token.Claims(&claims); err != nil {
		return Claims{}, fault(BadSignature, "it cannot be read")
	}

	switch azp := textOf(claims["azp"]); {
	case token.Issuer != c.Issuer:
		return Claims{}, fault(BadIssuer, "the token is another issuer's")
	case !slices.Contains(token.Audience, c.ID):
		return Claims{}, fault(BadAudience, "the token is for another program")
	case azp != c.ID && (len(token.Audience) > 1 || len(claims["azp"]) > 0):
		return Claims{}, fault(BadAudience, "another program asked for the token")
	case a.Nonce == "" || token.Nonce != a.Nonce:
		return Claims{}, fault(BadNonce, "the token is of another sign-in")
	}
	if err := p.checkTimes(token, claims); err != nil {
		return Claims{}, err
	}

	out := Claims{
		Issuer:        token.Issuer,
		Subject:       token.Subject,
		subject:       token.Subject,
		Email:         strings.TrimSpace(textOf(claims["email"])),
		EmailVerified: verifiedIn(claims),
		Name:          textOf(claims["name"]),
		All:           received(claims),
	}
	if out.Subject == "" || len(out.Subject) > mostText || textOf(claims["sub"]) == "" {
		return Claims{}, fault(NoSubject, "the token names nobody")
	}
	if tenant := tenantOf(c.Issuer); tenant != "" {
		object := textOf(claims["oid"])
		if !strings.EqualFold(textOf(claims["tid"]), tenant) || object == "" {
			return Claims{}, fault(OtherTenant, "the token names another tenant, or no object")
		}
		out.Subject = tenant + "/" + strings.ToLower(object)
	}

	if at, ok := secondsOf(claims["auth_time"]); ok {
		out.At = at
	}
	if a.Fresh && p.now().Sub(out.At) > freshFor+maxSkew {
		return Claims{}, fault(NotFresh, "the person did not prove themselves again")
	}
	return out, nil
}

// checkTimes holds the token's times against our clock. A token was made a moment ago: one that
// was made long before or after comes from a clock that is wrong.
func (p *Party) checkTimes(token *oidc.IDToken, claims map[string]json.RawMessage) error {
	now := p.now()
	switch made := token.IssuedAt; {
	case made.IsZero() || made.Unix() <= 0:
		return fault(BadClock, "the token does not say when it was made")
	case made.Sub(now) > maxSkew:
		return fault(BadClock, "the provider's clock is ahead of ours")
	case now.Sub(made) > maxSkew+journey:
		return fault(BadClock, "the provider's clock is behind ours, or the token is old")
	}
	if from, ok := secondsOf(claims["nbf"]); ok && from.Sub(now) > maxSkew {
		return fault(BadClock, "the token is for later")
	}
	if token.Expiry.IsZero() || now.Sub(token.Expiry) > maxSkew {
		return fault(Expired, "the token is over")
	}
	return nil
}

// askForEmail asks the provider for the address where its token has none, of the same subject.
func (p *Party) askForEmail(
	ctx context.Context, known *provider, tokens *oauth2.Token, out *Claims,
) {
	info, err := known.oidc.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	var claims map[string]json.RawMessage
	if err != nil || info.Claims(&claims) != nil {
		return
	}
	if info.Subject != out.subject {
		return
	}
	out.Email = strings.TrimSpace(textOf(claims["email"]))
	out.EmailVerified = verifiedIn(claims)
	out.All = append(out.All, Received{"email", out.Email})
	if out.Name == "" {
		out.Name = textOf(claims["name"])
	}
}

// verifiedIn reads whether the provider says that it checked the address: nil where it says
// nothing. What cannot be read counts as no. Entra ID says it by xms_edov.
func verifiedIn(claims map[string]json.RawMessage) *bool {
	no, yes := false, true
	for _, name := range []string{"email_verified", "xms_edov"} {
		raw, says := claims[name]
		if !says || string(raw) == "null" {
			continue
		}
		switch strings.Trim(strings.ToLower(string(raw)), `"`) {
		case "true", "1":
			return &yes
		}
		return &no
	}
	return nil
}

// mostText is how long a claim's text may be.
const mostText = 255

// textOf reads a claim that is a text; anything else is none.
func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil || len(text) > mostText ||
		strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return ""
	}
	return text
}

// secondsOf reads a claim that is an instant.
func secondsOf(raw json.RawMessage) (time.Time, bool) {
	var seconds float64
	if len(raw) == 0 || json.Unmarshal(raw, &seconds) != nil || seconds <= 0 || seconds > 1e11 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// mostShown is how many claims a rehearsal shows.
const mostShown = 40

// received lists the claims by name, for an administrator who tries the connection.
func received(claims map[string]json.RawMessage) []Received {
	var out []Received
	for name, raw := range claims {
		if name == "nonce" || name == "at_hash" || name == "c_hash" || name == "_claim_sources" {
			continue
		}
		value := textOf(raw)
		if value == "" {
			value = string(raw)
		}
		if len(value) > mostText {
			value = strings.ToValidUTF8(value[:mostText], "") + "..."
		}
		out = append(out, Received{name, value})
	}
	slices.SortFunc(out, func(a, b Received) int { return strings.Compare(a.Name, b.Name) })
	return out[:min(len(out), mostShown)]
}
