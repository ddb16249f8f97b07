package portal

import (
	"net/http"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// The bounds of sign-in, per quarter of an hour: one address from one place,
// and everything from one place.
const (
	signInWindow = 15 * time.Minute
	signInsEach  = 10
	signInsIP    = 100
)

type signInPage struct {
	Email, Next string
	Problem     string // message key
	Invited     bool   // an invitation waits behind the sign-in
}

func showSignIn(v *visit) (answer, error) {
	if v.who != nil {
		return redirect("/"), nil
	}
	return v.signInPage(signInPage{Next: v.request.URL.Query().Get("next")}), nil
}

func (v *visit) signInPage(p signInPage) answer {
	if !pagePath(p.Next) {
		p.Next = ""
	}
	p.Invited = v.value(keyInvitation) != "" && v.value(keyInvitation) != noLink
	a := answer{page: "signin", title: "signin.title", data: p}
	if p.Problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a
}

// signIn says the same, after the same work, for an unknown address and for a
// wrong password.
func signIn(v *visit) (answer, error) {
	email, password := rules.NormaliseEmail(v.form("email")), v.form("password")
	if err := v.maySignIn(email); err != nil {
		return answer{}, err
	}

	u, err := v.people.UserByEmail(v.ctx, email)
	if err != nil && rules.CodeOf(err) != rules.NotFound {
		return answer{}, err
	}

	ok, err := passwordMatches(v.ctx, bounded(password), u.PasswordHash)
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

	return v.welcome(u, v.form("next"))
}

func (v *visit) maySignIn(email string) error {
	if err := v.throttle("sign-in-ip/"+v.network, signInsIP, signInWindow); err != nil {
		return err
	}
	return v.throttle("sign-in/"+email+"/"+v.network, signInsEach, signInWindow)
}

// welcome signs in and goes on to the invitation that waits, the page that was
// asked for, or the start.
func (v *visit) welcome(u identity.User, next string) (answer, error) {
	if err := v.startSession(u); err != nil {
		return answer{}, err
	}

	switch {
	case v.value(keyInvitation) == noLink:
		v.removeValues(keyInvitation)
	case v.value(keyInvitation) != "":
		return redirect("/invitation"), nil
	}

	if pagePath(next) {
		return redirect(next), nil
	}
	return redirect("/"), nil
}

// bounded keeps a giant password from costing giant work; none that is longer
// can be right.
func bounded(password string) string { return password[:min(len(password), 4*mostPassword+1)] }

// signOut ends the session. A person who was refused at an invitation may keep
// it for the right person to go on.
func signOut(v *visit) (answer, error) {
	invitation := v.value(keyInvitation)
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
