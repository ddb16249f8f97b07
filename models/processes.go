package models

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
)

// Process is something under way: an order, an invitation, an RMA, a spare unit or a
// shipment, what it waits for, and who must act. It is read from rows alone. A spare that lies
// on site waits for nothing and is none.
type Process struct {
	ID         string // order, invitation, RMA, spare unit or shipment id
	Kind       ProcessKind
	WorkflowID string
	State      string
	WaitsFor   string
	Actor      string // who must act: OPERATOR, CUSTOMER, CARRIER, SYSTEM or nobody
	Since      time.Time
	Until      *time.Time
	TimerAt    *time.Time // when its workflow itself has to do something
	Overdue    bool
	AccountID  *string
	OrderID    *string
	LastError  string
	TimeZone   string // IANA name, of where it is done; empty: of no place
}

// ProcessKind is the kind of a Process.
type ProcessKind string

// The kinds of Process.
const (
	ProcessOrder      ProcessKind = "ORDER"
	ProcessInvitation ProcessKind = "INVITATION"
	ProcessRMA        ProcessKind = "RMA"
	ProcessSpare      ProcessKind = "SPARE"
	ProcessShipment   ProcessKind = "SHIPMENT"
	ProcessCSM        ProcessKind = "CSM" // an account without a customer success manager (R35e)
)

// What a process waits for.
const (
	WaitsForDecision     = "REVIEW_DECISION"
	WaitsForFulfilment   = "FULFILMENT"
	WaitsForWindow       = "CANCELLATION_WINDOW"
	WaitsForCompensation = "CANCELLATION_STEPS"
	WaitsForSending      = "SENDING"
	WaitsForAcceptance   = "ACCEPTANCE"
	WaitsForNewAddress   = "NEW_ADDRESS"

	WaitsForStock        = "STOCK"
	WaitsForShipping     = "SHIPPING"
	WaitsForDelivery     = "DELIVERY"
	WaitsForLossDecision = "LOSS_DECISION"
	WaitsForReturn       = "RETURN"
	WaitsForReturnParcel = "RETURN_PARCEL"
	WaitsForInspection   = "INSPECTION"
	WaitsForFeeDecision  = "FEE_DECISION"
	WaitsForCSM          = "CSM_ASSIGNMENT"

	WaitsForBooking = "BOOKING"
	WaitsForCallOff = "CALL_OFF" // the carrier was asked to leave it
	WaitsForPickUp  = "PICK_UP"

	WaitsForSpareChoice = "SPARE_CHOICE" // model and site, by a CSM
	WaitsForAgreement   = "AGREEMENT"    // by the customer, to model and site
)

// KnownWait tells whether a process can wait for this.
func KnownWait(what string) bool {
	return slices.Contains([]string{WaitsForDecision, WaitsForFulfilment, WaitsForWindow, WaitsForCompensation, WaitsForSending, WaitsForAcceptance, WaitsForNewAddress,
		WaitsForStock, WaitsForShipping, WaitsForDelivery, WaitsForLossDecision, WaitsForReturn, WaitsForReturnParcel, WaitsForInspection, WaitsForFeeDecision, WaitsForCSM, WaitsForBooking, WaitsForCallOff, WaitsForPickUp,
		WaitsForSpareChoice, WaitsForAgreement}, what)
}

// ProcessFilter narrows a list of processes; empty fields do not narrow.
type ProcessFilter struct {
	Kind     ProcessKind
	WaitsFor string
	Actor    string
	Overdue  bool
	DueBy    time.Time // only what waits until this instant at most; zero does not narrow
	Page     Page
}

// processSQL reads orders and invitations that are not finished as one list.
// @now is calendar time.
const processSQL = `SELECT * FROM (
	SELECT o.id, 'ORDER' AS kind, 'order/' || o.id AS workflow_id, o.state,
		CASE WHEN c.id IS NOT NULL THEN 'CANCELLATION_STEPS'
			WHEN o.state = 'NEEDS_REVIEW' THEN 'REVIEW_DECISION'
			WHEN o.state IN ('RECEIVED','ACCEPTED','PROVISIONING') THEN 'FULFILMENT'
			ELSE 'CANCELLATION_WINDOW' END AS waits_for,
		CASE WHEN o.state = 'NEEDS_REVIEW' THEN 'OPERATOR'
			WHEN c.id IS NULL AND o.state IN ('FULFILLED','PARTIALLY_CANCELLED') THEN 'NOBODY' ELSE 'SYSTEM' END AS actor,
		o.state_since AS since,
		CASE WHEN o.state = 'NEEDS_REVIEW' THEN o.review_until
			WHEN c.id IS NULL AND o.state IN ('FULFILLED','PARTIALLY_CANCELLED') THEN o.cancellable_until END AS until,
		CASE WHEN o.state = 'NEEDS_REVIEW' THEN o.review_until
			WHEN c.id IS NULL AND o.state IN ('FULFILLED','PARTIALLY_CANCELLED') THEN o.cancellable_until END AS timer_at,
		o.account_id, o.id AS order_id, o.last_error, o.time_zone
	FROM orders o LEFT JOIN (SELECT order_id, MIN(id) AS id FROM order_cancellations WHERE state = 'REQUESTED' GROUP BY order_id) c ON c.order_id = o.id
	WHERE o.id IN (SELECT id FROM orders WHERE state IN ('RECEIVED','NEEDS_REVIEW','ACCEPTED','PROVISIONING')
		UNION SELECT id FROM orders WHERE state IN ('FULFILLED','PARTIALLY_CANCELLED') AND cancellable_until > @now
		UNION SELECT order_id FROM order_cancellations WHERE state = 'REQUESTED')
	UNION ALL
	SELECT i.id, 'INVITATION', 'invitation/' || i.id,
		CASE WHEN i.state = 'ISSUED' AND n.state IN ('SENT','DELIVERED') THEN 'SENT' ELSE i.state END,
		CASE WHEN i.state = 'BOUNCED' THEN 'NEW_ADDRESS' WHEN n.state IN ('SENT','DELIVERED') THEN 'ACCEPTANCE' ELSE 'SENDING' END,
		CASE WHEN i.state = 'BOUNCED' THEN 'OPERATOR' WHEN n.state IN ('SENT','DELIVERED') THEN 'CUSTOMER' ELSE 'SYSTEM' END,
		i.state_since, i.expires_at, i.expires_at, i.account_id, i.order_id, CASE WHEN i.last_error <> '' THEN i.last_error ELSE COALESCE(n.last_error, '') END, a.time_zone
	FROM invitations i JOIN accounts a ON a.id = i.account_id LEFT JOIN notifications n ON n.subject_id = i.id AND n.template = 'invitation'
	WHERE i.state IN ('ISSUED','SENT','BOUNCED')
	UNION ALL
	SELECT r.id, 'RMA', 'rma/' || r.id, r.state,
		CASE WHEN r.state = 'REQUESTED' THEN 'REVIEW_DECISION' WHEN r.state IN ('APPROVED','BACKORDERED') THEN 'STOCK' WHEN r.state = 'ALLOCATED' THEN 'SHIPPING'
			WHEN r.state = 'SHIPPED' AND r.silence_asked_at IS NOT NULL THEN 'LOSS_DECISION' WHEN r.state = 'SHIPPED' THEN 'DELIVERY'
			WHEN r.state = 'RETURN_IN_TRANSIT' THEN 'RETURN_PARCEL' WHEN r.state = 'RETURN_RECEIVED' THEN 'INSPECTION'
			WHEN r.state = 'INSPECTED' OR (r.state = 'OVERDUE' AND r.fee_asked_at IS NOT NULL) THEN 'FEE_DECISION' ELSE 'RETURN' END,
		CASE WHEN r.state IN ('AWAITING_RETURN','OVERDUE') AND r.fee_asked_at IS NULL THEN 'CUSTOMER'
			WHEN r.state = 'RETURN_IN_TRANSIT' OR (r.state = 'SHIPPED' AND r.silence_asked_at IS NULL) THEN 'NOBODY' ELSE 'OPERATOR' END,
		r.state_since, CASE WHEN r.state IN ('APPROVED','BACKORDERED','ALLOCATED','SHIPPED') THEN r.promised_until
			WHEN r.state IN ('AWAITING_RETURN','OVERDUE') THEN r.return_due_at END,
		r.next_at, r.account_id, NULL, r.last_error, s.time_zone
	FROM rmas r JOIN sites s ON s.id = r.site_id WHERE r.closed_at IS NULL
	UNION ALL
	SELECT u.id, 'SPARE', 'spare/' || u.id, u.state,
		CASE WHEN u.state IN ('EARNED','SELECTION_PENDING') AND u.selected_at IS NULL THEN 'SPARE_CHOICE' WHEN u.state IN ('EARNED','SELECTION_PENDING') THEN 'AGREEMENT'
			WHEN u.state IN ('APPROVED','REPLENISHING') AND u.shipped_at IS NULL THEN 'SHIPPING' WHEN u.state IN ('SHIPPED','REPLENISHING') THEN 'DELIVERY'
			WHEN u.state = 'CONSUMED' THEN 'REVIEW_DECISION' WHEN u.recall_scanned_at IS NOT NULL THEN 'RETURN_PARCEL'
			WHEN u.fee_asked_at IS NOT NULL THEN 'FEE_DECISION' ELSE 'RETURN' END,
		CASE WHEN u.state = 'SELECTION_PENDING' AND u.selected_at IS NOT NULL OR u.state = 'RECALL_REQUESTED' AND u.fee_asked_at IS NULL AND u.recall_scanned_at IS NULL THEN 'CUSTOMER'
			WHEN u.state = 'SHIPPED' OR u.state = 'REPLENISHING' AND u.shipped_at IS NOT NULL OR u.recall_scanned_at IS NOT NULL THEN 'NOBODY' ELSE 'OPERATOR' END,
		u.state_since, CASE WHEN u.state = 'RECALL_REQUESTED' THEN u.recall_due_at END, u.next_at, u.account_id, NULL, u.last_error, COALESCE(s.time_zone, '')
	FROM spare_units u LEFT JOIN sites s ON s.id = u.site_id WHERE u.closed_at IS NULL AND u.state <> 'ON_SITE'
	UNION ALL` + shipmentProcessSQL + `
	UNION ALL` + csmProcessSQL + `
) p WHERE 1 = 1`

// ListProcesses lists what is under way, newest first; it answers with
// Temporal down.
func (s *Store) ListProcesses(ctx context.Context, f ProcessFilter) ([]Process, string, error) {
	var out []Process
	now := s.clock.Now()
	stuck := now.Add(-s.patience())
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		sql, args := f.query(now, stuck)
		return tx.Raw(sql, args).Scan(&out).Error
	})
	out, next := cut(f.Page, out, func(p Process) string { return p.ID })
	for i := range out {
		out[i].Overdue = out[i].overdue(now, stuck)
	}
	return out, next, err
}

func (f ProcessFilter) query(now, stuck time.Time) (string, map[string]any) {
	sql, args := processSQL, map[string]any{"now": now}
	for column, value := range map[string]string{"kind": string(f.Kind), "waits_for": f.WaitsFor, "actor": f.Actor} {
		if value != "" {
			sql += " AND " + column + " = @" + column
			args[column] = value
		}
	}
	if f.Overdue {
		sql += " AND (until <= @now OR timer_at <= @now OR (actor = 'SYSTEM' AND since <= @stuck))"
		args["stuck"] = stuck
	}
	if !f.DueBy.IsZero() {
		sql += " AND until <= @due_by"
		args["due_by"] = f.DueBy.UTC()
	}
	if f.Page.After != "" {
		sql += " AND id < @after"
		args["after"] = f.Page.After
	}
	args["limit"] = f.Page.size() + 1
	return sql + " ORDER BY id DESC LIMIT @limit", args
}

// stuckAfter is how long (real time) the system may take over its own step
// before a person should look.
const stuckAfter = 15 * time.Minute

// patience is stuckAfter on the calendar, which may run fast.
func (s *Store) patience() time.Duration {
	speed := float64(stuckAfter) / float64(s.clock.RealDuration(stuckAfter))
	return time.Duration(float64(stuckAfter) * speed)
}

func (p Process) overdue(now, stuck time.Time) bool {
	past := func(at *time.Time) bool { return at != nil && !now.Before(*at) }
	return past(p.Until) || past(p.TimerAt) || p.stuck(stuck)
}

// stuck tells whether the system has been at its own step since before then.
func (p Process) stuck(then time.Time) bool { return p.Actor == "SYSTEM" && !p.Since.After(then) }

// ProcessCount counts processes by what they wait for.
type ProcessCount struct {
	Kind     ProcessKind
	WaitsFor string
	Actor    string
	N        int64
}

// CountProcesses counts what is under way.
func (s *Store) CountProcesses(ctx context.Context) ([]ProcessCount, error) {
	var out []ProcessCount
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		return tx.Raw("SELECT kind, waits_for, actor, count(*) AS n FROM ("+processSQL+") q GROUP BY kind, waits_for, actor ORDER BY kind, waits_for",
			map[string]any{"now": s.clock.Now()}).Scan(&out).Error
	})
	return out, err
}

// WatchOverdue raises an operator task for every process that should have
// moved on by itself and did not: the watch that sees a blocked workflow, a
// dead worker and a lost timer alike. It returns how many are overdue.
func (s *Store) WatchOverdue(ctx context.Context) (int, error) {
	late := s.clock.Now().Add(-s.patience())
	page, n := Page{Limit: 200}, 0
	for {
		overdue, next, err := s.ListProcesses(ctx, ProcessFilter{Overdue: true, Page: page})
		if err != nil {
			return n, err
		}
		for _, p := range overdue {
			if !p.stuck(late) && (p.TimerAt == nil || p.TimerAt.After(late)) {
				continue // its timer is only just due, or somebody else is late
			}
			n++
			err := s.RaiseTask(ctx, OperatorTask{Kind: TaskProcessStuck, SubjectID: p.ID, AccountID: p.AccountID,
				What: "Find out why this does not move on, then retry.", Why: "It has waited longer than it should for " + p.WaitsFor + "."})
			if err != nil {
				return n, err
			}
		}
		if page.After = next; next == "" {
			return n, nil
		}
	}
}
