package api

import (
	"context"
	"fmt"
	"time"

	"roomcover.dev/roomcover/label"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

const mediaPDF = "application/pdf"

func (s *service) shipmentPaperRoutes(read route) {
	paper := read
	paper.Produces = mediaPDF
	printed := paper.at("get-shipment-label", "/v1/shipments/{id}/label", "Get a parcel's label as a PDF", 404, 409)
	printed.Description = "The label as the carrier gave it, where the service booked the parcel; otherwise one that is drawn here. STATE_CONFLICT while the parcel has no tracking number. A customer gets the labels of what it sends back; of other parcels it gets 404."
	mount(s, printed, s.getShipmentLabel)
	slip := paper.at("get-packing-slip", "/v1/shipments/{id}/packing-slip", "Get a parcel's packing slip as a PDF", 404)
	slip.Description = "What is in the parcel and, with a replacement, how the faulty unit goes back. A customer gets the slips of what it sends back; of other parcels it gets 404."
	mount(s, slip, s.getPackingSlip)
}

type paperInput struct {
	IDInput
	Lang string `query:"lang" enum:"pt-BR,en" doc:"Language; missing: the account's"`
}

// pdf is a file that is shown or printed, and kept by no cache: it shows an address.
type pdf struct {
	ContentType  string `header:"Content-Type"`
	Disposition  string `header:"Content-Disposition"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}

func pdfOf(content []byte, err error, name, id string) (*pdf, error) {
	if err != nil {
		return nil, err
	}
	return &pdf{mediaPDF, fmt.Sprintf(`inline; filename="%s-%s.pdf"`, name, id), "private, no-store", content}, nil
}

func (s *service) paperOf(ctx context.Context, in *paperInput) (models.ShipmentPaper, error) {
	p, err := s.store.PaperOf(ctx, in.ID)
	if in.Lang != "" {
		p.Locale = in.Lang
	}
	return p, err
}

func (s *service) getShipmentLabel(ctx context.Context, in *paperInput) (*pdf, error) {
	p, err := s.paperOf(ctx, in)
	if err != nil {
		return nil, err
	}
	if p.StoredLabelID != "" {
		stored, err := s.store.ShipmentLabelOf(ctx, p.ID)
		if err == nil && stored.MediaType == mediaPDF {
			return pdfOf(stored.Content, nil, "label", p.ID)
		}
		if err != nil {
			return nil, err
		}
	}
	if p.Tracking == nil {
		return nil, rules.Refuse(rules.StateConflict, "The parcel has no tracking number yet.", "Wait until the carrier has booked it, or ship it by hand with carrier and tracking number.")
	}
	content, err := labelOf(p).PDF()
	return pdfOf(content, err, "label", p.ID)
}

func labelOf(p models.ShipmentPaper) label.Label {
	return label.Label{Locale: p.Locale, From: partyOf(p.From), To: partyOf(p.To), Carrier: p.Carrier, Service: string(p.Service), Tracking: text(p.Tracking),
		Reference: p.ID, DeliverBy: paperDay(p.PromisedOn, p.Locale), Contents: fmt.Sprintf("%d × %s", p.Quantity, p.Model), Date: p.CreatedAt}
}

func (s *service) getPackingSlip(ctx context.Context, in *paperInput) (*pdf, error) {
	p, err := s.paperOf(ctx, in)
	if err != nil {
		return nil, err
	}
	content, err := slipOf(p).PDF()
	return pdfOf(content, err, "packing-slip", p.ID)
}

func slipOf(p models.ShipmentPaper) label.Slip {
	return label.Slip{Locale: p.Locale, From: partyOf(p.From), To: partyOf(p.To), Reference: p.ID, Tracking: text(p.Tracking), Date: p.CreatedAt,
		DateText: paperDay(p.CreatedAt.Format(time.DateOnly), p.Locale), Items: []label.Item{{Model: p.ModelCode, Description: p.Model, Serial: p.Serial, Quantity: p.Quantity}},
		Returns: returnText(p)}
}

func partyOf(e models.ParcelEnd) label.Party {
	return label.Party{Name: e.Name, Company: e.Company, Street: e.Street, City: e.City, Region: e.Region, PostalCode: e.PostalCode, Country: e.Country}
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
func returnText(p models.ShipmentPaper) []string {
	if !p.ReturnWanted {
		return nil
	}
	l, days := messages.In(p.Locale), int64(p.ReturnDays)
	back := l.Count("paper.return.unit", days)
	if p.FaultySerial != "" {
		back = l.Count("paper.return.serial", days, messages.Args{"serial": p.FaultySerial})
	}
	return []string{back, l.Say("paper.return.how")}
}
