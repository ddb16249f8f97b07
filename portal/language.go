package portal

import (
	"net/http"
	"slices"
	"time"

	"cloud.google.com/go/civil"
	"github.com/gin-gonic/gin"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const (
	languageCookie = "roomcover-lang"       // what the reader chose
	visitCookie    = "roomcover-lang-visit" // what a link said, until the browser is closed
	languagePath   = "/account/language"
)

// chooseLanguage follows, in this order, the reader's choice, now or before; the lang of the
// link that led here, now or before; the user's own language; and what the browser accepts.
// The program's first language is the fallback.
func (v *visit) chooseLanguage(c *gin.Context) *messages.Language {
	var wishes []string
	if readersChoice(c) {
		wishes = append(wishes, c.Query("lang"))
	}
	wishes = append(wishes, v.remembered(c, languageCookie), c.Query("lang"),
		v.remembered(c, visitCookie))
	if v.who != nil {
		wishes = append(wishes, v.who.user.Locale)
	}

	offered := v.offered()
	for _, w := range wishes {
		if slices.Contains(offered, w) {
			return messages.In(w)
		}
	}

	return messages.In(web.Accepted(c.GetHeader("Accept-Language"), offered))
}

// readersChoice reports whether ?lang comes from the foot of a page of ours, and not with a
// link that somebody else made, such as that of an invitation: which holds for the visit.
func readersChoice(c *gin.Context) bool {
	site := c.GetHeader("Sec-Fetch-Site") // older browsers do not say it
	return !c.Request.URL.Query().Has("token") && (site == "" || site == "same-origin")
}

// remembered is the language that a cookie holds; empty for none.
func (v *visit) remembered(c *gin.Context, cookie string) string {
	held, err := c.Request.Cookie(web.CookieName(cookie, v.secure))
	if err != nil {
		return ""
	}
	return held.Value
}

// offered is the program's languages that the portal speaks.
func (v *visit) offered() []string {
	var out []string
	for _, l := range v.program.Locales {
		if messages.Knows(l) {
			out = append(out, l)
		}
	}

	if len(out) == 0 {
		return []string{"en"}
	}
	return out
}

// changedLanguage remembers the language of ?lang and shows the page again
// under its own address. A link's token is never copied into a redirect.
func (v *visit) changedLanguage(c *gin.Context) (bool, error) {
	q := c.Request.URL.Query()
	lang := q.Get("lang")
	if lang == "" || lang != v.language.Locale() {
		return false, nil
	}

	if readersChoice(c) {
		v.keepLanguage(c, languageCookie, lang, 365*24*3600)
	} else {
		v.keepLanguage(c, visitCookie, lang, 0)
	}
	if c.Request.Method != get || q.Has("token") {
		return false, nil
	}

	// A link in the footer, not one that somebody else made: mails come in it too.
	if v.who != nil && !v.looking() && c.GetHeader("Sec-Fetch-Site") == "same-origin" {
		if err := v.people.ChooseLanguage(v.named(), v.who.user.ID, lang); err != nil {
			return false, err
		}
	}

	q.Del("lang")
	to := *c.Request.URL
	to.Scheme = ""
	to.Host = ""
	to.RawQuery = q.Encode()
	v.finish(c, redirect(web.LocalPath(to.String())))
	return true, nil
}

// keepLanguage has the browser remember a language for so many seconds; 0: until it is closed.
func (v *visit) keepLanguage(c *gin.Context, cookie, locale string, seconds int) {
	c.SetSameSite(http.SameSiteLaxMode)
	c.SetCookie(web.CookieName(cookie, v.secure), locale, seconds, "/", "", v.secure, true)
}

// mailLanguageForm shows in which language mails come to the person, and lets choose another.
type mailLanguageForm struct {
	Now     string
	Choices []choice
}

func (v *visit) mailLanguage() mailLanguageForm {
	chosen := v.program.Locale(v.who.user.Locale)
	f := mailLanguageForm{Now: messages.In(chosen).Say("language.name")}
	for _, l := range v.offered() {
		f.Choices = append(f.Choices, choice{l, messages.In(l).Say("language.name"), l == chosen})
	}
	return f
}

// chooseMailLanguage stores the language in which mails come to the person from now on. The
// pages stay in theirs.
func chooseMailLanguage(v *visit) (answer, error) {
	locale := v.form("language")
	if !slices.Contains(v.offered(), locale) {
		return answer{}, errBadForm
	}
	if err := v.people.ChooseLanguage(v.named(), v.who.user.ID, locale); err != nil {
		return answer{}, err
	}
	return v.done(mePath, "flash.language"), nil
}

// day writes a calendar date, dayIn the date that a zone shows at an instant,
// and moment that date with the time of day.
func (v *visit) day(d civil.Date) string { return v.language.Date(d.In(time.UTC)) }

func (v *visit) dayIn(at time.Time, zone string) string {
	return v.day(rules.DateIn(at, location(zone)))
}

func (v *visit) moment(at time.Time, zone string) string {
	return v.language.DateTime(at.In(location(zone)))
}

func location(zone string) *time.Location {
	return web.Zone(zone)
}
