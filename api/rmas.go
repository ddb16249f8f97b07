package api

import (
	"context"
	"net/http"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) rmaRoutes() {
	read := route{Method: get, Tag: "RMAs", Scope: RMAsRead, Capability: rules.ViewAccount, NoSellers: true}
	write := route{Method: post, Tag: "RMAs", Scope: RMAsWrite, Capability: rules.RequestRMA, NoSellers: true, Idempotent: true}
	mount(s, read.at("list-rmas", "/v1/rmas", "List replacements, newest first"), s.listRMAs)
	mount(s, read.at("get-rma", "/v1/rmas/{id}", "Read a replacement with its timeline and promise", 404), s.getRMA)
	create := write.at("request-rma", "/v1/rmas", "Request a replacement", 404, 409)
	create.Body, create.Status = RMARequest{}, http.StatusCreated
	create.Description = "Of a device by its serial, or of an accessory by room, model and quantity (R74). Every reason against it is named at once, with the code of the first: the codes of coverage, `SERIAL_NOT_REGISTERED`, `RMA_OPEN`, `SITE_UNKNOWN`, `SERIAL_TOO_NEW`. Where the day of purchase is unknown it is taken and held for the proof. An agent who sends `defect_confirmed` approves it at once, unless it is held or to be reviewed."
	mount(s, create, s.requestRMA)
	act := write.at("act-on-rma", "/v1/rmas/{id}/{command}", "Do one of a replacement's commands", 404, 409)
	act.Body = RMACommandRequest{}
	act.Description = "What the caller may do now stands in the replacement's `commands`. Customers, partners and agents: `appeal` (once; with a reason), `withdraw` (before the pick-up), `use_spare` (a spare of the same model that is on site takes the room at once, R35d). Agents: `approve`, `reject` (code and reason), `allocate`, `backorder`, `ship`, `reship` and `wait` (with a reason), `receive`, `inspect`, `no_return`, `bill`, and `tell` for what a carrier's own message did not. A lead: `waive` (with a reason). A command that was done already changes nothing. An approval allocates by itself what a depot has free; `allocate` answers OUT_OF_STOCK where no depot has enough, and `backorder` is next."
	mount(s, act, s.actOnRMA)
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

func (s *service) listRMAs(ctx context.Context, in *listRMAsInput) (*pageOf[RMAView], error) {
	rmas, next, err := s.store.ListRMAs(ctx, models.RMAFilter{AccountID: in.AccountID, State: rules.RMAState(in.State), RoomID: in.RoomID, DeviceID: in.DeviceID, SiteID: in.SiteID,
		Serial: in.Serial, Open: in.Open, Late: in.Late, Page: in.page()})
	return listed(rmas, next, err, s.rmaView(ctx))
}

func (s *service) getRMA(ctx context.Context, in *IDInput) (*one[RMADetail], error) {
	r, err := s.store.GetRMA(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.rmaDetail(ctx, r)
}

func (s *service) requestRMA(ctx context.Context, _ *struct{}) (*one[RMADetail], error) {
	r, err := decode[RMARequest](ctx)
	if err != nil {
		return nil, err
	}
	rma, err := s.store.RequestRMA(ctx, models.NewRMA{AccountID: account(ctx, r.AccountID), Serial: r.Serial, RoomID: r.RoomID, ModelCode: r.Model, Quantity: r.Quantity,
		SiteID: r.SiteID, Fault: r.Fault, SerialProof: r.SerialProof, SpareUnitID: r.SpareUnitID, DefectConfirmed: r.DefectConfirmed, Once: onceName(ctx)})
	if err != nil {
		return nil, err
	}
	return s.rmaDetail(ctx, rma)
}
