package order

import (
	"cmp"
	"context"
	"errors"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// DecisionPreview is what the acceptance of an order leads to.
type DecisionPreview struct {
	Account    account.Account // the order's; without an id: a new one
	Contracts  int64
	Licences   int64
	Invitation rules.InvitationAction // what becomes of the person whom the order names
	Told       []string               // who gets the confirmation, as people know them
}

// LetsIn reports whether a decision that leads to the preview gives somebody access to a
// customer's account, now or, by the mail domain, later (S52).
func (d Decision) LetsIn(will DecisionPreview) bool {
	return d.Accept && (d.RecordDomain || will.Invitation.LetsIn())
}

// errOnlyLooked ends the transaction of a preview, so that nothing of it is kept.
var errOnlyLooked = errors.New("models: a preview changes nothing")

// PreviewDecision returns what the same acceptance given to DecideOrder, and the fulfilment
// that follows it, would lead to now. It refuses what DecideOrder would, and changes nothing.
func (s *Orders) PreviewDecision(
	ctx context.Context, id string, d Decision,
) (DecisionPreview, error) {
	if err := rules.CheckReason(d.Reason); err != nil {
		return DecisionPreview{}, err
	}
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return DecisionPreview{}, err
	}

	var p DecisionPreview
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		o, err := lockOrder(tx, id)
		if err != nil {
			return err
		}
		if _, err := decided(o, d); err != nil {
			return err
		}
		if err := lookedAt(tx, o, d.Version); err != nil {
			return err
		}
		if err := acceptReviewed(tx, ref, &o, d); err != nil {
			return err
		}
		if p, err = leadsTo(tx, ref, o); err != nil {
			return err
		}
		return errOnlyLooked
	})
	if errors.Is(err, errOnlyLooked) {
		err = nil
	}
	return p, err
}

// leadsTo returns what the fulfilment of an accepted order leads to.
func leadsTo(tx *db.Tx, ref program.Reference, o Order) (DecisionPreview, error) {
	p := DecisionPreview{Contracts: int64(len(o.Lines))}
	for _, l := range o.Lines {
		if l.ServiceType != catalogue.ServiceJumpStart { // grants no licences (R30a)
			p.Licences += l.Quantity
		}
	}

	fresh := o.AccountID == nil
	if !fresh {
		if err := tx.First(&p.Account, "id = ?", *o.AccountID).Error; err != nil {
			return p, err
		}
	}
	contact, err := identity.JudgeContact(tx, p.Account, o.contact(), fresh)
	if err != nil {
		return p, err
	}
	p.Invitation = contact.Plan(ref, p.Account, tx.Now())

	readers, err := o.audience(tx, p.Account.ID)
	for _, r := range readers {
		p.Told = append(p.Told, cmp.Or(r.Name, r.Email))
	}
	return p, err
}
