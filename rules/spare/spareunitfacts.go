package spare

import "time"

// SpareFacts is what is known of a spare unit. The instants of a shipment are those
// of the present one: a unit that is replenished starts them anew.
type SpareFacts struct {
	State         SpareState
	SelectedAt    *time.Time // the CSM named model and site
	AgreedAt      *time.Time // by the customer
	ShippedAt     *time.Time // the serial was captured
	PickedUpAt    *time.Time // the carrier's first scan
	OnSiteAt      *time.Time
	ConsumedAt    *time.Time
	RecallPending bool // it is under way, and recalled when it arrives (S9)

	RecallRequestedAt *time.Time
	RecallDueAt       *time.Time // exclusive
	RecallScannedAt   *time.Time // the carrier's first scan on the way back
	RemindersSent     int
	FeeAskedAt        *time.Time // an operator was asked to bill or waive

	ReturnedAt *time.Time
	BilledAt   *time.Time
	WaivedAt   *time.Time
	VoidedAt   *time.Time
}

// Live tells whether the unit counts against what its parent is entitled to: the
// number of live units is the balance of the parent's ledger.
func (f SpareFacts) Live() bool {
	return !f.State.Over() && f.State != SpareRecallRequested && !f.RecallPending
}

// UnderWay tells whether the unit has left the depot and has not arrived: its serial
// was captured, or the carrier says that it has it.
func (f SpareFacts) UnderWay() bool {
	return f.State == SpareShipped || (f.State == SpareApproved || f.State == SpareReplenishing) &&
		(f.ShippedAt != nil || f.PickedUpAt != nil)
}

// ToShip tells whether the unit waits for being shipped: model and site are known,
// and the customer has agreed (R88a).
func (f SpareFacts) ToShip() bool {
	return f.State == SpareApproved || f.State == SpareReplenishing && f.ShippedAt == nil
}

// AtRest tells whether nothing is to be done or awaited: the unit lies on site, or
// has come to its end.
func (f SpareFacts) AtRest() bool { return f.State == SpareOnSite || f.State.Over() }

// WithdrawableAt tells whether a recall may still be withdrawn: before its due
// instant, and before the carrier has the unit (S9).
func (f SpareFacts) WithdrawableAt(now time.Time) bool {
	return f.State == SpareRecallRequested && f.RecallScannedAt == nil && f.RecallDueAt != nil &&
		now.Before(*f.RecallDueAt)
}
