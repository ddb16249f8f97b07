package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"cloud.google.com/go/civil"
	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/strictjson"
)

// orderHandlers answer what is asked about orders.
type orderHandlers struct {
	db       *db.DB
	programs *program.Programs
	people   *identity.People
	orders   *order.Orders
	intake   intake
}

func (h orderHandlers) routes(api huma.API) {
	submit := route{Tag: "Orders", Scope: OrdersWrite, Capability: rules.SubmitOrders}
	read := route{Tag: "Orders", Scope: OrdersRead, Capability: rules.ViewAccount}
	review := route{
		Tag:          "Orders",
		Scope:        Operator,
		Capability:   rules.ReviewOrders,
		OperatorOnly: true,
	}

	cancel := route{Tag: "Orders", Scope: OrdersWrite, Capability: rules.CancelOrder}
	terminate := route{
		Tag:          "Orders",
		Scope:        Operator,
		Capability:   rules.CancelOrder,
		OperatorOnly: true,
	}

	mountRaw(api, submit.post("submit-order", "/v1/orders", "Submit an order").
		answers(http.StatusCreated).refuses(409).documents(ordering.OrderForm{}).takesOrders(),
		h.submitOrder)
	mount(api, read.get("list-orders", "/v1/orders", "List orders, newest first"), h.listOrders)
	mount(api, read.get("get-order", "/v1/orders/{id}",
		"Read an order with contracts, cancellations and timeline").
		refuses(404), h.getOrder)
	mountRaw(api, submit.put("amend-order", "/v1/orders/{id}", "Amend an order in review").
		refuses(404, 409, 412, 428).documents(ordering.OrderForm{}), h.amendOrder)
	mountJSON(api, review.post("decide-order", "/v1/orders/{id}/decision",
		"Accept or reject an order in review").
		idempotent().refuses(404, 409, 412, 428), h.decideOrder)
	mountJSON(api, review.post("reopen-order", "/v1/orders/{id}/reopening",
		"Take an order that was rejected by mistake back into review").
		idempotent().refuses(404, 409, 412, 428), h.reopenOrder)
	preview := cancel
	preview.Scope = OrdersRead
	mount(api, preview.get("preview-cancellation", "/v1/orders/{id}/cancellation",
		"Show what a cancellation would end").
		refuses(404, 409), h.previewCancellation)
	mountJSON(api, cancel.post("cancel-order", "/v1/orders/{id}/cancellation",
		"Cancel an order within its window").
		idempotent().refuses(404, 412), h.cancelOrder)

	mountJSON(api, terminate.post("terminate-order", "/v1/orders/{id}/termination",
		"End an order after its window, as goodwill").
		idempotent().refuses(404, 412), h.terminateOrder)
}

func invalidParameter(pointer, message string) error {
	e := rules.Refuse(codeParameter, "A parameter of the request is not correct.",
		"Correct every parameter listed and send the request again.")
	e.Fields = []rules.FieldError{{
		Pointer: pointer,
		Code:    codeParameter,
		Message: message,
		Remedy:  "See the reference.",
	}}

	return e
}

// OrderAnswer is the answer to a submitted order.
type OrderAnswer struct {
	ID            string             `json:"id" doc:"Id of the order, such as ord_01kb…; follow the order under it"`
	State         rules.OrderState   `json:"state" doc:"ACCEPTED, or NEEDS_REVIEW while a person decides"`
	PONumber      string             `json:"po_number" doc:"Your purchase order number, as it was sent"`
	VendorOrderNo string             `json:"vendor_order_no,omitempty" doc:"Our number of the order, such as SO-1RPCG; missing until it is accepted"`
	Warnings      []rules.FieldError `json:"warnings" nullable:"false" doc:"What is doubtful and accepted all the same"`
	ReviewReasons []string           `json:"review_reasons" nullable:"false" doc:"Why an operator looks at the order. To sellers OPERATOR_CHECKS_CUSTOMER stands for every reason that would tell of others: have the full names, the address and the customer's own contact right, and wait for the decision"`
	Version       int64              `json:"version" doc:"Version of the order, which is its ETag"`
}

type submitOutput struct {
	Status   int
	Location string `header:"Location" doc:"Path of the object"`
	ETag     string `header:"ETag" doc:"Version of the object, for If-Match"`
	Body     OrderAnswer
}

func answerFor(o order.Order, warnings []rules.FieldError, operator bool) OrderAnswer {
	return OrderAnswer{
		ID:            o.ID,
		State:         o.State,
		PONumber:      o.PONumber,
		VendorOrderNo: text(o.VendorOrderNo),
		Warnings:      append([]rules.FieldError{}, warnings...),
		ReviewReasons: reasonsFor(o, operator),
		Version:       o.Version,
	}
}

func (h orderHandlers) submitOrder(
	ctx context.Context, in *struct{ ForInput }, body rawBody,
) (*submitOutput, error) {
	ctx, sender, err := h.intake.sender(ctx, in.ForInput)
	if err != nil {
		return nil, err
	}

	form, err := h.orderForm(ctx, body)
	var out order.Accepted
	if err == nil {
		out, err = h.orders.AcceptOrder(ctx, order.Intake{
			Sender: sender,
			Form:   form,
			Reason: in.Reason,
		})
	}
	if err != nil {
		return nil, h.intake.recordRefusal(ctx, sender.ID, body, err)
	}

	status := http.StatusOK
	if out.Created {
		status = http.StatusCreated
	}

	return &submitOutput{
		Status:   status,
		Location: "/v1/orders/" + out.Order.ID,
		ETag:     etag(out.Order.Version),
		Body:     answerFor(out.Order, out.Warnings, callOf(ctx).token.Role.IsOperator()),
	}, nil
}

// orderForm decodes an order. When its structure is wrong, what the rules say about
// the rest is told along with it.
func (h orderHandlers) orderForm(ctx context.Context, raw rawBody) (ordering.OrderForm, error) {
	form, wrong := decode[ordering.OrderForm](raw)
	if len(wrong) == 0 {
		return form, nil
	}

	if wrong[len(wrong)-1].Code == strictjson.Malformed {
		return form, structural(wrong)
	}

	ref, err := h.programs.Reference(ctx)
	if err != nil {
		return form, err
	}

	today := civil.DateOf(h.db.Clock().Now())
	semantic := fieldsOf(form.Validate(ref.Catalogue, today))
	return form, structural(strictjson.Merge(wrong, semantic))
}

func etag(version int64) string { return fmt.Sprintf(`"%d"`, version) }

type listOrdersInput struct {
	ListInput
	State     string `query:"state" enum:"RECEIVED,NEEDS_REVIEW,ACCEPTED,REJECTED,PROVISIONING,FULFILLED,PARTIALLY_CANCELLED,CANCELLED" doc:"Only orders in this state"`
	PONumber  string `query:"po_number" maxLength:"64" doc:"Only orders of this number"`
	Number    string `query:"number" maxLength:"64" doc:"Only orders that the sender or the vendor calls by this number"`
	AccountID string `query:"account_id" maxLength:"64" doc:"Operators: only orders of this account"`
}

func (h orderHandlers) listOrders(
	ctx context.Context, in *listOrdersInput,
) (*pageOf[OrderSummary], error) {
	operator := callOf(ctx).token.Role.IsOperator()
	filter := order.OrderFilter{
		State:    rules.OrderState(in.State),
		PONumber: in.PONumber,
		Number:   in.Number,
		Page:     in.page(),
	}

	if in.AccountID != "" && !operator {
		// Left out in silence, it would look like a list of that account.
		return nil, invalidParameter("/query/account_id", "Only operators list orders by account.")
	}

	filter.AccountID = in.AccountID
	orders, next, err := h.orders.ListOrders(ctx, filter)
	return listed(orders, next, err, func(o order.Order) OrderSummary {
		return summarise(o, operator)
	})
}

type orderOutput struct {
	ETag string `header:"ETag" doc:"Version of the object, for If-Match"`
	Body OrderDetail
}

func (h orderHandlers) getOrder(ctx context.Context, in *IDInput) (*orderOutput, error) {
	o, err := h.orders.GetOrder(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return h.detail(ctx, o)
}

// detail reads what became of an order that the caller may see. Its contracts
// and events are the account's, so they are read beyond the seller's fence and
// narrowed by the views.
func (h orderHandlers) detail(ctx context.Context, o order.Order) (*orderOutput, error) {
	t := callOf(ctx).token
	operator := t.Role.IsOperator()
	all := db.WithSystem(ctx)
	contracts, err1 := h.orders.ContractsOfOrder(all, o.ID)
	cancellations, err2 := h.orders.ListCancellations(all, o.ID)

	about := []string{o.ID}
	for _, c := range contracts {
		about = append(about, c.ID)
	}

	for _, c := range cancellations {
		about = append(about, c.ID)
	}

	invitations, _, err3 := h.people.ListInvitations(all, "", o.ID, db.Page{Limit: 200})
	for _, i := range invitations {
		about = append(about, i.ID)
	}

	events, err4 := h.db.Timeline(all, about...)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}

	d := OrderDetail{
		OrderSummary: summarise(o, operator),
		Timeline:     timeline(events, operator),
		Contracts:    viewed(contracts, orderContract),
		Cancellations: viewed(cancellations, func(c order.OrderCancellation) CancellationView {
			return cancellationView(c, operator)
		}),
	}

	if operator || o.SubmittedBy == t.OrgID {
		d.Submitted = &o.Payload
	}

	return &orderOutput{ETag: etag(o.Version), Body: d}, nil
}

// DecisionRequest decides on an order in review.
type DecisionRequest struct {
	Accept       *bool          `json:"accept" nullable:"false" doc:"Required: true accepts, false rejects"`
	Reason       string         `json:"reason" doc:"Required; goes into the audit, and to the reseller when rejected"`
	AccountID    string         `json:"account_id,omitempty" doc:"Id of the account that the order is for, where it matches several or has nearly the address of one; NEW makes a new one there"`
	InviteAs     rules.InviteAs `json:"invite_as,omitempty" enum:"ADMIN,READ_ONLY,NONE" doc:"Required to accept an order whose contact the account does not know (CONTACT_UNKNOWN_TO_ACCOUNT), unless record_domain lets its administrators be asked: what the person is invited as; NONE: not at all"`
	RecordDomain bool           `json:"record_domain,omitempty" doc:"Whether to record the domain of the contact's address as the account's own"`
	Email        string         `json:"email,omitempty" doc:"Required with a role and with record_domain: the contact's address that you decided about; another one means that the order was amended"`
}

// CancellationRequest cancels an order, whole without a quantity.
type CancellationRequest struct {
	Reason     string   `json:"reason" doc:"Why, in your words: required"`
	Quantity   *int     `json:"quantity,omitempty" minimum:"1" doc:"How many licenses to take back; missing: the whole order"`
	LicenceIDs []string `json:"licence_ids,omitempty" nullable:"false" doc:"Ids of the assigned licenses to take, where there are not enough unassigned ones"`
}

// ReasonRequest says why.
type ReasonRequest struct {
	Reason string `json:"reason" doc:"Why, in your words: required, and kept in the audit"`
}

// CancellationAnswer is the order and its cancellation.
type CancellationAnswer struct {
	Order        OrderSummary     `json:"order" doc:"The order after the cancellation"`
	Cancellation CancellationView `json:"cancellation" doc:"The cancellation that was made, or the one that was there already"`
}

// IfMatchInput names an object and the version that a change is based on.
type IfMatchInput struct {
	IDInput
	IfMatch string `header:"If-Match" doc:"Required: the ETag of what you read"`
}

// decisionInput names an object that somebody decides about, and the version that was
// looked at: another party may change it meanwhile.
type decisionInput struct {
	IDInput
	IfMatch string `header:"If-Match" doc:"Required: the ETag of what you looked at; * is not enough"`
}

// version returns the version that the decision is about: the stored one where If-Match
// names it, else the newest that it names. One that names none is refused.
func (in decisionInput) version(stored int64) (int64, error) {
	var newest int64
	for _, tag := range strings.Split(in.IfMatch, ",") {
		tag = strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`)
		named, err := strconv.ParseInt(tag, 10, 64)
		switch {
		case err != nil:
		case named == stored:
			return stored, nil
		default:
			newest = max(newest, named)
		}
	}

	if newest == 0 {
		return 0, rules.Refuse(rules.VersionMissing,
			"The decision must say which version you looked at.",
			"Read the object and send its ETag as If-Match.")
	}
	return newest, nil
}

// matches holds If-Match against the version that is stored (RFC 9110, 13.1.1): "*" stands
// for whatever is stored, and of several tags one has to be right. A tag that a proxy on
// the way has made weak is right too, because ours name versions and not bytes.
func (in IfMatchInput) matches(version int64) error {
	told := strings.TrimSpace(in.IfMatch)
	if told == "" {
		return rules.Refuse(rules.VersionMissing,
			"The change must say which version it is based on.",
			"Read the object and send its ETag as If-Match.")
	}

	if told == "*" {
		return nil
	}
	for _, tag := range strings.Split(told, ",") { // no tag of ours has a comma
		if strings.TrimPrefix(strings.TrimSpace(tag), "W/") == etag(version) {
			return nil
		}
	}

	return rules.Refuse(rules.VersionMismatch, "The object was changed since you read it.",
		"Read it again and repeat the change.")
}

type amendOrderInput struct {
	IfMatchInput
	Reason string `query:"reason" maxLength:"500" doc:"Why, in your words: required of operators, and kept in the audit"`
}

func (h orderHandlers) amendOrder(
	ctx context.Context, in *amendOrderInput, body rawBody,
) (*submitOutput, error) {
	o, err := h.orders.GetOrder(ctx, in.ID)
	if err != nil {
		return nil, err
	}

	t := callOf(ctx).token
	if err := ordering.MaySubmit(t.Role, in.Reason); err != nil {
		return nil, err
	}
	if !t.Role.IsOperator() && o.SubmittedBy != t.OrgID {
		return nil, rules.Refuse(rules.Forbidden, "Only who sent the order may amend it.",
			"Ask the organization that sent it.")
	}

	if err := in.matches(o.Version); err != nil {
		return nil, err
	}

	form, err := h.orderForm(ctx, body)
	if err != nil {
		return nil, err
	}
	if o, err = h.orders.AmendOrderFor(ctx, in.ID, form, o.Version, in.Reason); err != nil {
		return nil, err
	}

	return &submitOutput{
		Status:   200,
		Location: "/v1/orders/" + o.ID,
		ETag:     etag(o.Version),
		Body:     answerFor(o, o.Warnings(), t.Role.IsOperator()),
	}, nil
}

func (h orderHandlers) decideOrder(
	ctx context.Context, in *decisionInput, d DecisionRequest,
) (*orderOutput, error) {
	o, err := h.orders.GetOrder(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	version, err := in.version(o.Version)
	if err != nil {
		return nil, err
	}

	if d.Accept == nil { // left out is no decision, least of all a rejection
		return nil, wrong("/accept", rules.Required,
			"It is not said whether the order is accepted.", "Send accept, true or false.")
	}

	o, err = h.orders.DecideOrder(ctx, in.ID, order.Decision{
		Version:      version,
		Accept:       *d.Accept,
		Reason:       d.Reason,
		AccountID:    d.AccountID,
		InviteAs:     d.InviteAs,
		RecordDomain: d.RecordDomain,
		Email:        d.Email,
	})
	if err != nil {
		return nil, err
	}

	return h.detail(ctx, o)
}

func (h orderHandlers) reopenOrder(
	ctx context.Context, in *decisionInput, r ReasonRequest,
) (*orderOutput, error) {
	o, err := h.orders.GetOrder(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	version, err := in.version(o.Version)
	if err != nil {
		return nil, err
	}
	if o, err = h.orders.ReopenOrder(ctx, in.ID, version, r.Reason); err != nil {
		return nil, err
	}
	return h.detail(ctx, o)
}

// endingInput names an order that is to end, and what its sender read that would end with it.
type endingInput struct {
	IDInput
	IfMatch string `header:"If-Match" doc:"The ETag of what you read that would end: anything else ends nothing; missing or *: whatever would end now"`
}

// seen returns the one preview that If-Match names (RFC 9110, 13.1.1): of several tags the one of
// what would happen now, else the first, which the command then refuses. "*" and no tag name none.
func (in endingInput) seen(now func() (order.CancellationPreview, error)) string {
	told := strings.TrimSpace(in.IfMatch)
	if told == "" || told == "*" {
		return ""
	}

	tags := strings.Split(told, ",") // no tag of ours has a comma
	for i, tag := range tags {
		tags[i] = strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`)
	}
	if len(tags) > 1 {
		will, err := now()
		if err == nil && slices.Contains(tags, will.Seen()) {
			return will.Seen()
		}
	}
	return cmp.Or(tags[0], `""`) // an empty tag names nothing, which is not whatever there is
}

func (h orderHandlers) cancelOrder(
	ctx context.Context, in *endingInput, c CancellationRequest,
) (*one[CancellationAnswer], error) {
	r := order.CancelRequest{LicenceIDs: c.LicenceIDs, Reason: c.Reason, Once: onceName(ctx)}
	switch {
	case c.Quantity == nil && len(c.LicenceIDs) > 0:
		return nil, wrong("/quantity", rules.Required,
			"Licenses are named, but not how many are to be canceled.", "Send the quantity too.")
	case c.Quantity != nil && *c.Quantity < 1:
		return nil, wrong("/quantity", rules.QuantityTooSmall, "The quantity must be at least 1.",
			"Send how many licenses to cancel, or leave it out for the whole order.")
	case c.Quantity != nil:
		r.Quantity = *c.Quantity
	}

	r.Seen = in.seen(func() (order.CancellationPreview, error) {
		return h.orders.PreviewCancellation(ctx, in.ID, r)
	})
	o, done, err := h.orders.CancelOrder(ctx, in.ID, r)
	return cancelled(ctx, o, done, err)
}

type previewInput struct {
	IDInput
	Quantity    int      `query:"quantity" minimum:"1" doc:"How many licenses would be taken back; missing: the whole order"`
	LicenceIDs  []string `query:"licence_ids" maxItems:"200" doc:"Ids of the assigned licenses to take, where there are not enough unassigned ones"`
	Termination bool     `query:"termination" doc:"Operators: whether it is about ending the whole order as goodwill, whatever the day"`
}

// CancellationPreview is what a cancellation would end.
type CancellationPreview struct {
	Whole        bool           `json:"whole" doc:"Whether it would take back all that is left of the order"`
	Left         int            `json:"left" doc:"How many licenses of the order would stay"`
	Licences     []LicenceToEnd `json:"licences" nullable:"false" doc:"The licenses that would end"`
	Replacements []string       `json:"replacements" nullable:"false" doc:"Numbers of the replacements that would be withdrawn, since nothing was sent for them yet; none to sellers"`
	Spares       SparesToEnd    `json:"spares" doc:"The spare units that would end, since fewer licenses earn fewer; none to sellers"`
}

// LicenceToEnd is a licence that a cancellation would end.
type LicenceToEnd struct {
	ID       string `json:"id" doc:"Id of the license, such as lic_01kb…"`
	SKU      string `json:"sku" doc:"Code of what was ordered, such as SELECT-3Y"`
	Number   int64  `json:"number" doc:"From 1 to the quantity of its contract"`
	Assigned bool   `json:"assigned" doc:"Whether it is assigned to a room or attached to a serial number"`
	Room     string `json:"room,omitempty" doc:"Operators only: the room that it covers, with its site"`
}

// SparesToEnd are the spare units that end with licences.
type SparesToEnd struct {
	Voided   []string `json:"voided" nullable:"false" doc:"Numbers of those that are not sent any more"`
	Recalled []string `json:"recalled" nullable:"false" doc:"Numbers of those that have to come back"`
}

type previewOutput struct {
	ETag string `header:"ETag" doc:"Stands for what would end: send it as If-Match, and nothing else ends"`
	Body CancellationPreview
}

func (h orderHandlers) previewCancellation(
	ctx context.Context, in *previewInput,
) (*previewOutput, error) {
	var p order.CancellationPreview
	var err error
	switch {
	case in.Termination && (in.Quantity > 0 || len(in.LicenceIDs) > 0):
		return nil, invalidParameter("/query/termination", "It ends the whole order.")
	case in.Quantity == 0 && len(in.LicenceIDs) > 0:
		return nil, invalidParameter("/query/quantity",
			"Licenses are named, but not how many are to be canceled.")
	case in.Termination:
		p, err = h.orders.PreviewTermination(ctx, in.ID)
	default:
		p, err = h.orders.PreviewCancellation(ctx, in.ID,
			order.CancelRequest{Quantity: in.Quantity, LicenceIDs: in.LicenceIDs})
	}

	if err != nil {
		return nil, err
	}

	return &previewOutput{
		ETag: `"` + p.Seen() + `"`,
		Body: CancellationPreview{
			Whole: p.Whole,
			Left:  p.Left,
			Licences: viewed(p.Gone, func(l order.CancellableLicence) LicenceToEnd {
				return LicenceToEnd(l)
			}),
			Replacements: codesOrNone(p.Ended.Replacements),
			Spares:       sparesToEnd(p.Ended),
		},
	}, nil
}

func sparesToEnd(e replacement.Ended) SparesToEnd {
	return SparesToEnd{Voided: codesOrNone(e.Voided), Recalled: codesOrNone(e.Recalled)}
}

func (h orderHandlers) terminateOrder(
	ctx context.Context, in *endingInput, r ReasonRequest,
) (*one[CancellationAnswer], error) {
	seen := in.seen(func() (order.CancellationPreview, error) {
		return h.orders.PreviewTermination(ctx, in.ID)
	})
	o, done, err := h.orders.TerminateOrder(ctx, in.ID,
		order.Termination{Reason: r.Reason, Seen: seen})
	return cancelled(ctx, o, done, err)
}

func cancelled(
	ctx context.Context, o order.Order, c order.OrderCancellation, err error,
) (*one[CancellationAnswer], error) {
	operator := callOf(ctx).token.Role.IsOperator()
	return single(c, err, func(c order.OrderCancellation) CancellationAnswer {
		return CancellationAnswer{summarise(o, operator), cancellationView(c, operator)}
	})
}

// wrong refuses a request for one field.
func wrong(pointer, code, message, remedy string) error {
	return rules.Invalid([]rules.FieldError{{
		Pointer: pointer,
		Code:    code,
		Message: message,
		Remedy:  remedy,
	}})
}
