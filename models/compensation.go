package models

import (
	"context"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// CompensateCancellation runs the rest of a cancellation: the pending
// invitation of an account without any other contract is revoked (S11), and
// the parties are told. Again for the same cancellation it changes nothing. It
// tells whether the order is cancelled as a whole.
// Spares were counted anew with the cancellation itself (S9). RMAs under its licences
// are withdrawn where nothing was shipped (S10).
func (s *Store) CompensateCancellation(ctx context.Context, id string) (closed bool, err error) {
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		var c OrderCancellation
		if err := found(s.forUpdate(tx).First(&c, "id = ?", id).Error); err != nil || c.State == CancellationCompleted {
			closed = c.Whole
			return err
		}
		closed = c.Whole
		o, err := s.lockOrder(tx, scope, c.OrderID)
		if err != nil {
			return err
		}
		if err := s.withdrawInvitations(tx, scope, o); err != nil {
			return err
		}
		if err := s.withdrawRMAs(tx, scope, o.ID); err != nil {
			return err
		}
		if err := s.queueMail(tx, s.cancellationMails(o, c)...); err != nil {
			return err
		}
		now := s.clock.Now()
		c.State, c.CompletedAt = CancellationCompleted, &now
		if err := tx.Model(&OrderCancellation{}).Where("id = ?", id).Select("state", "completed_at").Updates(&c).Error; err != nil {
			return err
		}
		return s.appendAudit(tx, scope, *o.AccountID, o.AccountID, false, entry{"cancellation.completed", c.ID, map[string]any{"order": o.ID}})
	})
	return closed, err
}

// withdrawInvitations revokes an account's live invitations when no contract
// is left in it (S11).
func (s *Store) withdrawInvitations(tx *gorm.DB, scope Scope, o Order) error {
	var acc Account // its lock keeps a new order from counting on an invitation that goes
	if err := s.forUpdate(tx).Select("id").First(&acc, "id = ?", *o.AccountID).Error; err != nil {
		return err
	}
	var left int64
	err := tx.Model(&ServiceContract{}).Where("account_id = ? AND state <> ?", *o.AccountID, rules.ContractCancelled).Count(&left).Error
	if err != nil || !rules.RevokePendingInvitation(int(left)) {
		return err
	}
	var live []Invitation
	if err := s.live(tx).Find(&live, "account_id = ?", *o.AccountID).Error; err != nil {
		return err
	}
	for i := range live {
		if err := s.closeInvitation(tx, &live[i], rules.InvitationWasWithdrawn); err != nil {
			return err
		}
		if err := s.appendAudit(tx, scope, *o.AccountID, o.AccountID, false, entry{"invitation.revoked", live[i].ID, map[string]any{"order": o.ID}}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) cancellationMails(o Order, c OrderCancellation) []Notification {
	params := map[string]any{"vendor_order_no": text(o.VendorOrderNo), "po_number": o.PONumber, "company": o.Payload.EndCustomer.Company,
		"quantity": c.Quantity, "whole": c.Whole}
	var out []Notification
	seen := map[string]bool{}
	for _, to := range []string{o.Payload.EndCustomer.Email, o.Payload.Reseller.Email, o.Payload.Distributor.Email} {
		n := s.orderMail(&o, "order_cancelled", to, params)
		n.Epoch = c.ID
		if !seen[n.Recipient] {
			out = append(out, n)
		}
		seen[n.Recipient] = true
	}
	return out
}
