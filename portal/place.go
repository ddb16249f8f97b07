package portal

import (
	"crypto/rand"
	"regexp"
	"time"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/web"
)

// browserKept is how long a browser keeps the secret by which it is known again. It says
// nothing about a person, opens nothing, and only lifts the bound that holds for strange
// places; browsers keep no cookie longer.
const browserKept = 400 * 24 * time.Hour

func (s *site) browserCookie() string { return web.CookieName("roomcover-browser", s.secure) }

// browserSecret is the form of rand.Text.
var browserSecret = regexp.MustCompile(`^[A-Z2-7]{26,64}$`)

// place is where the visitor comes from.
func (v *visit) place() identity.Place {
	p := identity.Place{Network: v.network, Label: v.label}
	if p.Label == "–" {
		p.Label = ""
	}
	if cookie, err := v.request.Cookie(v.browserCookie()); err == nil &&
		browserSecret.MatchString(cookie.Value) {
		p.Browser = cookie.Value
	}
	return p
}

// placeFromNowOn is the place by which the person is known next time: a browser without a
// secret gets one with this answer.
func (v *visit) placeFromNowOn() identity.Place {
	p := v.place()
	if p.Browser == "" {
		p.Browser = rand.Text()
	}
	v.browser = p.Browser
	return p
}
