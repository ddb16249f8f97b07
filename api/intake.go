package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/orderfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/strictjson"
)

// intake is the door that orders come in by, one by one or in a file.
type intake struct {
	accounts *account.Accounts
	orders   *order.Orders
	secrets  db.Secrets
}

// ForInput lets an operator act for a seller, with a reason (RULES 4).
type ForInput struct {
	For    string `query:"on_behalf_of" maxLength:"64" doc:"Operators: id of the reseller or distributor whose order this is"`
	Reason string `query:"reason" maxLength:"500" doc:"Operators: why; it goes into the audit"`
}

// sender is the organisation whose order it is, and the context to act in.
func (i intake) sender(ctx context.Context, in ForInput) (context.Context, account.Org, error) {
	t := callOf(ctx).token
	if !t.Role.IsOperator() {
		if in.For != "" || in.Reason != "" {
			return ctx, account.Org{}, invalidParameter("/query/on_behalf_of",
				"Only operators act for another organization.")
		}
		return ctx, t.Org, nil
	}

	if in.For == "" || strings.TrimSpace(in.Reason) == "" {
		return ctx, account.Org{}, invalidParameter("/query/on_behalf_of",
			"An operator names the seller in on_behalf_of and says why in reason.")
	}

	org, err := i.accounts.GetOrg(ctx, in.For)
	if err != nil {
		return ctx, org, err
	}

	if org.Kind != account.OrgReseller && org.Kind != account.OrgDistributor {
		return ctx, org, invalidParameter("/query/on_behalf_of", "This organization does not sell.")
	}

	scope, _ := db.ScopeFrom(ctx)
	scope.Actor.OnBehalfOf = org.ID
	return db.WithScope(ctx, scope), org, nil
}

// recorded are the refusals of an intake that are kept (RULES 2): not those of
// who may not send orders, or too many of them.
var recorded = []string{
	rules.ValidationFailed,
	rules.PONumberConflict,
	strictjson.Malformed,
	codeMedia,
	codeTooLarge,
	orderfile.Unreadable,
	orderfile.Empty,
	orderfile.TooManyOrders,
}

// recordRefusal keeps that an intake was refused and why, without its values,
// and returns the refusal.
func (i intake) recordRefusal(
	ctx context.Context, orgID string, body rawBody, err error,
) error {
	var refusal *rules.Error
	if !errors.As(err, &refusal) || !slices.Contains(recorded, refusal.Code) {
		return err
	}

	fields := refusal.Fields
	if len(fields) == 0 { // the whole is wrong
		fields = []rules.FieldError{{
			Code:    refusal.Code,
			Message: refusal.Message,
			Remedy:  refusal.Remedy,
		}}
	}

	mark := i.secrets.Fingerprint("refused", string(body.content))
	kept := i.orders.RefuseOrder(ctx, orgID, mark, fields)
	if kept != nil {
		logOf(ctx).ErrorContext(ctx, "refusal not recorded",
			"request_id", requestID(ctx), "error", kept)
	}

	return err
}

// refusalHandlers answer what is asked about refused intakes.
type refusalHandlers struct{ orders *order.Orders }

func (h refusalHandlers) routes(api huma.API) {
	read := route{Tag: "Orders", Scope: OrdersRead, Capability: rules.SubmitOrders}

	mount(api, read.get("list-refusals", "/v1/refusals", "List refused intakes, newest first"),
		h.listRefusals)
}

// RefusalView is an intake that was refused.
type RefusalView struct {
	ID        string             `json:"id" doc:"Id of the refusal, such as ref_01kb…"`
	OrgID     string             `json:"org_id" doc:"Id of the organization that sent it"`
	Errors    []rules.FieldError `json:"errors" nullable:"false" doc:"What was wrong, without the values that were sent"`
	RequestID string             `json:"request_id" doc:"The X-Request-Id of the request"`
	CreatedAt time.Time          `json:"created_at" doc:"When it was refused; an instant in UTC"`
}

type listRefusalsInput struct {
	ListInput
	OrgID string `query:"org_id" maxLength:"64" doc:"Operators: only what this organization sent"`
}

func (h refusalHandlers) listRefusals(
	ctx context.Context, in *listRefusalsInput,
) (*pageOf[RefusalView], error) {
	refusals, next, err := h.orders.ListRefusals(ctx, in.OrgID, in.page())
	return listed(refusals, next, err, func(r order.OrderRefusal) RefusalView {
		return RefusalView{
			ID:        r.ID,
			OrgID:     r.OrgID,
			Errors:    append([]rules.FieldError{}, r.Errors...),
			RequestID: r.RequestID,
			CreatedAt: r.CreatedAt,
		}
	})
}
