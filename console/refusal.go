package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"roomcover.dev/roomcover/messages/refusal"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/tracing"
	"roomcover.dev/roomcover/web"
)

// StepUpRequired is the code of what asks for a fresh sign-in (S52).
const StepUpRequired = "STEP_UP_REQUIRED"

// Refusals of the console itself.
var (
	errNoPage   = rules.Refuse(rules.NotFound, "There is no such page.", "Go to today.")
	errNoMethod = rules.Refuse("NO_METHOD", "This address takes a form only.", "Go to today.")
	errPanicked = rules.Refuse("PANICKED", "Internal error.", "Try again.")

	errForeignOrigin = rules.Refuse("FOREIGN_ORIGIN", "The form was sent from another site.",
		"Open the page again.")
	errForbidden = rules.Refuse(rules.Forbidden, "Your role may not do this.", "Ask a lead.")
	errChanged   = rules.Refuse(rules.VersionMismatch, "It was changed.", "Look at it again.")
	errBadForm   = rules.Refuse("BAD_FORM", "The form could not be read.", "Open the page again.")
	errBadCursor = rules.Refuse("BAD_CURSOR", "The address names no page of this list.",
		"Begin with the first page.")
	errIssuerDown = rules.Refuse("ISSUER_DOWN", "The issuer does not answer.", "Try again.")
	errLostWay    = rules.Refuse("LOST_WAY", "The sign-in was not finished.", "Begin again.")
	errNoRole     = rules.Refuse("OPERATOR_WITHOUT_ROLE",
		"The issuer gives this person no role here.", "Ask whoever manages the roles.")
	errDisabled = rules.Refuse("OPERATOR_DISABLED", "This operator is disabled.", "Ask a lead.")
	errStepUp   = rules.Refuse(StepUpRequired, "This needs a fresh sign-in.", "Sign in again.")
)

// refusals are the page and status of each code; the texts are the messages under
// console.problem.<kind>.
var refusals = map[string]struct {
	status int
	kind   string
}{
	rules.NotFound:          {http.StatusNotFound, "notfound"},
	"NO_METHOD":             {http.StatusMethodNotAllowed, "notfound"},
	"PANICKED":              {http.StatusInternalServerError, "internal"},
	"FOREIGN_ORIGIN":        {http.StatusForbidden, "origin"},
	rules.Forbidden:         {http.StatusForbidden, "forbidden"},
	"BAD_FORM":              {http.StatusBadRequest, "form"},
	"BAD_CURSOR":            {http.StatusBadRequest, "cursor"},
	"ISSUER_DOWN":           {http.StatusServiceUnavailable, "issuer"},
	"LOST_WAY":              {http.StatusBadRequest, "lostway"},
	"OPERATOR_WITHOUT_ROLE": {http.StatusForbidden, "norole"},
	"OPERATOR_DISABLED":     {http.StatusForbidden, "disabled"},
	rules.RateLimited:       {http.StatusTooManyRequests, "limited"},
	rules.VersionMismatch:   {http.StatusPreconditionFailed, "changed"},
	rules.StateConflict:     {http.StatusConflict, "conflict"},
}

// problemPage says what happened and what to do.
type problemPage struct {
	Title, Text string
	Remedy      string // of what was refused, where Text says it; empty: Text says both
	Back        string // where to go on
	BackText    string
	Here        string // a page to read again; empty: none
	// Changes are what others did meanwhile, and Typed what stood in the form, where it was
	// refused because of them.
	Changes []web.Moment
	Typed   []web.Fact
	Kept    bool // the form has it again

	// Reference names this request, and its trace where there is one, to who looks into a fault.
	Reference string
}

// refuse turns a refusal into its page; the only place that does. An error without a code goes
// to the log, and the visitor reads "internal error".
func (v *visit) refuse(err error) answer {
	if rules.CodeOf(err) == StepUpRequired {
		a, wrong := v.stepUp()
		if wrong == nil {
			return a
		}
		err = wrong
	}
	switch {
	case errors.Is(err, identity.ErrOperatorWithoutRole):
		err = errNoRole
	case errors.Is(err, identity.ErrOperatorDisabled):
		err = errDisabled
	}
	said, toDo := v.pageWords(err)
	known, ok := refusals[rules.CodeOf(err)]
	if !ok && said != "" {
		known.status, known.kind, ok = http.StatusConflict, "conflict", true
	}
	if !ok {
		v.log.ErrorContext(v.request.Context(), "console: a request failed",
			"request", v.id, "error", err)
		known.status, known.kind = http.StatusInternalServerError, "internal"
		if db.Unavailable(err) {
			known.status, known.kind = http.StatusServiceUnavailable, "unavailable"
		}
	}

	a := v.problem(known.status, known.kind)
	if known.status >= http.StatusInternalServerError {
		p := a.data.(problemPage)
		p.Reference = web.Joined(v.id, tracing.ID(v.request.Context()))
		a.data = p
	}
	if said != "" {
		p := a.data.(problemPage)
		p.Text, p.Remedy = said, toDo
		a.data = p
	}
	a.wait = rules.RetryAfterOf(err)
	if rules.CodeOf(err) == rules.VersionMismatch && v.who != nil && v.request.Method == post {
		a.data = v.changedMeanwhile(a.data.(problemPage))
	}
	return a
}

// ownPages are the codes whose pages say more than the refusal: where somebody else was quicker,
// what they changed; and where nothing is found, nothing about what might be there.
var ownPages = []string{rules.VersionMismatch, rules.NotFound, rules.RateLimited}

// pageWords returns what the page of a refusal says in the reader's language: what is wrong with
// this, and what to do about this. Both are empty where the page has words of its own.
func (v *visit) pageWords(err error) (said, toDo string) {
	var refused *rules.Error
	if !errors.As(err, &refused) || errors.Is(err, errForbidden) ||
		slices.Contains(ownPages, refused.Code) {
		return "", ""
	}
	said, toDo, ok := refusal.Words(v.language, refused.Message, refused.Remedy)
	if !ok {
		return "", ""
	}
	return said, toDo
}

func (v *visit) problem(status int, kind string) answer {
	p := problemPage{
		Title:    v.language.Say("console.problem." + kind + ".title"),
		Text:     v.language.Say("console.problem." + kind + ".text"),
		Back:     Root,
		BackText: v.language.Say("console.problem.back"),
	}
	if v.who == nil {
		p.Back = signInPath
		p.BackText = v.language.Say("console.signin.title")
	}
	if page := v.pageOf(v.request.URL.Path); v.who != nil && v.request.Method == post {
		p.Here = page
	}
	return answer{
		status: status,
		page:   "problem",
		title:  p.Title,
		data:   p,
		plain:  v.who == nil,
	}
}

// worded says a refusal of the service in the reader's language: in English as the service says
// it, in another language in the catalogue's words for these sentences, or, where it has none, in
// those of the codes, with less of the particulars.
func (v *visit) worded(refused *rules.Error) *rules.Error {
	if refused == nil {
		return nil
	}
	said := *refused
	said.Message, said.Remedy = v.wordsOf(refused.Code, refused.Message, refused.Remedy)
	said.Fields = slices.Clone(refused.Fields)
	for i, f := range said.Fields {
		said.Fields[i].Message, said.Fields[i].Remedy = v.wordsOf(f.Code, f.Message, f.Remedy)
	}
	return &said
}

// wordsOf says what is wrong, and what to do, in the reader's language; see worded. What says
// both at once leaves the remedy empty.
func (v *visit) wordsOf(code, message, remedy string) (said, toDo string) {
	if v.language.Locale() == english {
		return message, remedy
	}
	if said, toDo, ok := refusal.Words(v.language, message, remedy); ok {
		return said, toDo
	}
	if text := v.refusalText(code, message); text != message {
		return text, ""
	}
	return message, remedy
}

// broadCodes say too little by themselves: what is wrong, and what to do, is in the sentences of
// each refusal.
var broadCodes = []string{rules.StateConflict, rules.ValidationFailed}

// commandText says a refusal beside a command: in the page's own words for the code, where they
// say enough, else as worded does.
func (v *visit) commandText(code, message, remedy string) string {
	said, toDo, ok := refusal.Words(v.language, message, remedy)
	switch {
	case ok && (slices.Contains(broadCodes, code) || !v.language.Has("console.refused."+code)):
		return strings.TrimSpace(said + " " + toDo)
	case v.language.Has("console.refused." + code):
		return v.language.Say("console.refused." + code)
	}
	said, toDo = v.wordsOf(code, message, remedy)
	return strings.TrimSpace(said + " " + toDo)
}

// refusalText says a refusal in the reader's language where it has words there, else as the
// service says it in English.
func (v *visit) refusalText(code, said string) string {
	switch {
	case v.language.Has("console.refused." + code):
		return v.language.Say("console.refused." + code)
	case v.language.Locale() != english && v.language.Has("console.wrong."+code):
		return v.language.Say("console.wrong." + code)
	}
	return said
}

// english is the language of what the service says itself.
const english = "en"
