package api

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
)

// shipmentHandlers answer what is asked about shipments and their papers.
type shipmentHandlers struct{ logistics *logistics.Logistics }

func (h shipmentHandlers) routes(api huma.API) {
	read := route{
		Tag:        "Shipments",
		Scope:      RoomsRead,
		Capability: rules.ViewAccount,
		NoSellers:  true,
	}

	mount(api, read.get("list-shipments", "/v1/shipments", "List shipments, newest first"),
		h.listShipments)
	mount(api, read.get("get-shipment", "/v1/shipments/{id}", "Read a shipment with its scans").
		refuses(404), h.getShipment)
	mount(api, read.get("get-shipment-label", "/v1/shipments/{id}/label",
		"Get a parcel's label as a PDF").
		refuses(404, 409).produces(mediaPDF), h.getShipmentLabel)

	mount(api, read.get("get-packing-slip", "/v1/shipments/{id}/packing-slip",
		"Get a parcel's packing slip as a PDF").
		refuses(404).produces(mediaPDF), h.getPackingSlip)
}

// ShipmentView is a parcel between a depot and a site.
type ShipmentView struct {
	ID           string                     `json:"id" doc:"Id of the shipment, such as shp_01kb…"`
	AccountID    string                     `json:"account_id" doc:"Id of the customer's account, such as acc_01kb…"`
	Direction    shipping.ShipmentDirection `json:"direction" enum:"OUT,RETURN,SPARE,RECALL" doc:"Which way the parcel goes, and for what"`
	SubjectID    string                     `json:"subject_id" doc:"Id of the replacement or spare unit that the parcel is for"`
	Carrier      string                     `json:"carrier" doc:"Code of the carrier"`
	Tracking     string                     `json:"tracking,omitempty" doc:"The carrier's number of the parcel; missing until it is booked"`
	PromisedOn   string                     `json:"promised_on,omitempty" format:"date" doc:"Day on which it is promised to arrive, YYYY-MM-DD at the place of delivery"`
	State        shipping.ShipmentState     `json:"state" enum:"CREATED,LABELLED,PICKED_UP,IN_TRANSIT,DELIVERED,EXCEPTION,LOST,RETURNED_TO_SENDER,CANCELLED" doc:"Derived from its scans, in whatever order they came"`
	Contradicted bool                       `json:"contradicted" doc:"Whether scans exclude each other or tell a time that cannot be true; an operator was asked"`
	FirstMoveAt  *time.Time                 `json:"first_move_at,omitempty" doc:"When the carrier scanned it first; an instant in UTC"`
	DeliveredAt  *time.Time                 `json:"delivered_at,omitempty" doc:"When it was delivered; an instant in UTC"`
	LastScanAt   *time.Time                 `json:"last_scan_at,omitempty" doc:"When the last known scan happened; an instant in UTC"`
	CreatedAt    time.Time                  `json:"created_at" doc:"When it was recorded; an instant in UTC"`
}

func shipmentView(o logistics.Shipment) ShipmentView {
	return ShipmentView{
		ID:           o.ID,
		AccountID:    o.AccountID,
		Direction:    o.Direction,
		SubjectID:    o.SubjectID,
		Carrier:      o.Carrier,
		Tracking:     text(o.Tracking),
		PromisedOn:   o.PromisedOn,
		State:        o.State,
		Contradicted: o.Contradicted,
		FirstMoveAt:  o.FirstMoveAt,
		DeliveredAt:  o.DeliveredAt,
		LastScanAt:   o.LastScanAt,
		CreatedAt:    o.CreatedAt,
	}
}

// ScanView is one fact about a shipment.
type ScanView struct {
	Kind   shipping.ScanKind    `json:"kind" enum:"LABELLED,PICKED_UP,IN_TRANSIT,DELIVERED,EXCEPTION,LOST,RETURNED_TO_SENDER,CANCELLED" doc:"What happened to the parcel"`
	At     time.Time            `json:"at" doc:"When it happened; an instant in UTC"`
	Source logistics.ScanSource `json:"source" enum:"CARRIER,DEPOT,OPERATOR,SERVICE" doc:"Who says so"`

	Contradicted bool `json:"contradicted,omitempty" doc:"Whether the time cannot be true, so that nothing follows from the scan"`
	TakenBack    bool `json:"taken_back,omitempty" doc:"Another parcel traveled under the number that was typed, so nothing follows from the scan"`
}

// ShipmentDetail is a shipment with its scans.
type ShipmentDetail struct {
	ShipmentView
	Scans []ScanView `json:"scans" nullable:"false" doc:"What is known of the way of the parcel, by when it happened"`
}

type listShipmentsInput struct {
	ListInput
	AccountID string `query:"account_id" maxLength:"64" doc:"Only shipments of this account"`
	SubjectID string `query:"subject_id" maxLength:"64" doc:"Only shipments for this RMA or spare unit, by its id or its number"`
	Direction string `query:"direction" enum:"OUT,RETURN,SPARE,RECALL" doc:"Only shipments in this direction"`
	State     string `query:"state" enum:"CREATED,LABELLED,PICKED_UP,IN_TRANSIT,DELIVERED,EXCEPTION,LOST,RETURNED_TO_SENDER,CANCELLED" doc:"Only shipments in this state"`
	Tracking  string `query:"tracking" maxLength:"128" doc:"Only the parcel with this number"`
}

func (h shipmentHandlers) listShipments(
	ctx context.Context, in *listShipmentsInput,
) (*pageOf[ShipmentView], error) {
	shipments, next, err := h.logistics.ListShipments(ctx, logistics.ShipmentFilter{
		AccountID: in.AccountID,
		SubjectID: in.SubjectID,
		Direction: shipping.ShipmentDirection(in.Direction),
		State:     shipping.ShipmentState(in.State),
		Tracking:  in.Tracking,
		Page:      in.page(),
	})
	return listed(shipments, next, err, shipmentView)
}

func (h shipmentHandlers) getShipment(
	ctx context.Context, in *IDInput,
) (*one[ShipmentDetail], error) {
	sh, err := h.logistics.GetShipment(ctx, in.ID)
	if err != nil {
		return nil, err
	}

	scans, err := h.logistics.ScansOf(ctx, sh.ID)
	return single(sh, err, func(sh logistics.Shipment) ShipmentDetail {
		return ShipmentDetail{
			ShipmentView: shipmentView(sh),
			Scans: viewed(scans, func(c logistics.ShipmentScan) ScanView {
				return ScanView{
					Kind:         c.Kind,
					At:           c.At,
					Source:       c.Source,
					Contradicted: c.Contradicted,
					TakenBack:    c.TakenBack,
				}
			}),
		}
	})
}

const mediaPDF = "application/pdf"

type paperInput struct {
	IDInput
	Lang string `query:"lang" enum:"pt-BR,en" doc:"Language; missing: the account's"`
}

// pdf is a file that is shown or printed, and kept by no cache: it shows an address.
type pdf struct {
	ContentType  string `header:"Content-Type" doc:"Always application/pdf"`
	Disposition  string `header:"Content-Disposition" doc:"Name under which a browser saves the file"`
	CacheControl string `header:"Cache-Control" doc:"How long the answer may be kept"`
	Body         []byte
}

func pdfOf(content []byte, err error, name, reference string) (*pdf, error) {
	if err != nil {
		return nil, err
	}

	return &pdf{
		ContentType:  mediaPDF,
		Disposition:  fmt.Sprintf(`inline; filename="%s-%s.pdf"`, name, reference),
		CacheControl: "private, no-store",
		Body:         content,
	}, nil
}

func (h shipmentHandlers) paperOf(
	ctx context.Context, in *paperInput,
) (logistics.ShipmentPaper, error) {
	p, err := h.logistics.PaperOf(ctx, in.ID)
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
	content, err := h.logistics.LabelPDF(ctx, p)
	return pdfOf(content, err, "label", p.Reference())
}

func (h shipmentHandlers) getPackingSlip(ctx context.Context, in *paperInput) (*pdf, error) {
	p, err := h.paperOf(ctx, in)
	if err != nil {
		return nil, err
	}
	content, err := p.SlipPDF()
	return pdfOf(content, err, "packing-slip", p.Reference())
}
