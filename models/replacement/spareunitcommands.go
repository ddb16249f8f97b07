package replacement

import (
	"context"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// SpareChoice is what a CSM proposes for a spare: which model, and which known site
// of the parent's accounts it is to lie at.
type SpareChoice struct {
	ModelCode string
	SiteID    string
	Reason    string // optional; goes into the audit
}

// SelectSpare proposes a model and a site, and may propose others until the customer
// has agreed; a mail asks the customer (R88a). Refusals: those of spare.MaySpare,
// MODEL_NOT_DEPLOYED (R88b), UNKNOWN_SITE.
func (s *Replacements) SelectSpare(
	ctx context.Context, id string, c SpareChoice,
) (SpareUnit, error) {
	c.ModelCode = catalogue.NormaliseModelCode(c.ModelCode)
	if err := c.validate(); err != nil {
		return SpareUnit{}, err
	}

	chosen := func(u SpareUnit) bool {
		return u.State == spare.SpareSelectionPending &&
			u.ModelCode == c.ModelCode &&
			db.Text(u.SiteID) == c.SiteID
	}
	return s.changeSpare(ctx, id, spare.SpareSelect, c.Reason, chosen, func(
		w *spareUnitChange,
	) error {
		if err := w.takeSite(c.SiteID); err != nil {
			return err
		}
		if err := w.requireDeployed(c.ModelCode); err != nil {
			return err
		}

		w.ModelCode = c.ModelCode
		w.SelectedAt = &w.now
		w.note("spare.selected", map[string]any{
			"model":   w.ModelCode,
			"site":    c.SiteID,
			"account": *w.AccountID,
		})

		w.mail("SELECTED", nil)
		return nil
	})
}

func (c SpareChoice) validate() error {
	var fields []rules.FieldError
	for pointer, value := range map[string]string{"/model": c.ModelCode, "/site_id": c.SiteID} {
		if value == "" {
			fields = append(fields, rules.FieldError{
				Pointer: pointer,
				Code:    rules.Required,
				Message: "This field is missing or empty.",
				Remedy:  "Name the model and the site.",
			})
		}
	}

	if err := rules.Invalid(fields); err != nil {
		return err
	}
	return rules.CheckOptionalReason(c.Reason)
}

// takeSite assigns the unit to the site's account; only sites of the parent's own
// accounts are known.
func (w *spareUnitChange) takeSite(siteID string) error {
	var sites []struct {
		account.AccountSite
		LegalName   string
		Locale      string
		AccountZone string
		Admins      *string
	}

	err := w.tx.Table("sites AS s").
		Select("s.*, a.legal_name, a.locale, a.time_zone AS account_zone, "+
			notification.AdminsSQL("a.id")+" AS admins").
		Joins("JOIN accounts a ON a.id = s.account_id").
		Where("s.id = ? AND a.parent_org_id = ?", siteID, w.ParentOrgID).
		Scan(&sites).Error
	if err != nil {
		return err
	}

	if len(sites) == 0 {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/site_id",
			Code:    rma.SiteUnknown,
			Message: "No account of the customer has such a site.",
			Remedy:  "Name a site of one of the parent's accounts, or add it first.",
		}})
	}

	site := sites[0]
	w.AccountID = &site.AccountID
	w.SiteID = &site.ID
	w.AccountName = site.LegalName
	w.AccountZone = site.AccountZone
	w.SiteName = site.Name
	w.SiteCountry = site.Country
	w.Address = shipToOf(site.AccountSite)

	w.Told = notification.Audience{
		Admins:        site.Admins,
		SiteContact:   site.ContactEmail,
		AccountLocale: site.Locale,
	}

	return nil
}

// requireDeployed refuses a model of which the parent has no device in a room: a spare
// is for a direct swap (R88b).
func (w *spareUnitChange) requireDeployed(model string) error {
	accounts := w.tx.Model(&account.Account{}).
		Select("id").
		Where("parent_org_id = ?", w.ParentOrgID)
	var n int64

	err := w.tx.Model(&entitlement.Device{}).
		Where("model_code = ?", model).
		Where("state IN ?", []licensing.DeviceState{licensing.DeviceInRoom, licensing.DeviceInRMA}).
		Where("account_id IN (?)", accounts).
		Limit(1).
		Count(&n).Error
	if err != nil || n > 0 {
		return err
	}

	return rules.Refuse(spare.ModelNotDeployed,
		"The customer has no device of this model in a room.", "Choose a model that is deployed.")
}

// AgreeSpare records the customer's consent to model and site: the unit is approved and
// may be shipped (R88a). version is that of the proposal that the customer read; 0 for
// any. It refuses with STATE_CONFLICT where the CSM has proposed something else
// meanwhile.
func (s *Replacements) AgreeSpare(
	ctx context.Context, id string, version int64,
) (SpareUnit, error) {
	agreed := func(u SpareUnit) bool { return u.AgreedAt != nil }
	return s.changeSpare(ctx, id, spare.SpareAgree, "", agreed, func(w *spareUnitChange) error {
		if err := db.Versioned(w.Version, version); err != nil {
			return err
		}
		if err := w.become(spare.SpareApproved); err != nil {
			return err
		}

		w.AgreedAt = &w.now
		w.note("spare.agreed", map[string]any{"model": w.ModelCode, "site": db.Text(w.SiteID)})
		return nil
	})
}

// Parcel is what leaves the warehouse for a site.
type Parcel struct {
	Serial   string
	Carrier  string // with Tracking, or both empty: by hand
	Tracking string
}

func (p Parcel) validate() error {
	var fields []rules.FieldError
	if problem := rules.SerialProblem("/serial", p.Serial); problem != nil {
		fields = append(fields, *problem)
	}
	fields = append(fields, rules.CheckLine("/carrier", p.Carrier, 50)...)
	fields = append(fields, rules.CheckLine("/tracking", p.Tracking, 100)...)
	return rules.Invalid(fields)
}

// ShipSpare captures the serial of the unit, which becomes a device of the account;
// it is on site when it arrives. Refusals: those of spare.MaySpare, among them
// SPARE_NOT_CHOSEN (R88a), and SERIAL_REGISTERED where a device in use has the
// serial. A parcel that was booked before keeps its carrier and number.
func (s *Replacements) ShipSpare(ctx context.Context, id string, p Parcel) (SpareUnit, error) {
	p.Serial = rules.NormaliseSerial(p.Serial)
	shipped := func(u SpareUnit) bool {
		return u.UnderWay() && u.ShippedAt != nil && u.Serial == p.Serial
	}

	u, err := s.changeSpare(ctx, id, spare.SpareShip, "", shipped, func(w *spareUnitChange) error {
		if err := p.validate(); err != nil {
			return err
		}
		return w.ship(p)
	})
	if err != nil || u.Tracking == "" {
		return u, err
	}

	// Only now apply what the carrier reported before we knew the parcel. The watch applies
	// what fails here.
	n, err := s.logistics.SettleEventsOf(ctx, u.Carrier, u.Tracking)
	if n == 0 || err != nil {
		return u, nil
	}

	return s.GetSpareUnit(ctx, id)
}

func (w *spareUnitChange) ship(p Parcel) error {
	parcel, _, err := w.s.logistics.OpenShipment(w.tx, logistics.NewShipment{
		AccountID:  *w.AccountID,
		Direction:  shipping.ShipSpare,
		SubjectID:  w.ID,
		BookingKey: w.parcelKey(),
		Carrier:    p.Carrier,

		// The warehouse may have handed it in before it says so.
		PossibleFrom: w.PossibleFrom(spare.SparePickedUp),
	}, p.Tracking)
	if err != nil {
		return err
	}

	// A unit that is replenished stays in that state until it is on site.
	if w.State == spare.SpareApproved {
		if err := w.become(spare.SpareShipped); err != nil {
			return err
		}
	}

	if err := w.registerDevice(p.Serial); err != nil {
		return err
	}

	w.ShippedAt = &w.now
	w.SpareFacts = w.Hear(rma.Telling[spare.SpareFact]{
		Fact:   spare.FactShipped,
		At:     w.now,
		ToldAt: w.now,
		Serial: p.Serial,
	})
	w.StateSince = w.now
	w.Carrier, w.Tracking = "", ""
	if parcel != nil {
		w.Carrier, w.Tracking = parcel.Carrier, db.Text(parcel.Tracking)
	}

	w.note("spare.shipped", map[string]any{
		"device":   *w.DeviceID,
		"carrier":  w.Carrier,
		"tracking": w.Tracking,
	})

	w.mail("SHIPPED", nil)

	// Where another serial was typed before and taken back, it may have arrived already.
	told := w.Standing(spare.SpareDelivered).First()
	if _, err := w.learnAt(spare.SpareDelivered, told); err != nil {
		return err
	}
	if parcel == nil {
		return nil
	}

	_, err = w.learnFrom(*parcel)
	return err
}

// registerDevice makes the unit a device of the account, so that its serial is
// taken from now on.
func (w *spareUnitChange) registerDevice(serial string) error {
	d := entitlement.Device{
		ID:        db.NewID(db.PrefixDevice),
		AccountID: *w.AccountID,
		Serial:    &serial,
		ModelCode: w.ModelCode,
		State:     licensing.DeviceUnplaced,
		CreatedAt: w.now,
		Version:   1,
	}

	if err := entitlement.RegisterUnit(w.tx, &d); err != nil {
		return err
	}
	w.DeviceID = &d.ID
	w.Serial = serial
	w.noteOf("device.registered", d.ID, map[string]any{"after": d.Facts()})
	return nil
}

// ReceiveSpare records that the depot has the recalled unit. The fee of a unit that was
// billed before is credited, as a late return's is (S22). Again it changes nothing.
func (s *Replacements) ReceiveSpare(ctx context.Context, id string) (SpareUnit, error) {
	received := func(u SpareUnit) bool { return u.State == spare.SpareReturned }
	return s.changeSpare(ctx, id, spare.SpareReceive, "", received, func(w *spareUnitChange) error {
		return w.hear(spare.SpareRecallReceived, w.now)
	})
}

// BillSpare confirms the fee of a recalled unit that did not come back in time; finance
// gets one event, however often it is called. Refusals: those of spare.MaySpare.
func (s *Replacements) BillSpare(ctx context.Context, id, reason string) (SpareUnit, error) {
	if err := rules.CheckOptionalReason(reason); err != nil {
		return SpareUnit{}, err
	}

	billed := func(u SpareUnit) bool { return u.State == spare.SpareBilled }
	return s.changeSpare(ctx, id, spare.SpareBill, reason, billed, func(w *spareUnitChange) error {
		if err := w.become(spare.SpareBilled); err != nil {
			return err
		}
		w.BilledAt = &w.now
		w.feeEvent(db.OutboxFeeBilled, "spare", w.FeeCorrections)
		w.note("spare.billed", nil)
		w.mail("BILLED", nil)
		return w.endDevice(licensing.DeviceLost)
	})
}

// WaiveSpare lets the customer keep a recalled unit free of charge. Only a lead may
// (RULES 4).
func (s *Replacements) WaiveSpare(ctx context.Context, id, reason string) (SpareUnit, error) {
	if err := rules.CheckReason(reason); err != nil {
		return SpareUnit{}, err
	}

	waived := func(u SpareUnit) bool { return u.State == spare.SpareWaived }
	return s.changeSpare(ctx, id, spare.SpareWaive, reason, waived, func(w *spareUnitChange) error {
		if err := w.become(spare.SpareWaived); err != nil {
			return err
		}
		w.WaivedAt = &w.now
		w.note("spare.waived", nil)
		w.mail("WAIVED", nil)
		if err := w.moveDevice(licensing.DeviceUnplaced); err != nil {
			return err
		}
		return w.cancelParcel(w.recallKey())
	})
}
