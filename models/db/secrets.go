package db

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Secrets derives the secrets that people get by mail from the service's key, so that
// the database keeps hashes only and a retried step derives the same secret.
type Secrets struct {
	key    []byte
	before [][]byte // keys of the service before this one; nothing is made with them any more
}

// each returns the secrets of every key of the service, those of the present one first.
func (s Secrets) each() []Secrets {
	all := []Secrets{{key: s.key}}
	for _, key := range s.before {
		all = append(all, Secrets{key: key})
	}
	return all
}

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

// APIToken is the 256-bit secret of an API token that a form made, URL-safe: the same form
// sent again shows the same one. name is not stored.
func (s Secrets) APIToken(name string) string {
	return base64.RawURLEncoding.EncodeToString(s.mac("api token", name))
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

// HashCode is how a one-time code is stored: with the service's key, since whoever reads
// the database could try all codes otherwise. The challenge's id makes two equal codes
// look different.
func (s Secrets) HashCode(challengeID, code string) string {
	return hex.EncodeToString(s.mac("code hash", challengeID+"\x00"+code))
}

// Fingerprint is how what may be guessed, such as an address, is stored to be recognised
// again; purpose keeps those of one table apart from another's.
func (s Secrets) Fingerprint(purpose, text string) string {
	return hex.EncodeToString(s.mac("fingerprint", purpose+"\x00"+text))
}

// Fingerprints are the fingerprint of a text and those that keys of before made of it, for what
// people hold for longer than a key: the present one first.
func (s Secrets) Fingerprints(purpose, text string) (out []string) {
	for _, one := range s.each() {
		out = append(out, one.Fingerprint(purpose, text))
	}
	return out
}

// Encrypt returns a text as only the service's key reads it again; purpose keeps the texts of
// one table apart from another's. It is for what has to be read back: whatever is only
// compared is stored as a hash.
func (s Secrets) Encrypt(purpose, text string) string {
	box := s.box(purpose)
	nonce := make([]byte, box.NonceSize())
	_, _ = rand.Read(nonce)
	return base64.RawURLEncoding.EncodeToString(box.Seal(nonce, nonce, []byte(text), nil))
}

// Decrypt returns the text that Encrypt was given for the purpose, with the present key of the
// service or one of before; ok is false for anything else, such as one of another key.
func (s Secrets) Decrypt(purpose, encrypted string) (text string, ok bool) {
	for _, one := range s.each() {
		if text, ok = one.open(purpose, encrypted); ok {
			return text, true
		}
	}
	return "", false
}

// open is Decrypt with the present key alone.
func (s Secrets) open(purpose, encrypted string) (text string, ok bool) {
	box := s.box(purpose)
	content, err := base64.RawURLEncoding.Strict().DecodeString(encrypted)
	if err != nil || len(content) < box.NonceSize() {
		return "", false
	}
	plain, err := box.Open(nil, content[:box.NonceSize()], content[box.NonceSize():], nil)
	return string(plain), err == nil
}

func (s Secrets) box(purpose string) cipher.AEAD {
	block, err := aes.NewCipher(s.mac("encrypt", purpose))
	if err != nil {
		panic(err) // 32 bytes always make a cipher
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return box
}

// HashSecret is how a token is stored and looked up. It holds for what nobody can guess:
// a secret of 256 bits. For anything shorter there are HashCode and Fingerprint.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
