package calendar

import (
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// ReturnWindow is how long a faulty unit may take to come back, in business days of
// the site (S22).
type ReturnWindow struct {
	Days       int   // from delivery until the return is due
	Reminders  []int // days after delivery on which the customer is reminded
	FeeConfirm int   // days after the due day on which a person may confirm the fee
}

// ReturnDue are the local days of a return, and the instants in UTC to wait for.
// Like a promise it is computed once and stored.
type ReturnDue struct {
	On              civil.Date       `json:"on"`  // last day in time
	Until           time.Time        `json:"due"` // exclusive: the end of that local day
	Reminders       []ReturnReminder `json:"reminders"`
	FeeConfirmOn    civil.Date       `json:"fee_confirm_on"`
	FeeConfirmFrom  time.Time        `json:"fee_confirm_from"` // the end of that local day
	Calendar        string           `json:"calendar"`
	CalendarVersion int64            `json:"calendar_version"`
}

// ReturnReminder is one reminder of a return.
type ReturnReminder struct {
	BusinessDay int        `json:"business_day"` // after delivery
	On          civil.Date `json:"on"`
	At          time.Time  `json:"at"` // 09:00 of that day, local
}

// AfterLateReminder returns the plan's days as people are owed them when its last reminder is
// sent late, on a day: until when they have the unit to return before they are told that it
// is overdue, and from when on an operator may confirm the fee. Each keeps the business days
// that lie in the plan between it and the reminder, one day at least. Error:
// NO_WORKING_TIME.
func (r ReturnDue) AfterLateReminder(
	sent civil.Date, zone *time.Location, c Calendar, w ReturnWindow,
) (overdue, confirm time.Time, err error) {
	last := r.Reminders[len(r.Reminders)-1]
	on, err := c.AddBusinessDays(sent, rules.DaysAfterReminder(w.Days, last.BusinessDay))
	if err != nil {
		return overdue, confirm, err
	}

	confirm, err = r.AfterLateNotice(on.AddDays(1), zone, c, w)
	return rules.StartOfDay(on.AddDays(1), zone), confirm, err
}

// AfterLateNotice returns from when on an operator may confirm the fee, where people are
// told on a day that the return is overdue: after as many business days as if it were the
// first day on which it is.
func (r ReturnDue) AfterLateNotice(
	told civil.Date, zone *time.Location, c Calendar, w ReturnWindow,
) (time.Time, error) {
	on, err := c.AddBusinessDays(told.AddDays(-1), w.FeeConfirm)
	if err != nil {
		return time.Time{}, err
	}
	return rules.StartOfDay(on.AddDays(1), zone), nil
}

// reminderHour is when, by the wall clock of the site, people are reminded.
const reminderHour = 9

// DueReturn computes until when a faulty unit must be back after its replacement
// was delivered (S22, V9), the day of delivery not counted. Error: NO_WORKING_TIME.
func DueReturn(
	delivered time.Time, zone *time.Location, c Calendar, w ReturnWindow,
) (ReturnDue, error) {
	day := rules.DateIn(delivered, zone)
	r := ReturnDue{Calendar: c.Code, CalendarVersion: c.Version}
	var err error
	if r.On, err = c.AddBusinessDays(day, w.Days); err != nil {
		return ReturnDue{}, err
	}
	if r.FeeConfirmOn, err = c.AddBusinessDays(r.On, w.FeeConfirm); err != nil {
		return ReturnDue{}, err
	}

	r.Until = rules.StartOfDay(r.On.AddDays(1), zone)
	r.FeeConfirmFrom = rules.StartOfDay(r.FeeConfirmOn.AddDays(1), zone)
	for _, n := range w.Reminders {
		on, err := c.AddBusinessDays(day, n)
		if err != nil {
			return ReturnDue{}, err
		}
		at := time.Date(on.Year, on.Month, on.Day, reminderHour, 0, 0, 0, zone)
		r.Reminders = append(r.Reminders, ReturnReminder{BusinessDay: n, On: on, At: at.UTC()})
	}

	return r, nil
}
