package byhand

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// derive makes what is secret, or may be guessed, from the service's key.
func derive(key []byte, purpose, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(purpose + "\x00" + text))
	return m.Sum(nil)
}

// invitationToken is what an invitation's link carries; only its hash is stored.
func invitationToken(key []byte, id string) string {
	return base64.RawURLEncoding.EncodeToString(derive(key, "invitation", id))
}

// throttleKey is how an address is counted without being stored.
func throttleKey(key []byte, what string) string {
	return hex.EncodeToString(derive(key, "fingerprint", "throttle\x00"+what))
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// numberLetters are those that nobody takes for another one.
const numberLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newNumber draws a group of letters of a number for people, such as RMA-7F3K2.
func newNumber(before string) string {
	letters := make([]byte, 5)
	_, _ = rand.Read(letters)
	for i := range letters {
		letters[i] = numberLetters[int(letters[i])%len(numberLetters)]
	}
	return before + "-" + string(letters)
}

// audit makes the links of audit chains, each with a keyed hash over itself and the one before.
type audit struct {
	key   []byte
	keyID string

	mu   sync.Mutex
	last string // the id of the link that this process wrote last: the next chain's witness
}

func newAudit(service []byte) *audit {
	a := &audit{key: derive(service, "audit", "key")}
	m := hmac.New(sha256.New, a.key)
	m.Write([]byte("id"))
	a.keyID = hex.EncodeToString(m.Sum(nil))[:16]
	return a
}

// actor is who did something, and for which request.
type actor struct{ id, role, org, ip, request string }

// entry is what happened.
type entry struct {
	verb, object string
	details      map[string]any
}

const insertAudit = `INSERT INTO audit_events (id, chain_id, seq, account_id, actor_id, actor_role,
		acting_org, on_behalf_of, verb, object_id, details, ip, request_id, at, witness, key_id,
		prev_hash, hash)
	VALUES `

// chain is what is added to an audit chain, behind its end: 0 and empty for a new one.
type chain struct {
	id      string
	account *string
	seq     int
	hash    string
	entries []entry
}

// write writes chains in one statement, and returns the id of the last link, which committed
// takes once it is written. A link names the last one of another chain as its witness.
func (a *audit) write(b *batch, by actor, at time.Time, chains ...chain) (last string) {
	a.mu.Lock()
	witness := a.last
	a.mu.Unlock()

	var args []any
	for _, c := range chains {
		account := ""
		if c.account != nil {
			account = *c.account
		}
		for _, e := range c.entries {
			c.seq++
			id := newID("aud")
			details, _ := json.Marshal(e.details) // texts and numbers

			h := hmac.New(sha256.New, a.key)
			for _, part := range []string{
				id, c.id, strconv.Itoa(c.seq), account, by.id, by.role, by.org, "", e.verb,
				e.object, string(details), by.request, at.Format(time.RFC3339Nano), c.hash,
				witness, a.keyID,
			} {
				fmt.Fprintf(h, "%d:%s;", len(part), part)
			}
			hash := hex.EncodeToString(h.Sum(nil))

			args = append(args, id, c.id, c.seq, c.account, by.id, by.role, by.org, "", e.verb,
				e.object, string(details), by.ip, by.request, at, witness, a.keyID, c.hash, hash)
			last, c.hash, witness = id, hash, ""
		}
		witness = last
	}

	b.add(insertAudit+places(len(args)/18, 18), args...)
	return last
}

func (a *audit) committed(last string) {
	a.mu.Lock()
	a.last = last
	a.mu.Unlock()
}

// places are the placeholders of so many rows of so many columns.
func places(rows, columns int) string {
	var b strings.Builder
	for i := range rows * columns {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%columns == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return b.String() + ")"
}
