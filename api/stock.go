package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) stockRoutes() {
	read := route{Method: get, Tag: "Stock", Scope: Operator, Capability: rules.WorkTasks, OperatorOnly: true}
	write := route{Method: post, Tag: "Stock", Scope: Operator, Capability: rules.ManageStock, OperatorOnly: true, Body: StockRequest{}, Status: http.StatusCreated, Idempotent: true}
	mount(s, read.at("list-stock", "/v1/stock", "List what depots have, by depot and model"), s.listStock)
	mount(s, read.at("list-stock-entries", "/v1/stock/entries", "List the ledger of stock, newest first"), s.listStockEntries)
	receipt := write.at("receive-stock", "/v1/stock/receipts", "Enter units that came to a depot", 404, 409)
	receipt.Description = "`reference` names the delivery note: the same one again makes no second entry."
	mount(s, receipt, s.receiveStock)
	adjustment := write.at("adjust-stock", "/v1/stock/adjustments", "Correct a level after a count", 404, 409)
	adjustment.Description = "Adds the quantity, which may be negative, for a reason. What is reserved cannot be counted away."
	mount(s, adjustment, s.adjustStock)
	mount(s, read.at("list-depots", "/v1/depots", "List the depots"), s.listDepots)
	depot := write.at("put-depot", "/v1/depots", "Add a depot, or change the one of this code")
	depot.Method, depot.Body, depot.Status, depot.Idempotent = put, DepotRequest{}, http.StatusOK, false
	mount(s, depot, s.putDepot)
}

// StockRequest is a receipt or an adjustment.
type StockRequest struct {
	DepotID   string `json:"depot_id"`
	Model     string `json:"model" doc:"Code of the model"`
	Quantity  int    `json:"quantity" doc:"Units; an adjustment's may be negative"`
	Reference string `json:"reference,omitempty" doc:"Delivery note or count; the same one makes one entry. Missing: the Idempotency-Key does that"`
	Reason    string `json:"reason,omitempty" doc:"Adjustments: required; goes into the audit"`
}

// StockLevelView is what a depot has of a model.
type StockLevelView struct {
	DepotID  string `json:"depot_id"`
	Model    string `json:"model"`
	OnHand   int    `json:"on_hand"`
	Reserved int    `json:"reserved" doc:"Promised, and not shipped yet"`
	Free     int    `json:"free" doc:"What may still be promised"`
}

func stockLevelView(l models.StockLevel) StockLevelView {
	return StockLevelView{l.DepotID, l.ModelCode, l.OnHand, l.Reserved, l.Level().Free()}
}

// StockEntryView is one line of the ledger.
type StockEntryView struct {
	ID        string          `json:"id"`
	DepotID   string          `json:"depot_id"`
	Model     string          `json:"model"`
	Kind      rules.StockKind `json:"kind" enum:"RECEIPT,RESERVATION,RELEASE,SHIPMENT,ADJUSTMENT"`
	Quantity  int             `json:"quantity"`
	SubjectID string          `json:"subject_id,omitempty" doc:"The RMA or spare unit that it is for"`
	Closes    string          `json:"closes,omitempty" doc:"The reservation that this released or shipped"`
	Reason    string          `json:"reason,omitempty"`
	EnteredBy string          `json:"entered_by"`
	CreatedAt time.Time       `json:"created_at"`
}

func stockEntryView(e models.StockEntry) StockEntryView {
	return StockEntryView{e.ID, e.DepotID, e.ModelCode, e.Kind, e.Quantity, e.SubjectID, text(e.ClosesID), e.Reason, e.EnteredBy, e.CreatedAt}
}

type listStockInput struct {
	DepotID string `query:"depot_id" maxLength:"64" doc:"Only this depot"`
	Model   string `query:"model" maxLength:"64" doc:"Only this model"`
}

func (s *service) listStock(ctx context.Context, in *listStockInput) (*pageOf[StockLevelView], error) {
	levels, err := s.store.StockLevels(ctx, models.StockFilter{DepotID: in.DepotID, ModelCode: in.Model})
	return listed(levels, "", err, stockLevelView)
}

type listStockEntriesInput struct {
	ListInput
	DepotID   string `query:"depot_id" maxLength:"64" doc:"Only this depot"`
	Model     string `query:"model" maxLength:"64" doc:"Only this model"`
	SubjectID string `query:"subject_id" maxLength:"64" doc:"Only entries for this RMA or spare unit"`
	Kind      string `query:"kind" enum:"RECEIPT,RESERVATION,RELEASE,SHIPMENT,ADJUSTMENT" doc:"Only entries of this kind"`
}

func (s *service) listStockEntries(ctx context.Context, in *listStockEntriesInput) (*pageOf[StockEntryView], error) {
	entries, next, err := s.store.StockEntries(ctx, models.StockFilter{DepotID: in.DepotID, ModelCode: in.Model, SubjectID: in.SubjectID, Kind: rules.StockKind(in.Kind), Page: in.page()})
	return listed(entries, next, err, stockEntryView)
}

func (s *service) receiveStock(ctx context.Context, _ *struct{}) (*one[StockEntryView], error) {
	m, err := stockMove(ctx, "receipt")
	if err != nil {
		return nil, err
	}
	e, err := s.store.ReceiveStock(ctx, m)
	return single(e, err, stockEntryView)
}

func (s *service) adjustStock(ctx context.Context, _ *struct{}) (*one[StockEntryView], error) {
	m, err := stockMove(ctx, "adjustment")
	if err != nil {
		return nil, err
	}
	e, err := s.store.AdjustStock(ctx, m)
	return single(e, err, stockEntryView)
}

// stockMove reads a request. Its cause is the reference at the depot, or else the
// request's own name, so that a request whose answer was lost makes no second entry.
func stockMove(ctx context.Context, kind string) (models.StockMove, error) {
	r, err := decode[StockRequest](ctx)
	if err != nil {
		return models.StockMove{}, err
	}
	if fields := rules.CheckLine("/reference", r.Reference, 100); len(fields) > 0 {
		return models.StockMove{}, rules.Invalid(fields)
	}
	cause := kind + "/" + r.DepotID + "/" + rules.NormaliseModelCode(r.Model) + "/" + r.Reference
	switch name := onceName(ctx); {
	case r.Reference != "":
	case name != "":
		cause = kind + "/" + name
	default:
		cause = kind + "/" + rand.Text()
	}
	return models.StockMove{DepotID: r.DepotID, ModelCode: r.Model, Quantity: r.Quantity, Cause: cause, Reason: r.Reason}, nil
}

// DepotRequest is a depot.
type DepotRequest struct {
	Code       string `json:"code" doc:"Short name; decides which depot it is"`
	Name       string `json:"name"`
	Street     string `json:"street"`
	City       string `json:"city"`
	Region     string `json:"region,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"country" doc:"ISO 3166, two letters"`
	TimeZone   string `json:"time_zone,omitempty" doc:"IANA name; missing: that of the country"`
}

// DepotView is a depot.
type DepotView struct {
	ID string `json:"id"`
	DepotRequest
}

func depotView(d models.Depot) DepotView {
	return DepotView{d.ID, DepotRequest{d.Code, d.Name, d.Street, d.City, d.Region, d.PostalCode, d.Country, d.TimeZone}}
}

func (s *service) listDepots(ctx context.Context, _ *struct{}) (*pageOf[DepotView], error) {
	depots, err := s.store.ListDepots(ctx)
	return listed(depots, "", err, depotView)
}

func (s *service) putDepot(ctx context.Context, _ *struct{}) (*one[DepotView], error) {
	r, err := decode[DepotRequest](ctx)
	if err != nil {
		return nil, err
	}
	d, err := s.store.PutDepot(ctx, rules.DepotForm(r))
	return single(d, err, depotView)
}
