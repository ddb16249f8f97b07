package api

import (
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
)

// OrderSummary is an order as it is listed: numbers, dates and states, no
// personal data.
type OrderSummary struct {
	ID               string                `json:"id" doc:"Id of the order, such as ord_01kb…"`
	State            rules.OrderState      `json:"state" enum:"RECEIVED,NEEDS_REVIEW,ACCEPTED,REJECTED,PROVISIONING,FULFILLED,PARTIALLY_CANCELLED,CANCELLED" doc:"Where the order stands in its life"`
	StateSince       time.Time             `json:"state_since" doc:"When it came into this state; an instant in UTC"`
	PONumber         string                `json:"po_number" doc:"Purchase order number of who sent it"`
	VendorOrderNo    string                `json:"vendor_order_no,omitempty" doc:"Our number of the order, such as SO-1RPCG; missing until it is accepted"`
	ServiceType      catalogue.ServiceType `json:"service_type" doc:"The service of all its lines: SELECT, SYNC_PLUS, EXT_WARRANTY or JUMPSTART"`
	PurchasedOn      string                `json:"purchased_on" format:"date" doc:"The day of purchase that counts, YYYY-MM-DD: as it was sent, or the day it came in where that one cannot be right"`
	TimeZone         string                `json:"time_zone" doc:"IANA name of the zone in which the order's days count, such as America/Sao_Paulo"`
	CancellableUntil time.Time             `json:"cancellable_until" doc:"End of the time in which it can be canceled: an instant in UTC at which it cannot any more"`
	ReviewReasons    []string              `json:"review_reasons" nullable:"false" doc:"Why an operator looks at the order. To sellers and customers OPERATOR_CHECKS_CUSTOMER stands for every reason that would tell of others"`
	ReviewUntil      *time.Time            `json:"review_until,omitempty" doc:"Until when a person may decide, an instant in UTC; then the order is rejected"`
	InvitationFailed bool                  `json:"invitation_failed" doc:"Whether the invitation could not be delivered: correct the contact's address with an operator"`
	Lines            []OrderLineView       `json:"lines" nullable:"false" doc:"What was ordered"`
	CreatedAt        time.Time             `json:"created_at" doc:"When it came in; an instant in UTC"`
	Version          int64                 `json:"version" doc:"Grows by one with each change; it is the ETag, for If-Match"`
	AccountID        string                `json:"account_id,omitempty" doc:"Operators only: id of the customer's account"`
	ResellerID       string                `json:"reseller_id,omitempty" doc:"Operators only: id of the reseller"`
	DistributorID    string                `json:"distributor_id,omitempty" doc:"Operators only: id of the distributor"`
	SubmittedBy      string                `json:"submitted_by,omitempty" doc:"Operators only: id of the token that sent it"`
	LastError        string                `json:"last_error,omitempty" doc:"Operators only: why the last step failed, in short"`
}

// OrderLineView is one line of an order.
type OrderLineView struct {
	SKU         string                `json:"sku" doc:"Code of what was ordered, such as SELECT-3Y"`
	Quantity    int64                 `json:"quantity" doc:"How many licenses were ordered"`
	ServiceType catalogue.ServiceType `json:"service_type" doc:"The service that the SKU grants"`
	TermYears   int                   `json:"term_years" doc:"Length of the term in years; 0 for JumpStart"`
	Renews      string                `json:"renews,omitempty" doc:"Id of the contract whose licenses these continue"`
}

// OrderDetail is one order with everything that became of it.
type OrderDetail struct {
	OrderSummary
	Submitted     *ordering.OrderForm `json:"submitted,omitempty" doc:"The order as it was sent; only for who sent it and for operators"`
	Contracts     []OrderContract     `json:"contracts" nullable:"false" doc:"Contracts that the order became; empty until it is fulfilled"`
	Cancellations []CancellationView  `json:"cancellations" nullable:"false" doc:"Cancellations of the order, in part or as a whole"`
	Timeline      []EventView         `json:"timeline" nullable:"false" doc:"What happened, oldest first"`
}

// CancellationView is one cancellation of an order.
type CancellationView struct {
	ID           string                  `json:"id" doc:"Id of the cancellation, such as can_01kb…"`
	State        order.CancellationState `json:"state" enum:"REQUESTED,COMPLETED" doc:"Whether its consequences are done"`
	Whole        bool                    `json:"whole" doc:"Whether it takes back the whole order"`
	Quantity     int64                   `json:"quantity" doc:"How many licenses it takes back"`
	Role         rules.Role              `json:"role" doc:"Role of who asked for it, such as RESELLER"`
	Reason       string                  `json:"reason,omitempty" doc:"Why, in their words; for operators, and for the sellers of the order when a seller gave it"`
	CreatedAt    time.Time               `json:"created_at" doc:"When it was asked for; an instant in UTC"`
	CompletedAt  *time.Time              `json:"completed_at,omitempty" doc:"When everything that follows from it was done; an instant in UTC"`
	Replacements []string                `json:"replacements,omitempty" nullable:"false" doc:"Operators only: numbers of the replacements that it withdrew"`
	Spares       *SparesToEnd            `json:"spares,omitempty" doc:"Operators only: the spare units that it ended"`
}

// EventView is one event of a timeline.
type EventView struct {
	At       time.Time      `json:"at" doc:"When it happened; an instant in UTC"`
	Event    string         `json:"event" doc:"What happened, as a stable word such as order.accepted"`
	ObjectID string         `json:"object_id,omitempty" doc:"Operators only: id of what it happened to"`
	Actor    string         `json:"actor,omitempty" doc:"Operators only: who did it"`
	Role     rules.Role     `json:"role,omitempty" doc:"Operators only: in which role"`
	Details  map[string]any `json:"details,omitempty" doc:"Operators only: further facts, by name"`
}

func summarise(o order.Order, operator bool) OrderSummary {
	v := OrderSummary{
		ID:               o.ID,
		State:            o.State,
		StateSince:       o.StateSince,
		PONumber:         o.PONumber,
		VendorOrderNo:    text(o.VendorOrderNo),
		ServiceType:      o.ServiceType,
		PurchasedOn:      o.PurchasedOn,
		TimeZone:         o.TimeZone,
		CancellableUntil: o.CancellableUntil,
		ReviewReasons:    reasonsFor(o, operator),
		ReviewUntil:      o.ReviewUntil,
		InvitationFailed: o.InvitationFailed,
		CreatedAt:        o.CreatedAt,
		Version:          o.Version,
		Lines: viewed(o.Lines, func(l order.OrderLine) OrderLineView {
			return OrderLineView{
				SKU:         l.SKU,
				Quantity:    l.Quantity,
				ServiceType: l.ServiceType,
				TermYears:   l.TermYears,
				Renews:      text(l.RenewsContractID),
			}
		}),
	}

	if operator {
		v.AccountID = text(o.AccountID)
		v.ResellerID = o.ResellerID
		v.DistributorID = text(o.DistributorID)
		v.SubmittedBy = o.SubmittedBy
		v.LastError = o.LastError
	}

	return v
}

// reasonsFor are the reasons of an order's review, as the reader may know them.
func reasonsFor(o order.Order, operator bool) []string {
	if operator {
		return codesOrNone(o.ReviewReasons)
	}
	return ordering.PublicReasons(o.ReviewReasons)
}

func codesOrNone(codes []string) []string { return append([]string{}, codes...) }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func cancellationView(c order.OrderCancellation, operator bool) CancellationView {
	v := CancellationView{
		ID:          c.ID,
		State:       c.State,
		Whole:       c.Whole,
		Quantity:    c.Quantity,
		Role:        c.Role,
		CreatedAt:   c.CreatedAt,
		CompletedAt: c.CompletedAt,
	}

	if operator || c.Role == rules.Reseller || c.Role == rules.Distributor {
		v.Reason = c.Reason
	}
	if operator {
		v.Replacements = c.Ended.Replacements
		if len(c.Ended.Voided)+len(c.Ended.Recalled) > 0 {
			spares := sparesToEnd(c.Ended)
			v.Spares = &spares
		}
	}
	return v
}

// timeline shows a seller the events of the order itself and nothing about
// persons, rooms or invitations (S36).
func timeline(events []db.AuditEvent, operator bool) []EventView {
	out := []EventView{}
	for _, e := range events {
		switch {
		case operator:
			out = append(out, EventView{
				At:       e.At,
				Event:    e.Verb,
				ObjectID: e.ObjectID,
				Actor:    e.ActorID,
				Role:     e.ActorRole,
				Details:  e.Details,
			})
		case strings.HasPrefix(e.Verb, "order."):
			out = append(out, EventView{At: e.At, Event: e.Verb})
		}
	}

	return out
}

// OrderContract is what one line of an order bought, as its seller may see it too:
// it names no account. Until it starts it has the day on which it starts at the
// latest; days are those of its time zone.
type OrderContract struct {
	ID            string                  `json:"id" doc:"Id of the contract, such as con_01kb…"`
	OrderID       string                  `json:"order_id" doc:"Id of the order"`
	Type          catalogue.ServiceType   `json:"type" doc:"The service: SELECT, SYNC_PLUS, EXT_WARRANTY or JUMPSTART"`
	State         rules.ContractState     `json:"state" enum:"PENDING_START,ACTIVE,SUSPENDED,EXPIRED,CANCELLED" doc:"Where the contract stands in its life"`
	Quantity      int64                   `json:"quantity" doc:"How many licenses were bought"`
	InForce       int64                   `json:"in_force" doc:"How many of them are neither canceled nor expired"`
	TermYears     int                     `json:"term_years" doc:"Length of the term in years; 0 for JumpStart"`
	TimeZone      string                  `json:"time_zone" doc:"IANA name of the time zone by which days count here, such as America/Sao_Paulo"`
	StartOn       string                  `json:"start_on,omitempty" format:"date" doc:"First covered day, YYYY-MM-DD in time_zone; missing while it has not started"`
	LastDay       string                  `json:"last_day,omitempty" format:"date" doc:"Last covered day, YYYY-MM-DD in time_zone"`
	StartReason   entitlement.StartReason `json:"start_reason,omitempty" doc:"Why it started on that day: FIRST_ASSIGNMENT, FALLBACK_60_DAYS, PURCHASE or RENEWAL"`
	LatestStartOn string                  `json:"latest_start_on,omitempty" format:"date" doc:"While it has not started: the day on which it starts by itself, YYYY-MM-DD"`
	CancelledAt   *time.Time              `json:"cancelled_at,omitempty" doc:"When it was canceled; an instant in UTC"`
	CreatedAt     time.Time               `json:"created_at" doc:"When it was recorded; an instant in UTC"`
}

func orderContract(c entitlement.ContractEntry) OrderContract {
	days := daysOf(c.ServiceContract)
	return OrderContract{
		ID:            c.ID,
		OrderID:       c.OrderID,
		Type:          c.Type,
		State:         c.State,
		Quantity:      c.Quantity,
		InForce:       c.InForce,
		CancelledAt:   c.CancelledAt,
		TermYears:     c.TermYears,
		TimeZone:      c.TimeZone,
		StartOn:       days.start,
		LastDay:       days.last,
		StartReason:   c.StartReason,
		LatestStartOn: days.latestStart,
		CreatedAt:     c.CreatedAt,
	}
}

// contractDays are the days of a contract in its zone; empty where there is none.
type contractDays struct{ start, last, latestStart string }

func daysOf(c entitlement.ServiceContract) (d contractDays) {
	zone := zoneOf(c)
	if c.StartAt != nil {
		d.start = rules.DateIn(*c.StartAt, zone).String()
	}
	if c.EndAt != nil {
		d.last = rules.LastCoveredDay(*c.EndAt, zone).String()
	}
	if c.State == rules.ContractPendingStart && c.StartAt == nil {
		d.latestStart = rules.DateIn(c.FallbackStartAt, zone).String()
	}
	return d
}

func zoneOf(c entitlement.ServiceContract) *time.Location {
	return db.ZoneOf(c.TimeZone)
}
