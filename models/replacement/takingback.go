package replacement

import (
	"strconv"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// What taking something back means for a replacement and for a spare unit alike. What it
// means for each stands in rmacorrections.go and in sparecorrections.go.

// forgetNumber takes back the number that people typed for a parcel. taken reports whether
// there was one; then another parcel may be needed in its place from the service's carrier.
func (c *change) forgetNumber(bookingKey string) (taken, another bool, err error) {
	sh, err := c.s.logistics.TakeBackNumber(c.tx, bookingKey, c.reason)
	if err != nil || sh == nil {
		return false, false, err
	}
	return true, sh.DepotID != nil && c.s.logistics.Carrier != "", nil
}

// moveUnitBack gives a device back the state and the room that it had. It refuses with
// SERIAL_REGISTERED where its serial number is another device's by now.
func (c *change) moveUnitBack(
	d entitlement.PlacedDevice, state licensing.DeviceState, roomID string,
) error {
	c.noteOf("device.moved", d.ID, map[string]any{
		"before": db.Text(d.RoomID),
		"after":  roomID,
		"state":  state,
	})

	err := entitlement.TakeUnitBack(c.tx, d.Device, state, roomID)
	if db.Duplicated(err) {
		return sentElsewhere()
	}
	return err
}

func sentElsewhere() error {
	return rules.Refuse(licensing.SerialRegistered,
		"The unit with this serial number has been sent to somebody else meanwhile.",
		"Leave what was told as it is, and send another unit.")
}

// feeEvent adds an event about the fee for finance. Each kind and reason happens once; after
// a correction, of which there were so many, it may happen again.
func (c *change) feeEvent(kind db.OutboxKind, why string, corrections int) {
	epoch := why
	if corrections > 0 {
		epoch += "/" + strconv.Itoa(corrections)
	}
	c.eventOnce(kind, why, epoch)
}

// mailCorrection writes to the customer, who was told something that was not right: what was
// wrong, and what holds now.
func (c *change) mailCorrection(wrong, holds string) {
	c.mail("CORRECTED", map[string]any{
		"wrong":         wrong,
		"holds":         holds,
		"fee_withdrawn": c.feeWithdrawn,
	})
}
