package portal

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/web"
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

	here := web.StoredToken(v.sessions.Token(v.ctx))
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
		if r.TokenHash == web.StoredToken(v.sessions.Token(v.ctx)) {
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
	here := web.StoredToken(v.sessions.Token(v.ctx))
	if err := v.people.DeleteSessionsOf(v.ctx, v.who.user.ID, "", here); err != nil {
		return answer{}, err
	}
	return v.done("/sessions", "flash.sessionsended"), nil
}
