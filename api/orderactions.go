package api

import (
	"context"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

// DecisionRequest decides on an order in review.
type DecisionRequest struct {
	Accept    *bool  `json:"accept" nullable:"false" doc:"Required: true accepts, false rejects"`
	Reason    string `json:"reason" doc:"Required; goes into the audit, and to the reseller when rejected"`
	AccountID string `json:"account_id,omitempty" doc:"When the order matches several accounts: which it is (R107)"`
}

// CancellationRequest cancels an order, whole without a quantity.
type CancellationRequest struct {
	Reason     string   `json:"reason" doc:"Required"`
	Quantity   *int     `json:"quantity,omitempty" minimum:"1" doc:"How many licences; missing for the whole order"`
	LicenceIDs []string `json:"licence_ids,omitempty" nullable:"false" doc:"Assigned licences to take"`
}

// ReasonRequest says why.
type ReasonRequest struct {
	Reason string `json:"reason" doc:"Required; goes into the audit"`
}

// CancellationAnswer is the order and its cancellation.
type CancellationAnswer struct {
	Order        OrderSummary     `json:"order"`
	Cancellation CancellationView `json:"cancellation"`
}

// IfMatchInput names an object and the version that a change is based on.
type IfMatchInput struct {
	IDInput
	IfMatch string `header:"If-Match" doc:"Required: the ETag of what you read"`
}

// matches holds If-Match against the version that is stored.
func (in IfMatchInput) matches(version int64) error {
	switch in.IfMatch {
	case "":
		return rules.Refuse(codeVersionMissing, "The change must say which version it is based on.", "Read the object and send its ETag as If-Match.")
	case etag(version):
		return nil
	}
	return rules.Refuse(codeVersionMismatch, "The object was changed since you read it.", "Read it again and repeat the change.")
}

func (h orderHandlers) amendOrder(
	ctx context.Context, in *IfMatchInput, body rawBody,
) (*submitOutput, error) {
	o, err := h.store.GetOrder(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	t := callOf(ctx).token
	if !t.Role.IsOperator() && o.SubmittedBy != t.OrgID {
		return nil, rules.Refuse(rules.Forbidden, "Only who sent the order may amend it.", "Ask the organisation that sent it.")
	}
	if err := in.matches(o.Version); err != nil {
		return nil, err
	}
	form, err := h.orderForm(ctx, body)
	if err != nil {
		return nil, err
	}
	if o, err = h.store.AmendOrder(ctx, in.ID, form, o.Version); err != nil {
		return nil, err
	}
	return &submitOutput{Status: 200, Location: "/v1/orders/" + o.ID, ETag: etag(o.Version), Body: answerFor(o, o.Warnings())}, nil
}

func (h orderHandlers) decideOrder(ctx context.Context, in *IDInput, d DecisionRequest) (*orderOutput, error) {
	if d.Accept == nil { // left out is no decision, least of all a rejection
		return nil, wrong("/accept", rules.Required, "It is not said whether the order is accepted.", "Send accept, true or false.")
	}
	o, err := h.store.DecideOrder(ctx, in.ID, models.Decision{Accept: *d.Accept, Reason: d.Reason, AccountID: d.AccountID})
	if err != nil {
		return nil, err
	}
	return h.detail(ctx, o)
}

func (h orderHandlers) cancelOrder(ctx context.Context, in *IDInput, c CancellationRequest) (*one[CancellationAnswer], error) {
	r := models.CancelRequest{LicenceIDs: c.LicenceIDs, Reason: c.Reason, Once: onceName(ctx)}
	switch {
	case c.Quantity == nil && len(c.LicenceIDs) > 0:
		return nil, wrong("/quantity", rules.Required, "Licences are named, but not how many are to be cancelled.", "Send the quantity too.")
	case c.Quantity != nil && *c.Quantity < 1:
		return nil, wrong("/quantity", rules.QuantityTooSmall, "The quantity must be at least 1.", "Send how many licences to cancel, or leave it out for the whole order.")
	case c.Quantity != nil:
		r.Quantity = *c.Quantity
	}
	o, done, err := h.store.CancelOrder(ctx, in.ID, r)
	return cancelled(ctx, o, done, err)
}

func (h orderHandlers) terminateOrder(ctx context.Context, in *IDInput, r ReasonRequest) (*one[CancellationAnswer], error) {
	o, done, err := h.store.TerminateOrder(ctx, in.ID, r.Reason)
	return cancelled(ctx, o, done, err)
}

func cancelled(ctx context.Context, o models.Order, c models.OrderCancellation, err error) (*one[CancellationAnswer], error) {
	operator := callOf(ctx).token.Role.IsOperator()
	return single(c, err, func(c models.OrderCancellation) CancellationAnswer {
		return CancellationAnswer{summarise(o, operator), cancellationView(c, operator)}
	})
}

// wrong refuses a request for one field.
func wrong(pointer, code, message, remedy string) error {
	return rules.Invalid([]rules.FieldError{{Pointer: pointer, Code: code, Message: message, Remedy: remedy}})
}
