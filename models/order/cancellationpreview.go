package order

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// CancellableLicence is a licence in force of an order, with the room that it covers.
type CancellableLicence struct {
	ID       string
	SKU      string
	Number   int64 // from 1, within its contract
	Assigned bool
	Room     string // name, with the site; empty where the licence is free, and to a seller
}

// CancellableLicences lists the licences that an order in scope still has, in the order in
// which a cancellation by quantity takes the free ones. A seller learns of no room (S36).
func (s *Orders) CancellableLicences(
	ctx context.Context, id string,
) ([]CancellableLicence, error) {
	var out []CancellableLicence
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		o, err := orderInScope(tx, id)
		if err != nil {
			return err
		}
		all, err := licencesInForce(tx, o.ID)
		for _, l := range all {
			out = append(out, l.CancellableLicence)
		}
		return err
	})
	return out, err
}

// CountCancellable counts the licences that an order in scope still has, and those of them that are
// in no room.
func (s *Orders) CountCancellable(ctx context.Context, id string) (all, free int64, err error) {
	var counted struct{ Licences, Free int64 }
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		o, err := orderInScope(tx, id)
		if err != nil {
			return err
		}
		return tx.BeyondFence(func(tx *db.Tx) error {
			return tx.Table("licences AS l").
				Select(`count(*) AS licences,
					coalesce(sum(CASE WHEN l.state = ? THEN 1 ELSE 0 END), 0) AS free`,
					rules.LicenceAvailable).
				Joins("JOIN service_contracts c ON c.id = l.contract_id").
				Where("c.order_id = ? AND l.state IN ?", o.ID,
					[]rules.LicenceState{rules.LicenceAvailable, rules.LicenceAssigned}).
				Scan(&counted).Error
		})
	})
	return counted.Licences, counted.Free, err
}

// licenceInForce is a licence with the contract that it belongs to.
type licenceInForce struct {
	CancellableLicence
	ContractID string
}

// CancellationPreview is what a cancellation would do now.
type CancellationPreview struct {
	Gone  []CancellableLicence // the licences that end
	Left  int                  // how many stay
	Whole bool                 // it ends the whole order
	Ended replacement.Ended    // what ends beside them; nothing to a seller

	// The rest is told to the service and its operators alone.
	GoOn        []string               // replacements whose return goes on (S10)
	Invitations []string               // addresses whose pending invitation is withdrawn (S11)
	Questions   []string               // persons of whom the administrators are asked no more
	Told        []identity.OrderReader // who gets a mail
	MailHeld    bool                   // the mail waits for the order's next one
}

// Rooms returns the names of the rooms that lose their cover.
func (p CancellationPreview) Rooms() (rooms []string) {
	for _, l := range p.Gone {
		if l.Assigned {
			rooms = append(rooms, l.Room)
		}
	}
	slices.Sort(rooms)
	return rooms
}

// Seen names what a preview says will happen: another one stands there once the same request
// would do something else.
func (p CancellationPreview) Seen() string {
	gone := db.IdsOf(p.Gone, func(l CancellableLicence) string { return l.ID })
	slices.Sort(gone)
	parts := []string{strconv.Itoa(p.Left)}
	for _, named := range [][]string{
		gone, p.Rooms(), p.Ended.Replacements, p.Ended.Voided, p.Ended.Recalled,
		p.Invitations, p.Questions,
	} {
		parts = append(append(parts, named...), "")
	}
	return db.HashSecret(strings.Join(parts, "\n"))
}

// PreviewCancellation returns what the same request to CancelOrder would do now, which needs
// no reason yet. It refuses with the other codes of CancelOrder, and changes nothing.
func (s *Orders) PreviewCancellation(
	ctx context.Context, id string, r CancelRequest,
) (CancellationPreview, error) {
	return s.preview(ctx, id, r, func(tx *db.Tx, o Order) error {
		if err := ordering.MayAskToCancel(tx.Scope.Actor.Role); err != nil {
			return err
		}
		return ordering.Cancellable(o.State, o.CancellableUntil, tx.Now())
	})
}

// PreviewTermination returns what TerminateOrder would do now: to operators, whatever the day.
// An order that is cancelled already, or not fulfilled yet, answers STATE_CONFLICT.
func (s *Orders) PreviewTermination(ctx context.Context, id string) (CancellationPreview, error) {
	return s.preview(ctx, id, CancelRequest{}, func(tx *db.Tx, o Order) error {
		if err := ordering.MayAskToTerminate(tx.Scope.Actor.Role); err != nil {
			return err
		}
		return ordering.Endable(o.State)
	})
}

func (s *Orders) preview(
	ctx context.Context, id string, r CancelRequest, may func(*db.Tx, Order) error,
) (p CancellationPreview, err error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return p, err
	}

	err = s.db.Read(ctx, func(tx *db.Tx) error {
		o, err := orderInScope(tx, id)
		if err != nil {
			return err
		}
		if err := may(tx, o); err != nil {
			return err
		}

		p, err = s.foresee(tx, o, r, ref.Program.SpareRatio)
		return err
	})

	return p, err
}

// foresee returns what the request would do now, as far as the reader may know.
func (s *Orders) foresee(
	tx *db.Tx, o Order, r CancelRequest, ratio int,
) (p CancellationPreview, err error) {
	all, err := licencesInForce(tx, o.ID)
	if err != nil {
		return p, err
	}

	refs := make([]ordering.LicenceRef, len(all))
	for i, l := range all {
		refs[i] = ordering.LicenceRef{ID: l.ID, Assigned: l.Assigned}
	}

	chosen, whole, err := r.choose(refs)
	if err != nil {
		return p, err
	}

	ends := make(map[string]bool, len(chosen))
	for _, id := range chosen {
		ends[id] = true
	}
	p = CancellationPreview{Left: len(all) - len(chosen), Whole: whole}
	for _, l := range all {
		if ends[l.ID] {
			p.Gone = append(p.Gone, l.CancellableLicence)
		}
	}

	p.Ended, err = s.endedBy(tx, o, chosen, ratio)
	if err != nil || !tx.Scope.System {
		return p, err
	}
	err = s.addConsequences(tx, o, all, ends, &p)
	return p, err
}

// asSeen refuses, with VERSION_MISMATCH, a request whose sender read that something else would
// happen than what would happen now.
func (s *Orders) asSeen(tx *db.Tx, o Order, r CancelRequest, ratio int) error {
	if r.Seen == "" {
		return nil
	}
	will, err := s.foresee(tx, o, r, ratio)
	if err == nil && will.Seen() != r.Seen {
		err = rules.Refuse(rules.VersionMismatch,
			"The order has changed since you read what would end.",
			"Read again what would end, and decide then.")
	}
	return err
}

// addConsequences adds what the compensation of the cancellation will do, as it is decided
// there.
func (s *Orders) addConsequences(
	tx *db.Tx, o Order, all []licenceInForce, ends map[string]bool, p *CancellationPreview,
) (err error) {
	accountID := db.Text(o.AccountID)
	p.GoOn, err = s.replacements.GoOn(tx, replacement.CancelledLicences{
		OrderID: o.ID,
		IDs:     db.KeysOf(ends),
	})
	if err != nil {
		return err
	}

	left := map[string]int{} // by contract
	for _, l := range all {
		if !ends[l.ID] {
			left[l.ContractID]++
		}
	}
	var contracts []entitlement.ServiceContract
	err = tx.Where("account_id = ? AND state <> ?", accountID, rules.ContractCancelled).
		Find(&contracts).Error
	if err != nil {
		return err
	}
	stay := 0
	for _, c := range contracts {
		if c.OrderID != o.ID || !c.EndsWhen(left[c.ID], p.Whole) {
			stay++
		}
	}
	if ordering.RevokePendingInvitation(stay) {
		p.Invitations, err = identity.LiveAddresses(tx, accountID)
		if err != nil {
			return err
		}
	}

	if p.Whole {
		p.Questions, err = identity.OpenQuestionsOf(tx, o.ID)
		if err != nil {
			return err
		}
	} else {
		p.MailHeld, err = holdsPart(tx, o, int64(len(p.Gone)), int64(p.Left))
		if err != nil {
			return err
		}
	}
	p.Told, err = o.audience(tx, accountID)
	return err
}

// endedBy returns what ends beside the licences that a cancellation takes, as far as the
// reader may know: to a seller nothing (S36).
func (s *Orders) endedBy(
	tx *db.Tx, o Order, licences []string, ratio int,
) (replacement.Ended, error) {
	seller := !tx.Scope.System && tx.Scope.OrgID != ""
	if seller || o.AccountID == nil {
		return replacement.Ended{}, nil
	}

	var parent string
	err := tx.Model(&account.Account{}).
		Where("id = ?", *o.AccountID).
		Pluck("parent_org_id", &parent).Error
	if err != nil {
		return replacement.Ended{}, err
	}

	return s.replacements.EndedBy(tx, replacement.CancelledLicences{
		OrderID:  o.ID,
		ParentID: parent,
		IDs:      licences,
		Ratio:    ratio,
	})
}

// licencesInForce reads the licences in force of an order that is in scope.
func licencesInForce(tx *db.Tx, orderID string) (out []licenceInForce, err error) {
	err = tx.BeyondFence(func(tx *db.Tx) error {
		return tx.Table("licences AS l").
			Select(`l.id, l.contract_id, l.seq AS number, ol.sku, l.state = ? AS assigned,
				CASE
					WHEN r.id IS NULL THEN ''
					WHEN r.site = '' THEN r.name
					ELSE r.name || ', ' || r.site
				END AS room`, rules.LicenceAssigned).
			Joins("JOIN service_contracts c ON c.id = l.contract_id").
			Joins("JOIN order_lines ol ON ol.id = c.order_line_id").
			Joins("LEFT JOIN licence_assignments a ON a.licence_id = l.id AND a.to_at IS NULL").
			Joins("LEFT JOIN rooms r ON r.id = a.room_id").
			Where("c.order_id = ? AND l.state IN ?", orderID,
				[]rules.LicenceState{rules.LicenceAvailable, rules.LicenceAssigned}).
			Order("l.contract_id, l.seq DESC").
			Find(&out).Error
	})

	if !tx.Scope.System && tx.Scope.OrgID != "" {
		for i := range out {
			out[i].Room = ""
		}
	}
	return out, err
}

// WouldHoldMail reports whether the mail about a cancellation of so many of an order's licences
// would wait for the order's next one, because there were enough about small parts today; it is
// sent with the next day at the latest. That of a whole order never waits.
func (s *Orders) WouldHoldMail(
	ctx context.Context, id string, quantity int64, whole bool,
) (held bool, err error) {
	if whole {
		return false, nil
	}

	err = s.db.Read(ctx, func(tx *db.Tx) error {
		o, err := orderInScope(tx, id)
		if err != nil {
			return err
		}
		inForce, err := entitlement.CountUnitsInForce(tx, o.ID)
		if err != nil {
			return err
		}
		held, err = holdsPart(tx, o, quantity, inForce-quantity)
		return err
	})
	return held, err
}
