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

// Asked is what is known of hardware that a replacement may be requested of, beside its cover.
type Asked struct {
	DeviceID    string // empty: an accessory
	ModelCode   string // of the device; empty: an accessory
	AccountID   string
	AccountName string
	RoomID      string // empty: the device is in no room
	RoomName    string
	RoomSite    string
	TimeZone    string // of the room, else of the account
	Open        string // name of the device's replacement that is under way; empty: there is none
	CSMName     string `gorm:"column:csm_name"` // who looks after the account (R35e)
	CSMEmail    string `gorm:"column:csm_email"`
	CSMPhone    string `gorm:"column:csm_phone"`
}

const askedColumns = `
	a.id AS account_id,
	a.legal_name AS account_name,
	COALESCE(m.id, '') AS room_id,
	COALESCE(m.name, '') AS room_name,
	COALESCE(m.site, '') AS room_site,
	COALESCE(m.time_zone, a.time_zone) AS time_zone,
	COALESCE(c.name, '') AS csm_name,
	COALESCE(c.email, '') AS csm_email,
	COALESCE(c.phone, '') AS csm_phone`

// AskedOfDevice reads it of a device that is in a room; an empty room: in none.
func (s *Replacements) AskedOfDevice(
	ctx context.Context, deviceID, roomID string,
) (Asked, error) {
	return s.asked(ctx, `
		SELECT d.id AS device_id,
			d.model_code,
			COALESCE((SELECT CASE WHEN number = '' THEN id ELSE number END
				FROM rmas WHERE device_id = d.id AND closed_at IS NULL), '') AS open,
			`+askedColumns+`
		FROM devices d
		JOIN accounts a ON a.id = d.account_id
		LEFT JOIN rooms m ON m.id = ? AND m.account_id = a.id
		LEFT JOIN csms c ON c.id = a.csm_id
		WHERE d.id = ?`, roomID, deviceID)
}

// AskedOfRoom reads it of an accessory in a room.
func (s *Replacements) AskedOfRoom(ctx context.Context, roomID string) (Asked, error) {
	return s.asked(ctx, `
		SELECT `+askedColumns+`
		FROM rooms m
		JOIN accounts a ON a.id = m.account_id
		LEFT JOIN csms c ON c.id = a.csm_id
		WHERE m.id = ?`, roomID)
}

func (s *Replacements) asked(ctx context.Context, sql string, ids ...any) (Asked, error) {
	var out Asked
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		res := tx.Raw(sql, ids...).Scan(&out)
		if res.Error == nil && res.RowsAffected == 0 {
			return db.NotFound()
		}
		return res.Error
	})
	return out, err
}
