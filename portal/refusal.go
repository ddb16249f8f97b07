package portal

import (
	"errors"
	"net/http"
	"strings"

	"roomcover.dev/roomcover/messages/refusal"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// Refusals of the portal itself.
var (
	errNoPage   = rules.Refuse(rules.NotFound, "There is no such page.", "Go to the start.")
	errNoMethod = rules.Refuse("NO_METHOD",
		"This address takes a form only.", "Go to the start.")
	errPanicked      = rules.Refuse("PANICKED", "Internal error.", "Try again.")
	errForeignOrigin = rules.Refuse("FOREIGN_ORIGIN",
		"The form was sent from another site.", "Open the page again.")
	errReadOnly = rules.Refuse(rules.Forbidden, "An administrator may do this.",
		"Ask an administrator.")
	errBadCursor = rules.Refuse("BAD_CURSOR",
		"The address names no page of this list.", "Begin with the first page.")
	errBadForm   = rules.Refuse("BAD_FORM", "The form could not be read.", "Open the page again.")
	errDeadLink  = rules.Refuse(deadLink, "The link is no longer valid.", "Ask for a new one.")
	errAtHome    = rules.Refuse(atHome, "The link was used already.", "Go to the start.")
	errDeadReset = rules.Refuse(deadReset, "The link is no longer valid.", "Ask for a new one.")
)

const (
	deadLink      = "DEAD_LINK"
	deadReset     = "DEAD_RESET"
	atHome        = "AT_HOME"
	strangeSignIn = "STRANGE_SIGN_IN"
	mailLimited   = "MAIL_LIMITED"
)

// tooMany is the page of a bound that was reached; Retry-After says when it is over.
func (v *visit) tooMany(err error, kind string) answer {
	a := v.problem(http.StatusTooManyRequests, kind)
	a.wait = rules.RetryAfterOf(err)
	return a
}

// refuse turns a refusal into its page; the only place that does. An error
// without a code goes to the log, and the visitor reads "internal error".
func (v *visit) refuse(err error) answer {
	switch rules.CodeOf(err) {
	case atHome:
		if v.value(keyInvitation) == "" && v.value(keyReset) == "" {
			return redirect("/")
		}
		v.removeValues(keyInvitation, keyReset)
		return v.done("/", "flash.usedlink")
	case deadLink, rules.InvitationExpired, rules.InvitationUsed, rules.InvitationSuperseded,
		rules.InvitationRevoked:
		// One page for all of them, so that it reveals nothing (R123).
		return answer{
			status: http.StatusGone,
			page:   "deadlink",
			title:  "deadlink.title",
			data:   requestForm{},
			here:   "/invitation",
		}
	case deadReset, identity.CodeExpired:
		return answer{
			status: http.StatusGone,
			page:   "deadreset",
			title:  "deadreset.title",
			here:   "/password-reset/new",
		}
	case guestGone: // ended, closed or never there: one page for all of them (S47)
		return answer{
			status: http.StatusNotFound,
			page:   "guestgone",
			title:  "guest.gone.title",
		}
	case rules.InvitationWrongPerson:
		return answer{
			status: http.StatusForbidden,
			page:   "wrongperson",
			title:  "wrongperson.title",
			here:   "/invitation",
		}
	case rules.NotFound:
		return v.problem(http.StatusNotFound, "notfound")
	case "NO_METHOD":
		return v.problem(http.StatusMethodNotAllowed, "notfound")
	case "PANICKED":
		return v.problem(http.StatusInternalServerError, "internal")
	case rules.Forbidden:
		if v.who != nil && strings.HasPrefix(v.request.URL.Path, directoryPath) && v.isAdmin() {
			return v.problem(http.StatusForbidden, "directory")
		}
		if v.lacksFactor() {
			a := v.problem(http.StatusForbidden, "needsfactor")
			a.data = problemPage{Title: a.title, Text: "problem.needsfactor.text", Back: mePath}
			return a
		}
		return v.inWords(v.problem(http.StatusForbidden, "readonly"), err)
	case lookOver:
		a := v.problem(http.StatusForbidden, "lookover")
		a.data = problemPage{Title: a.title, Text: "problem.lookover.text", Back: "/console"}
		return a
	case lookChanges:
		return v.problem(http.StatusForbidden, "lookchanges")
	case lookFile:
		return v.problem(http.StatusForbidden, "lookfile")
	case "FOREIGN_ORIGIN":
		return v.problem(http.StatusForbidden, "origin")
	case "BAD_FORM":
		return v.problem(http.StatusBadRequest, "form")
	case "BAD_CURSOR":
		return v.problem(http.StatusBadRequest, "cursor")
	case rules.RateLimited:
		return v.tooMany(err, "limited")
	case mailLimited:
		return v.tooMany(err, "mails")
	case strangeSignIn:
		return v.tooMany(err, "strange")
	case rules.LastAdmin:
		return v.problem(http.StatusConflict, "lastadmin")
	case rules.UserLimit:
		return v.problem(http.StatusConflict, "userlimit")
	case rules.SiteLimit:
		return v.problem(http.StatusConflict, "sitelimit")
	case rules.CancellationWindowClosed:
		return v.problem(http.StatusConflict, "window")
	case rules.StateConflict:
		return v.inWords(v.problem(http.StatusConflict, "conflict"), err)
	}

	a := v.inWords(v.problem(http.StatusConflict, "conflict"), err)
	if a.data.(problemPage).Said != "" {
		return a
	}
	v.log.ErrorContext(v.request.Context(), "portal: a request failed",
		"request", v.id, "error", err)
	if db.Unavailable(err) {
		return v.problem(http.StatusServiceUnavailable, "unavailable")
	}
	return v.problem(http.StatusInternalServerError, "internal")
}

// inWords has the page of a refusal say in the visitor's language what is wrong with this, and
// what to do about this, where the catalogue has the words; else the page keeps its own.
func (v *visit) inWords(a answer, err error) answer {
	var refused *rules.Error
	if !errors.As(err, &refused) {
		return a
	}
	if said, toDo, ok := refusal.Words(v.language, refused.Message, refused.Remedy); ok {
		p := a.data.(problemPage)
		p.Said, p.Remedy = said, toDo
		a.data = p
	}
	return a
}

// problemPage says what happened and what to do; its texts are the messages under problem.<kind>,
// or what the refusal itself says, in words.
type problemPage struct {
	Title, Text, Back string
	Said, Remedy      string // in place of Text
}

// listAbove is the page to which this address belongs, by its first part, where the visitor
// may open it; else the start.
func (v *visit) listAbove() string {
	first, _, _ := strings.Cut(strings.TrimPrefix(v.request.URL.Path, "/"), "/")
	for _, r := range routes() {
		if r.method == get && r.path == "/"+first && v.mayOpen(r) {
			return r.path
		}
	}
	return "/"
}

// mayOpen reports whether a page that asks for a person shows itself to this one.
func (v *visit) mayOpen(r route) bool {
	switch {
	case r.access == anyone || v.who == nil || v.looking() && !r.shownInLook():
		return false
	case r.access == signedIn:
		return v.base == ""
	case len(v.who.accounts) == 0:
		return false
	case v.base != "" && !r.delegable():
		return false
	case r.path == customersPath && !v.isPartner():
		return false
	case r.asksForSupport() && !v.opensTickets():
		return false
	}
	return r.access != admin || v.isAdmin()
}

func (v *visit) problem(status int, kind string) answer {
	p := problemPage{
		Title: "problem." + kind + ".title",
		Text:  "problem." + kind + ".text",
		Back:  "/",
	}

	if page := v.listAbove(); page != v.request.URL.Path || kind == "cursor" ||
		v.request.Method == post {
		p.Back = page
	}

	return answer{
		status: status,
		page:   "problem",
		title:  p.Title,
		data:   p,
		here:   p.Back,
	}
}
