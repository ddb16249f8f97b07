package program

import (
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
)

// Site is the place that a replacement goes to: whose holidays count, and by whose
// clock. Region may be empty; TimeZone is an IANA name.
type Site struct {
	Country  string
	Region   string
	TimeZone string
}

// PromiseBy computes the day that a replacement approved at the instant is promised
// for at the site (S20, R78c), by the site's calendar as it is now. The caller stores
// the result, which names the calendar and its version, and never computes it again: a
// calendar that is edited later does not move it. Errors: NO_WORKING_TIME.
func PromiseBy(
	t catalogue.ReplacementTerms, c calendar.Calendar, site Site, speed calendar.RMASpeed,
	approved time.Time,
) (calendar.Promise, error) {
	return calendar.PromiseReplacement(calendar.PromiseRequest{
		ApprovedAt: approved,
		Zone:       db.ZoneOf(site.TimeZone),
		Speed:      speed,
		Calendar:   c,
		CutOff:     t.CutOff,
	})
}

// ReturnDueBy computes until when the faulty unit must be back that was replaced by a
// delivery at the instant (S22). Like a promise it is stored, not computed again.
// Errors: NO_WORKING_TIME.
func ReturnDueBy(
	t catalogue.ReplacementTerms, c calendar.Calendar, site Site, delivered time.Time,
) (calendar.ReturnDue, error) {
	return calendar.DueReturn(delivered, db.ZoneOf(site.TimeZone), c, t.Window())
}
