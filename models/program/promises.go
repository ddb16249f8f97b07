package program

import (
	"context"
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

// PromiseAt computes the day that a replacement approved at the instant is promised
// for at the site (S20, R78c), from the calendar as it is now. The caller stores the
// result, which names the calendar and its version, and never computes it again: a
// calendar that is edited later does not move it. Errors: NO_WORKING_TIME.
func (s *Programs) PromiseAt(
	ctx context.Context, site Site, speed calendar.RMASpeed, approved time.Time,
) (calendar.Promise, error) {
	var p calendar.Promise
	ref, err := s.Reference(ctx)
	if err != nil {
		return p, err
	}

	err = s.db.Read(ctx, func(tx *db.Tx) error {
		c, err := s.CalendarOf(tx, site)
		if err != nil {
			return err
		}
		p, err = PromiseBy(ref.Program.Replacement, c, site, speed, approved)
		return err
	})

	return p, err
}

// PromiseBy is PromiseAt by a calendar that the caller has read.
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

// ReturnDueAt computes until when the faulty unit must be back that was replaced by
// a delivery at the instant (S22). Like a promise it is stored, not computed again.
// Errors: NO_WORKING_TIME.
func (s *Programs) ReturnDueAt(
	ctx context.Context, site Site, delivered time.Time,
) (calendar.ReturnDue, error) {
	var r calendar.ReturnDue
	ref, err := s.Reference(ctx)
	if err != nil {
		return r, err
	}

	err = s.db.Read(ctx, func(tx *db.Tx) error {
		c, err := s.CalendarOf(tx, site)
		if err != nil {
			return err
		}
		r, err = ReturnDueBy(ref.Program.Replacement, c, site, delivered)
		return err
	})

	return r, err
}

// ReturnDueBy is ReturnDueAt by a calendar that the caller has read.
func ReturnDueBy(
	t catalogue.ReplacementTerms, c calendar.Calendar, site Site, delivered time.Time,
) (calendar.ReturnDue, error) {
	return calendar.DueReturn(delivered, db.ZoneOf(site.TimeZone), c, t.Window())
}
