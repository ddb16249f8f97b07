package portal

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// What a person was about when the session ended comes back after signing in: the account
// at hand, the page, and what was typed into its form. A form is shown again, filled in;
// it is never sent again by itself.

// lastSeen is whose session a browser held, and with which account at hand; empty: the
// first one.
type lastSeen struct{ User, Account string }

const (
	keyTyped      = "typed"
	purposeLast   = "last seen"
	fieldConfirms = "confirmed"
)

func (s *site) lastSeenCookie() string { return cookieName("roomcover-last", s.secure) }

// lastSeen reads who was signed in with this browser, until they signed out.
func (v *visit) lastSeen() (lastSeen, bool) {
	cookie, err := v.request.Cookie(v.lastSeenCookie())
	if err != nil {
		return lastSeen{}, false
	}

	text, ok := v.db.Secrets().OpenSigned(purposeLast, cookie.Value)
	user, account, two := strings.Cut(text, " ")
	return lastSeen{user, account}, ok && two
}

// lastSeenFromNowOn is the value of the cookie that this answer leaves behind.
func (v *visit) lastSeenFromNowOn() string {
	user := v.value(keyUser)
	if user == "" {
		return ""
	}
	return v.db.Secrets().Sign(purposeLast, user+" "+v.value(keyAccount))
}

// typedForm is a form that came when its sender's session was over.
type typedForm struct {
	User, Account string
	Action        string // where it was sent
	Page          string // that shows it
	Form          url.Values
}

// toSignIn sends who is signed out to sign in, and back to the page of this request.
func (v *visit) toSignIn() answer {
	page := pageOf(v.request.URL.Path)
	if page == "" || page == "/" {
		return redirect("/sign-in")
	}

	if v.request.Method == post {
		v.keepTyped(page)
	} else if q := v.request.URL.RawQuery; q != "" {
		page += "?" + q
	}

	return redirect("/sign-in?next=" + url.QueryEscape(page))
}

// pageOf is the page on which a form stands: its own address, or the one above it.
func pageOf(address string) string {
	for ; address != "/" && address != "."; address = path.Dir(address) {
		if pagePath(address) {
			return address
		}
	}
	return ""
}

// keepTyped keeps a form in the visitor's session, for the person who was signed in here
// and nobody else; passwords and consents are not kept.
func (v *visit) keepTyped(page string) {
	last, known := v.lastSeen()
	if !known || v.request.ParseForm() != nil || !storableForm(v.request.PostForm) {
		return
	}

	form := url.Values{}
	for name, values := range v.request.PostForm {
		if !strings.Contains(name, "password") && name != fieldConfirms && name != "code" {
			form[name] = values
		}
	}

	text, err := json.Marshal(typedForm{
		User:    last.User,
		Account: last.Account,
		Action:  v.request.URL.Path,
		Page:    page,
		Form:    form,
	})
	if err == nil {
		v.setValue(keyTyped, string(text))
	}
}

// keptForm is the form that this session keeps, if it is the user's.
func (v *visit) keptForm(user string) (typedForm, bool) {
	var f typedForm
	err := json.Unmarshal([]byte(v.value(keyTyped)), &f)
	return f, err == nil && f.User == user
}

// comeBack brings a person who signs in again to the account and the form that were at
// hand; whatever another person typed here is forgotten.
func (v *visit) comeBack(user string) (page string) {
	if last, ok := v.lastSeen(); ok && last.User == user && last.Account != "" {
		v.setValue(keyAccount, last.Account)
	}

	f, ok := v.keptForm(user)
	if !ok {
		v.removeValues(keyTyped)
		return ""
	}
	return f.Page
}

// resume fills the form of a page with what was typed before the session ended, once.
func (v *visit) resume() {
	if v.who == nil || v.request.Method != http.MethodGet || v.value(keyTyped) == "" {
		return
	}

	f, ok := v.keptForm(v.who.user.ID)
	if !ok || f.Page != v.request.URL.Path {
		return
	}

	v.removeValues(keyTyped)
	v.resumed = f.Action
	v.request.PostForm = f.Form
	v.setValue(keyFlash, "flash.typed")
}

// resumes reports whether this page shows again what was typed into the form with that
// address; v.form then gives it.
func (v *visit) resumes(action string) bool { return v.resumed == action }
