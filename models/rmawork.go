package models

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// rmaRow is an RMA under its lock, with what a change needs of its account, its
// site and its room, and the end of its audit chain, all in one statement.
type rmaRow struct {
	RMA
	AccountName   string
	AccountLocale string
	SiteName      string
	SiteZone      string
	SiteCountry   string
	SiteRegion    string
	SiteContact   string // e-mail address
	RoomName      *string
	HeadSeq       *int64
	HeadHash      *string
	CalendarKey   *string // see calendarCache
	Admins        *string // see adminsOf
}

var rmaColumns = `r.*, a.legal_name AS account_name, a.locale AS account_locale, s.name AS site_name, s.time_zone AS site_zone,
	s.country AS site_country, s.region AS site_region, s.contact_email AS site_contact,
	(SELECT name FROM rooms WHERE id = r.room_id) AS room_name,
	(SELECT MAX(seq) FROM audit_events WHERE chain_id = r.id) AS head_seq,
	(SELECT hash FROM audit_events WHERE chain_id = r.id ORDER BY seq DESC LIMIT 1) AS head_hash,
	(SELECT k.code || '@' || k.version FROM calendars k WHERE k.country = s.country AND k.region IN ('', s.region) ORDER BY k.region DESC LIMIT 1) AS calendar_key,
	` + fmt.Sprintf(adminsOf, "r.account_id") + ` AS admins`

// rmaWork is one change of an RMA under way, in one transaction.
type rmaWork struct {
	rmaRow
	s       *Store
	tx      *gorm.DB
	scope   Scope
	ref     Reference
	now     time.Time
	before  RMA
	reason  string
	entries []entry
	mails   []rmaMail
	events  []OutboxEvent
	fresh   bool // the RMA is new
	quiet   bool // the workflow itself asked for the change
	parcels bool // the carrier has to be asked

	anotherReturn bool // the parcel back is gone, and is still needed
}

// lockRMA locks an RMA in scope after its account, as every change of rooms, devices
// and shipments does, because a delivery moves devices.
func (s *Store) lockRMA(tx *gorm.DB, scope Scope, ref Reference, id string) (*rmaWork, error) {
	w := &rmaWork{s: s, tx: tx, scope: scope, ref: ref}
	q := s.forUpdate(scope.accounts(tx, "r.account_id")).Table("accounts AS a").Select(rmaColumns).
		Joins("JOIN rmas r ON r.account_id = a.id").Joins("JOIN sites s ON s.id = r.site_id")
	res := q.Where("r.id = ?", id).Limit(1).Scan(&w.rmaRow)
	if res.Error == nil && res.RowsAffected == 0 {
		return nil, errNotFound()
	}
	w.now, w.before = s.clock.Now(), w.RMA
	return w, res.Error
}

// changeRMA runs a command: it locks the RMA, has it changed, and stores what
// follows with audit, mails and outbox in one transaction (C6). A command that was
// done before, as done tells, answers with the RMA as it is.
func (s *Store) changeRMA(ctx context.Context, id string, c rules.RMACommand, reason string, done func(RMA) bool, change func(*rmaWork) error) (RMA, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return RMA{}, err
	}
	var out RMA
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		w, err := s.lockRMA(tx, scope, ref, id)
		if err != nil {
			return err
		}
		w.reason = reason
		if done == nil || !done(w.RMA) {
			if err := rules.MayRMA(c, scope.Actor.Role, w.RMAFacts, w.now); err != nil {
				return err
			}
			if err := change(w); err != nil {
				return err
			}
			if err := w.save(); err != nil {
				return err
			}
		}
		out = w.RMA
		return nil
	})
	return out, err
}

// note adds an entry to the audit, with the reason that the caller gave.
func (w *rmaWork) note(verb string, details map[string]any) {
	if details == nil {
		details = map[string]any{}
	}
	w.noteOf(verb, w.ID, withReason(w.reason, details))
}

func (w *rmaWork) noteOf(verb, id string, details map[string]any) {
	w.entries = append(w.entries, entry{verb, id, details})
}

// save brings everything in line with the facts and stores it: the return's plan,
// the devices, the stock, the parcels, the derived states, the tasks that are settled, then audit, mails and
// what the workflow is told.
func (w *rmaWork) save() error {
	for _, step := range []func() error{w.planReturn, w.moveDevices, w.settleStock, w.planParcels, w.derive, w.store, w.settleTasks, w.queueMails, w.audit, w.tell} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// planReturn computes once until when the faulty unit is due (S22): when the
// customer has a working unit, and anew when a wrong one came back.
func (w *rmaWork) planReturn() error {
	base := w.OutboundDoneAt()
	if base == nil || sameInstant(base, w.ReturnBaseAt) {
		return nil
	}
	calendar, err := w.calendar()
	if err != nil {
		return err
	}
	plan, err := returnDueBy(w.ref.Program.Replacement, calendar, w.shipTo(), *base)
	if err != nil {
		return err
	}
	if sameInstant(base, w.WrongUnitAt) {
		w.RemindersSent, w.OverdueAt, w.FeeAskedAt = 0, nil, nil
	}
	w.ReturnBaseAt, w.ReturnPlan, w.ReturnDueAt, w.FeeConfirmAt = base, &plan, &plan.Until, &plan.FeeConfirmFrom
	return nil
}

// derive stores what follows from the facts.
func (w *rmaWork) derive() error {
	state := w.RMAFacts.State(w.now)
	if state != w.StoredState {
		w.StateSince = w.now
	}
	w.StoredState, w.StoredOutbound, w.StoredReturn = state, w.RMAFacts.Outbound(), w.RMAFacts.Return(w.now)
	switch {
	case !state.Over():
		w.ClosedAt = nil
	case w.ClosedAt == nil:
		w.ClosedAt = &w.now
	}
	w.NextTimer, w.NextAt = "", nil
	if next, ok := w.RMAFacts.NextTimer(w.ReturnPlan); ok {
		w.NextTimer, w.NextAt = next.Kind, &next.At
	}
	w.Version++
	return nil
}

func (w *rmaWork) store() error {
	if w.fresh {
		return w.tx.Create(&w.RMA).Error
	}
	return w.tx.Select("*").Omit("id", "account_id", "created_at").Where("id = ?", w.ID).Updates(&w.RMA).Error
}

func (w *rmaWork) audit() error {
	var last AuditEvent
	if w.HeadSeq != nil {
		last.Seq, last.Hash = *w.HeadSeq, *w.HeadHash
	}
	if w.StoredState != w.before.StoredState && len(w.entries) > 0 {
		w.entries[0].details["before"], w.entries[0].details["after"] = w.before.StoredState, w.StoredState
	}
	return w.s.extendAudit(w.tx, w.scope, w.ID, &w.AccountID, last, w.entries...)
}
