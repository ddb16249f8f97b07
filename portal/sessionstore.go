package portal

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"roomcover.dev/roomcover/models/identity"
)

// How long sessions live, in real time: a signed-in one ends 12 hours after
// its last use and 7 days after sign-in; one that only holds an invitation or
// a reset ends after 2 hours.
const (
	sessionIdle     = 12 * time.Hour
	sessionLifetime = 7 * 24 * time.Hour
	visitorLifetime = 2 * time.Hour
)

// visitorGrace is how long a visitor's session is still known after it got a new token. The
// second click on a button arrives with the old token, as the browser has not read the new
// one yet; it may do what the first one did, and proves as much itself.
const visitorGrace = time.Minute

func newSessions(people *identity.People, secure bool) *scs.SessionManager {
	m := scs.New()
	m.Store = sessionStore{people: people}
	m.HashTokenInStore = true
	m.IdleTimeout, m.Lifetime = sessionIdle, sessionLifetime
	m.Cookie.Name = cookieName("roomcover", secure)
	m.Cookie.Secure = secure
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Path = "/"
	return m
}

// cookieName adds the prefix that browsers accept only for a Secure cookie of
// this very host.
func cookieName(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// storedToken is how scs names a session in the store under HashTokenInStore.
func storedToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// sessionStore keeps scs sessions as rows.
type sessionStore struct{ people *identity.People }

// browser travels in the context of a request: what the session row says about
// it, and the row that the request came with.
type browser struct {
	label   string
	found   string // stored token; empty for a new session
	visitor bool   // the row is of nobody who is signed in
}

type browserKey struct{}

// FindCtx reads a live session.
func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	row, ok, err := s.people.FindSession(ctx, token)
	if b, in := ctx.Value(browserKey{}).(*browser); in && ok {
		b.found = token
		b.visitor = row.UserID == nil
	}
	return row.Data, ok, err
}

// CommitCtx writes a session. One that the request came with is only updated,
// so that a request under way does not bring back a session that was ended.
func (s sessionStore) CommitCtx(
	ctx context.Context, token string, data []byte, expiry time.Time,
) error {
	row := identity.Session{TokenHash: token, Data: data, ExpiresAt: expiry.UTC()}
	_, values, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return err
	}

	if user, ok := values[keyUser].(string); ok && user != "" {
		row.UserID = &user
	}

	if b, ok := ctx.Value(browserKey{}).(*browser); ok {
		row.Label = b.label
		if b.found == token {
			return s.people.KeepSession(ctx, row)
		}
	}

	return s.people.PutSession(ctx, row)
}

// DeleteCtx ends a session: at once where somebody is signed in with it, and else after
// visitorGrace.
func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	if b, ok := ctx.Value(browserKey{}).(*browser); ok && b.found == token && b.visitor {
		return s.people.EndSessionSoon(ctx, token, visitorGrace)
	}
	return s.people.DeleteSession(ctx, token)
}

// Find, Commit and Delete complete scs's interface; scs calls the ones above.
func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a request.
func (s sessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a request.
func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
