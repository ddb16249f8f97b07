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
	Name        string            `json:"name"`
	Site        string            `json:"site,omitempty"`
	Address     *SiteAddress      `json:"address,omitempty"`
	Country     string            `json:"country"`
	Region      string            `json:"region,omitempty"`
	Platform    rules.Platform    `json:"platform"`
	Criticality rules.Criticality `json:"criticality,omitempty"`
	TimeZone    string            `json:"time_zone,omitempty"`
	Devices     []Device          `json:"devices,omitempty" nullable:"false"`
}

// SiteAddress is where a room's site is; country and region are the room's.
type SiteAddress struct {
	Street     string `json:"street"`
	City       string `json:"city"`
	PostalCode string `json:"postal_code,omitempty"`
}

// Device is a device of a room; its fields are those of POST /v1/devices.
type Device struct {
	Serial         string `json:"serial"`
	Model          string `json:"model"`
	PurchasedOn    string `json:"purchased_on,omitempty"`
	PurchaseProof  string `json:"purchase_proof,omitempty"`
	StdWarrantyEnd string `json:"std_warranty_end,omitempty"`
	ExtWarrantyEnd string `json:"ext_warranty_end,omitempty"`
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
