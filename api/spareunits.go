package api

import (
	"context"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/spare"
)

// spareUnitHandlers answer what is asked about spare units.
type spareUnitHandlers struct {
	db           *db.DB
	replacements *replacement.Replacements
}

func (h spareUnitHandlers) routes(api huma.API) {
	read := route{
		Tag:        "Spares",
		Scope:      RMAsRead,
		Capability: rules.ViewAccount,
		NoSellers:  true,
	}

	write := route{
		Tag:        "Spares",
		Scope:      RMAsWrite,
		Capability: rules.RequestRMA,
		NoSellers:  true,
	}

	mount(api, read.get("list-spare-units", "/v1/spare-units", "List spare units, newest first"),
		h.listSpareUnits)
	mount(api, read.get("get-spare-unit", "/v1/spare-units/{id}",
		"Read a spare unit with its timeline").
		refuses(404), h.getSpareUnit)

	mountJSON(api, write.post("act-on-spare-unit", "/v1/spare-units/{id}/{command}",
		"Do one of a spare unit's commands").
		idempotent().refuses(404, 409, 412), h.actOnSpareUnit)
}

// SpareUnitView is a spare unit.
type SpareUnitView struct {
	ID            string               `json:"id" doc:"Id of the spare unit, such as spu_01kb…"`
	Number        string               `json:"number" doc:"For people, such as SPARE-7F3K2; paths take it as well as the id"`
	ParentOrgID   string               `json:"parent_org_id" doc:"Id of the customer's parent: the accounts of one company, which earn spares together"`
	AccountID     string               `json:"account_id,omitempty" doc:"Id of the account whose site it lies at, or goes to; missing: not chosen"`
	SiteID        string               `json:"site_id,omitempty" doc:"Id of the site that it lies at, or goes to; missing: not chosen"`
	Unprintable   string               `json:"unprintable,omitempty" doc:"Letters of the site's address that no label can print: write it by hand. Missing: all print"`
	Model         string               `json:"model,omitempty" doc:"Code of its model; missing: not chosen"`
	State         spare.SpareState     `json:"state" enum:"EARNED,SELECTION_PENDING,APPROVED,SHIPPED,ON_SITE,CONSUMED,REPLENISHING,RECALL_REQUESTED,RETURNED,BILLED,WAIVED,VOIDED" doc:"Where the unit is in its life"`
	StateSince    time.Time            `json:"state_since" doc:"When it came into this state; an instant in UTC"`
	Commands      []spare.SpareCommand `json:"commands" nullable:"false" doc:"What the caller may do now: words for {command}"`
	Facts         []spare.SpareFact    `json:"facts,omitempty" doc:"Of agents: what the command tell may say now"`
	ToTakeBack    []spare.SpareFact    `json:"facts_to_take_back,omitempty" doc:"Of agents: what take_back may name now: what people told of the present parcel or recall, SHIPPED for the serial and the tracking number that were typed"`
	Serial        string               `json:"serial,omitempty" doc:"Serial number of the unit that is on site, on its way or was there last"`
	DeviceID      string               `json:"device_id,omitempty" doc:"Id of the device that it is while it lies on site"`
	RMAID         string               `json:"rma_id,omitempty" doc:"Id of the replacement that used it last"`
	DepotID       string               `json:"depot_id,omitempty" doc:"Operators only: id of the depot that it comes from"`
	Carrier       string               `json:"carrier,omitempty" doc:"Code of the carrier that brings it"`
	Tracking      string               `json:"tracking,omitempty" doc:"The carrier's number of the parcel"`
	SelectedAt    *time.Time           `json:"selected_at,omitempty" doc:"When model and site were proposed; an instant in UTC"`
	AgreedAt      *time.Time           `json:"agreed_at,omitempty" doc:"When the customer agreed to them; an instant in UTC"`
	ShippedAt     *time.Time           `json:"shipped_at,omitempty" doc:"When it was shipped; an instant in UTC"`
	OnSiteAt      *time.Time           `json:"on_site_at,omitempty" doc:"When it arrived on site; an instant in UTC"`
	ConsumedAt    *time.Time           `json:"consumed_at,omitempty" doc:"When it was used last; an instant in UTC"`
	RecallPending bool                 `json:"recall_pending" doc:"Whether it is under way and will be recalled when it arrives"`
	RecallUntil   *time.Time           `json:"recall_until,omitempty" doc:"End of the time in which a recalled unit may come back: an instant in UTC, not included"`
	WaitsFor      string               `json:"waits_for,omitempty" doc:"Name of the timer that runs; missing: none"`
	WaitsUntil    *time.Time           `json:"waits_until,omitempty" doc:"When the timer that runs fires next; an instant in UTC"`
	ClosedAt      *time.Time           `json:"closed_at,omitempty" doc:"When its life ended; an instant in UTC"`
	CreatedAt     time.Time            `json:"created_at" doc:"When it was earned; an instant in UTC"`
	Version       int64                `json:"version" doc:"Grows by one with each change; it is the ETag of the object"`
}

// spareUnitView returns the view for the caller, whose commands depend on the role.
func (h spareUnitHandlers) spareUnitView(
	ctx context.Context,
) func(replacement.SpareUnit) SpareUnitView {
	role := callOf(ctx).token.Role
	now := h.db.Clock().Now()
	return func(u replacement.SpareUnit) SpareUnitView {
		commands := spare.SpareCommandsFor(role, u.SpareFacts, now)
		v := SpareUnitView{
			ID:            u.ID,
			Number:        u.Name(),
			ParentOrgID:   u.ParentOrgID,
			AccountID:     text(u.AccountID),
			SiteID:        text(u.SiteID),
			Unprintable:   u.Unprintable,
			Model:         u.ModelCode,
			State:         u.State,
			StateSince:    u.StateSince,
			Commands:      append([]spare.SpareCommand{}, commands...),
			Serial:        u.Serial,
			DeviceID:      text(u.DeviceID),
			RMAID:         text(u.RMAID),
			Carrier:       u.Carrier,
			Tracking:      u.Tracking,
			SelectedAt:    u.SelectedAt,
			AgreedAt:      u.AgreedAt,
			ShippedAt:     u.ShippedAt,
			OnSiteAt:      u.OnSiteAt,
			ConsumedAt:    u.ConsumedAt,
			RecallPending: u.RecallPending,
			RecallUntil:   u.RecallDueAt,
			WaitsFor:      string(u.NextTimer),
			WaitsUntil:    u.NextAt,
			ClosedAt:      u.ClosedAt,
			CreatedAt:     u.CreatedAt,
			Version:       u.Version,
		}

		if role.IsOperator() {
			v.DepotID = text(u.DepotID)
		}
		if slices.Contains(commands, spare.SpareTell) {
			v.Facts = u.FactsToTell()
		}
		if slices.Contains(commands, spare.SpareTakeBack) {
			v.ToTakeBack = u.FactsToTakeBack()
		}

		return v
	}
}

// SpareUnitDetail is a spare unit with what happened to it.
type SpareUnitDetail struct {
	SpareUnitView
	Timeline []EventView `json:"timeline" nullable:"false" doc:"What happened, oldest first"`
}

func (h spareUnitHandlers) spareUnitDetail(
	ctx context.Context, u replacement.SpareUnit,
) (*one[SpareUnitDetail], error) {
	events, err := h.db.Timeline(ctx, u.ID)
	return single(u, err, func(u replacement.SpareUnit) SpareUnitDetail {
		operator := callOf(ctx).token.Role.IsOperator()
		return SpareUnitDetail{h.spareUnitView(ctx)(u), rmaTimeline(events, operator)}
	})
}

type listSpareUnitsInput struct {
	ListInput
	ParentID  string `query:"parent_id" maxLength:"64" doc:"Only those of this customer's parent"`
	AccountID string `query:"account_id" maxLength:"64" doc:"Only those at sites of this account"`
	SiteID    string `query:"site_id" maxLength:"64" doc:"Only those at this site"`
	Model     string `query:"model" maxLength:"64" doc:"Only those of this model"`
	State     string `query:"state" enum:"EARNED,SELECTION_PENDING,APPROVED,SHIPPED,ON_SITE,CONSUMED,REPLENISHING,RECALL_REQUESTED,RETURNED,BILLED,WAIVED,VOIDED" doc:"Only those in this state"`
	Serial    string `query:"serial" maxLength:"64" doc:"Only the one with this serial"`
	Open      bool   `query:"open" doc:"Only those that have not come to their end"`
}

func (h spareUnitHandlers) listSpareUnits(
	ctx context.Context, in *listSpareUnitsInput,
) (*pageOf[SpareUnitView], error) {
	units, next, err := h.replacements.ListSpareUnits(ctx, replacement.SpareFilter{
		ParentID:  in.ParentID,
		AccountID: in.AccountID,
		SiteID:    in.SiteID,
		ModelCode: in.Model,
		State:     spare.SpareState(in.State),
		Serial:    in.Serial,
		Open:      in.Open,
		Page:      in.page(),
	})
	return listed(units, next, err, h.spareUnitView(ctx))
}

func (h spareUnitHandlers) getSpareUnit(
	ctx context.Context, in *IDInput,
) (*one[SpareUnitDetail], error) {
	u, err := h.replacements.GetSpareUnit(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return h.spareUnitDetail(ctx, u)
}

// SpareCommandRequest is what the commands need; each takes its own fields.
type SpareCommandRequest struct {
	Model    string          `json:"model,omitempty" doc:"select: code of the model; required"`
	SiteID   string          `json:"site_id,omitempty" doc:"select: id of a site of one of the parent's accounts; required"`
	Version  int64           `json:"version,omitempty" doc:"Version of the spare that you have read; another one answers 412, and to agree, where it is that of the proposal, 409. Missing: any"`
	Serial   string          `json:"serial,omitempty" doc:"ship: serial number of the unit; required"`
	Carrier  string          `json:"carrier,omitempty" doc:"ship: code of the carrier, where no shipment was booked yet"`
	Tracking string          `json:"tracking,omitempty" doc:"ship: the carrier's number of the parcel"`
	Fact     spare.SpareFact `json:"fact,omitempty" doc:"tell: PICKED_UP, DELIVERED, RECALL_SCANNED or RECALL_RECEIVED, one of the unit's facts; take_back: one of its facts_to_take_back"`
	At       *time.Time      `json:"at,omitempty" doc:"tell: when it happened, an instant in RFC 3339, not ahead and not before it was possible; missing: now"`
	Reason   string          `json:"reason,omitempty" doc:"waive, take_back: required; select, bill: optional; goes into the audit"`
}

type spareCommandInput struct {
	IDInput
	Command string `path:"command" maxLength:"32" doc:"What to do"`
}

func (h spareUnitHandlers) actOnSpareUnit(
	ctx context.Context, in *spareCommandInput, q SpareCommandRequest,
) (*one[SpareUnitDetail], error) {
	c := replacement.SpareUnitCommand{
		Name:     spare.SpareCommand(in.Command),
		Model:    q.Model,
		SiteID:   q.SiteID,
		Version:  q.Version,
		Serial:   q.Serial,
		Carrier:  q.Carrier,
		Tracking: q.Tracking,
		Fact:     q.Fact,
		Reason:   q.Reason,
	}

	if q.At != nil {
		c.At = *q.At
	}

	u, err := h.replacements.DoSpare(ctx, in.ID, c)
	if err != nil {
		return nil, err
	}

	return h.spareUnitDetail(ctx, u)
}
