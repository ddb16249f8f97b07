package models

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// spareRow is a spare unit under its lock, with what a change needs of its account
// and site, and the end of its audit chain, all in one statement. Account and site
// are empty before they are chosen.
type spareRow struct {
	SpareUnit
	AccountName   string
	AccountLocale string
	AccountZone   string
	SiteName      string
	SiteContact   string // e-mail address
	SiteCountry   string
	Admins        *string // see adminsOf
	HeadSeq       *int64
	HeadHash      *string
}

var spareColumns = `su.*, COALESCE(a.legal_name, '') AS account_name, COALESCE(a.locale, '') AS account_locale, COALESCE(a.time_zone, '') AS account_zone,
	COALESCE(s.name, '') AS site_name, COALESCE(s.contact_email, '') AS site_contact, COALESCE(s.country, '') AS site_country,
	(SELECT MAX(seq) FROM audit_events WHERE chain_id = su.id) AS head_seq,
	(SELECT hash FROM audit_events WHERE chain_id = su.id ORDER BY seq DESC LIMIT 1) AS head_hash, ` + fmt.Sprintf(adminsOf, "su.account_id") + " AS admins"

// spareWork is one change of a spare unit under way, in one transaction.
type spareWork struct {
	spareRow
	s       *Store
	tx      *gorm.DB
	scope   Scope
	now     time.Time
	before  SpareUnit
	reason  string
	entries []entry
	mails   []spareMail
	events  []OutboxEvent
	quiet   bool // the workflow itself asked for the change
	parcels bool // the carrier has to be asked
}

// lockOwnedSpare locks a spare unit in scope after its account, where it has one, as
// a carrier's scan does that goes on to the unit.
func (s *Store) lockOwnedSpare(tx *gorm.DB, scope Scope, id string) (*spareWork, error) {
	var owners []string
	err := s.lockRows(scope.accounts(tx, "a.id"), "a").Table("accounts AS a").Select("a.id").Joins("JOIN spare_units su ON su.account_id = a.id").Where("su.id = ?", id).Scan(&owners).Error
	if err != nil {
		return nil, err
	}
	return s.lockSpare(tx, scope, id)
}

// lockSpare locks a spare unit in scope.
func (s *Store) lockSpare(tx *gorm.DB, scope Scope, id string) (*spareWork, error) {
	w := &spareWork{s: s, tx: tx, scope: scope}
	q := s.lockRows(scope.accounts(tx, "su.account_id"), "su").Table("spare_units AS su").Select(spareColumns).
		Joins("LEFT JOIN accounts a ON a.id = su.account_id").Joins("LEFT JOIN sites s ON s.id = su.site_id")
	res := q.Where("su.id = ?", id).Limit(1).Scan(&w.spareRow)
	if res.Error == nil && res.RowsAffected == 0 {
		return nil, errNotFound()
	}
	w.now, w.before = s.clock.Now(), w.SpareUnit
	return w, res.Error
}

// changeSpare runs a command: it locks the unit, has it changed, and stores what
// follows with audit, mails and outbox in one transaction (C6). A command that was
// done before, as done tells, answers with the unit as it is.
func (s *Store) changeSpare(ctx context.Context, id string, c rules.SpareCommand, reason string, done func(SpareUnit) bool, change func(*spareWork) error) (SpareUnit, error) {
	var out SpareUnit
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		w, err := s.lockOwnedSpare(tx, scope, id)
		if err != nil {
			return err
		}
		w.reason = reason
		if !done(w.SpareUnit) {
			if err := rules.MaySpare(c, scope.Actor.Role, w.SpareFacts, w.now); err != nil {
				return err
			}
			if err := change(w); err != nil {
				return err
			}
			if err := w.save(); err != nil {
				return err
			}
		}
		out = w.SpareUnit
		return nil
	})
	return out, err
}

// become moves the unit on; STATE_CONFLICT where RULES 2 knows no such arrow.
func (w *spareWork) become(next rules.SpareState) error {
	if err := rules.Move(w.State, next); err != nil {
		return err
	}
	w.State, w.StateSince = next, w.now
	return nil
}

// note adds an entry to the audit, with the reason that the caller gave.
func (w *spareWork) note(verb string, details map[string]any) {
	w.noteOf(verb, w.ID, withReason(w.reason, details))
}

func (w *spareWork) noteOf(verb, id string, details map[string]any) {
	w.entries = append(w.entries, entry{verb, id, details})
}

// save stores the unit with what follows from its facts: stock and parcels, the
// timer, the tasks that are settled, then mails, audit and what the workflow is told.
func (w *spareWork) save() error {
	for _, step := range []func() error{w.planStock, w.planParcels, w.derive, w.store, w.settleTasks, w.queueMails, w.audit, w.tell} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (w *spareWork) derive() error {
	if w.State.Over() && w.ClosedAt == nil {
		w.ClosedAt = &w.now
	}
	w.NextTimer, w.NextAt = "", nil
	if timers := w.Timers(w.zone()); len(timers) > 0 {
		w.NextTimer, w.NextAt = timers[0].Kind, &timers[0].At
	}
	w.Version++
	return nil
}

// zone is the account's: of the days of a recall (C1).
func (w *spareWork) zone() *time.Location { return zoneOf(w.AccountZone) }

func (w *spareWork) store() error {
	return w.tx.Select("*").Omit("id", "line_id", "ordinal", "created_at").Where("id = ?", w.ID).Updates(&w.SpareUnit).Error
}

func (w *spareWork) audit() error {
	var last AuditEvent
	if w.HeadSeq != nil {
		last.Seq, last.Hash = *w.HeadSeq, *w.HeadHash
	}
	if w.State != w.before.State && len(w.entries) > 0 {
		w.entries[0].details["before"], w.entries[0].details["after"] = w.before.State, w.State
	}
	return w.s.extendAudit(w.tx, w.scope, w.ID, w.AccountID, last, w.entries...)
}

// status is what the unit's workflow does next. A unit at rest needs none: the
// contracts under which it lies on site run for years.
func (u SpareUnit) status() ProcessStatus {
	return ProcessStatus{Version: u.Version, Timer: string(u.NextTimer), At: u.NextAt, Closed: u.AtRest()}
}

func (w *spareWork) status() ProcessStatus {
	st := w.SpareUnit.status()
	st.Mails, st.Parcels = len(w.mails) > 0, w.parcels
	return st
}

// tell has the workflow told where this change matters to it.
func (w *spareWork) tell() error {
	if st := w.status(); !w.quiet && st.matters(w.before.status()) {
		w.events = append(w.events, st.event(OutboxSpareChanged, w.ID))
	}
	if len(w.events) == 0 {
		return nil
	}
	return w.s.enqueue(w.tx, w.events...)
}

// event tells those outside of the service: the same one of a unit once.
func (w *spareWork) event(kind OutboxKind, why string) {
	w.events = append(w.events, outboxEvent(kind, w.ID, why, map[string]string{"why": why}))
}

// settleTasks closes the tasks whose need went away with this change.
func (w *spareWork) settleTasks() error {
	var kinds []TaskKind
	if w.before.SelectedAt == nil && (w.SelectedAt != nil || w.State.Over()) {
		kinds = append(kinds, TaskChooseSpare)
	}
	if w.before.FeeAskedAt != nil && w.State != rules.SpareRecallRequested {
		kinds = append(kinds, TaskSpareFee)
	}
	if len(kinds) == 0 {
		return nil
	}
	return w.s.settleKinds(w.tx, w.scope, kinds, w.ID, string(w.State))
}
