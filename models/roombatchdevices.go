package models

import (
	"slices"
	"strconv"

	"roomcover.dev/roomcover/rules"
)

// device finds or makes the i-th device of a row; nil where it is in the room
// already. A serial of the account that is elsewhere is named in the report.
func (b *roomBatch) device(i int, form rules.DeviceForm, room *Room, isNew bool, report *ImportRow) (*Device, []rules.FieldError) {
	at := "/devices/" + strconv.Itoa(i)
	form.Serial = rules.NormaliseSerial(form.Serial)
	if err := form.Validate(); err != nil {
		fields := fieldsOf(err)
		for i := range fields {
			fields[i].Pointer = at + fields[i].Pointer
		}
		return nil, fields
	}
	there, ok := b.devices[form.Serial]
	switch {
	case !ok:
		d := b.s.newDevice(b.acc, form, room.ID)
		return &d, nil
	case there.AccountID != b.acc.ID:
		b.claims = append(b.claims, wantedDevice{there.Device, room.ID})
		return nil, []rules.FieldError{{Pointer: at + "/serial", Code: rules.SerialClaimed, Message: "This serial number is registered elsewhere.",
			Remedy: "Check the number on the device; an operator looks into it once the file was imported."}}
	case !isNew && text(there.RoomID) == room.ID:
		return nil, rules.DeviceDifferences(at, there.form(), form)
	}
	report.RoomID, report.DeviceID = there.RoomID, &there.ID
	return nil, []rules.FieldError{{Pointer: at + "/serial", Code: rules.SerialRegistered, Message: "This serial number is registered in the account already.",
		Remedy: "Move the device that has it, or check the number; the report names the device and its room."}}
}

func (d Device) form() rules.DeviceForm {
	return rules.DeviceForm{Serial: text(d.Serial), ModelCode: d.ModelCode, PurchasedOn: d.PurchasedOn, PurchaseProof: d.PurchaseProof,
		StdWarrantyEnd: d.StdWarrantyEnd, ExtWarrantyEnd: d.ExtWarrantyEnd}
}

// take notes what a good row leads to; the rows behind it find it.
func (b *roomBatch) take(room *Room, isNew bool, devices []*Device) {
	if isNew {
		n := roomName{room.Name, room.Site}
		b.rooms[n] = append(b.rooms[n], room)
		b.newRooms = append(b.newRooms, room)
		b.note("room.created", room.ID, map[string]any{"after": room.facts()})
	}
	for _, d := range devices {
		b.devices[*d.Serial] = &placedDevice{*d, &room.ID}
		b.newDevices = append(b.newDevices, d)
		b.placements = append(b.placements, b.s.placement(b.scope, *d, room.ID, d.CreatedAt))
		b.note("device.registered", d.ID, map[string]any{"after": d.facts(), "room": room.ID})
	}
}

func (b *roomBatch) note(verb, id string, details map[string]any) {
	details["import"] = b.job.ID
	b.entries = append(b.entries, entry{verb, id, withReason(b.job.Reason, details)})
}

// store writes everything that the batch leads to, one statement for each table.
func (b *roomBatch) store(reports []ImportRow) error {
	for _, rows := range []struct {
		n    int
		rows any
	}{{len(b.newRooms), &b.newRooms}, {len(b.newDevices), &b.newDevices}, {len(b.placements), &b.placements}} {
		if rows.n == 0 {
			continue
		}
		if err := b.tx.Create(rows.rows).Error; err != nil {
			return err
		}
	}
	if len(b.entries) > 0 {
		if err := b.s.accountAudit(b.tx, b.scope, b.acc.ID, b.entries...); err != nil {
			return err
		}
	}
	if err := b.raiseClaims(); err != nil {
		return err
	}
	return putImportRows(b.tx, reports)
}

// raiseClaims asks an operator about devices of other accounts, once for each. A
// room that is not stored is not named.
func (b *roomBatch) raiseClaims() error {
	if len(b.claims) == 0 {
		return nil
	}
	ids := make([]string, len(b.claims))
	for i, c := range b.claims {
		ids[i] = c.roomID
	}
	var stored []string
	if err := b.tx.Model(&Room{}).Where("id IN ?", ids).Pluck("id", &stored).Error; err != nil {
		return err
	}
	for _, c := range b.claims {
		if !slices.Contains(stored, c.roomID) {
			c.roomID = ""
		}
		if err := b.s.claim(b.tx, b.scope, b.acc, c.device, c.roomID); err != nil {
			return err
		}
	}
	return nil
}
