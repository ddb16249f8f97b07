package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
)

// carrierHandlers answer what is asked about webhooks of carriers.
type carrierHandlers struct {
	logistics *logistics.Logistics
	carrier   string
	keys      [][]byte
}

func (h carrierHandlers) routes(api huma.API) {
	public := route{Tag: "Shipments", Public: true}
	read := route{
		Tag:          "Shipments",
		Scope:        Operator,
		Capability:   rules.WorkTasks,
		OperatorOnly: true,
	}

	mountRaw(api, public.post("receive-carrier-event", "/v1/carrier/events",
		"Take a carrier's webhook").
		answers(http.StatusAccepted).refuses(401, 400, 413,
		415).documents(CarrierEventRequest{}).upTo(maxEvent), h.receiveCarrierEvent)

	mount(api, read.get("list-carrier-events", "/v1/carrier/events",
		"List what carriers sent, newest first"), h.listCarrierEvents)
}

// CarrierEventRequest is one thing that happened to a parcel.
type CarrierEventRequest struct {
	EventID    string    `json:"event_id" doc:"The carrier's name for the event, never used twice"`
	Tracking   string    `json:"tracking" doc:"The parcel's number"`
	Kind       string    `json:"kind" enum:"PICKED_UP,IN_TRANSIT,DELIVERED,EXCEPTION,LOST,RETURNED_TO_SENDER,CANCELLED"`
	OccurredAt time.Time `json:"occurred_at" doc:"When it happened"`
	Place      string    `json:"place,omitempty"`
}

// ReceivedView says under which id an event is stored.
type ReceivedView struct {
	ID string `json:"id"`
}

type carrierEventInput struct {
	Timestamp string `header:"Carrier-Timestamp" doc:"Seconds since 1970; within five minutes of now"`
	Signature string `header:"Carrier-Signature" doc:"v1= and the HMAC-SHA256 over timestamp, dot and body, in hex; several are separated by commas"`
}

// webhookRemedies tell the carrier's people what to do about each refusal.
var webhookRemedies = map[error]string{
	carrier.ErrNoTimestamp:  "Send Carrier-Timestamp, in seconds since 1970.",
	carrier.ErrBadTimestamp: "Send Carrier-Timestamp in whole seconds since 1970.",
	carrier.ErrTooOld:       "Sign each attempt anew, with the time at which it is sent.",
	carrier.ErrInFuture:     "Set the clock, and sign with the time at which it is sent.",
	carrier.ErrNoSignature:  "Send Carrier-Signature.",
	carrier.ErrSignature: "Sign timestamp, dot and body as they are sent, " +
		"with the key that is valid now.",
	carrier.ErrNoKey: "Ask an operator to set the carrier's key.",
}

// receiveCarrierEvent stores an authentic webhook before it answers. The window for
// replays is in real time; what happened when is in calendar time.
func (h carrierHandlers) receiveCarrierEvent(
	ctx context.Context, in *carrierEventInput, raw rawBody,
) (*one[ReceivedView], error) {
	body := raw.content
	signed := http.Header{
		carrier.TimestampHeader: {in.Timestamp},
		carrier.SignatureHeader: {in.Signature},
	}

	if err := carrier.Verify(signed, body, time.Now(), h.keys...); err != nil {
		return nil, rules.Refuse(err.Error(), "The webhook is not known to come from the carrier.",
			webhookRemedies[err])
	}

	e, ok := carrier.ParseEvent(body)
	n := logistics.NewCarrierEvent{
		Carrier:    h.carrier,
		EventID:    e.EventID,
		Tracking:   e.Tracking,
		Kind:       e.Kind,
		OccurredAt: e.OccurredAt,
		Raw:        body,
	}

	if !ok || !storable(e) {
		sum := sha256.Sum256(body)
		n = logistics.NewCarrierEvent{
			Carrier: h.carrier,
			EventID: "sha256:" + hex.EncodeToString(sum[:]),
			Raw:     body,
		}
	}

	stored, err := h.logistics.ReceiveCarrierEvent(db.WithSystem(ctx), n)
	return single(stored, err,
		func(e logistics.CarrierEvent) ReceivedView { return ReceivedView{e.ID} })
}

// storable reports whether the fields of an event fit a row; the raw text is kept in
// any case.
func storable(e carrier.Event) bool {
	for pointer, text := range map[string]string{
		"/event_id": e.EventID,
		"/tracking": e.Tracking,
		"/kind":     e.Kind,
	} {
		if len(rules.CheckLine(pointer, text, 128)) > 0 {
			return false
		}
	}

	return e.OccurredAt.Year() >= 2000 && e.OccurredAt.Year() < 2200
}

// CarrierEventView is what a carrier sent, and what became of it.
type CarrierEventView struct {
	ID         string                      `json:"id"`
	Carrier    string                      `json:"carrier"`
	EventID    string                      `json:"event_id"`
	Tracking   string                      `json:"tracking,omitempty"`
	Kind       string                      `json:"kind,omitempty"`
	OccurredAt *time.Time                  `json:"occurred_at,omitempty"`
	ReceivedAt time.Time                   `json:"received_at"`
	State      logistics.CarrierEventState `json:"state" enum:"RECEIVED,APPLIED,UNKNOWN,UNREADABLE" doc:"RECEIVED: not applied yet; UNKNOWN: no shipment has this number; UNREADABLE: not understood"`
	ShipmentID string                      `json:"shipment_id,omitempty"`
	Raw        string                      `json:"raw" doc:"The body as it came"`

	Contradicted bool `json:"contradicted,omitempty" doc:"Its time cannot be true, so it is kept and nothing follows from it"`
}

func carrierEventView(e logistics.CarrierEvent) CarrierEventView {
	return CarrierEventView{
		ID:         e.ID,
		Carrier:    e.Carrier,
		EventID:    e.EventID,
		Tracking:   e.Tracking,
		Kind:       e.Kind,
		OccurredAt: e.OccurredAt,
		ReceivedAt: e.ReceivedAt,
		State:      e.State,
		ShipmentID: text(e.ShipmentID),
		Raw:        string(e.Raw),

		Contradicted: e.Contradicted,
	}
}

type listCarrierEventsInput struct {
	ListInput
	State      string `query:"state" enum:"RECEIVED,APPLIED,UNKNOWN,UNREADABLE" doc:"Only events in this state: UNKNOWN for parcels that we do not know, RECEIVED for what is not applied yet"`
	Tracking   string `query:"tracking" maxLength:"128" doc:"Only events of this parcel"`
	ShipmentID string `query:"shipment_id" maxLength:"64" doc:"Only events of this shipment"`
}

func (h carrierHandlers) listCarrierEvents(
	ctx context.Context, in *listCarrierEventsInput,
) (*pageOf[CarrierEventView], error) {
	events, next, err := h.logistics.ListCarrierEvents(ctx, logistics.CarrierEventFilter{
		State:      logistics.CarrierEventState(in.State),
		Tracking:   in.Tracking,
		ShipmentID: in.ShipmentID,
		Page:       in.page(),
	})
	return listed(events, next, err, carrierEventView)
}
