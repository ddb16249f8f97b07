package ordering

import (
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// PurchaseDate settles the day of purchase, from which the cancellation window
// and JumpStart run (S6): the date on the purchase order if it is not in the
// future and at most maxAgeDays before the local day of receipt; otherwise the
// day of receipt. future tells that the order must be reviewed by a person.
func PurchaseDate(
	po civil.Date, received time.Time, maxAgeDays int, loc *time.Location,
) (d civil.Date, future bool) {
	receipt := rules.DateIn(received, loc)
	switch {
	case !po.IsValid():
		return receipt, false
	case po.After(receipt):
		return receipt, true
	case receipt.DaysSince(po) > maxAgeDays:
		return receipt, false
	default:
		return po, false
	}
}
