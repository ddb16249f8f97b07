package api

import (
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/signing"
)

// Programs beside a customer's Sync may sign what they send as Standard Webhooks say, in place of a
// token: with a secret that an administrator made for the connection, and that opens this one door.
// The address names the connection; then no token counts, also where one is sent.

// connectionParameter names, in the address, the connection that signs.
const connectionParameter = "connection"

// SignedInput is how a request says by whom and how it is signed. It is read before the handler
// runs; here it is documented.
type SignedInput struct {
	Connection string `query:"connection" maxLength:"64" doc:"Id of the connection to Sync whose secret signs the request, as the portal shows it; the answer then holds nothing that people write in the ticket; missing: the request has a token"`
	ID         string `header:"webhook-id" doc:"Of a signed request: its own name, without a dot, which stays where it is sent again; it is the idempotency key"`
	Timestamp  string `header:"webhook-timestamp" doc:"Of a signed request: seconds since 1970 at which this attempt was signed; within five minutes of now"`
	Signature  string `header:"webhook-signature" doc:"Of a signed request: v1, and the HMAC-SHA256 over id, dot, timestamp, dot and body, in base64; several are separated by spaces"`
}

// signedBy is the connection that signs a request in place of a token; empty: a token is asked for.
func signedBy(ctx huma.Context) string {
	if !routeOf(ctx).Signed {
		return ""
	}
	return ctx.Query(connectionParameter)
}

// signedRemedies tell the customer's people what to do about each refusal.
var signedRemedies = map[error]string{
	signing.ErrNoTimestamp:  "Send webhook-timestamp, in seconds since 1970.",
	signing.ErrBadTimestamp: "Send webhook-timestamp in whole seconds since 1970.",
	signing.ErrTooOld:       "Sign each attempt anew, with the time at which it is sent.",
	signing.ErrInFuture:     "Set the clock, and sign with the time at which it is sent.",
	signing.ErrNoSignature:  "Send webhook-signature.",
	signing.ErrSignature: "Sign webhook-id, timestamp and body as they are sent, with a secret " +
		"of the connection that is valid now.",
}

// verifySigned finds out whether a signed request comes from its connection's programs, and says
// what they may see: what a reader of the account may, at this one door. It runs once the body is
// there, octet for octet as it came, and before anything decodes it; without it the request has no
// scope, and finds nothing. Nobody learns whether there is such a connection.
func (s *service) verifySigned(ctx huma.Context, next func(huma.Context)) {
	connection := signedBy(ctx)
	if connection == "" {
		next(ctx)
		return
	}

	c := callOf(ctx.Context())
	id := ctx.Header(signing.StandardID)
	signer, err := s.domains.Sync.SignerOf(ctx.Context(), connection)
	if err != nil {
		s.refuse(ctx, err)
		return
	}
	err = signing.VerifyStandard(
		id, ctx.Header(signing.StandardTimestamp), ctx.Header(signing.StandardSignature),
		c.body.content, time.Now(), signer.Keys...)
	if err != nil {
		s.refuse(ctx,
			rules.Refuse(err.Error(), "The request is not known to come from the connection.",
				signedRemedies[err]))
		return
	}
	if wait, ok := s.limits.countRequest(signer.ConnectionID); !ok {
		ctx.SetHeader("Retry-After", wait)
		s.refuse(ctx,
			rules.Refuse(rules.RateLimited, "This connection sends too many requests.",
				"Wait as long as Retry-After says, then go on."))
		return
	}

	c.once = id
	c.token = identity.APIToken{
		ID:        signer.ConnectionID,
		OrgID:     signer.OrgID,
		Role:      rules.CustomerReadOnly,
		AccountID: &signer.AccountID,
		Scopes:    routeOf(ctx).Scope,
	}
	scope := db.Scope{
		Actor: db.Actor{
			ID:        signer.ConnectionID,
			Role:      rules.CustomerReadOnly,
			OrgID:     signer.OrgID,
			IP:        humagin.Unwrap(ctx).ClientIP(),
			RequestID: requestID(ctx.Context()),
		},
		AccountIDs: []string{signer.AccountID},
		Changed:    &atomic.Bool{},
	}
	humagin.Unwrap(ctx).Set(tokenForLog, signer.ConnectionID)
	next(huma.WithContext(ctx, db.WithScope(ctx.Context(), scope)))
}
