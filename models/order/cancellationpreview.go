package order

import (
	"context"
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// CancellableLicence is a licence in force of an order, with the room that it covers.
type CancellableLicence struct {
	ID       string
	Assigned bool
	Room     string // name; empty where the licence is free
}

// CancellableLicences lists the licences that an order in scope still has, in the order in
// which a cancellation by quantity takes the free ones.
func (s *Orders) CancellableLicences(
	ctx context.Context, id string,
) ([]CancellableLicence, error) {
	var out []CancellableLicence
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		o, err := orderInScope(tx, id)
		if err != nil {
			return err
		}
		out, err = licencesInForce(tx, o.ID)
		return err
	})
	return out, err
}

// PreviewCancellation returns the licences that the same request to CancelOrder would end
// now, and whether that is the whole order. It refuses with the codes of CancelOrder, and
// changes nothing.
func (s *Orders) PreviewCancellation(
	ctx context.Context, id string, r CancelRequest,
) (gone []CancellableLicence, whole bool, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		o, err := orderInScope(tx, id)
		if err != nil {
			return err
		}
		if err := mayCancel(tx, o, r.Reason); err != nil {
			return err
		}

		all, err := licencesInForce(tx, o.ID)
		if err != nil {
			return err
		}

		refs := make([]ordering.LicenceRef, len(all))
		for i, l := range all {
			refs[i] = ordering.LicenceRef{ID: l.ID, Assigned: l.Assigned}
		}

		var chosen []string
		chosen, whole, err = r.choose(refs)
		if err != nil {
			return err
		}

		ends := make(map[string]bool, len(chosen))
		for _, id := range chosen {
			ends[id] = true
		}
		gone = slices.DeleteFunc(all, func(l CancellableLicence) bool { return !ends[l.ID] })
		return nil
	})

	return gone, whole, err
}

func licencesInForce(tx *db.Tx, orderID string) ([]CancellableLicence, error) {
	var out []CancellableLicence
	err := tx.Table("licences AS l").
		Select("l.id, l.state = ? AS assigned, COALESCE(r.name, '') AS room",
			rules.LicenceAssigned).
		Joins("JOIN service_contracts c ON c.id = l.contract_id").
		Joins("LEFT JOIN licence_assignments a ON a.licence_id = l.id AND a.to_at IS NULL").
		Joins("LEFT JOIN rooms r ON r.id = a.room_id").
		Where("c.order_id = ? AND l.state IN ?", orderID,
			[]rules.LicenceState{rules.LicenceAvailable, rules.LicenceAssigned}).
		Order("l.contract_id, l.seq DESC").
		Find(&out).Error
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
		inForce, err := licencesInForce(tx, o.ID)
		if err != nil {
			return err
		}
		held, err = holdsPart(tx, o, quantity, int64(len(inForce))-quantity)
		return err
	})
	return held, err
}
