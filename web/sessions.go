package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"reflect"
	"time"

	"github.com/alexedwards/scs/v2"

	"roomcover.dev/roomcover/models/identity"
)

// SessionRows keep the sessions of one kind of people: customers or operators.
type SessionRows interface {
	FindSession(ctx context.Context, tokenHash string) (identity.Session, bool, error)
	PutSession(ctx context.Context, row identity.Session) error
	KeepSession(ctx context.Context, row identity.Session) error
	DeleteSession(ctx context.Context, tokenHash string) error
	EndSessionSoon(ctx context.Context, tokenHash string, in time.Duration) error
}

// SessionStore keeps scs sessions as rows.
type SessionStore struct {
	Rows SessionRows
	// Person is the key of the session's value that holds who is signed in.
	Person string
	// Connection is the key of the value that holds the organisation's sign-in by which they
	// came; empty: nobody comes so.
	Connection string
	// Factor is the key of the value that a session has whose person showed a second factor.
	Factor string
}

// VisitorGrace is how long a visitor's session is still known after it got a new token. The
// second click on a button arrives with the old token, as the browser has not read the new
// one yet; it may do what the first one did, and proves as much itself.
const VisitorGrace = time.Minute

// Browser travels in the context of a request: what the session row says about it, and the
// row that the request came with.
type Browser struct {
	label   string
	found   string // stored token; empty for a new session
	visitor bool   // the row is of nobody who is signed in
	row     identity.Session
}

type browserKey struct{}

// WithBrowser returns a context for the sessions of one request of a browser.
func WithBrowser(ctx context.Context, label string) context.Context {
	return context.WithValue(ctx, browserKey{}, &Browser{label: label})
}

// StoredToken is how scs names a session in the store under HashTokenInStore.
func StoredToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// FindCtx reads a live session.
func (s SessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	row, ok, err := s.Rows.FindSession(ctx, token)
	if b, in := ctx.Value(browserKey{}).(*Browser); in && ok {
		b.found = token
		b.visitor = row.UserID == nil
		b.row = row
	}
	return row.Data, ok, err
}

// CommitCtx writes a session. One that the request came with is only updated,
// so that a request under way does not bring back a session that was ended.
func (s SessionStore) CommitCtx(
	ctx context.Context, token string, data []byte, expiry time.Time,
) error {
	row := identity.Session{TokenHash: token, Data: data, ExpiresAt: expiry.UTC()}
	_, values, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return err
	}

	if person, ok := values[s.Person].(string); ok && person != "" {
		row.UserID = &person
	}
	if connection, ok := values[s.Connection].(string); ok && connection != "" {
		row.ConnectionID = &connection
	}
	_, row.SecondFactor = values[s.Factor]

	if b, ok := ctx.Value(browserKey{}).(*Browser); ok {
		row.Label = b.label
		if b.found == token && seenLately(b.row, row, values) {
			return nil
		}
		if b.found == token {
			return s.Rows.KeepSession(ctx, row)
		}
	}

	return s.Rows.PutSession(ctx, row)
}

// seenPrecision is how exactly it is known when a session was last used.
const seenPrecision = time.Minute

// seenLately reports whether a session says no more than its row does, so that nothing has to be
// written for a page that is only looked at.
func seenLately(was, is identity.Session, values map[string]any) bool {
	if was.Label != is.Label || time.Since(was.SeenAt) >= seenPrecision ||
		is.ExpiresAt.Sub(was.ExpiresAt).Abs() >= seenPrecision {
		return false
	}
	_, before, err := scs.GobCodec{}.Decode(was.Data)
	return err == nil && reflect.DeepEqual(before, values)
}

// DeleteCtx ends a session: at once where somebody is signed in with it, and else after
// VisitorGrace.
func (s SessionStore) DeleteCtx(ctx context.Context, token string) error {
	if b, ok := ctx.Value(browserKey{}).(*Browser); ok && b.found == token && b.visitor {
		return s.Rows.EndSessionSoon(ctx, token, VisitorGrace)
	}
	return s.Rows.DeleteSession(ctx, token)
}

// Find, Commit and Delete complete scs's interface; scs calls the ones above.
func (s SessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a request.
func (s SessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a request.
func (s SessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
