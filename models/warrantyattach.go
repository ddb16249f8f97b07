package models

import (
	"context"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// AttachRequest attaches a unit of an extended warranty to a serial.
type AttachRequest struct {
	LicenceID string
	Serial    string
	Reason    string // operators
}

// Attached is what attaching a unit led to.
type Attached struct {
	Attachment WarrantyAttachment
	ContractID string
	DeviceID   string
	Started    []string // contracts (S1)
}

// AttachWarranty attaches a unit of an extended warranty to a registered device by
// its serial (R39a). The first one of an order starts its contracts (S1). Refusals
// are those of rules.MayAttach and rules.MayExtend; a unit or serial of another
// account is not found.
func (s *Store) AttachWarranty(ctx context.Context, q AttachRequest) (Attached, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return Attached{}, err
	}
	var out Attached
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) (err error) {
		if err := mayManage(scope, q.Reason); err != nil {
			return err
		}
		out, err = s.attach(tx, scope, ref, q)
		return err
	})
	return out, err
}

// attach locks contracts, account and licence in the order in which every command
// does.
func (s *Store) attach(tx *gorm.DB, scope Scope, ref Reference, q AttachRequest) (Attached, error) {
	contracts, err := s.lockContractsOf(tx, scope, q.LicenceID)
	if err != nil {
		return Attached{}, err
	}
	acc, err := s.lockAccount(tx, scope, contracts[0].AccountID)
	if err != nil {
		return Attached{}, err
	}
	var licence Licence
	if err := found(s.forUpdate(tx).First(&licence, "id = ?", q.LicenceID).Error); err != nil {
		return Attached{}, err
	}
	c := contractWith(contracts, licence.ContractID)
	d, err := s.deviceToExtend(tx, ref, acc, *c, licence, rules.NormaliseSerial(q.Serial))
	if err != nil {
		return Attached{}, err
	}
	var assigned Assigned
	entries, err := s.startOnAssignment(tx, ref, acc, contracts, &assigned)
	if err != nil {
		return Attached{}, err
	}
	a := WarrantyAttachment{ID: NewID(prefixAttachment), AccountID: acc.ID, LicenceID: licence.ID, Serial: *d.Serial, FromAt: s.clock.Now(), AttachedBy: scope.Actor.ID}
	if err := tx.Create(&a).Error; err != nil {
		return Attached{}, err
	}
	err = tx.Model(&Licence{}).Where("id = ?", licence.ID).Updates(map[string]any{"state": rules.LicenceAssigned, "state_since": a.FromAt}).Error
	if err != nil {
		return Attached{}, err
	}
	e := entry{"warranty.attached", licence.ID, withReason(q.Reason, map[string]any{"before": licence.State, "after": rules.LicenceAssigned, "device": d.ID, "attachment": a.facts()})}
	return Attached{a, c.ID, d.ID, assigned.Started}, s.accountAudit(tx, scope, acc.ID, append(entries, e)...)
}

// deviceToExtend finds the account's device with the serial, and refuses what may
// not be attached to it.
func (s *Store) deviceToExtend(tx *gorm.DB, ref Reference, acc Account, c ServiceContract, l Licence, serial string) (Device, error) {
	g := &coverFacts{tx: tx, scope: Scope{AccountIDs: []string{acc.ID}}, ref: ref}
	if err := g.readDevices([]string{serial}); err != nil {
		return Device{}, err
	}
	d, ok := g.bySerial[serial]
	if !ok {
		return d, errNotFound()
	}
	var others int64
	if err := tx.Model(&WarrantyAttachment{}).Where("account_id = ? AND serial = ? AND to_at IS NULL", acc.ID, serial).Count(&others).Error; err != nil {
		return d, err
	}
	err := rules.MayAttach(rules.AttachRequest{Service: c.Type, LicenceState: l.State, ContractState: c.State, ContractEnd: c.EndAt, Now: s.clock.Now(), SerialHasWarranty: others > 0})
	switch {
	case err != nil:
		return d, err
	case d.State.Gone():
		return d, rules.Refuse(rules.StateConflict, "The device is gone.", "Attach it to the device that is there now.")
	}
	return d, rules.MayExtend(g.warrantyOn(d, s.today(acc)), rules.Extension{Years: c.TermYears}, s.today(acc), ref.Program.WarrantyCapYears)
}

// DetachWarranty takes a unit off its serial: what it covered until then stays
// covered, and the unit goes back to the balance while its contract runs.
func (s *Store) DetachWarranty(ctx context.Context, attachmentID, reason string) (WarrantyAttachment, error) {
	var a WarrantyAttachment
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		a = WarrantyAttachment{}
		if err := mayManage(scope, reason); err != nil {
			return err
		}
		acc, err := s.lockOwner(tx, scope, "warranty_attachments", attachmentID)
		if err != nil {
			return err
		}
		var l Licence
		of := tx.Model(&WarrantyAttachment{}).Select("licence_id").Where("id = ?", attachmentID)
		if err := found(s.forUpdate(tx).First(&l, "id = (?)", of).Error); err != nil {
			return err
		}
		if err := found(tx.First(&a, "id = ?", attachmentID).Error); err != nil {
			return err
		}
		if a.ToAt != nil {
			return rules.Refuse(rules.StateConflict, "The warranty was taken off already.", "Read the device's warranties again.")
		}
		now, after := s.clock.Now(), l.State
		if l.State == rules.LicenceAssigned {
			after = rules.LicenceAvailable
			if err := tx.Model(&Licence{}).Where("id = ?", l.ID).Updates(map[string]any{"state": after, "state_since": now}).Error; err != nil {
				return err
			}
		}
		if err := endAttachments(tx.Where("id = ?", a.ID), EndReleased, now); err != nil {
			return err
		}
		e := entry{"warranty.detached", l.ID, withReason(reason, map[string]any{"before": l.State, "after": after, "attachment": a.facts()})}
		a.ToAt, a.EndReason = &now, EndReleased
		return s.accountAudit(tx, scope, acc.ID, e)
	})
	return a, err
}

// endAttachments ends the open ones among the rows that the query names.
func endAttachments(q *gorm.DB, why AssignmentEnd, now time.Time) error {
	return q.Model(&WarrantyAttachment{}).Where("to_at IS NULL").Updates(map[string]any{"to_at": now, "end_reason": why}).Error
}
