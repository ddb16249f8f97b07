package entitlement

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// DeviceClaim is an account's wish for a device that another account has
// registered (R27c). An operator decides.
type DeviceClaim struct {
	ID        string
	AccountID string // who asks
	DeviceID  string // of the other account
	RoomID    *string
	State     ClaimState
	ClaimedBy string
	CreatedAt time.Time
	DecidedAt *time.Time
}

// ClaimState says what became of a DeviceClaim.
type ClaimState string

// The states of a DeviceClaim.
const (
	ClaimOpen    ClaimState = "OPEN"
	ClaimMoved   ClaimState = "MOVED"
	ClaimRefused ClaimState = "REFUSED"
)

// SerialTaken refuses a serial that a live device of the same account has: it
// names the device and its room (R27c).
type SerialTaken struct {
	DeviceID string
	RoomID   string // empty: in no room
	refusal  *rules.Error
}

// Error is the refusal's text.
func (e *SerialTaken) Error() string { return e.refusal.Error() }

// Unwrap returns the refusal, SERIAL_REGISTERED.
func (e *SerialTaken) Unwrap() error { return e.refusal }

// serialTaken returns why a serial cannot be registered for the account, nil when it
// can. A claim on another account's device is recorded in the caller's transaction,
// which must commit and in which the fence has to stay open (see db.DB.WriteAcross).
func serialTaken(
	tx *db.Tx, acc account.Account, f licensing.DeviceForm, roomID string,
) (taken, err error) {
	var live []Device
	err = tx.BeyondSites(func(tx *db.Tx) error { // a number is taken, wherever the device is
		return tx.Where("serial = ? AND state <> ?", f.Serial, licensing.DeviceRetired).
			Limit(1).
			Find(&live).Error
	})
	if err != nil || len(live) == 0 {
		return nil, err
	}

	d := live[0]
	if d.AccountID == acc.ID {
		return registered(tx, d)
	}

	proof := rules.NormaliseText(f.PurchaseProof)
	if err := claim(tx, acc, d, roomID, proof); err != nil {
		return nil, err
	}

	return rules.Refuse(
		licensing.SerialClaimed,
		"This serial number is registered elsewhere.",
		"Check the number on the device; an operator was asked to look into it. "+
			"Where it is right, register it again with its proof of purchase: the operator "+
			"decides by it.",
	), nil
}

// registered refuses the serial of the account's own device, with where it is.
// To whom its site is not delegated it says nothing of the device.
func registered(tx *db.Tx, d Device) (taken, err error) {
	refusal := rules.Refuse(
		licensing.SerialRegistered,
		"This serial number is already registered in the account.",
		"Move the device that has it, or check the number.",
	)
	if seen, err := seesDevice(tx, d.ID); err != nil || !seen {
		return refusal, err
	}

	var p []DevicePlacement
	err = tx.Where("device_id = ? AND to_at IS NULL", d.ID).
		Limit(1).
		Find(&p).Error
	if err != nil {
		return nil, err
	}

	e := &SerialTaken{
		DeviceID: d.ID,
		refusal:  refusal,
	}

	if len(p) > 0 {
		e.RoomID = p[0].RoomID
	}

	return e, nil
}

// seesDevice reports whether a device of the account is at a site that the caller sees.
func seesDevice(tx *db.Tx, id string) (bool, error) {
	if !tx.Scope.Delegated.Limited() {
		return true, nil
	}
	var n int64
	err := tx.Model(&Device{}).Where("id = ?", id).Count(&n).Error
	return n > 0, err
}

// claim records which account asks for whose device, once while it is undecided; a proof that
// comes later joins the task. The task belongs to no account: neither side may read of the
// other. It says which side has given a proof, so that who registered a number first does not
// keep it from its owner.
func claim(tx *db.Tx, acc account.Account, d Device, roomID, proof string) error {
	var open []DeviceClaim
	err := tx.
		Where("account_id = ? AND device_id = ? AND state = ?", acc.ID, d.ID, ClaimOpen).
		Limit(1).
		Find(&open).Error
	switch {
	case err != nil:
		return err
	case len(open) > 0 && proof != "":
		return tx.ExplainTask(db.OperatorTask{
			Kind:      db.TaskSerialClaimed,
			SubjectID: open[0].ID,
			Why:       claimedBecause(acc, d, proof),
		})
	case len(open) > 0:
		return nil
	}

	c := DeviceClaim{
		ID:        db.NewID(db.PrefixClaim),
		AccountID: acc.ID,
		DeviceID:  d.ID,
		State:     ClaimOpen,
		ClaimedBy: tx.Scope.Actor.ID,
		CreatedAt: tx.Now(),
	}

	if roomID != "" {
		c.RoomID = &roomID
	}
	if err := tx.Create(&c).Error; err != nil {
		return err
	}

	err = tx.Raise(db.OperatorTask{
		Kind:      db.TaskSerialClaimed,
		SubjectID: c.ID,
		What:      "Decide which account has the device: move it or refuse.",
		Why:       claimedBecause(acc, d, proof),
	})
	if err != nil {
		return err
	}

	e := db.Entry{Verb: "device.claimed", ObjectID: c.ID, Details: map[string]any{"room": roomID}}
	return account.Audit(tx, acc.ID, e)
}

// checkedAgain is how long a decided claim answers for a file that is only checked.
const checkedAgain = 24 * time.Hour

// claimedLately reports whether the account asked for the device within a day.
func claimedLately(tx *db.Tx, acc account.Account, d Device) (bool, error) {
	var n int64
	err := tx.Model(&DeviceClaim{}).
		Where("account_id = ? AND device_id = ? AND created_at > ?",
			acc.ID, d.ID, tx.Now().Add(-checkedAgain)).
		Count(&n).Error
	return n > 0, err
}

// claimedBecause says who asks for whose device, and how far each side has proved it.
func claimedBecause(acc account.Account, d Device, proof string) string {
	shown := func(proof string) string {
		if proof == "" {
			return "no proof of purchase was given"
		}
		return "proof of purchase: " + proof
	}

	return "Account " + acc.ID + " registers device " + d.ID + " (" + shown(proof) +
		"), which account " + d.AccountID + " has registered since " +
		d.CreatedAt.UTC().Format(time.DateOnly) + " (" + shown(d.PurchaseProof) + ")."
}

// DecideClaim moves a claimed device to the account that asks for it, or refuses
// (R27c). The other account keeps its history: its device retires, and the one
// that asks gets a new one with the same dates. For operators and the service only; a
// claim that is decided, or a device that is neither in a room nor free, answers
// STATE_CONFLICT.
func (s *Entitlements) DecideClaim(
	ctx context.Context, id string, move bool, reason string,
) (DeviceClaim, error) {
	var c DeviceClaim
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		c = DeviceClaim{}
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		if err := db.MayManage(tx.Scope, reason); err != nil {
			return err
		}
		if err := db.Found(tx.ForUpdate().First(&c, "id = ?", id).Error); err != nil {
			return err
		}

		if c.State != ClaimOpen {
			return rules.Refuse(
				rules.StateConflict,
				"This claim is decided already.",
				"Read the task again.",
			)
		}

		now := tx.Now()
		c.State = ClaimRefused
		c.DecidedAt = &now

		if move {
			c.State = ClaimMoved
			if err := handOver(tx, c, reason); err != nil {
				return err
			}
		}

		err := tx.Model(&DeviceClaim{}).
			Where("id = ?", c.ID).
			Select("state", "decided_at").
			Updates(&c).Error
		if err != nil {
			return err
		}
		if err := tx.Settle(db.TaskSerialClaimed, c.ID, string(c.State)); err != nil {
			return err
		}

		details := db.WithReason(reason, map[string]any{"after": c.State})
		return account.Audit(tx, c.AccountID,
			db.Entry{Verb: "device.claim_decided", ObjectID: c.ID, Details: details})
	})

	return c, err
}

// handOver retires the device with its owner, and registers it again with the account
// that claims it: in the room of the claim, unless that was archived meanwhile.
func handOver(tx *db.Tx, c DeviceClaim, reason string) error {
	var d Device
	if err := db.Found(tx.ForUpdate().First(&d, "id = ?", c.DeviceID).Error); err != nil {
		return err
	}

	if d.State != licensing.DeviceUnplaced && d.State != licensing.DeviceInRoom {
		return rules.Refuse(
			rules.StateConflict,
			"The device is neither in a room nor free.",
			"Finish what is under way with it first.",
		)
	}

	now := tx.Now()
	if err := retireDevice(tx, d, reason); err != nil {
		return err
	}

	heir := Device{
		ID:             db.NewID(db.PrefixDevice),
		AccountID:      c.AccountID,
		Serial:         d.Serial,
		ModelCode:      d.ModelCode,
		State:          licensing.DeviceUnplaced,
		PurchasedOn:    d.PurchasedOn,
		StdWarrantyEnd: d.StdWarrantyEnd,
		ExtWarrantyEnd: d.ExtWarrantyEnd,
		CreatedAt:      now,
		Version:        1,
	}

	room := db.Text(c.RoomID)
	if room != "" {
		var active int64
		err := tx.Model(&Room{}).
			Where("id = ? AND state = ?", room, licensing.RoomActive).
			Count(&active).Error
		if err != nil {
			return err
		}

		if active == 0 {
			room = ""
		}
	}

	if room != "" {
		heir.State = licensing.DeviceInRoom
	}

	return addDevices(tx, account.Account{ID: c.AccountID}, room, reason, &heir)
}

// retireDevice ends a device for good, and its stay in a room, with its audit.
func retireDevice(tx *db.Tx, d Device, reason string) error {
	now := tx.Now()
	before := d.Facts()
	d.State = licensing.DeviceRetired
	d.GoneAt = &now

	if err := EndDevice(tx, d.ID, d.State); err != nil {
		return err
	}

	e := db.Entry{
		Verb:     "device.retired",
		ObjectID: d.ID,
		Details: db.WithReason(reason, map[string]any{
			"before": before,
			"after":  d.Facts(),
		}),
	}
	return account.Audit(tx, d.AccountID, e)
}
