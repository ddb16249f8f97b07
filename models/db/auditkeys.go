package db

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
)

// auditKey makes the hashes of the audit. Whoever writes the database but does not know
// the key can make no hash that holds.
type auditKey struct {
	id    string // says which key it is, and nothing of the key
	bytes []byte
}

// plainAudit made the hashes before there was a key: SHA-256, which anybody can make.
// What it made is believed only where a seal covers it; see SealAudit.
var plainAudit auditKey

// auditKeys are the key that makes today's hashes, and those that are known.
type auditKeys struct {
	present auditKey
	known   map[string]auditKey
}

func newAuditKeys(service []byte, before [][]byte) auditKeys {
	keys := auditKeys{
		present: auditKeyOf(service),
		known:   map[string]auditKey{plainAudit.id: plainAudit},
	}
	for _, b := range before {
		k := auditKeyOf(b)
		keys.known[k.id] = k
	}

	keys.known[keys.present.id] = keys.present
	return keys
}

// auditKeyOf derives the audit's key from a key of the service.
func auditKeyOf(service []byte) auditKey {
	key := auditKey{bytes: Secrets{key: service}.mac("audit", "key")}
	key.id = key.sign("id")[:16]
	return key
}

// hash returns what makes a hash with the key.
func (k auditKey) hash() hash.Hash {
	if k.bytes == nil {
		return sha256.New()
	}
	return hmac.New(sha256.New, k.bytes)
}

// sign returns the hash of a text, in hex.
func (k auditKey) sign(text string) string {
	h := k.hash()
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}
