package replacement

import (
	"context"
	"maps"
	"strconv"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// spareRow is a spare unit under its lock, with what a change needs of its account
// and site, all in one statement. Account and site are empty before they are chosen.
type spareRow struct {
	SpareUnit
	AccountName string
	AccountZone string
	SiteName    string
	SiteCountry string
	Address     shipTo                `gorm:"embedded"`
	Told        notification.Audience `gorm:"embedded"`
	Chain       db.ChainEnd           `gorm:"embedded"`
}

var spareColumns = `
	su.*,
	COALESCE(a.legal_name, '') AS account_name,
	COALESCE(a.locale, '') AS account_locale,
	COALESCE(a.time_zone, '') AS account_zone,
	COALESCE(s.name, '') AS site_name,
	COALESCE(s.contact_email, '') AS site_contact,
	COALESCE(s.country, '') AS site_country,
	` + shipToColumns + `,
	` + db.ChainEndSQL("su.id") + `,
	` + notification.AdminsSQL("su.account_id") + ` AS admins`

// spareUnitChange is one change of a spare unit under way, in one transaction.
type spareUnitChange struct {
	change
	spareRow
	before SpareUnit

	takingBack    spare.SpareFact // what people told and now take back; empty in any other change
	anotherParcel bool            // the one to the site was taken back, and is still needed
	anotherRecall bool            // the one back is needed, and there is none yet
}

// lockOwnedSpare locks a spare unit in scope after its account, where it has one, as
// a carrier's scan does that goes on to the unit. It is named by its id or its number.
func (s *Replacements) lockOwnedSpare(tx *db.Tx, name string) (*spareUnitChange, error) {
	var owners []string
	err := db.LockRows(tx.Scope.Accounts(tx.DB, "a.id"), "a").
		Table("accounts AS a").
		Select("a.id").
		Joins("JOIN spare_units su ON su.account_id = a.id").
		Where(namedSpare("su", name)).
		Scan(&owners).Error
	if err != nil {
		return nil, err
	}

	return s.lockSpare(tx, name)
}

// lockSpare locks a spare unit in scope, which is named by its id or its number.
func (s *Replacements) lockSpare(tx *db.Tx, name string) (*spareUnitChange, error) {
	w := &spareUnitChange{change: change{s: s, tx: tx, label: "spare"}}
	res := db.LockRows(tx.Scope.Accounts(tx.DB, "su.account_id"), "su").
		Table("spare_units AS su").
		Select(spareColumns).
		Joins("LEFT JOIN accounts a ON a.id = su.account_id").
		Joins("LEFT JOIN sites s ON s.id = su.site_id").
		Where(namedSpare("su", name)).
		Limit(1).
		Scan(&w.spareRow)
	if res.Error != nil {
		return nil, res.Error
	}

	if res.RowsAffected == 0 {
		return nil, db.NotFound()
	}

	w.now = tx.Now()
	w.before = w.SpareUnit
	w.subjectID = w.ID
	if w.Number == "" { // a row of an earlier release
		w.Number = newSpareNumber()
	}
	w.statusBefore = w.SpareUnit.processStatus()
	return w, nil
}

// changeSpare runs a command: it locks the unit, calls do to change it, and stores what
// follows with audit, mails and outbox in one transaction (C6). Where done reports that
// the command was carried out before, the unit is returned as it is.
func (s *Replacements) changeSpare(
	ctx context.Context, id string, c spare.SpareCommand, reason string,
	done func(SpareUnit) bool, do func(*spareUnitChange) error,
) (SpareUnit, error) {
	var out SpareUnit
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		w, err := s.lockOwnedSpare(tx, id)
		if err != nil {
			return err
		}

		// Who may never give the command gets no answer to it, done or not.
		if err := spare.MayGiveSpare(c, tx.Scope.Actor.Role); err != nil {
			return err
		}

		if done(w.SpareUnit) {
			out = w.SpareUnit
			return nil
		}

		w.reason = reason
		if err := w.before.lookedAt(versionIn(ctx)); err != nil {
			return err
		}
		if err := spare.MaySpare(c, tx.Scope.Actor.Role, w.SpareFacts, w.now); err != nil {
			return err
		}
		if err := do(w); err != nil {
			return err
		}
		if err := w.save(); err != nil {
			return err
		}

		out = w.SpareUnit
		return nil
	})

	return out, err
}

// lookedAt refuses a command about another version than the stored one.
func (u SpareUnit) lookedAt(version int64) error {
	if version == 0 || version == u.Version {
		return nil
	}
	return rules.Refuse(rules.VersionMismatch, "The spare was changed since you read it.",
		"Read it again, and decide about what it says now.")
}

// become moves the unit on; it refuses with STATE_CONFLICT where RULES 2 knows no such
// arrow.
func (w *spareUnitChange) become(next spare.SpareState) error {
	if err := rules.Move(w.State, next); err != nil {
		return err
	}
	w.State, w.StateSince = next, w.now
	return nil
}

// forgetParcel makes the unit ready for another parcel.
func (w *spareUnitChange) forgetParcel() {
	w.Parcels++
	w.ShippedAt, w.PickedUpAt = nil, nil
	w.DeviceID, w.Serial = nil, ""
	w.Carrier, w.Tracking = "", ""
}

// save stores the unit with what follows from its facts. Each step stands where it does
// for a reason.
func (w *spareUnitChange) save() error {
	// These compare the facts of before and after, and note what they do in the audit.
	// Stock comes before parcels, which leave from the depot that reserved.
	if err := w.planStock(); err != nil {
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

	if err := w.settleTasks(); err != nil {
		return err
	}
	if w.takingBack != "" {
		if err := w.askAgain(); err != nil {
			return err
		}
		w.tellCorrection()
	}
	if err := w.writeMails(); err != nil {
		return err
	}
	if err := w.audit(w.AccountID, w.Chain, w.before.State, w.State); err != nil {
		return err
	}

	// The workflow learns last whether mails and parcels wait for it.
	st := w.SpareUnit.processStatus()
	if w.SiteCountry != "" {
		st.Summary = w.ModelCode + ", " + w.SiteCountry
	}
	return w.tell(db.OutboxSpareChanged, st)
}

// planStock brings the stock's ledger in line with the facts: a unit is reserved when
// it may be shipped, taken out when it leaves, and free again when it is voided. Where
// no depot has one, or keeps figures of the model, it is sent by hand.
func (w *spareUnitChange) planStock() error {
	another := w.parcelKey() != w.before.parcelKey()
	switch {
	case w.takingBack == spare.FactShipped:
		return w.putBack()
	case another && w.before.ToShip():
		// The carrier had it, and lost it, before the warehouse recorded the shipment.
		if err := w.closeReservation(shipping.StockShipment); err != nil {
			return err
		}
		if !w.ToShip() {
			return nil
		}
		return w.reserve()
	case w.ToShip() && !w.before.ToShip():
		return w.reserve()
	case w.ShippedAt != nil && !db.SameInstant(w.ShippedAt, w.before.ShippedAt):
		return w.closeReservation(shipping.StockShipment)
	case w.before.ToShip() && !w.ToShip():
		return w.closeReservation(shipping.StockRelease)
	}

	return nil
}

// reserve reserves a unit where a depot has one, and asks an operator for one where none has.
func (w *spareUnitChange) reserve() error {
	e, counted, err := logistics.ReserveStock(w.tx, logistics.StockNeed{
		ModelCode: w.ModelCode,
		Quantity:  1,
		Country:   w.SiteCountry,
		Cause:     w.stockKey(),
		SubjectID: w.ID,
	})
	if err != nil {
		return err
	}
	if e == nil {
		return w.askForStock(counted)
	}

	w.DepotID = &e.DepotID
	w.noteStock(*e)
	return nil
}

// closeReservation closes the reservation of the parcel from before this change, if one
// is open.
func (w *spareUnitChange) closeReservation(kind shipping.StockKind) error {
	e, err := logistics.CloseReservation(w.tx, w.before.stockKey(), kind)
	if err != nil || e == nil {
		return err
	}
	w.noteStock(*e)
	return nil
}

// planParcels brings the carrier's parcels in line with the facts: a unit that waits to
// be shipped has one to the site, a recalled one has one back. What is not needed any
// more is called off. Without a carrier to ask, or a depot, people hand parcels in.
func (w *spareUnitChange) planParcels() error {
	if w.s.logistics.Carrier == "" {
		return nil
	}
	if w.takingBack != "" {
		return w.planParcelsBack()
	}

	var wanted []logistics.NewShipment

	toShip, wasToShip := w.ToShip(), w.before.ToShip()
	switch {
	case toShip && (!wasToShip || w.parcelKey() != w.before.parcelKey()):
		wanted = append(wanted, w.parcel(shipping.ShipSpare, w.parcelKey()))
	case !toShip && wasToShip && !w.UnderWay():
		if err := w.callOffParcel(shipping.ShipSpare); err != nil {
			return err
		}
	}

	recalled := w.State == spare.SpareRecallRequested
	wasRecalled := w.before.State == spare.SpareRecallRequested
	switch {
	case recalled && w.anotherRecall:
		wanted = append(wanted, w.parcel(shipping.ShipRecall, w.recallKey()))
	case !recalled && wasRecalled && w.State != spare.SpareBilled: // a billed one may still come
		if err := w.callOffParcel(shipping.ShipRecall); err != nil {
			return err
		}
	}

	return w.bookParcels(wanted)
}

func (w *spareUnitChange) callOffParcel(direction shipping.ShipmentDirection) error {
	asked, err := logistics.CallOffParcels(w.tx, w.ID, direction)
	w.askCarrier = w.askCarrier || asked
	return err
}

func (w *spareUnitChange) parcel(d shipping.ShipmentDirection, key string) logistics.NewShipment {
	return logistics.NewShipment{
		AccountID:  *w.AccountID,
		Direction:  d,
		SubjectID:  w.ID,
		BookingKey: key,
		Carrier:    w.s.logistics.Carrier,
		Consignment: &logistics.Consignment{
			SiteID:    *w.SiteID,
			Service:   shipping.ServiceStandard,
			ModelCode: w.ModelCode,
			Quantity:  1,
		},
	}
}

// bookParcels creates the parcels, and makes the workflow ask the carrier.
func (w *spareUnitChange) bookParcels(wanted []logistics.NewShipment) error {
	if len(wanted) == 0 {
		return nil
	}

	if w.DepotID == nil {
		id, err := logistics.NearestDepot(w.tx, w.SiteCountry)
		if err != nil || id == "" {
			return err
		}
		w.DepotID = &id
	}

	name, err := w.modelName()
	if err != nil {
		return err
	}

	for i := range wanted {
		wanted[i].Consignment.DepotID = *w.DepotID
		wanted[i].Consignment.Contents = "1 x " + name
	}

	w.askCarrier = true
	return logistics.CreateParcels(w.tx, wanted...)
}

// derive fills in what follows from the facts.
func (w *spareUnitChange) derive() {
	switch {
	case !w.State.Over():
		w.ClosedAt = nil
	case w.ClosedAt == nil:
		w.ClosedAt = &w.now
	}

	w.NextTimer, w.NextAt = "", nil
	if timers := w.Timers(w.zone()); len(timers) > 0 {
		w.NextTimer, w.NextAt = timers[0].Kind, &timers[0].At
	}
	w.Version++
}

// zone is the account's: of the days of a recall (C1).
func (w *spareUnitChange) zone() *time.Location { return db.ZoneOf(w.AccountZone) }

func (w *spareUnitChange) store() error {
	return w.tx.
		Select("*").
		Omit("id", "line_id", "ordinal", "created_at").
		Where("id = ?", w.ID).
		Updates(&w.SpareUnit).Error
}

// settleTasks closes the tasks that this change made unnecessary; it asks the database
// only where there can be one.
func (w *spareUnitChange) settleTasks() error {
	var kinds []db.TaskKind
	if w.before.SelectedAt == nil && (w.SelectedAt != nil || w.State.Over()) {
		kinds = append(kinds, db.TaskChooseSpare)
	}
	if w.before.FeeAskedAt != nil && w.State != spare.SpareRecallRequested {
		kinds = append(kinds, db.TaskSpareFee)
	}
	if w.before.Unprintable != "" && w.before.toSend() &&
		(w.Unprintable == "" || !w.SpareUnit.toSend()) {
		kinds = append(kinds, db.TaskLabelUnreadable)
	}
	if w.before.ToShip() && !w.ToShip() {
		kinds = append(kinds, db.TaskAwaitingStock)
	}
	if len(kinds) == 0 {
		return nil
	}
	return db.SettleKinds(w.tx, kinds, w.ID, string(w.State))
}

// writeMails queues the mails. Before a site is chosen there is nobody to tell.
func (w *spareUnitChange) writeMails() error {
	if w.AccountID == nil {
		w.mails = nil
	}
	if len(w.mails) == 0 {
		return nil
	}

	model, err := w.modelName()
	if err != nil {
		return err
	}

	shown := func(m stepMail) map[string]any { return w.mailParams(m, model) }
	return w.queueMails(rules.TemplateSpare, w.AccountID, w.Told.People(), shown)
}

// mailParams returns what a mail about the spare may show; the templates pick.
func (w *spareUnitChange) mailParams(m stepMail, model string) map[string]any {
	shown := map[string]any{
		"step":    m.step,
		"spare":   w.Name(),
		"model":   model,
		"site":    w.SiteName,
		"company": w.AccountName,
		"serial":  w.Serial,
	}

	if w.UnderWay() {
		shown["carrier"] = w.Carrier
		shown["tracking"] = w.Tracking
	}
	if w.State == spare.SpareRecallRequested && w.RecallDueAt != nil {
		shown["return_on"] = rules.LastCoveredDay(*w.RecallDueAt, w.zone()).String()
	}

	maps.Copy(shown, m.params)
	return shown
}

// modelName returns how people call the unit's model now.
func (w *spareUnitChange) modelName() (string, error) {
	ref, err := w.s.programs.ReferenceIn(w.tx)
	if err != nil {
		return "", err
	}
	return logistics.ModelName(ref, w.ModelCode, rules.DateIn(w.now, w.zone())), nil
}

// RunSpareTimers does everything that is due for a spare unit, each thing once, and
// returns what it waits for next. It may run again at any time.
func (s *Replacements) RunSpareTimers(ctx context.Context, id string) (db.ProcessStatus, error) {
	var st db.ProcessStatus
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		w, err := s.lockSpare(tx, id)
		if err != nil {
			return err
		}

		changed, err := w.runTimers()
		if err != nil {
			return err
		}

		if changed {
			w.quiet = true
			if err := w.save(); err != nil {
				return err
			}
		}

		st = w.statusNow(w.SpareUnit.processStatus())
		return nil
	})

	return st, err
}

// runTimers does what is due, and reports whether anything was.
func (w *spareUnitChange) runTimers() (changed bool, err error) {
	steps := map[spare.SpareTimerKind]func() error{
		spare.TimerRecallReminder: w.remind,
		spare.TimerRecallDue:      w.askForFee,
	}

	return w.runDue(func() (time.Time, func() error, bool) {
		timers := w.Timers(w.zone())
		if len(timers) == 0 {
			return time.Time{}, nil, false
		}
		return timers[0].At, steps[timers[0].Kind], true
	})
}

// remind reminds of the recall. The last reminder, sent on a later day than its own, moves
// the end of the recall, and with it the fee.
func (w *spareUnitChange) remind() error {
	reminded, day := w.Reminded(w.now, w.zone())
	w.SpareFacts = reminded
	w.note("spare.recall_reminded", map[string]any{"day": day, "due": *w.RecallDueAt})
	epoch := "d-" + strconv.Itoa(day) + "/" + w.RecallRequestedAt.Format(time.RFC3339)
	w.mailOnce("RECALL_REMINDER", epoch, map[string]any{"day": day})
	return nil
}

// askForFee asks an operator about the fee for a recalled unit that did not come back.
func (w *spareUnitChange) askForFee() error {
	w.FeeAskedAt = &w.now
	w.note("spare.fee_asked", nil)
	w.mail("RECALL_OVERDUE", nil)
	return w.askAboutFee()
}

func (w *spareUnitChange) askAboutFee() error {
	return w.tx.Raise(db.OperatorTask{
		Kind:      db.TaskSpareFee,
		SubjectID: w.ID,
		AccountID: w.AccountID,
		What: w.Name() + ": Bill the spare that did not come back, " +
			"or, as a lead, waive it.",
		Why: "The recall is overdue, and no carrier has the unit.",
	})
}
