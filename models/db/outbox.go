package db

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/tracing"
)

// OutboxEvent is what the relay still has to deliver to a workflow.
type OutboxEvent struct {
	ID          string
	DedupeKey   string
	Kind        OutboxKind
	SubjectID   string
	Payload     map[string]string `gorm:"serializer:json"`
	CreatedAt   time.Time
	DueAt       time.Time // real time: next attempt, or end of the lease
	Attempts    int
	LastError   string
	DeliveredAt *time.Time
}

// Why is what an outside event is for, such as non_return or damage of a fee.
func (e OutboxEvent) Why() string { return e.Payload["why"] }

// OutboxKind says which workflow an event starts or signals, and about what.
type OutboxKind string

// The kinds of OutboxEvent. The subject is what the event happened to: an order, an
// invitation, a notification, an import job, an RMA or a spare unit.
const (
	OutboxOrderAccepted      OutboxKind = "order.start"
	OutboxOrderDecided       OutboxKind = "order.decided"
	OutboxOrderCancelled     OutboxKind = "order.cancelled"
	OutboxOrderRetried       OutboxKind = "order.retry"
	OutboxInvitationIssued   OutboxKind = "invitation.start"
	OutboxInvitationClosed   OutboxKind = "invitation.closed"
	OutboxInvitationRetried  OutboxKind = "invitation.retry"
	OutboxNotificationQueued OutboxKind = "mail.start"
	OutboxImportQueued       OutboxKind = "import.start"

	// The subject is what the shipment is for.
	OutboxShipmentMoved OutboxKind = "shipment.moved"

	OutboxRMARequested OutboxKind = "rma.start"
	OutboxRMAChanged   OutboxKind = "rma.changed"
	OutboxRMARetried   OutboxKind = "rma.retry"

	OutboxSpareEarned  OutboxKind = "spare.start"
	OutboxSpareChanged OutboxKind = "spare.changed"
	OutboxSpareRetried OutboxKind = "spare.retry"

	OutboxTicketOpened  OutboxKind = "ticket.start"
	OutboxTicketChanged OutboxKind = "ticket.changed"
	OutboxTicketRetried OutboxKind = "ticket.retry"
	// mails that were held for what else happens; the subject is their bundle
	OutboxTicketMails OutboxKind = "ticket.mails"

	// an operator's act is held no more; no workflow gets it, the relay has it done
	OutboxActDue OutboxKind = "act.due"

	// What finance and others outside have to know; no workflow gets these.
	OutboxRMABreached OutboxKind = "event.rma_breached" // RMA (S21)
	OutboxFeeBilled   OutboxKind = "event.fee_billed"   // RMA (S22) or spare unit (S9)
	OutboxFeeCredited OutboxKind = "event.fee_credited" // RMA or spare unit (S22)
)

// The keys of an outbox event's payload.
const (
	PayloadExpiresAt      = "expires_at"
	PayloadReminder       = "reminder_" // followed by the day after the issue
	PayloadCancellationID = "cancellation_id"
	PayloadTicket         = "ticket"
	PayloadSummary        = "summary" // what it is, for people: no names, no addresses
)

// NewOutboxEvent describes an event; Enqueue writes it. The kind, the subject and the
// epoch are its dedupe key: the epoch tells apart what can happen to a subject more
// than once.
func NewOutboxEvent(
	kind OutboxKind, subjectID, epoch string, payload map[string]string,
) OutboxEvent {
	return OutboxEvent{
		DedupeKey: string(kind) + "/" + subjectID + "/" + epoch,
		Kind:      kind,
		SubjectID: subjectID,
		Payload:   payload,
	}
}

// Enqueue writes outbox events in the caller's transaction (C6). Their dedupe key is
// unique: an event that exists already makes the transaction fail and run again.
func (tx *Tx) Enqueue(events ...OutboxEvent) error { return tx.EnqueueHeld(0, events...) }

// EnqueueHeld is Enqueue of events that no relay takes before the hold is over, in real time:
// until then WithdrawHeld takes them back, also after a restart. One that says itself when it is
// due keeps that.
func (tx *Tx) EnqueueHeld(hold time.Duration, events ...OutboxEvent) error {
	tx.state.enqueued = true

	now := tx.Now()
	for i := range events {
		events[i].ID = NewID(prefixOutbox)
		events[i].CreatedAt = now
		if events[i].DueAt.IsZero() {
			events[i].DueAt = RealNow().Add(hold)
		}
		if events[i].Payload == nil {
			events[i].Payload = map[string]string{}
		}
		tracing.Put(tx.Statement.Context, events[i].Payload)
	}

	return tx.CreateInBatches(&events, RowsPerStatement(events)).Error
}

// withdrawn is what a row says that was taken back before a relay took it.
const withdrawn = "withdrawn before it left"

// WithdrawHeld takes the last event of a kind about a subject back, while it is held and no
// relay has taken it; false where there is none. Nobody gets it then.
func (tx *Tx) WithdrawHeld(kind OutboxKind, subjectID string) (e OutboxEvent, ok bool, err error) {
	last := tx.Model(&OutboxEvent{}).Select("id").
		Where("kind = ? AND subject_id = ?", kind, subjectID).
		Where("delivered_at IS NULL AND attempts = 0 AND due_at > ?", RealNow()).
		Order("id DESC").
		Limit(1)
	var rows []OutboxEvent
	// A relay that took it meanwhile has counted an attempt.
	err = tx.Model(&rows).
		Clauses(clause.Returning{}).
		Where("id = (?) AND delivered_at IS NULL AND attempts = 0", last).
		Updates(map[string]any{"delivered_at": tx.Now(), "last_error": withdrawn}).Error
	if err != nil || len(rows) == 0 {
		return e, false, err
	}
	return rows[0], true, nil
}

// OutboxWritten yields after a transaction of this process has written to the outbox,
// so that a relay need not wait for its next poll. The relay finds what other
// processes write by polling.
func (d *DB) OutboxWritten() <-chan struct{} { return d.told }

func (d *DB) wakeRelay() {
	select {
	case d.told <- struct{}{}:
	default: // it is awake already
	}
}

// LeaseOutbox takes up to limit events that are due, oldest first, and keeps
// other relays away from them for the lease. Events of a relay that died come
// back when their lease ends.
func (d *DB) LeaseOutbox(
	ctx context.Context, limit int, lease time.Duration,
) ([]OutboxEvent, error) {
	return d.NextOutbox(ctx, nil, limit, lease)
}

// NextOutbox is LeaseOutbox that also marks the events of the batch before as
// delivered, in the same statement.
func (d *DB) NextOutbox(
	ctx context.Context, told []string, limit int, lease time.Duration,
) ([]OutboxEvent, error) {
	skip := ""
	if d.Postgres() {
		skip = " FOR UPDATE SKIP LOCKED"
	}

	now := RealNow()
	in := map[string]any{
		"told":  append([]string{""}, told...),
		"now":   d.Now(),
		"real":  now,
		"until": now.Add(lease),
		"limit": limit,
	}

	var rows []OutboxEvent
	err := d.Single(ctx, func(tx *Tx) error {
		rows = nil
		return tx.Raw(fmt.Sprintf(nextOutboxSQL, skip), in).Scan(&rows).Error
	})

	out := slices.DeleteFunc(rows, func(e OutboxEvent) bool { return slices.Contains(told, e.ID) })
	slices.SortFunc(out, func(a, b OutboxEvent) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})

	return out, err
}

// nextOutboxSQL marks events as delivered and leases the next ones. An event waits for
// the earlier ones of its subject: an invitation's end, delivered before its start,
// would find no workflow, and the one that starts then would wait for days. So a batch
// holds one event of a subject.
//
// The first event of a subject is looked up for one event after the other, in the order in
// which they are due, until the batch is full: a join would read all that waits for each
// batch, and an outage leaves hundreds of thousands. One list of ids, rather than an OR,
// lets PostgreSQL find the rows by their key.
const nextOutboxSQL = `WITH due AS (
		SELECT id FROM outbox_events AS e
		WHERE delivered_at IS NULL AND due_at <= @real AND id NOT IN @told
			AND id = (
				SELECT p.id FROM outbox_events AS p
				WHERE p.delivered_at IS NULL AND p.subject_id = e.subject_id
					AND p.id NOT IN @told
				ORDER BY p.id LIMIT 1)
		ORDER BY due_at LIMIT @limit%s)
	UPDATE outbox_events SET
		delivered_at = CASE WHEN id IN @told THEN @now ELSE delivered_at END,
		due_at       = CASE WHEN id IN @told THEN due_at ELSE @until END,
		attempts     = CASE WHEN id IN @told THEN attempts ELSE attempts + 1 END
	WHERE id IN (SELECT id FROM due UNION ALL SELECT id FROM outbox_events WHERE id IN @told)
	RETURNING *`

// OutboxDelivered marks events as delivered; again it changes nothing but the instant.
func (d *DB) OutboxDelivered(ctx context.Context, ids []string) error {
	return d.Single(ctx, func(tx *Tx) error {
		return tx.Model(&OutboxEvent{}).
			Where("id IN ?", ids).
			Update("delivered_at", tx.Now()).Error
	})
}

// OutboxFailed schedules an event for another delivery after a pause, and records why
// it failed.
func (d *DB) OutboxFailed(ctx context.Context, id, reason string, pause time.Duration) error {
	return d.Single(ctx, func(tx *Tx) error {
		return tx.Model(&OutboxEvent{}).Where("id = ?", id).
			Updates(map[string]any{"due_at": RealNow().Add(pause), "last_error": reason}).Error
	})
}

// OutboxOutage is the subject of the one OUTBOX_STUCK task that stands for every event that
// waits while Temporal itself is at fault.
const OutboxOutage = "temporal"

// RetryOutbox makes an event that the relay could not deliver due at once; of an outage,
// every event that waits.
func RetryOutbox(tx *Tx, id string) error {
	waits := tx.Model(&OutboxEvent{}).Where("delivered_at IS NULL")
	if id != OutboxOutage {
		waits = waits.Where("id = ?", id)
	}
	return waits.Updates(map[string]any{"due_at": RealNow(), "attempts": 0}).Error
}

// SettleOutbox closes the OUTBOX_STUCK tasks whose cause is gone: that of an event that was
// delivered, and that of an outage once no event waits that was tried alarm times or more
// and has no task of its own. It returns how many it closed. What gets stuck afterwards is
// a task of its own.
func (d *DB) SettleOutbox(ctx context.Context, alarm int) (closed int, err error) {
	err = d.Write(ctx, func(tx *Tx) error {
		closed = 0
		var open []OperatorTask
		err := tx.Where("state = ? AND kind = ?", TaskOpen, TaskOutboxStuck).Find(&open).Error
		if err != nil || len(open) == 0 {
			return err
		}

		subjects := make([]string, len(open))
		for i, t := range open {
			subjects[i] = t.SubjectID
		}

		var waiting []OutboxEvent
		err = tx.Where("delivered_at IS NULL AND (attempts >= ? OR id IN ?)", alarm, subjects).
			Find(&waiting).Error
		if err != nil {
			return err
		}

		stuck := map[string]bool{}
		for _, e := range waiting {
			stuck[e.ID] = true
			if !slices.Contains(subjects, e.ID) {
				stuck[OutboxOutage] = true
			}
		}

		for i := range open {
			if stuck[open[i].SubjectID] {
				continue
			}
			closed++
			if err := tx.settleForGood(&open[i], "Temporal took what waited"); err != nil {
				return err
			}
		}

		return nil
	})

	return closed, err
}

// OutboxBacklog counts the events that are not delivered yet, and returns when the
// oldest was written; zero for none.
func (d *DB) OutboxBacklog(ctx context.Context) (count int64, oldest time.Time, err error) {
	err = d.Read(ctx, func(tx *Tx) error {
		var first OutboxEvent
		err := tx.Model(&OutboxEvent{}).Where("delivered_at IS NULL").Count(&count).Error
		if err != nil || count == 0 {
			return err
		}

		err = tx.Where("delivered_at IS NULL").Order("created_at").First(&first).Error
		oldest = first.CreatedAt
		return Found(err)
	})

	return count, oldest, err
}
