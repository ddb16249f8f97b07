package licensing

import (
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// States of rooms and devices (RULES 2). Health and cover of a room are derived,
// never stored.
type (
	RoomState   string
	DeviceState string
)

// Room states.
const (
	RoomActive   RoomState = "ACTIVE"
	RoomArchived RoomState = "ARCHIVED"
)

// Device states.
const (
	DeviceUnplaced    DeviceState = "UNPLACED"
	DeviceInRoom      DeviceState = "IN_ROOM"
	DeviceSpareOnSite DeviceState = "SPARE_ON_SITE"
	DeviceInRMA       DeviceState = "IN_RMA"
	DeviceReturned    DeviceState = "RETURNED"
	DeviceRetired     DeviceState = "RETIRED"
	DeviceLost        DeviceState = "LOST"
)

var roomMoves = map[RoomState][]RoomState{
	"":           {RoomActive},
	RoomActive:   {RoomArchived},
	RoomArchived: {RoomActive}, // restored, where it was archived by mistake
}

// An unplaced device may retire at once, else a device that was thrown away would
// keep its serial claimed for ever (R27c); so may a lost one and one whose return
// the RMA does not ask for (NO_RETURN_REQUIRED). A spare is a device from the moment
// its serial is captured, and on site when it arrives; one that the operator leaves
// to the customer, or that is used where there is no room, is unplaced.
var deviceMoves = map[DeviceState][]DeviceState{
	"":                {DeviceUnplaced, DeviceInRoom, DeviceSpareOnSite},
	DeviceUnplaced:    {DeviceInRoom, DeviceSpareOnSite, DeviceInRMA, DeviceRetired, DeviceLost},
	DeviceInRoom:      {DeviceUnplaced, DeviceInRMA, DeviceLost},
	DeviceSpareOnSite: {DeviceInRoom, DeviceUnplaced, DeviceReturned, DeviceLost},
	DeviceInRMA:       {DeviceReturned, DeviceRetired, DeviceLost},
	DeviceReturned:    {DeviceRetired},
	DeviceLost:        {DeviceRetired},
}

// CanBecome reports whether a room may move to next.
func (s RoomState) CanBecome(next RoomState) bool { return slices.Contains(roomMoves[s], next) }

// CanBecome reports whether a device may move to next.
func (s DeviceState) CanBecome(next DeviceState) bool {
	return slices.Contains(deviceMoves[s], next)
}

// Live reports whether the device's serial is taken: no two live devices have the
// same one (R27c).
func (s DeviceState) Live() bool { return s != DeviceRetired && s != "" }

// Gone reports whether the device has left the customer for good, so that nothing
// covers it any more.
func (s DeviceState) Gone() bool {
	return s == DeviceReturned || s == DeviceRetired || s == DeviceLost
}

// RoomBusy is the code that refuses to archive a room with an open ticket or RMA (S28).
const RoomBusy = "ROOM_BUSY"

// MayArchiveRoom refuses to archive a room that has an open ticket or RMA, with
// ROOM_BUSY, and one that is not active, with STATE_CONFLICT (S28). An archived
// room releases its licences to the balance.
func MayArchiveRoom(state RoomState, openTickets, openRMAs int) error {
	if err := rules.Move(state, RoomArchived); err != nil {
		return err
	}
	if openTickets > 0 || openRMAs > 0 {
		return rules.Refuse(RoomBusy, "The room has an open ticket or RMA.",
			"Finish or withdraw it first.")
	}

	return nil
}

// Codes of a room's and a device's wrong fields.
const (
	InvalidPlatform    = "INVALID_PLATFORM"
	InvalidCriticality = "INVALID_CRITICALITY"
)

// Codes of a serial number that is taken (R27c).
const (
	// SerialRegistered: a device of the same account has the serial.
	SerialRegistered = "SERIAL_REGISTERED"
	// SerialClaimed: a device of another account has it; the answer says no more.
	SerialClaimed = "SERIAL_CLAIMED"
)

// RoomForm is a person's input about a room.
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

// Validate refuses the form with VALIDATION_FAILED, naming every wrong field.
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

// DeviceForm is a person's input about a device. Dates are YYYY-MM-DD; empty means
// unknown. A model that is not supported may be registered (R59b).
type DeviceForm struct {
	Serial         string
	ModelCode      string
	PurchasedOn    string
	PurchaseProof  string // where the proof is kept
	StdWarrantyEnd string // exclusive
	ExtWarrantyEnd string // exclusive
}

// Validate refuses the form with VALIDATION_FAILED, naming every wrong field. today is the
// local day: nothing is bought after it (S62).
func (f DeviceForm) Validate(today civil.Date) error {
	var k rules.Checker
	if problem := rules.SerialProblem("/serial", f.Serial); problem != nil {
		k.Fields = append(k.Fields, *problem)
	}
	f.check(&k, today)
	return rules.Invalid(k.Fields)
}

// ValidatePart is Validate for a part of a bundle, whose serial is not known yet
// (R70).
func (f DeviceForm) ValidatePart(today civil.Date) error {
	var k rules.Checker
	f.check(&k, today)
	return rules.Invalid(k.Fields)
}

func (f DeviceForm) check(k *rules.Checker, today civil.Date) {
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

	k.DayReached("/purchased_on", f.PurchasedOn, today)
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

// Codes of a row of a file of rooms that does not fit what is stored.
const (
	// RoomDiffers: the account has the room, and the row says something else of it.
	RoomDiffers = "ROOM_DIFFERS"
	// RoomAmbiguous: the account has several active rooms of the name at the site.
	RoomAmbiguous = "ROOM_AMBIGUOUS"
	// SiteDiffers: the account has the site, at another address.
	SiteDiffers = "SITE_DIFFERS"
	// DeviceDiffers: the device is in the room, and the row says something else of it.
	DeviceDiffers = "DEVICE_DIFFERS"
)

// RoomRow is a room with devices in it, as a row of a file describes it (R27a). An
// empty field says nothing.
type RoomRow struct {
	Room    RoomForm
	Address SiteAddress
	Devices []DeviceForm
}

// SiteAddress is where the room's site is, as a row of a file says it; country and region
// are the room's. Empty: the row says nothing of it.
type SiteAddress struct {
	Street     string
	City       string
	PostalCode string
}

// Site returns what the row says of the site, as it is stored; told reports whether it
// gives an address at all.
func (r RoomRow) Site() (form rules.SiteForm, told bool) {
	form = rules.SiteForm{
		Name: r.Room.Site,
		Address: rules.Address{
			Street:     r.Address.Street,
			City:       r.Address.City,
			Region:     r.Room.Region,
			PostalCode: r.Address.PostalCode,
			Country:    r.Room.Country,
		},
		TimeZone: r.Room.TimeZone,
	}
	return form.Normalised(), r.Address != SiteAddress{}
}

// SiteNameless refuses an address that stands beside no site's name: parcels are sent to
// a site, and rooms find it by its name.
func SiteNameless() rules.FieldError {
	return rules.FieldError{
		Pointer: "/site",
		Code:    rules.Required,
		Message: "The row gives an address, but no name for the site there.",
		Remedy:  "Name the site, such as the building.",
	}
}

// SiteAddressDiffers refuses a row that gives a known site another address.
func SiteAddressDiffers(code string) rules.FieldError {
	return rules.FieldError{
		Pointer: "/address",
		Code:    code,
		Message: "The site is known already, at another address.",
		Remedy:  "Correct the row, give the site a name of its own, or change its address first.",
	}
}

// Trimmed returns the form as it is stored: texts composed and without spaces around,
// country and region as
// their codes.
func (f RoomForm) Trimmed() RoomForm {
	f.Name = rules.NormaliseText(f.Name)
	f.Site = rules.NormaliseText(f.Site)
	f.Country = rules.NormaliseCode(f.Country)
	f.Region = rules.NormaliseRegion(f.Country, f.Region)
	return f
}

// RoomKey is how a file knows a room: by its name, and by that of its site (S63).
type RoomKey struct{ Name, Site string }

// Key returns how the form's room is known.
func (f RoomForm) Key() RoomKey {
	return RoomKey{rules.NameKey(f.Name), rules.SiteKey(f.Site)}
}

// RoomDifferences lists the fields in which a form differs from a stored room; an empty
// field says nothing. Name and site are not compared: they are how the room was found.
func RoomDifferences(stored, told RoomForm, code string) []rules.FieldError {
	var fields []rules.FieldError
	stored, told = stored.Trimmed(), told.Trimmed()
	for _, f := range []struct{ pointer, stored, told string }{
		{"/country", stored.Country, told.Country},
		{"/region", stored.Region, told.Region},
		{"/platform", string(stored.Platform), string(told.Platform)},
		{"/criticality", string(stored.Criticality), string(told.Criticality)},
		{"/time_zone", stored.TimeZone, told.TimeZone},
	} {
		if f.told != "" && f.told != f.stored {
			fields = append(fields, rules.FieldError{
				Pointer: f.pointer,
				Code:    code,
				Message: "The room already exists with other values.",
				Remedy:  "Correct the row, or change the room first.",
			})
		}
	}

	return fields
}

// DeviceDifferences is RoomDifferences for a device; its pointers begin with at.
func DeviceDifferences(at string, stored, told DeviceForm) []rules.FieldError {
	var fields []rules.FieldError
	for _, f := range []struct{ pointer, stored, told string }{
		{"/model", catalogue.NormaliseModelCode(stored.ModelCode), catalogue.NormaliseModelCode(
			told.ModelCode,
		)},
		{"/purchased_on", stored.PurchasedOn, told.PurchasedOn},
		{"/purchase_proof", stored.PurchaseProof, rules.NormaliseText(told.PurchaseProof)},
		{"/std_warranty_end", stored.StdWarrantyEnd, told.StdWarrantyEnd},
		{"/ext_warranty_end", stored.ExtWarrantyEnd, told.ExtWarrantyEnd},
	} {
		if f.told != "" && f.told != f.stored {
			fields = append(fields, rules.FieldError{
				Pointer: at + f.pointer,
				Code:    DeviceDiffers,
				Message: "The device is already in the room with other values.",
				Remedy:  "Correct the row, or change the device first.",
			})
		}
	}

	return fields
}
