// Package papers prints what goes along with a parcel, its label and its packing slip, from what
// is known of the shipment.
package papers

import (
	"context"
	"fmt"
	"time"

	"roomcover.dev/roomcover/label"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
)

const mediaPDF = "application/pdf"

// LabelPDF is a parcel's label: the carrier's own where it gave one as a PDF, else ours. A parcel
// without a tracking number answers STATE_CONFLICT.
func LabelPDF(
	ctx context.Context, l *logistics.Logistics, p logistics.ShipmentPaper,
) ([]byte, error) {
	if p.StoredLabelID != "" {
		stored, err := l.ShipmentLabelOf(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		if stored.MediaType == mediaPDF {
			return stored.Content, nil
		}
	}

	if p.Tracking == nil {
		return nil, rules.Refuse(rules.StateConflict, "The parcel has no tracking number yet.",
			"Wait until the carrier has booked it, "+
				"or ship it by hand with carrier and tracking number.")
	}
	return labelOf(p).PDF()
}

func labelOf(p logistics.ShipmentPaper) label.Label {
	return label.Label{
		Locale:    p.Locale,
		From:      partyOf(p.From),
		To:        partyOf(p.To),
		Carrier:   p.Carrier,
		Service:   string(p.Service),
		Tracking:  db.Text(p.Tracking),
		Reference: p.Reference(),
		DeliverBy: paperDay(p.PromisedOn, p.Locale),
		Contents:  fmt.Sprintf("%d × %s", p.Quantity, p.Model),
		Date:      p.CreatedAt,
	}
}

// SlipPDF is a parcel's packing slip.
func SlipPDF(p logistics.ShipmentPaper) ([]byte, error) { return slipOf(p).PDF() }

func slipOf(p logistics.ShipmentPaper) label.Slip {
	return label.Slip{
		Locale:    p.Locale,
		From:      partyOf(p.From),
		To:        partyOf(p.To),
		Reference: p.Reference(),
		Tracking:  db.Text(p.Tracking),
		Date:      p.CreatedAt,
		DateText:  paperDay(p.CreatedAt.Format(time.DateOnly), p.Locale),
		Items: []label.Item{{
			Model:       p.ModelCode,
			Description: p.Model,
			Serial:      p.Serial,
			Quantity:    p.Quantity,
		}},
		Returns: returnText(p),
	}
}

func partyOf(e logistics.ParcelEnd) label.Party {
	return label.Party{
		Name:       e.Name,
		Company:    e.Company,
		Street:     e.Street,
		City:       e.City,
		Region:     e.Region,
		PostalCode: e.PostalCode,
		Country:    e.Country,
	}
}

// paperDay writes a day as people of the locale do.
func paperDay(day, locale string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return messages.In(locale).ShortDate(at)
}

// returnText says how the faulty unit goes back; nothing where none does.
func returnText(p logistics.ShipmentPaper) []string {
	if !p.ReturnWanted {
		return nil
	}

	l := messages.In(p.Locale)
	days := int64(p.ReturnDays)
	back := l.Count("paper.return.unit", days)
	if p.FaultySerial != "" {
		back = l.Count("paper.return.serial", days, messages.Args{"serial": p.FaultySerial})
	}
	return []string{back, l.Say("paper.return.how")}
}
