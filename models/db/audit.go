package db

import (
	"context"
	"crypto/sha256"
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
		PrevHash:   prev.Hash,
	}
	if next.Details == nil {
		next.Details = map[string]any{}
	}

	next.Hash = next.digest()
	return next
}

// digest is the link's hash over everything but itself. The address of the
// caller is left out, so that it can be erased (S33).
func (e AuditEvent) digest() string {
	details, err := json.Marshal(e.Details)
	if err != nil {
		panic(fmt.Sprintf("audit details of %s cannot be encoded: %v", e.Verb, err))
	}

	h := sha256.New()
	for _, part := range []string{
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
	} {
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
			own := tx.Scope.Orders(tx.Table("orders").Select("id"))
			q = q.Where(
				tx.Where("object_id IN (?)", own).Or("account_id IN ?", tx.Scope.AccountIDs),
			)
		}
		return q.Order("at, seq").Find(&out).Error
	})

	return out, err
}

// AuditFault is a link that does not hold.
type AuditFault struct {
	ChainID string `json:"chain_id"`
	Seq     int64  `json:"seq"`
	EventID string `json:"event_id"`
	Fault   string `json:"fault"`
}

// auditHead is how far a chain has come; the database itself keeps it.
type auditHead struct {
	ChainID string `gorm:"primaryKey"`
	Seq     int64
}

// VerifyAudit walks every chain and returns how many events it read and the
// links that do not hold: a changed event, a gap, a chain that lost its
// beginning or its end.
func (d *DB) VerifyAudit(ctx context.Context) (events int64, faults []AuditFault, err error) {
	err = d.Read(ctx, func(tx *Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		ends := map[string]int64{}
		events, faults = 0, nil

		rows, err := tx.Model(&AuditEvent{}).Order("chain_id, seq").Rows()
		if err != nil {
			return err
		}
		defer rows.Close()

		var prev AuditEvent
		for rows.Next() {
			var e AuditEvent
			if err := tx.ScanRows(rows, &e); err != nil {
				return err
			}

			if e.ChainID != prev.ChainID {
				prev = AuditEvent{ChainID: e.ChainID}
			}

			if fault := e.faultAfter(prev); fault != "" {
				faults = append(faults, AuditFault{
					ChainID: e.ChainID,
					Seq:     e.Seq,
					EventID: e.ID,
					Fault:   fault,
				})
			}

			ends[e.ChainID] = e.Seq
			events++
			prev = e
		}

		if err := rows.Err(); err != nil {
			return err
		}

		cut, err := cutChains(tx, ends)
		faults = append(faults, cut...)
		return err
	})

	return events, faults, err
}

// cutChains finds the chains that end before or after where they should.
func cutChains(tx *Tx, ends map[string]int64) (faults []AuditFault, err error) {
	var heads []auditHead
	if err := tx.Order("chain_id").Find(&heads).Error; err != nil {
		return nil, err
	}

	for _, h := range heads {
		if ends[h.ChainID] != h.Seq {
			faults = append(faults, AuditFault{
				ChainID: h.ChainID,
				Seq:     h.Seq,
				Fault:   "the chain does not end where it should",
			})
		}
	}

	return faults, nil
}

// faultAfter says what is wrong with an event behind the one before; empty: nothing.
func (e AuditEvent) faultAfter(prev AuditEvent) string {
	switch {
	case e.Seq != prev.Seq+1:
		return "an event before this one is missing"
	case e.PrevHash != prev.Hash:
		return "the event before this one was changed"
	case e.digest() != e.Hash:
		return "this event was changed"
	}

	return ""
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
