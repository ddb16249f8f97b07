package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/shipping"
)

// stockHandlers answer what is asked about depots and their stock.
type stockHandlers struct{ logistics *logistics.Logistics }

func (h stockHandlers) routes(api huma.API) {
	read := route{
		Tag:          "Stock",
		Scope:        Operator,
		Capability:   rules.WorkTasks,
		OperatorOnly: true,
	}

	write := route{
		Tag:          "Stock",
		Scope:        Operator,
		Capability:   rules.ManageStock,
		OperatorOnly: true,
	}

	mount(api, read.get("list-stock", "/v1/stock", "List what depots have, by depot and model"),
		h.listStock)
	mount(api, read.get("list-stock-entries", "/v1/stock/entries",
		"List the ledger of stock, newest first"), h.listStockEntries)
	mountJSON(api, write.post("receive-stock", "/v1/stock/receipts",
		"Enter units that came to a depot").
		answers(http.StatusCreated).idempotent().refuses(404, 409), h.receiveStock)
	mountJSON(api, write.post("adjust-stock", "/v1/stock/adjustments",
		"Correct a level after a count").
		answers(http.StatusCreated).idempotent().refuses(404, 409), h.adjustStock)
	mount(api, read.get("list-depots", "/v1/depots", "List the depots"), h.listDepots)
	mountJSON(api, write.put("put-depot", "/v1/depots",
		"Add a depot, or change the one of this code").
		answers(200), h.putDepot)
}

// StockRequest is a receipt or an adjustment.
type StockRequest struct {
	DepotID   string `json:"depot_id" doc:"Id of the depot, such as dpt_01kb…"`
	Model     string `json:"model" doc:"Code of the model"`
	Quantity  int    `json:"quantity" doc:"How many units; an adjustment's may be negative"`
	Reference string `json:"reference,omitempty" doc:"Delivery note or count; the same one makes one entry. Missing: the Idempotency-Key does that"`
	Reason    string `json:"reason,omitempty" doc:"Adjustments: required; goes into the audit"`
}

// StockLevelView is what a depot has of a model.
type StockLevelView struct {
	DepotID  string `json:"depot_id" doc:"Id of the depot"`
	Model    string `json:"model" doc:"Code of the model"`
	OnHand   int    `json:"on_hand" doc:"Units that lie in the depot, reserved ones included"`
	Reserved int    `json:"reserved" doc:"Units that are promised and not shipped yet"`
	Free     int    `json:"free" doc:"Units that may still be promised"`
}

func stockLevelView(l logistics.StockLevel) StockLevelView {
	return StockLevelView{
		DepotID:  l.DepotID,
		Model:    l.ModelCode,
		OnHand:   l.OnHand,
		Reserved: l.Reserved,
		Free:     l.Level().Free(),
	}
}

// StockEntryView is one line of the ledger.
type StockEntryView struct {
	ID        string             `json:"id" doc:"Id of the entry, such as stk_01kb…"`
	DepotID   string             `json:"depot_id" doc:"Id of the depot"`
	Model     string             `json:"model" doc:"Code of the model"`
	Kind      shipping.StockKind `json:"kind" enum:"RECEIPT,RESERVATION,RELEASE,SHIPMENT,ADJUSTMENT" doc:"Why the stock changed"`
	Quantity  int                `json:"quantity" doc:"By how many units; negative: fewer"`
	SubjectID string             `json:"subject_id,omitempty" doc:"Id of the replacement or spare unit that it is for"`
	Closes    string             `json:"closes,omitempty" doc:"Id of the reservation that this released or shipped"`
	Reason    string             `json:"reason,omitempty" doc:"Why, in the words of who entered it"`
	EnteredBy string             `json:"entered_by" doc:"Who entered it: a person, a token or the service"`
	CreatedAt time.Time          `json:"created_at" doc:"When it was recorded; an instant in UTC"`
}

func stockEntryView(e logistics.StockEntry) StockEntryView {
	return StockEntryView{
		ID:        e.ID,
		DepotID:   e.DepotID,
		Model:     e.ModelCode,
		Kind:      e.Kind,
		Quantity:  e.Quantity,
		SubjectID: e.SubjectID,
		Closes:    text(e.ClosesID),
		Reason:    e.Reason,
		EnteredBy: e.EnteredBy,
		CreatedAt: e.CreatedAt,
	}
}

// StockEntered is an entry with who waits for units of its model.
type StockEntered struct {
	StockEntryView
	Waiting []StockWaitingView `json:"waiting" nullable:"false" doc:"Who waits for a unit of this model, the earliest promised day first, at most 20; nothing is allocated by a receipt"`
}

// StockWaitingView is a replacement or a spare unit that waits for stock.
type StockWaitingView struct {
	ID         string `json:"id" doc:"Id of the replacement or the spare unit"`
	Number     string `json:"number" doc:"For people, such as RMA-7F3K2"`
	Quantity   int    `json:"quantity" doc:"How many units it needs"`
	Country    string `json:"country" doc:"Country that it goes to: ISO 3166, two letters"`
	PromisedOn string `json:"promised_on,omitempty" format:"date" doc:"The promised day, YYYY-MM-DD at the site; missing: none is"`
	Spare      bool   `json:"spare" doc:"Whether it is a spare unit, which is shipped without being allocated"`
}

func stockWaitingView(w logistics.StockWaiting) StockWaitingView {
	return StockWaitingView{
		ID:         w.SubjectID,
		Number:     cmp.Or(w.Number, w.SubjectID),
		Quantity:   w.Quantity,
		Country:    w.Country,
		PromisedOn: w.PromisedOn(),
		Spare:      w.Spare,
	}
}

// entered answers with an entry, and with who waits for units of its model.
func (h stockHandlers) entered(
	ctx context.Context, e logistics.StockEntry, err error,
) (*one[StockEntered], error) {
	if err != nil {
		return nil, err
	}

	waiting, err := h.logistics.WaitingForStock(ctx, e.ModelCode)
	if err != nil { // the entry stands: a refusal would have it sent again
		logAfterCommit(ctx, "who waits for stock is not known", err)
	}
	return single(e, nil, func(e logistics.StockEntry) StockEntered {
		v := StockEntered{stockEntryView(e), []StockWaitingView{}}
		for _, w := range waiting {
			v.Waiting = append(v.Waiting, stockWaitingView(w))
		}
		return v
	})
}

type listStockInput struct {
	DepotID string `query:"depot_id" maxLength:"64" doc:"Only this depot"`
	Model   string `query:"model" maxLength:"64" doc:"Only this model"`
}

func (h stockHandlers) listStock(
	ctx context.Context, in *listStockInput,
) (*pageOf[StockLevelView], error) {
	levels, err := h.logistics.StockLevels(ctx, logistics.StockFilter{
		DepotID:   in.DepotID,
		ModelCode: in.Model,
	})
	return listed(levels, "", err, stockLevelView)
}

type listStockEntriesInput struct {
	ListInput
	DepotID   string `query:"depot_id" maxLength:"64" doc:"Only this depot"`
	Model     string `query:"model" maxLength:"64" doc:"Only this model"`
	SubjectID string `query:"subject_id" maxLength:"64" doc:"Only entries for this RMA or spare unit, by its id or its number"`
	Kind      string `query:"kind" enum:"RECEIPT,RESERVATION,RELEASE,SHIPMENT,ADJUSTMENT" doc:"Only entries of this kind"`
}

func (h stockHandlers) listStockEntries(
	ctx context.Context, in *listStockEntriesInput,
) (*pageOf[StockEntryView], error) {
	entries, next, err := h.logistics.StockEntries(ctx, logistics.StockFilter{
		DepotID:   in.DepotID,
		ModelCode: in.Model,
		SubjectID: in.SubjectID,
		Kind:      shipping.StockKind(in.Kind),
		Page:      in.page(),
	})
	return listed(entries, next, err, stockEntryView)
}

func (h stockHandlers) receiveStock(
	ctx context.Context, _ *struct{}, r StockRequest,
) (*one[StockEntered], error) {
	m, err := stockMove(ctx, "receipt", r)
	if err != nil {
		return nil, err
	}
	e, err := h.logistics.ReceiveStock(ctx, m)
	return h.entered(ctx, e, err)
}

func (h stockHandlers) adjustStock(
	ctx context.Context, _ *struct{}, r StockRequest,
) (*one[StockEntered], error) {
	m, err := stockMove(ctx, "adjustment", r)
	if err != nil {
		return nil, err
	}
	e, err := h.logistics.AdjustStock(ctx, m)
	return h.entered(ctx, e, err)
}

// stockMove reads a request. Its cause is the reference at the depot, or else the
// request's own name, so that a request whose answer was lost makes no second entry.
func stockMove(ctx context.Context, kind string, r StockRequest) (logistics.StockMove, error) {
	if fields := rules.CheckLine("/reference", r.Reference, 100); len(fields) > 0 {
		return logistics.StockMove{}, rules.Invalid(fields)
	}

	cause := kind + "/" + r.DepotID + "/" + catalogue.NormaliseModelCode(r.Model) + "/" +
		r.Reference
	switch name := onceName(ctx); {
	case r.Reference != "":
	case name != "":
		cause = kind + "/" + name
	default:
		cause = kind + "/" + rand.Text()
	}

	return logistics.StockMove{
		DepotID:   r.DepotID,
		ModelCode: r.Model,
		Quantity:  r.Quantity,
		Cause:     cause,
		Reason:    r.Reason,
	}, nil
}

// DepotRequest is a depot.
type DepotRequest struct {
	Code       string `json:"code" doc:"Short name, such as GRU-1; decides which depot it is"`
	Name       string `json:"name" doc:"Name of the depot, as it stands on labels"`
	Street     string `json:"street" doc:"Street and number"`
	City       string `json:"city" doc:"Name of the city"`
	Region     string `json:"region,omitempty" doc:"Region in ISO 3166-2, with or without the country, such as SP"`
	PostalCode string `json:"postal_code,omitempty" doc:"Postal code, as it is written there"`
	Country    string `json:"country" doc:"ISO 3166, two letters"`
	TimeZone   string `json:"time_zone,omitempty" doc:"IANA name, such as America/Sao_Paulo; missing: that of the country"`
}

// DepotView is a depot.
type DepotView struct {
	ID string `json:"id" doc:"Id of the depot, such as dpt_01kb…"`
	DepotRequest
}

func depotView(d logistics.Depot) DepotView {
	return DepotView{d.ID, DepotRequest{
		Code:       d.Code,
		Name:       d.Name,
		Street:     d.Street,
		City:       d.City,
		Region:     d.Region,
		PostalCode: d.PostalCode,
		Country:    d.Country,
		TimeZone:   d.TimeZone,
	}}
}

func (h stockHandlers) listDepots(ctx context.Context, _ *struct{}) (*pageOf[DepotView], error) {
	depots, err := h.logistics.ListDepots(ctx)
	return listed(depots, "", err, depotView)
}

func (h stockHandlers) putDepot(
	ctx context.Context, _ *struct{}, r DepotRequest,
) (*one[DepotView], error) {
	d, err := h.logistics.PutDepot(ctx, shipping.DepotForm(r))
	return single(d, err, depotView)
}
