package entitlement

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// MaxLines is how many devices one form may register.
const MaxLines = 40

// EquippedRoom is a room to add together with the devices that stand in it (R27a), and with
// its site, where the row gives an address of one that the account does not have yet.
type EquippedRoom struct {
	AccountID string
	Row       licensing.RoomRow
	Reason    string // operators
	// Once names the request, where the caller may send it again: the same one again answers
	// with its room. Empty: not named.
	Once string
}

// NewDevices are devices to register in one room, or in none (R27a).
type NewDevices struct {
	AccountID string
	RoomID    string // empty: in no room
	Forms     []licensing.DeviceForm
	Reason    string // operators
	Once      string // see EquippedRoom
}

// NotAdded refuses what was to be added, with VALIDATION_FAILED and each wrong field. Where the
// account has it already, it says where (R27c).
type NotAdded struct {
	RoomID string              // that has the name at the site; empty: none has
	Taken  map[int]SerialTaken // by the place of the device that has a serial of the account

	refusal *rules.Error
}

// Error is the refusal's text.
func (e *NotAdded) Error() string { return e.refusal.Error() }

// Unwrap returns the refusal.
func (e *NotAdded) Unwrap() error { return e.refusal }

// AddEquippedRoom adds a room with its devices, all of it or nothing (R27a, R108), by the very
// same checks as an imported row (S35). It refuses with *NotAdded: wrong fields by their
// pointers, such as /name or /devices/0/serial; DUPLICATE for a name that a room at the site
// has; SERIAL_REGISTERED and SERIAL_CLAIMED for serials that are taken. For one of another
// account an operator's task is raised, once, and the answer says nothing of the owner (R27c).
func (s *Entitlements) AddEquippedRoom(ctx context.Context, n EquippedRoom) (Room, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Room{}, err
	}

	var room Room
	var refused error // refuses, and commits the claims
	err = s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		room = Room{}
		refused = nil
		a, err := s.newAddition(tx, ref, n.AccountID, n.Reason, n.Row)
		if err != nil {
			return err
		}
		if err := tx.Scope.CoversSite(n.Row.Room.Site); err != nil {
			return err
		}
		key, err := onceKey(tx.Scope.Actor, n.Once, n.Row)
		if err != nil {
			return err
		}

		var before []Room
		err = tx.Where("account_id = ? AND once_key = ?", a.acc.ID, db.Text(key)).
			Limit(1).
			Find(&before).Error
		if err != nil {
			return err
		}
		if len(before) > 0 {
			room = before[0]
			return nil
		}

		added, site := a.room(n.Row)
		added.OnceKey = key
		devices := a.devices(n.Row.Devices, added, true)
		if refused, err = a.refusal(); err != nil || refused != nil {
			return err
		}

		room = *added
		return a.store(room, site, devices, n.Reason)
	})

	return room, errors.Join(err, refused)
}

// RegisterDevices registers devices in a room, or in none, all of them or none (R27a). It
// refuses as AddEquippedRoom does, and with ROOM_IS_ARCHIVED.
func (s *Entitlements) RegisterDevices(ctx context.Context, n NewDevices) ([]Device, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return nil, err
	}

	var out []Device
	var refused error // refuses, and commits the claims
	err = s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		out = nil
		refused = nil
		a, err := s.newAddition(tx, ref, n.AccountID, n.Reason,
			licensing.RoomRow{Devices: n.Forms})
		if err != nil {
			return err
		}
		_, room, err := lockPlace(tx, n.AccountID, n.RoomID)
		if err != nil {
			return err
		}
		if err := tx.Scope.CoversSite(room.Site); err != nil { // nowhere is outside, too
			return err
		}
		if a.once, err = onceKey(tx.Scope.Actor, n.Once, n); err != nil {
			return err
		}

		devices := a.devices(n.Forms, &room, room.ID == "")
		if refused, err = a.refusal(); err != nil || refused != nil {
			return err
		}
		for _, d := range devices {
			d.OnceKey = a.once
			out = append(out, *d)
		}
		if len(devices) == 0 {
			return nil
		}
		return addDevices(tx, a.acc, room.ID, n.Reason, devices...)
	})

	return out, errors.Join(err, refused)
}

// onceKey returns a request's name as it is stored, by who sends it and what it says: another
// request under the same name is another one.
func onceKey(actor db.Actor, once string, said any) (*string, error) {
	if once == "" {
		return nil, nil
	}
	text, err := json.Marshal(said)
	key := db.HashSecret(strings.Join([]string{actor.Requester(), once, string(text)}, "\n"))
	return &key, err
}

// addition is what one form adds to an account, checked as a row of a file is.
type addition struct {
	*roomBatch

	once   *string
	wrong  []rules.FieldError
	roomID string // that has the name already
	taken  map[int]SerialTaken
	failed error // of the database
}

// newAddition locks the account of a person who may add to it.
func (s *Entitlements) newAddition(
	tx *db.Tx, ref program.Reference, accountID, reason string, row licensing.RoomRow,
) (*addition, error) {
	if err := db.MayManage(tx.Scope, reason); err != nil {
		return nil, err
	}
	acc, err := account.Lock(tx, accountID)
	if err != nil {
		return nil, err
	}

	job := importjob.ImportJob{AccountID: &acc.ID, Reason: reason}
	b, err := s.newRoomBatch(tx, ref, job, []RoomOfFile{{Form: row}})
	if err != nil {
		return nil, err
	}
	b.acc = acc
	return &addition{roomBatch: b, taken: map[int]SerialTaken{}}, nil
}

// room makes the room, and the site that is new with it; nil where none is.
func (a *addition) room(row licensing.RoomRow) (*Room, *account.AccountSite) {
	room, isNew, wrong := a.roomBatch.room(RoomOfFile{Form: row})
	if !isNew {
		a.roomID = room.ID
		wrong = []rules.FieldError{{
			Pointer: "/name",
			Code:    rules.Duplicate,
			Message: "The account has a room of this name at the site.",
			Remedy:  "Use that room, or give this one another name.",
		}}
	}
	site, address := a.roomBatch.site(RoomOfFile{Form: row})
	a.wrong = rules.AddFields(a.wrong, append(wrong, address...)...)
	return room, site
}

// devices makes the devices of the form's lines. What the same request registered before is
// there, and right.
func (a *addition) devices(forms []licensing.DeviceForm, room *Room, isNew bool) []*Device {
	if len(forms) > MaxLines {
		a.wrong = rules.AddFields(a.wrong, rules.FieldError{
			Pointer: "/devices",
			Code:    rules.TooManyNamed,
			Message: "More than " + strconv.Itoa(MaxLines) + " devices are named.",
			Remedy:  "Send them in parts, or import a file.",
		})
		return nil
	}

	var out []*Device
	seen := map[string]bool{}
	for i, form := range forms {
		var report importjob.ImportRow
		d, wrong := a.roomBatch.device(i, form, room, isNew, &report)

		serial := rules.NormaliseSerial(form.Serial)
		there := a.roomBatch.devices[serial]
		if there != nil && there.AccountID == a.acc.ID {
			if a.once != nil && db.Text(there.OnceKey) == *a.once {
				continue
			}
			wrong = append(slices.DeleteFunc(wrong, func(f rules.FieldError) bool {
				return f.Code == licensing.SerialRegistered || f.Code == licensing.DeviceDiffers
			}), a.serialTaken(i, there))
		}
		if serial != "" && seen[serial] {
			wrong = []rules.FieldError{{
				Pointer: "/devices/" + strconv.Itoa(i) + "/serial",
				Code:    rules.Duplicate,
				Message: "This serial number stands in the form already.",
				Remedy:  "Give each device one line.",
			}}
		}
		seen[serial] = true

		a.wrong = rules.AddFields(a.wrong, wrong...)
		if d != nil && len(wrong) == 0 {
			out = append(out, d)
		}
	}
	return out
}

// serialTaken refuses the serial of a device that the account has, and keeps where it is, unless
// its site is not delegated to the caller.
func (a *addition) serialTaken(line int, there *PlacedDevice) rules.FieldError {
	f := rules.FieldError{
		Pointer: "/devices/" + strconv.Itoa(line) + "/serial",
		Code:    licensing.SerialRegistered,
		Message: "This serial number is already registered in the account.",
		Remedy:  "Move the device that has it, or check the number.",
	}
	seen, err := seesDevice(a.tx, there.ID)
	if err != nil {
		a.failed = err
	}
	if seen {
		a.taken[line] = SerialTaken{
			DeviceID: there.ID,
			RoomID:   db.Text(there.RoomID),
			refusal:  rules.Refuse(f.Code, f.Message, f.Remedy),
		}
	}
	return f
}

// refusal returns why nothing is added, nil where everything is right, and raises the claims
// on devices of other accounts.
func (a *addition) refusal() (refused, err error) {
	if a.failed != nil || len(a.wrong) == 0 {
		return nil, a.failed
	}
	var refusal *rules.Error
	errors.As(rules.Invalid(a.wrong), &refusal)
	return &NotAdded{RoomID: a.roomID, Taken: a.taken, refusal: refusal}, a.raiseClaims()
}

// store writes a room with its site and its devices.
func (a *addition) store(
	room Room, site *account.AccountSite, devices []*Device, reason string,
) error {
	if site != nil {
		err := account.StoreSites(a.tx, a.acc.ID, reason, []account.AccountSite{*site})
		if err != nil {
			return err
		}
	}
	if err := a.tx.Create(&room).Error; err != nil {
		return err
	}
	err := account.Audit(a.tx, a.acc.ID, db.Entry{
		Verb:     "room.created",
		ObjectID: room.ID,
		Details:  db.WithReason(reason, map[string]any{"after": room.facts()}),
	})
	if err != nil || len(devices) == 0 {
		return err
	}
	return addDevices(a.tx, a.acc, room.ID, reason, devices...)
}
