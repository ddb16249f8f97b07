package order

import (
	"context"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/rules/spare"
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
	MailHeld    bool // nobody was told yet: the order's next mail says it in sum
	// UntoldQuantity: somebody's address had enough mails of the day, and gets the one about so
	// many licences on another; 0: everybody was told.
	UntoldQuantity int64
	// Ended is what ended beside the licences.
	Ended replacement.Ended `gorm:"serializer:json"`
}

// CancellationState says how far the compensation has come.
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
	// Seen is what its sender read that would happen: CancellationPreview.Seen. Empty: nothing.
	Seen string
}

// Termination asks to end an order after its window.
type Termination struct {
	Reason string
	Seen   string // as that of a CancelRequest
}

// id is the cancellation's: derived from the request where that has a name, so
// that the primary key lets it happen once.
func (r CancelRequest) id(orderID string) string {
	if r.Once == "" {
		return db.NewID(db.PrefixCancellation)
	}
	return db.PrefixCancellation + "_" + db.HashSecret(orderID + "\n" + r.Once)[:26]
}

// CancelOrder cancels an order inside its window (R90, S7, S8, S12): it revokes the
// licences and counts the parent's spares again at once (S9), with the audit and the
// outbox row that makes the order's workflow run the rest of the compensation. Refusals
// are those of ordering.MayCancel and ordering.ChooseLicencesToCancel, and VERSION_MISMATCH
// where something else would happen than what its sender has seen. A request that has a name
// answers with its cancellation when it is repeated; an order that is cancelled as a whole
// answers with its last one.
func (s *Orders) CancelOrder(
	ctx context.Context, id string, r CancelRequest,
) (Order, OrderCancellation, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Order{}, OrderCancellation{}, err
	}

	var o Order
	var c OrderCancellation
	err = s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		var err error
		o, err = lockOrder(tx, id)
		if err != nil {
			return err
		}

		// Who may never cancel gets no answer about it, done or not.
		if err := ordering.MayAskToCancel(tx.Scope.Actor.Role); err != nil {
			return err
		}

		var done bool
		c, done, err = cancelledBefore(tx, o, r)
		if err != nil || done {
			return err
		}

		if err := mayCancel(tx, o, r.Reason); err != nil {
			return err
		}

		c, err = s.cancel(tx, ref, &o, r)
		return err
	})

	return o, c, err
}

// WasCancelled reports whether the request, by its name, was made of the order before: the same
// again answers with what was done, whatever the order has by now.
func (s *Orders) WasCancelled(
	ctx context.Context, id string, r CancelRequest,
) (done bool, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		o, err := orderInScope(tx, id)
		if err != nil {
			return err
		}
		_, done, err = cancelledBefore(tx, o, r)
		return err
	})
	return done, err
}

// cancelledBefore finds the cancellation that a repeated request asks for: its
// own, or the one that ended the whole order.
func cancelledBefore(
	tx *db.Tx, o Order, r CancelRequest,
) (c OrderCancellation, done bool, err error) {
	if r.Once != "" {
		res := tx.Where("id = ? AND order_id = ?", r.id(o.ID), o.ID).Limit(1).Find(&c)
		if res.Error != nil || res.RowsAffected == 1 {
			return c, true, res.Error
		}
	}

	if o.State == rules.OrderCancelled && r.Quantity == 0 {
		c, err = lastCancellation(tx, o.ID)
		return c, true, err
	}

	return c, false, nil
}

func lastCancellation(tx *db.Tx, orderID string) (OrderCancellation, error) {
	var c OrderCancellation
	err := tx.Where("order_id = ?", orderID).Order("sequence DESC").First(&c).Error
	return c, db.Found(err)
}

func mayCancel(tx *db.Tx, o Order, reason string) error {
	return ordering.MayCancel(ordering.CancellationRequest{
		Role:     tx.Scope.Actor.Role,
		Own:      true,
		State:    o.State,
		ClosesAt: o.CancellableUntil,
		Now:      tx.Now(),
		Reason:   reason,
	})
}

// cancel revokes the chosen licences, records the cancellation and counts the spares
// that the order had earned.
func (s *Orders) cancel(
	tx *db.Tx, ref program.Reference, o *Order, r CancelRequest,
) (OrderCancellation, error) {
	contracts, err := entitlement.LockContractsOfOrder(tx, o.ID)
	if err != nil {
		return OrderCancellation{}, err
	}

	// The account and its parent before the licences, as a fulfilment takes them.
	acc, err := account.LockWithParent(tx, *o.AccountID)
	if err != nil {
		return OrderCancellation{}, err
	}

	units, err := entitlement.LockUnitsInForce(tx, contracts)
	if err != nil {
		return OrderCancellation{}, err
	}

	refs := make([]ordering.LicenceRef, len(units))
	for i, u := range units {
		refs[i] = ordering.LicenceRef{ID: u.ID, Assigned: u.State == rules.LicenceAssigned}
	}

	if err := s.asSeen(tx, *o, r, ref.Program.SpareRatio); err != nil {
		return OrderCancellation{}, err
	}
	chosen, whole, err := r.choose(refs)
	if err != nil {
		return OrderCancellation{}, err
	}

	// Named before it happens; the compensation says which replacements did end (S10).
	ended, err := s.endedBy(tx.As(db.Scope{System: true, Actor: tx.Scope.Actor}), *o, chosen,
		ref.Program.SpareRatio)
	if err != nil {
		return OrderCancellation{}, err
	}

	if err := entitlement.RevokeUnits(tx, contracts, units, chosen, whole); err != nil {
		return OrderCancellation{}, err
	}
	if err := warranty.EndAttachmentsOf(tx, chosen, entitlement.EndCancelled); err != nil {
		return OrderCancellation{}, err
	}

	c, err := recordCancellation(tx, o, r, whole, chosen, ended)
	if err != nil {
		return c, err
	}

	if whole {
		// Nobody is asked any more whom a cancelled order names.
		if err := identity.WithdrawQuestions(tx, *o.AccountID, o.ID); err != nil {
			return c, err
		}
	}

	if !entitlement.CountsForSpares(contracts) {
		return c, nil
	}

	why := replacement.SpareChange{
		Ratio:  ref.Program.SpareRatio,
		Cause:  spare.SpareByCancellation,
		Source: c.ID,
	}

	return c, s.replacements.RecountParent(tx, acc.ParentOrgID, why)
}

// choose returns which of an order's licences in force the request takes (S12), and whether
// it cancels the whole order: without a quantity, or with that of all of them.
func (r CancelRequest) choose(
	inForce []ordering.LicenceRef,
) (chosen []string, whole bool, err error) {
	if r.Quantity == 0 || (r.Quantity == len(inForce) && len(inForce) > 0) {
		return db.IdsOf(inForce, func(l ordering.LicenceRef) string { return l.ID }), true, nil
	}
	chosen, err = ordering.ChooseLicencesToCancel(inForce, r.Quantity, r.LicenceIDs)
	return chosen, false, err
}

// recordCancellation stores the cancellation and the order's new state, with the audit
// and the event that lets the order's workflow go on with it.
func recordCancellation(
	tx *db.Tx, o *Order, r CancelRequest, whole bool, chosen []string, ended replacement.Ended,
) (OrderCancellation, error) {
	var before int64
	err := tx.Model(&OrderCancellation{}).Where("order_id = ?", o.ID).Count(&before).Error
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
		RequestedBy: tx.Scope.Actor.ID,
		Role:        tx.Scope.Actor.Role,
		CreatedAt:   tx.Now(),
		Ended:       ended,
	}

	if err := tx.Create(&c).Error; err != nil {
		return c, err
	}

	from := o.State
	to := rules.OrderPartiallyCancelled
	verb := "order.partially_cancelled"

	if whole {
		to = rules.OrderCancelled
		verb = "order.cancelled"
	}
	if err := moveOrder(tx, o, to); err != nil {
		return c, err
	}

	e := db.Entry{
		Verb:     verb,
		ObjectID: o.ID,
		Details: map[string]any{
			"before":       from,
			"after":        to,
			"quantity":     c.Quantity,
			"reason":       c.Reason,
			"cancellation": c.ID,
		},
	}

	if err := tx.Audit(*o.AccountID, o.AccountID, false, e); err != nil {
		return c, err
	}

	payload := map[string]string{db.PayloadCancellationID: c.ID}
	err = tx.Enqueue(db.NewOutboxEvent(db.OutboxOrderCancelled, o.ID, c.ID, payload))
	return c, err
}

// TerminateOrder ends an order's contracts after the window, as goodwill of an
// operator, with a reason and without refund (S13). The rest runs like a
// cancellation. Refusals are those of ordering.MayTerminate and ordering.Endable, and
// VERSION_MISMATCH as for a cancellation; an order that is cancelled already answers with its
// last cancellation.
func (s *Orders) TerminateOrder(
	ctx context.Context, id string, t Termination,
) (Order, OrderCancellation, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Order{}, OrderCancellation{}, err
	}

	var o Order
	var c OrderCancellation
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := ordering.MayTerminate(tx.Scope.Actor.Role, t.Reason); err != nil {
			return err
		}

		var err error
		o, err = lockOrder(tx, id)
		if err != nil {
			return err
		}

		if o.State == rules.OrderCancelled {
			c, err = lastCancellation(tx, id)
			return err
		}
		if err := ordering.Endable(o.State); err != nil {
			return err
		}

		c, err = s.cancel(tx, ref, &o, CancelRequest{Reason: t.Reason, Seen: t.Seen})
		return err
	})

	return o, c, err
}

// ListCancellations lists the cancellations of an order in scope, oldest first.
func (s *Orders) ListCancellations(
	ctx context.Context, orderID string,
) ([]OrderCancellation, error) {
	var out []OrderCancellation
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if _, err := orderInScope(tx, orderID); err != nil {
			return err
		}
		return tx.Where("order_id = ?", orderID).Order("sequence").Find(&out).Error
	})
	return out, err
}

// CompensateCancellation runs the rest of a cancellation: it revokes the pending
// invitation of an account without any other contract (S11), withdraws RMAs under the
// order's licences where nothing was shipped (S10), and writes to the parties. Spares
// were counted with the cancellation itself (S9). Again for the same cancellation it
// changes nothing. It reports whether the order is cancelled as a whole.
func (s *Orders) CompensateCancellation(ctx context.Context, id string) (closed bool, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		var c OrderCancellation
		if err := db.Found(tx.ForUpdate().First(&c, "id = ?", id).Error); err != nil {
			return err
		}

		closed = c.Whole
		if c.State == CancellationCompleted {
			return nil
		}

		o, err := lockOrder(tx, c.OrderID)
		if err != nil {
			return err
		}

		// Who is told is judged by the invitations as they are before any goes.
		readers, err := o.audience(tx, db.Text(o.AccountID))
		if err != nil {
			return err
		}

		if err := withdrawInvitations(tx, o); err != nil {
			return err
		}
		if err := askForOtherOrder(tx, o); err != nil {
			return err
		}
		if err := s.replacements.WithdrawRMAs(tx, o.ID, o.named()); err != nil {
			return err
		}
		// Of those that this cancellation named, whichever of several withdrew them.
		c.Ended.Replacements, err = replacement.Withdrawn(tx, c.Ended.Replacements)
		if err != nil {
			return err
		}
		if err := tellOfCancellation(tx, o, &c, readers); err != nil {
			return err
		}

		now := tx.Now()
		c.State = CancellationCompleted
		c.CompletedAt = &now

		err = tx.Model(&OrderCancellation{}).
			Where("id = ?", id).
			Select("state", "completed_at", "mail_held", "untold_quantity", "ended").
			Updates(&c).Error
		if err != nil {
			return err
		}

		e := db.Entry{
			Verb:     "cancellation.completed",
			ObjectID: c.ID,
			Details:  map[string]any{"order": o.ID},
		}
		return tx.Audit(*o.AccountID, o.AccountID, false, e)
	})

	return closed, err
}

// withdrawInvitations revokes an account's live invitations when no contract
// is left in it (S11).
func withdrawInvitations(tx *db.Tx, o Order) error {
	var acc account.Account // its lock keeps a new order from counting on an invitation that goes
	err := tx.ForUpdate().Select("id").First(&acc, "id = ?", *o.AccountID).Error
	if err != nil {
		return err
	}

	var left int64
	err = tx.Model(&entitlement.ServiceContract{}).
		Where("account_id = ? AND state <> ?", *o.AccountID, rules.ContractCancelled).
		Count(&left).Error
	if err != nil {
		return err
	}

	if !ordering.RevokePendingInvitation(int(left)) {
		return nil
	}

	var live []identity.Invitation
	if err := identity.WhereLive(tx).Find(&live, "account_id = ?", *o.AccountID).Error; err != nil {
		return err
	}

	for i := range live {
		if err := identity.CloseInvitation(tx, &live[i], rules.InvitationWasWithdrawn); err != nil {
			return err
		}

		e := db.Entry{
			Verb:     "invitation.revoked",
			ObjectID: live[i].ID,
			Details:  map[string]any{"order": o.ID},
		}

		err := tx.Audit(*o.AccountID, o.AccountID, false, e)
		if err != nil {
			return err
		}
	}

	return nil
}

// askForOtherOrder asks the administrators again where another order of the account names
// the person about whom the cancelled one had asked: there is one question about a person,
// and it was the cancelled order's.
func askForOtherOrder(tx *db.Tx, cancelled Order) error {
	asked, err := identity.WasWithdrawn(tx, cancelled.ID)
	if err != nil || !asked || cancelled.State != rules.OrderCancelled {
		return err
	}

	acc, err := account.Lock(tx, *cancelled.AccountID)
	if err != nil {
		return err
	}

	var others []Order
	err = tx.Where("account_id = ? AND id <> ?", acc.ID, cancelled.ID).
		Where("state IN ?", []rules.OrderState{
			rules.OrderFulfilled, rules.OrderPartiallyCancelled,
		}).
		Order("id DESC").
		Limit(maxOrdersAsked).
		Find(&others).Error
	if err != nil {
		return err
	}

	email := rules.NormaliseEmail(cancelled.Payload.EndCustomer.Email)
	for i := range others {
		o := &others[i]
		if rules.NormaliseEmail(o.Payload.EndCustomer.Email) != email {
			continue
		}

		answered, err := identity.WasAnswered(tx, acc.ID, o.contact(), o.CreatedAt)
		if err != nil {
			return err
		}
		if answered {
			continue
		}

		contact, err := identity.JudgeContact(tx, acc, o.contact(), false)
		if err != nil {
			return err
		}
		if err := nameSellers(tx, o, &contact); err != nil {
			return err
		}
		return identity.AskAgain(tx, acc, contact)
	}

	return nil
}

// maxOrdersAsked is how many of an account's orders are looked at, the newest first.
const maxOrdersAsked = 500
