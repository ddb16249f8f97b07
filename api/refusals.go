package api

import (
	"context"
	"errors"
	"slices"
	"time"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/orderfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/strictjson"
)

func (s *service) refusalRoutes() {
	mount(s, route{ID: "list-refusals", Method: get, Path: "/v1/refusals", Tag: "Orders", Summary: "List refused intakes, newest first",
		Description: "Every order, and every file as a whole, that was refused at the door, with its errors; what it said is not kept. " +
			"The request's id is the one of the answer's X-Request-Id. What a file's rows got wrong stands in the import's report.",
		Scope: OrdersRead, Capability: rules.SubmitOrders}, s.listRefusals)
}

// recorded are the refusals of an intake that are kept (RULES 2): not those of
// who may not send orders, or too many of them.
var recorded = []string{rules.ValidationFailed, rules.PONumberConflict, strictjson.Malformed, codeMedia, codeTooLarge,
	orderfile.Unreadable, orderfile.Empty, orderfile.TooManyOrders}

// recordRefusal keeps that an intake was refused and why, without its values,
// and gives the refusal back.
func (s *service) recordRefusal(ctx context.Context, orgID string, err error) error {
	var refusal *rules.Error
	if !errors.As(err, &refusal) || !slices.Contains(recorded, refusal.Code) {
		return err
	}
	fields := refusal.Fields
	if len(fields) == 0 { // the whole is wrong
		fields = []rules.FieldError{{Code: refusal.Code, Message: refusal.Message, Remedy: refusal.Remedy}}
	}
	kept := s.store.RefuseOrder(ctx, orgID, models.HashSecret(string(callOf(ctx).body)), fields)
	if kept != nil {
		logOf(ctx).ErrorContext(ctx, "refusal not recorded", "request_id", requestID(ctx), "error", kept)
	}
	return err
}

// RefusalView is an intake that was refused.
type RefusalView struct {
	ID        string             `json:"id"`
	OrgID     string             `json:"org_id" doc:"Who sent it"`
	Errors    []rules.FieldError `json:"errors" nullable:"false"`
	RequestID string             `json:"request_id"`
	CreatedAt time.Time          `json:"created_at"`
}

type listRefusalsInput struct {
	ListInput
	OrgID string `query:"org_id" maxLength:"64" doc:"Operators: only what this organisation sent"`
}

func (s *service) listRefusals(ctx context.Context, in *listRefusalsInput) (*pageOf[RefusalView], error) {
	refusals, next, err := s.store.ListRefusals(ctx, in.OrgID, in.page())
	return listed(refusals, next, err, func(r models.OrderRefusal) RefusalView {
		return RefusalView{r.ID, r.OrgID, append([]rules.FieldError{}, r.Errors...), r.RequestID, r.CreatedAt}
	})
}
