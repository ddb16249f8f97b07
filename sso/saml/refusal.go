package saml

import (
	"errors"
	"time"

	"github.com/crewjam/saml"
)

// Reason says why an answer of a provider, or its metadata, is not taken. It is fit for logs
// and pages: nothing that the answer says goes into it.
type Reason string

// The reasons for which an answer is refused.
const (
	// TooLarge is an answer above MaxAnswer, or metadata above MaxMetadata.
	TooLarge Reason = "TOO_LARGE"
	// Malformed is no SAML message as providers send it: broken XML, a document type,
	// comments, an id that stands twice, an element that is missing.
	Malformed Reason = "MALFORMED"
	// Assertions is an answer with another number of assertions than one, or with its one
	// elsewhere than it belongs: the shapes of signature wrapping.
	Assertions Reason = "ASSERTIONS"
	// Encrypted is an answer with encrypted parts, for which this service gives out no key.
	Encrypted Reason = "ENCRYPTED"
	// NotAskedFor is an answer to no request, or to another one: a sign-in that began at
	// the provider, or in another browser.
	NotAskedFor Reason = "NOT_ASKED_FOR"
	// Replayed is an assertion that was used before.
	Replayed Reason = "REPLAYED"
	// Destination is an answer to another address than ours.
	Destination Reason = "DESTINATION"
	// Audience is an assertion that is not for this connection.
	Audience Reason = "AUDIENCE"
	// Issuer is an answer of another provider than the connection's.
	Issuer Reason = "ISSUER"
	// Signature is an answer without a signature that holds, or one with SHA-1.
	Signature Reason = "SIGNATURE"
	// UnknownCertificate is a signature by a key that the provider's metadata does not name.
	UnknownCertificate Reason = "CERTIFICATE"
	// CertificateOver is a signature by a certificate that has ended or not begun.
	CertificateOver Reason = "CERTIFICATE_OVER"
	// MetadataOver is metadata whose own end has passed.
	MetadataOver Reason = "METADATA_OVER"
	// Clock is an answer that is too old or not valid yet; see Refusal.Ahead.
	Clock Reason = "CLOCK"
	// Conditions is an assertion that depends on something that is not understood here.
	Conditions Reason = "CONDITIONS"
	// RefusedThere is an answer in which the provider itself refuses; see Refusal.Status.
	RefusedThere Reason = "REFUSED_THERE"
	// Subject is an assertion without a lasting name for the person.
	Subject Reason = "SUBJECT"
	// NotFresh is a person who did not prove themselves anew though they were asked to.
	NotFresh Reason = "NOT_FRESH"
	// SessionOver is a session that has ended at the provider.
	SessionOver Reason = "SESSION_OVER"
)

// The reasons for which metadata is refused, besides TooLarge, Malformed and MetadataOver.
const (
	// NoProvider is metadata of no identity provider, or of several.
	NoProvider Reason = "NO_PROVIDER"
	// NoSignInAddress is a provider without an https address for HTTP-Redirect.
	NoSignInAddress Reason = "NO_SIGN_IN_ADDRESS"
	// NoCertificate is a provider without a signing certificate that can be read.
	NoCertificate Reason = "NO_CERTIFICATE"
	// WeakKey is a signing key that is too short, or of a kind that is not taken.
	WeakKey Reason = "WEAK_KEY"
)

// Refusal is the error for what is not taken. Its text holds the reason alone: what a
// provider said may be personal and stays out of logs.
type Refusal struct {
	Reason Reason
	// Ahead says how far the provider's clock seems to be ahead of ours, for Clock; below
	// zero: behind.
	Ahead time.Duration
	// Status is what the provider answered, for RefusedThere: one of the names of the
	// standard, such as AuthnFailed, or empty.
	Status string
}

func (r *Refusal) Error() string { return "saml: refused: " + string(r.Reason) }

// ReasonOf returns the reason of a Refusal, or nothing for another error.
func ReasonOf(err error) Reason {
	var refused *Refusal
	if errors.As(err, &refused) {
		return refused.Reason
	}
	return ""
}

func refuse(reason Reason) error { return &Refusal{Reason: reason} }

// reasonOf reads why the library refused an answer. Several kinds may hold at once: the
// narrower ones stand first.
func reasonOf(err error) Reason {
	for _, one := range []struct {
		kind   error
		reason Reason
	}{
		{saml.ErrDecryptionFailed, Encrypted},
		{saml.ErrCertificateNotValidNow, CertificateOver},
		{saml.ErrUntrustedCertificate, UnknownCertificate},
		{saml.ErrInvalidSignature, Signature},
		{saml.ErrRequestIDMismatch, NotAskedFor},
		{saml.ErrDestinationMismatch, Destination},
		{saml.ErrAudienceMismatch, Audience},
		{saml.ErrIssuerMismatch, Issuer},
		{saml.ErrExpired, Clock},
		{saml.ErrNotYetValid, Clock},
		{saml.ErrAssertionReplayed, Replayed},
		{saml.ErrUnsupported, Conditions},
	} {
		if errors.Is(err, one.kind) {
			return one.reason
		}
	}
	return Malformed
}
