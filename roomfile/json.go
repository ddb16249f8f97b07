package roomfile

import (
	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/strictjson"
)

// Room is a room of a JSON file; its fields are those of POST /v1/rooms, and beside them
// where its site is.
type Room struct {
	Name        string            `json:"name" doc:"Name of the room, as people on site say it"`
	Site        string            `json:"site,omitempty" doc:"Building or site that the room is in"`
	Address     *SiteAddress      `json:"address,omitempty" doc:"Where the site of the room is, so that replacements can be sent there"`
	Country     string            `json:"country" doc:"ISO 3166-1, two letters, such as BR"`
	Region      string            `json:"region,omitempty" doc:"Region in ISO 3166-2, with or without the country, such as SP"`
	Platform    rules.Platform    `json:"platform" doc:"What the room runs on: MTR_WINDOWS, MTR_ANDROID, ZOOM_PC, ZOOM_APPLIANCE or OTHER"`
	Criticality rules.Criticality `json:"criticality,omitempty" doc:"How much depends on it: NORMAL, HIGH or CRITICAL; missing: NORMAL"`
	TimeZone    string            `json:"time_zone,omitempty" doc:"IANA name, such as America/Sao_Paulo; missing: that of the region or country"`
	Devices     []Device          `json:"devices,omitempty" nullable:"false" doc:"Devices in the room"`
}

// SiteAddress is where a room's site is; country and region are the room's.
type SiteAddress struct {
	Street     string `json:"street" doc:"Street and number"`
	City       string `json:"city" doc:"City or town"`
	PostalCode string `json:"postal_code,omitempty" doc:"Postal code, such as 01310-100; missing where the country has none"`
}

// Device is a device of a room; its fields are those of POST /v1/devices.
type Device struct {
	Serial         string `json:"serial" doc:"Serial number, as it stands on the device; spaces, dashes and case do not matter"`
	Model          string `json:"model" doc:"Code of the model, such as RALLY-BAR"`
	PurchasedOn    string `json:"purchased_on,omitempty" doc:"Day of purchase, YYYY-MM-DD; missing: not known"`
	PurchaseProof  string `json:"purchase_proof,omitempty" doc:"Where the proof of purchase is kept, such as the number of an invoice"`
	StdWarrantyEnd string `json:"std_warranty_end,omitempty" doc:"End of the maker's warranty, YYYY-MM-DD: the first day that is not covered any more"`
	ExtWarrantyEnd string `json:"ext_warranty_end,omitempty" doc:"End of the extended warranty, YYYY-MM-DD: the first day that is not covered any more"`
}

func decode(n int, raw []byte) Row {
	row := Row{No: n}
	if len(raw) > rowfile.MaxObject {
		row.fail("", RoomTooLarge, "The room is larger than 1 MiB.", "Send fewer devices for it.")
		return row
	}

	var v Room
	row.Err = strictjson.Decode(raw, &v)
	row.Form.Room = licensing.RoomForm{
		Name:        v.Name,
		Site:        v.Site,
		Country:     v.Country,
		Region:      v.Region,
		Platform:    v.Platform,
		Criticality: v.Criticality,
		TimeZone:    v.TimeZone,
	}

	if a := v.Address; a != nil {
		row.Form.Address = licensing.SiteAddress(*a)
	}

	if len(v.Devices) > MaxDevicesOfRoom {
		row.fail("/devices", TooManyDevices, "The room has more than 200 devices.",
			"Send a room in several parts, or several rooms.")
		return row
	}

	for _, d := range v.Devices {
		row.Form.Devices = append(row.Form.Devices, licensing.DeviceForm{
			Serial:         d.Serial,
			ModelCode:      d.Model,
			PurchasedOn:    d.PurchasedOn,
			PurchaseProof:  d.PurchaseProof,
			StdWarrantyEnd: d.StdWarrantyEnd,
			ExtWarrantyEnd: d.ExtWarrantyEnd,
		})
	}

	return row
}
