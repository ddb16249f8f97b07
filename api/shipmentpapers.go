package api

import (
	"context"
	"fmt"
	"strings"
	"time"

	"roomcover.dev/roomcover/label"
	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

const mediaPDF = "application/pdf"

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

func (h shipmentHandlers) paperOf(ctx context.Context, in *paperInput) (models.ShipmentPaper, error) {
	p, err := h.store.PaperOf(ctx, in.ID)
	if in.Lang != "" {
		p.Locale = in.Lang
	}
	return p, err
}

func (h shipmentHandlers) getShipmentLabel(ctx context.Context, in *paperInput) (*pdf, error) {
	p, err := h.paperOf(ctx, in)
	if err != nil {
		return nil, err
	}
	if p.StoredLabelID != "" {
		stored, err := h.store.ShipmentLabelOf(ctx, p.ID)
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

func (h shipmentHandlers) getPackingSlip(ctx context.Context, in *paperInput) (*pdf, error) {
	p, err := h.paperOf(ctx, in)
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
	switch {
	case err != nil:
		return ""
	case portuguese(locale):
		return at.Format("02/01/2006")
	}
	return at.Format("2 January 2006")
}

// returnText says how the faulty unit goes back; nothing where none does.
func returnText(p models.ShipmentPaper) []string {
	if !p.ReturnWanted {
		return nil
	}
	unit := p.FaultySerial
	if portuguese(p.Locale) {
		if unit != "" {
			unit = " (número de série " + unit + ")"
		}
		return []string{
			fmt.Sprintf("Devolva a unidade com defeito%s em até %d dias úteis após esta entrega.", unit, p.ReturnDays),
			"Use esta embalagem, cole a etiqueta de devolução e entregue o pacote à transportadora. A unidade que não voltar pode ser cobrada.",
		}
	}
	if unit != "" {
		unit = " (serial number " + unit + ")"
	}
	return []string{
		fmt.Sprintf("Please send the faulty unit%s back within %d business days of this delivery.", unit, p.ReturnDays),
		"Use this box, put the return label on it, and hand the parcel to the carrier. A unit that does not come back may be charged.",
	}
}

func portuguese(locale string) bool { return strings.HasPrefix(strings.ToLower(locale), "pt") }
