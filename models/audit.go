package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// entry is what a change says about itself; the chain adds the rest.
type entry struct {
	verb     string
	objectID string
	details  map[string]any // before and after; persons by id only
}

// appendAudit adds entries to a chain. A caller that holds no lock on the
// chain's owner may meet another one: the unique key (chain_id, seq) refuses
// the second, and the transaction runs again. A chain that the caller has just
// created is passed as fresh and costs no read.
func (s *Store) appendAudit(tx *gorm.DB, scope Scope, chainID string, accountID *string, fresh bool, entries ...entry) error {
	var last AuditEvent
	if !fresh {
		err := tx.Select("seq", "hash").Where("chain_id = ?", chainID).Order("seq DESC").Limit(1).Find(&last).Error
		if err != nil {
			return err
		}
	}
	return s.extendAudit(tx, scope, chainID, accountID, last, entries...)
}

// extendAudit is appendAudit behind an end of the chain that the caller has read:
// its number and hash, none for a new chain.
func (s *Store) extendAudit(tx *gorm.DB, scope Scope, chainID string, accountID *string, last AuditEvent, entries ...entry) error {
	events := make([]AuditEvent, 0, len(entries))
	for _, e := range entries {
		next := s.link(scope, chainID, accountID, last, e)
		events = append(events, next)
		last = next
	}
	err := tx.Create(&events).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return errChainMoved
	}
	return err
}

func (s *Store) link(scope Scope, chainID string, accountID *string, prev AuditEvent, e entry) AuditEvent {
	next := AuditEvent{
		ID: NewID(prefixAudit), ChainID: chainID, Seq: prev.Seq + 1, AccountID: accountID,
		ActorID: scope.Actor.ID, ActorRole: scope.Actor.Role, ActingOrg: scope.Actor.OrgID,
		OnBehalfOf: scope.Actor.OnBehalfOf, Verb: e.verb, ObjectID: e.objectID, Details: e.details,
		IP: scope.Actor.IP, RequestID: scope.Actor.RequestID, At: s.clock.Now(), PrevHash: prev.Hash,
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
	for _, part := range []string{e.ID, e.ChainID, fmt.Sprint(e.Seq), text(e.AccountID), e.ActorID, string(e.ActorRole), e.ActingOrg,
		e.OnBehalfOf, e.Verb, e.ObjectID, string(details), e.RequestID, e.At.UTC().Format(time.RFC3339Nano), e.PrevHash} {
		fmt.Fprintf(h, "%d:%s;", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Timeline is the audit of an object and of what belongs to it, oldest first. A
// tenant sees what happened to its orders, also before they had an account, and
// a customer all of its account (S36).
func (s *Store) Timeline(ctx context.Context, objectIDs ...string) ([]AuditEvent, error) {
	var out []AuditEvent
	err := s.txAcross(ctx, func(tx *gorm.DB, scope Scope) error {
		q := tx.Where("object_id IN ?", objectIDs)
		if !scope.System {
			own := scope.orders(tx.Model(&Order{}).Select("id"))
			q = q.Where(tx.Where("object_id IN (?)", own).Or("account_id IN ?", scope.AccountIDs))
		}
		return q.Order("at, seq").Find(&out).Error
	})
	return out, err
}
