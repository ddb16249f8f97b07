package logistics

import (
	"context"
	"fmt"
	"time"

	"roomcover.dev/roomcover/label"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// typePDF is the media type of papers.
const typePDF = "application/pdf"

// LabelPDF returns the label of a parcel: the carrier's own where it sent one as a PDF, else one
// that is drawn here. It refuses with STATE_CONFLICT a parcel without a tracking number.
func (s *Logistics) LabelPDF(ctx context.Context, p ShipmentPaper) ([]byte, error) {
	if p.StoredLabelID != "" {
		stored, err := s.ShipmentLabelOf(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		if stored.MediaType == typePDF {
			return stored.Content, nil
		}
	}
	return p.OwnLabelPDF()
}

// OwnLabelPDF draws the label, whatever the carrier sent. It refuses with STATE_CONFLICT a parcel
// without a tracking number.
func (p ShipmentPaper) OwnLabelPDF() ([]byte, error) {
	if p.Tracking == nil {
		return nil, rules.Refuse(rules.StateConflict, "The parcel has no tracking number yet.",
			"Wait until the carrier has booked it, "+
				"or ship it by hand with carrier and tracking number.")
	}
	return p.label().PDF()
}

func (p ShipmentPaper) label() label.Label {
	return label.Label{
		Locale:    p.Locale,
		From:      p.From.party(),
		To:        p.To.party(),
		Carrier:   p.Carrier,
		Service:   string(p.Service),
		Tracking:  db.Text(p.Tracking),
		Reference: p.Reference(),
		DeliverBy: paperDay(p.PromisedOn, p.Locale),
		Contents:  fmt.Sprintf("%d × %s", p.Quantity, p.Model),
		Date:      p.CreatedAt,
	}
}

// SlipPDF draws the packing slip of a parcel.
func (p ShipmentPaper) SlipPDF() ([]byte, error) {
	return label.Slip{
		Locale:    p.Locale,
		From:      p.From.party(),
		To:        p.To.party(),
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
		Returns: p.returnText(),
	}.PDF()
}

func (e ParcelEnd) party() label.Party {
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
func (p ShipmentPaper) returnText() []string {
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
