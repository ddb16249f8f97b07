package db

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"roomcover.dev/roomcover/rules"
)

// AuditFault is a link that does not hold, or something else that is wrong with a chain.
type AuditFault struct {
	ChainID string `json:"chain_id"`
	Seq     int64  `json:"seq"`
	EventID string `json:"event_id"`
	Fault   string `json:"fault"`
}

// AuditReport is what an inspection of the audit found.
type AuditReport struct {
	Events int64        `json:"events"`
	Chains int          `json:"chains"`
	Faults []AuditFault `json:"faults"`
}

// The faults of the audit.
const (
	faultGap      = "an event before this one is missing"
	faultPrevious = "the event before this one was changed"
	faultChanged  = "this event was changed"
	faultKey      = "this event names a key that is not known here; see ROOMCOVER_KEYS_BEFORE"
	faultWitness  = "an event of another chain, which this event has seen, is missing: "
	faultEnd      = "the chain does not end where it should"
	faultHeadless = "the chain has lost the note of its end"
	faultOrphan   = "it is there, and nothing in the audit says how it came"
	faultUnsealed = "there is no seal over what the present key did not make; " +
		"where every process runs this release and key, run roomcover audit seal"
	faultSeal  = "what was made with this key or without one is not what was sealed"
	faultGuard = "the database no longer refuses to change or empty the audit; missing: "
)

// auditHead is how far a chain has come; the database itself keeps it.
type auditHead struct {
	ChainID string `gorm:"primaryKey"`
	Seq     int64
}

// auditedTables are the tables whose every row has a chain of its own, under its id. A
// chain that was removed with its head is missed there.
var auditedTables = []string{"accounts", "orders", "rmas", "shipments", "spare_units"}

// VerifyAudit is InspectAudit without a file.
func (d *DB) VerifyAudit(ctx context.Context) (events int64, faults []AuditFault, err error) {
	report, err := d.InspectAudit(ctx, nil)
	return report.Events, report.Faults, err
}

// InspectAudit walks every chain and returns what does not hold: a changed event, a gap, a
// chain that lost its beginning, its end or itself, and an event that was made without
// the key and that no seal covers. Heads, when given, were read from a file; what they
// say must be there as well.
func (d *DB) InspectAudit(ctx context.Context, heads *AuditHeads) (AuditReport, error) {
	walk := newAuditWalk(d.audit, heads)
	err := d.ReadSnapshot(ctx, func(tx *Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		walk = newAuditWalk(d.audit, heads)
		if err := walk.readEvents(tx); err != nil {
			return err
		}
		if err := walk.compareHeads(tx); err != nil {
			return err
		}
		if err := walk.findOrphans(tx); err != nil {
			return err
		}
		if err := walk.findWitnesses(tx); err != nil {
			return err
		}

		walk.checkSeals()
		walk.compareFile()
		return walk.checkGuards(tx)
	})

	walk.report.Chains = len(walk.ends)
	return walk.report, err
}

// auditWalk goes through the events, chain by chain.
type auditWalk struct {
	keys   auditKeys
	heads  *AuditHeads
	ends   map[string]int64
	told   map[auditMark]string // what the file still has to find
	others map[string]*auditSum // by key: what the present key did not make
	seals  map[string]AuditEvent
	report AuditReport
}

// auditSum is what a seal says of the events of one key.
type auditSum struct {
	events int64
	last   time.Time
	chains map[string][sha256.Size]byte
}

func newAuditWalk(keys auditKeys, heads *AuditHeads) *auditWalk {
	return &auditWalk{
		keys:   keys,
		heads:  heads,
		ends:   map[string]int64{},
		told:   heads.marks(),
		others: map[string]*auditSum{plainAudit.id: newAuditSum()},
		seals:  map[string]AuditEvent{},
	}
}

func newAuditSum() *auditSum { return &auditSum{chains: map[string][sha256.Size]byte{}} }

func (w *auditWalk) fault(e AuditEvent, text string) {
	w.report.Faults = append(w.report.Faults, AuditFault{
		ChainID: e.ChainID,
		Seq:     e.Seq,
		EventID: e.ID,
		Fault:   text,
	})
}

func (w *auditWalk) readEvents(tx *Tx) error {
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
		w.readEvent(e, prev)
		prev = e
	}

	return rows.Err()
}

func (w *auditWalk) readEvent(e, prev AuditEvent) {
	fault := w.keys.faultOf(e, prev)
	if fault != "" {
		w.fault(e, fault)
	}

	if e.KeyID != w.keys.present.id {
		if w.others[e.KeyID] == nil {
			w.others[e.KeyID] = newAuditSum()
		}
		w.others[e.KeyID].add(e)
	}

	// A seal is believed only where somebody with a key made it.
	if e.Verb == verbSealed && e.KeyID != plainAudit.id && fault == "" {
		key, _ := e.Details[sealKey].(string)
		if _, again := w.seals[key]; !again {
			w.seals[key] = e
		}
	}

	mark := auditMark{e.ChainID, e.Seq}
	if w.told[mark] == e.Hash {
		delete(w.told, mark)
	}

	w.ends[e.ChainID] = e.Seq
	w.report.Events++
}

// faultOf says what is wrong with an event behind the one before; empty: nothing.
func (k auditKeys) faultOf(e, prev AuditEvent) string {
	key, known := k.known[e.KeyID]
	switch {
	case e.Seq != prev.Seq+1:
		return faultGap
	case e.PrevHash != prev.Hash:
		return faultPrevious
	case !known:
		return faultKey
	case e.digest(key) != e.Hash:
		return faultChanged
	}

	return ""
}

// compareHeads finds the chains that end before or after where the database noted it, and
// those of which only the note or only the events are left.
func (w *auditWalk) compareHeads(tx *Tx) error {
	var heads []auditHead
	if err := tx.Order("chain_id").Find(&heads).Error; err != nil {
		return err
	}

	noted := make(map[string]bool, len(heads))
	for _, h := range heads {
		noted[h.ChainID] = true
		if w.ends[h.ChainID] != h.Seq {
			w.fault(AuditEvent{ChainID: h.ChainID, Seq: h.Seq}, faultEnd)
		}
	}

	for _, chain := range KeysOf(w.ends) {
		if !noted[chain] {
			w.fault(AuditEvent{ChainID: chain, Seq: w.ends[chain]}, faultHeadless)
		}
	}

	return nil
}

// findOrphans finds what is there and has no chain.
func (w *auditWalk) findOrphans(tx *Tx) error {
	for _, table := range auditedTables {
		var ids []string
		err := tx.Raw(`
			SELECT t.id FROM ` + table + ` t
			WHERE NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.chain_id = t.id)
			ORDER BY t.id`).Scan(&ids).Error
		if err != nil {
			return err
		}

		for _, id := range ids {
			w.fault(AuditEvent{ChainID: id}, faultOrphan)
		}
	}

	return nil
}

// findWitnesses finds the events that have seen another one which is not there any more.
func (w *auditWalk) findWitnesses(tx *Tx) error {
	var alone []AuditEvent
	err := tx.Raw(`
		SELECT w.id, w.chain_id, w.seq, w.witness
		FROM audit_events w
		WHERE w.witness <> ''
			AND NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.id = w.witness)
		ORDER BY w.id`).Scan(&alone).Error
	if err != nil {
		return err
	}

	for _, e := range alone {
		w.fault(e, faultWitness+e.Witness)
	}

	return nil
}

// checkSeals holds what the present key did not make against the seals.
func (w *auditWalk) checkSeals() {
	for _, key := range KeysOf(w.others) {
		seal, sealed := w.seals[key]
		switch {
		case !sealed:
			w.fault(AuditEvent{ChainID: chainAudit}, faultUnsealed)
		case seal.Details[sealDigest] != w.others[key].digest():
			w.fault(seal, faultSeal)
		}
	}
}

// add takes an event into the sum; those of a chain come in their order.
func (s *auditSum) add(e AuditEvent) {
	before := s.chains[e.ChainID]
	link := fmt.Sprintf("%x;%d;%s", before, e.Seq, e.Hash)
	s.chains[e.ChainID] = sha256.Sum256([]byte(link))
	s.events++
	if e.At.After(s.last) {
		s.last = e.At
	}
}

// digest is one hash of the sum, whatever order the chains came in.
func (s *auditSum) digest() string {
	h := sha256.New()
	for _, chain := range KeysOf(s.chains) {
		fmt.Fprintf(h, "%d:%s;%x;", len(chain), chain, s.chains[chain])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// checkGuards finds the triggers that are gone or switched off.
func (w *auditWalk) checkGuards(tx *Tx) error {
	query := `
		SELECT name FROM sqlite_master
		WHERE type = 'trigger' AND tbl_name IN ('audit_events', 'audit_heads')`
	guards := []string{
		"audit_events_fixed", "audit_events_kept", "audit_events_head", "audit_heads_kept",
		"audit_heads_forward",
	}

	if tx.Postgres() {
		query = `
			SELECT tgname FROM pg_trigger
			WHERE tgrelid IN ('audit_events'::regclass, 'audit_heads'::regclass)
				AND tgenabled IN ('O', 'A')`
		guards[0] = "audit_events_append_only"
	}

	var there []string
	if err := tx.Raw(query).Scan(&there).Error; err != nil {
		return err
	}

	for _, guard := range guards {
		if !slices.Contains(there, guard) {
			w.fault(AuditEvent{ChainID: chainAudit}, faultGuard+guard)
		}
	}

	return nil
}

// A seal is an event of the audit about itself: what another key made, or none, up to
// there. Nothing can be put in later in the name of that key.
const (
	chainAudit = "audit"
	verbSealed = "audit.sealed"
	sealKey    = "key"
	sealDigest = "digest"
)

// SealAudit seals what the present key did not make: the events of before there was a
// key, and those of a key that was changed. It is done once for each key, when no process
// writes with that key any more, and returns how many events it sealed. While one was made
// within an hour it refuses with STATE_CONFLICT: what an old process adds behind the seal
// would look forged for ever. An audit that does not hold otherwise is not sealed: the
// report names why. Done again it changes nothing.
func (d *DB) SealAudit(ctx context.Context) (sealed int64, report AuditReport, err error) {
	report, err = d.InspectAudit(ctx, nil)
	if err != nil {
		return 0, report, err
	}

	report.Faults = slices.DeleteFunc(report.Faults,
		func(f AuditFault) bool { return f.Fault == faultUnsealed })
	if len(report.Faults) > 0 {
		return 0, report, nil
	}

	err = d.Write(ctx, func(tx *Tx) error {
		walk := newAuditWalk(d.audit, nil)
		sealed = 0
		if err := walk.readEvents(tx); err != nil {
			return err
		}

		for _, key := range KeysOf(walk.others) {
			if _, again := walk.seals[key]; again {
				continue
			}
			if tx.Now().Sub(walk.others[key].last) < sealPatience {
				return rules.Refuse(rules.StateConflict,
					"Events were made within the last hour that the present key did not make.",
					"See that every process runs this release and key, and seal an hour later.")
			}
			if err := tx.seal(key, walk.others[key]); err != nil {
				return err
			}
			sealed += walk.others[key].events
		}

		return nil
	})

	return sealed, report, err
}

// sealPatience is how long nothing may have been made with a key that is sealed.
const sealPatience = time.Hour

func (tx *Tx) seal(key string, sum *auditSum) error {
	return tx.Audit(chainAudit, nil, false, Entry{
		Verb:     verbSealed,
		ObjectID: chainAudit,
		Details: map[string]any{
			sealKey:    key,
			sealDigest: sum.digest(),
			"events":   sum.events,
			"chains":   len(sum.chains),
		},
	})
}

// sealEmptyAudit begins the audit of a new database: nothing in it was made without the
// key, and nothing will be. In one that has events already it changes nothing: there
// SealAudit is for a person to call.
func (d *DB) sealEmptyAudit(ctx context.Context) error {
	return d.Write(WithSystem(ctx), func(tx *Tx) error {
		var events int64
		if err := tx.Model(&AuditEvent{}).Limit(1).Count(&events).Error; err != nil {
			return err
		}
		if events > 0 {
			return nil
		}
		return tx.seal(plainAudit.id, newAuditSum())
	})
}

// keyedAudit is the migration from which on the audit has a key.
const keyedAudit = 45
