package logistics

import (
	"cmp"
	"context"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/shipping"
)

// ShipmentPaper is what is printed on the papers of a parcel: its label and its slip.
// It is personal data, and goes to those who handle the parcel.
type ShipmentPaper struct {
	Shipment
	Number        string // of the RMA or spare that it is for; empty: it has none
	From, To      ParcelEnd
	Locale        string // of the account
	Model         string // name of what is in it
	ModelCode     string
	Serial        string // empty: not told yet, or an accessory
	FaultySerial  string // of the unit that is to come back, on the way out
	ReturnDays    int    // business days until it is due after the delivery
	ReturnWanted  bool   // on the way out: a faulty unit comes back
	StoredLabelID string
}

type paperRow struct {
	Row           parcelRow `gorm:"embedded"`
	Locale        string
	Number        string
	RmaModel      string
	RmaFaulty     string
	RmaSent       string
	RmaSerial     string
	SpareModel    string
	SpareSerial   string
	RmaQuantity   int
	StoredLabelID string
}

// A parcel that people handed in names no ends itself: its RMA or spare does.
const paperSQL = `
	SELECT sh.*,
		a.legal_name AS company,
		a.locale,
		COALESCE(s.name, '') AS site_name,
		COALESCE(s.contact_name, '') AS site_contact,
		COALESCE(s.street, '') AS site_street,
		COALESCE(s.city, '') AS site_city,
		COALESCE(s.region, '') AS site_region,
		COALESCE(s.postal_code, '') AS site_post,
		COALESCE(s.country, '') AS site_country,
		COALESCE(s.time_zone, 'UTC') AS site_zone,
		COALESCE(d.name, '') AS depot_name,
		COALESCE(d.street, '') AS depot_street,
		COALESCE(d.city, '') AS depot_city,
		COALESCE(d.region, '') AS depot_region,
		COALESCE(d.postal_code, '') AS depot_post,
		COALESCE(d.country, '') AS depot_country,
		r.ship_to,
		COALESCE(r.number, u.number, '') AS number,
		COALESCE(r.model_code, '') AS rma_model,
		COALESCE(r.faulty_serial, '') AS rma_faulty,
		COALESCE(r.replacement_model, '') AS rma_sent,
		COALESCE(r.replacement_serial, '') AS rma_serial,
		COALESCE(r.quantity, 1) AS rma_quantity,
		COALESCE(u.model_code, '') AS spare_model,
		COALESCE(u.serial, '') AS spare_serial,
		COALESCE(l.shipment_id, '') AS stored_label_id
	FROM shipments sh
	JOIN accounts a ON a.id = sh.account_id
	LEFT JOIN rmas r ON r.id = sh.subject_id
	LEFT JOIN spare_units u ON u.id = sh.subject_id
	LEFT JOIN sites s ON s.id = COALESCE(sh.site_id, r.site_id, u.site_id)
	LEFT JOIN depots d ON d.id = COALESCE(sh.depot_id, r.depot_id, u.depot_id)
	LEFT JOIN shipment_labels l ON l.shipment_id = sh.id
	WHERE sh.id = ?`

// PaperOf returns what is printed on the papers of a parcel. A customer handles only
// what it sends back itself: for other parcels, and for those whose site is not known,
// it gets NOT_FOUND.
func (s *Logistics) PaperOf(ctx context.Context, shipmentID string) (ShipmentPaper, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return ShipmentPaper{}, err
	}

	var r paperRow
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		res := tx.Raw(paperSQL, shipmentID).Scan(&r)
		if res.Error != nil {
			return res.Error
		}

		foreign := !tx.Scope.System &&
			(!tx.Scope.Sees(r.Row.AccountID) || r.Row.Direction.Outward())
		if res.RowsAffected == 0 || foreign || r.Row.SiteCountry == "" {
			return db.NotFound()
		}
		if !tx.Scope.Delegated.Limited() {
			return nil
		}
		return db.Found(tx.Select("id").Take(&Shipment{}, "id = ?", shipmentID).Error)
	})
	if err != nil {
		return ShipmentPaper{}, err
	}

	return r.paper(ref), nil
}

func (r paperRow) paper(ref program.Reference) ShipmentPaper {
	r.Row.approvedFor(r.Row.ShipTo)
	p := ShipmentPaper{
		Shipment:      r.Row.Shipment,
		Number:        r.Number,
		From:          r.Row.depot(),
		To:            r.Row.site(),
		Locale:        r.Locale,
		StoredLabelID: r.StoredLabelID,
		ReturnDays:    ref.Program.Replacement.ReturnDays,
		ModelCode:     r.Row.ModelCode,
		Serial:        r.SpareSerial,
	}

	if !r.Row.Direction.Outward() {
		p.From, p.To = p.To, p.From
	}

	switch {
	case r.SpareModel != "":
		p.ModelCode = r.SpareModel
	case r.Row.Direction == shipping.ShipOut && r.RmaModel != "":
		p.ModelCode = r.RmaSent
		if p.ModelCode == "" {
			p.ModelCode = r.RmaModel
		}

		p.Serial = r.RmaSerial
		p.FaultySerial = r.RmaFaulty
		p.Quantity = r.RmaQuantity
		p.ReturnWanted = true
	case r.Row.Direction == shipping.ShipReturn && r.RmaModel != "":
		p.ModelCode = r.RmaModel
		p.Serial = r.RmaFaulty
		p.Quantity = r.RmaQuantity
	}

	created := rules.DateIn(r.Row.CreatedAt, db.ZoneOf(r.Row.SiteZone))
	p.Model = ModelName(ref, p.ModelCode, created)
	return p
}

// Reference returns what people call the parcel by: the number of what it is for.
func (p ShipmentPaper) Reference() string { return cmp.Or(p.Number, p.ID) }

// ModelName returns how people call a model on a day, or its code where nobody has
// named it.
func ModelName(ref program.Reference, code string, on civil.Date) string {
	if model, ok := catalogue.ModelOn(ref.Model(code), code, on); ok {
		return model.Name
	}
	return code
}
