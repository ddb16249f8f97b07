package replacement

import (
	"context"
	"maps"
	"slices"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// siteNow is where the site of the RMA is now, as a parcel needs it.
func (w *rmaRow) siteNow() logistics.ShipTo {
	return logistics.ShipTo{
		Site:       w.SiteName,
		Contact:    w.Address.ShipContact,
		Street:     w.Address.ShipStreet,
		City:       w.Address.ShipCity,
		Region:     w.SiteRegion,
		PostalCode: w.Address.ShipPostCode,
		Country:    w.SiteCountry,
		TimeZone:   w.SiteZone,
	}
}

// goTo has the change work with where the RMA was approved to go, whatever became of the site.
func (w *rmaChange) goTo(to logistics.ShipTo) {
	if w.SiteCountry != to.Country || w.SiteRegion != to.Region {
		w.CalendarKey = nil // of the place where the site is now
	}

	w.SiteName = to.Site
	w.SiteZone = to.TimeZone
	w.SiteCountry = to.Country
	w.SiteRegion = to.Region
	w.Address = shipTo{
		ShipContact:  to.Contact,
		ShipStreet:   to.Street,
		ShipCity:     to.City,
		ShipPostCode: to.PostalCode,
	}
}

// freezeShipTo keeps where an approved replacement goes: who approved has looked at it, and the
// promised day was counted there (S25, S20).
func (w *rmaChange) freezeShipTo() {
	if w.ApprovedAt == nil || w.ShipTo != nil || !w.toSend() {
		return
	}
	to := w.siteNow()
	w.ShipTo = &to
}

// ReaddressRMA has a replacement that was not sent yet go to where its site is now. The
// promised day stays. It refuses with STATE_CONFLICT a parcel that the carrier has booked or
// was asked to book.
func (s *Replacements) ReaddressRMA(ctx context.Context, id, reason string) (RMA, error) {
	if err := rules.CheckReason(reason); err != nil {
		return RMA{}, err
	}

	return s.changeRMA(ctx, id, rma.RMAReaddress, reason, nil, func(w *rmaChange) error {
		if w.ShipTo != nil && *w.ShipTo == w.atSite {
			w.unchanged = true
			return nil
		}

		if err := logistics.RedirectParcel(w.tx, w.bookingKey()); err != nil {
			return err
		}

		to := w.atSite
		w.ShipTo = &to
		w.goTo(to)
		w.note("rma.readdressed", map[string]any{"site": w.SiteID})
		return nil
	})
}

// CommandsFor returns what the caller may do now with each of the replacements, by their ids:
// by its role and their facts, and readdress only while the carrier has neither booked the
// parcel nor was asked to.
func (s *Replacements) CommandsFor(
	ctx context.Context, rmas ...RMA,
) (map[string][]rma.RMACommand, error) {
	scope, err := db.ScopeFrom(ctx)
	if err != nil {
		return nil, err
	}

	now := s.db.Clock().Now()
	out := make(map[string][]rma.RMACommand, len(rmas))
	parcels := map[string]string{} // of those that may still be readdressed, by their ids
	for _, r := range rmas {
		out[r.ID] = rma.RMACommandsFor(scope.Actor.Role, r.RMAFacts, now)
		if slices.Contains(out[r.ID], rma.RMAReaddress) {
			parcels[r.ID] = r.bookingKey()
		}
	}
	if len(parcels) == 0 {
		return out, nil
	}

	var asked []string
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		asked, err = logistics.AskedOfCarrier(tx, slices.Collect(maps.Values(parcels)))
		return err
	})
	for id, key := range parcels {
		if slices.Contains(asked, key) {
			out[id] = slices.DeleteFunc(out[id], func(c rma.RMACommand) bool {
				return c == rma.RMAReaddress
			})
		}
	}
	return out, err
}

// GoesTo returns where a replacement goes or went, and whether that was fixed by its approval;
// otherwise it is where its site is now.
func (s *Replacements) GoesTo(
	ctx context.Context, r RMA,
) (to logistics.ShipTo, fixed bool, err error) {
	if r.ShipTo != nil {
		return *r.ShipTo, true, nil
	}

	var site account.AccountSite
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.DB, "account_id")
		return db.Found(q.First(&site, "id = ?", r.SiteID).Error)
	})
	return logistics.ShipTo{
		Site:       site.Name,
		Contact:    site.ContactName,
		Street:     site.Street,
		City:       site.City,
		Region:     site.Region,
		PostalCode: site.PostalCode,
		Country:    site.Country,
		TimeZone:   site.TimeZone,
	}, false, err
}

// StayWithAddress lists the replacements to a site that were not sent yet and go to another
// address than the site's, since they were approved before it changed.
func (s *Replacements) StayWithAddress(
	ctx context.Context, site account.AccountSite,
) ([]RMA, error) {
	var open, out []RMA
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.DB, "account_id")
		return q.Where("site_id = ? AND closed_at IS NULL AND ship_to IS NOT NULL", site.ID).
			Order("id").
			Find(&open).Error
	})
	for _, r := range open {
		moved := r.ShipTo.Address() != site.Address() || r.ShipTo.Contact != site.ContactName
		if moved && r.toSend() {
			out = append(out, r)
		}
	}
	return out, err
}
