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
	languageCookie = "roomcover-lang"
	languagePath   = "/account/language"
)

// chooseLanguage follows, in this order, the query's lang, the cookie, the
// user's own language and what the browser accepts; the program's first
// language is the fallback.
func (v *visit) chooseLanguage(c *gin.Context) *messages.Language {
	wishes := []string{c.Query("lang")}
	if cookie, err := c.Request.Cookie(web.CookieName(languageCookie, v.secure)); err == nil {
		wishes = append(wishes, cookie.Value)
	}
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

	v.keepLanguage(c, lang)
	if c.Request.Method != get || q.Has("token") {
		return false, nil
	}

	// A link in the footer, not one that somebody else made: mails come in it too.
	if v.who != nil && c.GetHeader("Sec-Fetch-Site") == "same-origin" {
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

// keepLanguage has the browser remember a language.
func (v *visit) keepLanguage(c *gin.Context, locale string) {
	c.SetSameSite(http.SameSiteLaxMode)
	c.SetCookie(
		web.CookieName(languageCookie, v.secure), locale, 365*24*3600, "/", "", v.secure, true,
	)
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
	return v.done("/account", "flash.language"), nil
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
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.UTC
	}
	return loc
}
