package db

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// entropy keeps the ids that this process makes within one millisecond in order.
var entropy = &ulid.LockedMonotonicReader{MonotonicReader: ulid.Monotonic(rand.Reader, 0)}

// NewID returns a new typed id, such as ord_01k…: the prefix says what it names, the
// rest is a lower-case ULID of the real time. So the ids that one process makes sort by
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
	PrefixOrg           = "org"
	PrefixToken         = "tok"
	PrefixAccount       = "acc"
	PrefixOrder         = "ord"
	PrefixLine          = "lin"
	PrefixRefusal       = "ref"
	PrefixCancellation  = "can"
	PrefixContract      = "con"
	PrefixLicence       = "lic"
	PrefixInvitation    = "inv"
	PrefixQuestion      = "qst"
	PrefixUser          = "usr"
	PrefixOperator      = "opr"
	PrefixPasskey       = "pky"
	PrefixIdentity      = "idn"
	PrefixMembership    = "mem"
	PrefixChallenge     = "chl"
	PrefixNotification  = "ntf"
	PrefixAttempt       = "att"
	PrefixTask          = "tsk"
	PrefixTaskNote      = "tsn"
	prefixAudit         = "aud"
	prefixOutbox        = "evt"
	PrefixImport        = "imp"
	PrefixCSM           = "csm"
	PrefixSite          = "sit"
	PrefixRMA           = "rma"
	PrefixShipment      = "shp"
	PrefixScan          = "scn"
	PrefixCarrierEvent  = "cev"
	PrefixSpareLine     = "spl"
	PrefixSpareUnit     = "spu"
	PrefixDepot         = "dpt"
	PrefixStock         = "stk"
	PrefixRoom          = "rom"
	PrefixDevice        = "dev"
	PrefixPlacement     = "plc"
	PrefixAssignment    = "asg"
	PrefixClaim         = "clm"
	PrefixAttachment    = "wat"
	PrefixEarlier       = "war"
	PrefixPrivacy       = "prv"
	PrefixFinding       = "fnd"
	PrefixIncident      = "inc"
	PrefixTelling       = "tel"
	PrefixTicket        = "tkt"
	PrefixTicketMessage = "tms"
	PrefixTicketNote    = "tno"
	PrefixTicketEvent   = "tev"
	PrefixTicketDraft   = "tdr"
	PrefixClock         = "clk"
	PrefixFile          = "fil"
	PrefixFileRefusal   = "fir"
	PrefixCannedReply   = "cre"
	PrefixSession       = "tse"
	PrefixAttendee      = "tsa"
	PrefixParticipant   = "tsp"
	PrefixInboundMail   = "eml"
	PrefixInboxItem     = "inb"
	PrefixScimToken     = "sct"
	PrefixScimPerson    = "scp"
	PrefixScimGroup     = "scg"
	PrefixScimGrant     = "scr"
	PrefixScimRequest   = "scq"
	PrefixConnection    = "ssc"
	PrefixDomain        = "ssd"
	PrefixDelegation    = "dlg"
	PrefixSync          = "syc"
	PrefixSyncKey       = "syk"
	PrefixSyncSecret    = "sys"
	PrefixSyncPlace     = "syp"
	PrefixSyncChange    = "sye"
	PrefixSnapshot      = "tsn"
	PrefixHeldAct       = "act"
)
