package portal

import (
	"net/http"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// The bounds of sign-in, per quarter of an hour: one address from one network, and
// everything from one network.
const (
	signInWindow = 15 * time.Minute
	signInsEach  = 10
	signInsIP    = 100
)

// The bound of one address from all networks together, per day. It holds only where the
// person never signed in from before, so that nobody locks another person out: they come
// in from their own network or with their own browser, and from anywhere else by a new
// password, whose link goes to their mailbox.
const (
	strangeWindow  = 24 * time.Hour
	strangeSignIns = 20
)

type signInPage struct {
	Email, Next string
	Problem     string // message key
	Asks        bool   // for the address first, and for a password only where it is needed
	Own         string // the company's own sign-in; empty: the address has none
	Invited     bool   // an invitation waits behind the sign-in
	Kept        string // message key, of the form that was sent after the session's end
}

func showSignIn(v *visit) (answer, error) {
	if v.who != nil {
		return redirect("/"), nil
	}

	// Where no company has its own sign-in, everybody has a password.
	asks, err := v.sso.AnyLive(v.ctx)
	if err != nil {
		return answer{}, err
	}
	return v.signInPage(signInPage{Next: v.request.URL.Query().Get("next"), Asks: asks}), nil
}

func (v *visit) signInPage(p signInPage) answer {
	if !pageAddress(p.Next) {
		p.Next = ""
	}
	p.Invited = v.value(keyInvitation) != "" && v.value(keyInvitation) != noLink
	p.Kept = v.keptKind()
	a := answer{page: "signin", title: "signin.title", data: p}
	if p.Problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a
}

// signIn says the same, after the same work, for an unknown address and for a
// wrong password.
func signIn(v *visit) (answer, error) {
	if !v.request.PostForm.Has("password") {
		return v.askHowToSignIn()
	}

	email := rules.NormaliseEmail(v.form("email"))
	u, ok, err := v.trySignIn(email, v.form("password"))
	if err != nil {
		return answer{}, err
	}

	if !ok {
		return v.signInPage(signInPage{
			Email:   strings.TrimSpace(v.form("email")),
			Next:    v.form("next"),
			Problem: "signin.wrong",
		}), nil
	}

	return v.afterPassword(u, v.form("next"))
}

// afterPassword goes on once the password was right: to the second factor of who has one. Who
// reaches nothing by password, because the company enforces its own sign-in (S49), is told so.
func (v *visit) afterPassword(u identity.User, next string) (answer, error) {
	enforced, err := v.people.PasswordEnded(v.ctx, u.ID)
	if err != nil {
		return answer{}, err
	}
	if enforced {
		p := signInPage{Email: u.Email, Next: next, Problem: "signin.enforced"}
		if p.Own, err = v.ownSignInFor(u.Email); err != nil {
			return answer{}, err
		}
		a := v.signInPage(p)
		a.status = http.StatusForbidden
		return a, nil
	}

	f, err := v.people.FactorsOf(v.ctx, u.ID)
	if err != nil {
		return answer{}, err
	}
	if f.Any() {
		return v.beginSecondStep(u, next)
	}
	return v.welcome(u, next)
}

// trySignIn holds a password against a user's, within all bounds. The answer for an
// unknown address takes the same work and the same time as for a wrong password.
func (v *visit) trySignIn(email, password string) (u identity.User, ok bool, err error) {
	u, err = v.people.UserByEmail(v.ctx, email)
	if err != nil && rules.CodeOf(err) != rules.NotFound {
		return u, false, err
	}

	familiar, err := v.maySignInHere(u, email)
	if err != nil {
		return u, false, err
	}

	ok, err = web.PasswordMatches(v.ctx, web.Bounded(password), u.PasswordHash)
	switch {
	case err != nil:
		return u, false, err
	case !ok:
		return u, false, v.constantTime(func() error {
			return v.people.SignInFailed(v.named(), u.ID)
		})
	case !familiar:
		err = v.people.GiveBack(v.ctx, "portal/"+strangeKey(email))
	}

	return u, err == nil, err
}

func strangeKey(email string) string { return "sign-in-strange/" + email }

// maySignInHere counts a try, and reports whether the person signed in from here before.
// The person's own browser has a bound of its own, which nobody else uses up, not even
// from the same network.
func (v *visit) maySignInHere(u identity.User, email string) (familiar bool, err error) {
	here := v.place()
	network, browser, err := v.people.KnowsPlace(v.ctx, u.ID, here)
	if err != nil {
		return false, err
	}

	if browser {
		key := "sign-in-browser/" + u.ID + "/" + here.Browser
		return true, v.throttle(key, signInsEach, signInWindow)
	}

	if err := v.maySignIn(email); err != nil || network {
		return network, err
	}
	return false, errStrangeSignIn(v.throttle(strangeKey(email), strangeSignIns, strangeWindow))
}

// errStrangeSignIn is the refusal of one more try from a place that the person never
// signed in from.
func errStrangeSignIn(err error) error {
	if rules.CodeOf(err) != rules.RateLimited {
		return err
	}

	e := rules.Refuse(strangeSignIn, "Too many failed sign-ins from places that are not known.",
		"Use a browser that signed in before, or choose a new password.")
	e.RetryAfter = rules.RetryAfterOf(err)
	return e
}

// maySignIn counts a try of an address from the visitor's network.
func (v *visit) maySignIn(email string) error {
	if err := v.throttleNetwork("sign-in-ip", signInsIP, signInWindow); err != nil {
		return err
	}
	return v.throttle("sign-in/"+email+"/"+v.network, signInsEach, signInWindow)
}

// welcome signs in and goes on to the invitation that waits, the page that was
// asked for, or the start.
func (v *visit) welcome(u identity.User, next string) (answer, error) {
	if err := v.startSession(u, wayPassword); err != nil {
		return answer{}, err
	}
	return v.goOn(u, next)
}

// goOn leads who has just signed in to what waits for them.
func (v *visit) goOn(u identity.User, next string) (answer, error) {
	form := v.comeBack(u.ID)
	switch {
	case v.value(keyInvitation) == noLink:
		v.removeValues(keyInvitation)
	case v.value(keyInvitation) != "":
		return redirect("/invitation"), nil
	case form != "":
		return redirect(form), nil
	}

	if pageAddress(next) {
		return redirect(next), nil
	}
	return redirect("/"), nil
}

// signOut ends the session. A person who was refused at an invitation may keep
// it for the right person to go on.
func signOut(v *visit) (answer, error) {
	invitation := v.value(keyInvitation)
	v.leaves = true
	if err := v.sessions.Destroy(v.ctx); err != nil {
		return answer{}, err
	}

	v.who = nil
	if v.form("then") == "invitation" && invitation != "" {
		v.setValue(keyInvitation, invitation)
		return redirect("/invitation"), nil
	}

	return redirect("/sign-in"), nil
}
