package spare

import (
	"slices"
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

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

// Four arrows are ours. After a parcel that is lost or comes back the unit waits for
// another one (SHIPPED to APPROVED). A unit that was used and not yet shipped again is
// voided like any other that was not shipped (S9, S26). A recall ends where the
// entitlement is back in time (S9). And a unit that comes back after it was billed is
// returned, and its fee credited, as a late return's is (S22).
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

// CanBecome reports whether a spare unit moves to next in one step.
func (s SpareState) CanBecome(next SpareState) bool { return slices.Contains(spareMoves[s], next) }

// Valid reports whether there is such a state.
func (s SpareState) Valid() bool { return slices.Contains(SpareStates(), s) }

// Over reports whether the unit has come to its end.
func (s SpareState) Over() bool {
	return s == SpareVoided || s == SpareReturned || s == SpareBilled || s == SpareWaived
}

// SpareFacts is what is known of a spare unit. The instants of a shipment are those of
// the present one: replenishment clears them.
type SpareFacts struct {
	State         SpareState
	SelectedAt    *time.Time // the CSM named model and site
	AgreedAt      *time.Time // by the customer
	ShippedAt     *time.Time // the serial was captured
	PickedUpAt    *time.Time // the carrier's first scan
	OnSiteAt      *time.Time
	ConsumedAt    *time.Time
	RecallPending bool // it is under way, and recalled when it arrives (S9)
	Parcels       int  // sent to the site and declared lost or used up; names the next one

	RecallRequestedAt *time.Time
	RecallDueAt       *time.Time // exclusive
	RecallScannedAt   *time.Time // the carrier's first scan on the way back
	RemindersSent     int        // or passed over, since the recall ends before them
	FeeAskedAt        *time.Time // an operator was asked to bill or waive

	ReturnedAt *time.Time
	BilledAt   *time.Time
	WaivedAt   *time.Time
	VoidedAt   *time.Time

	// What people told, typed and took back, of earlier parcels too, in that order.
	Tellings rma.Tellings[SpareFact] `gorm:"serializer:json"`
}

// Live reports whether the unit counts against what its parent is entitled to: the
// number of live units is the balance of the parent's ledger.
func (f SpareFacts) Live() bool {
	return !f.State.Over() && f.State != SpareRecallRequested && !f.RecallPending
}

// UnderWay reports whether the unit has left the depot and has not arrived: its serial
// was captured, or the carrier says that it has it.
func (f SpareFacts) UnderWay() bool {
	return f.State == SpareShipped || (f.State == SpareApproved || f.State == SpareReplenishing) &&
		(f.ShippedAt != nil || f.PickedUpAt != nil)
}

// ToShip reports whether the unit waits for being shipped: model and site are known,
// and the customer has agreed (R88a).
func (f SpareFacts) ToShip() bool {
	return f.State == SpareApproved || f.State == SpareReplenishing && f.ShippedAt == nil
}

// AtRest reports whether nothing is to be done or awaited: the unit lies on site, or
// has come to its end.
func (f SpareFacts) AtRest() bool { return f.State == SpareOnSite || f.State.Over() }

// WithdrawableAt reports whether a recall may still be withdrawn: before its due
// instant, and before the carrier has the unit (S9).
func (f SpareFacts) WithdrawableAt(now time.Time) bool {
	return f.State == SpareRecallRequested && f.RecallScannedAt == nil && f.RecallDueAt != nil &&
		now.Before(*f.RecallDueAt)
}

// SpareFact is what a carrier or a depot reports about a spare unit.
type SpareFact string

// The facts.
const (
	SparePickedUp       SpareFact = "PICKED_UP"
	SpareDelivered      SpareFact = "DELIVERED"
	SpareRecallScanned  SpareFact = "RECALL_SCANNED"
	SpareRecallReceived SpareFact = "RECALL_RECEIVED"
)

// Valid reports whether there is such a fact.
func (f SpareFact) Valid() bool {
	return f == SparePickedUp || f == SpareDelivered || f == SpareRecallScanned ||
		f == SpareRecallReceived
}

// LearnSpare reports whether a fact is known already, so that it changes nothing: a
// unit on site was delivered, whatever is reported again and late. It refuses with
// STATE_CONFLICT a fact that cannot be: of a unit that was never sent, or is not
// recalled.
func LearnSpare(f SpareFacts, fact SpareFact) (known bool, err error) {
	impossible := rules.Refuse(
		rules.StateConflict,
		"This cannot have happened in the present state, "+string(f.State)+".",
		"Read the spare again; it may be another one.",
	)

	arrived := f.OnSiteAt != nil && f.ShippedAt != nil && !f.UnderWay()
	switch fact {
	case SparePickedUp:
		if !arrived && !f.UnderWay() && !f.ToShip() {
			return false, impossible
		}
		return arrived, nil
	case SpareDelivered:
		if !arrived && (!f.UnderWay() || f.ShippedAt == nil) {
			return false, impossible
		}
		return arrived, nil
	case SpareRecallScanned, SpareRecallReceived:
		if f.State != SpareRecallRequested && f.State != SpareBilled && f.State != SpareReturned {
			return false, impossible
		}
		return f.State == SpareReturned, nil
	}

	return false, impossible
}

// FactsToTell lists what may be told of the unit now, in a fixed order.
func (f SpareFacts) FactsToTell() []SpareFact {
	var out []SpareFact
	for _, fact := range []SpareFact{
		SparePickedUp, SpareDelivered, SpareRecallScanned, SpareRecallReceived,
	} {
		if _, err := LearnSpare(f, fact); err == nil {
			out = append(out, fact)
		}
	}

	return out
}

// CheckTold refuses with VALIDATION_FAILED and the field /at an instant that a person
// typed and that cannot be true (S62): before the unit was agreed to, used up or recalled,
// or ahead of now. A zero instant stands for now.
func (f SpareFacts) CheckTold(fact SpareFact, at, now time.Time) error {
	if at.IsZero() {
		return nil
	}
	if problem := rules.InstantProblem("/at", at, f.PossibleFrom(fact), now); problem != nil {
		return rules.Invalid([]rules.FieldError{*problem})
	}
	return nil
}

// PossibleFrom returns since when a fact of the unit's present parcel was possible; zero
// where that is not known.
func (f SpareFacts) PossibleFrom(fact SpareFact) time.Time {
	since := []*time.Time{f.AgreedAt, f.ConsumedAt}
	if fact == SpareRecallScanned || fact == SpareRecallReceived {
		since = []*time.Time{f.RecallRequestedAt}
	}

	var latest time.Time
	for _, at := range since {
		if at != nil && at.After(latest) {
			latest = *at
		}
	}
	return latest
}

// spareReminderDays are the days of a recall on which the customer is reminded,
// unless it is due before them.
var spareReminderDays = []int{20, 27}

// SpareRecallDue returns the exclusive end of the time in which a recalled unit may
// come back: the end of local day requested+days, by default 30 (C1, RULES 3).
func SpareRecallDue(requested time.Time, days int, zone *time.Location) time.Time {
	return rules.AllowedUntil(rules.DateIn(requested, zone), days, zone)
}

// SpareTimerKind says what is to be done for a spare unit at an instant.
type SpareTimerKind string

// The timers of a spare unit.
const (
	TimerRecallReminder SpareTimerKind = "RECALL_REMINDER"
	TimerRecallDue      SpareTimerKind = "RECALL_DUE"
)

// SpareTimer is something to do at an instant.
type SpareTimer struct {
	Kind SpareTimerKind
	At   time.Time
	Day  int // of a reminder
}

// Timers lists what is still to be done and when, the earliest first; zone is the
// account's. Only a recall that the carrier knows nothing of has timers.
func (f SpareFacts) Timers(zone *time.Location) []SpareTimer {
	if f.State != SpareRecallRequested || f.RecallRequestedAt == nil || f.RecallDueAt == nil ||
		f.RecallScannedAt != nil {
		return nil
	}

	reminders := f.reminders(zone)
	timers := reminders[min(f.RemindersSent, len(reminders)):]
	if f.FeeAskedAt == nil {
		timers = append(timers, SpareTimer{Kind: TimerRecallDue, At: *f.RecallDueAt})
	}
	return timers
}

// reminders lists all reminders of a recall, those that were sent too.
func (f SpareFacts) reminders(zone *time.Location) (all []SpareTimer) {
	day := rules.DateIn(*f.RecallRequestedAt, zone)
	for _, n := range spareReminderDays {
		if at := rules.StartOfDay(day.AddDays(n), zone); at.Before(*f.RecallDueAt) {
			all = append(all, SpareTimer{Kind: TimerRecallReminder, At: at, Day: n})
		}
	}
	return all
}

// Reminded returns the facts once the reminders are sent that are due by now, and the day
// of the last of these, the only one that is sent. A last reminder that is sent on a later
// day than its own moves the end of the recall: people have the days after it that they
// would have had.
func (f SpareFacts) Reminded(now time.Time, zone *time.Location) (after SpareFacts, day int) {
	all := f.reminders(zone)
	at := func(i int) time.Time { return all[i].At }
	sent := rules.RemindersDue(len(all), f.RemindersSent, at, now)
	if sent == f.RemindersSent {
		return f, 0
	}

	last := all[sent-1]
	today := rules.DateIn(now, zone)
	f.RemindersSent = sent
	if sent < len(all) {
		return f, last.Day
	}

	// No other one follows, whatever end the recall gets.
	f.RemindersSent = len(spareReminderDays)
	if !today.After(rules.DateIn(last.At, zone)) {
		return f, last.Day
	}

	requested := rules.DateIn(*f.RecallRequestedAt, zone)
	window := rules.LastCoveredDay(*f.RecallDueAt, zone).DaysSince(requested)
	due := rules.AllowedUntil(today, rules.DaysAfterReminder(window, last.Day), zone)
	f.RecallDueAt = rma.Last(f.RecallDueAt, due)
	return f, last.Day
}
