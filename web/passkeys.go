package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"roomcover.dev/roomcover/models/identity"
)

// Passkeys is this site as a party that passkeys (WebAuthn) are made for. It puts a question to
// a browser, whose static/passkey.js hands it to the device, and reads the answer.
type Passkeys struct{ party *webauthn.WebAuthn }

// PasskeyValid is how long a question can be answered.
const PasskeyValid = 5 * time.Minute

// ErrPasskey is an answer that does not hold, whatever is wrong with it.
var ErrPasskey = errors.New("web: the answer of a passkey does not hold")

// PasskeyOwner is whose passkeys they are.
type PasskeyOwner struct {
	ID, Name, Email string
	Keys            []identity.Passkey
}

// PasskeyQuestion is what a browser is asked, and what is kept here to judge its answer by.
type PasskeyQuestion struct{ Options, Kept string }

// PasskeyProof says which passkey has signed, and how often it did by its own count.
type PasskeyProof struct {
	CredentialID string
	Challenge    string // what was signed
	Counter      uint32
}

// NewPasskeys returns the passkeys of a site at that address; ok is false for an address of
// which browsers know none, such as one in numbers.
func NewPasskeys(public *url.URL) (p *Passkeys, ok bool) {
	if net.ParseIP(public.Hostname()) != nil {
		return nil, false
	}
	within := webauthn.TimeoutConfig{
		Enforce:    true,
		Timeout:    PasskeyValid,
		TimeoutUVD: PasskeyValid,
	}
	party, err := webauthn.New(&webauthn.Config{
		RPID:      public.Hostname(),
		RPOrigins: []string{public.Scheme + "://" + public.Host},
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey:      protocol.ResidentKeyRequirementPreferred,
			UserVerification: protocol.VerificationPreferred,
		},
		AttestationPreference: protocol.PreferNoAttestation,
		Timeouts:              webauthn.TimeoutsConfig{Login: within, Registration: within},
	})
	return &Passkeys{party}, err == nil
}

// AskForNew asks for a passkey that the owner does not have yet, made for the brand.
func (p *Passkeys) AskForNew(o PasskeyOwner, brand string) (PasskeyQuestion, error) {
	creation, session, err := p.party.BeginRegistration(o,
		webauthn.WithRegistrationRelyingPartyName(brand),
		webauthn.WithExclusions(webauthn.Credentials(o.WebAuthnCredentials()).
			CredentialDescriptors()))
	if err != nil {
		return PasskeyQuestion{}, err
	}
	return question(creation.Response, session)
}

// ReadNew reads the passkey that a browser has made.
func (p *Passkeys) ReadNew(o PasskeyOwner, kept, answer string) (identity.Passkey, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal([]byte(kept), &session); err != nil {
		return identity.Passkey{}, wrong(err)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return identity.Passkey{}, wrong(err)
	}
	made, err := p.party.CreateCredential(o, session, parsed)
	if err != nil {
		return identity.Passkey{}, wrong(err)
	}

	var transports []string
	for _, t := range made.Transport {
		if slices.Contains(knownTransports, t) {
			transports = append(transports, string(t))
		}
	}
	return identity.Passkey{
		CredentialID:   base64.RawURLEncoding.EncodeToString(made.ID),
		PublicKey:      made.PublicKey,
		Counter:        made.Authenticator.SignCount,
		BackupEligible: made.Flags.BackupEligible,
		Transports:     strings.Join(transports, ","),
	}, nil
}

// knownTransports are the ways to reach a passkey that are kept of what a browser says.
var knownTransports = []protocol.AuthenticatorTransport{
	protocol.USB, protocol.NFC, protocol.BLE, protocol.SmartCard, protocol.Hybrid,
	protocol.Internal,
}

// AskForProof asks for a signature of one of the owner's passkeys. With verified the device has
// to make sure who holds it, by a finger, a face or a number.
func (p *Passkeys) AskForProof(o PasskeyOwner, verified bool) (PasskeyQuestion, error) {
	demand := protocol.VerificationPreferred
	if verified {
		demand = protocol.VerificationRequired
	}
	assertion, session, err := p.party.BeginLogin(o, webauthn.WithUserVerification(demand))
	if err != nil {
		return PasskeyQuestion{}, err
	}
	return question(assertion.Response, session)
}

// ReadProof reads the signature that a browser has got. Whether the passkey's count went on is
// for the UsePasskey of identity.Operators or identity.People to say.
func (p *Passkeys) ReadProof(o PasskeyOwner, kept, answer string) (PasskeyProof, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal([]byte(kept), &session); err != nil {
		return PasskeyProof{}, wrong(err)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return PasskeyProof{}, wrong(err)
	}
	used, err := p.party.ValidateLogin(o, session, parsed)
	if err != nil {
		return PasskeyProof{}, wrong(err)
	}
	return PasskeyProof{
		CredentialID: base64.RawURLEncoding.EncodeToString(used.ID),
		Challenge:    session.Challenge,
		Counter:      parsed.Response.AuthenticatorData.Counter,
	}, nil
}

// AskAnybody asks for a signature of a passkey without saying whose: the device offers those that
// it has for this site, and makes sure who holds it. So the one answer has both factors.
func (p *Passkeys) AskAnybody() (PasskeyQuestion, error) {
	assertion, session, err := p.party.BeginDiscoverableLogin(
		webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return PasskeyQuestion{}, err
	}
	return question(assertion.Response, session)
}

// ReadAnybody reads an answer to AskAnybody, and whose it is. ownerOf finds the owner whose id
// the device gives, with their passkeys; nil is nobody. The answer holds only where that owner
// has the passkey that has signed.
func (p *Passkeys) ReadAnybody(
	kept, answer string, ownerOf func(id string) (*PasskeyOwner, error),
) (o PasskeyOwner, proof PasskeyProof, err error) {
	var session webauthn.SessionData
	if err := json.Unmarshal([]byte(kept), &session); err != nil {
		return o, proof, wrong(err)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return o, proof, wrong(err)
	}

	var failed error // of looking for the owner: no fault of the answer's
	find := func(_, id []byte) (webauthn.User, error) {
		found, err := ownerOf(string(id))
		if err != nil {
			failed = err
			return nil, err
		}
		if found == nil {
			return nil, ErrPasskey
		}
		o = *found
		return o, nil
	}
	_, used, err := p.party.ValidatePasskeyLogin(find, session, parsed)
	if failed != nil {
		return PasskeyOwner{}, proof, failed
	}
	if err != nil {
		return o, proof, wrong(err)
	}
	return o, PasskeyProof{
		CredentialID: base64.RawURLEncoding.EncodeToString(used.ID),
		Challenge:    session.Challenge,
		Counter:      parsed.Response.AuthenticatorData.Counter,
	}, nil
}

func wrong(err error) error { return fmt.Errorf("%w: %w", ErrPasskey, err) }

func question(options any, session *webauthn.SessionData) (PasskeyQuestion, error) {
	asked, err := json.Marshal(options)
	if err != nil {
		return PasskeyQuestion{}, err
	}
	kept, err := json.Marshal(session)
	return PasskeyQuestion{Options: string(asked), Kept: string(kept)}, err
}

// WebAuthnID is by what a device tells the owners of its passkeys apart.
func (o PasskeyOwner) WebAuthnID() []byte { return []byte(o.ID) }

// WebAuthnName is what a device shows of the owner.
func (o PasskeyOwner) WebAuthnName() string { return o.Email }

// WebAuthnDisplayName is the owner's name.
func (o PasskeyOwner) WebAuthnDisplayName() string { return o.Name }

// WebAuthnCredentials are the owner's passkeys. A text that is no key's is none.
func (o PasskeyOwner) WebAuthnCredentials() []webauthn.Credential {
	var all []webauthn.Credential
	for _, key := range o.Keys {
		id, err := base64.RawURLEncoding.DecodeString(key.CredentialID)
		if err != nil {
			continue
		}
		c := webauthn.Credential{
			ID:            id,
			PublicKey:     key.PublicKey,
			Flags:         webauthn.CredentialFlags{BackupEligible: key.BackupEligible},
			Authenticator: webauthn.Authenticator{SignCount: key.Counter},
		}
		for t := range strings.SplitSeq(key.Transports, ",") {
			if t != "" {
				c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
			}
		}
		all = append(all, c)
	}
	return all
}
