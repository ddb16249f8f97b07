package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/web"
)

// freshFor is how long a sign-in lets an operator do what asks for a fresh one (S52).
const freshFor = 10 * time.Minute

// maxTyped bounds what is kept of a form, in octets.
const maxTyped = 16 << 10

// provedLately reports whether the operator proved who they are within freshFor.
func (v *visit) provedLately() bool {
	at, err := strconv.ParseInt(v.value(keyFresh), 10, 64)
	return err == nil && time.Since(time.Unix(at, 0)) < v.freshFor
}

// typedForm is a form that came when its sender had to sign in anew first.
type typedForm struct {
	Action string // where it was sent
	Page   string // that shows it
	By     string // who typed it, where the session was over; empty: whose session it is
	Form   url.Values
}

// stepUpPage says that a fresh sign-in is needed, and leads to it.
type stepUpPage struct {
	Link    string
	Kept    bool              // what was typed is shown again afterwards
	Passkey web.PasskeyButton // in place of the whole sign-in
	Next    string            // where to go on
	Problem string
}

// stepUp asks for a fresh sign-in (STEP_UP_REQUIRED) instead of going on. A form is kept in the
// session, and its page shows it again; it is never sent again by itself.
func (v *visit) stepUp() (answer, error) {
	page := v.pageOf(v.request.URL.Path)
	if v.request.Method == get && page == v.request.URL.Path && v.request.URL.RawQuery != "" {
		page += "?" + v.request.URL.RawQuery
	}
	kept := v.request.Method == post && v.keepTyped(page)
	return v.stepUpPage(page, kept, "")
}

// stepUpPage leads to a fresh sign-in, and from there to the page next.
func (v *visit) stepUpPage(next string, kept bool, problem string) (answer, error) {
	p := stepUpPage{Kept: kept, Next: next, Problem: problem}
	link := signInPath
	switch {
	case v.issuer != nil && v.who.Source == identity.ByIssuer:
		link = StartPath
	case v.issuer != nil:
		link = emergencyPath
	}
	p.Link = link + "?" + url.Values{"next": {next}, "fresh": {"1"}}.Encode()

	var err error
	if v.who.Source == identity.ByPassword {
		p.Passkey, err = v.provePasskeyButton(forFresh, *v.who, true)
	}
	return answer{
		status: http.StatusForbidden,
		page:   "stepup",
		title:  v.language.Say("console.problem.stepup.title"),
		data:   p,
	}, err
}

// needFresh refuses, with STEP_UP_REQUIRED, an operator whose sign-in is older than ten minutes.
// A handler that knows only by its form that it asks for a fresh one, such as waiving a fee,
// returns its error before it does anything.
func (v *visit) needFresh() error {
	if v.provedLately() {
		return nil
	}
	return errStepUp
}

func (v *visit) keepTyped(page string) bool {
	f := typedForm{
		Action: v.request.URL.Path,
		Page:   page,
		By:     v.typedBy,
		Form:   url.Values{},
	}
	for name, values := range v.request.PostForm {
		if !strings.Contains(name, "password") && name != "code" &&
			name != web.FieldPasskey && name != fieldConfirms {
			f.Form[name] = values
		}
	}
	text, err := json.Marshal(f)
	if err != nil || len(text) > maxTyped {
		return false
	}
	v.setValue(keyTyped, string(text))
	return true
}

// expectForm offers to the page of this request what was typed into its form before the
// sign-in, once; see resume.
func (v *visit) expectForm() {
	if v.who == nil || v.request.Method != get || v.value(keyTyped) == "" {
		return
	}
	var f typedForm
	if json.Unmarshal([]byte(v.value(keyTyped)), &f) == nil && f.Page == v.request.URL.Path {
		v.kept = &f
	}
}

// resume has v.form give what was typed into the form with that address before the sign-in,
// and reports whether it does. A page asks only where it shows the form.
func (v *visit) resume(action string) bool {
	if v.kept == nil || v.kept.Action != action {
		return false
	}
	v.request.PostForm = v.kept.Form
	v.kept = nil
	v.sessions.Remove(v.ctx, keyTyped)
	v.setValue(keyFlash, "console.flash.typed")
	return true
}
