package licensing

import (
	"strings"
	"time"

	"roomcover.dev/roomcover/rules"
)

// Codes of a room's and a device's wrong fields.
const (
	InvalidPlatform    = "INVALID_PLATFORM"
	InvalidCriticality = "INVALID_CRITICALITY"
)

// Codes of a serial number that is taken (R27c).
const (
	// SerialRegistered: a device of the same account has the serial.
	SerialRegistered = "SERIAL_REGISTERED"
	// SerialClaimed: a device of another account has it; nothing more is told.
	SerialClaimed = "SERIAL_CLAIMED"
)

// RoomForm is what people tell of a room.
type RoomForm struct {
	Name    string
	Site    string
	Country string // ISO 3166; decides speed and languages (R78c)
	// ISO 3166-2 without the country, such as SP; empty: the country's calendar counts (C3)
	Region      string
	Platform    rules.Platform
	Criticality rules.Criticality
	TimeZone    string // IANA name
}

// Validate names every wrong field.
func (f RoomForm) Validate() error {
	var k rules.Checker
	k.Text("/name", f.Name, 100)
	k.Optional("/site", f.Site, 100)
	k.Country("/country", f.Country)
	k.Region("/region", f.Region)

	if !f.Platform.Valid() {
		k.Fail("/platform", InvalidPlatform, "There is no such platform.",
			"Send MTR_WINDOWS, MTR_ANDROID, ZOOM_PC, ZOOM_APPLIANCE or OTHER.")
	}
	if !f.Criticality.Valid() {
		k.Fail("/criticality",
			InvalidCriticality, "There is no such criticality.", "Send NORMAL, HIGH or CRITICAL.")
	}

	if _, err := time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "" ||
		f.TimeZone == "Local" {
		k.Fail("/time_zone", rules.InvalidTimeZone, "This is not a time zone.",
			"Send an IANA name such as America/Sao_Paulo.")
	}

	return rules.Invalid(k.Fields)
}

// DeviceForm is what people tell of a device. Dates are YYYY-MM-DD; empty means
// unknown. A model that is not supported may be registered (R59b).
type DeviceForm struct {
	Serial         string
	ModelCode      string
	PurchasedOn    string
	PurchaseProof  string // where the proof is kept
	StdWarrantyEnd string // exclusive
	ExtWarrantyEnd string // exclusive
}

// Validate names every wrong field.
func (f DeviceForm) Validate() error {
	var k rules.Checker
	if problem := rules.SerialProblem("/serial", f.Serial); problem != nil {
		k.Fields = append(k.Fields, *problem)
	}
	f.check(&k)
	return rules.Invalid(k.Fields)
}

// ValidatePart is Validate for a part of a bundle, whose serial is not known yet
// (R70).
func (f DeviceForm) ValidatePart() error {
	var k rules.Checker
	f.check(&k)
	return rules.Invalid(k.Fields)
}

func (f DeviceForm) check(k *rules.Checker) {
	k.Text("/model", f.ModelCode, 64)
	for _, d := range []struct{ pointer, value string }{
		{"/purchased_on", f.PurchasedOn},
		{"/std_warranty_end", f.StdWarrantyEnd},
		{"/ext_warranty_end", f.ExtWarrantyEnd},
	} {
		if d.value != "" {
			k.Date(d.pointer, d.value)
		}
	}

	k.Optional("/purchase_proof", f.PurchaseProof, 500)
}

// MayManageRooms decides whether a role may change rooms, devices and assignments
// (RULES 4): FORBIDDEN, or REASON_REQUIRED for an operator without a reason.
func MayManageRooms(role rules.Role, reason string) error {
	switch grant := rules.Allows(role, rules.ManageRooms); {
	case !grant.Allowed():
		return rules.Refuse(rules.Forbidden,
			"Your role may not change rooms, devices or assignments.",
			"Ask an administrator of the account.")
	case grant == rules.GrantWithReason && strings.TrimSpace(reason) == "":
		return rules.ReasonMissing("An operator changes a customer's rooms with a reason only.")
	}

	return nil
}
