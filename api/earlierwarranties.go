package api

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// WarrantyClaimRequest claims an extended warranty from before.
type WarrantyClaimRequest struct {
	AccountID   string `json:"account_id,omitempty" doc:"Operators: who claims; a customer's token has its own"`
	Serial      string `json:"serial" doc:"As it stands on the device; spaces, dashes and case do not matter"`
	SKU         string `json:"sku,omitempty" doc:"What was bought: code of the service, as on the invoice"`
	PONumber    string `json:"po_number,omitempty" doc:"Number of the purchase order; this or sku is required"`
	PurchasedOn string `json:"purchased_on,omitempty" format:"date"`
	Reason      string `json:"reason,omitempty" doc:"Operators: required; goes into the audit"`
}

// WarrantyView is an extended warranty from before this service.
type WarrantyView struct {
	ID          string                  `json:"id"`
	Source      models.WarrantySource   `json:"source" enum:"IMPORT,CLAIM"`
	State       models.WarrantyState    `json:"state" enum:"UNMATCHED,LINKED,REFUSED"`
	Why         models.WarrantyMismatch `json:"why,omitempty" enum:"NO_ACCOUNT,SEVERAL_ACCOUNTS,SERIAL_ELSEWHERE,THE_SAME_IS_THERE" doc:"Of an imported one: why it matched nothing"`
	AccountID   string                  `json:"account_id,omitempty"`
	Serial      string                  `json:"serial"`
	StartsOn    string                  `json:"starts_on,omitempty" format:"date"`
	LastDay     string                  `json:"last_day,omitempty" format:"date" doc:"Last covered day (C2)"`
	SKU         string                  `json:"sku,omitempty"`
	PONumber    string                  `json:"po_number,omitempty"`
	PurchasedOn string                  `json:"purchased_on,omitempty" format:"date"`
	Company     string                  `json:"company,omitempty" doc:"Until it is decided"`
	Address     *rules.Address          `json:"address,omitempty" doc:"Until it is decided"`
	CreatedAt   time.Time               `json:"created_at"`
	DecidedAt   *time.Time              `json:"decided_at,omitempty"`
}

func warrantyView(w models.EarlierWarranty) WarrantyView {
	return WarrantyView{w.ID, w.Source, w.State, w.Why, text(w.AccountID), w.Serial, w.StartsOn, w.LastDay(), w.SKU, w.PONumber, w.PurchasedOn, w.Company, w.Address, w.CreatedAt, w.DecidedAt}
}

func (h warrantyHandlers) claimWarranty(ctx context.Context, _ *struct{}, r WarrantyClaimRequest) (*one[WarrantyView], error) {
	w, err := h.store.ClaimWarranty(ctx, models.WarrantyClaim{AccountID: account(ctx, r.AccountID), Form: rules.WarrantyClaimForm{Serial: r.Serial, SKU: r.SKU, PONumber: r.PONumber, PurchasedOn: r.PurchasedOn}, Reason: r.Reason})
	return single(w, err, warrantyView)
}

type listWarrantiesInput struct {
	ListInput
	AccountID string `query:"account_id" maxLength:"64" doc:"Only those of this account"`
	State     string `query:"state" enum:"UNMATCHED,LINKED,REFUSED" doc:"Only those in this state"`
	Source    string `query:"source" enum:"IMPORT,CLAIM" doc:"Only those that came so"`
	Serial    string `query:"serial" maxLength:"100" doc:"Only those of this serial number"`
}

func (h warrantyHandlers) listWarranties(ctx context.Context, in *listWarrantiesInput) (*pageOf[WarrantyView], error) {
	rows, next, err := h.store.ListWarranties(ctx, models.WarrantyFilter{AccountID: in.AccountID, State: models.WarrantyState(in.State), Source: models.WarrantySource(in.Source),
		Serial: in.Serial, Page: in.page()})
	return listed(rows, next, err, warrantyView)
}
