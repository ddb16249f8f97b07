package portal

import (
	"net/url"
	"strconv"
	"time"
)

// freshFor is how long a typed password lets a person do what outlives the session.
const freshFor = 10 * time.Minute

const keyPasswordAt = "passwordAt" // Unix seconds

// passwordProved remembers that the person typed the password just now.
func (v *visit) passwordProved() {
	v.sessions.Put(v.ctx, keyPasswordAt, strconv.FormatInt(time.Now().Unix(), 10))
}

// provedLately reports whether the person typed the password within freshFor, in this
// session.
func (v *visit) provedLately() bool {
	at, err := strconv.ParseInt(v.value(keyPasswordAt), 10, 64)
	return err == nil && time.Since(time.Unix(at, 0)) < v.freshFor
}

// provesBy is the link by which a person proves again who they are, at the company's own sign-in
// or with a second factor, and comes back to a page; empty for who has a password alone.
func (v *visit) provesBy(page string) string {
	path := provePath
	switch {
	case v.value(keyConnection) != "":
		path = againPath
	case !v.who.factor:
		return ""
	}
	return path + "?next=" + url.QueryEscape(page)
}

// proveAgain holds the form's password against the person's, within the bounds of a
// sign-in, unless it was proved a moment ago. It returns what is wrong with it, as a
// message's key. Who proves it elsewhere finds there again what was typed here.
func (v *visit) proveAgain() (problem string, err error) {
	if v.provedLately() {
		return "", nil
	}
	if v.value(keyConnection) != "" || v.who.factor {
		v.unproved = true
		v.keepForProof(pageOf(v.request.URL.Path)) // which is elsewhere
		return "proof.first", nil
	}
	if v.form("password") == "" {
		return "proof.missing", nil
	}

	_, ok, err := v.trySignIn(v.who.user.Email, v.form("password"))
	if err != nil || !ok {
		return "proof.wrong", err
	}

	v.passwordProved()
	return "", nil
}
