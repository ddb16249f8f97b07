package models

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// entropy keeps the ids that this process makes within one millisecond in order.
var entropy = &ulid.LockedMonotonicReader{MonotonicReader: ulid.Monotonic(rand.Reader, 0)}

// NewID makes a typed id, such as ord_01k…: the prefix says what it names, the rest is
// a lower-case ULID of the real time. So the ids that one process makes sort by
// creation, and the relay delivers a subject's events in that order.
func NewID(prefix string) string {
	return prefix + "_" +
		strings.ToLower(ulid.MustNew(ulid.Timestamp(time.Now()), entropy).String())
}

// KindOf returns the prefix of an id, which says what it names; empty for what is no
// id.
func KindOf(id string) string {
	kind, _, ok := strings.Cut(id, "_")
	if !ok {
		return ""
	}
	return kind
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
	prefixCSM          = "csm"
	prefixSite         = "sit"
	prefixRMA          = "rma"
	prefixShipment     = "shp"
	prefixScan         = "scn"
	prefixCarrierEvent = "cev"
	prefixSpareLine    = "spl"
	prefixSpareUnit    = "spu"
	prefixDepot        = "dpt"
	prefixStock        = "stk"
	prefixRoom         = "rom"
	prefixDevice       = "dev"
	prefixPlacement    = "plc"
	prefixAssignment   = "asg"
	prefixClaim        = "clm"
	prefixAttachment   = "wat"
	prefixEarlier      = "war"
)
