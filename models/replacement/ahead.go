package replacement

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules/calendar"
)

// ApprovalAhead says what an approval would promise at a place now, and what it would after the
// next cut-off: by the calendar as it is at this moment (S20). Nothing is stored.
func (s *Replacements) ApprovalAhead(
	ctx context.Context, site program.Site, speed calendar.RMASpeed,
) (program.PromiseAhead, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return program.PromiseAhead{}, err
	}

	var workdays calendar.Calendar
	var now time.Time
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		now = tx.Now()
		workdays, err = s.programs.CalendarOf(tx, site)
		return err
	})
	if err != nil {
		return program.PromiseAhead{}, err
	}
	return program.PromiseAheadBy(ref.Program.Replacement, workdays, site, speed, now)
}

// PeopleTold lists who gets the mails about replacements of an account that go to a site: the
// administrators, and the contact of the site.
func (s *Replacements) PeopleTold(
	ctx context.Context, accountID, siteID string,
) ([]notification.Recipient, error) {
	var told notification.Audience
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.DB, "a.id").
			Table("accounts AS a").
			Select(`a.locale AS account_locale,
				COALESCE(s.contact_email, '') AS site_contact,
				`+notification.AdminsSQL("a.id")+` AS admins`).
			Joins("LEFT JOIN sites s ON s.account_id = a.id AND s.id = ?", siteID).
			Where("a.id = ?", accountID).
			Scan(&told).Error
	})
	return told.People(), err
}

// PlaceOf is where a parcel to the site is counted and promised.
func PlaceOf(s account.AccountSite) program.Site {
	return program.Site{Country: s.Country, Region: s.Region, TimeZone: s.TimeZone}
}
