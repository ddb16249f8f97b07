package api

import (
	"context"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
)

func (s *service) orderActionRoutes() {
	mount(s, route{ID: "amend-order", Method: put, Path: "/v1/orders/{id}", Tag: "Orders", Summary: "Amend an order in review",
		Description: "Replaces the whole order and checks it anew; it may leave the review. The purchase order number cannot change.",
		Scope:       OrdersWrite, Capability: rules.SubmitOrders, Body: rules.OrderForm{}, Errors: []int{404, 409, 412, 428}}, s.amendOrder)
	mount(s, route{ID: "decide-order", Method: post, Path: "/v1/orders/{id}/decision", Tag: "Orders", Summary: "Accept or reject an order in review",
		Scope: Operator, Capability: rules.ReviewOrders, OperatorOnly: true, Body: DecisionRequest{}, Idempotent: true, Errors: []int{404}}, s.decideOrder)
	mount(s, route{ID: "cancel-order", Method: post, Path: "/v1/orders/{id}/cancellation", Tag: "Orders", Summary: "Cancel an order within its window",
		Description: "Whole, or by quantity: available licences go first, assigned ones only when named (S12). Licences are revoked at once; the rest follows by itself.",
		Scope:       OrdersWrite, Capability: rules.CancelOrder, Body: CancellationRequest{}, Idempotent: true, Errors: []int{404}}, s.cancelOrder)
	mount(s, route{ID: "terminate-order", Method: post, Path: "/v1/orders/{id}/termination", Tag: "Orders", Summary: "End an order after its window, as goodwill",
		Description: "Without refund or proration (S13).",
		Scope:       Operator, Capability: rules.CancelOrder, OperatorOnly: true, Body: ReasonRequest{}, Idempotent: true, Errors: []int{404}}, s.terminateOrder)
}

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

func (s *service) amendOrder(ctx context.Context, in *IfMatchInput) (*submitOutput, error) {
	o, err := s.store.GetOrder(ctx, in.ID)
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
	form, err := s.orderForm(ctx)
	if err != nil {
		return nil, err
	}
	if o, err = s.store.AmendOrder(ctx, in.ID, form, o.Version); err != nil {
		return nil, err
	}
	return &submitOutput{Status: 200, Location: "/v1/orders/" + o.ID, ETag: etag(o.Version), Body: answerFor(o, o.Warnings())}, nil
}

func (s *service) decideOrder(ctx context.Context, in *IDInput) (*orderOutput, error) {
	d, err := decode[DecisionRequest](ctx)
	if err != nil {
		return nil, err
	}
	if d.Accept == nil { // left out is no decision, least of all a rejection
		return nil, wrong("/accept", rules.Required, "It is not said whether the order is accepted.", "Send accept, true or false.")
	}
	o, err := s.store.DecideOrder(ctx, in.ID, models.Decision{Accept: *d.Accept, Reason: d.Reason, AccountID: d.AccountID})
	if err != nil {
		return nil, err
	}
	return s.detail(ctx, o)
}

func (s *service) cancelOrder(ctx context.Context, in *IDInput) (*one[CancellationAnswer], error) {
	c, err := decode[CancellationRequest](ctx)
	if err != nil {
		return nil, err
	}
	r := models.CancelRequest{LicenceIDs: c.LicenceIDs, Reason: c.Reason, Once: onceName(ctx)}
	switch {
	case c.Quantity == nil && len(c.LicenceIDs) > 0:
		return nil, wrong("/quantity", rules.Required, "Licences are named, but not how many are to be cancelled.", "Send the quantity too.")
	case c.Quantity != nil && *c.Quantity < 1:
		return nil, wrong("/quantity", rules.QuantityTooSmall, "The quantity must be at least 1.", "Send how many licences to cancel, or leave it out for the whole order.")
	case c.Quantity != nil:
		r.Quantity = *c.Quantity
	}
	o, done, err := s.store.CancelOrder(ctx, in.ID, r)
	return cancelled(ctx, o, done, err)
}

func (s *service) terminateOrder(ctx context.Context, in *IDInput) (*one[CancellationAnswer], error) {
	r, err := decode[ReasonRequest](ctx)
	if err != nil {
		return nil, err
	}
	o, done, err := s.store.TerminateOrder(ctx, in.ID, r.Reason)
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
