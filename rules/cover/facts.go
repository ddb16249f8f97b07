package cover

import (
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// Purpose is what cover is asked for.
type Purpose string

// The purposes.
const (
	ForHardware  Purpose = "HARDWARE"  // an RMA
	ForTechnical Purpose = "TECHNICAL" // a technical ticket
	ForSetup     Purpose = "SETUP"     // help with setting up (R29, R31)
)

// Valid reports whether p is one of the purposes.
func (p Purpose) Valid() bool { return p == ForHardware || p == ForTechnical || p == ForSetup }

// CoverFacts is all that Cover needs to know of one room, one device, or one
// accessory or software in a room. Instants are UTC and periods half-open; local
// days are those of Zone. Facts that do not concern the subject do no harm, so
// that one list may serve many subjects.
type CoverFacts struct {
	Zone     *time.Location // the account's (C1)
	CapYears int            // the program's warranty_cap_years; 0 means 5

	RoomID string      // the room asked about; of a device its placement decides
	Rooms  []RoomFacts // that room, or those the device was placed in

	Device    *DeviceFacts
	ModelCode string // of an accessory or software without a serial (R74, R75)

	Licences   []LicenceFacts  // Select and SyncPlus, with all they renew (S4)
	JumpStarts []ContractFacts // of the account (R29)

	Models   []catalogue.ProductModel // every version of those that matter
	Terms    []catalogue.CountryTerms // every version of the rooms' countries
	Policies []SLAPolicy              // every version; none means DefaultPolicies
}

// RoomFacts is what is known of a room.
type RoomFacts struct {
	ID         string
	Country    string     // ISO 3166; decides speed and languages (R78c)
	ArchivedAt *time.Time // nothing covers it from then on (S28)
}

// DeviceFacts is what is known of a device.
type DeviceFacts struct {
	ID         string
	ModelCode  string
	Warranty   Warranty
	Placements []Placement
	GoneAt     *time.Time // returned, retired or lost
}

// Placement is a stay of a device in a room; To is nil while it lasts.
type Placement struct {
	RoomID string
	From   time.Time
	To     *time.Time
}

// ContractFacts is what is known of a contract. Whether it is over follows from
// its period alone, so that a late sweep changes no answer.
type ContractFacts struct {
	ID          string
	Type        catalogue.ServiceType
	State       rules.ContractState
	Period      *rules.Period // nil before it starts
	CancelledAt *time.Time    // of a cancelled one; nil then means "never in force"
	Suspensions []Suspension  // past and present
}

// Suspension is a time without service; To is nil while it lasts.
type Suspension struct {
	From time.Time
	To   *time.Time
}

// LicenceFacts is one licence and where it was over time.
type LicenceFacts struct {
	ID          string
	Renews      string // id of the licence that it renews (S4), or ""
	Contract    ContractFacts
	RevokedAt   *time.Time
	Assignments []Assignment
}

// Assignment is a stay of a licence in a room; To is nil while it lasts. Terms are
// the terms of the room's country that were stored, and acknowledged where they
// differ, when it was made (R78e); nil means those of that day.
type Assignment struct {
	RoomID string
	From   time.Time
	To     *time.Time
	Terms  *catalogue.CountryTerms
}

// inForce returns the times at which the contract serves: inside its period, until
// cancelled, not while suspended. A contract whose row says "suspended" with no open
// suspension counts as suspended always: refusing is the safer error.
func (c ContractFacts) inForce() spans {
	if c.Period == nil || (c.State == rules.ContractCancelled && c.CancelledAt == nil) {
		return nil
	}
	served := newSpans(*c.Period).and(before(c.CancelledAt))
	open := false

	var stopped spans
	for _, s := range c.Suspensions {
		stopped = stopped.or(between(s.From, s.To))
		open = open || s.To == nil
	}

	if c.State == rules.ContractSuspended && !open {
		return nil
	}
	return served.without(stopped)
}

func (f CoverFacts) room(id string) (RoomFacts, bool) {
	for _, r := range f.Rooms {
		if r.ID == id {
			return r, true
		}
	}
	return RoomFacts{}, false
}

// roomAt returns the room that the question is about at t: that of the device, or
// the one asked about.
func (f CoverFacts) roomAt(t time.Time) string {
	if f.Device == nil {
		return f.RoomID
	}

	for _, p := range f.Device.Placements {
		if between(p.From, p.To).contains(t) {
			return p.RoomID
		}
	}

	return ""
}

// inRoom returns the times at which the subject is in a room.
func (f CoverFacts) inRoom(id string) spans {
	if f.Device == nil {
		if f.RoomID == id && id != "" {
			return before(nil)
		}
		return nil
	}

	var stays spans
	for _, p := range f.Device.Placements {
		if p.RoomID == id {
			stays = stays.or(between(p.From, p.To))
		}
	}

	return stays
}
