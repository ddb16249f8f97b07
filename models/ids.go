package models

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// entropy makes the ids of one millisecond of this process sort too.
var entropy = &ulid.LockedMonotonicReader{MonotonicReader: ulid.Monotonic(rand.Reader, 0)}

// NewID makes a typed id, such as ord_01k…: the prefix says what it names, the
// rest is a lower-case ULID of the real time, so the ids of a process sort by
// creation; the relay tells a subject's events in that order.
func NewID(prefix string) string {
	return prefix + "_" + strings.ToLower(ulid.MustNew(ulid.Timestamp(time.Now()), entropy).String())
}

// The prefixes of ids, one per kind of fact.
const (
	prefixOrg          = "org"
	prefixToken        = "tok"
	prefixAccount      = "acc"
	prefixOrder        = "ord"
	prefixLine         = "lin"
	prefixRefusal      = "ref"
	prefixCancellation = "can"
	prefixContract     = "con"
	prefixLicence      = "lic"
	prefixInvitation   = "inv"
	prefixUser         = "usr"
	prefixIdentity     = "idn"
	prefixMembership   = "mem"
	prefixChallenge    = "chl"
	prefixNotification = "ntf"
	prefixAttempt      = "att"
	prefixTask         = "tsk"
	prefixAudit        = "aud"
	prefixOutbox       = "evt"
	prefixImport       = "imp"
)

// newVendorOrderNo makes the number under which the vendor knows an order
// (R100b): short enough to read out, without letters that look like digits.
// The database's unique key decides; a collision is tried again.
func newVendorOrderNo() string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	b := make([]byte, 10)
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return "SO-" + string(b[:5]) + "-" + string(b[5:])
}
