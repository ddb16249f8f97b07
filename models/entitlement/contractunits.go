package entitlement

import (
	"context"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// ContractUnit is a licence of a contract with where it is: in a room, or attached to a
// device where it extends a warranty.
type ContractUnit struct {
	Licence
	RoomID   string // empty: in none
	RoomName string
	Serial   string     // of the device whose warranty it extends; empty: of none
	Since    *time.Time // it is there; nil where it is nowhere
}

// UnitFilter narrows the licences of a contract; an empty state does not narrow.
type UnitFilter struct {
	ContractID string
	State      rules.LicenceState
	Page       db.Page // After is a cursor that UnitsOf gave
}

// UnitsOf lists the licences of a contract in scope by their numbers with where each is, and
// returns the cursor of the next page; it is empty on the last one. A foreign contract has none.
func (s *Entitlements) UnitsOf(
	ctx context.Context, f UnitFilter,
) ([]ContractUnit, string, error) {
	var out []ContractUnit
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.Table("licences AS l"), "l.account_id").
			Select(`l.*, r.id AS room_id, r.name AS room_name, w.serial,
				COALESCE(a.from_at, w.from_at) AS since`).
			Joins("LEFT JOIN licence_assignments a ON a.licence_id = l.id AND a.to_at IS NULL").
			Joins("LEFT JOIN rooms r ON r.id = a.room_id").
			Joins("LEFT JOIN warranty_attachments w ON w.licence_id = l.id AND w.to_at IS NULL").
			Where("l.contract_id = ?", f.ContractID)
		if f.State != "" {
			q = q.Where("l.state = ?", f.State)
		}
		if after, err := strconv.ParseInt(f.Page.After, 10, 64); err == nil {
			q = q.Where("l.seq > ?", after)
		}
		return q.Order("l.seq").Limit(f.Page.Size() + 1).Scan(&out).Error
	})

	out, next := db.Cut(f.Page, out, func(u ContractUnit) string {
		return strconv.FormatInt(u.Seq, 10)
	})
	return out, next, err
}

// ContractLink is another contract that one renews, or that renews it (S4).
type ContractLink struct {
	ContractID    string
	Type          catalogue.ServiceType
	State         rules.ContractState
	TimeZone      string
	StartAt       *time.Time
	EndAt         *time.Time
	VendorOrderNo *string
	Licences      int64 // that are renewed
	Renews        bool  // it renews the contract asked about; else it is renewed by it
}

// RenewalsOf lists the contracts in scope that a contract renews and those that renew it, the
// former first, with how many licences of each. A renewal that was cancelled renews nothing.
func (s *Entitlements) RenewalsOf(ctx context.Context, contractID string) ([]ContractLink, error) {
	var out []ContractLink
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		const columns = `c.id AS contract_id, c.type, c.state, c.time_zone, c.start_at, c.end_at,
			o.vendor_order_no, count(*) AS licences, `
		links := func(asked, other, renews string) *gorm.DB {
			return tx.Scope.Accounts(tx.Table("licences AS n"), "c.account_id").
				Select(columns+renews+" AS renews").
				Joins("JOIN licences b ON b.id = n.renews_licence_id").
				Joins("JOIN service_contracts c ON c.id = "+other+".contract_id").
				Joins("JOIN orders o ON o.id = c.order_id").
				Where(asked+".contract_id = ? AND n.state <> ?", contractID,
					rules.LicenceRevoked).
				Group("c.id, o.vendor_order_no")
		}
		return tx.Raw("SELECT * FROM (?) AS before UNION ALL SELECT * FROM (?) AS after",
			links("n", "b", "TRUE"), links("b", "n", "FALSE")).Scan(&out).Error
	})

	slices.SortFunc(out, func(a, b ContractLink) int {
		if a.Renews != b.Renews {
			return map[bool]int{true: -1, false: 1}[a.Renews]
		}
		return timeOf(a.StartAt).Compare(timeOf(b.StartAt))
	})
	return out, err
}

func timeOf(at *time.Time) time.Time {
	if at == nil {
		return noEnd
	}
	return *at
}

// DueRenewal is a contract that ends soon, with how many of its licences nobody has renewed.
type DueRenewal struct {
	ServiceContract
	VendorOrderNo *string
	Unrenewed     int64
}

// RenewalsDue lists the account's contracts that run, end within licensing.ExpiringDays local
// days and are not renewed as a whole (S4), the first to end first. JumpStart is not renewed.
func (s *Entitlements) RenewalsDue(ctx context.Context, accountID string) ([]DueRenewal, error) {
	var near []DueRenewal
	var now time.Time
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		now = tx.Now()
		return tx.Scope.Accounts(tx.Table("service_contracts AS c"), "c.account_id").
			Select(`c.*, o.vendor_order_no, (
				SELECT count(*) FROM licences l
				WHERE l.contract_id = c.id AND `+freeLicence+`) AS unrenewed`).
			Joins("JOIN orders o ON o.id = c.order_id").
			Where("c.account_id = ? AND c.state = ? AND c.type <> ?",
				accountID, rules.ContractActive, catalogue.ServiceJumpStart).
			Where("c.end_at > ? AND c.end_at <= ?",
				now, now.AddDate(0, 0, licensing.ExpiringDays+2)).
			Order("c.end_at, c.id").
			Scan(&near).Error
	})

	return slices.DeleteFunc(near, func(c DueRenewal) bool {
		loc := db.ZoneOf(c.TimeZone)
		soon := licensing.ExpiringBefore(rules.DateIn(now, loc), licensing.ExpiringDays, loc)
		return c.Unrenewed == 0 || !c.EndAt.Before(soon)
	}), err
}
