package web

import (
	"net/http"
	"strings"
)

// CookieName adds the prefix that browsers accept only for a Secure cookie of
// this very host.
func CookieName(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// LookCookie is the name of the cookie that opens an operator's look at the portal as a customer
// sees it. The console sets it, the portal reads it.
const LookCookie = "roomcover-look"

// Scripts says whether pages run any of this site's scripts; those of others never run.
type Scripts string

// What pages run.
const (
	NoScripts  Scripts = "'none'"
	OwnScripts Scripts = "'self'"
)

// Headers forbids whatever a page does not need: frames, foreign sources, styles and scripts
// within it. The referrer stays on this site: "no-referrer" would also blank the Origin of our
// own forms, by which browsers without Sec-Fetch-Site are told apart from foreign sites.
func Headers(h http.Header, secure bool, scripts Scripts) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; "+
			"script-src "+string(scripts)+"; connect-src "+string(scripts)+"; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Cookie, Accept-Language")
	if secure {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
}

// AllowCamera lets a page's own script use the camera, after Headers forbade it.
func AllowCamera(h http.Header) {
	h.Set("Permissions-Policy", "camera=(self), geolocation=(), microphone=(), payment=()")
}

// LocalPath keeps a redirect on this site: "//host" would leave it.
func LocalPath(path string) string {
	if len(path) == 0 || path[0] != '/' || (len(path) > 1 && (path[1] == '/' || path[1] == '\\')) {
		return "/"
	}
	return path
}

// BrowserLabel names a browser and its system for the list; nothing finer is
// kept.
func BrowserLabel(agent string) string {
	name := firstIn(agent, []string{
		"Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "CriOS/",
		"Chrome", "FxiOS/", "Firefox", "Safari/", "Safari",
	})

	system := firstIn(agent, []string{
		"Windows", "Windows", "Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Mac OS X",
		"macOS", "CrOS", "ChromeOS", "Linux", "Linux",
	})

	switch {
	case name == "" && system == "":
		return "–"
	case system == "":
		return name
	case name == "":
		return system
	}

	return name + ", " + system
}

func firstIn(text string, pairs []string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if strings.Contains(text, pairs[i]) {
			return pairs[i+1]
		}
	}
	return ""
}
