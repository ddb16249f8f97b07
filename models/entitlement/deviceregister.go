package entitlement

import (
	"context"
	"slices"
	"strings"
	"time"

	_ "embed"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

//go:embed devicesbought.sql
var devicesBoughtSQL string

//go:embed devicesending.sql
var devicesEndingSQL string

// RegisterFilter narrows the register of an account's devices; empty fields do not narrow.
type RegisterFilter struct {
	AccountID string
	State     licensing.DeviceState
	// Search finds a part of the serial, in any spelling, or of the code or name of the model.
	Search          string
	PurchaseUnknown bool
	OverCap         bool // older than the age at which all cover ends (R125b)
	EndingWithin    int  // days within which cover of the hardware ends; 0: whenever
	Sort            db.Sort
	Page            db.Page
}

// RegisteredDevice is a device with where it is, what is under way with it, and its cover.
type RegisteredDevice struct {
	Device
	RoomID    *string
	RoomName  *string
	RMAID     *string `gorm:"column:rma_id"` // of the replacement that is open
	RMANumber *string `gorm:"column:rma_number"`
	// Cover is empty for a part of a bundle, whose serial was not read yet.
	Cover cover.Answer `gorm:"-"`
}

// registerReads bounds how often one page reads candidates, where cover itself decides which
// of them belong to it.
const registerReads = 2

// DeviceRegister lists the devices of an account with their cover at the instant, as Coverage
// answers it, newest first unless the filter sorts otherwise, and returns the cursor of the
// next page; it is empty on the last one. It takes a fixed number of statements. Where cover
// decides which devices belong to the list, a page may have fewer than others do.
func (s *Entitlements) DeviceRegister(
	ctx context.Context, f RegisterFilter, at time.Time,
) ([]RegisteredDevice, string, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return nil, "", err
	}

	var out []RegisteredDevice
	var next string
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		page := f.Page
		reads := 1
		if f.EndingWithin > 0 {
			reads = registerReads
			page.Limit = 200
		}

		for range reads {
			found, behind, err := f.read(tx, ref, page, at)
			if err != nil {
				return err
			}
			for _, d := range found {
				if !f.takes(d, at) {
					continue
				}
				if len(out) == f.Page.Size() {
					next = out[len(out)-1].ID
					return nil
				}
				out = append(out, d)
			}
			next = behind
			if behind == "" {
				return nil
			}
			page.After = behind
		}
		return nil
	})
	return out, next, err
}

// takes reports whether the device belongs to a list that its cover decides.
func (f RegisterFilter) takes(d RegisteredDevice, at time.Time) bool {
	if f.EndingWithin == 0 {
		return true
	}
	return d.Cover.Covered && d.Cover.Until != nil &&
		!d.Cover.Until.After(at.AddDate(0, 0, f.EndingWithin))
}

// read reads one page of the devices that the filter may take, with their cover.
func (f RegisterFilter) read(
	tx *db.Tx, ref program.Reference, page db.Page, at time.Time,
) ([]RegisteredDevice, string, error) {
	var acc account.Account
	err := db.Found(tx.Scope.Accounts(tx.DB, "id").First(&acc, "id = ?", f.AccountID).Error)
	if err != nil {
		return nil, "", err
	}

	q, err := f.narrow(tx, ref, rules.DateIn(at, db.ZoneOf(acc.TimeZone)))
	if err != nil {
		return nil, "", err
	}
	within := tx.Table("devices").Where("account_id = ?", acc.ID)
	listed := page.ApplySorted(q, within, f.Sort, "COALESCE(serial, '')")

	var found []RegisteredDevice
	order := map[db.Sort]string{
		db.SortNewest: "d.id DESC",
		db.SortOldest: "d.id",
		db.SortName:   "COALESCE(d.serial, ''), d.id",
	}
	err = tx.Table("(?) AS d", listed).
		Select(`d.*, r.id AS room_id, r.name AS room_name,
			m.id AS rma_id, m.number AS rma_number`).
		Joins("LEFT JOIN device_placements p ON p.device_id = d.id AND p.to_at IS NULL").
		Joins("LEFT JOIN rooms r ON r.id = p.room_id").
		Joins("LEFT JOIN rmas m ON m.device_id = d.id AND m.closed_at IS NULL").
		Order(order[f.Sort]).
		Scan(&found).Error
	if err != nil {
		return nil, "", err
	}

	found, next := db.Cut(page, found, func(d RegisteredDevice) string { return d.ID })
	return found, next, addCover(tx, ref, acc.ID, found, at)
}

// addCover answers for each device with a serial whether its hardware is covered.
func addCover(
	tx *db.Tx, ref program.Reference, accountID string, devices []RegisteredDevice, at time.Time,
) error {
	g := &coverFacts{tx: tx, scope: tx.Scope, ref: ref, accountID: accountID}
	var subjects []CoverSubject
	for _, d := range devices {
		if d.Serial != nil {
			subjects = append(subjects, CoverSubject{Serial: *d.Serial})
		}
	}
	if len(subjects) == 0 {
		return nil
	}
	if err := g.gather(subjects); err != nil {
		return err
	}

	for i, d := range devices {
		if d.Serial == nil {
			continue
		}
		c := g.cover(CoverSubject{Serial: *d.Serial}, at, cover.ForHardware)
		if c.DeviceID == d.ID { // and not another one that has the serial now
			devices[i].Cover = c.Answer
		}
	}
	return nil
}

// narrow narrows a query on devices to the filter. What cover decides is narrowed to what it
// can be about.
func (f RegisterFilter) narrow(
	tx *db.Tx, ref program.Reference, today civil.Date,
) (*gorm.DB, error) {
	q := tx.Table("devices").Where("account_id = ?", f.AccountID)
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}

	if text := strings.TrimSpace(f.Search); text != "" {
		if err := tx.PlanByValues(); err != nil {
			return nil, err
		}
		found := tx.Where("model_code LIKE ? ESCAPE '!'",
			db.Part(catalogue.NormaliseModelCode(text)))
		if serial := rules.NormaliseSerial(text); serial != "" {
			found = found.Or("serial LIKE ? ESCAPE '!'", db.Part(serial))
		}
		if codes := modelsNamed(ref, text); len(codes) > 0 {
			found = found.Or("model_code IN ?", codes)
		}
		q = q.Where(found)
	}

	capYears := ref.Program.WarrantyCapYears
	if capYears < 1 {
		capYears = cover.DefaultWarrantyCapYears
	}
	if f.PurchaseUnknown || f.OverCap {
		until := rules.AddYears(today, -capYears).String()
		if !f.OverCap {
			until = civil.Date{Year: 1, Month: 1, Day: 1}.String() // none is older
		}
		q = q.Where("id IN (?)", tx.Raw(devicesBoughtSQL, map[string]any{
			"account": f.AccountID,
			"unknown": f.PurchaseUnknown,
			"until":   until,
		}))
	}
	if f.EndingWithin > 0 {
		q = q.Where(f.mayEnd(tx, ref, today, capYears))
	}
	return q, nil
}

// modelsNamed returns the codes of the models whose name has the text.
func modelsNamed(ref program.Reference, text string) []string {
	var codes []string
	for code, versions := range ref.Models {
		if slices.ContainsFunc(versions, func(m catalogue.ProductModel) bool {
			return strings.Contains(rules.SearchKey(m.Name), rules.SearchKey(text))
		}) {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

// mayEnd narrows to devices whose cover may end within the filter's days: something that it
// rests on does, or its cap is reached. A day more on each side leaves room for time zones.
func (f RegisterFilter) mayEnd(
	tx *db.Tx, ref program.Reference, today civil.Date, capYears int,
) *gorm.DB {
	first, last := today.AddDays(-1), today.AddDays(f.EndingWithin+2)
	years := map[int]bool{capYears: true}
	for _, versions := range ref.Models {
		for _, m := range versions {
			if m.StandardWarrantyYears > 0 {
				years[m.StandardWarrantyYears] = true
			}
		}
	}

	may := tx.Where("id IN (?)", tx.Raw(devicesEndingSQL, map[string]any{
		"account": f.AccountID,
		"from":    first.In(time.UTC),
		"to":      last.In(time.UTC),
		"first":   first.String(),
		"last":    last.String(),
	}))
	for n := range years {
		may = may.Or("purchased_day BETWEEN ? AND ?",
			rules.AddYears(first, -n).String(), rules.AddYears(last, -n).String())
	}
	return may
}

// DeviceCounts are how many devices an account has that are not gone, and how many of them are
// in no room.
type DeviceCounts struct{ Live, Unplaced int64 }

// CountDevices counts the devices of an account in scope.
func (s *Entitlements) CountDevices(ctx context.Context, accountID string) (DeviceCounts, error) {
	var n DeviceCounts
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.Table("devices"), "account_id").
			Select(`COUNT(*) AS live,
				COALESCE(SUM(CASE WHEN state = ? THEN 1 ELSE 0 END), 0) AS unplaced`,
				licensing.DeviceUnplaced).
			Where("account_id = ? AND state NOT IN ?", accountID, []licensing.DeviceState{
				licensing.DeviceReturned, licensing.DeviceRetired, licensing.DeviceLost,
			}).
			Scan(&n).Error
	})
	return n, err
}
