package console

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/web"
)

// What an operator typed when their session was over comes back after signing in: it is kept in
// the visitor's session for whoever was signed in with this browser and nobody else, and shown in
// its form again. It is never sent by itself.

const (
	purposeLast   = "last operator"
	lastKept      = 7 * 24 * time.Hour // since the last answer to who was signed in
	typedAnHourIP = 60                 // forms from one network
)

func (s *site) lastCookie() string { return web.CookieName("roomcover-operator", s.secure) }

// lastOperator is who was signed in with this browser; empty: nobody, or long ago.
func (v *visit) lastOperator() string {
	cookie, err := v.request.Cookie(v.lastCookie())
	if err != nil {
		return ""
	}
	text, ok := v.db.Secrets().OpenSigned(purposeLast, cookie.Value)
	id, ends, _ := strings.Cut(text, " ")
	until, err := strconv.ParseInt(ends, 10, 64)
	if !ok || err != nil || !db.RealNow().Before(time.Unix(until, 0)) {
		return ""
	}
	return id
}

// keepLastOperator leaves behind who is signed in. The end is that of a day, so that the cookie
// changes once a day.
func (v *visit) keepLastOperator(c *gin.Context) {
	if v.who == nil {
		return
	}
	until := db.RealNow().Add(lastKept).Truncate(24 * time.Hour).Unix()
	value := v.db.Secrets().Sign(purposeLast, v.who.ID+" "+strconv.FormatInt(until, 10))
	if had, err := v.request.Cookie(v.lastCookie()); err == nil && had.Value == value {
		return
	}
	v.setCookie(c, v.lastCookie(), value, int(lastKept.Seconds()))
}

// keepForComeback keeps the form of this request, which came without a session. Its files have to
// be chosen again.
func (v *visit) keepForComeback(page string) {
	v.typedBy = v.lastOperator()
	if v.request.Method != http.MethodPost || v.typedBy == "" || page == Root {
		return
	}
	if takesFiles(v.route.path) && web.HasFiles(v.request) {
		fields, _, err := web.ReadUploads(v.request, false)
		if err != nil {
			return
		}
		v.request.PostForm = fields
	}
	if v.request.ParseForm() != nil || !storable(v.request.PostForm) ||
		v.throttleNetwork("typed-ip", typedAnHourIP, time.Hour) != nil {
		return
	}
	v.keepTyped(page)
}
