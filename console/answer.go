package console

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-gonic/gin"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/web"
)

// answer is what a handler wants shown: a page, or another address.
type answer struct {
	status int // 0: 200
	page   string
	title  string // of the page, in the reader's language
	waits  string // how much waits on it, for the tab of the browser; empty: nothing to say
	data   any
	to     string
	plain  bool                            // without the navigation
	wait   time.Duration                   // of a 429: how long; 0: a quarter of an hour
	file   *download                       // instead of a page
	sent   func(http.ResponseWriter) error // writes the answer itself, such as a file of somebody
	live   bool                            // the page refreshes itself, see refresh.go
	shared bool                            // it shows who else has the page open, see presence.go
	about  string                          // whose held command a shared page shows
	reload bool                            // the browser opens the page anew
	letter []byte                          // a mail as HTML, to be shown within a page
}

// download is a file that a browser keeps.
type download struct {
	name, kind string
	body       []byte
	inline     bool // the browser may show it
}

func redirect(to string) answer { return answer{status: http.StatusSeeOther, to: to} }

// done goes on to another page, which shows the message once.
func (v *visit) done(to, message string) answer {
	v.setValue(keyFlash, message)
	return redirect(to)
}

// finish renders first, commits the session second and writes last: an error on the way never
// leaves half a page.
func (v *visit) finish(c *gin.Context, a answer) {
	if a.status == 0 {
		a.status = http.StatusOK
	}

	body, err := v.render(&a)
	if err == nil {
		err = v.commit(c)
	}
	if err != nil {
		v.log.ErrorContext(v.ctx, "console: an answer could not be written",
			"path", c.FullPath(), "request", v.id, "error", err)
		failPlainly(c, err)
		return
	}

	h := c.Writer.Header()
	web.Headers(h, v.secure, web.OwnScripts)
	switch {
	case a.letter != nil:
		h.Set("Content-Security-Policy", letterPolicy)
	case a.page == "sheet":
		h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+"; frame-src 'self'")
	}
	if a.to != "" {
		h.Set("Location", a.to)
	}
	if a.reload {
		h.Set("HX-Refresh", "true")
	}
	if a.file != nil {
		h.Set("Content-Type", a.file.kind)
		how := "attachment"
		if a.file.inline {
			how = "inline"
		}
		h.Set("Content-Disposition", how+`; filename="`+a.file.name+`"`)
	}
	switch a.status {
	case http.StatusTooManyRequests:
		h.Set("Retry-After", retryAfter(a.wait))
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", db.RetryAfter)
	}
	if a.sent != nil {
		if err := a.sent(c.Writer); err != nil {
			v.log.InfoContext(v.ctx, "console: a file was cut off",
				"path", c.FullPath(), "request", v.id, "error", err)
		}
		return
	}
	c.Status(a.status)
	_, _ = c.Writer.Write(body)
}

// retryAfter is a wait in whole seconds.
func retryAfter(wait time.Duration) string {
	if wait <= 0 {
		wait = 15 * time.Minute
	}
	return strconv.Itoa(int(math.Ceil(wait.Seconds())))
}

// render is the body of an answer. One that asks for what is new on a page may turn out to
// have none.
func (v *visit) render(a *answer) ([]byte, error) {
	if v.refreshes() && !(a.live && a.status == http.StatusOK) {
		return nil, v.reload(a)
	}
	switch {
	case a.file != nil:
		return a.file.body, nil
	case a.letter != nil:
		return a.letter, nil
	}
	if a.page == "" {
		return nil, nil
	}
	w, err := v.view(*a)
	if err != nil {
		return nil, err
	}
	template := v.pages[a.page]
	if err := w.fill(template); err != nil {
		return nil, err
	}
	if v.refreshes() && w.Version == v.seenVersion() {
		a.status = http.StatusNoContent
		return nil, nil
	}
	return web.Made(template, w.frame(), w)
}

// commit stores the session and sets its cookie.
func (v *visit) commit(c *gin.Context) error {
	if v.tongue != "" {
		v.setCookie(c, v.languageCookie(), v.tongue, 365*24*3600)
	}

	if v.look != nil {
		v.look.set(c, v.secure)
	}

	v.keepLastOperator(c)
	switch v.sessions.Status(v.ctx) {
	case scs.Modified:
		token, expiry, err := v.sessions.Commit(v.ctx)
		if err != nil {
			return err
		}
		v.sessions.WriteSessionCookie(v.ctx, c.Writer, token, expiry)
	case scs.Destroyed:
		v.setCookie(c, v.sessions.Cookie.Name, "", -1)
	}
	return nil
}

func (v *visit) setCookie(c *gin.Context, name, value string, seconds int) {
	c.SetSameSite(http.SameSiteLaxMode)
	c.SetCookie(name, value, seconds, "/", "", v.secure, true)
}

// failPlainly answers where not even a page can be made, since that needs the database.
func failPlainly(c *gin.Context, err error) {
	status, key := http.StatusInternalServerError, "problem.internal.text"
	if db.Unavailable(err) {
		status, key = http.StatusServiceUnavailable, "problem.unavailable.text"
		c.Header("Retry-After", db.RetryAfter)
	}
	accepts := web.Accepted(c.GetHeader("Accept-Language"), messages.Locales())
	http.Error(c.Writer, messages.In(accepts).Say(key), status)
}
