package db

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Secrets derives the secrets that people get by mail from the service's key, so that
// the database keeps hashes only and a retried step derives the same secret.
type Secrets struct{ key []byte }

// InvitationToken is the 256-bit token of an invitation, URL-safe.
func (s Secrets) InvitationToken(invitationID string) string {
	return base64.RawURLEncoding.EncodeToString(s.mac("invitation", invitationID))
}

// OneTimeCode is the six-digit code of a challenge.
func (s Secrets) OneTimeCode(challengeID string) string {
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(s.mac("code", challengeID)[:8])%1_000_000)
}

// ResetToken is the 256-bit token of a password reset, URL-safe.
func (s Secrets) ResetToken(challengeID string) string {
	return base64.RawURLEncoding.EncodeToString(s.mac("reset", challengeID))
}

// PlaceHash is how a place from which a user signs in is stored and looked up: addresses
// are few, and a plain hash of one would be read back by trying them all.
func (s Secrets) PlaceHash(userID, place string) string {
	return hex.EncodeToString(s.mac("place", userID+"\x00"+place))
}

func (s Secrets) mac(purpose, id string) []byte {
	m := hmac.New(sha256.New, s.key)
	fmt.Fprintf(m, "%s\x00%s", purpose, id)
	return m.Sum(nil)
}

// HashSecret is how a token or code is stored and looked up.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
