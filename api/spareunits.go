package api

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) spareUnitRoutes() {
	read := route{Method: get, Tag: "Spares", Scope: RMAsRead, Capability: rules.ViewAccount, NoSellers: true}
	list := read.at("list-spare-units", "/v1/spare-units", "List spare units, newest first")
	list.Description = "Each spare that was earned is a unit with a life of its own. A customer sees those at its accounts' sites; before a site is chosen a unit is for operators only (R82b)."
	mount(s, list, s.listSpareUnits)
	mount(s, read.at("get-spare-unit", "/v1/spare-units/{id}", "Read a spare unit with its timeline", 404), s.getSpareUnit)
	act := route{Method: post, Tag: "Spares", Scope: RMAsWrite, Capability: rules.RequestRMA, NoSellers: true, Idempotent: true}.
		at("act-on-spare-unit", "/v1/spare-units/{id}/{command}", "Do one of a spare unit's commands", 404, 409)
	act.Body = SpareCommandRequest{}
	act.Description = "What the caller may do now stands in the unit's `commands`. A CSM: `select` (model and site; the model must be deployed in the parent, R88b). An administrator of the account or its partner: `agree`. Agents: `ship` (409 before model and site are agreed to, R88a), `tell` for what a carrier's own message did not, `receive` (a recalled unit is back), `bill` (from the due instant of the recall on). A lead: `waive` (with a reason). A command that was done already changes nothing. To use a spare that is on site, do `use_spare` on the replacement."
	mount(s, act, s.actOnSpareUnit)
}

// SpareUnitView is a spare unit.
type SpareUnitView struct {
	ID            string               `json:"id"`
	ParentOrgID   string               `json:"parent_org_id"`
	AccountID     string               `json:"account_id,omitempty" doc:"Whose site it lies at, or goes to; missing: not chosen"`
	SiteID        string               `json:"site_id,omitempty"`
	Model         string               `json:"model,omitempty"`
	State         rules.SpareState     `json:"state" enum:"EARNED,SELECTION_PENDING,APPROVED,SHIPPED,ON_SITE,CONSUMED,REPLENISHING,RECALL_REQUESTED,RETURNED,BILLED,WAIVED,VOIDED"`
	StateSince    time.Time            `json:"state_since"`
	Commands      []rules.SpareCommand `json:"commands" nullable:"false" doc:"What the caller may do now"`
	Serial        string               `json:"serial,omitempty" doc:"Of the unit that is on site, on its way or was there last"`
	DeviceID      string               `json:"device_id,omitempty"`
	RMAID         string               `json:"rma_id,omitempty" doc:"The replacement that used it last"`
	DepotID       string               `json:"depot_id,omitempty" doc:"Operators only: the depot that it comes from"`
	Carrier       string               `json:"carrier,omitempty"`
	Tracking      string               `json:"tracking,omitempty"`
	SelectedAt    *time.Time           `json:"selected_at,omitempty" doc:"Model and site were proposed"`
	AgreedAt      *time.Time           `json:"agreed_at,omitempty" doc:"By the customer"`
	ShippedAt     *time.Time           `json:"shipped_at,omitempty"`
	OnSiteAt      *time.Time           `json:"on_site_at,omitempty"`
	ConsumedAt    *time.Time           `json:"consumed_at,omitempty" doc:"The last time"`
	RecallPending bool                 `json:"recall_pending" doc:"It is under way, and recalled when it arrives (S9)"`
	RecallUntil   *time.Time           `json:"recall_until,omitempty" doc:"End of the time in which a recalled unit may come back: not included"`
	WaitsFor      string               `json:"waits_for,omitempty" doc:"Timer that runs"`
	WaitsUntil    *time.Time           `json:"waits_until,omitempty"`
	ClosedAt      *time.Time           `json:"closed_at,omitempty"`
	CreatedAt     time.Time            `json:"created_at" doc:"It was earned"`
	Version       int64                `json:"version"`
}

// spareUnitView gives the view for the caller, whose commands depend on the role.
func (s *service) spareUnitView(ctx context.Context) func(models.SpareUnit) SpareUnitView {
	role, now := callOf(ctx).token.Role, s.store.Clock().Now()
	return func(u models.SpareUnit) SpareUnitView {
		v := SpareUnitView{ID: u.ID, ParentOrgID: u.ParentOrgID, AccountID: text(u.AccountID), SiteID: text(u.SiteID), Model: u.ModelCode, State: u.State, StateSince: u.StateSince,
			Commands: append([]rules.SpareCommand{}, rules.SpareCommandsFor(role, u.SpareFacts, now)...), Serial: u.Serial, DeviceID: text(u.DeviceID), RMAID: text(u.RMAID),
			Carrier: u.Carrier, Tracking: u.Tracking, SelectedAt: u.SelectedAt, AgreedAt: u.AgreedAt, ShippedAt: u.ShippedAt, OnSiteAt: u.OnSiteAt, ConsumedAt: u.ConsumedAt,
			RecallPending: u.RecallPending, RecallUntil: u.RecallDueAt, WaitsFor: string(u.NextTimer), WaitsUntil: u.NextAt, ClosedAt: u.ClosedAt, CreatedAt: u.CreatedAt, Version: u.Version}
		if role.IsOperator() {
			v.DepotID = text(u.DepotID)
		}
		return v
	}
}

// SpareUnitDetail is a spare unit with what happened to it.
type SpareUnitDetail struct {
	SpareUnitView
	Timeline []EventView `json:"timeline" nullable:"false" doc:"What happened, oldest first"`
}

func (s *service) spareUnitDetail(ctx context.Context, u models.SpareUnit) (*one[SpareUnitDetail], error) {
	events, err := s.store.Timeline(ctx, u.ID)
	return single(u, err, func(u models.SpareUnit) SpareUnitDetail {
		return SpareUnitDetail{s.spareUnitView(ctx)(u), rmaTimeline(events, callOf(ctx).token.Role.IsOperator())}
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

func (s *service) listSpareUnits(ctx context.Context, in *listSpareUnitsInput) (*pageOf[SpareUnitView], error) {
	units, next, err := s.store.ListSpareUnits(ctx, models.SpareFilter{ParentID: in.ParentID, AccountID: in.AccountID, SiteID: in.SiteID, ModelCode: in.Model,
		State: rules.SpareState(in.State), Serial: in.Serial, Open: in.Open, Page: in.page()})
	return listed(units, next, err, s.spareUnitView(ctx))
}

func (s *service) getSpareUnit(ctx context.Context, in *IDInput) (*one[SpareUnitDetail], error) {
	u, err := s.store.GetSpareUnit(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.spareUnitDetail(ctx, u)
}
