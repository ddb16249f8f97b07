// Package saml signs people in by SAML 2.0: it makes the request to a customer's identity
// provider, reads that provider's metadata, and turns an answer into who it is, or into the
// reason for which it is not believed. It stands before the library that knows XML
// signatures, sets it as strictly as it goes, and looks at the shape of an answer first.
package saml

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"
)

// MaxAnswer is how large the body of a request with an answer may be, in bytes.
const MaxAnswer = 256 << 10

// Skew is how far a provider's clock and ours may differ.
const Skew = 3 * time.Minute

// onTheWay is how long an answer may take from the provider through the browser to us.
const onTheWay = 90 * time.Second

// The library holds these two for the whole program. Its own delay does not count the skew:
// a provider whose clock is two minutes behind could sign nobody in.
func init() {
	saml.MaxClockSkew = Skew
	saml.MaxIssueDelay = Skew + onTheWay
}

// ErrReplayed is what Replays answers for an assertion that was used before.
var ErrReplayed = errors.New("saml: the assertion was used before")

// Replays remembers which assertions of one connection were used. Consume records an id
// until an instant, or returns ErrReplayed; of two that come at once, in any two processes,
// only one succeeds.
type Replays interface {
	Consume(ctx context.Context, id string, until time.Time) error
}

// Connection is what binds this service to one provider.
type Connection struct {
	// Address is our name to the provider, and where the metadata and the answers go:
	// https://portal.example/sso/saml/<id>.
	Address  string
	Provider Provider
	Replays  Replays
}

// AnswersAddress is where the provider's answers go, by HTTP-POST.
func (c Connection) AnswersAddress() string { return c.Address + "/acs" }

// MetadataAddress is where our metadata stands.
func (c Connection) MetadataAddress() string { return c.Address + "/metadata" }

// Asked is a request that was sent: what an answer has to answer.
type Asked struct {
	RequestID string
	At        time.Time
	// Fresh asks that people prove themselves anew, whatever session they have there.
	Fresh bool
}

// at is the library's side of the connection at an instant, strict in all that it offers.
// It has no key: our requests are not signed, and nothing is encrypted for us.
func (c Connection) at(now time.Time) (*saml.ServiceProvider, error) {
	answers, err := url.Parse(c.AnswersAddress())
	if err != nil {
		return nil, err
	}
	metadata, err := url.Parse(c.MetadataAddress())
	if err != nil {
		return nil, err
	}

	return &saml.ServiceProvider{
		EntityID:                         c.Address,
		MetadataURL:                      *metadata,
		AcsURL:                           *answers,
		IDPMetadata:                      c.Provider.descriptor,
		AuthnNameIDFormat:                saml.PersistentNameIDFormat,
		AssertionConsumerServiceBindings: []string{saml.HTTPPostBinding},
		MetadataOmitValidUntil:           true,
		AllowIDPInitiated:                false,
		RejectSHA1Signatures:             true,
		RejectExpiredIDPMetadata:         true,
		RejectUnknownConditions:          true,
		RequireSignedResponseForCBC:      true,
		RequireStandardArtifacts:         true,
		LimitRelayStateLength:            true,
		Clock:                            dsig.NewFakeClockAt(now),
	}, nil
}

// Request is a request that is about to be sent.
type Request struct {
	Asked
	request *saml.AuthnRequest
	party   *saml.ServiceProvider
}

// NewRequest makes a request; fresh asks that people prove themselves anew, whatever session they
// have at the provider.
func (c Connection) NewRequest(fresh bool, now time.Time) (Request, error) {
	party, err := c.at(now)
	if err != nil {
		return Request{}, err
	}
	if fresh {
		party.ForceAuthn = &fresh
	}

	request, err := party.MakeAuthenticationRequest(
		c.Provider.SignInURL, saml.HTTPRedirectBinding, saml.HTTPPostBinding)
	if err != nil {
		return Request{}, err
	}
	asked := Asked{RequestID: request.ID, At: now, Fresh: fresh}
	return Request{Asked: asked, request: request, party: party}, nil
}

// Address is where the browser goes with the request. The state comes back with the answer; it
// has at most 80 bytes and says nothing by itself.
func (r Request) Address(state string) (string, error) {
	to, err := r.request.Redirect(state, r.party)
	if err != nil {
		return "", err
	}
	return to.String(), nil
}

// Metadata is what we say about ourselves, for a provider to read. It is the same before the
// provider is known.
func (c Connection) Metadata() ([]byte, error) {
	party, err := c.at(time.Time{})
	if err != nil {
		return nil, err
	}

	descriptor := party.Metadata()
	role := &descriptor.SPSSODescriptors[0]
	role.NameIDFormats = []saml.NameIDFormat{
		saml.PersistentNameIDFormat, saml.EmailAddressNameIDFormat,
	}
	body, err := xml.MarshalIndent(descriptor, "", "  ")
	return append([]byte(xml.Header), body...), err
}

// Verify reads an answer as it was posted, in base64, to the connection's address: who it
// is, or a Refusal with its reason. An answer is believed once: again it is Replayed, in
// whichever process. Any other error says that we could not tell.
func (c Connection) Verify(
	ctx context.Context, answer string, asked Asked, now time.Time,
) (Identity, error) {
	if len(answer) > MaxAnswer {
		return Identity{}, refuse(TooLarge)
	}
	plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(answer), ""))
	if err != nil {
		return Identity{}, refuse(Malformed)
	}
	seen, err := shapeOf(plain)
	if err != nil {
		return Identity{}, err
	}

	party, err := c.at(now)
	if err != nil {
		return Identity{}, err
	}
	once := &consumer{ctx: ctx, replays: c.Replays}
	party.ReplayCache = once
	assertion, err := party.ParseXMLResponse(plain, []string{asked.RequestID}, party.AcsURL)
	if err != nil {
		return Identity{}, c.refused(err, seen, once, now)
	}

	return identityOf(assertion, c.Address, asked, now)
}

// refused turns an error of the library into a Refusal; what went wrong with our own rows
// stays as it is.
func (c Connection) refused(err error, seen shape, once *consumer, now time.Time) error {
	if once.failed != nil {
		return once.failed
	}

	var status saml.ErrBadStatus
	if errors.As(err, &status) {
		return &Refusal{Reason: RefusedThere, Status: seen.status}
	}
	if end := c.Provider.ValidUntil; !end.IsZero() && !now.Before(end) {
		return refuse(MetadataOver)
	}

	refusal := &Refusal{Reason: reasonOf(err)}
	if ahead := seen.at.Sub(now).Round(time.Second); refusal.Reason == Clock &&
		!seen.at.IsZero() && ahead.Abs() > Skew {
		refusal.Ahead = ahead
	}
	return refusal
}

// consumer is Replays as the library asks for it.
type consumer struct {
	ctx     context.Context
	replays Replays
	failed  error
}

// Consume records an assertion. An id is a name of XML, and short.
func (c *consumer) Consume(id string, until time.Time) error {
	err := c.replays.Consume(c.ctx, id, until)
	if errors.Is(err, ErrReplayed) {
		return saml.ErrAssertionReplayed
	}
	c.failed = err
	return err
}
