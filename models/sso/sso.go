// Package sso holds customers' own sign-in (S48): an organisation's connections to its identity
// provider, the mail domains that it has proved, what has to come back from a provider, and who
// is signed in by it.
package sso

import (
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// SSO reads and changes connections and domains, and signs people in by them. It is safe for
// concurrent use.
type SSO struct{ db *db.DB }

// New returns the domain on a database.
func New(database *db.DB) *SSO { return &SSO{db: database} }

// Kind is the protocol of a connection.
type Kind string

// The protocols.
const (
	OIDC Kind = "OIDC"
	SAML Kind = "SAML"
)

// State is how far a connection is.
type State string

// The states of a connection: a draft signs nobody in; an enabled one signs in who comes by it,
// beside passwords; an enforced one instead of them; one that is off is history.
const (
	Draft    State = "DRAFT"
	Enabled  State = "ENABLED"
	Enforced State = "ENFORCED"
	Off      State = "OFF"
)

// Live reports whether people are signed in by a connection of the state.
func (s State) Live() bool { return s == Enabled || s == Enforced }

// Connection is how an organisation's identity provider is reached.
type Connection struct {
	ID        string
	OrgID     string
	AccountID string // whose administrator set it up
	Kind      Kind
	State     State
	Slug      string // of its direct link, /sso/<slug>
	Issuer    string // OIDC: as it names itself; SAML: its entity id
	ClientID  string // OIDC
	Secret    string // OIDC: the client's, encrypted; see SSO.SecretOf

	MetadataURL       string // SAML
	MetadataXML       string `gorm:"column:metadata_xml"` // SAML: the last good ones
	MetadataReadAt    *time.Time
	CertificatesUntil *time.Time // SAML: when the last of its certificates ends
	RemindedDays      int        // SAML: days before that end of which its company was told last

	ChangedAt   time.Time // real time, when what it needs was typed last
	RehearsedAt *time.Time
	RehearsedBy *string // user
	EnforcedAt  *time.Time
	CreatedBy   string
	CreatedAt   time.Time
	Version     int64
}

// TableName is the table of connections.
func (Connection) TableName() string { return "sso_connections" }

// Complete reports whether a connection has all that a sign-in by it needs.
func (c Connection) Complete() bool {
	if c.Kind == SAML {
		return c.Issuer != "" && c.MetadataXML != ""
	}
	return c.Issuer != "" && c.ClientID != "" && c.Secret != ""
}

// Rehearsed reports whether somebody signed in by the connection as it is now, to try it.
func (c Connection) Rehearsed() bool {
	return c.RehearsedAt != nil && !c.RehearsedAt.Before(c.ChangedAt)
}

// Domain is a mail domain that an organisation says is its own.
type Domain struct {
	ID        string
	OrgID     string
	AccountID string // whose administrator claimed it
	Domain    string
	Token     string // of the TXT record, see Record
	ProvedAt  *time.Time
	ProvedBy  Proof
	CheckedAt *time.Time // real time, when the record was looked for last
	MissingAt *time.Time // real time, since when a proved domain's record is not there
	CreatedBy string
	CreatedAt time.Time
}

// TableName is the table of domains.
func (Domain) TableName() string { return "sso_domains" }

// Proof is how a domain was proved; empty: it is not.
type Proof string

// The proofs of a domain.
const (
	ByDNS      Proof = "DNS"
	ByOperator Proof = "OPERATOR"
)

// Record is what the TXT record of the domain has to say.
func (d Domain) Record() string { return "roomcover-verify=" + d.Token }

// Proved reports whether the domain is the organisation's.
func (d Domain) Proved() bool { return d.ProvedAt != nil }

// Until is the instant from which on a proved domain whose record is missing signs nobody in;
// zero: its record is there.
func (d Domain) Until() time.Time {
	if d.MissingAt == nil {
		return time.Time{}
	}
	return d.MissingAt.Add(DomainGrace)
}

// Counts reports whether the domain's people are signed in at an instant of real time.
func (d Domain) Counts(now time.Time) bool {
	return d.Proved() && (d.MissingAt == nil || now.Before(d.Until()))
}

// Purpose is what somebody went to the identity provider for.
type Purpose string

// The purposes: to sign in; to prove again who is signed in; to try a connection.
const (
	ToSignIn   Purpose = "SIGN_IN"
	Again      Purpose = "AGAIN"
	ToRehearse Purpose = "REHEARSAL"
)

// Pending is what has to come back from an identity provider: once, within PendingFor, and to the
// browser that went there.
type Pending struct {
	StateHash    string `gorm:"primaryKey"`
	ConnectionID string
	Purpose      Purpose
	BrowserHash  string
	RequestID    string // SAML
	Nonce        string // OIDC
	Verifier     string // OIDC, of PKCE; encrypted
	Next         string // the page to go on to
	InvitationID string
	UserID       string // who has to come back; empty: nobody in particular
	Answer       string // SAML: what the provider said, encrypted; see SSO.Answered
	ExpiresAt    time.Time
}

// TableName is the table of what has to come back.
func (Pending) TableName() string { return "sso_states" }

// PendingFor is how long a person may take at the identity provider.
const PendingFor = 10 * time.Minute

// Codes of refusals.
const (
	NotLive        = "SSO_OFF"              // the connection signs nobody in
	Incomplete     = "SSO_INCOMPLETE"       // it has not all that it needs
	Unrehearsed    = "SSO_NOT_REHEARSED"    // nobody tried it as it is
	Elsewhere      = "SSO_ELSEWHERE"        // another account of the organisation looks after it
	DomainUnproved = "SSO_DOMAIN_UNPROVED"  // the address is in no domain that is proved
	DomainTaken    = "SSO_DOMAIN_TAKEN"     // another organisation proved it
	RecordMissing  = "SSO_RECORD_MISSING"   // the TXT record is not there
	Unverified     = "SSO_EMAIL_UNVERIFIED" // the provider says that it did not check the address
	NotInvited     = "SSO_NOT_INVITED"      // nobody here has the address
	OtherPerson    = "SSO_OTHER_PERSON"     // the address is bound to another subject
	UnknownState   = "SSO_STATE_UNKNOWN"    // over, used, or of another browser
	NobodyCame     = "SSO_NO_ADMIN_CAME"    // no administrator came by it within EnforceAfter
	NoBreakGlass   = identity.NoBreakGlass  // nobody has just proved password and second factor
	Outsiders      = identity.Outsiders     // people would be locked out
	NeedsFactor    = "SSO_NEEDS_FACTOR"     // who wants to be break-glass has not both factors
)

// Entities lists the entities of this domain: one for each table.
func Entities() []any {
	return []any{Connection{}, Domain{}, Pending{}, usedAssertion{}, BreakGlass{}}
}

func notLive() error {
	return rules.Refuse(NotLive, "This sign-in is switched off.",
		"Sign in with your e-mail address and password, or ask your administrator.")
}
