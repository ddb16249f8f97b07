package models

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// shipTo is where the replacement goes: whose business days count (C3).
func (w *rmaWork) shipTo() Site { return Site{w.SiteCountry, w.SiteRegion, w.SiteZone} }

func (w *rmaWork) zone() *time.Location { return zoneOf(w.SiteZone) }

// silenceDue is after how long without a sign of the carrier an agent is asked:
// the end of the third business day.
func (w *rmaWork) silenceDue(sign time.Time) (*time.Time, error) {
	calendar, err := w.s.calendarOf(w.tx, w.shipTo())
	if err != nil {
		return nil, err
	}
	day, err := calendar.AddBusinessDays(rules.DateIn(sign, w.zone()), rules.SilenceDays)
	due := rules.StartOfDay(day.AddDays(1), w.zone())
	return &due, err
}
