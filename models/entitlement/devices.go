package entitlement

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

// Device is a piece of hardware by its normalised serial (R27c). A part of a
// bundle has none until it is read from the device (R70). Dates are YYYY-MM-DD
// and exclusive where they end something; empty means unknown (S32).
type Device struct {
	ID               string
	AccountID        string
	Serial           *string
	ModelCode        string
	State            licensing.DeviceState
	PurchasedOn      string `gorm:"column:purchased_day;serializer:day"`
	PurchaseProof    string
	StdWarrantyEnd   string     `gorm:"column:std_warranty_end_day;serializer:day"`
	ExtWarrantyEnd   string     `gorm:"column:ext_warranty_end_day;serializer:day"`
	ReplacesDeviceID *string    // S23
	ReplacedOn       string     `gorm:"column:replaced_day;serializer:day"`
	GoneAt           *time.Time // returned, retired or lost
	CreatedAt        time.Time
	OnceKey          *string // names the form that registered it; nil: none did
	Version          int64
}

// Facts is what the audit says of a device.
func (d Device) Facts() map[string]any {
	return map[string]any{
		"serial":           db.Text(d.Serial),
		"model":            d.ModelCode,
		"state":            d.State,
		"purchased_on":     d.PurchasedOn,
		"proof":            d.PurchaseProof != "",
		"std_warranty_end": d.StdWarrantyEnd,
		"ext_warranty_end": d.ExtWarrantyEnd,
	}
}

func (d Device) form() licensing.DeviceForm {
	return licensing.DeviceForm{
		Serial:         db.Text(d.Serial),
		ModelCode:      d.ModelCode,
		PurchasedOn:    d.PurchasedOn,
		PurchaseProof:  d.PurchaseProof,
		StdWarrantyEnd: d.StdWarrantyEnd,
		ExtWarrantyEnd: d.ExtWarrantyEnd,
	}
}

// warranty is what cover.Cover needs of the device's warranties; the one that it
// replaced is for the caller to add (S23).
func (d Device) warranty() cover.Warranty {
	w := cover.Warranty{
		PurchasedOn: db.DateOf(d.PurchasedOn),
		ProofHeld:   d.PurchaseProof != "",
		StandardEnd: db.DateOf(d.StdWarrantyEnd),
		ExtendedEnd: db.DateOf(d.ExtWarrantyEnd),
	}

	if on := db.DateOf(d.ReplacedOn); on != nil {
		w.ReplacedOn = *on
	}
	return w
}

// DevicePlacement is a stay of a device in a room, half-open (R27b).
type DevicePlacement struct {
	ID        string
	AccountID string
	DeviceID  string
	RoomID    string
	FromAt    time.Time
	ToAt      *time.Time
	PlacedBy  string
}

// PlacedDevice is a device with the room that it is in; nil where it is in none.
type PlacedDevice struct {
	Device
	RoomID *string
}

// NewDevice is a device to register, in a room or in none (R27a).
type NewDevice struct {
	AccountID string // may be empty when a room is named
	RoomID    string
	Form      licensing.DeviceForm
	Reason    string // operators
}

// RegisterDevice adds a device by its serial (R27a). Refusals: SERIAL_REGISTERED, as a
// *SerialTaken, where the account has it already (so for the same call again), and
// SERIAL_CLAIMED where another account has it; then an operator's task is raised, once,
// and the answer says nothing of the owner. ROOM_IS_ARCHIVED for an archived room.
func (s *Entitlements) RegisterDevice(ctx context.Context, n NewDevice) (Device, error) {
	var d Device
	var taken error // refuses, and commits the claim
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		d = Device{}
		taken = nil
		if err := db.MayManage(tx.Scope, n.Reason); err != nil {
			return err
		}

		acc, room, err := lockPlace(tx, n.AccountID, n.RoomID)
		if err != nil {
			return err
		}

		if err := tx.Scope.CoversSite(room.Site); err != nil { // nowhere is outside, too
			return err
		}

		n.Form.Serial = rules.NormaliseSerial(n.Form.Serial)
		if err := n.Form.Validate(localDay(tx, acc, room)); err != nil {
			return err
		}

		taken, err = serialTaken(tx, acc, n.Form, room.ID)
		if err != nil || taken != nil {
			return err
		}

		d = newDevice(tx, acc, n.Form, room.ID)
		return addDevices(tx, acc, room.ID, n.Reason, &d)
	})

	return d, errors.Join(err, taken)
}

// lockPlace locks the account and, where one is named, the active room of it.
func lockPlace(
	tx *db.Tx, accountID, roomID string,
) (acc account.Account, room Room, err error) {
	if roomID == "" {
		acc, err = account.Lock(tx, accountID)
		return acc, room, err
	}

	acc, err = account.LockOwner(tx, "rooms", roomID)
	if err != nil {
		return acc, room, err
	}

	if accountID != "" && accountID != acc.ID {
		return acc, room, db.NotFound()
	}

	err = db.Found(tx.ForUpdate().First(&room, "id = ?", roomID).Error)
	if err != nil {
		return acc, room, err
	}

	return acc, room, activeRoom(room)
}

func activeRoom(r Room) error {
	if r.State != licensing.RoomActive {
		return rules.Refuse(licensing.RoomIsArchived, "The room is archived.",
			"Choose an active room.")
	}
	return nil
}

// localDay returns the day by which nobody can have bought what is in a room: that of the
// account or of the room, whichever is ahead (S62).
func localDay(tx *db.Tx, acc account.Account, room Room) civil.Date {
	today := account.Today(tx, acc)
	if room.TimeZone == "" {
		return today
	}
	if there := rules.DateIn(tx.Now(), db.ZoneOf(room.TimeZone)); there.After(today) {
		return there
	}
	return today
}

// latestDay is localDay for a device, wherever it is.
func latestDay(tx *db.Tx, acc account.Account, d Device) (civil.Date, error) {
	var rooms []Room
	err := tx.
		Where("id IN (?)", tx.Model(&DevicePlacement{}).
			Select("room_id").
			Where("device_id = ? AND to_at IS NULL", d.ID)).
		Find(&rooms).Error
	if err != nil || len(rooms) == 0 {
		return account.Today(tx, acc), err
	}
	return localDay(tx, acc, rooms[0]), nil
}

func newDevice(tx *db.Tx, acc account.Account, f licensing.DeviceForm, roomID string) Device {
	d := Device{
		ID:        db.NewID(db.PrefixDevice),
		AccountID: acc.ID,
		State:     licensing.DeviceUnplaced,
		CreatedAt: tx.Now(),
		Version:   1,
	}

	if roomID != "" {
		d.State = licensing.DeviceInRoom
	}
	d.fill(f)
	return d
}

// fill takes the device's data from a form; the serial is normalised.
func (d *Device) fill(f licensing.DeviceForm) {
	d.Serial = nil
	if f.Serial != "" {
		d.Serial = &f.Serial
	}

	d.ModelCode = catalogue.NormaliseModelCode(f.ModelCode)
	d.PurchasedOn = f.PurchasedOn
	d.PurchaseProof = rules.NormaliseText(f.PurchaseProof)
	d.StdWarrantyEnd = f.StdWarrantyEnd
	d.ExtWarrantyEnd = f.ExtWarrantyEnd
}

// addDevices writes new devices, their placements and their audit.
func addDevices(
	tx *db.Tx, acc account.Account, roomID, reason string, devices ...*Device,
) error {
	if err := tx.Create(devices).Error; err != nil {
		return err
	}

	var placements []DevicePlacement
	entries := make([]db.Entry, len(devices))
	for i, d := range devices {
		entries[i] = db.Entry{
			Verb:     "device.registered",
			ObjectID: d.ID,
			Details: db.WithReason(reason, map[string]any{
				"after": d.Facts(),
				"room":  roomID,
			}),
		}

		if roomID != "" {
			placements = append(placements, placement(tx.Scope, *d, roomID, d.CreatedAt))
		}
	}

	if len(placements) > 0 {
		if err := tx.Create(&placements).Error; err != nil {
			return err
		}
	}

	return account.Audit(tx, acc.ID, entries...)
}

// AddBundle places a bundle in a room: one device for each part, without a serial
// until it is read from the part (R70). Refusals are those of catalogue.ExpandBundle, and
// ROOM_IS_ARCHIVED; the same call again adds another bundle.
func (s *Entitlements) AddBundle(ctx context.Context, n NewDevice) ([]Device, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return nil, err
	}

	var added []*Device
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		added = nil
		if err := db.MayManage(tx.Scope, n.Reason); err != nil {
			return err
		}

		acc, room, err := lockPlace(tx, n.AccountID, n.RoomID)
		if err != nil {
			return err
		}

		if err := n.Form.ValidatePart(localDay(tx, acc, room)); err != nil {
			return err
		}

		parts, err := catalogue.ExpandBundle(ref.AllModels(), n.Form.ModelCode,
			account.Today(tx, acc))
		if err != nil {
			return err
		}

		for _, p := range parts {
			for range p.Quantity {
				d := newDevice(tx, acc, licensing.DeviceForm{
					ModelCode:     p.Code,
					PurchasedOn:   n.Form.PurchasedOn,
					PurchaseProof: n.Form.PurchaseProof,
				}, room.ID)
				added = append(added, &d)
			}
		}

		return addDevices(tx, acc, room.ID, n.Reason, added...)
	})

	devices := make([]Device, len(added))
	for i, d := range added {
		devices[i] = *d
	}

	return devices, err
}

// GetDevice reads one device in scope, also one that is gone; NOT_FOUND otherwise.
func (s *Entitlements) GetDevice(ctx context.Context, id string) (Device, error) {
	var d Device
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return db.Found(tx.Scope.Accounts(tx.DB, "account_id").First(&d, "id = ?", id).Error)
	})
	return d, err
}

// ChangeDevice replaces a device's data: its dates with a reason (S32), and its serial,
// such as that of a bundle's part (R70). version is the one that the caller read, 0 for
// any; a device that was changed since, or is gone, answers STATE_CONFLICT. Other
// refusals are like those of RegisterDevice.
func (s *Entitlements) ChangeDevice(
	ctx context.Context, id string, f licensing.DeviceForm, version int64, reason string,
) (Device, error) {
	var d Device
	var taken error // refuses, and commits the claim
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		d = Device{}
		taken = nil
		if err := db.MayManage(tx.Scope, reason); err != nil {
			return err
		}

		acc, err := account.LockOwner(tx, "devices", id)
		if err != nil {
			return err
		}
		if err := db.Found(tx.ForUpdate().First(&d, "id = ?", id).Error); err != nil {
			return err
		}

		if err := db.Versioned(d.Version, version); err != nil {
			return err
		}

		f.Serial = rules.NormaliseSerial(f.Serial)
		today, err := latestDay(tx, acc, d)
		if err != nil {
			return err
		}
		if err := checkDeviceChange(d, f, today, reason); err != nil {
			return err
		}

		if f.Serial != db.Text(d.Serial) {
			taken, err = serialTaken(tx, acc, f, "")
			if err != nil || taken != nil {
				return err
			}
		}

		stored, before := d, d.Facts()
		d.fill(f)
		if reflect.DeepEqual(d, stored) {
			return nil
		}
		d.Version++

		err = tx.Select("*").
			Omit("id", "account_id", "created_at").
			Where("id = ?", id).
			Updates(&d).Error
		if err != nil {
			return err
		}

		e := db.Entry{
			Verb:     "device.changed",
			ObjectID: d.ID,
			Details: db.WithReason(reason, map[string]any{
				"before": before,
				"after":  d.Facts(),
			}),
		}
		return account.Audit(tx, acc.ID, e)
	})

	return d, errors.Join(err, taken)
}

// checkDeviceChange checks a form whose serial is normalised. Dates that were set are
// evidence: nobody changes them without a reason (S32).
func checkDeviceChange(
	d Device, f licensing.DeviceForm, today civil.Date, reason string,
) error {
	if d.State.Gone() {
		return rules.Refuse(
			rules.StateConflict,
			"The device is gone.",
			"Register the device that is there now.",
		)
	}

	check := f.Validate
	if f.Serial == "" && d.Serial == nil {
		check = f.ValidatePart
	}
	if err := check(today); err != nil {
		return err
	}

	rewritten := func(before, after string) bool { return before != "" && before != after }
	evidence := rewritten(d.PurchasedOn, f.PurchasedOn) ||
		rewritten(d.StdWarrantyEnd, f.StdWarrantyEnd) ||
		rewritten(d.ExtWarrantyEnd, f.ExtWarrantyEnd)
	if evidence && strings.TrimSpace(reason) == "" {
		return rules.ReasonMissing("A stored date changes with a reason only.")
	}

	return nil
}

// DeviceFilter narrows a list of devices; empty fields do not narrow. Search finds
// a part of the serial or of the model's code.
type DeviceFilter struct {
	AccountID string
	RoomID    string // placed there now
	ModelCode string
	State     licensing.DeviceState
	Search    string
	Sort      db.Sort
	Page      db.Page
}

// ListDevices lists the devices in scope, newest first unless the filter sorts
// otherwise, and returns the cursor of the next page; it is empty on the last one.
func (s *Entitlements) ListDevices(ctx context.Context, f DeviceFilter) ([]Device, string, error) {
	var out []Device
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.DB, "account_id")
		for column, value := range map[string]string{
			"account_id": f.AccountID,
			"model_code": catalogue.NormaliseModelCode(f.ModelCode),
			"state":      string(f.State),
		} {
			if value != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}

		if f.RoomID != "" {
			q = q.Where("id IN (?)", tx.Model(&DevicePlacement{}).
				Select("device_id").
				Where("room_id = ? AND to_at IS NULL", f.RoomID))
		}

		if serial := rules.NormaliseSerial(f.Search); serial != "" {
			if err := tx.PlanByValues(); err != nil {
				return err
			}
			model := catalogue.NormaliseModelCode(f.Search)
			q = q.Where(tx.
				Where("serial LIKE ? ESCAPE '!'", db.Part(serial)).
				Or("model_code LIKE ? ESCAPE '!'", db.Part(model)))
		}

		within := tx.Scope.Accounts(tx.Table("devices"), "account_id")
		return f.Page.ApplySorted(q, within, f.Sort, "COALESCE(serial, '')").Find(&out).Error
	})

	out, next := db.Cut(f.Page, out, func(d Device) string { return d.ID })
	return out, next, err
}

// PlaceDevice puts a device into a room, moves it to another one, or takes it out of
// its room when none is named (R27b, R28a). A device that is there already stays as it
// is. Refusals: ROOM_IS_ARCHIVED, STATE_CONFLICT for a spare on loan, and those of
// rules.Move for a device that is gone or under way.
func (s *Entitlements) PlaceDevice(
	ctx context.Context, deviceID, roomID, reason string,
) (Device, error) {
	var d Device
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		d = Device{}
		if err := db.MayManage(tx.Scope, reason); err != nil {
			return err
		}

		acc, err := account.LockOwner(tx, "devices", deviceID)
		if err != nil {
			return err
		}

		to := licensing.DeviceUnplaced
		if roomID != "" {
			to = licensing.DeviceInRoom
			if _, _, err := lockPlace(tx, acc.ID, roomID); err != nil {
				return err
			}
		}

		if err := db.Found(tx.ForUpdate().First(&d, "id = ?", deviceID).Error); err != nil {
			return err
		}

		if d.State == licensing.DeviceSpareOnSite {
			return rules.Refuse(
				rules.StateConflict,
				"The device is a spare on loan.",
				"Use it for a replacement: the spare is then replenished.",
			)
		}

		now := tx.Now()
		from, err := leaveRoom(tx, d, roomID)
		if err != nil || from == roomID {
			return err
		}

		if d.State != to {
			if err := rules.Move(d.State, to); err != nil {
				return err
			}
		}

		d.State = to
		d.Version++
		err = tx.Model(&Device{}).
			Where("id = ?", d.ID).
			Select("state", "version").
			Updates(&d).Error
		if err != nil {
			return err
		}

		if roomID != "" {
			p := placement(tx.Scope, d, roomID, now)
			if err := tx.Create(&p).Error; err != nil {
				return err
			}
		}

		e := db.Entry{
			Verb:     "device.moved",
			ObjectID: d.ID,
			Details: db.WithReason(reason, map[string]any{
				"before": from,
				"after":  roomID,
			}),
		}
		return account.Audit(tx, acc.ID, e)
	})

	return d, err
}

// EndUse marks a device as lost or retired: it leaves its room, and nothing covers it any
// more. A retired one frees its serial number (R27c). For operators. version is the one that
// the caller read, 0 for any. Refusals: STATE_CONFLICT for one that was changed since, that a
// replacement is open for, or that is a spare on loan, and those of rules.Move;
// VALIDATION_FAILED for another state.
func (s *Entitlements) EndUse(
	ctx context.Context, id string, end licensing.DeviceState, version int64, reason string,
) (Device, error) {
	if end != licensing.DeviceLost && end != licensing.DeviceRetired {
		return Device{}, rules.Invalid([]rules.FieldError{{
			Pointer: "/state",
			Code:    "UNKNOWN_STATE",
			Message: "A device can be marked as lost or retired.",
			Remedy:  "Send LOST or RETIRED.",
		}})
	}

	var d Device
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		return account.ChangeInAccount(tx, "devices", id, reason, func(
			account.Account,
		) (db.Entry, error) {
			d = Device{}
			if err := db.Found(tx.ForUpdate().First(&d, "id = ?", id).Error); err != nil {
				return db.Entry{}, err
			}
			if err := db.Versioned(d.Version, version); err != nil {
				return db.Entry{}, err
			}
			if err := operatorsOnly(tx.Scope); err != nil {
				return db.Entry{}, err
			}
			if err := mayEndUse(tx, d, end); err != nil {
				return db.Entry{}, err
			}

			before := d.Facts()
			if err := EndDevice(tx, d.ID, end); err != nil {
				return db.Entry{}, err
			}
			if err := tx.First(&d, "id = ?", id).Error; err != nil {
				return db.Entry{}, err
			}
			verb := "device.retired"
			if end == licensing.DeviceLost {
				verb = "device.lost"
			}
			return db.Entry{
				Verb:     verb,
				ObjectID: d.ID,
				Details: db.WithReason(reason, map[string]any{
					"before": before,
					"after":  d.Facts(),
				}),
			}, nil
		})
	})
	return d, err
}

// mayEndUse refuses to end the use of a device that something else is under way with.
func mayEndUse(tx *db.Tx, d Device, end licensing.DeviceState) error {
	if d.State == licensing.DeviceSpareOnSite {
		return rules.Refuse(rules.StateConflict, "The device is a spare on loan.",
			"Recall the spare; what did not come back is settled there.")
	}
	var open int64
	err := tx.Table("rmas").Where("closed_at IS NULL AND device_id = ?", d.ID).Count(&open).Error
	if err != nil {
		return err
	}
	if open > 0 {
		return rules.Refuse(rules.StateConflict, "A replacement of the device is open.",
			"Finish or withdraw it first.")
	}

	from := d.State
	if from == licensing.DeviceInRoom && end == licensing.DeviceRetired {
		from = licensing.DeviceUnplaced // it leaves the room first
	}
	return rules.Move(from, end)
}

// PlacementsIn lists the stays of devices in a room, newest first, at most so many.
func (s *Entitlements) PlacementsIn(
	ctx context.Context, roomID string, most int,
) ([]DevicePlacement, error) {
	var out []DevicePlacement
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.DB, "account_id").
			Where("room_id = ?", roomID).
			Order("from_at DESC, id DESC").
			Limit(most).
			Find(&out).Error
	})
	return out, err
}

// leaveRoom ends the device's stay in another room than the named one, and returns the
// room that it was in; empty for none.
func leaveRoom(
	tx *db.Tx, d Device, roomID string,
) (from string, err error) {
	var open []DevicePlacement
	err = tx.Where("device_id = ? AND to_at IS NULL", d.ID).
		Limit(1).
		Find(&open).Error
	if err != nil || len(open) == 0 {
		return "", err
	}

	from = open[0].RoomID
	if from == roomID {
		return from, nil
	}

	err = EndPlacements(tx.Where("id = ?", open[0].ID), tx.Now())
	return from, err
}

// placement describes the stay of a device in a room from the instant on.
func placement(scope db.Scope, d Device, roomID string, from time.Time) DevicePlacement {
	return DevicePlacement{
		ID:        db.NewID(db.PrefixPlacement),
		AccountID: d.AccountID,
		DeviceID:  d.ID,
		RoomID:    roomID,
		FromAt:    from,
		PlacedBy:  scope.Actor.ID,
	}
}

// EndPlacements ends the open stays that the query narrows to; as with endAssignments,
// none ends before it began.
func EndPlacements(q *gorm.DB, now time.Time) error {
	return q.Model(&DevicePlacement{}).
		Where("to_at IS NULL").
		Update("to_at", gorm.Expr("CASE WHEN from_at > ? THEN from_at ELSE ? END", now, now)).Error
}

// PlacementsOf lists a device's stays, oldest first.
func (s *Entitlements) PlacementsOf(
	ctx context.Context, deviceID string,
) ([]DevicePlacement, error) {
	var out []DevicePlacement
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.DB, "account_id").
			Where("device_id = ?", deviceID).
			Order("from_at, id").
			Find(&out).Error
	})
	return out, err
}

// NamedStay is a stay of a device with the name of the room.
type NamedStay struct {
	DevicePlacement
	RoomName string
}

// StaysOf lists a device's stays with the names of the rooms, archived ones too, newest first.
func (s *Entitlements) StaysOf(ctx context.Context, deviceID string) ([]NamedStay, error) {
	var out []NamedStay
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.Table("device_placements AS p"), "p.account_id").
			Select("p.*, r.name AS room_name").
			Joins("JOIN rooms r ON r.id = p.room_id").
			Where("p.device_id = ?", deviceID).
			Order("p.from_at DESC, p.id DESC").
			Scan(&out).Error
	})
	return out, err
}

// devicesIn reads the devices that are in a room.
func devicesIn(tx *db.Tx, roomID string) ([]Device, error) {
	inside := tx.Model(&DevicePlacement{}).
		Select("device_id").
		Where("room_id = ? AND to_at IS NULL", roomID)
	var out []Device
	err := tx.Where("id IN (?)", inside).Order("id").Find(&out).Error
	return out, err
}

// DoubtfulModels returns a function that warns of a device whose model the catalogue has never
// had; see catalogue.DoubtModel.
func (s *Entitlements) DoubtfulModels(
	ctx context.Context,
) (func(code string) []rules.FieldError, error) {
	ref, err := s.programs.Reference(ctx)
	return func(code string) []rules.FieldError {
		return catalogue.DoubtModel("/model", code, ref.Models)
	}, err
}
