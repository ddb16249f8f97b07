package rma

import (
	"fmt"
	"slices"
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

// Codes with which a request for an RMA is refused, beside those of Cover.
const (
	SerialNotRegistered = "SERIAL_NOT_REGISTERED" // no device of the account has it
	SerialTooNew        = "SERIAL_TOO_NEW"        // S25
	SiteUnknown         = "SITE_UNKNOWN"          // S25
	RMAOpen             = "RMA_OPEN"              // the device has one already
	SerialMissing       = "SERIAL_REQUIRED"       // the model is no accessory
)

// Reasons to review an RMA (S25).
const (
	// ReviewRMARate: there were unusually many.
	ReviewRMARate = "UNUSUALLY_MANY_RMAS"
	// ReviewShipToNew: the customer typed an address that nobody has looked at yet.
	ReviewShipToNew = "SHIP_TO_NEW"
	// ReviewSerialNew: the serial number came to the account so lately that only the proof
	// that the customer wrote down lets it ask, and nobody has looked at that.
	ReviewSerialNew = "SERIAL_NEW"
)

// RMARequest is what the decision about a request for an RMA needs to know. A
// device is named by its serial, an accessory by room, model and quantity (R74).
type RMARequest struct {
	Role   rules.Role
	Now    time.Time
	Terms  catalogue.ReplacementTerms
	Serial bool // a serial was named

	Registered bool // and a device of the account has it
	Device     licensing.DeviceState
	KnownSince time.Time // when the serial came to the account
	// Proof: one was given that the serial is the account's, with the request or before
	Proof   bool
	OpenRMA bool

	RoomKnown bool // of an accessory
	Quantity  int

	Cover     cover.Answer // for HARDWARE now
	SiteKnown bool         // the ship-to is a site of the account, or becomes one
	ShipTo    ShipToFacts
	SiteWrong []rules.FieldError // what is wrong with that address
	Recent    int                // RMAs of the account in the days that Terms say, without this one
	Fleet     int                // devices of the account
	Undecided int                // open requests of the account on which nobody has decided
}

// ShipToFacts is what is known of the address of a ship-to.
type ShipToFacts struct {
	TypedAt  *time.Time // when the customer typed it; nil where an operator knows it
	Approved bool       // a replacement that was asked for since, and goes there, was approved
	Rejected bool       // one to such an address of the account was turned down, and not approved
}

// IsNew reports whether a person looks at the address before anything is sent there: for
// as long as a serial number has to be known, and after a rejection until an approval. A
// stolen session would have hardware sent somewhere else (S25).
func (f ShipToFacts) IsNew(now time.Time, terms catalogue.ReplacementTerms) bool {
	if f.TypedAt == nil || f.Approved {
		return false
	}
	young := now.Sub(*f.TypedAt) < time.Duration(terms.SerialKnownHours)*time.Hour
	return young || f.Rejected
}

// RMAVerdict says how a request that is accepted goes on. A held one waits for the
// proof of purchase before anybody may approve it (R125); one with reasons to review is
// approved by a person only (S25).
type RMAVerdict struct {
	Held   bool
	Review []string
}

// MayRequestRMA decides about a request. The error names every refusal with its
// code and remedy; the first one's code is that of the error: FORBIDDEN,
// SERIAL_NOT_REGISTERED, REQUIRED, OUT_OF_RANGE, the codes of Cover, RMA_OPEN,
// STATE_CONFLICT, SITE_UNKNOWN, SERIAL_TOO_NEW, SERIAL_REQUIRED; RATE_LIMITED where too
// many of the account's are undecided.
func MayRequestRMA(q RMARequest) (RMAVerdict, error) {
	if q.Role != "SYSTEM" && !rules.Allows(q.Role, rules.RequestRMA).Allowed() {
		return RMAVerdict{}, rules.Refuse(rules.Forbidden,
			"Your role may not request a replacement.", "Ask an administrator of the account.")
	}

	var k rules.Checker
	if q.Serial {
		q.checkDevice(&k)
	} else {
		q.checkAccessory(&k)
	}

	refused := len(k.Fields) > 0
	if len(q.SiteWrong) > 0 {
		k.Fields = rules.AddFields(k.Fields, q.SiteWrong...)
		if !refused {
			return RMAVerdict{}, rules.Invalid(k.Fields)
		}
	} else if !q.SiteKnown {
		k.Fail("/site_id", SiteUnknown, "The ship-to is not a known site of the account.",
			"Give the room's site an address, name a site that has one, "+
				"or give the address as ship_to.")
	}
	if len(k.Fields) > 0 {
		return RMAVerdict{}, refusedTogether(k.Fields)
	}
	if err := q.mayAskMore(); err != nil {
		return RMAVerdict{}, err
	}

	v := RMAVerdict{Held: q.Cover.Held}
	if q.tooMany() {
		v.Review = append(v.Review, ReviewRMARate)
	}
	if q.Serial && q.serialIsNew() && !q.Role.IsOperator() {
		v.Review = append(v.Review, ReviewSerialNew)
	}
	if q.ShipTo.IsNew(q.Now, q.Terms) && !q.Role.IsOperator() {
		v.Review = append(v.Review, ReviewShipToNew)
	}

	return v, nil
}

// MaxUndecided is how many requests of one account may wait for a decision at once: each is
// a task, and whoever sends hundreds hides those of everybody else.
const MaxUndecided = 50

// mayAskMore refuses one more request of a tenant whose account has enough of them waiting.
func (q RMARequest) mayAskMore() error {
	if q.Role == "SYSTEM" || q.Role.IsOperator() || q.Undecided < MaxUndecided {
		return nil
	}
	return rules.TooMany(
		fmt.Sprintf("The account has %d requests that nobody has decided yet.", MaxUndecided),
		"Wait until some are decided, or send one list of all to the service's mailbox.",
		24*time.Hour)
}

func (q RMARequest) checkDevice(k *rules.Checker) {
	if !q.Registered {
		k.Fail("/serial", SerialNotRegistered, "No device of the account has this serial number.",
			"Register the device first.")
		return
	}

	q.checkCover(k, "/serial")
	switch {
	case q.OpenRMA:
		k.Fail("/serial",
			RMAOpen, "The device has an open RMA.", "Read that RMA, or withdraw it first.")
	case q.Device != licensing.DeviceInRoom && q.Device != licensing.DeviceUnplaced &&
		!q.Device.Gone():
		k.Fail("/serial", rules.StateConflict, "The device is not in use.",
			"Name the device that is in the room.")
	}

	if !q.Proof && q.serialIsNew() {
		k.Fail("/serial", SerialTooNew,
			fmt.Sprintf("The serial number came to the account less than %d hours ago.",
				q.Terms.SerialKnownHours), "Send a proof that it is yours, or wait.")
	}
}

// serialIsNew reports whether the account has the serial number for too short a time to ask
// without a proof (S25).
func (q RMARequest) serialIsNew() bool {
	return q.Now.Sub(q.KnownSince) < time.Duration(q.Terms.SerialKnownHours)*time.Hour
}

// MaxAccessories is how many pieces of an accessory one RMA may ask for.
const MaxAccessories = 20

func (q RMARequest) checkAccessory(k *rules.Checker) {
	if !q.RoomKnown {
		k.Fail("/room_id", rules.Required,
			"An accessory is covered through its room, and none of the account's is named.",
			"Name the room, or the serial number of a device.")
		return
	}

	if q.Quantity < 1 || q.Quantity > MaxAccessories {
		k.Fail("/quantity", rules.OutOfRange, "The quantity must be from 1 to 20.",
			"Say how many pieces are faulty.")
	}

	if q.serialMissing() {
		k.Fail("/serial", SerialMissing,
			"Hardware of this model is covered by its serial number, and none was sent.",
			"Send the serial number that stands on the device, in place of room and model. "+
				"Where the room does not list it yet, register the device there first.")
		return
	}

	q.checkCover(k, "/model")
}

// serialMissing reports whether the model is covered by a serial number alone.
func (q RMARequest) serialMissing() bool {
	return !q.Cover.Covered && slices.ContainsFunc(q.Cover.Reasons, func(r cover.Reason) bool {
		return r.Code == cover.ReasonSerialRequired
	})
}

// checkCover returns the refusal of Cover, if any; a request that is only held is not
// refused.
func (q RMARequest) checkCover(k *rules.Checker, pointer string) {
	if q.Cover.Covered || q.Cover.Held {
		return
	}
	k.Fail(pointer, q.Cover.Code, cover.ReasonFor(q.Cover.Code).Message,
		cover.RefusalRemedies[q.Cover.Code])
}

// tooMany reports whether there were more RMAs than the rate allows for every so many
// devices begun: by default three in 30 days for every 50 (S25).
func (q RMARequest) tooMany() bool {
	fleets := max(1, (q.Fleet+q.Terms.ReviewRateDevices-1)/q.Terms.ReviewRateDevices)
	return q.Recent+1 > q.Terms.ReviewRate*fleets
}

// refusedTogether makes one error of several refusals: the first one's code, and
// all of them by field.
func refusedTogether(fields []rules.FieldError) error {
	first := fields[0]
	if slices.Contains([]string{rules.Required, rules.OutOfRange}, first.Code) {
		return rules.Invalid(fields)
	}

	return &rules.Error{
		Code:    first.Code,
		Message: first.Message,
		Remedy:  first.Remedy,
		Fields:  fields,
	}
}
