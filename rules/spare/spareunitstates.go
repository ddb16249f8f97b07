package spare

import "slices"

// SpareState says where a spare unit stands (RULES 2).
type SpareState string

// States of a spare unit. A unit is REPLENISHING from the approval of the RMA that
// used it until the next unit is on site, its shipment included.
const (
	SpareEarned           SpareState = "EARNED"
	SpareSelectionPending SpareState = "SELECTION_PENDING"
	SpareApproved         SpareState = "APPROVED"
	SpareShipped          SpareState = "SHIPPED"
	SpareOnSite           SpareState = "ON_SITE"
	SpareConsumed         SpareState = "CONSUMED"
	SpareReplenishing     SpareState = "REPLENISHING"
	SpareRecallRequested  SpareState = "RECALL_REQUESTED"
	SpareReturned         SpareState = "RETURNED"
	SpareBilled           SpareState = "BILLED"
	SpareWaived           SpareState = "WAIVED"
	SpareVoided           SpareState = "VOIDED"
)

// SpareStates lists the states.
func SpareStates() []SpareState {
	return []SpareState{
		SpareEarned, SpareSelectionPending, SpareApproved, SpareShipped, SpareOnSite, SpareConsumed,
		SpareReplenishing,
		SpareRecallRequested, SpareReturned, SpareBilled, SpareWaived, SpareVoided,
	}
}

// Four arrows are ours. A parcel that is lost or comes back has the unit wait for
// another one (SHIPPED to APPROVED). What was used and not yet sent anew is voided
// as any other unit that was not shipped (S9, S26). A recall ends where the
// entitlement is back in time (S9). And a unit that comes back after it was billed
// is returned, and its fee credited, as a late return's is (S22).
var spareMoves = map[SpareState][]SpareState{
	"":                    {SpareEarned},
	SpareEarned:           {SpareSelectionPending, SpareVoided},
	SpareSelectionPending: {SpareApproved, SpareVoided},
	SpareApproved:         {SpareShipped, SpareVoided},
	SpareShipped:          {SpareOnSite, SpareApproved},
	SpareOnSite:           {SpareConsumed, SpareRecallRequested},
	SpareConsumed:         {SpareReplenishing, SpareVoided},
	SpareReplenishing:     {SpareOnSite, SpareVoided},
	SpareRecallRequested:  {SpareOnSite, SpareReturned, SpareBilled, SpareWaived},
	SpareBilled:           {SpareReturned},
}

// CanBecome tells whether a spare unit moves to next in one step.
func (s SpareState) CanBecome(next SpareState) bool { return slices.Contains(spareMoves[s], next) }

// Valid tells whether there is such a state.
func (s SpareState) Valid() bool { return slices.Contains(SpareStates(), s) }

// Over tells whether the unit has come to its end.
func (s SpareState) Over() bool {
	return s == SpareVoided || s == SpareReturned || s == SpareBilled || s == SpareWaived
}
