package db

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
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

// reasonsRead is how many of the last entries of a chain are asked for a reason.
const reasonsRead = 50

// HasReason reports whether the actor gave a reason before, for one of the last things that they
// did in a chain which the caller may see.
func (tx *Tx) HasReason(chainID, reason string) (bool, error) {
	var last []AuditEvent
	err := tx.Select("id", "details").
		Where("chain_id = ? AND actor_id = ?", chainID, tx.Scope.Actor.ID).
		Order("seq DESC").
		Limit(reasonsRead).
		Find(&last).Error
	return slices.ContainsFunc(last, func(e AuditEvent) bool {
		return e.Details["reason"] == strings.TrimSpace(reason)
	}), err
}

// Audit adds entries to a chain. They are written when the transaction has done everything
// else, behind the ends of their chains, whose locks are the last that it takes; see
// writeAudit. A chain that the caller has just created is passed as fresh and is not
// locked.
func (tx *Tx) Audit(
	chainID string, accountID *string, fresh bool, entries ...Entry,
) error {
	if fresh {
		return tx.ExtendAudit(chainID, accountID, AuditEvent{}, entries...)
	}
	tx.state.audit.add(tx, chainID, accountID, entries)
	return nil
}

// ExtendAudit is Audit for a caller that holds the lock on the chain's owner and has read
// the end of the chain: its number and hash, none for a new chain. It costs no read where
// every chain of the transaction is known so.
func (tx *Tx) ExtendAudit(
	chainID string, accountID *string, last AuditEvent, entries ...Entry,
) error {
	audit := &tx.state.audit
	if audit.known == nil {
		audit.known = map[string]AuditEvent{}
	}
	audit.known[chainID] = last
	audit.add(tx, chainID, accountID, entries)
	return nil
}

// pendingAudit is what a transaction has to write of the audit before it ends.
type pendingAudit struct {
	entries []pendingEntry
	known   map[string]AuditEvent // the ends of chains that need not be read
	beyond  int                   // how many calls of BeyondFence are under way
}

// pendingEntry is an entry with who acted and when, as the caller's scope said.
type pendingEntry struct {
	Entry
	chainID   string
	accountID *string
	actor     Actor
	at        time.Time
	beyond    bool // the fence was open for it
}

func (p *pendingAudit) add(tx *Tx, chainID string, accountID *string, entries []Entry) {
	for _, e := range entries {
		e.Details = copyDetails(e)
		p.entries = append(p.entries, pendingEntry{
			Entry:     e,
			chainID:   chainID,
			accountID: accountID,
			actor:     tx.Scope.Actor,
			at:        tx.Now(),
			beyond:    p.beyond > 0,
		})
	}
}

// copyDetails returns the details as they are now: what they point to may change before
// they are written.
func copyDetails(e Entry) map[string]any {
	text, err := json.Marshal(e.Details)
	if err != nil {
		panic(fmt.Sprintf("audit details of %s cannot be encoded: %v", e.Verb, err))
	}

	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	details := map[string]any{}
	if err := decoder.Decode(&details); err != nil {
		panic(fmt.Sprintf("audit details of %s cannot be decoded: %v", e.Verb, err))
	}
	if details == nil {
		return map[string]any{}
	}
	return details
}

// writeAudit writes what Audit has collected. The heads of the chains are locked in the
// order of their ids, after all other locks of the transaction: transactions that append
// to the same chains wait for one another and never in a circle.
func (tx *Tx) writeAudit() error {
	entries := tx.state.audit.entries
	if len(entries) == 0 {
		return nil
	}
	tx.state.audit.entries = nil

	write := func(tx *Tx) error {
		ends, err := tx.auditEnds(entries)
		if err != nil {
			return err
		}

		events := make([]AuditEvent, len(entries))
		for i, e := range entries {
			events[i] = linkAudit(tx, e, ends[e.chainID])
			ends[e.chainID] = events[i]
		}

		err = tx.CreateInBatches(&events, RowsPerStatement(events)).Error
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return errChainMoved
		}
		return err
	}

	if slices.ContainsFunc(entries, func(e pendingEntry) bool { return e.beyond }) {
		return tx.BeyondFence(write)
	}
	return write(tx)
}

// auditEnds locks the chains of entries and returns where each one ends. Where every end
// is known already it asks nothing.
func (tx *Tx) auditEnds(entries []pendingEntry) (map[string]AuditEvent, error) {
	ends := maps.Clone(tx.state.audit.known)
	if ends == nil {
		ends = map[string]AuditEvent{}
	}

	chains := map[string]bool{}
	read := false
	for _, e := range entries {
		last, known := ends[e.chainID]
		if known && last.Seq == 0 {
			continue // the transaction created it
		}
		chains[e.chainID] = true
		read = read || !known
	}
	if !read {
		return ends, nil
	}

	for some := range Batches(KeysOf(chains), 10_000) {
		q := tx.Raw(auditEndsSQL, some)
		if tx.Postgres() {
			q = tx.Raw(lockAuditEndsSQL, strings.Join(some, ","))
		}

		var rows []AuditEvent
		if err := q.Scan(&rows).Error; err != nil {
			return nil, err
		}
		for _, last := range rows {
			ends[last.ChainID] = last
		}
	}

	return ends, nil
}

// The ends of chains, whose ids hold no comma. On PostgreSQL a function of the database
// locks their heads: the service's role may lock heads and not change them.
const (
	auditEndsSQL = `
		SELECT e.chain_id, e.seq, e.hash, e.at
		FROM audit_heads h
		JOIN audit_events e ON e.chain_id = h.chain_id AND e.seq = h.seq
		WHERE h.chain_id IN ?`
	lockAuditEndsSQL = `SELECT chain_id, seq, hash, at FROM roomcover_audit_ends(?)`
)

// linkAudit returns the event that an entry becomes behind the last one of its chain. It
// is never dated before that one.
func linkAudit(tx *Tx, e pendingEntry, prev AuditEvent) AuditEvent {
	next := AuditEvent{
		ID:         NewID(prefixAudit),
		ChainID:    e.chainID,
		Seq:        prev.Seq + 1,
		AccountID:  e.accountID,
		ActorID:    e.actor.ID,
		ActorRole:  e.actor.Role,
		ActingOrg:  e.actor.OrgID,
		OnBehalfOf: e.actor.OnBehalfOf,
		Verb:       e.Verb,
		ObjectID:   e.ObjectID,
		Details:    e.Details,
		IP:         e.actor.IP,
		RequestID:  e.actor.RequestID,
		At:         e.at,
		Witness:    tx.witness(prev),
		KeyID:      tx.database.audit.present.id,
		PrevHash:   prev.Hash,
	}
	if next.At.Before(prev.At) {
		next.At = prev.At
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

// Last returns the event that the next one follows, for ExtendAudit.
func (e ChainEnd) Last() AuditEvent {
	if e.HeadSeq == nil {
		return AuditEvent{}
	}
	return AuditEvent{Seq: *e.HeadSeq, Hash: *e.HeadHash}
}
