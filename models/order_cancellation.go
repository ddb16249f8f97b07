package models

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// OrderCancellation is one cancellation of an order, whole or by quantity.
type OrderCancellation struct {
	ID          string
	OrderID     string
	Sequence    int
	State       CancellationState
	Whole       bool
	Quantity    int64
	Reason      string
	RequestedBy string
	Role        rules.Role
	CreatedAt   time.Time
	CompletedAt *time.Time
}

// CancellationState tells how far the compensation has come.
type CancellationState string

// The states of an OrderCancellation.
const (
	CancellationRequested CancellationState = "REQUESTED"
	CancellationCompleted CancellationState = "COMPLETED"
)

// CancelRequest asks to cancel an order, whole (Quantity 0) or by quantity.
type CancelRequest struct {
	Quantity   int
	LicenceIDs []string // assigned licences to take, when too few are available (S12)
	Reason     string
	// Once names the request, where the caller may send it again: the same one
	// again answers with its cancellation, also when the first answer was lost
	// with the process that would have kept it. Empty: not named.
	Once string
}

// id is the cancellation's: derived from the request where that has a name, so
// that the primary key lets it happen once.
func (r CancelRequest) id(orderID string) string {
	if r.Once == "" {
		return NewID(prefixCancellation)
	}
	return prefixCancellation + "_" + HashSecret(orderID + "\n" + r.Once)[:26]
}

// CancelOrder cancels an order inside its window (R90, S7, S8, S12): the
// licences are revoked and the parent's spares counted anew at once (S9), with the audit and the outbox row that has the
// order's workflow run the rest of the compensation. An order that is
// cancelled already answers with its last cancellation.
func (s *Store) CancelOrder(
	ctx context.Context, id string, r CancelRequest,
) (Order, OrderCancellation, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return Order{}, OrderCancellation{}, err
	}

	var o Order
	var c OrderCancellation
	err = s.txAcross(ctx, func(tx *gorm.DB, scope Scope) (err error) {
		if o, err = s.lockOrder(tx, scope, id); err != nil {
			return err
		}
		if done, err := cancelledBefore(tx, o, r, &c); done || err != nil {
			return err
		}
		if err := s.mayCancel(scope, o, r.Reason); err != nil {
			return err
		}
		c, err = s.cancel(tx, scope, ref, &o, r)
		return err
	})
	return o, c, err
}

// cancelledBefore finds the cancellation that a repeated request asks for: its
// own, or the one that ended the whole order.
func cancelledBefore(tx *gorm.DB, o Order, r CancelRequest, c *OrderCancellation) (bool, error) {
	if r.Once != "" {
		res := tx.Where("id = ? AND order_id = ?", r.id(o.ID), o.ID).Limit(1).Find(c)
		if res.Error != nil || res.RowsAffected == 1 {
			return true, res.Error
		}
	}
	if o.State == rules.OrderCancelled && r.Quantity == 0 {
		return true, found(tx.Where("order_id = ?", o.ID).Order("sequence DESC").First(c).Error)
	}
	return false, nil
}

func (s *Store) mayCancel(scope Scope, o Order, reason string) error {
	return rules.MayCancel(rules.CancellationRequest{
		Role:     scope.Actor.Role,
		Own:      true,
		State:    o.State,
		ClosesAt: o.CancellableUntil,
		Now:      s.clock.Now(),
		Reason:   reason,
	})
}

func (s *Store) cancel(
	tx *gorm.DB, scope Scope, ref Reference, o *Order, r CancelRequest,
) (OrderCancellation, error) {
	contracts, units, err := s.unitsInForce(tx, o.ID)
	if err != nil {
		return OrderCancellation{}, err
	}

	whole := r.Quantity == 0 || (r.Quantity == len(units) && len(units) > 0)
	chosen := make([]string, len(units))
	for i, u := range units {
		chosen[i] = u.ID
	}

	if !whole {
		if chosen, err = chooseUnits(units, r); err != nil {
			return OrderCancellation{}, err
		}
	}

	if err := s.revoke(tx, contracts, units, chosen, whole); err != nil {
		return OrderCancellation{}, err
	}

	c, err := s.recordCancellation(tx, scope, o, r, whole, chosen)
	if err != nil || !countsForSpares(contracts) {
		return c, err
	}

	return c, s.recountAccount(
		tx,
		scope,
		*o.AccountID,
		spareChange{ref.Program.SpareRatio, rules.SpareByCancellation, c.ID},
	)
}

// unitsInForce reads an order's contracts and its licences in force, and locks
// both.
func (s *Store) unitsInForce(
	tx *gorm.DB, orderID string,
) (contracts []ServiceContract, units []Licence, err error) {
	err = s.forUpdate(tx).
		Where("order_id = ?", orderID).
		Order("id").
		Find(&contracts).Error
	if err != nil {
		return nil, nil, err
	}

	ids := make([]string, len(contracts))
	for i, c := range contracts {
		ids[i] = c.ID
	}

	err = s.forUpdate(tx).
		Where("contract_id IN ? AND state IN ?", ids, []rules.LicenceState{
			rules.LicenceAvailable,
			rules.LicenceAssigned,
		}).
		Order("contract_id, seq DESC").
		Find(&units).Error
	return contracts, units, err
}

func chooseUnits(units []Licence, r CancelRequest) ([]string, error) {
	refs := make([]rules.LicenceRef, len(units))
	for i, u := range units {
		refs[i] = rules.LicenceRef{ID: u.ID, Assigned: u.State == rules.LicenceAssigned}
	}
	return rules.ChooseLicencesToCancel(refs, r.Quantity, r.LicenceIDs)
}

// revoke ends the chosen licences with their assignments, and each contract that
// has none left or is cancelled as a whole; start and end stay for the history
// (S8).
func (s *Store) revoke(
	tx *gorm.DB, contracts []ServiceContract, units []Licence, chosen []string, whole bool,
) error {
	now := s.clock.Now()
	for ids := range batches(chosen, 1000) {
		err := tx.Model(&Licence{}).Where("id IN ?", ids).Updates(map[string]any{
			"state":       rules.LicenceRevoked,
			"state_since": now,
		}).Error
		if err != nil {
			return err
		}
		err = s.endAssignments(tx.Where("licence_id IN ?",
			ids), EndCancelled, now)
		if err != nil {
			return err
		}
		if err := endAttachments(tx.Where("licence_id IN ?", ids), EndCancelled, now); err != nil {
			return err
		}
	}

	left := map[string]int{}
	gone := map[string]bool{}
	for _, id := range chosen {
		gone[id] = true
	}

	for _, u := range units {
		if !gone[u.ID] {
			left[u.ContractID]++
		}
	}

	for _, c := range contracts {
		if (whole || left[c.ID] == 0) && c.State.CanBecome(rules.ContractCancelled) {
			err := tx.Model(&ServiceContract{}).Where("id = ?", c.ID).Updates(map[string]any{
				"state":        rules.ContractCancelled,
				"cancelled_at": now,
			}).Error
			if err != nil {
				return err
			}
		}
	}

	return nil
}

func (s *Store) recordCancellation(
	tx *gorm.DB, scope Scope, o *Order, r CancelRequest, whole bool, chosen []string,
) (OrderCancellation, error) {
	var before int64
	err := tx.Model(&OrderCancellation{}).
		Where("order_id = ?", o.ID).
		Count(&before).Error
	if err != nil {
		return OrderCancellation{}, err
	}

	c := OrderCancellation{
		ID:          r.id(o.ID),
		OrderID:     o.ID,
		Sequence:    int(before) + 1,
		State:       CancellationRequested,
		Whole:       whole,
		Quantity:    int64(len(chosen)),
		Reason:      strings.TrimSpace(r.Reason),
		RequestedBy: scope.Actor.ID,
		Role:        scope.Actor.Role,
		CreatedAt:   s.clock.Now(),
	}
	if err := tx.Create(&c).Error; err != nil {
		return c, err
	}

	to := rules.OrderPartiallyCancelled
	verb := "order.partially_cancelled"
	if whole {
		to = rules.OrderCancelled
		verb = "order.cancelled"
	}

	from := o.State
	if err := s.moveOrder(tx, o, to); err != nil {
		return c, err
	}

	e := entry{verb, o.ID, map[string]any{
		"before":       from,
		"after":        to,
		"quantity":     c.Quantity,
		"reason":       c.Reason,
		"cancellation": c.ID,
	}}
	if err := s.appendAudit(tx, scope, *o.AccountID, o.AccountID, false, e); err != nil {
		return c, err
	}

	return c, s.enqueue(
		tx,
		outboxEvent(
			OutboxOrderCancelled,
			o.ID,
			c.ID,
			map[string]string{PayloadCancellationID: c.ID},
		),
	)
}

// TerminateOrder ends an order's contracts after the window, as goodwill of an
// operator, with a reason and without refund (S13). The rest runs like a
// cancellation.
func (s *Store) TerminateOrder(
	ctx context.Context, id, reason string,
) (Order, OrderCancellation, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return Order{}, OrderCancellation{}, err
	}

	var o Order
	var c OrderCancellation
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) (err error) {
		if err := rules.MayTerminate(scope.Actor.Role, reason); err != nil {
			return err
		}
		if o, err = s.lockOrder(tx, scope, id); err != nil {
			return err
		}
		if o.State == rules.OrderCancelled {
			return found(tx.Where("order_id = ?", id).Order("sequence DESC").First(&c).Error)
		}
		c, err = s.cancel(tx, scope, ref, &o, CancelRequest{Reason: reason})
		return err
	})
	return o, c, err
}

// ListCancellations lists an order's cancellations, oldest first.
func (s *Store) ListCancellations(
	ctx context.Context, orderID string,
) ([]OrderCancellation, error) {
	var out []OrderCancellation
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if _, err := s.orderInScope(tx, scope, orderID); err != nil {
			return err
		}
		return tx.Where("order_id = ?", orderID).Order("sequence").Find(&out).Error
	})
	return out, err
}

// CompensateCancellation runs the rest of a cancellation: the pending
// invitation of an account without any other contract is revoked (S11), and
// the parties are told. Again for the same cancellation it changes nothing. It
// tells whether the order is cancelled as a whole.
// Spares were counted anew with the cancellation itself (S9). RMAs under its licences
// are withdrawn where nothing was shipped (S10).
func (s *Store) CompensateCancellation(ctx context.Context, id string) (closed bool, err error) {
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		var c OrderCancellation
		err := found(s.forUpdate(tx).
			First(&c, "id = ?", id).Error)
		if err != nil || c.State == CancellationCompleted {
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
		c.State = CancellationCompleted
		c.CompletedAt = &now
		err = tx.Model(&OrderCancellation{}).
			Where("id = ?", id).
			Select("state", "completed_at").
			Updates(&c).Error
		if err != nil {
			return err
		}

		e := entry{"cancellation.completed", c.ID, map[string]any{"order": o.ID}}
		return s.appendAudit(tx, scope, *o.AccountID, o.AccountID, false, e)
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
	err := tx.Model(&ServiceContract{}).
		Where("account_id = ? AND state <> ?", *o.AccountID, rules.ContractCancelled).
		Count(&left).Error
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
		e := entry{"invitation.revoked", live[i].ID, map[string]any{"order": o.ID}}
		err := s.appendAudit(tx, scope, *o.AccountID, o.AccountID, false, e)
		if err != nil {
			return err
		}
	}

	return nil
}

func (s *Store) cancellationMails(o Order, c OrderCancellation) []Notification {
	params := map[string]any{
		"vendor_order_no": text(o.VendorOrderNo),
		"po_number":       o.PONumber,
		"company":         o.Payload.EndCustomer.Company,
		"quantity":        c.Quantity,
		"whole":           c.Whole,
	}
	var out []Notification
	seen := map[string]bool{}
	for _, to := range []string{
		o.Payload.EndCustomer.Email,
		o.Payload.Reseller.Email,
		o.Payload.Distributor.Email,
	} {
		n := s.orderMail(&o, "order_cancelled", to, params)
		n.Epoch = c.ID
		if !seen[n.Recipient] {
			out = append(out, n)
		}
		seen[n.Recipient] = true
	}

	return out
}
