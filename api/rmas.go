package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/messages/promise"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/rma"
)

// rmaHandlers answer what is asked about replacements.
type rmaHandlers struct {
	db           *db.DB
	replacements *replacement.Replacements
}

func (h rmaHandlers) routes(api huma.API) {
	read := route{
		Tag:        "RMAs",
		Scope:      RMAsRead,
		Capability: rules.ViewAccount,
		NoSellers:  true,
	}

	write := route{
		Tag:        "RMAs",
		Scope:      RMAsWrite,
		Capability: rules.RequestRMA,
		NoSellers:  true,
	}

	mount(api, read.get("list-rmas", "/v1/rmas", "List replacements, newest first"), h.listRMAs)
	mount(api, read.get("get-rma", "/v1/rmas/{id}",
		"Read a replacement with its timeline and promise").
		refuses(404), h.getRMA)
	mountJSON(api, write.post("request-rma", "/v1/rmas", "Request a replacement").
		answers(http.StatusCreated).idempotent().refuses(404, 409), h.requestRMA)
	mountJSON(api, write.post("act-on-rma", "/v1/rmas/{id}/{command}",
		"Do one of a replacement's commands").
		idempotent().refuses(404, 409, 412), h.actOnRMA)
}

// RMARequest asks for a replacement.
type RMARequest struct {
	AccountID       string  `json:"account_id,omitempty" doc:"Id of the account; needed of operators where neither serial nor room tells whose it is"`
	Serial          string  `json:"serial,omitempty" doc:"Serial number of the faulty device; missing for an accessory"`
	RoomID          string  `json:"room_id,omitempty" doc:"Of an accessory: id of the room that it is in"`
	Model           string  `json:"model,omitempty" doc:"Of an accessory: code of its model"`
	Quantity        int     `json:"quantity,omitempty" doc:"Of an accessory: how many, 1 to 20"`
	SiteID          string  `json:"site_id,omitempty" doc:"Id of the site that the replacement is sent to; missing: the site of the room"`
	ShipTo          *ShipTo `json:"ship_to,omitempty" doc:"Where it goes instead: an address, which becomes a site of the account"`
	ShipToAccount   bool    `json:"ship_to_account,omitempty" doc:"It goes to the account's own address"`
	Fault           string  `json:"fault" doc:"What is wrong, in your words: what you saw, and what you tried"`
	SerialProof     string  `json:"serial_proof,omitempty" doc:"Where the proof is kept that the device is the account's, for one that was registered less than 24 hours ago without a proof of purchase"`
	SpareUnitID     string  `json:"spare_unit_id,omitempty" doc:"Id of a spare of the same model on site that is used at once"`
	DefectConfirmed bool    `json:"defect_confirmed,omitempty" doc:"Of agents: whether the defect is confirmed already"`
}

// ShipTo is an address that a replacement goes to.
type ShipTo struct {
	Name         string        `json:"name,omitempty" doc:"What the place is called; missing: street and city"`
	Address      rules.Address `json:"address" doc:"Where it is"`
	ContactName  string        `json:"contact_name,omitempty" doc:"Who takes the parcel there"`
	ContactEmail string        `json:"contact_email,omitempty" doc:"Is told of each step of a replacement"`
}

func (s *ShipTo) form() *rules.SiteForm {
	if s == nil {
		return nil
	}
	return &rules.SiteForm{
		Name:         s.Name,
		Address:      s.Address,
		ContactName:  s.ContactName,
		ContactEmail: s.ContactEmail,
	}
}

type listRMAsInput struct {
	ListInput
	AccountID string `query:"account_id" maxLength:"64" doc:"Only those of this account"`
	State     string `query:"state" enum:"REQUESTED,APPROVED,REJECTED,WITHDRAWN,BACKORDERED,ALLOCATED,SHIPPED,AWAITING_RETURN,RETURN_IN_TRANSIT,RETURN_RECEIVED,OVERDUE,NON_RETURN_BILLED,NO_RETURN_REQUIRED,INSPECTED,CLOSED" doc:"Only those in this state"`
	RoomID    string `query:"room_id" maxLength:"64" doc:"Only those of this room"`
	DeviceID  string `query:"device_id" maxLength:"64" doc:"Only those of this faulty device"`
	SiteID    string `query:"site_id" maxLength:"64" doc:"Only those that go to this site"`
	Serial    string `query:"serial" maxLength:"64" doc:"Only those with this serial, of the faulty unit or of its replacement"`
	Open      bool   `query:"open" doc:"Only those that are not over"`
	Late      bool   `query:"late" doc:"Only those whose first promise was, or is being, missed"`
}

func (h rmaHandlers) listRMAs(ctx context.Context, in *listRMAsInput) (*pageOf[RMAView], error) {
	rmas, next, err := h.replacements.ListRMAs(ctx, replacement.RMAFilter{
		AccountID: in.AccountID,
		State:     rma.RMAState(in.State),
		RoomID:    in.RoomID,
		DeviceID:  in.DeviceID,
		SiteID:    in.SiteID,
		Serial:    in.Serial,
		Open:      in.Open,
		Late:      in.Late,
		Page:      in.page(),
	})

	if err != nil {
		return nil, err
	}

	view, err := h.rmaView(ctx, rmas...)
	return listed(rmas, next, err, view)
}

func (h rmaHandlers) getRMA(ctx context.Context, in *IDInput) (*one[RMADetail], error) {
	r, err := h.replacements.GetRMA(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return h.rmaDetail(ctx, r)
}

func (h rmaHandlers) requestRMA(
	ctx context.Context, _ *struct{}, r RMARequest,
) (*one[RMADetail], error) {
	rma, err := h.replacements.RequestRMA(ctx, replacement.NewRMA{
		AccountID:       accountOf(ctx, r.AccountID),
		Serial:          r.Serial,
		RoomID:          r.RoomID,
		ModelCode:       r.Model,
		Quantity:        r.Quantity,
		SiteID:          r.SiteID,
		ShipTo:          r.ShipTo.form(),
		ShipToAccount:   r.ShipToAccount,
		Fault:           r.Fault,
		SerialProof:     r.SerialProof,
		SpareUnitID:     r.SpareUnitID,
		DefectConfirmed: r.DefectConfirmed,
		Once:            onceName(ctx),
	})
	if err != nil {
		return nil, err
	}

	return h.rmaDetail(ctx, rma)
}

// RMACommandRequest is what the commands need; each takes its own fields.
type RMACommandRequest struct {
	Version         int64          `json:"version,omitempty" doc:"Of the replacement that you looked at; another one answers 412, since its customer may have used a spare or the carrier may have moved it. Missing: any. To take back the inspection before one that was taken back, it is needed"`
	Reason          string         `json:"reason,omitempty" doc:"appeal, readdress, reject, reship, wait, waive, take_back: required; goes into the audit"`
	DefectConfirmed bool           `json:"defect_confirmed,omitempty" doc:"approve: required to be true"`
	Code            string         `json:"code,omitempty" doc:"reject: NO_DEFECT, NOT_ELIGIBLE, FRAUD_SUSPECTED or NO_ANSWER"`
	Model           string         `json:"model,omitempty" doc:"allocate, backorder: a better model that is sent instead; missing: the same one"`
	ExpectedOn      string         `json:"expected_on,omitempty" format:"date" doc:"backorder: the day on which a unit is expected, YYYY-MM-DD"`
	Serial          string         `json:"serial,omitempty" doc:"ship: serial number of the replacement; inspect: as it was read from the unit that came back"`
	Carrier         string         `json:"carrier,omitempty" doc:"ship: code of the carrier, where no shipment was booked yet"`
	Tracking        string         `json:"tracking,omitempty" doc:"ship: the carrier's number of the parcel"`
	Outcome         rma.RMAOutcome `json:"outcome,omitempty" doc:"inspect: DEFECT, NO_FAULT_FOUND, DAMAGE or WRONG_UNIT"`
	Photo           string         `json:"photo,omitempty" doc:"no_return: where the photo of the unit is kept; not for accessories"`
	Fact            rma.RMAFact    `json:"fact,omitempty" doc:"tell: PICKED_UP, DELIVERED, RETURN_SCANNED or RETURN_RECEIVED, one of the replacement's facts; take_back: one of its facts_to_take_back"`
	SpareUnitID     string         `json:"spare_unit_id,omitempty" doc:"use_spare: a spare of the same model on site in the account"`
	At              *time.Time     `json:"at,omitempty" doc:"tell: when it happened, an instant in RFC 3339, not ahead and not before it was possible; missing: now"`
}

type rmaCommandInput struct {
	IDInput
	Command string `path:"command" maxLength:"32" doc:"What to do"`
}

func (h rmaHandlers) actOnRMA(
	ctx context.Context, in *rmaCommandInput, q RMACommandRequest,
) (*one[RMADetail], error) {
	c := replacement.ReplacementCommand{
		Name:            rma.RMACommand(in.Command),
		Version:         q.Version,
		Reason:          q.Reason,
		DefectConfirmed: q.DefectConfirmed,
		Code:            q.Code,
		Model:           q.Model,
		ExpectedOn:      q.ExpectedOn,
		Serial:          q.Serial,
		Carrier:         q.Carrier,
		Tracking:        q.Tracking,
		Outcome:         q.Outcome,
		Photo:           q.Photo,
		SpareUnitID:     q.SpareUnitID,
		Fact:            q.Fact,
	}

	if q.At != nil {
		c.At = *q.At
	}

	r, err := h.replacements.DoRMA(ctx, in.ID, c)
	if err != nil {
		return nil, err
	}

	return h.rmaDetail(ctx, r)
}

// RMAView is a replacement.
type RMAView struct {
	ID                string                `json:"id" doc:"Id of the replacement, such as rma_01kb…"`
	Number            string                `json:"number" doc:"For people, such as RMA-7F3K2; paths take it as well as the id"`
	AccountID         string                `json:"account_id" doc:"Id of the customer's account, such as acc_01kb…"`
	State             rma.RMAState          `json:"state" doc:"Where the replacement stands, derived from outbound and return"`
	Outbound          rma.OutboundState     `json:"outbound" enum:"REQUESTED,APPROVED,REJECTED,WITHDRAWN,BACKORDERED,ALLOCATED,SHIPPED,DELIVERED,SWAPPED" doc:"How far the replacement unit is on its way to the customer"`
	Return            rma.ReturnState       `json:"return" enum:"NOT_DUE,AWAITING_RETURN,OVERDUE,RETURN_IN_TRANSIT,RETURN_RECEIVED,INSPECTED,NO_RETURN_REQUIRED,NON_RETURN_BILLED" doc:"How far the faulty unit is on its way back"`
	StateSince        time.Time             `json:"state_since" doc:"When it came into this state; an instant in UTC"`
	Commands          []rma.RMACommand      `json:"commands" nullable:"false" doc:"What the caller may do now: words for {command}"`
	Facts             []rma.RMAFact         `json:"facts,omitempty" doc:"Of agents: what the command tell may say now"`
	ToTakeBack        []rma.RMAFact         `json:"facts_to_take_back,omitempty" doc:"Agents: what take_back may name now: what people told, SHIPPED for the serial and the tracking number that were typed, INSPECTED for the last inspection"`
	Held              bool                  `json:"held" doc:"Whether it waits for a proof of purchase"`
	ReviewReasons     []string              `json:"review_reasons" nullable:"false" doc:"Why a person has to approve it: codes; empty when nobody has to"`
	RejectCode        string                `json:"reject_code,omitempty" doc:"Why it was rejected: NO_DEFECT, NOT_ELIGIBLE, FRAUD_SUSPECTED or NO_ANSWER"`
	DeviceID          string                `json:"device_id,omitempty" doc:"Id of the faulty device; missing for an accessory"`
	Serial            string                `json:"serial,omitempty" doc:"Serial number of the faulty unit; missing for an accessory"`
	Model             string                `json:"model" doc:"Code of the model of the faulty unit"`
	Quantity          int                   `json:"quantity" doc:"How many units; 1 for a device, up to 20 for an accessory"`
	RoomID            string                `json:"room_id,omitempty" doc:"Id of the room where it was when the replacement was requested"`
	SiteID            string                `json:"site_id" doc:"Id of the site that the replacement goes to"`
	Unprintable       string                `json:"unprintable,omitempty" doc:"Letters of the address that no label can print: write it by hand. Missing: all print"`
	Fault             string                `json:"fault" doc:"What is wrong, in the words of who asked"`
	Cover             cover.EntitlementKind `json:"cover,omitempty" doc:"What covers it; missing while it is held"`
	Speed             calendar.RMASpeed     `json:"speed,omitempty" doc:"How soon it arrives after approval: NBD (next business day), STANDARD (no promised day) or business days such as 3BD"`
	Promise           *PromiseView          `json:"promise,omitempty" doc:"On which day it is promised to arrive, and why; the current promise"`
	FirstPromisedOn   string                `json:"first_promised_on,omitempty" format:"date" doc:"The day that was promised first, YYYY-MM-DD at the site; whether it is late counts from this one"`
	Late              bool                  `json:"late" doc:"Whether the first promised day has passed without a delivery, or the delivery came after it"`
	ReplacementSerial string                `json:"replacement_serial,omitempty" doc:"Serial number of the unit that is sent"`
	ReplacementModel  string                `json:"replacement_model,omitempty" doc:"Code of its model, where it is a better one"`
	ReplacementID     string                `json:"replacement_device_id,omitempty" doc:"Id of the device that took the faulty one's place"`
	SpareUnitID       string                `json:"spare_unit_id,omitempty" doc:"Id of the spare on site that was used"`
	DepotID           string                `json:"depot_id,omitempty" doc:"Operators only: id of the depot that sends the replacement"`
	Carrier           string                `json:"carrier,omitempty" doc:"Code of the carrier that brings the replacement"`
	Tracking          string                `json:"tracking,omitempty" doc:"The carrier's number of the parcel"`
	ReturnDueOn       string                `json:"return_due_on,omitempty" format:"date" doc:"Last day on which the faulty unit comes back in time, YYYY-MM-DD at the site"`
	Outcome           rma.RMAOutcome        `json:"outcome,omitempty" enum:"DEFECT,NO_FAULT_FOUND,DAMAGE" doc:"What the depot found in the unit that came back"`
	Fee               rma.RMAFee            `json:"fee" enum:"NONE,ASKED,BILLED,CREDITED,WAIVED" doc:"Whether a fee is asked for a unit that is missing or damaged"`
	WaitsFor          string                `json:"waits_for,omitempty" doc:"Name of the timer that runs; missing: none"`
	WaitsUntil        *time.Time            `json:"waits_until,omitempty" doc:"When the timer that runs fires next; an instant in UTC"`
	RequestedAt       time.Time             `json:"requested_at" doc:"When it was requested; an instant in UTC"`
	ApprovedAt        *time.Time            `json:"approved_at,omitempty" doc:"When it was approved; an instant in UTC"`
	ShippedAt         *time.Time            `json:"shipped_at,omitempty" doc:"When the replacement was shipped; an instant in UTC"`
	DeliveredAt       *time.Time            `json:"delivered_at,omitempty" doc:"When the replacement was delivered; an instant in UTC"`
	ClosedAt          *time.Time            `json:"closed_at,omitempty" doc:"When all was done; an instant in UTC"`
	Version           int64                 `json:"version" doc:"Grows by one with each change; it is the ETag of the object"`
}

// PromiseView is a promised day, explained.
type PromiseView struct {
	On              string      `json:"on,omitempty" format:"date" doc:"The promised day, YYYY-MM-DD at the site; missing: this speed promises none"`
	Explanation     PromiseText `json:"explanation" doc:"Why it is this day, in words"`
	Calendar        string      `json:"calendar" doc:"Code of the calendar whose business days were counted, such as BR-SP"`
	CalendarVersion int64       `json:"calendar_version" doc:"Version of that calendar; later changes of it do not move the promise"`
	WithoutHolidays bool        `json:"without_holidays,omitempty" doc:"No public holidays of the place were known: weekends alone were counted"`
}

// PromiseText is a text in both languages.
type PromiseText struct {
	English    string `json:"en" doc:"The explanation in English"`
	Portuguese string `json:"pt-BR" doc:"The explanation in Portuguese"`
}

func promiseView(p *calendar.Promise) *PromiseView {
	if p == nil {
		return nil
	}

	return &PromiseView{
		On:              dayOf(p),
		Explanation:     PromiseText{promise.Text(*p, "en"), promise.Text(*p, "pt-BR")},
		Calendar:        p.Calendar,
		CalendarVersion: p.CalendarVersion,
		WithoutHolidays: p.WithoutHolidays,
	}
}

func dayOf(p *calendar.Promise) string {
	if p == nil || p.On.IsZero() {
		return ""
	}
	return p.On.String()
}

// rmaView returns the view of replacements for the caller, whose commands depend on the role.
func (h rmaHandlers) rmaView(
	ctx context.Context, rmas ...replacement.RMA,
) (func(replacement.RMA) RMAView, error) {
	role := callOf(ctx).token.Role
	now := h.db.Clock().Now()
	given, err := h.replacements.CommandsFor(ctx, rmas...)
	return func(r replacement.RMA) RMAView {
		commands := given[r.ID]
		v := RMAView{
			ID:                r.ID,
			Number:            r.Name(),
			AccountID:         r.AccountID,
			State:             r.RMAFacts.State(now),
			Outbound:          r.RMAFacts.Outbound(),
			Return:            r.RMAFacts.Return(now),
			StateSince:        r.StateSince,
			Commands:          append([]rma.RMACommand{}, commands...),
			Held:              r.Held,
			ReviewReasons:     append([]string{}, r.ReviewReasons...),
			RejectCode:        r.RejectCode,
			DeviceID:          text(r.DeviceID),
			Serial:            r.FaultySerial,
			Model:             r.ModelCode,
			Quantity:          r.Quantity,
			RoomID:            text(r.RoomID),
			SiteID:            r.SiteID,
			Unprintable:       r.Unprintable,
			Fault:             r.Fault,
			Cover:             r.CoverKind,
			Speed:             r.Speed,
			Promise:           promiseView(r.Promise),
			FirstPromisedOn:   dayOf(r.FirstPromise),
			Late:              r.RMAFacts.Late(now),
			ReplacementSerial: r.ReplacementSerial,
			ReplacementModel:  r.ReplacementModel,
			ReplacementID:     text(r.ReplacementDeviceID),
			SpareUnitID:       text(r.SpareUnitID),
			Carrier:           r.Carrier,
			Tracking:          r.Tracking,
			Outcome:           r.Outcome,
			Fee:               r.Fee(),
			WaitsFor:          string(r.NextTimer),
			WaitsUntil:        r.NextAt,
			RequestedAt:       r.RequestedAt,
			ApprovedAt:        r.ApprovedAt,
			ShippedAt:         r.ShippedAt,
			DeliveredAt:       r.DeliveredAt,
			ClosedAt:          r.ClosedAt,
			Version:           r.Version,
		}

		if role.IsOperator() {
			v.DepotID = text(r.DepotID)
		}
		if slices.Contains(commands, rma.RMATell) {
			v.Facts = r.FactsToTell()
		}
		if slices.Contains(commands, rma.RMATakeBack) {
			v.ToTakeBack = r.FactsToTakeBack()
		}
		if r.ReturnPlan != nil {
			v.ReturnDueOn = r.ReturnOn().String()
		}

		return v
	}, err
}

// RMAShipTo is where a replacement goes.
type RMAShipTo struct {
	Site        string        `json:"site" doc:"Name of the site"`
	ContactName string        `json:"contact_name,omitempty" doc:"Who takes the parcel there"`
	Address     rules.Address `json:"address" doc:"Where the parcel is delivered"`
	Fixed       bool          `json:"fixed" doc:"Whether the approval has fixed it: a later change of the site does not move it, readdress does. False: it is where the site is now"`
}

// RMADetail is a replacement with what happened to it.
type RMADetail struct {
	RMAView
	ShipTo   RMAShipTo   `json:"ship_to" doc:"Where it goes or went"`
	Timeline []EventView `json:"timeline" nullable:"false" doc:"What happened, oldest first"`
}

func (h rmaHandlers) rmaDetail(ctx context.Context, r replacement.RMA) (*one[RMADetail], error) {
	to, fixed, err := h.replacements.GoesTo(ctx, r)
	if err != nil {
		return nil, err
	}

	view, err := h.rmaView(ctx, r)
	if err != nil {
		return nil, err
	}

	events, err := h.db.Timeline(ctx, r.ID)
	return single(r, err, func(r replacement.RMA) RMADetail {
		operator := callOf(ctx).token.Role.IsOperator()
		return RMADetail{
			RMAView: view(r),
			ShipTo: RMAShipTo{
				Site:        to.Site,
				ContactName: to.Contact,
				Address:     to.Address(),
				Fixed:       fixed,
			},
			Timeline: rmaTimeline(events, operator),
		}
	})
}

// rmaTimeline shows what happened to a replacement or a spare unit, by when it happened; who did
// it, and why, is for operators.
func rmaTimeline(events []db.AuditEvent, operator bool) []EventView {
	all := replacement.InOrder(events)
	for i := range all {
		all[i].AuditEvent.At = all[i].At
	}

	out := []EventView{}
	for _, e := range all {
		if operator {
			out = append(out, timeline([]db.AuditEvent{e.AuditEvent}, true)...)
			continue
		}
		out = append(out, EventView{At: e.At, Event: e.Verb})
	}

	return out
}
