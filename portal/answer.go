package portal

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
	status  int // 0: 200
	page    string
	title   string // key of the message
	label   string // the title itself, when it is the program's and not a message
	data    any
	to      string
	here    string // address of this page, when the request's own has no GET
	file    *file
	sent    func(http.ResponseWriter) error // writes the answer itself, such as a file of somebody
	wait    time.Duration                   // of a 429: how long; 0: a quarter of an hour
	refresh time.Duration                   // the browser asks for the page again; 0: it does not
	camera  bool                            // the page's own script may read codes with the camera
}

// retryAfter is a wait in whole seconds.
func retryAfter(wait time.Duration) string {
	if wait <= 0 {
		wait = 15 * time.Minute
	}
	return strconv.Itoa(int(math.Ceil(wait.Seconds())))
}

// file is what is saved instead of shown.
type file struct {
	mediaType, name string // name of ASCII letters, digits, dashes and dots
	content         []byte
}

func redirect(to string) answer { return answer{status: http.StatusSeeOther, to: to} }

// done goes on to another page, which shows the message once.
func (v *visit) done(to, message string) answer {
	v.setValue(keyFlash, message)
	return redirect(to)
}

// finish renders first, commits the session second and writes last: an error
// on the way never leaves half a page.
func (v *visit) finish(c *gin.Context, a answer) {
	if a.status == 0 {
		a.status = http.StatusOK
	}

	body, err := v.render(a)
	if err == nil {
		err = v.commit(c)
	}
	if err != nil {
		v.log.ErrorContext(v.ctx, "portal: an answer could not be written",
			"path", c.FullPath(), "request", v.id, "error", err)
		failPlainly(c, err)
		return
	}

	web.Headers(c.Writer.Header(), v.secure, web.NoScripts)
	if a.camera {
		web.Headers(c.Writer.Header(), v.secure, web.OwnScripts)
		web.AllowCamera(c.Writer.Header())
	}
	if a.refresh > 0 {
		c.Writer.Header().Set("Refresh", strconv.Itoa(int(a.refresh.Seconds())))
	}
	if a.to != "" {
		c.Writer.Header().Set("Location", v.address(a.to))
	}
	if a.file != nil {
		c.Writer.Header().Set("Content-Type", a.file.mediaType)
		c.Writer.Header().Set("Content-Disposition", `attachment; filename="`+a.file.name+`"`)
	}
	if a.status == http.StatusTooManyRequests {
		c.Writer.Header().Set("Retry-After", retryAfter(a.wait))
	}
	if a.status == http.StatusServiceUnavailable {
		c.Writer.Header().Set("Retry-After", db.RetryAfter)
	}

	if a.sent != nil {
		if err := a.sent(c.Writer); err != nil {
			v.log.InfoContext(v.ctx, "portal: a file was cut off",
				"path", c.FullPath(), "request", v.id, "error", err)
		}
		return
	}
	c.Status(a.status)
	_, _ = c.Writer.Write(body)
}

func (v *visit) render(a answer) ([]byte, error) {
	if a.to != "" || a.sent != nil {
		return nil, nil
	}
	if a.file != nil {
		return a.file.content, nil
	}

	body, err := web.Made(v.pages[a.page], "layout", v.view(a))
	if v.base != "" {
		return v.forCustomer(body), err
	}
	return body, err
}

// commit stores the session and sets its cookie.
func (v *visit) commit(c *gin.Context) error {
	if v.looking() {
		if v.look.over {
			v.dropLook(c)
		}
		return nil
	}

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

	if v.browser != "" {
		v.setCookie(c, v.browserCookie(), v.browser, int(browserKept.Seconds()))
	}
	if v.leaves {
		v.setCookie(c, v.lastSeenCookie(), "", -1)
		return nil
	}

	had, _ := c.Cookie(v.lastSeenCookie())
	if last := v.lastSeenFromNowOn(); last != "" && last != had {
		v.setCookie(c, v.lastSeenCookie(), last, int(lastSeenKept.Seconds()))
	}

	return nil
}

func (v *visit) setCookie(c *gin.Context, name, value string, seconds int) {
	c.SetSameSite(http.SameSiteLaxMode)
	c.SetCookie(name, value, seconds, "/", "", v.secure, true)
}

// failPlainly answers where not even a page can be made, since that needs the database:
// who visits, and in which language.
func failPlainly(c *gin.Context, err error) {
	status, kind := http.StatusInternalServerError, "internal"
	if db.Unavailable(err) {
		status, kind = http.StatusServiceUnavailable, "unavailable"
		c.Header("Retry-After", db.RetryAfter)
	}

	speaks := messages.In(web.Accepted(c.GetHeader("Accept-Language"), messages.Locales()))
	http.Error(c.Writer, speaks.Say("problem."+kind+".text"), status)
}
