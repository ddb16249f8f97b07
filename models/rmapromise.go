package models

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// shipTo is where the replacement goes: whose business days count (C3).
func (w *rmaWork) shipTo() Site { return Site{w.SiteCountry, w.SiteRegion, w.SiteZone} }

func (w *rmaWork) zone() *time.Location { return zoneOf(w.SiteZone) }

// calendar is the one that counts at the ship-to, as it is now: the version that the
// lock's statement saw, or, where this process has not read that one yet, what
// stands in the database.
func (w *rmaWork) calendar() (rules.Calendar, error) {
	if c, ok := w.s.calendarVersion(text(w.CalendarKey)); ok {
		return c, nil
	}
	return w.s.calendarOf(w.tx, w.shipTo())
}

// promise is the day for a replacement that is on its way from the instant on.
func (w *rmaWork) promise(from time.Time) (rules.Promise, error) {
	calendar, err := w.calendar()
	if err != nil {
		return rules.Promise{}, err
	}
	return promiseBy(w.ref.Program.Replacement, calendar, w.shipTo(), w.Speed, from)
}

// silenceDue is after how long without a sign of the carrier an agent is asked:
// the end of the third business day.
func (w *rmaWork) silenceDue(sign time.Time) (*time.Time, error) {
	calendar, err := w.calendar()
	if err != nil {
		return nil, err
	}
	day, err := calendar.AddBusinessDays(rules.DateIn(sign, w.zone()), w.ref.Program.Replacement.CarrierSilenceDays)
	due := rules.StartOfDay(day.AddDays(1), w.zone())
	return &due, err
}
