package portal

import (
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
)

type sessionView struct {
	ID, Label, Since, Seen string
	Current                bool
}

// showSessions lists where the user is signed in.
func showSessions(v *visit) (answer, error) {
	rows, err := v.people.SessionsOf(v.ctx, v.who.user.ID)
	if err != nil {
		return answer{}, err
	}

	here := storedToken(v.sessions.Token(v.ctx))
	zone := "UTC"
	if len(v.who.accounts) > 0 {
		zone = v.who.account().TimeZone
	}

	var list []sessionView
	for _, r := range rows {
		list = append(list, sessionView{
			ID:      sessionID(r),
			Label:   r.Label,
			Current: r.TokenHash == here,
			Since:   v.moment(r.CreatedAt, zone),
			Seen:    v.moment(r.SeenAt, zone),
		})
	}

	return answer{page: "sessions", title: "sessions.title", data: list}, nil
}

// sessionID names a session on the page without showing its stored token.
func sessionID(r identity.Session) string { return db.HashSecret(r.TokenHash)[:20] }

// endSession signs the user out in one other place. One that is gone already
// is what was wanted.
func endSession(v *visit) (answer, error) {
	rows, err := v.people.SessionsOf(v.ctx, v.who.user.ID)
	if err != nil {
		return answer{}, err
	}

	for _, r := range rows {
		if sessionID(r) != v.form("session") {
			continue
		}
		if r.TokenHash == storedToken(v.sessions.Token(v.ctx)) {
			return signOut(v)
		}
		if err := v.people.DeleteSessionsOf(v.ctx, v.who.user.ID, r.TokenHash, ""); err != nil {
			return answer{}, err
		}
	}

	return v.done("/sessions", "flash.sessionended"), nil
}

// endOtherSessions keeps this one only.
func endOtherSessions(v *visit) (answer, error) {
	here := storedToken(v.sessions.Token(v.ctx))
	if err := v.people.DeleteSessionsOf(v.ctx, v.who.user.ID, "", here); err != nil {
		return answer{}, err
	}
	return v.done("/sessions", "flash.sessionsended"), nil
}

// browserLabel names a browser and its system for the list; nothing finer is
// kept.
func browserLabel(agent string) string {
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
