package models

import (
	"context"
	"strconv"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// InvitationPlan is what an invitation's workflow waits for: calendar
// instants only.
type InvitationPlan struct {
	Live      bool
	Reminders []rules.Reminder
	ExpiresAt time.Time // exclusive
}

// PlanInvitation reads the instants at which a live invitation reminds and
// ends (R121).
func (s *Store) PlanInvitation(ctx context.Context, id string) (InvitationPlan, error) {
	var plan InvitationPlan
	ref, err := s.Reference(ctx)
	if err != nil {
		return plan, err
	}
	err = s.tx(ctx, func(tx *gorm.DB, _ Scope) error {
		var row struct {
			Invitation
			TimeZone string
		}
		err := tx.Table("invitations").Select("invitations.*, a.time_zone").Joins("JOIN accounts a ON a.id = invitations.account_id").
			Where("invitations.id = ?", id).Take(&row).Error
		if err != nil {
			return found(err)
		}
		loc, err := time.LoadLocation(row.TimeZone)
		if err != nil {
			return err
		}
		plan = InvitationPlan{Live: row.State.Live(), ExpiresAt: row.ExpiresAt,
			Reminders: rules.RemindersAhead(row.IssuedAt, row.ExpiresAt, s.clock.Now(), ref.Program.InviteReminderDays, loc)}
		return nil
	})
	return plan, err
}

// RemindInvitation queues the reminder of the day after issue; again for the
// same day it changes nothing. After the expiry, to which an outage may have
// lasted, there is nothing to remind of. It tells whether the invitation is still
// live.
func (s *Store) RemindInvitation(ctx context.Context, id string, day int) (live bool, err error) {
	err = s.tx(ctx, func(tx *gorm.DB, _ Scope) error {
		inv, acc, err := s.lockInvitation(tx, id)
		if live = inv.State.Live(); err != nil || !live || !s.clock.Now().Before(inv.ExpiresAt) {
			return err
		}
		return s.queueMail(tx, invitationMail(inv, acc, "invitation_reminder", dayEpoch(day)))
	})
	return live, err
}

func dayEpoch(day int) string { return "d+" + strconv.Itoa(day) }

func (s *Store) lockInvitation(tx *gorm.DB, id string) (inv Invitation, acc Account, err error) {
	if err = found(s.forUpdate(tx).First(&inv, "id = ?", id).Error); err != nil {
		return inv, acc, err
	}
	err = tx.First(&acc, "id = ?", inv.AccountID).Error
	return inv, acc, err
}

// ExpireInvitation ends an invitation whose time is over, tells the reseller
// and raises an operator task (S16). One that was accepted or closed meanwhile
// stays as it is.
func (s *Store) ExpireInvitation(ctx context.Context, id string) error {
	return s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		inv, acc, err := s.lockInvitation(tx, id)
		if err != nil || !inv.State.CanBecome(rules.InvitationHasExpired) || s.clock.Now().Before(inv.ExpiresAt) {
			return err
		}
		if err := s.closeInvitation(tx, &inv, rules.InvitationHasExpired); err != nil {
			return err
		}
		if err := s.raise(tx, OperatorTask{Kind: TaskInvitationUnclaimed, SubjectID: inv.ID, AccountID: &inv.AccountID,
			What: "Find out who should manage the account, and send the invitation again.", Why: "Nobody accepted the invitation in its window."}); err != nil {
			return err
		}
		if err := s.tellReseller(tx, inv, acc, "invitation_unclaimed"); err != nil {
			return err
		}
		return s.appendAudit(tx, scope, inv.AccountID, &inv.AccountID, false, entry{"invitation.expired", inv.ID, nil})
	})
}

// tellReseller writes to the reseller of the invitation's order about it,
// without the invited person's data.
func (s *Store) tellReseller(tx *gorm.DB, inv Invitation, acc Account, template string) error {
	if inv.OrderID == nil {
		return nil
	}
	var o Order
	if err := tx.First(&o, "id = ?", *inv.OrderID).Error; err != nil {
		return err
	}
	m := s.orderMail(&o, template, o.Payload.Reseller.Email, map[string]any{"po_number": o.PONumber, "vendor_order_no": text(o.VendorOrderNo), "company": acc.LegalName})
	m.SubjectID, m.AccountID = inv.ID+"/reseller", &acc.ID
	return s.queueSingleMail(tx, m)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// bounced hands a mail that was refused for good to an operator. A refused
// invitation also flags its order and tells the reseller (S17).
func (s *Store) bounced(tx *gorm.DB, scope Scope, r MailResult) error {
	var n Notification
	if err := tx.First(&n, "id = ?", r.ID).Error; err != nil {
		return err
	}
	if err := s.raise(tx, OperatorTask{Kind: TaskMailUndeliverable, SubjectID: n.ID, AccountID: n.AccountID,
		What: "Find a working address for the " + n.Template + " mail, or close the task.", Why: r.Error}); err != nil {
		return err
	}
	if n.Template != "invitation" {
		return nil
	}
	inv, acc, err := s.lockInvitation(tx, n.SubjectID)
	if err != nil || !inv.State.Live() {
		return err
	}
	inv.State, inv.StateSince, inv.LastError = rules.InvitationBounced, s.clock.Now(), r.Error
	if err := tx.Model(&Invitation{}).Where("id = ?", inv.ID).Select("state", "state_since", "last_error").Updates(&inv).Error; err != nil {
		return err
	}
	if inv.OrderID != nil {
		if err := tx.Model(&Order{}).Where("id = ?", *inv.OrderID).Update("invitation_failed", true).Error; err != nil {
			return err
		}
	}
	if err := s.tellReseller(tx, inv, acc, "invitation_undeliverable"); err != nil {
		return err
	}
	return s.appendAudit(tx, scope, inv.AccountID, &inv.AccountID, false, entry{"invitation.bounced", inv.ID, map[string]any{"error": r.Error}})
}
