package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// rmaHandlers answer what is asked about replacements.
type rmaHandlers struct{ store *models.Store }

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
		idempotent().refuses(404, 409), h.actOnRMA)
}

// RMARequest asks for a replacement.
type RMARequest struct {
	AccountID       string `json:"account_id,omitempty" doc:"Operators, where neither serial nor room tells whose it is"`
	Serial          string `json:"serial,omitempty" doc:"Of the faulty device"`
	RoomID          string `json:"room_id,omitempty" doc:"Of an accessory"`
	Model           string `json:"model,omitempty" doc:"Of an accessory"`
	Quantity        int    `json:"quantity,omitempty" doc:"Of an accessory: 1 to 20"`
	SiteID          string `json:"site_id,omitempty" doc:"Where it goes; missing: the site of the room"`
	Fault           string `json:"fault" doc:"What is wrong"`
	SerialProof     string `json:"serial_proof,omitempty" doc:"Where the proof is kept that the device is the account's, for one that was registered less than 24 hours ago"`
	SpareUnitID     string `json:"spare_unit_id,omitempty" doc:"A spare of the same model on site that is used at once (R35d); see use_spare"`
	DefectConfirmed bool   `json:"defect_confirmed,omitempty" doc:"Agents: the defect is confirmed"`
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
	rmas, next, err := h.store.ListRMAs(ctx, models.RMAFilter{AccountID: in.AccountID, State: rules.RMAState(in.State), RoomID: in.RoomID, DeviceID: in.DeviceID, SiteID: in.SiteID,
		Serial: in.Serial, Open: in.Open, Late: in.Late, Page: in.page()})
	return listed(rmas, next, err, h.rmaView(ctx))
}

func (h rmaHandlers) getRMA(ctx context.Context, in *IDInput) (*one[RMADetail], error) {
	r, err := h.store.GetRMA(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return h.rmaDetail(ctx, r)
}

func (h rmaHandlers) requestRMA(ctx context.Context, _ *struct{}, r RMARequest) (*one[RMADetail], error) {
	rma, err := h.store.RequestRMA(ctx, models.NewRMA{AccountID: account(ctx, r.AccountID), Serial: r.Serial, RoomID: r.RoomID, ModelCode: r.Model, Quantity: r.Quantity,
		SiteID: r.SiteID, Fault: r.Fault, SerialProof: r.SerialProof, SpareUnitID: r.SpareUnitID, DefectConfirmed: r.DefectConfirmed, Once: onceName(ctx)})
	if err != nil {
		return nil, err
	}
	return h.rmaDetail(ctx, rma)
}
