package models

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// Invitation lets one person into an account. Only the hash of its token is
// stored; the token is derived from the invitation's id and the service's key.
type Invitation struct {
	ID           string
	AccountID    string
	OrderID      *string
	Kind         InvitationKind
	Email        string // normalised
	ContactName  string
	Role         MemberRole
	TokenHash    string
	State        rules.InvitationState
	StateSince   time.Time
	IssuedAt     time.Time
	ExpiresAt    time.Time // exclusive: end of local day issue+30 (R121)
	SupersedesID *string
	InvitedBy    string
	LastError    string
}

// InvitationKind says what led to an Invitation.
type InvitationKind string

// The kinds of Invitation.
const (
	InvitationForOrder     InvitationKind = "ORDER"
	InvitationForExtra     InvitationKind = "EXTRA"     // R105
	InvitationForColleague InvitationKind = "COLLEAGUE" // R117b
)

// MemberRole is a person's role in an account (R42).
type MemberRole string

// The roles of a member.
const (
	RoleAdmin    MemberRole = "ADMIN"
	RoleReadOnly MemberRole = "READ_ONLY"
)

// User is a person who can sign in. PasswordHash is empty for SSO only.
type User struct {
	ID           string
	Email        string // normalised, unique
	Name         string
	PasswordHash string // argon2id, encoded
	Locale       string
	CreatedAt    time.Time
}

// Identity ties a user to a subject at an identity provider.
type Identity struct {
	ID        string
	UserID    string
	Issuer    string
	Subject   string
	CreatedAt time.Time
}

// Membership is a user's place in an account.
type Membership struct {
	ID           string
	AccountID    string
	UserID       string
	Role         MemberRole
	State        rules.MembershipState
	InvitationID *string
	CreatedAt    time.Time
}
