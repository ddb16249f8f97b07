package portal

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/sso/oidc"
	"roomcover.dev/roomcover/sso/saml"
)

// A company's own sign-in (S48). Each way to the provider begins with a link, and what has to come
// back is a row, once, for the browser that went there.

const (
	callbackPath = "/sso/oidc/callback"
	againPath    = "/sso/again"
)

// The session's values of a company's own sign-in.
const (
	keySSOBrowser = "ssoBrowser" // secret that binds what comes back to this browser
	keyConnection = "connection" // by which the person signed in
	keyHint       = "hint"       // the address that was typed, for the provider's form
)

// The bounds of ways to a provider and back, from one network.
const (
	ownSignInsIP     = 100
	ownSignInsWindow = 15 * time.Minute
	acceptsADay      = 20 // answers of providers to one invitation
)

// onThisMachine reports whether the portal is reached by a browser of this machine only, without
// TLS: for development and tests, where a provider may be here too.
func onThisMachine(public *url.URL) bool {
	ip, err := netip.ParseAddr(public.Hostname())
	here := public.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	return public.Scheme == "http" && here
}

// ownSignInFor is the link to the own sign-in of an address's company; empty where it has none.
func (v *visit) ownSignInFor(email string) (string, error) {
	c, err := v.sso.LiveFor(v.ctx, email)
	if rules.CodeOf(err) == sso.NotLive {
		return "", nil
	}
	return "/sso/" + c.Slug, err
}

// askHowToSignIn answers the address: with the company's own sign-in where the domain has one, and
// with the field for the password. It looks at the domain alone, so that nobody reads here who has
// access.
func (v *visit) askHowToSignIn() (answer, error) {
	if err := v.throttleNetwork("sso-ask", ownSignInsIP, ownSignInsWindow); err != nil {
		return answer{}, err
	}
	p := signInPage{Email: strings.TrimSpace(v.form("email")), Next: v.form("next")}
	if !rules.ValidEmail(rules.NormaliseEmail(p.Email)) {
		p.Asks = true
		p.Problem = "signin.address"
		return v.signInPage(p), nil
	}

	var err error
	if p.Own, err = v.ownSignInFor(p.Email); err != nil {
		return answer{}, err
	}
	if p.Own != "" {
		// The address stays out of the link: addresses of pages end up in logs.
		v.setValue(keyHint, rules.NormaliseEmail(p.Email))
		if pageAddress(p.Next) {
			p.Own += "?next=" + url.QueryEscape(p.Next)
		}
	}
	return v.signInPage(p), nil
}

// beginOwnSignIn leads to the provider of a direct link.
func beginOwnSignIn(v *visit) (answer, error) {
	if v.who != nil {
		return redirect("/"), nil
	}
	c, err := v.sso.LiveBySlug(v.ctx, v.param("slug"))
	if err != nil {
		return v.ownSignInProblem(sso.Connection{}, err)
	}

	p := sso.Pending{ConnectionID: c.ID, Purpose: sso.ToSignIn}
	if next := v.request.URL.Query().Get("next"); pageAddress(next) {
		p.Next = next
	}
	if id := v.value(keyInvitation); id != noLink {
		p.InvitationID = id
	}
	return v.toProvider(c, p, v.value(keyHint))
}

// proveByOwnSignIn leads a person who signed in at the company's own sign-in back there, to prove
// again who they are, before what asks for a fresh sign-in (S52).
func proveByOwnSignIn(v *visit) (answer, error) {
	c, err := v.sso.LiveByID(v.ctx, v.value(keyConnection))
	if err != nil {
		return v.ownSignInProblem(sso.Connection{}, err)
	}
	p := sso.Pending{
		ConnectionID: c.ID,
		Purpose:      sso.Again,
		UserID:       v.who.user.ID,
	}
	if next := v.request.URL.Query().Get("next"); pageAddress(next) {
		p.Next = next
	}
	return v.toProvider(c, p, v.who.user.Email)
}

// toProvider remembers what has to come back, and leads to the provider.
func (v *visit) toProvider(c sso.Connection, p sso.Pending, hint string) (answer, error) {
	if err := v.throttleNetwork("sso-begin", ownSignInsIP, ownSignInsWindow); err != nil {
		return answer{}, err
	}
	if c.Kind == sso.SAML {
		return v.toSAMLProvider(c, p)
	}
	client, err := v.clientOf(c)
	if err != nil {
		return v.ownSignInProblem(c, err)
	}
	// The provider is asked before anything is stored: it may not answer.
	if err := v.providers.Ask(v.ctx, c.Issuer); err != nil {
		return v.ownSignInProblem(c, err)
	}

	p.Nonce = rand.Text() + rand.Text()
	p.Verifier = oauth2.GenerateVerifier()
	state, err := v.sso.Begin(v.ctx, p, v.browserForOwnSignIn())
	if err != nil {
		return answer{}, err
	}

	to, err := v.providers.Address(v.ctx, client, oidc.Attempt{
		State:    state,
		Nonce:    p.Nonce,
		Verifier: p.Verifier,
		Hint:     hint,
		Fresh:    p.Purpose == sso.Again,
	})
	if err != nil {
		return v.ownSignInProblem(c, err)
	}
	return redirect(to), nil
}

// browserForOwnSignIn is the secret that binds what comes back to this browser.
func (v *visit) browserForOwnSignIn() string {
	if v.value(keySSOBrowser) == "" {
		v.setValue(keySSOBrowser, rand.Text()+rand.Text())
	}
	return v.value(keySSOBrowser)
}

func (v *visit) clientOf(c sso.Connection) (oidc.Client, error) {
	secret, ok := v.sso.SecretOf(c)
	if !ok {
		return oidc.Client{}, rules.Refuse(sso.Incomplete, "The connection is not complete.",
			"Type what it needs first.")
	}
	return oidc.Client{Issuer: c.Issuer, ID: c.ClientID, Secret: secret}, nil
}

// finishOwnSignIn is where providers send browsers back to.
func finishOwnSignIn(v *visit) (answer, error) {
	if err := v.throttleNetwork("sso-back", ownSignInsIP, ownSignInsWindow); err != nil {
		return answer{}, err
	}
	if v.request.Method != http.MethodGet { // a look at the address takes nothing away
		return answer{}, errNoMethod
	}

	back := v.request.URL.Query()
	p, err := v.sso.Take(v.ctx, back.Get("state"), v.value(keySSOBrowser))
	if err != nil {
		return v.ownSignInProblem(sso.Connection{}, err)
	}

	switch p.Purpose {
	case sso.Again:
		return v.provedAgain(p, back)
	case sso.ToRehearse:
		return v.rehearsed(p, back)
	}

	c, claims, err := v.comeBackFrom(v.sso.LiveByID, p, back)
	if err != nil {
		return v.ownSignInProblem(c, err)
	}
	if p.InvitationID != "" {
		key := "sso-invitation/" + p.InvitationID
		if err := v.throttle(key, acceptsADay, 24*time.Hour); err != nil {
			return answer{}, err
		}
	}

	in, err := v.sso.SignIn(v.named(), c.ID, verified(claims), p.InvitationID, v.language.Locale())
	if err != nil {
		return v.ownSignInProblem(c, err)
	}
	return v.welcomeFrom(c, claims, in, p)
}

// comeBackFrom reads who came back from the provider of what was pending.
func (v *visit) comeBackFrom(
	find func(context.Context, string) (sso.Connection, error), p sso.Pending, back url.Values,
) (sso.Connection, oidc.Claims, error) {
	c, err := find(v.ctx, p.ConnectionID)
	if err != nil {
		return c, oidc.Claims{}, err
	}
	if c.Kind == sso.SAML {
		claims, err := v.saidBySAML(p)
		return c, claims, err
	}
	client, err := v.clientOf(c)
	if err != nil {
		return c, oidc.Claims{}, err
	}
	claims, err := v.providers.Finish(v.ctx, client, oidc.Attempt{
		Nonce:    p.Nonce,
		Verifier: p.Verifier,
		Fresh:    p.Purpose == sso.Again,
	}, back)
	return c, claims, err
}

func verified(c oidc.Claims) sso.Verified {
	return sso.Verified{
		Issuer:        c.Issuer,
		Subject:       c.Subject,
		Email:         c.Email,
		EmailVerified: c.EmailVerified,
		Name:          c.Name,
		At:            c.At,
	}
}

// welcomeFrom signs in whom a provider has signed in.
func (v *visit) welcomeFrom(
	c sso.Connection, claims oidc.Claims, in sso.SignedIn, p sso.Pending,
) (answer, error) {
	if err := v.startSession(in.User, wayOwn); err != nil {
		return answer{}, err
	}
	v.sessions.Put(v.ctx, keyConnection, c.ID)
	// The provider may have known the person for days: only what it says was just now is fresh.
	if time.Since(claims.At) > v.freshFor {
		v.removeValues(keyPasswordAt)
	}

	if in.AccountID != "" {
		v.removeValues(keyInvitation)
		v.setValue(keyAccount, in.AccountID)
		return v.done("/", "flash.welcome"), nil
	}
	return v.goOn(in.User, p.Next)
}

// provedAgain goes on once the person who is signed in has proved themselves at the provider.
func (v *visit) provedAgain(p sso.Pending, back url.Values) (answer, error) {
	if v.who == nil || v.who.user.ID != p.UserID || v.value(keyConnection) != p.ConnectionID {
		return v.ownSignInProblem(sso.Connection{}, errOtherPerson)
	}
	c, claims, err := v.comeBackFrom(v.sso.LiveByID, p, back)
	if err != nil {
		return v.ownSignInProblem(c, err)
	}
	in, err := v.sso.SignIn(v.named(), c.ID, verified(claims), "", v.language.Locale())
	if err == nil && in.User.ID != p.UserID {
		err = errOtherPerson
	}
	if err != nil {
		return v.ownSignInProblem(c, err)
	}

	v.passwordProved()
	if pageAddress(p.Next) {
		return redirect(p.Next), nil
	}
	return redirect("/"), nil
}

var errOtherPerson = rules.Refuse(otherPersonCame, "Another person came back.",
	"Sign in at the provider as who is signed in here.")

const otherPersonCame = "OTHER_PERSON_CAME"

// ownProblem is the page that says why a company's own sign-in did not work, with the code by
// which its administrator finds what to mend.
type ownProblem struct {
	Code   string
	Text   string // message key
	Again  string // address; empty: there is no way again
	Signed bool   // somebody is signed in here
	// Settings is whether a connection was tried that lets nobody in yet: its settings are the way
	// on.
	Settings bool
	Only     bool // there is no other way in but break-glass, and the provider does not answer
}

// ownSignInProblem is the page of a refusal of a company's own sign-in. The refusals of an
// invitation have pages of their own.
func (v *visit) ownSignInProblem(c sso.Connection, err error) (answer, error) {
	code := string(oidc.FaultOf(err))
	status := http.StatusForbidden
	text := "sso.fault."
	switch {
	case saml.ReasonOf(err) != "":
		code = string(saml.ReasonOf(err))
		text = "saml.fault."
	case code == string(oidc.Unreachable):
		status = http.StatusBadGateway
	case code != "":
	case strings.HasPrefix(rules.CodeOf(err), "SSO_"), rules.CodeOf(err) == otherPersonCame:
		code = rules.CodeOf(err)
	default:
		return answer{}, err
	}
	if code == sso.NotLive {
		status = http.StatusNotFound
	}

	v.log.WarnContext(v.ctx, "portal: a company's own sign-in failed",
		"connection", c.ID, "code", code, "request", v.id, "why", faultWords(err))
	p := ownProblem{
		Code:   code,
		Text:   text + code,
		Signed: v.who != nil,
		Only:   c.State == sso.Enforced && code == string(oidc.Unreachable),
	}
	switch {
	case c.State == sso.Draft:
		p.Settings = true
	case c.Slug != "" && v.who == nil:
		p.Again = "/sso/" + c.Slug
	}
	return answer{
		status: status,
		page:   "ssoproblem",
		title:  "sso.problem.title",
		data:   p,
		here:   "/sign-in",
	}, nil
}

// faultWords is what a log may say of a fault.
func faultWords(err error) string {
	var f *oidc.Error
	if errors.As(err, &f) {
		return f.Why
	}
	return ""
}
