package portal

import (
	"github.com/alexedwards/scs/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/web"
)

type sessionView struct {
	ID, Label, Since, Seen string
	Way                    string // how the person signed in
	Current                bool
}

// showSessions lists where the user is signed in.
func showSessions(v *visit) (answer, error) {
	list, err := v.sessionViews()
	return answer{page: "sessions", title: "sessions.title", data: list}, err
}

func (v *visit) sessionViews() ([]sessionView, error) {
	rows, err := v.people.SessionsOf(v.ctx, v.who.user.ID)
	if err != nil {
		return nil, err
	}

	here := web.StoredToken(v.sessions.Token(v.ctx))
	var list []sessionView
	for _, r := range rows {
		list = append(list, sessionView{
			ID:      sessionID(r),
			Label:   r.Label,
			Way:     v.language.Say("sessions.way." + wayOf(r)),
			Current: r.TokenHash == here,
			Since:   v.moment(r.CreatedAt, v.zone()),
			Seen:    v.moment(r.SeenAt, v.zone()),
		})
	}
	return list, nil
}

// The ways in which a session begins, as it keeps them.
const (
	keyWay        = "way"
	wayPassword   = "password"
	wayInvitation = "invitation" // accepted in it, with a code from the mailbox
	wayOwn        = "own"        // at the company's own sign-in
)

// wayOf is how the person of a session signed in. A session of before ways were kept began with
// a password, like nearly all.
func wayOf(r identity.Session) string {
	_, values, err := scs.GobCodec{}.Decode(r.Data)
	way, ok := values[keyWay].(string)
	if err == nil && ok && (way == wayInvitation || way == wayOwn) {
		return way
	}
	return wayPassword
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
