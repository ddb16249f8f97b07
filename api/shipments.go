package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// shipmentHandlers answer what is asked about shipments and their papers.
type shipmentHandlers struct{ store *models.Store }

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
	ID           string                  `json:"id"`
	AccountID    string                  `json:"account_id"`
	Direction    rules.ShipmentDirection `json:"direction" enum:"OUT,RETURN,SPARE,RECALL"`
	SubjectID    string                  `json:"subject_id" doc:"The RMA or spare unit that it is for"`
	Carrier      string                  `json:"carrier"`
	Tracking     string                  `json:"tracking,omitempty" doc:"Missing until it is booked"`
	PromisedOn   string                  `json:"promised_on,omitempty" format:"date"`
	State        rules.ShipmentState     `json:"state" enum:"CREATED,LABELLED,PICKED_UP,IN_TRANSIT,DELIVERED,EXCEPTION,LOST,RETURNED_TO_SENDER,CANCELLED" doc:"Derived from its scans, in whatever order they came"`
	Contradicted bool                    `json:"contradicted" doc:"Scans exclude each other; an operator was asked"`
	FirstMoveAt  *time.Time              `json:"first_move_at,omitempty" doc:"The carrier's first scan"`
	DeliveredAt  *time.Time              `json:"delivered_at,omitempty"`
	LastScanAt   *time.Time              `json:"last_scan_at,omitempty"`
	CreatedAt    time.Time               `json:"created_at"`
}

func shipmentView(o models.Shipment) ShipmentView {
	return ShipmentView{o.ID, o.AccountID, o.Direction, o.SubjectID, o.Carrier, text(o.Tracking), o.PromisedOn, o.State, o.Contradicted, o.FirstMoveAt, o.DeliveredAt, o.LastScanAt, o.CreatedAt}
}

// ScanView is one fact about a shipment.
type ScanView struct {
	Kind   rules.ScanKind    `json:"kind" enum:"LABELLED,PICKED_UP,IN_TRANSIT,DELIVERED,EXCEPTION,LOST,RETURNED_TO_SENDER,CANCELLED"`
	At     time.Time         `json:"at" doc:"When it happened"`
	Source models.ScanSource `json:"source" enum:"CARRIER,DEPOT,OPERATOR,SERVICE"`
}

// ShipmentDetail is a shipment with its scans.
type ShipmentDetail struct {
	ShipmentView
	Scans []ScanView `json:"scans" nullable:"false" doc:"By when they happened"`
}

type listShipmentsInput struct {
	ListInput
	AccountID string `query:"account_id" maxLength:"64" doc:"Only shipments of this account"`
	SubjectID string `query:"subject_id" maxLength:"64" doc:"Only shipments for this RMA or spare unit"`
	Direction string `query:"direction" enum:"OUT,RETURN,SPARE,RECALL" doc:"Only shipments in this direction"`
	State     string `query:"state" enum:"CREATED,LABELLED,PICKED_UP,IN_TRANSIT,DELIVERED,EXCEPTION,LOST,RETURNED_TO_SENDER,CANCELLED" doc:"Only shipments in this state"`
	Tracking  string `query:"tracking" maxLength:"128" doc:"Only the parcel with this number"`
}

func (h shipmentHandlers) listShipments(ctx context.Context, in *listShipmentsInput) (*pageOf[ShipmentView], error) {
	shipments, next, err := h.store.ListShipments(ctx, models.ShipmentFilter{AccountID: in.AccountID, SubjectID: in.SubjectID, Direction: rules.ShipmentDirection(in.Direction),
		State: rules.ShipmentState(in.State), Tracking: in.Tracking, Page: in.page()})
	return listed(shipments, next, err, shipmentView)
}

func (h shipmentHandlers) getShipment(ctx context.Context, in *IDInput) (*one[ShipmentDetail], error) {
	sh, err := h.store.GetShipment(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	scans, err := h.store.ScansOf(ctx, sh.ID)
	return &one[ShipmentDetail]{ShipmentDetail{shipmentView(sh), viewed(scans, func(c models.ShipmentScan) ScanView {
		return ScanView{c.Kind, c.At, c.Source}
	})}}, err
}
