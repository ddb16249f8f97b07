package api

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// call is what is known about a request under way.
type call struct {
	token identity.APIToken
	body  rawBody // for mountRaw and for the names of requests only
	once  string  // idempotency key of a request that is signed with it; see signed.go
}

type (
	callKey    struct{}
	logKey     struct{}
	requestKey struct{}
)

func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

func logOf(ctx context.Context) *slog.Logger {
	if log, ok := ctx.Value(logKey{}).(*slog.Logger); ok {
		return log
	}
	return slog.Default()
}

// logAfterCommit logs why an answer lacks what only goes along with it. What was asked for is
// done by then, and an error would say that it is not.
func logAfterCommit(ctx context.Context, what string, err error) {
	logOf(ctx).ErrorContext(ctx, what, slog.String("request_id", requestID(ctx)),
		slog.Any("error", err))
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

func routeOf(ctx huma.Context) route { return ctx.Operation().Metadata["route"].(route) }

// observe puts the log into the request, for errors that nobody expected.
func (s *service) observe(ctx huma.Context, next func(huma.Context)) {
	next(huma.WithValue(ctx, logKey{}, s.Log))
}

// authenticate finds the token and says who asks and what they may see (C5).
func (s *service) authenticate(ctx huma.Context, next func(huma.Context)) {
	ip := humagin.Unwrap(ctx).ClientIP()
	if routeOf(ctx).Public || signedBy(ctx) != "" {
		if wait, ok := s.public.countRequest(ip); !ok {
			ctx.SetHeader("Retry-After", wait)
			s.refuse(ctx,
				rules.Refuse(rules.RateLimited, "Too many requests come from this address.",
					"Wait as long as Retry-After says, then go on."))
			return
		}

		next(huma.WithValue(ctx, callKey{}, &call{}))
		return
	}

	t, err := s.tokenOf(ctx)
	if errors.Is(err, identity.ErrBadToken) {
		// A good token from the same address always passes: callers may share one.
		if wait, ok := s.strangers.countRequest(ip); !ok {
			ctx.SetHeader("Retry-After", wait)
			err = rules.Refuse(rules.RateLimited,
				"Too many requests without a good token come from this address.",
				"Send a good token, and wait as long as Retry-After says.")
		}
	}
	if err != nil {
		s.refuse(ctx, err)
		return
	}

	scope := db.Scope{
		Actor: db.Actor{
			ID:        t.ID,
			Role:      t.Role,
			OrgID:     t.OrgID,
			IP:        ip,
			RequestID: requestID(ctx.Context()),
		},
		Changed: &atomic.Bool{},
	}

	switch {
	case t.Role.IsOperator():
		scope.System = true
	case t.Delegated != nil:
		scope.AccountIDs = []string{t.Delegated.AccountID}
		scope.Actor.OnBehalfOf = t.Delegated.AccountID
		scope.Delegated = t.Delegated.Held()
	case t.AccountID != nil:
		scope.AccountIDs = []string{*t.AccountID}
	default:
		scope.OrgID = t.OrgID
	}

	c := context.WithValue(db.WithScope(ctx.Context(), scope), callKey{}, &call{token: t})
	humagin.Unwrap(ctx).Set(tokenForLog, t.ID)
	next(huma.WithContext(ctx, c))
}

// tokenOf finds the live token of the Authorization header.
func (s *service) tokenOf(ctx huma.Context) (identity.APIToken, error) {
	scheme, secret, _ := strings.Cut(ctx.Header("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(secret, "rct_") ||
		len(secret) > 128 {
		return identity.APIToken{}, identity.ErrBadToken
	}
	return s.domains.People.TokenBySecret(ctx.Context(), secret)
}

// permit holds the token to its rate, its scopes and its role.
func (s *service) permit(ctx huma.Context, next func(huma.Context)) {
	r := routeOf(ctx)
	if r.Public || signedBy(ctx) != "" {
		next(ctx)
		return
	}

	t := callOf(ctx.Context()).token
	if wait, ok := s.limits.countRequest(t.ID); !ok {
		ctx.SetHeader("Retry-After", wait)
		s.refuse(ctx,
			rules.Refuse(rules.RateLimited, "This token sends too many requests.",
				"Wait as long as Retry-After says, then go on."))
		return
	}

	if !t.HasScope(r.Scope) && (r.OrScope == "" || !t.HasScope(r.OrScope)) {
		s.refuse(ctx, lacksScope(r.Scope))
		return
	}

	if !r.allows(t.Role) || (customers(t.Role) && t.AccountID == nil) ||
		partners(t.Role) != (t.Delegated != nil) {
		s.refuse(ctx,
			rules.Refuse(rules.Forbidden, "The token's role may not do this.", "Ask an operator."))
		return
	}
	if t.Delegated != nil {
		if err := r.withinReach(t.Delegated.Held()); err != nil {
			s.refuse(ctx, err)
			return
		}
	}

	next(ctx)
}

func lacksScope(scope string) error {
	return rules.Refuse(rules.Forbidden, "The token lacks the scope "+scope+".",
		"Ask an operator for a token with this scope.")
}

// refuse answers with a problem before any handler ran.
func (s *service) refuse(ctx huma.Context, err error) {
	p := problemFor(ctx.Context(), err)
	if p.Status == 401 {
		ctx.SetHeader("WWW-Authenticate", `Bearer realm="roomcover"`)
	}
	writeProblem(humagin.Unwrap(ctx), p)
}
