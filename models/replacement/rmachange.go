package replacement

import (
	"context"
	"fmt"
	"maps"
	"time"

	"roomcover.dev/roomcover/messages/promise"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/rma"
)

// rmaRow is an RMA under its lock, with what a change needs of its account, its
// site and its room, all in one statement.
type rmaRow struct {
	RMA
	AccountName string
	SiteName    string
	SiteZone    string
	SiteCountry string
	SiteRegion  string
	Address     shipTo `gorm:"embedded"`
	RoomName    *string
	CalendarKey *string               // see program's calendarCache
	Told        notification.Audience `gorm:"embedded"`
	Chain       db.ChainEnd           `gorm:"embedded"`
}

var rmaColumns = `
	r.*,
	a.legal_name AS account_name,
	a.locale AS account_locale,
	s.name AS site_name,
	s.time_zone AS site_zone,
	s.country AS site_country,
	s.region AS site_region,
	s.contact_email AS site_contact,
	` + shipToColumns + `,
	(SELECT name FROM rooms WHERE id = r.room_id) AS room_name,
	(SELECT k.code || '@' || k.version FROM calendars k
		WHERE k.country = s.country AND k.region IN ('', s.region)
		ORDER BY k.region DESC LIMIT 1) AS calendar_key,
	` + db.ChainEndSQL("r.id") + `,
	` + notification.AdminsSQL("r.account_id") + ` AS admins`

// rmaChange is one change of an RMA under way, in one transaction.
type rmaChange struct {
	change
	rmaRow
	before RMA
	ref    program.Reference

	anotherReturn bool // the parcel back is gone, and is still needed
	anotherParcel bool // that of the replacement was taken back, and is still needed

	takingBack    rma.RMAFact // what people told and now take back; empty in any other change
	cameByCarrier bool        // then: the carrier itself has brought a unit back

	spareFollows bool // the spare that was used is replenished by this change

	uncounted bool // no figures are kept of the model that was looked for

	atSite    logistics.ShipTo // where the site is now, wherever the RMA goes
	unchanged bool             // the command finds that there is nothing to do
}

func (s *Replacements) newRMAChange(tx *db.Tx, ref program.Reference) *rmaChange {
	return &rmaChange{
		change: change{
			s:     s,
			tx:    tx,
			label: "rma",
		},
		ref: ref,
	}
}

// lockRMA locks an RMA in scope after its account, as every change of rooms, devices
// and shipments does, because a delivery moves devices. It is named by its id or its number.
func (s *Replacements) lockRMA(tx *db.Tx, ref program.Reference, name string) (*rmaChange, error) {
	w := s.newRMAChange(tx, ref)
	res := db.ForUpdate(tx.Scope.Accounts(tx.DB, "r.account_id")).
		Table("accounts AS a").
		Select(rmaColumns).
		Joins("JOIN rmas r ON r.account_id = a.id").
		Joins("JOIN sites s ON s.id = r.site_id").
		Where(namedRMA("r", name)).
		Limit(1).
		Scan(&w.rmaRow)
	if res.Error != nil {
		return nil, res.Error
	}

	if res.RowsAffected == 0 {
		return nil, db.NotFound()
	}

	w.atSite = w.siteNow()
	if w.ShipTo != nil {
		w.goTo(*w.ShipTo)
	}

	w.now = tx.Now() // not before the lock: others changed the RMA until then
	w.before = w.RMA
	w.subjectID = w.ID
	if w.Number == "" { // a row of an earlier release
		w.Number = newRMANumber()
	}
	w.statusBefore = w.RMA.processStatus()
	return w, nil
}

// versionKey is the key under which a context carries the version that a command is based on.
type versionKey struct{}

// lookedAtVersion has every change under the context of an RMA, or of a spare unit, refuse, with
// VERSION_MISMATCH, another version than the one that was looked at; 0: any.
func lookedAtVersion(ctx context.Context, version int64) context.Context {
	return context.WithValue(ctx, versionKey{}, version)
}

func versionIn(ctx context.Context) int64 {
	version, _ := ctx.Value(versionKey{}).(int64)
	return version
}

// changeRMA runs a command: it locks the RMA, calls do to change it, and stores what
// follows with audit, mails and outbox in one transaction (C6). Where done reports that
// the command was carried out before, the RMA is returned as it is; a nil done never
// does.
func (s *Replacements) changeRMA(
	ctx context.Context, id string, c rma.RMACommand, reason string,
	done func(RMA) bool, do func(*rmaChange) error,
) (RMA, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return RMA{}, err
	}

	var out RMA
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		w, err := s.lockRMA(tx, ref, id)
		if err != nil {
			return err
		}

		// Who may never give the command gets no answer to it, done or not.
		if err := rma.MayGiveRMA(c, tx.Scope.Actor.Role); err != nil {
			return err
		}

		if done != nil && done(w.RMA) {
			out = w.RMA
			return nil
		}

		w.reason = reason
		if err := w.lookedAt(versionIn(ctx)); err != nil {
			return err
		}
		if err := rma.MayRMA(c, tx.Scope.Actor.Role, w.RMAFacts, w.now); err != nil {
			return err
		}
		if err := do(w); err != nil {
			return err
		}
		if w.unchanged {
			out = w.RMA
			return nil
		}
		// What follows does so wherever its device and its ticket are by now.
		if err := tx.BeyondSites(func(*db.Tx) error { return w.save() }); err != nil {
			return err
		}

		out = w.RMA
		return nil
	})

	return out, err
}

// save brings everything in line with the facts, and stores it. Each step stands where
// it does for a reason.
func (w *rmaChange) save() error {
	// Until when the unit is due is a fact itself, from which states and timers follow.
	if err := w.planReturn(); err != nil {
		return err
	}

	w.correctFees()
	w.freezeShipTo()

	// These compare the facts of before and after, and note what they do in the audit.
	// Stock comes before parcels, which leave from the depot that reserved.
	if err := w.moveDevices(); err != nil {
		return err
	}
	if err := w.settleStock(); err != nil {
		return err
	}
	if err := w.planParcels(); err != nil {
		return err
	}

	if err := w.checkLabel(); err != nil {
		return err
	}

	// Only now is the row complete.
	w.derive()
	if err := w.store(); err != nil {
		return err
	}

	if err := w.askForStock(); err != nil {
		return err
	}
	if err := w.tellTicket(); err != nil {
		return err
	}

	// Tasks are settled with the state that the RMA has now; mails show it too.
	if err := w.settleTasks(); err != nil {
		return err
	}
	if w.takingBack != "" {
		if err := w.askAgain(); err != nil {
			return err
		}
	}
	w.tellCorrection()

	err := w.queueMails(rules.TemplateRMA, &w.AccountID, w.Told.People(), w.mailParams)
	if err != nil {
		return err
	}
	if err := w.audit(&w.AccountID, w.Chain, w.before.StoredState, w.StoredState); err != nil {
		return err
	}

	// The workflow learns last whether mails and parcels wait for it.
	kind := db.OutboxRMAChanged
	if w.fresh {
		kind = db.OutboxRMARequested
	}

	st := w.RMA.processStatus()
	st.Summary = fmt.Sprintf("%s × %d, %s, %s", w.ModelCode, w.Quantity, w.Speed, w.SiteCountry)
	return w.tell(kind, st)
}

// planReturn computes once until when the faulty unit is due (S22): when the
// customer has a working unit, and again when a wrong one came back.
func (w *rmaChange) planReturn() error {
	base := w.OutboundDoneAt()
	if db.SameInstant(base, w.ReturnBaseAt) {
		return nil
	}
	if base == nil {
		w.forgetReturn()
		return nil
	}

	workdays, err := w.calendar()
	if err != nil {
		return err
	}

	plan, err := program.ReturnDueBy(w.ref.Program.Replacement, workdays, w.shipTo(), *base)
	if err != nil {
		return err
	}

	// A wrong unit begins the time anew, and so does a correction of when the replacement
	// came: what was reminded and asked under the earlier day does not count.
	later := w.ReturnBaseAt != nil && base.After(*w.ReturnBaseAt) && plan.Until.After(w.now)
	if later || db.SameInstant(base, w.WrongUnitAt) {
		w.RemindersSent = 0
		w.OverdueAt = nil
		w.FeeAskedAt = nil
	}

	w.OverdueFrom = nil
	w.ReturnBaseAt = base
	w.ReturnPlan = &plan
	w.ReturnDueAt = &plan.Until
	w.FeeConfirmAt = &plan.FeeConfirmFrom
	return nil
}

// forgetReturn ends the days of the return: the customer has no working unit after all.
func (w *rmaChange) forgetReturn() {
	w.ReturnBaseAt = nil
	w.ReturnPlan = nil
	w.ReturnDueAt = nil
	w.FeeConfirmAt = nil
	w.RemindersSent = 0
	w.OverdueFrom = nil
	w.OverdueAt = nil
	w.FeeAskedAt = nil
}

// derive fills in what follows from the facts.
func (w *rmaChange) derive() {
	state := w.RMAFacts.State(w.now)
	if state != w.StoredState {
		w.StateSince = w.now
	}

	w.StoredState = state
	w.StoredOutbound = w.RMAFacts.Outbound()
	w.StoredReturn = w.RMAFacts.Return(w.now)

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
}

func (w *rmaChange) store() error {
	if w.fresh {
		return w.tx.Create(&w.RMA).Error
	}

	return w.tx.
		Select("*").
		Omit("id", "account_id", "created_at").
		Where("id = ?", w.ID).
		Updates(&w.RMA).Error
}

// raise asks an operator for help with the RMA.
func (w *rmaChange) raise(kind db.TaskKind, what, why string) error {
	return w.tx.Raise(db.OperatorTask{
		Kind:      kind,
		SubjectID: w.ID,
		AccountID: &w.AccountID,
		What:      w.Name() + ": " + what,
		Why:       why,
	})
}

// settleTasks closes the tasks that this change made unnecessary; it asks the database
// only where there can be one.
func (w *rmaChange) settleTasks() error {
	before, out := w.before, w.RMAFacts.Outbound()
	outBefore := before.RMAFacts.Outbound()
	over := w.StoredState.Over()

	var kinds []db.TaskKind
	settle := func(kind db.TaskKind, needed, needs bool) {
		if needed && !needs {
			kinds = append(kinds, kind)
		}
	}

	settle(db.TaskDecideRMA,
		before.openToDecide(),
		w.openToDecide())
	settle(db.TaskAwaitingStock,
		before.awaitsStock(),
		w.awaitsStock())
	settle(db.TaskRMALate,
		before.BreachedAt != nil && !outBefore.Done(),
		out != rma.OutboundWithdrawn && !out.Done())
	settle(db.TaskRMASilent,
		before.SilenceAskedAt != nil && outBefore == rma.OutboundShipped,
		w.SilenceAskedAt != nil && out == rma.OutboundShipped)
	settle(db.TaskRMAWrongUnit,
		before.WrongUnitAt != nil && before.InspectedAt == nil,
		w.WrongUnitAt != nil && w.InspectedAt == nil && !over)
	settle(db.TaskRMAFee, // nobody may bill one that was withdrawn
		before.Fee() == rma.FeeAsked,
		w.Fee() == rma.FeeAsked && !over)
	settle(db.TaskLabelUnreadable,
		before.Unprintable != "" && before.toSend(),
		w.Unprintable != "" && w.toSend())
	if len(kinds) == 0 {
		return nil
	}

	return db.SettleKinds(w.tx, kinds, w.ID, string(w.StoredState))
}

// mailParams returns what a mail about the RMA may show; the templates pick.
func (w *rmaChange) mailParams(m stepMail) map[string]any {
	shown := map[string]any{
		"step":               m.step,
		"rma":                w.Name(),
		"model":              w.modelName(w.ModelCode),
		"quantity":           w.Quantity,
		"serial":             w.FaultySerial,
		"site":               w.SiteName,
		"room":               db.Text(w.RoomName),
		"company":            w.AccountName,
		"replacement_serial": w.ReplacementSerial,
		"carrier":            w.Carrier,
		"tracking":           w.Tracking,
	}

	if w.Promise != nil {
		shown["promised_on"] = promisedOn(*w.Promise)
		shown["explanation_en"] = promise.Text(*w.Promise, "en")
		shown["explanation_pt"] = promise.Text(*w.Promise, "pt-BR")
	}

	// Only who still has the unit is asked to return it.
	asked := w.StoredReturn == rma.ReturnAwaited || w.StoredReturn == rma.ReturnOverdue
	switch {
	case asked && w.ReturnPlan != nil:
		shown["return_on"] = w.ReturnOn().String()
		shown["overdue"] = w.StoredReturn == rma.ReturnOverdue
	}
	shown["step"] = w.toldStep(m.step, shown["return_on"] != nil)

	// An extended warranty's mails do not speak of another service.
	if w.CoverKind == cover.ByExtendedWarranty {
		shown["service_type"] = string(catalogue.ServiceExtWarranty)
	}
	if w.ReplacementModel != "" && w.ReplacementModel != w.ModelCode {
		shown["other_model"] = w.modelName(w.ReplacementModel)
	}

	maps.Copy(shown, m.params)
	return shown
}

// toldStep returns the step as its mail tells it, whose end depends on how the RMA came
// there; asked says that the mail asks for the return of the faulty unit.
func (w *rmaChange) toldStep(step string, asked bool) string {
	switch {
	case step == "DELIVERED" && !asked:
		return "DELIVERED_LAST"
	case step == "SWAPPED" && !asked:
		return "SWAPPED_LAST"
	case step == "REJECTED" && w.AppealedAt != nil:
		return "REJECTED_FINAL" // nobody appeals twice
	case step != "APPROVED" || w.SwappedAt == nil:
		return step
	case !w.spareFollows:
		return "APPROVED_NO_SPARE"
	case !asked:
		return "APPROVED_SWAPPED_LAST"
	}
	return "APPROVED_SWAPPED"
}

// modelName returns how people called a model when the RMA was requested.
func (w *rmaChange) modelName(code string) string {
	return logistics.ModelName(w.ref, code, rules.DateIn(w.RequestedAt, w.zone()))
}

// shipTo is where the replacement goes: whose business days count (C3).
func (w *rmaChange) shipTo() program.Site {
	return program.Site{Country: w.SiteCountry, Region: w.SiteRegion, TimeZone: w.SiteZone}
}

func (w *rmaChange) zone() *time.Location { return db.ZoneOf(w.SiteZone) }

// calendar returns the one that counts at the ship-to, as it is now: the version that
// the lock's statement saw, or, where this process has not read that one yet, what the
// database holds.
func (w *rmaChange) calendar() (calendar.Calendar, error) {
	if c, ok := w.s.programs.CalendarVersion(db.Text(w.CalendarKey)); ok {
		return c, nil
	}
	return w.s.programs.CalendarOf(w.tx, w.shipTo())
}

// promise returns the day for a replacement that is on its way from the instant on.
func (w *rmaChange) promise(from time.Time) (calendar.Promise, error) {
	workdays, err := w.calendar()
	if err != nil {
		return calendar.Promise{}, err
	}
	return program.PromiseBy(w.ref.Program.Replacement, workdays, w.shipTo(), w.Speed, from)
}

// keepPromise stores a promise as the current one.
func (w *rmaChange) keepPromise(p calendar.Promise) {
	w.Promise, w.PromisedUntil = &p, nil
	if until, ok := p.Due(w.zone()); ok {
		w.PromisedUntil = &until
	}
}

// promisedOn returns the promised day as YYYY-MM-DD; empty where none was promised.
func promisedOn(p calendar.Promise) string {
	if p.On.IsZero() {
		return ""
	}
	return p.On.String()
}

// silenceDue returns how long the carrier may give no sign before an agent is asked:
// the end of the third business day.
func (w *rmaChange) silenceDue(sign time.Time) (*time.Time, error) {
	workdays, err := w.calendar()
	if err != nil {
		return nil, err
	}

	day, err := workdays.AddBusinessDays(
		rules.DateIn(sign, w.zone()), w.ref.Program.Replacement.CarrierSilenceDays)
	if err != nil {
		return nil, err
	}

	due := rules.StartOfDay(day.AddDays(1), w.zone())
	return &due, nil
}
