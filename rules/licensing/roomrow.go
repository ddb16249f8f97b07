package licensing

import (
	"strings"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// Codes of a row of a file of rooms that does not fit what is stored.
const (
	// RoomDiffers: the account has the room, and the row says something else of it.
	RoomDiffers = "ROOM_DIFFERS"
	// RoomAmbiguous: the account has several active rooms of the name at the site.
	RoomAmbiguous = "ROOM_AMBIGUOUS"
	// DeviceDiffers: the device is in the room, and the row says something else of it.
	DeviceDiffers = "DEVICE_DIFFERS"
)

// RoomRow is a room with devices in it, as a row of a file tells it (R27a). What
// is empty is not told.
type RoomRow struct {
	Room    RoomForm
	Devices []DeviceForm
}

// Trimmed is the form as it is stored: no spaces around, country and
// region in their codes.
func (f RoomForm) Trimmed() RoomForm {
	f.Name = strings.TrimSpace(f.Name)
	f.Site = strings.TrimSpace(f.Site)
	f.Country = strings.ToUpper(strings.TrimSpace(f.Country))
	f.Region = rules.NormaliseRegion(f.Country, f.Region)
	return f
}

// RoomDifferences names what a form tells otherwise than a room that is there;
// an empty field tells nothing. Name and site are what the room is known by.
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
				Message: "The room is there already, and something else is known of it.",
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
		{"/purchase_proof", stored.PurchaseProof, strings.TrimSpace(told.PurchaseProof)},
		{"/std_warranty_end", stored.StdWarrantyEnd, told.StdWarrantyEnd},
		{"/ext_warranty_end", stored.ExtWarrantyEnd, told.ExtWarrantyEnd},
	} {
		if f.told != "" && f.told != f.stored {
			fields = append(fields, rules.FieldError{
				Pointer: at + f.pointer,
				Code:    DeviceDiffers,
				Message: "The device is in the room already, and something else is known of it.",
				Remedy:  "Correct the row, or change the device first.",
			})
		}
	}

	return fields
}
