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
	ID               string                `json:"id"`
	State            rules.OrderState      `json:"state" enum:"RECEIVED,NEEDS_REVIEW,ACCEPTED,REJECTED,PROVISIONING,FULFILLED,PARTIALLY_CANCELLED,CANCELLED"`
	StateSince       time.Time             `json:"state_since"`
	PONumber         string                `json:"po_number"`
	VendorOrderNo    string                `json:"vendor_order_no,omitempty" doc:"The vendor's number; missing until the order is accepted"`
	ServiceType      catalogue.ServiceType `json:"service_type"`
	PurchasedOn      string                `json:"purchased_on" format:"date" doc:"The purchase date that counts"`
	TimeZone         string                `json:"time_zone" doc:"IANA zone of the order's days"`
	CancellableUntil time.Time             `json:"cancellable_until" doc:"Exclusive end of the cancellation window"`
	ReviewReasons    []string              `json:"review_reasons" nullable:"false" doc:"Why an operator looks at the order"`
	ReviewUntil      *time.Time            `json:"review_until,omitempty" doc:"Without a decision by then the order is rejected"`
	InvitationFailed bool                  `json:"invitation_failed" doc:"The invitation could not be delivered"`
	Lines            []OrderLineView       `json:"lines" nullable:"false"`
	CreatedAt        time.Time             `json:"created_at"`
	Version          int64                 `json:"version" doc:"Also the ETag, for If-Match"`
	AccountID        string                `json:"account_id,omitempty" doc:"Operators only"`
	ResellerID       string                `json:"reseller_id,omitempty" doc:"Operators only"`
	DistributorID    string                `json:"distributor_id,omitempty" doc:"Operators only"`
	SubmittedBy      string                `json:"submitted_by,omitempty" doc:"Operators only"`
	LastError        string                `json:"last_error,omitempty" doc:"Operators only: what the last step failed of"`
}

// OrderLineView is one line of an order.
type OrderLineView struct {
	SKU         string                `json:"sku"`
	Quantity    int64                 `json:"quantity"`
	ServiceType catalogue.ServiceType `json:"service_type"`
	TermYears   int                   `json:"term_years"`
	Renews      string                `json:"renews,omitempty" doc:"Contract whose licences these continue"`
}

// OrderDetail is one order with everything that became of it.
type OrderDetail struct {
	OrderSummary
	Submitted     *ordering.OrderForm `json:"submitted,omitempty" doc:"The order as it was sent; only for who sent it and for operators"`
	Contracts     []OrderContract     `json:"contracts" nullable:"false"`
	Cancellations []CancellationView  `json:"cancellations" nullable:"false"`
	Timeline      []EventView         `json:"timeline" nullable:"false" doc:"What happened, oldest first"`
}

// CancellationView is one cancellation of an order.
type CancellationView struct {
	ID          string                  `json:"id"`
	State       order.CancellationState `json:"state" enum:"REQUESTED,COMPLETED"`
	Whole       bool                    `json:"whole"`
	Quantity    int64                   `json:"quantity"`
	Role        rules.Role              `json:"role" doc:"Who asked for it"`
	Reason      string                  `json:"reason,omitempty" doc:"For operators, and for the sellers of the order when a seller gave it"`
	CreatedAt   time.Time               `json:"created_at"`
	CompletedAt *time.Time              `json:"completed_at,omitempty"`
}

// EventView is one event of a timeline.
type EventView struct {
	At       time.Time      `json:"at"`
	Event    string         `json:"event"`
	ObjectID string         `json:"object_id,omitempty" doc:"Operators only"`
	Actor    string         `json:"actor,omitempty" doc:"Operators only"`
	Role     rules.Role     `json:"role,omitempty" doc:"Operators only"`
	Details  map[string]any `json:"details,omitempty" doc:"Operators only"`
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
		ReviewReasons:    codesOrNone(o.ReviewReasons),
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
	ID            string                  `json:"id"`
	OrderID       string                  `json:"order_id"`
	Type          catalogue.ServiceType   `json:"type"`
	State         rules.ContractState     `json:"state" enum:"PENDING_START,ACTIVE,SUSPENDED,EXPIRED,CANCELLED"`
	Quantity      int64                   `json:"quantity"`
	TermYears     int                     `json:"term_years"`
	TimeZone      string                  `json:"time_zone"`
	StartOn       string                  `json:"start_on,omitempty" format:"date"`
	LastDay       string                  `json:"last_day,omitempty" format:"date" doc:"Last covered day"`
	StartReason   entitlement.StartReason `json:"start_reason,omitempty"`
	LatestStartOn string                  `json:"latest_start_on,omitempty" format:"date" doc:"While it has not started"`
	CreatedAt     time.Time               `json:"created_at"`
}

func orderContract(c entitlement.ServiceContract) OrderContract {
	days := daysOf(c)
	return OrderContract{
		ID:            c.ID,
		OrderID:       c.OrderID,
		Type:          c.Type,
		State:         c.State,
		Quantity:      c.Quantity,
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
	zone, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}
