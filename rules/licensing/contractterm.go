package licensing

import (
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// Why a contract started when it did. The strings stand in the database.
const (
	StartFallback        = "FALLBACK_60_DAYS"
	StartFirstAssignment = "FIRST_ASSIGNMENT"
	StartPurchase        = "PURCHASE"
	StartRenewal         = "RENEWAL"
)

// OrderStart is what is known of an order whose contracts are to start.
type OrderStart struct {
	Zone         *time.Location // the account's
	CreatedAt    time.Time
	PurchasedOn  civil.Date
	FallbackDays int // the program's start_fallback_days
	Contracts    []ContractToStart
}

// ContractToStart is one contract of the order. RenewedEnds are the ends of the
// contracts whose licences its own licences renew (S4).
type ContractToStart struct {
	ID          string
	Type        catalogue.ServiceType
	State       rules.ContractState
	Period      *rules.Period // of one that has started
	TermYears   int
	RenewedEnds []time.Time
}

// ContractStart is a decision: this contract becomes ACTIVE with this period.
type ContractStart struct {
	ContractID string
	Period     rules.Period
	Reason     string
}

// RenewalStart returns the start of a contract that renews others: the earliest end
// among those that had not come yet on the day of purchase, so that no room has a
// gap (S4). ok is false when there is none: then S1 holds.
func RenewalStart(
	purchasedOn civil.Date, renewedEnds []time.Time, loc *time.Location,
) (start civil.Date, ok bool) {
	bought := rules.StartOfDay(purchasedOn, loc)
	for _, end := range renewedEnds {
		if on := rules.DateIn(end, loc); bought.Before(end) && (!ok || on.Before(start)) {
			start, ok = on, true
		}
	}
	return start, ok
}

// StartOnAssignment returns the contracts that start because a licence of the order
// is assigned at the instant. All contracts of the order that wait start together,
// on the local day of the assignment, or on the fallback day if a late sweep
// missed it (S1). A renewal starts at the end of what it renews instead (S4), so
// it starts here too but its period may lie ahead. Contracts that have started
// stay as they are; if S1 started one, the others share its day.
func StartOnAssignment(o OrderStart, at time.Time) []ContractStart {
	day, reason := rules.DateIn(at, o.Zone), StartFirstAssignment
	if latest := rules.DateIn(
		rules.FallbackStart(o.CreatedAt, o.FallbackDays, o.Zone), o.Zone,
	); latest.Before(day) {
		day, reason = latest, StartFallback
	}
	return o.start(day, reason, false)
}

// StartRenewals returns the contracts of an order whose start is known once it is
// fulfilled, because they renew others before their end (S4).
func StartRenewals(o OrderStart) []ContractStart {
	return o.start(civil.Date{}, "", true)
}

// StartByFallback returns the contracts that start because nobody assigned a licence
// within the fallback's days; none before that day (S1, V4).
func StartByFallback(o OrderStart, now time.Time) []ContractStart {
	latest := rules.FallbackStart(o.CreatedAt, o.FallbackDays, o.Zone)
	if now.Before(latest) {
		return nil
	}
	return o.start(rules.DateIn(latest, o.Zone), StartFallback, false)
}

func (o OrderStart) start(day civil.Date, reason string, renewalsOnly bool) []ContractStart {
	if shared, ok := o.shared(); ok {
		day = shared
	}

	var starts []ContractStart
	for _, c := range o.Contracts {
		if c.State != rules.ContractPendingStart || c.Type == catalogue.ServiceJumpStart {
			continue
		}

		first, why := day, reason
		renewed, ok := RenewalStart(o.PurchasedOn, c.RenewedEnds, o.Zone)
		if ok {
			first, why = renewed, StartRenewal
		} else if renewalsOnly {
			continue
		}

		starts = append(starts, ContractStart{
			ContractID: c.ID, Period: rules.ContractPeriod(first, c.TermYears, o.Zone), Reason: why,
		})
	}

	return starts
}

// shared returns the day on which a contract of the order has started by S1.
func (o OrderStart) shared() (day civil.Date, ok bool) {
	for _, c := range o.Contracts {
		_, renewal := RenewalStart(o.PurchasedOn, c.RenewedEnds, o.Zone)
		if c.Period != nil && c.Type != catalogue.ServiceJumpStart && !renewal {
			return rules.DateIn(c.Period.Start, o.Zone), true
		}
	}
	return civil.Date{}, false
}

// LatestStart returns the last day on which a contract starts by itself: that of the
// fallback, or of its renewal (S1, S4).
func (o OrderStart) LatestStart(c ContractToStart) civil.Date {
	if renewed, ok := RenewalStart(o.PurchasedOn, c.RenewedEnds, o.Zone); ok {
		return renewed
	}
	return rules.DateIn(rules.FallbackStart(o.CreatedAt, o.FallbackDays, o.Zone), o.Zone)
}

// RenewalCatchUpDays is how long after expiry the reminder of the last day is
// still worth sending. Without it, importing old contracts would mail people
// about terms that ended years ago.
const RenewalCatchUpDays = 7

// DueReminder returns the one renewal reminder that belongs to today, a local day
// in loc, for a contract with the exclusive end. reminders are the days before the
// end on which one is due, the earliest first; 0 is the local date of end_at (by
// default 90, 60, 30, 7 and 0). The answer names a reminder, not
// an event: it stays the same from its day until the day of the next one, so a
// sweep that missed days still sends it, and one that missed several reminders
// sends only the latest. The caller makes it happen once by using daysBefore in
// the mail's dedupe key (C7, S5). Nothing is due before the first of
// them or later than RenewalCatchUpDays after it.
func DueReminder(
	end time.Time, today civil.Date, reminders []int, loc *time.Location,
) (daysBefore int, due bool) {
	left := rules.DateIn(end, loc).DaysSince(today)
	if left < -RenewalCatchUpDays {
		return 0, false
	}

	for _, day := range reminders {
		if left <= day {
			daysBefore, due = day, true
		}
	}

	return daysBefore, due
}

// ExpiringDays is how many days before its end a contract counts as expiring: a
// derived state, never stored (RULES 2).
const ExpiringDays = 90

// ExpiringBefore returns the instant before which a contract that runs must end to be
// expiring within days of today, a local day in loc: an end on the local day
// today+days still counts (C1).
func ExpiringBefore(today civil.Date, days int, loc *time.Location) time.Time {
	return rules.AllowedUntil(today, days, loc)
}
