package db

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// AuditEvent is one link of an append-only chain: per account, and per order
// until the order has an account.
type AuditEvent struct {
	ID         string
	ChainID    string
	Seq        int64
	AccountID  *string
	ActorID    string
	ActorRole  rules.Role
	ActingOrg  string
	OnBehalfOf string
	Verb       string
	ObjectID   string
	Details    map[string]any `gorm:"serializer:json"` // before and after; persons by id only
	IP         string         `gorm:"column:ip"`
	RequestID  string
	At         time.Time
	Witness    string // an event of another chain that was there before; empty: none
	KeyID      string // the key of the hash; empty: of before there were keys
	PrevHash   string
	Hash       string
}

// Entry is what a change says about itself; the chain adds the rest.
type Entry struct {
	Verb     string
	ObjectID string
	Details  map[string]any // before and after; persons by id only
}

// WithReason adds the reason that a person gave to the details of an entry.
func WithReason(reason string, details map[string]any) map[string]any {
	if reason = strings.TrimSpace(reason); reason != "" {
		details["reason"] = reason
	}
	return details
}

// Audit adds entries to a chain. Two callers that hold no lock on the chain's
// owner may meet: the unique key (chain_id, seq) refuses the second, and its
// transaction runs again. A chain that the caller has just created is passed as fresh
// and costs no read.
func (tx *Tx) Audit(
	chainID string, accountID *string, fresh bool, entries ...Entry,
) error {
	var last AuditEvent
	if !fresh {
		err := tx.Select("seq", "hash").Where("chain_id = ?", chainID).Order("seq DESC").Limit(1).
			Find(&last).Error
		if err != nil {
			return err
		}
	}

	return tx.ExtendAudit(chainID, accountID, last, entries...)
}

// ExtendAudit is Audit for a caller that has read the end of the chain: its number and
// hash, none for a new chain.
func (tx *Tx) ExtendAudit(
	chainID string, accountID *string, last AuditEvent, entries ...Entry,
) error {
	events := make([]AuditEvent, 0, len(entries))
	for _, e := range entries {
		next := LinkAudit(tx, chainID, accountID, last, e)
		events = append(events, next)
		last = next
	}

	err := tx.Create(&events).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return errChainMoved
	}

	return err
}

// AppendAudit writes events that LinkAudit made, of chains whose owners the caller has
// just created or locked.
func (tx *Tx) AppendAudit(events []AuditEvent) error { return tx.Create(&events).Error }

// LinkAudit returns the event that an entry becomes behind the last one of its chain.
func LinkAudit(
	tx *Tx, chainID string, accountID *string, prev AuditEvent, e Entry,
) AuditEvent {
	next := AuditEvent{
		ID:         NewID(prefixAudit),
		ChainID:    chainID,
		Seq:        prev.Seq + 1,
		AccountID:  accountID,
		ActorID:    tx.Scope.Actor.ID,
		ActorRole:  tx.Scope.Actor.Role,
		ActingOrg:  tx.Scope.Actor.OrgID,
		OnBehalfOf: tx.Scope.Actor.OnBehalfOf,
		Verb:       e.Verb,
		ObjectID:   e.ObjectID,
		Details:    e.Details,
		IP:         tx.Scope.Actor.IP,
		RequestID:  tx.Scope.Actor.RequestID,
		At:         tx.Now(),
		Witness:    tx.witness(prev),
		KeyID:      tx.database.audit.present.id,
		PrevHash:   prev.Hash,
	}
	if next.Details == nil {
		next.Details = map[string]any{}
	}

	next.Hash = next.digest(tx.database.audit.present)
	tx.state.audited = next.ID
	return next
}

// witness returns the id of the event that this process wrote last, in whatever chain,
// unless the new event follows it anyway. A chain whose end is cut off, and whose head is
// put right, is then missed by an event of another chain.
func (tx *Tx) witness(prev AuditEvent) string {
	last := tx.state.audited
	if last == "" {
		last, _ = tx.database.audited.Load().(string)
	}
	if last == prev.ID {
		return ""
	}
	return last
}

// digest is the link's hash over everything but itself, made with the key that the
// event names. The address of the caller is left out, so that it can be erased (S33).
func (e AuditEvent) digest(key auditKey) string {
	details, err := json.Marshal(e.Details)
	if err != nil {
		panic(fmt.Sprintf("audit details of %s cannot be encoded: %v", e.Verb, err))
	}

	parts := []string{
		e.ID,
		e.ChainID,
		fmt.Sprint(e.Seq),
		Text(e.AccountID),
		e.ActorID,
		string(e.ActorRole),
		e.ActingOrg,
		e.OnBehalfOf,
		e.Verb,
		e.ObjectID,
		string(details),
		e.RequestID,
		e.At.UTC().Format(time.RFC3339Nano),
		e.PrevHash,
	}
	if e.KeyID != "" {
		parts = append(parts, e.Witness, e.KeyID)
	}

	h := key.hash()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s;", len(part), part)
	}

	return hex.EncodeToString(h.Sum(nil))
}

// Timeline reads the audit of objects, oldest first. A tenant sees what happened to
// its orders, also before they had an account, and a customer all of its account
// (S36).
func (d *DB) Timeline(ctx context.Context, objectIDs ...string) ([]AuditEvent, error) {
	var out []AuditEvent
	err := d.WriteAcross(ctx, func(tx *Tx) error {
		q := tx.Where("object_id IN ?", objectIDs)
		if !tx.Scope.System {
			// Only the orders that are asked about: an account may have tens of thousands.
			own := tx.Scope.Orders(tx.Table("orders").Select("id")).Where("id IN ?", objectIDs)
			q = q.Where(
				tx.Where("object_id IN (?)", own).Or("account_id IN ?", tx.Scope.AccountIDs),
			)
		}
		return q.Order("at, seq").Find(&out).Error
	})

	return out, err
}

// ChainEnd is the end of an audit chain, read by the statement that reads the row whose
// lock guards the chain: the change that follows needs no statement of its own to find
// it. Both are nil where the chain is new.
type ChainEnd struct {
	HeadSeq  *int64
	HeadHash *string
}

// ChainEndSQL returns the SQL columns of a ChainEnd; chain is the SQL expression of the
// chain's id.
func ChainEndSQL(chain string) string {
	return `(SELECT MAX(seq) FROM audit_events WHERE chain_id = ` + chain + `) AS head_seq,
		(SELECT hash FROM audit_events WHERE chain_id = ` + chain + `
			ORDER BY seq DESC LIMIT 1) AS head_hash`
}

// Last returns the event that the next one follows, for LinkAudit.
func (e ChainEnd) Last() AuditEvent {
	if e.HeadSeq == nil {
		return AuditEvent{}
	}
	return AuditEvent{Seq: *e.HeadSeq, Hash: *e.HeadHash}
}
