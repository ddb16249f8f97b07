package console

import (
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// An operator who helps a customer on the telephone looks at the portal as the customer sees
// it: to read only, for half an hour, with a reason that the customer reads too.

func lookRoutes() []route {
	const path = accountsPath + "/:id/look"
	see := may(rules.SeeAsCustomer)
	return []route{
		{method: get, path: path, access: see, do: askLook},
		{method: post, path: path, access: see, do: beginLook},
		{method: post, path: path + "/end", access: operator, do: endLook},
	}
}

func askLook(v *visit) (answer, error) {
	acc, err := v.accounts.GetAccount(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	return v.askToLook(acc, nil)
}

// askToLook says what a look shows and to whom it is told, and asks why.
func (v *visit) askToLook(acc account.Account, refused *rules.Error) (answer, error) {
	reason := v.reasonField()
	reason.Help = v.say("console.account.look.reason")
	return v.askRefused(confirmation{
		Title: v.say("console.account.look.title", "company", acc.LegalName),
		Says: []string{
			v.say("console.account.look.says"),
			v.say("console.account.look.told", "company", acc.LegalName),
		},
		Fields: []web.Field{reason},
		Action: accountPath(acc.ID) + "/look",
		Submit: v.say("console.account.look.do"),
		Back:   accountPath(acc.ID),
	}, refused)
}

// beginLook opens the portal as the customer sees it.
func beginLook(v *visit) (answer, error) {
	acc, err := v.accounts.GetAccount(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}

	token, look, err := v.operators.LookAtAccount(v.acting(acc.ID), acc.ID, v.sessionHash(),
		v.form("reason"))
	var refused *rules.Error
	if errors.As(err, &refused) && refused.Code != rules.Forbidden &&
		refused.Code != rules.NotFound {
		return v.askToLook(acc, refused)
	}
	if err != nil {
		return answer{}, err
	}

	v.look = &lookCookie{value: token, lasts: look.ExpiresAt.Sub(db.RealNow())}
	return redirect("/"), nil
}

// endLook ends the look of this session, if there is one, and returns to the customer.
func endLook(v *visit) (answer, error) {
	acc, err := v.accounts.GetAccount(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if err := v.operators.EndAccountLook(v.acting(acc.ID), v.sessionHash()); err != nil {
		return answer{}, err
	}
	v.look = &lookCookie{lasts: -time.Second}
	return v.done(accountPath(acc.ID), "console.account.look.ended"), nil
}

// sessionHash names the session of this visit as its row does.
func (v *visit) sessionHash() string { return web.StoredToken(v.sessions.Token(v.ctx)) }

// lookCookie is the secret of a look for the browser to keep; one that lasts no time goes.
type lookCookie struct {
	value string
	lasts time.Duration
}

// set has the browser send the secret to this site alone, and never with a link from another.
func (l lookCookie) set(c *gin.Context, secure bool) {
	c.SetSameSite(http.SameSiteStrictMode)
	c.SetCookie(web.CookieName(web.LookCookie, secure), l.value, int(l.lasts.Seconds()), "/", "",
		secure, true)
}
