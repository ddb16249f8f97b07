package portal

import (
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/web"
)

// How long sessions live, in real time: a signed-in one ends 12 hours after
// its last use and 7 days after sign-in; one that only holds an invitation or
// a reset ends after 2 hours.
const (
	sessionIdle     = 12 * time.Hour
	sessionLifetime = 7 * 24 * time.Hour
	visitorLifetime = 2 * time.Hour
)

func newSessions(people *identity.People, secure bool) *scs.SessionManager {
	m := scs.New()
	m.Store = web.SessionStore{
		Rows:       people,
		Person:     keyUser,
		Connection: keyConnection,
		Factor:     keyFactor,
	}
	m.HashTokenInStore = true
	m.IdleTimeout, m.Lifetime = sessionIdle, sessionLifetime
	m.Cookie.Name = web.CookieName("roomcover", secure)
	m.Cookie.Secure = secure
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Path = "/"
	return m
}
