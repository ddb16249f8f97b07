package models

import (
	"context"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// createParcels makes shipments that are new for certain: their booking keys are
// numbered under the lock of their subject.
func (s *Store) createParcels(tx *gorm.DB, scope Scope, parcels ...NewShipment) error {
	rows := make([]Shipment, len(parcels))
	links := make([]AuditEvent, len(parcels))
	for i, n := range parcels {
		if err := n.validate(); err != nil {
			return err
		}
		rows[i] = n.row(s.clock.Now())
		links[i] = s.link(scope, rows[i].ID, &rows[i].AccountID, AuditEvent{}, entry{"shipment.created", rows[i].ID, rows[i].facts()})
	}
	if err := tx.Create(&rows).Error; err != nil {
		return err
	}
	return tx.Create(&links).Error
}

// cancelParcels asks the carrier to leave a subject's parcels that it has not picked
// up; asked tells whether there are any. Each is CANCELLED once the carrier says so.
func (s *Store) cancelParcels(tx *gorm.DB, subjectID string, directions ...rules.ShipmentDirection) (asked bool, err error) {
	res := tx.Model(&Shipment{}).Where("subject_id = ? AND direction IN ? AND service <> '' AND cancel_asked_at IS NULL AND state IN ?", subjectID, directions,
		[]rules.ShipmentState{rules.ShipmentCreated, rules.ShipmentLabelled}).Updates(map[string]any{"cancel_asked_at": s.clock.Now(), "version": gorm.Expr("version + 1")})
	return res.RowsAffected > 0, res.Error
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

// OutstandingParcel is a parcel that the carrier has to be asked about.
type OutstandingParcel struct {
	Shipment
	From, To  ParcelEnd
	DeliverBy *time.Time // exclusive end of the promised day; nil: nothing was promised
}

// parcelRow is a shipment with both of its ends, in one statement.
type parcelRow struct {
	Shipment
	Company                                                                 string
	SiteName, SiteContact, SiteStreet, SiteCity, SiteRegion, SitePost       string
	SiteCountry, SiteZone                                                   string
	DepotName, DepotStreet, DepotCity, DepotRegion, DepotPost, DepotCountry string
}

const parcelSQL = `SELECT sh.*, a.legal_name AS company, s.name AS site_name, s.contact_name AS site_contact, s.street AS site_street, s.city AS site_city, s.region AS site_region,
	s.postal_code AS site_post, s.country AS site_country, s.time_zone AS site_zone,
	d.name AS depot_name, d.street AS depot_street, d.city AS depot_city, d.region AS depot_region, d.postal_code AS depot_post, d.country AS depot_country
	FROM shipments sh JOIN accounts a ON a.id = sh.account_id JOIN sites s ON s.id = sh.site_id JOIN depots d ON d.id = sh.depot_id WHERE `

// OutstandingParcels lists the parcels of a subject to book, to fetch the label of or
// to call off.
func (s *Store) OutstandingParcels(ctx context.Context, subjectID string) (out []OutstandingParcel, err error) {
	err = s.alone(ctx, func(db *gorm.DB, _ Scope) error {
		out = nil
		var rows []parcelRow
		err := db.Raw(parcelSQL+`sh.subject_id = ? AND sh.service <> '' AND (sh.state = 'CREATED' OR sh.state = 'LOST' AND sh.cancel_asked_at IS NOT NULL OR sh.state = 'LABELLED' AND (sh.cancel_asked_at IS NOT NULL
			OR NOT EXISTS (SELECT 1 FROM shipment_labels l WHERE l.shipment_id = sh.id))) ORDER BY sh.id`, subjectID).Scan(&rows).Error
		for _, r := range rows {
			out = append(out, r.parcel())
		}
		return err
	})
	return out, err
}

func (r parcelRow) parcel() OutstandingParcel {
	p := OutstandingParcel{Shipment: r.Shipment, From: r.depot(), To: r.site()}
	if !r.Direction.Outward() {
		p.From, p.To = p.To, p.From
	}
	if day := dateOf(r.PromisedOn); day != nil {
		by := rules.StartOfDay(day.AddDays(1), zoneOf(r.SiteZone))
		p.DeliverBy = &by
	}
	return p
}

func (r parcelRow) site() ParcelEnd {
	name := r.SiteContact
	if name == "" {
		name = r.SiteName
	}
	return ParcelEnd{name, r.Company, r.SiteStreet, r.SiteCity, r.SiteRegion, r.SitePost, r.SiteCountry}
}

func (r parcelRow) depot() ParcelEnd {
	return ParcelEnd{r.DepotName, "", r.DepotStreet, r.DepotCity, r.DepotRegion, r.DepotPost, r.DepotCountry}
}

// Asked tells whether the carrier is to leave the parcel.
func (p OutstandingParcel) Asked() bool { return p.CancelAskedAt != nil }
