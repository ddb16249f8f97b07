package api

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// RMAView is a replacement.
type RMAView struct {
	ID                string                `json:"id"`
	AccountID         string                `json:"account_id"`
	State             rules.RMAState        `json:"state" doc:"Derived from both tracks"`
	Outbound          rules.OutboundState   `json:"outbound" enum:"REQUESTED,APPROVED,REJECTED,WITHDRAWN,BACKORDERED,ALLOCATED,SHIPPED,DELIVERED,SWAPPED"`
	Return            rules.ReturnState     `json:"return" enum:"NOT_DUE,AWAITING_RETURN,OVERDUE,RETURN_IN_TRANSIT,RETURN_RECEIVED,INSPECTED,NO_RETURN_REQUIRED,NON_RETURN_BILLED"`
	StateSince        time.Time             `json:"state_since"`
	Commands          []rules.RMACommand    `json:"commands" nullable:"false" doc:"What the caller may do now"`
	Held              bool                  `json:"held" doc:"Waits for the proof of purchase (R125)"`
	ReviewReasons     []string              `json:"review_reasons" nullable:"false" doc:"Why a person has to approve it (S25)"`
	RejectCode        string                `json:"reject_code,omitempty"`
	DeviceID          string                `json:"device_id,omitempty"`
	Serial            string                `json:"serial,omitempty" doc:"Of the faulty unit"`
	Model             string                `json:"model"`
	Quantity          int                   `json:"quantity"`
	RoomID            string                `json:"room_id,omitempty" doc:"Where it was when the replacement was requested"`
	SiteID            string                `json:"site_id" doc:"Where the replacement goes"`
	Fault             string                `json:"fault"`
	Cover             rules.EntitlementKind `json:"cover,omitempty" doc:"Which cover is used (S38); missing while held"`
	Speed             rules.RMASpeed        `json:"speed,omitempty"`
	Promise           *PromiseView          `json:"promise,omitempty" doc:"The current one"`
	FirstPromisedOn   string                `json:"first_promised_on,omitempty" format:"date" doc:"Whether it is late counts from this one (S21)"`
	Late              bool                  `json:"late"`
	ReplacementSerial string                `json:"replacement_serial,omitempty"`
	ReplacementModel  string                `json:"replacement_model,omitempty"`
	ReplacementID     string                `json:"replacement_device_id,omitempty"`
	SpareUnitID       string                `json:"spare_unit_id,omitempty" doc:"The spare that was used"`
	DepotID           string                `json:"depot_id,omitempty" doc:"Operators only: the depot that sends the replacement"`
	Carrier           string                `json:"carrier,omitempty"`
	Tracking          string                `json:"tracking,omitempty"`
	ReturnDueOn       string                `json:"return_due_on,omitempty" format:"date" doc:"Last day in time, at the site"`
	Outcome           rules.RMAOutcome      `json:"outcome,omitempty" enum:"DEFECT,NO_FAULT_FOUND,DAMAGE"`
	Fee               rules.RMAFee          `json:"fee" enum:"NONE,ASKED,BILLED,CREDITED,WAIVED"`
	WaitsFor          string                `json:"waits_for,omitempty" doc:"Timer that runs"`
	WaitsUntil        *time.Time            `json:"waits_until,omitempty"`
	RequestedAt       time.Time             `json:"requested_at"`
	ApprovedAt        *time.Time            `json:"approved_at,omitempty"`
	ShippedAt         *time.Time            `json:"shipped_at,omitempty"`
	DeliveredAt       *time.Time            `json:"delivered_at,omitempty"`
	ClosedAt          *time.Time            `json:"closed_at,omitempty"`
	Version           int64                 `json:"version"`
}

// PromiseView is a promised day, explained.
type PromiseView struct {
	On              string      `json:"on,omitempty" format:"date" doc:"Local day at the site; missing: this speed promises none"`
	Explanation     PromiseText `json:"explanation" doc:"Why this day"`
	Calendar        string      `json:"calendar"`
	CalendarVersion int64       `json:"calendar_version" doc:"Later changes of the calendar do not move the promise (S20)"`
}

// PromiseText is a text in both languages.
type PromiseText struct {
	English    string `json:"en"`
	Portuguese string `json:"pt-BR"`
}

func promiseView(p *rules.Promise) *PromiseView {
	if p == nil {
		return nil
	}
	return &PromiseView{dayOf(p), PromiseText{p.Text("en"), p.Text("pt-BR")}, p.Calendar, p.CalendarVersion}
}

func dayOf(p *rules.Promise) string {
	if p == nil || p.On.IsZero() {
		return ""
	}
	return p.On.String()
}

// rmaView gives the view for the caller, whose commands depend on the role.
func (h rmaHandlers) rmaView(ctx context.Context) func(models.RMA) RMAView {
	role, now := callOf(ctx).token.Role, h.store.Clock().Now()
	return func(r models.RMA) RMAView {
		v := RMAView{ID: r.ID, AccountID: r.AccountID, State: r.RMAFacts.State(now), Outbound: r.RMAFacts.Outbound(), Return: r.RMAFacts.Return(now), StateSince: r.StateSince,
			Commands: append([]rules.RMACommand{}, rules.RMACommandsFor(role, r.RMAFacts, now)...), Held: r.Held, ReviewReasons: append([]string{}, r.ReviewReasons...), RejectCode: r.RejectCode, DeviceID: text(r.DeviceID), Serial: r.FaultySerial,
			Model: r.ModelCode, Quantity: r.Quantity, RoomID: text(r.RoomID), SiteID: r.SiteID, Fault: r.Fault, Cover: r.CoverKind, Speed: r.Speed, Promise: promiseView(r.Promise),
			FirstPromisedOn: dayOf(r.FirstPromise), Late: r.RMAFacts.Late(now), ReplacementSerial: r.ReplacementSerial, ReplacementModel: r.ReplacementModel, ReplacementID: text(r.ReplacementDeviceID), SpareUnitID: text(r.SpareUnitID),
			Carrier: r.Carrier, Tracking: r.Tracking, Outcome: r.Outcome, Fee: r.Fee(), WaitsFor: string(r.NextTimer), WaitsUntil: r.NextAt, RequestedAt: r.RequestedAt,
			ApprovedAt: r.ApprovedAt, ShippedAt: r.ShippedAt, DeliveredAt: r.DeliveredAt, ClosedAt: r.ClosedAt, Version: r.Version}
		if role.IsOperator() {
			v.DepotID = text(r.DepotID)
		}
		if r.ReturnPlan != nil {
			v.ReturnDueOn = r.ReturnPlan.On.String()
		}
		return v
	}
}

// RMADetail is a replacement with what happened to it.
type RMADetail struct {
	RMAView
	Timeline []EventView `json:"timeline" nullable:"false" doc:"What happened, oldest first"`
}

func (h rmaHandlers) rmaDetail(ctx context.Context, r models.RMA) (*one[RMADetail], error) {
	events, err := h.store.Timeline(ctx, r.ID)
	return single(r, err, func(r models.RMA) RMADetail {
		return RMADetail{h.rmaView(ctx)(r), rmaTimeline(events, callOf(ctx).token.Role.IsOperator())}
	})
}

// rmaTimeline shows a customer what happened to the replacement and when; who did
// it, and why, is for operators.
func rmaTimeline(events []models.AuditEvent, operator bool) []EventView {
	if operator {
		return timeline(events, true)
	}
	out := []EventView{}
	for _, e := range events {
		out = append(out, EventView{At: e.At, Event: e.Verb})
	}
	return out
}
