package console

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const (
	signInPath    = Root + "/sign-in"
	emergencyPath = signInPath + "/emergency"
	// passkeyPath is where a passkey signs in alone.
	passkeyPath = signInPath + "/passkey"
	// StartPath begins a sign-in at the issuer, of the person whose address "as" gives, if any.
	StartPath = signInPath + "/start"
	// CallbackPath is where the issuer sends the browser back.
	CallbackPath = signInPath + "/callback"
)

func signInRoutes() []route {
	return []route{
		{method: get, path: signInPath, do: showSignIn},
		{method: post, path: signInPath, do: signInByPassword},
		{method: get, path: emergencyPath, do: showEmergency},
		{method: post, path: emergencyPath, do: signInByPassword},
		{method: post, path: passkeyPath, do: signInByPasskey},
		{method: get, path: StartPath, do: startAtIssuer},
		{method: get, path: CallbackPath, do: finishAtIssuer},
		{method: post, path: Root + "/sign-out", do: signOut},
		{method: post, path: Root + "/sign-out/issuer", do: signedOutByIssuer, machine: true},
		{method: post, path: Root + "/language", do: chooseLanguage},
	}
}

// The bounds of sign-in, per quarter of an hour.
const (
	signInWindow = 15 * time.Minute
	signInsEach  = 10  // one address from one network
	signInsIP    = 100 // everything from one network
	startsIP     = 200 // sign-ins begun at the issuer, from one network
	signOutsIP   = 600 // tokens of the issuer's back channel, from one network
)

// signInPage is the page to sign in: a link to the issuer, or a form for the password.
type signInPage struct {
	Issuer    string // address of the link; empty: the form
	Emergency bool   // the form, although there is an issuer
	Action    string // of the form
	Email     string
	Next      string
	Problem   string
	Passkey   web.PasskeyButton // in place of the form
}

func showSignIn(v *visit) (answer, error) {
	if v.who != nil && v.query("fresh") == "" {
		return redirect(v.safeNext(v.query("next"))), nil
	}
	return v.signInPage(signInPage{Next: v.query("next")})
}

// showEmergency shows the form for the password in spite of an issuer. It looks the same
// whether somebody's is armed or not.
func showEmergency(v *visit) (answer, error) {
	if v.issuer == nil {
		return redirect(signInPath), nil
	}
	return v.signInPage(signInPage{Emergency: true, Next: v.query("next")})
}

func (v *visit) signInPage(p signInPage) (answer, error) {
	if !v.isPage(p.Next) {
		p.Next = ""
	}
	p.Action = signInPath
	if p.Emergency {
		p.Action = emergencyPath
	}
	if v.issuer != nil && !p.Emergency {
		p.Issuer = v.issuerLink(p.Next, v.query("fresh") != "")
	} else {
		var err error
		if p.Passkey, err = v.signInPasskeyButton(); err != nil {
			return answer{}, err
		}
	}

	a := answer{
		page:  "signin",
		title: v.language.Say("console.signin.title"),
		data:  p,
		plain: true,
	}
	if p.Problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

func (v *visit) issuerLink(next string, fresh bool) string {
	q := url.Values{}
	if next != "" {
		q.Set("next", next)
	}
	if fresh {
		q.Set("fresh", "1")
	}
	if len(q) == 0 {
		return StartPath
	}
	return StartPath + "?" + q.Encode()
}

// safeNext is the page that was asked for, or the start.
func (v *visit) safeNext(next string) string {
	if v.isPage(next) {
		return next
	}
	return Root
}

// startAtIssuer goes to the issuer. A link leads here, not a form: form-action forbids a form
// whose answer leaves this site.
func startAtIssuer(v *visit) (answer, error) {
	if v.issuer == nil {
		return redirect(signInPath), nil
	}
	if err := v.throttleNetwork("start", startsIP, signInWindow); err != nil {
		return answer{}, err
	}

	t := transaction{
		State:    rand.Text(),
		Nonce:    rand.Text(),
		Verifier: oauth2.GenerateVerifier(),
		Fresh:    v.query("fresh") != "",
		Next:     v.safeNext(v.query("next")),
		Until:    time.Now().Add(transactionValid).Unix(),
	}
	hint := v.query("as")
	if !rules.ValidEmail(hint) {
		hint = ""
	}
	address, err := v.issuer.address(t, hint)
	if err != nil {
		v.log.ErrorContext(v.ctx, "console: the issuer does not answer",
			"request", v.id, "error", err)
		return answer{}, errIssuerDown
	}

	kept, err := json.Marshal(t)
	if err != nil {
		return answer{}, err
	}
	v.setValue(keyTransaction, string(kept))
	return redirect(address), nil
}

// finishAtIssuer is where the issuer sends the browser back. What the session keeps of the
// transaction is used up, whatever comes of it.
func finishAtIssuer(v *visit) (answer, error) {
	var t transaction
	kept := v.takeValue(keyTransaction)
	if v.issuer == nil || json.Unmarshal([]byte(kept), &t) != nil || t.State == "" ||
		t.State != v.query("state") || time.Now().Unix() > t.Until {
		return answer{}, errLostWay
	}
	if refused := v.query("error"); refused != "" {
		v.log.WarnContext(v.ctx, "console: the issuer refused a sign-in",
			"request", v.id, "code", bounded(refused))
		return answer{}, errLostWay
	}

	in, err := v.issuer.finish(v.ctx, t, v.query("code"), v.query("iss"))
	if err != nil {
		v.log.WarnContext(v.ctx, "console: a sign-in at the issuer failed",
			"request", v.id, "error", err)
		if errors.Is(err, errIssuer) {
			return answer{}, errLostWay
		}
		return answer{}, errIssuerDown
	}

	o, err := v.operators.SignInByIssuer(v.named(), in.IssuerSignIn)
	if err != nil {
		return answer{}, errors.Join(err, v.endSession())
	}
	if err := v.startSession(o, in.At); err != nil {
		return answer{}, err
	}
	return redirect(t.Next), nil
}

func bounded(text string) string { return text[:min(len(text), 64)] }

// endSession ends the session of this request, if there is one.
func (v *visit) endSession() error {
	if v.who == nil {
		return nil
	}
	v.who = nil
	return v.sessions.Destroy(v.ctx)
}

// signInByPassword is the first step of a sign-in without the issuer. It says the same, after
// the same time, whatever is wrong: the address, the password, or that nobody armed the
// emergency. What the second step asks for shows only after it.
func signInByPassword(v *visit) (answer, error) {
	emergency := v.route.path == emergencyPath
	if v.issuer == nil && emergency || v.issuer != nil && !emergency {
		return answer{}, errNoPage
	}

	email := rules.NormaliseEmail(v.form("email"))
	if err := v.throttleNetwork("sign-in-ip", signInsIP, signInWindow); err != nil {
		return answer{}, err
	}
	if err := v.throttle("sign-in/"+email+"/"+v.network, signInsEach, signInWindow); err != nil {
		return answer{}, err
	}

	o, ok, err := v.tryPassword(email, v.form("password"), emergency)
	if err != nil {
		return answer{}, err
	}
	if !ok {
		return v.signInPage(signInPage{
			Emergency: emergency,
			Email:     strings.TrimSpace(v.form("email")),
			Next:      v.form("next"),
			Problem:   v.language.Say("console.signin.wrong"),
		})
	}

	if err := v.beginSecondStep(o, emergency, v.form("next")); err != nil {
		return answer{}, err
	}
	return redirect(secondPath), nil
}

// tryPassword holds a password against an operator's.
func (v *visit) tryPassword(
	email, password string, emergency bool,
) (o identity.Operator, ok bool, err error) {
	err = v.constantTime(func() error {
		found, err := v.operators.OperatorByEmail(v.ctx, email)
		if err != nil && rules.CodeOf(err) != rules.NotFound {
			return err
		}

		right, err := web.PasswordMatches(v.ctx, web.Bounded(password), found.PasswordHash)
		if err != nil {
			return err
		}
		if !right || !found.Works() || emergency && !found.Armed() {
			return v.operators.OperatorSignInFailed(v.named(), found.ID)
		}
		o, ok = found, true
		return nil
	})
	return o, ok, err
}

// signOut ends the session.
func signOut(v *visit) (answer, error) {
	if v.who != nil {
		if err := v.operators.OperatorSignedOut(v.named(), v.who.ID); err != nil {
			return answer{}, err
		}
		v.who = nil
	}
	if err := v.sessions.Destroy(v.ctx); err != nil {
		return answer{}, err
	}
	return redirect(signInPath), nil
}

// signedOutByIssuer is the issuer's back channel: who signed out there is signed out here.
func signedOutByIssuer(v *visit) (answer, error) {
	if v.issuer == nil {
		return answer{}, errNoPage
	}
	if err := v.throttleNetwork("sign-out", signOutsIP, signInWindow); err != nil {
		return answer{}, err
	}
	subject, session, err := v.issuer.signedOut(v.ctx, v.form("logout_token"))
	if err != nil {
		v.log.WarnContext(v.ctx, "console: a sign-out of the issuer does not hold",
			"request", v.id, "error", err)
		return answer{}, errBadForm
	}
	err = v.operators.EndIssuerSessions(v.named(), v.issuer.issuer.URL, subject, session)
	if rules.CodeOf(err) == rules.NotFound {
		v.log.WarnContext(v.ctx,
			"console: a sign-out of the issuer names no person and no known session",
			"request", v.id)
		return answer{}, errBadForm
	}
	return answer{}, err
}
