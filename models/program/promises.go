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

// PromiseAhead is what an approval promises now, and what one promises after the next cut-off
// that changes the day. Until is the last instant that still counts for Now; zero where the
// speed promises no day.
type PromiseAhead struct {
	Now   calendar.Promise
	Until time.Time
	After calendar.Promise
}

// cutOffsTried is on how many days a cut-off is looked for that moves the promise: between two
// business days there are fewer.
const cutOffsTried = 31

// PromiseAheadBy computes what approvals at the instant, and later, promise at the site. Errors:
// NO_WORKING_TIME.
func PromiseAheadBy(
	t catalogue.ReplacementTerms, c calendar.Calendar, site Site, speed calendar.RMASpeed,
	now time.Time,
) (PromiseAhead, error) {
	promised, err := PromiseBy(t, c, site, speed, now)
	ahead := PromiseAhead{Now: promised}
	if err != nil || promised.On.IsZero() {
		return ahead, err
	}

	minutes, _ := calendar.MinuteOfDay(t.CutOff)
	today := now.In(db.ZoneOf(site.TimeZone))
	for n := range cutOffsTried {
		day := today.AddDate(0, 0, n)
		cutOff := time.Date(day.Year(), day.Month(), day.Day(),
			minutes/60, minutes%60, 0, 0, day.Location())
		if cutOff.Before(now) {
			continue
		}
		later, err := PromiseBy(t, c, site, speed, cutOff.Add(time.Second))
		if err != nil {
			return ahead, err
		}
		if later.On != promised.On {
			ahead.Until = cutOff
			ahead.After = later
			return ahead, nil
		}
	}
	return ahead, nil
}
