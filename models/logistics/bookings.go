package logistics

import (
	"context"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
)

// ShipmentLabel is a label as the carrier gave it. It shows an address.
type ShipmentLabel struct {
	ShipmentID string `gorm:"primaryKey"`
	AccountID  string
	MediaType  string // such as application/pdf
	Content    []byte
	CreatedAt  time.Time
}

// ParcelEnd is one end of a parcel's way. It is personal data: it goes to the carrier
// and onto the paper.
type ParcelEnd struct {
	Name       string
	Company    string
	Street     string
	City       string
	Region     string
	PostalCode string
	Country    string
}

// OutstandingParcel is a parcel about which the carrier has to be asked.
type OutstandingParcel struct {
	Shipment
	From, To  ParcelEnd
	DeliverBy *time.Time // exclusive end of the promised day; nil: nothing was promised
}

// Asked reports whether the carrier is to leave the parcel.
func (p OutstandingParcel) Asked() bool { return p.CancelAskedAt != nil }

// parcelRow is a shipment with both of its ends, in one statement.
type parcelRow struct {
	Shipment
	Company string

	SiteName    string
	SiteContact string
	SiteStreet  string
	SiteCity    string
	SiteRegion  string
	SitePost    string
	SiteCountry string
	SiteZone    string

	DepotName    string
	DepotStreet  string
	DepotCity    string
	DepotRegion  string
	DepotPost    string
	DepotCountry string

	ShipTo *ShipTo `gorm:"serializer:json"` // of an approved replacement
}

// A parcel is outstanding that is to be booked, that has no label yet, or that the
// carrier is to leave.
const outstandingSQL = `
	SELECT sh.*,
		a.legal_name AS company,
		s.name AS site_name,
		s.contact_name AS site_contact,
		s.street AS site_street,
		s.city AS site_city,
		s.region AS site_region,
		s.postal_code AS site_post,
		s.country AS site_country,
		s.time_zone AS site_zone,
		d.name AS depot_name,
		d.street AS depot_street,
		d.city AS depot_city,
		d.region AS depot_region,
		d.postal_code AS depot_post,
		d.country AS depot_country,
		r.ship_to
	FROM shipments sh
	JOIN accounts a ON a.id = sh.account_id
	LEFT JOIN rmas r ON r.id = sh.subject_id
	JOIN sites s ON s.id = sh.site_id
	JOIN depots d ON d.id = sh.depot_id
	WHERE sh.subject_id = ?
		AND sh.service <> ''
		AND (sh.state = 'CREATED'
			OR sh.state IN ('LOST', 'DELIVERED') AND sh.cancel_asked_at IS NOT NULL
			OR sh.state = 'LABELLED' AND (sh.cancel_asked_at IS NOT NULL
				OR NOT EXISTS (SELECT 1 FROM shipment_labels l WHERE l.shipment_id = sh.id)))
	ORDER BY sh.id`

// OutstandingParcels lists a subject's parcels that the carrier has to be asked about:
// to book them, to fetch their labels, or to leave them.
func (s *Logistics) OutstandingParcels(
	ctx context.Context, subjectID string,
) ([]OutstandingParcel, error) {
	var out []OutstandingParcel
	err := s.db.Single(ctx, func(tx *db.Tx) error {
		out = nil
		var rows []parcelRow
		if err := tx.Raw(outstandingSQL, subjectID).Scan(&rows).Error; err != nil {
			return err
		}

		for _, r := range rows {
			out = append(out, r.parcel())
		}
		return nil
	})

	return out, err
}

// AskCarrier notes of replacements among the parcels that the carrier is asked to book them
// from now on, so that their address stays: see RedirectParcel. same is false where one of
// them changed since it was read, and all are to be read again.
func (s *Logistics) AskCarrier(
	ctx context.Context, parcels []OutstandingParcel,
) (same bool, err error) {
	same = true
	for _, p := range parcels {
		if p.Direction != shipping.ShipOut || p.Tracking != nil || p.CarrierAskedAt != nil {
			continue
		}

		err := s.db.Single(ctx, func(tx *db.Tx) error {
			res := tx.Model(&Shipment{}).
				Where("id = ? AND version = ? AND carrier_asked_at IS NULL", p.ID, p.Version).
				Update("carrier_asked_at", tx.Now())
			same = same && res.RowsAffected == 1
			return res.Error
		})
		if err != nil {
			return false, err
		}
	}
	return same, nil
}

// BookingRefused notes that the carrier has refused for good to book a parcel, and has not
// taken its address.
func (s *Logistics) BookingRefused(ctx context.Context, shipmentID string) error {
	return s.db.Single(ctx, func(tx *db.Tx) error {
		return tx.Model(&Shipment{}).
			Where("id = ? AND tracking IS NULL", shipmentID).
			Update("carrier_asked_at", nil).Error
	})
}

// RedirectParcel has the parcel of a booking key go elsewhere, where there is one; the caller
// has changed where. It refuses with STATE_CONFLICT once the carrier was asked to book it. It
// makes a new version of the parcel, by which AskCarrier sees that the address is another one.
func RedirectParcel(tx *db.Tx, bookingKey string) error {
	res := tx.Model(&Shipment{}).
		Where("booking_key = ? AND tracking IS NULL AND carrier_asked_at IS NULL", bookingKey).
		Update("version", gorm.Expr("version + 1"))
	if res.Error != nil || res.RowsAffected > 0 {
		return res.Error
	}

	var asked []Shipment
	err := tx.Where("booking_key = ?", bookingKey).Limit(1).Find(&asked).Error
	switch {
	case err != nil || len(asked) == 0:
		return err
	case asked[0].Tracking == nil:
		return rules.Refuse(rules.StateConflict,
			"The carrier is being asked to bring the parcel to the earlier address.",
			"Wait until it is booked; then ask the carrier to bring it elsewhere, or withdraw "+
				"the replacement and request another one.")
	default:
		return rules.Refuse(rules.StateConflict,
			"The carrier has booked the parcel to the earlier address.",
			"Ask the carrier to bring it elsewhere, or withdraw the replacement "+
				"and request another one.")
	}
}

// AskedOfCarrier returns those of the parcels that RedirectParcel would refuse, since the carrier
// has booked them or was asked to.
func AskedOfCarrier(tx *db.Tx, bookingKeys []string) (asked []string, err error) {
	err = tx.Model(&Shipment{}).
		Where("booking_key IN ?", bookingKeys).
		Where("tracking IS NOT NULL OR carrier_asked_at IS NOT NULL").
		Pluck("booking_key", &asked).Error
	return asked, err
}

func (r parcelRow) parcel() OutstandingParcel {
	r.approvedFor(r.ShipTo)
	p := OutstandingParcel{Shipment: r.Shipment, From: r.depot(), To: r.site()}
	if !r.Direction.Outward() {
		p.From, p.To = p.To, p.From
	}
	if day := db.DateOf(r.PromisedOn); day != nil {
		by := rules.StartOfDay(day.AddDays(1), db.ZoneOf(r.SiteZone))
		p.DeliverBy = &by
	}

	return p
}

func (r parcelRow) site() ParcelEnd {
	end := ParcelEnd{
		Name:       r.SiteContact,
		Company:    r.Company,
		Street:     r.SiteStreet,
		City:       r.SiteCity,
		Region:     r.SiteRegion,
		PostalCode: r.SitePost,
		Country:    r.SiteCountry,
	}
	if end.Name == "" {
		end.Name = r.SiteName
	}

	return end
}

func (r parcelRow) depot() ParcelEnd {
	return ParcelEnd{
		Name:       r.DepotName,
		Street:     r.DepotStreet,
		City:       r.DepotCity,
		Region:     r.DepotRegion,
		PostalCode: r.DepotPost,
		Country:    r.DepotCountry,
	}
}

// BookedParcel is what the carrier answered to a booking.
type BookedParcel struct {
	ShipmentID string
	Tracking   string
	MediaType  string // of the label; empty: it is still to be fetched
	Label      []byte
}

// StoreBookings stores bookings with their labels: the shipments are LABELLED, and what
// the carrier reported about the parcels before we knew their numbers is applied. The
// same again changes nothing. unused are the tracking numbers that nobody needs,
// because a person handed that parcel to another carrier meanwhile.
func (s *Logistics) StoreBookings(
	ctx context.Context, booked []BookedParcel,
) (unused []string, err error) {
	if len(booked) == 0 {
		return nil, nil
	}

	err = s.db.Write(ctx, func(tx *db.Tx) error {
		b := bookings{s: s, tx: tx}
		err := b.store(booked)
		unused = b.unused
		return err
	})
	if err != nil {
		return nil, err
	}

	numbers := make([]string, len(booked))
	for i, b := range booked {
		numbers[i] = b.Tracking
	}

	// Only now: an event that came meanwhile has found either no number, and is found here,
	// or the number. The watch applies what fails here.
	_, _ = s.SettleEventsOf(ctx, s.Carrier, numbers...)

	return unused, nil
}

// bookings are some answers of the carrier on their way into the database, with as
// few statements as one of them alone.
type bookings struct {
	s  *Logistics
	tx *db.Tx

	now time.Time

	unused []string
	scans  []ShipmentScan
	labels []ShipmentLabel
	moved  []Shipment
}

func (b *bookings) store(booked []BookedParcel) error {
	ids := make([]string, len(booked))
	answers := make(map[string]BookedParcel, len(booked))
	for i, p := range booked {
		ids[i] = p.ShipmentID
		answers[p.ShipmentID] = p
	}

	var rows []Shipment // after their account: see lockShipmentWhere
	err := b.tx.ForUpdate().
		Table("accounts AS a").
		Select("sh.*").
		Joins("JOIN shipments sh ON sh.account_id = a.id").
		Where("sh.id IN ?", ids).
		Order("sh.id").
		Scan(&rows).Error
	if err != nil {
		return err
	}

	b.now = b.tx.Now()
	for i := range rows {
		if err := b.takeAnswer(&rows[i], answers[rows[i].ID]); err != nil {
			return err
		}
	}

	if err := b.writeMoves(); err != nil {
		return err
	}
	if len(b.labels) == 0 {
		return nil
	}

	return b.tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&b.labels).Error
}

// takeAnswer applies what the carrier answered about one shipment.
func (b *bookings) takeAnswer(sh *Shipment, p BookedParcel) error {
	switch {
	case sh.Service == "" || sh.Tracking != nil && *sh.Tracking != p.Tracking:
		b.unused = append(b.unused, p.Tracking)
		return nil
	case sh.Tracking == nil && sh.State == shipping.ShipmentCreated: // it has no scan yet
		if err := b.labelFirst(sh, p.Tracking); err != nil {
			return err
		}
	case sh.Tracking == nil:
		if err := b.s.bookShipment(b.tx, sh, p.Tracking); err != nil {
			return err
		}
	}

	if p.MediaType != "" {
		b.labels = append(b.labels, ShipmentLabel{
			ShipmentID: sh.ID,
			AccountID:  sh.AccountID,
			MediaType:  p.MediaType,
			Content:    p.Label,
			CreatedAt:  b.now,
		})
	}

	return nil
}

// labelFirst makes a shipment without any scan LABELLED; writeMoves writes the scan.
func (b *bookings) labelFirst(sh *Shipment, tracking string) error {
	sh.Tracking = &tracking
	sh.State = shipping.ShipmentLabelled
	sh.LastScanAt = &b.now
	sh.Version++

	err := b.tx.Model(&Shipment{}).
		Where("id = ?", sh.ID).
		Select("tracking", "state", "last_scan_at", "version").
		Updates(sh).Error
	if err != nil {
		return takenTracking(err)
	}

	b.moved = append(b.moved, *sh)
	b.scans = append(b.scans, ShipmentScan{
		ID:         db.NewID(db.PrefixScan),
		AccountID:  sh.AccountID,
		ShipmentID: sh.ID,
		Kind:       shipping.ScanLabelled,
		At:         b.now,
		Source:     ScanByService,
		CauseKey:   sh.ID + "/booked",
		CreatedAt:  b.now,
	})

	return nil
}

// writeMoves writes the scans and the audit of what became LABELLED. No subject hears
// of it: each waits for the carrier's own scans.
func (b *bookings) writeMoves() error {
	if len(b.moved) == 0 {
		return nil
	}
	if err := b.tx.Create(&b.scans).Error; err != nil {
		return err
	}

	for i := range b.moved {
		sh := &b.moved[i]
		scanned := db.Entry{
			Verb:     "shipment.scanned",
			ObjectID: sh.ID,
			Details: map[string]any{
				"scan":   shipping.ScanLabelled,
				"at":     sh.LastScanAt,
				"source": ScanByService,
				"before": shipping.ShipmentCreated,
				"after":  sh.State,
			},
		}

		if err := b.tx.Audit(sh.ID, &sh.AccountID, false, scanned); err != nil {
			return err
		}
	}

	return nil
}

// ParcelCancelled records that the carrier left a parcel, as it was asked. A parcel that
// people told before to be lost, or to have arrived, stays so. Again it changes nothing.
func (s *Logistics) ParcelCancelled(ctx context.Context, shipmentID string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		sh, err := lockShipment(tx, shipmentID)
		if err != nil {
			return err
		}

		if sh.State == shipping.ShipmentLost || sh.State == shipping.ShipmentDelivered {
			return stopCallingOff(tx, sh, "shipment.called_off")
		}

		return s.addScan(tx, &sh, NewScan{
			Kind:     shipping.ScanCancelled,
			Source:   ScanByService,
			CauseKey: sh.ID + "/cancelled",
		})
	})
}

// ParcelGoesOn records that the carrier had the parcel before it was asked to leave it.
// The scan that shows it comes from the carrier.
func (s *Logistics) ParcelGoesOn(ctx context.Context, shipmentID string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		sh, err := lockShipment(tx, shipmentID)
		if err != nil {
			return err
		}
		return stopCallingOff(tx, sh, "shipment.cancellation_refused")
	})
}

// stopCallingOff records that the carrier need not be asked any more to leave a parcel.
func stopCallingOff(tx *db.Tx, sh Shipment, verb string) error {
	if sh.CancelAskedAt == nil {
		return nil
	}

	err := tx.Model(&Shipment{}).
		Where("id = ?", sh.ID).
		Updates(map[string]any{"cancel_asked_at": nil, "version": gorm.Expr("version + 1")}).Error
	if err != nil {
		return err
	}

	stopped := db.Entry{Verb: verb, ObjectID: sh.ID, Details: map[string]any{"state": sh.State}}
	return tx.Audit(sh.ID, &sh.AccountID, false, stopped)
}

// ShipmentLabelOf returns the label that the carrier gave; NOT_FOUND where there is
// none.
func (s *Logistics) ShipmentLabelOf(ctx context.Context, shipmentID string) (ShipmentLabel, error) {
	var l ShipmentLabel
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return db.Found(
			tx.Scope.Accounts(tx.DB, "account_id").First(&l, "shipment_id = ?", shipmentID).Error,
		)
	})
	return l, err
}

// LabelsWaiting are those of the subjects for which a label of this direction waits, in one of
// these media types, for a parcel that nobody has called off and that the carrier does not have
// yet.
func (s *Logistics) LabelsWaiting(
	ctx context.Context, direction shipping.ShipmentDirection, mediaTypes, subjectIDs []string,
) (map[string]bool, error) {
	var found []string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.Model(&Shipment{}), "shipments.account_id").
			Joins("JOIN shipment_labels l ON l.shipment_id = shipments.id").
			Where("shipments.subject_id IN ?", subjectIDs).
			Where("shipments.direction = ?", direction).
			Where("shipments.state = ?", shipping.ShipmentLabelled).
			Where("shipments.cancel_asked_at IS NULL").
			Where("l.media_type IN ?", mediaTypes).
			Distinct().Pluck("shipments.subject_id", &found).Error
	})

	out := map[string]bool{}
	for _, id := range found {
		out[id] = true
	}
	return out, err
}

// outstandingPatience is how many times db.DB.Patience a parcel may be outstanding
// before its subject's workflow is reminded to ask the carrier.
const outstandingPatience = 4

// RemindOfParcels reminds the workflows of subjects whose parcels have been outstanding
// for long, at most once in that time, and returns how many subjects those are. A
// workflow that still asks the carrier lets it pass; one that never learned of it, such
// as from a worker of an older release, asks now.
func (s *Logistics) RemindOfParcels(ctx context.Context) (n int, err error) {
	if s.Carrier == "" {
		return 0, nil
	}

	err = s.db.Write(ctx, func(tx *db.Tx) error {
		n = 0
		then := tx.Now().Add(-outstandingPatience * s.db.Patience())
		var subjects []string

		err := tx.Model(&Shipment{}).
			Distinct("subject_id").
			Where("service <> '' AND state IN ?",
				[]shipping.ShipmentState{shipping.ShipmentCreated, shipping.ShipmentLabelled}).
			Where("(state = ? OR cancel_asked_at IS NOT NULL)", shipping.ShipmentCreated).
			Where("COALESCE(cancel_asked_at, created_at) < ?", then).
			Where(`NOT EXISTS (
				SELECT 1 FROM outbox_events e
				WHERE e.subject_id = shipments.subject_id
					AND e.dedupe_key LIKE '%/parcels/%'
					AND e.created_at > ?)`, then).
			Order("subject_id").
			Limit(settleBatch).
			Pluck("subject_id", &subjects).Error
		if err != nil {
			return err
		}

		for _, id := range subjects {
			told, err := s.remindOfParcels(tx, id)
			if err != nil {
				return err
			}

			if told {
				n++
			}
		}

		return nil
	})

	return n, err
}

// remindOfParcels writes the event for the workflow of a subject; told is false where
// no owner knows the subject.
func (s *Logistics) remindOfParcels(tx *db.Tx, subjectID string) (told bool, err error) {
	owner := s.ownerOf(subjectID)
	if owner == nil {
		return false, nil
	}

	e, known, err := owner.ParcelsEvent(tx, subjectID)
	if err != nil || !known {
		return false, err
	}

	second := tx.Now().Truncate(time.Second).Unix()
	e.DedupeKey += "/parcels/" + strconv.FormatInt(second, 10)
	return true, tx.Enqueue(e)
}
