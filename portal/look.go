package portal

import (
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// An operator may look at the portal as a customer sees it; the console begins and ends it. A
// look has no session here and no right: it shows the pages of one account as a member sees
// them who reads only. It is held to that three times over:
//
//   - Whatever is no GET or HEAD is refused before any handler, and so is each page that is
//     not a member's, such as a form of an administrator, a sign-in, or one's own sessions.
//   - Files are not handed out, whoever may download them: labels, tables, exports.
//   - The context of the visit is db.LookOnly: the database itself refuses a write.

// operatorLook is the operator's look of a visit.
type operatorLook struct {
	identity.AccountLook
	operator identity.Operator
	over     bool // the cookie opens nothing any more
}

// The refusals of a look.
var (
	errLookOver = rules.Refuse(lookOver, "The look is over.",
		"Begin another one in the console.")
	errLookChanges = rules.Refuse(lookChanges, "Nothing can be changed in a look.",
		"End it, and do it in the console.")
	errLookFile = rules.Refuse(lookFile, "A look hands out no files.",
		"Open the file in the console.")
)

const (
	lookOver    = "LOOK_OVER"
	lookChanges = "LOOK_CHANGES"
	lookFile    = "LOOK_FILE"
)

// readLook finds the look that the browser asks under; nil where it asks under none.
func (s *site) readLook(c *gin.Context) (*operatorLook, error) {
	cookie, err := c.Request.Cookie(s.lookCookie())
	if err != nil || cookie.Value == "" {
		return nil, nil
	}

	found, operator, ok, err := s.operators.FindAccountLook(c.Request.Context(), cookie.Value)
	if err != nil {
		return nil, err
	}
	return &operatorLook{AccountLook: found, operator: operator, over: !ok}, nil
}

func (s *site) lookCookie() string { return web.CookieName(web.LookCookie, s.secure) }

// looking reports whether an operator asks, who looks at what the customer sees.
func (v *visit) looking() bool { return v.look != nil }

// readLookedAt makes the visit that of a member of the account who reads only. The operator
// stays who they are: no person of the account is stood in for.
func (v *visit) readLookedAt() error {
	v.who = &person{
		user: identity.User{
			ID:     v.look.operator.ID,
			Name:   v.look.operator.Name,
			Locale: v.look.operator.Locale,
		},
		roles: map[string]identity.MemberRole{v.look.AccountID: identity.RoleReadOnly},
	}

	acc, err := v.accounts.GetAccount(v.scope(""), v.look.AccountID)
	if err != nil {
		return err
	}
	v.who.accounts = []account.Account{acc}
	return nil
}

// callInLook is callHandler for a look.
func (v *visit) callInLook(r route) (answer, error) {
	switch {
	case v.look.over:
		return answer{}, errLookOver
	case v.request.Method != http.MethodGet && v.request.Method != http.MethodHead:
		return answer{}, errLookChanges
	case r.path != "" && !r.shownInLook():
		return answer{}, errLookChanges
	}

	a, err := v.callHandler(r)
	if db.WriteRefused(err) {
		v.log.ErrorContext(v.ctx, "portal: a page writes where it should only read",
			"path", r.path, "request", v.id, "error", err)
		return answer{}, errLookChanges
	}
	if err == nil && a.file != nil {
		return answer{}, errLookFile
	}
	return a, err
}

// shownInLook reports whether a look shows a route: a page of every member that is more than a
// form, or of the help.
func (r route) shownInLook() bool {
	if r.method != get || r.path == newTicketPath || r.path == ticketsPath+"/:id/cancel" {
		return false
	}
	return r.access == member || strings.HasPrefix(r.path, "/help")
}

// lookView is the banner above each page of a look.
type lookView struct {
	Company string
	Until   string // how much time is left
	End     string // where the form that ends it goes
}

func (v *visit) lookView() *lookView {
	if v.look == nil || v.look.over {
		return nil
	}
	acc := v.who.account()
	return &lookView{
		Company: acc.LegalName,
		Until:   v.language.Count("look.until", minutesUntil(v.look.ExpiresAt)),
		End:     "/console/accounts/" + acc.ID + "/look/end",
	}
}

// minutesUntil counts the minutes of real time until an instant, one that has begun as a whole.
func minutesUntil(at time.Time) int64 {
	return max(1, int64(math.Ceil(at.Sub(db.RealNow()).Minutes())))
}

// dropLook has the browser forget a look that is over.
func (v *visit) dropLook(c *gin.Context) {
	c.SetSameSite(http.SameSiteStrictMode)
	c.SetCookie(v.lookCookie(), "", -1, "/", "", v.secure, true)
}
