package portal

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/web"
)

// What a person was about when the session ended comes back after signing in: the account
// at hand, the page, and what was typed into its form. A form is shown again, filled in;
// it is never sent again by itself. Of a form that nobody types into, its page says that
// it was not sent.

// takenBack are the forms that their page shows again with what was typed.
var takenBack = map[string]bool{
	"/service-orders/:id/cancellation":  true,
	"/service-orders/claim":             true,
	"/replacements/request":             true,
	newTicketPath:                       true,
	"/tickets/:id/reply":                true,
	"/tickets/:id/guests":               true,
	"/replacements/request/accessory":   true,
	"/replacements/:id/appeal":          true,
	"/replacements/:id/use-spare":       true,
	"/sites/new":                        true,
	newRoomPath:                         true,
	newDevicePath:                       true,
	"/devices/:id/place":                true,
	"/devices/:id/purchase":             true,
	"/sites/:id":                        true,
	timeZonePath:                        true,
	assignPath:                          true,
	"/rooms/:id/edit":                   true,
	"/rooms/:id/help":                   true,
	"/rooms/:id/move":                   true,
	"/colleagues":                       true,
	"/colleagues/:id/role":              true,
	"/colleagues/questions/:id/confirm": true,
	"/tokens":                           true,
	"/partners/:id/sites":               true,
	"/customers/:id/keys":               true,
	partnersPath:                        true,
	customersPath:                       true,
	myNamePath:                          true,
	myZonePath:                          true,
	syncGroupPath:                       true,
	ownSignInPath:                       true,
}

// lastSeen is whose session a browser held, and with which account at hand; empty: the
// first one.
type lastSeen struct{ User, Account string }

// The bounds of what is kept for who is not signed in: the browser proves that somebody was,
// once, and may send forms without end.
const (
	maxTyped      = 16 << 10            // octets of a form
	typedAnHourIP = 60                  // forms from one network
	lastSeenKept  = 30 * 24 * time.Hour // since the last answer to who was signed in
)

const (
	keyTyped      = "typed"
	purposeLast   = "last seen"
	fieldConfirms = "confirmed"
	fieldLost     = "lost"
)

func (s *site) lastSeenCookie() string { return web.CookieName("roomcover-last", s.secure) }

// lastSeen reads who was signed in with this browser, until they signed out or stayed away.
func (v *visit) lastSeen() (lastSeen, bool) {
	cookie, err := v.request.Cookie(v.lastSeenCookie())
	if err != nil {
		return lastSeen{}, false
	}

	text, ok := v.db.Secrets().OpenSigned(purposeLast, cookie.Value)
	parts := strings.Split(text, " ")
	if !ok || len(parts) != 3 {
		return lastSeen{}, false
	}

	until, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || !db.RealNow().Before(time.Unix(until, 0)) {
		return lastSeen{}, false
	}
	return lastSeen{User: parts[0], Account: parts[1]}, true
}

// lastSeenFromNowOn is the value of the cookie that this answer leaves behind. Its end is
// that of a day, so that it changes once a day.
func (v *visit) lastSeenFromNowOn() string {
	user := v.value(keyUser)
	if user == "" {
		return ""
	}
	until := db.RealNow().Add(lastSeenKept).Truncate(24 * time.Hour).Unix()
	return v.db.Secrets().Sign(purposeLast,
		fmt.Sprintf("%s %s %d", user, v.value(keyAccount), until))
}

// typedForm is a form that came when its sender's session was over.
type typedForm struct {
	User, Account string
	Action        string // where it was sent
	Page          string // that shows it
	Query         string // of that page
	Form          url.Values
}

// address is where the form stands.
func (f typedForm) address() string {
	if full := f.Page + "?" + f.Query; f.Query != "" && pageAddress(full) {
		return full
	}
	return f.Page
}

// toSignIn sends who is signed out to sign in, and back to the page of this request.
func (v *visit) toSignIn() answer {
	page := pageOf(v.request.URL.Path)
	if v.base == "" && (page == "" || page == "/") {
		return redirect("/sign-in")
	}

	f := typedForm{Page: v.base + page}
	if page == v.request.URL.Path {
		f.Query = v.request.URL.RawQuery
	}
	to := "/sign-in?next=" + url.QueryEscape(f.address())
	if v.request.Method == post && v.losesTyped(f) {
		to += "&" + fieldLost + "=1"
	}
	return redirect(to)
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

// losesTyped keeps the form of this request in the visitor's session, for the person who was
// signed in here and nobody else, and reports whether it could not: the form is too large, or
// too many came from the network. Credentials and consents are not kept. Where nobody was signed
// in, nothing is kept, and nobody misses it.
func (v *visit) losesTyped(f typedForm) (lost bool) {
	last, known := v.lastSeen()
	if !known {
		return false
	}

	f.User = last.User
	f.Account = last.Account
	f.Action = v.base + v.request.URL.Path
	text, ok := v.typedText(f)
	if !ok || v.throttleNetwork("typed-ip", typedAnHourIP, time.Hour) != nil {
		v.removeValues(keyTyped) // another form's
		return true
	}

	v.setValue(keyTyped, text)
	return false
}

// keepForProof keeps the form of this request until its sender has proved again who they are
// (S52), where its page shows it again. One that is too large has to be typed again.
func (v *visit) keepForProof(page string) {
	r, ok := formAt(v.request.URL.Path)
	if !ok || v.request.Method != post || !takenBack[r.path] {
		return
	}
	text, ok := v.typedText(typedForm{
		User:   v.who.user.ID,
		Action: v.base + v.request.URL.Path,
		Page:   v.base + page,
	})
	if ok {
		v.setValue(keyTyped, text)
	}
}

// isCredential reports whether a field of a form lets somebody in, or says yes in their name:
// nothing of the kind is kept.
func isCredential(name string) bool {
	switch name {
	case fieldConfirms, web.FieldPasskey, "code", "secret", fieldCertificate, fieldPrivateKey:
		return true
	}
	return strings.Contains(name, "password")
}

// typedText returns the form with what this request typed into it, as a session keeps it; ok
// is false for one that cannot be kept.
func (v *visit) typedText(f typedForm) (text string, ok bool) {
	if takesFilesAt(v.request.URL.Path) && web.HasFiles(v.request) {
		fields, _, err := web.ReadUploads(v.request, false) // the files have to be chosen again
		if err != nil {
			return "", false
		}
		v.request.PostForm = fields
	}
	if v.request.ParseForm() != nil || !storableForm(v.request.PostForm) {
		return "", false
	}

	f.Form = url.Values{}
	for name, values := range v.request.PostForm {
		if !isCredential(name) {
			f.Form[name] = values
		}
	}

	typed, err := json.Marshal(f)
	return string(typed), err == nil && len(typed) <= maxTyped
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
	return f.address()
}

// expectForm offers to the page of this request what was typed into its form before the
// session ended, once; see resumes.
func (v *visit) expectForm() {
	if v.who == nil || v.request.Method != http.MethodGet || v.value(keyTyped) == "" {
		return
	}

	f, ok := v.keptForm(v.who.user.ID)
	if ok && f.Page == v.base+v.request.URL.Path {
		v.kept = &f
	}
}

// resumes reports whether this page shows again what was typed into the form with that
// address; v.form then gives it. A page asks only where it shows the form.
func (v *visit) resumes(action string) bool {
	if v.kept == nil || v.resumed || v.kept.Action != v.base+action {
		return false
	}

	v.resumed = true
	v.request.PostForm = v.kept.Form
	return true
}

// settleForm says on the page that was shown what became of the form that was kept for it:
// it is there again, or it was not sent. A redirect leaves it to the next page.
func (v *visit) settleForm(a answer, err error) {
	if v.kept == nil || a.to != "" {
		return
	}

	v.removeValues(keyTyped)
	switch {
	case err != nil || a.status >= http.StatusBadRequest:
	case v.resumed:
		v.setValue(keyFlash, "flash.typed")
	default:
		v.setValue(keyFlash, "flash.unsent")
	}
}

// keptKind is what the page to sign in says about the form that waits behind it; empty: none
// does. A form that could not be kept is named as well.
func (v *visit) keptKind() string {
	var f typedForm
	if json.Unmarshal([]byte(v.value(keyTyped)), &f) != nil {
		if v.request.URL.Query().Has(fieldLost) {
			return "signin.lost"
		}
		return ""
	}
	action := f.Action
	if _, own, ok := delegatedPage(action); ok {
		action = own
	}
	if r, ok := formAt(action); ok && takenBack[r.path] {
		return "signin.kept"
	}
	return "signin.unsent"
}
