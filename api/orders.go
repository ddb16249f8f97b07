package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/strictjson"
)

func (s *service) orderRoutes() {
	mount(s, route{ID: "submit-order", Method: post, Path: "/v1/orders", Tag: "Orders", Summary: "Submit an order",
		Description: "The purchase order number is the key: the same order again answers 200 with the stored one, another body under the same number 409 with the differing fields (S14). " +
			"Everything wrong is told at once. An order that a person must look at first is NEEDS_REVIEW, with the reasons.",
		Scope: OrdersWrite, Capability: rules.SubmitOrders, Body: rules.OrderForm{}, Status: http.StatusCreated, Errors: []int{409}, Intake: true}, s.submitOrder)
	mount(s, route{ID: "list-orders", Method: get, Path: "/v1/orders", Tag: "Orders", Summary: "List orders, newest first",
		Scope: OrdersRead, Capability: rules.ViewAccount}, s.listOrders)
	mount(s, route{ID: "get-order", Method: get, Path: "/v1/orders/{id}", Tag: "Orders", Summary: "Read an order with contracts, cancellations and timeline",
		Scope: OrdersRead, Capability: rules.ViewAccount, Errors: []int{404}}, s.getOrder)
}

// ForInput lets an operator act for a seller, with a reason (RULES 4).
type ForInput struct {
	For    string `query:"on_behalf_of" maxLength:"64" doc:"Operators: id of the reseller or distributor whose order this is"`
	Reason string `query:"reason" maxLength:"500" doc:"Operators: why; it goes into the audit"`
}

// sender is the organisation whose order it is, and the context to act in.
func (s *service) sender(ctx context.Context, in ForInput) (context.Context, models.Org, error) {
	t := callOf(ctx).token
	if !t.Role.IsOperator() {
		if in.For != "" || in.Reason != "" {
			return ctx, models.Org{}, invalidParameter("/query/on_behalf_of", "Only operators act for another organisation.")
		}
		return ctx, t.Org, nil
	}
	if in.For == "" || strings.TrimSpace(in.Reason) == "" {
		return ctx, models.Org{}, invalidParameter("/query/on_behalf_of", "An operator names the seller in on_behalf_of and says why in reason.")
	}
	org, err := s.store.GetOrg(ctx, in.For)
	if err != nil {
		return ctx, org, err
	}
	if org.Kind != models.OrgReseller && org.Kind != models.OrgDistributor {
		return ctx, org, invalidParameter("/query/on_behalf_of", "This organisation does not sell.")
	}
	scope, _ := models.ScopeFrom(ctx)
	scope.Actor.OnBehalfOf = org.ID
	return models.WithScope(ctx, scope), org, nil
}

func invalidParameter(pointer, message string) error {
	e := rules.Refuse(codeParameter, "A parameter of the request is not correct.", "Correct every parameter listed and send the request again.")
	e.Fields = []rules.FieldError{{Pointer: pointer, Code: codeParameter, Message: message, Remedy: "See the reference."}}
	return e
}

// OrderAnswer is the answer to a submitted order.
type OrderAnswer struct {
	ID            string             `json:"id"`
	State         rules.OrderState   `json:"state"`
	PONumber      string             `json:"po_number"`
	VendorOrderNo string             `json:"vendor_order_no,omitempty" doc:"Missing until the order is accepted"`
	Warnings      []rules.FieldError `json:"warnings" nullable:"false" doc:"What is doubtful but accepted"`
	ReviewReasons []string           `json:"review_reasons" nullable:"false"`
	Version       int64              `json:"version"`
}

type submitOutput struct {
	Status   int
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     OrderAnswer
}

func answerFor(o models.Order, warnings []rules.FieldError) OrderAnswer {
	return OrderAnswer{ID: o.ID, State: o.State, PONumber: o.PONumber, VendorOrderNo: text(o.VendorOrderNo), Warnings: append([]rules.FieldError{}, warnings...),
		ReviewReasons: codesOrNone(o.ReviewReasons), Version: o.Version}
}

func (s *service) submitOrder(ctx context.Context, in *struct{ ForInput }) (*submitOutput, error) {
	ctx, sender, err := s.sender(ctx, in.ForInput)
	if err != nil {
		return nil, err
	}
	form, err := s.orderForm(ctx)
	var out models.Accepted
	if err == nil {
		out, err = s.store.AcceptOrder(ctx, models.Intake{Sender: sender, Form: form, Reason: in.Reason})
	}
	if err != nil {
		return nil, s.recordRefusal(ctx, sender.ID, err)
	}
	status := http.StatusOK
	if out.Created {
		status = http.StatusCreated
	}
	return &submitOutput{Status: status, Location: "/v1/orders/" + out.Order.ID, ETag: etag(out.Order.Version), Body: answerFor(out.Order, out.Warnings)}, nil
}

// orderForm decodes the body. When its structure is wrong, what the rules say
// about the rest is told along with it.
func (s *service) orderForm(ctx context.Context) (rules.OrderForm, error) {
	form, fields := decodeInto[rules.OrderForm](ctx)
	if len(fields) == 0 {
		return form, nil
	}
	ref, err := s.store.Reference(ctx)
	if err != nil {
		return form, err
	}
	semantic := fieldsOf(form.Validate(ref.Catalogue, civil.DateOf(s.store.Clock().Now())))
	if fields[len(fields)-1].Code != strictjson.Malformed {
		fields = strictjson.Merge(fields, semantic)
	}
	return form, structural(fields)
}

func etag(version int64) string { return fmt.Sprintf(`"%d"`, version) }

type listOrdersInput struct {
	ListInput
	State     string `query:"state" enum:"RECEIVED,NEEDS_REVIEW,ACCEPTED,REJECTED,PROVISIONING,FULFILLED,PARTIALLY_CANCELLED,CANCELLED" doc:"Only orders in this state"`
	PONumber  string `query:"po_number" maxLength:"64" doc:"Only orders of this number"`
	AccountID string `query:"account_id" maxLength:"64" doc:"Operators: only orders of this account"`
}

func (s *service) listOrders(ctx context.Context, in *listOrdersInput) (*pageOf[OrderSummary], error) {
	operator := callOf(ctx).token.Role.IsOperator()
	filter := models.OrderFilter{State: rules.OrderState(in.State), PONumber: in.PONumber, Page: in.page()}
	if in.AccountID != "" && !operator { // left out in silence it would look like a list of that account
		return nil, invalidParameter("/query/account_id", "Only operators list orders by account.")
	}
	filter.AccountID = in.AccountID
	orders, next, err := s.store.ListOrders(ctx, filter)
	return listed(orders, next, err, func(o models.Order) OrderSummary { return summarise(o, operator) })
}

type orderOutput struct {
	ETag string `header:"ETag"`
	Body OrderDetail
}

func (s *service) getOrder(ctx context.Context, in *IDInput) (*orderOutput, error) {
	o, err := s.store.GetOrder(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.detail(ctx, o)
}

// detail reads what became of an order that the caller may see. Its contracts
// and events are the account's, so they are read beyond the seller's fence and
// narrowed by the views.
func (s *service) detail(ctx context.Context, o models.Order) (*orderOutput, error) {
	t := callOf(ctx).token
	operator := t.Role.IsOperator()
	all := models.WithSystem(ctx)
	contracts, err1 := s.store.ContractsOfOrder(all, o.ID)
	cancellations, err2 := s.store.ListCancellations(all, o.ID)
	about := []string{o.ID}
	for _, c := range contracts {
		about = append(about, c.ID)
	}
	for _, c := range cancellations {
		about = append(about, c.ID)
	}
	invitations, _, err3 := s.store.ListInvitations(all, "", o.ID, models.Page{Limit: 200})
	for _, i := range invitations {
		about = append(about, i.ID)
	}
	events, err4 := s.store.Timeline(all, about...)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	d := OrderDetail{OrderSummary: summarise(o, operator), Timeline: timeline(events, operator), Contracts: viewed(contracts, orderContract),
		Cancellations: viewed(cancellations, func(c models.OrderCancellation) CancellationView { return cancellationView(c, operator) })}
	if operator || o.SubmittedBy == t.OrgID {
		d.Submitted = &o.Payload
	}
	return &orderOutput{ETag: etag(o.Version), Body: d}, nil
}
