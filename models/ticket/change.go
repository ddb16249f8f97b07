package ticket

import (
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// row is a ticket under its lock, with what a change needs of what is around it, all in one
// statement.
type row struct {
	Ticket
	AccountName string
	RoomName    *string
	Facts       *string // see factsSQL
	Told        *string // see toldSQL
	Admins      *string
	Held        *string     // see notification.HeldSQL
	Chain       db.ChainEnd `gorm:"embedded"`
	SeenVersion int64       // of the ticket as it was when everything around it was read
}

var rowColumns = `
	t.*,
	a.legal_name AS account_name,
	(SELECT name FROM rooms WHERE id = t.room_id) AS room_name,
	` + factsSQL("t.id") + ` AS facts,
	` + toldSQL + ` AS told,
	` + notification.AdminsSQL("t.account_id") + ` AS admins,
	` + notification.HeldSQL(rules.TemplateTicket, "t.id", "t.mail_bundle") + ` AS held,
	` + db.ChainEndSQL("t.id") + `,
	(SELECT version FROM tickets WHERE id = t.id) AS seen_version`

// change is one change of a ticket under way, in one transaction. It gathers what was said
// and what happened; save stores what follows from it (C6).
type change struct {
	s  *Tickets
	tx *db.Tx
	row
	ref    program.Reference
	before Ticket
	now    time.Time
	fresh  bool // the ticket is new
	quiet  bool // its workflow itself asked, and learns of it from the answer

	factsBefore, facts []rule.Event

	messages []Message
	events   []Event
	entries  []db.Entry
	mails    []mailPart
	atOnce   bool // the mails wait for nothing else that may happen
	held     bool // what is said can be taken back, and so can its mail

	clocks      []rule.Clock
	movedClocks []Clock
	marks       []ClockMark
	goneClocks  []string // of a reopening that is undone, and their marks
	goneMarks   []ClockMark

	unchanged bool // the command finds that there is nothing to do
	said      bool // whoever writes has to know of this change
	reason    string
}

// lock locks a ticket in scope, which is named by its id or its number.
func (s *Tickets) lock(tx *db.Tx, ref program.Reference, name string) (*change, error) {
	if err := MayView(tx.Scope.Actor.Role); err != nil {
		return nil, err
	}

	w := &change{s: s, tx: tx, ref: ref}
	query := func() *gorm.DB {
		return tx.Scope.Accounts(tx.Table("tickets AS t"), "t.account_id").
			Select(rowColumns).
			Joins("JOIN accounts a ON a.id = t.account_id").
			Where(named(name)).
			Limit(1)
	}
	res := db.LockRows(query(), "t").Scan(&w.row)
	if res.Error != nil {
		return nil, res.Error
	}
	if res.RowsAffected == 0 {
		return nil, db.NotFound()
	}

	// Behind a wait PostgreSQL returns the ticket as it is now, and what the sub-queries find as
	// it was before. One that was changed meanwhile is read again, now that it is locked.
	var err error
	if w.SeenVersion != w.Version {
		w.row = row{}
		if err = query().Scan(&w.row).Error; err != nil {
			return nil, err
		}
	}

	if w.factsBefore, err = readFacts(w.row.Facts); err != nil {
		return nil, err
	}
	w.facts = slices.Clone(w.factsBefore)
	w.now = tx.Now() // not before the lock: others changed the ticket until then
	if w.now.Before(w.ClockedAt) {
		w.now = w.ClockedAt // another machine's clock is ahead
	}
	w.before = w.Ticket
	return w, nil
}

// actor is who acts, as rows name them.
func (w *change) actor() db.Actor { return w.tx.Scope.Actor }

func (w *change) nextSeq() int64 {
	w.Seq++
	return w.Seq
}

// say adds a public text to the conversation.
func (w *change) say(m Message) {
	m.ID = db.NewID(db.PrefixTicketMessage)
	m.TicketID = w.ID
	m.AccountID = w.AccountID
	m.Seq = w.nextSeq()
	m.CreatedAt = w.now
	if m.DedupeKey == "" {
		m.DedupeKey = m.ID
	}
	w.said = true
	if m.Automatic {
		w.messages = append(w.messages, m)
		return
	}

	w.LastWordAt = w.now
	if m.AuthorKind.IsOurs() {
		m.Fact = w.fact(fact{Seq: m.Seq, Kind: rule.EventOurText})
		w.CustomerWaitingSince = nil
		if w.FirstAnswerAt == nil {
			w.FirstAnswerAt = &w.now
		}
	} else if w.CustomerWaitingSince == nil {
		w.CustomerWaitingSince = &w.now
	}
	w.messages = append(w.messages, m)
}

// happen adds an event to the conversation; of a kind that moves clocks also what they are
// computed from.
func (w *change) happen(kind EventKind, d EventDetails, clocks *fact) {
	e := Event{
		ID:        db.NewID(db.PrefixTicketEvent),
		TicketID:  w.ID,
		AccountID: w.AccountID,
		Seq:       w.nextSeq(),
		Kind:      kind,
		At:        w.now,
		ActorID:   w.actor().ID,
		ActorRole: w.actor().Role,
		Details:   d,
	}
	if clocks != nil {
		clocks.Seq = e.Seq
		e.Fact = w.fact(*clocks)
	}
	w.events = append(w.events, e)
}

// happenInside is happen of what operators alone are shown.
func (w *change) happenInside(kind EventKind, d EventDetails) {
	w.happen(kind, d, nil)
	w.events[len(w.events)-1].Internal = true
}

func (w *change) fact(f fact) string {
	f.At = w.now
	w.facts = append(w.facts, f.event())
	return f.text()
}

// move brings the ticket into a state.
func (w *change) move(to rule.State, reason string) {
	if to == w.State {
		return
	}
	w.happen(Moved, EventDetails{Before: w.State, State: to, Reason: reason},
		&fact{Kind: rule.EventMoved, State: to})
	w.enter(to, reason)
}

// enter is what a new state brings with it.
func (w *change) enter(to rule.State, reason string) {
	w.State = to
	w.StateSince = w.now
	w.WaitingReason = ""
	w.RemindersSent = 0
	w.said = true

	switch to {
	case rule.PendingCustomer, rule.PendingThirdParty:
		w.WaitingReason = reason
		w.CustomerWaitingSince = nil
	case rule.Resolved:
		w.ResolvedAt = &w.now
		w.ReopenedAt = nil
		w.CustomerWaitingSince = nil
		w.WorseAskedAt = nil
	case rule.Closed, rule.Cancelled:
		w.ClosedAt = &w.now
		w.SessionRemindAt = nil // see endVisits
		w.CustomerWaitingSince = nil
		w.WorseAskedAt = nil
	}
	if to != rule.PendingRMA {
		w.RMAShipped = false
	}
}

// reopen brings a resolved ticket back to work, with the time that its clocks had used.
func (w *change) reopen(reason string, byMail bool) {
	w.happen(Reopened, EventDetails{
		Before: w.State,
		State:  rule.InProgress,
		Reason: reason,
		ByMail: byMail,
	}, &fact{Kind: rule.EventReopened})
	w.enter(rule.InProgress, "")
	w.ReopenedAt = &w.now
	w.Reopenings++
}

// note adds an entry to the audit of the ticket, with the reason of who asked. Texts of the
// conversation stand in it by their ids.
func (w *change) note(verb string, details map[string]any) {
	if details == nil {
		details = map[string]any{}
	}
	w.entries = append(w.entries, db.Entry{
		Verb:     verb,
		ObjectID: w.ID,
		Details:  db.WithReason(w.reason, details),
	})
}

// raise asks an operator for help with the ticket.
func (w *change) raise(kind db.TaskKind, what, why string) error {
	return w.tx.Raise(db.OperatorTask{
		Kind:      kind,
		SubjectID: w.ID,
		AccountID: &w.AccountID,
		What:      w.Number + ": " + what,
		Why:       why,
	})
}

// save brings everything in line with what happened, and stores it. The row comes first:
// messages, events and clocks point to it.
func (w *change) save() error {
	ending, err := w.endingVisits()
	if err != nil {
		return err
	}
	w.moveClocks()
	w.derive()

	at, err := w.bundleMails()
	if err != nil {
		return err
	}
	if err := w.store(); err != nil {
		return err
	}
	if len(w.messages) > 0 {
		if err := w.tx.Create(&w.messages).Error; err != nil {
			return err
		}
	}
	if len(w.events) > 0 {
		if err := w.tx.Create(&w.events).Error; err != nil {
			return err
		}
	}
	if err := w.storeClocks(); err != nil {
		return err
	}
	if err := w.keepTasks(); err != nil {
		return err
	}
	if err := w.audit(); err != nil {
		return err
	}
	if ending {
		if err := w.endVisits(); err != nil {
			return err
		}
	}
	return w.tell(at)
}

// derive fills in what follows from the state, the clocks and what waits.
func (w *change) derive() {
	w.Turn = rule.TurnOf(w.State, w.RMAShipped)

	w.NextTimer, w.NextAt = "", nil
	timers := w.waiting().Timers()
	if next := rule.NextInstant(w.clocks, timers, w.now); next != nil {
		w.NextTimer, w.NextAt = TimerClock, next
		for _, t := range timers {
			if t.At.Equal(*next) {
				w.NextTimer = TimerKind(t.Kind)
			}
		}
	}

	w.Version++
	if w.said {
		w.SaidVersion = w.Version
	}
}

func (w *change) store() error {
	if w.fresh {
		return w.tx.Create(&w.Ticket).Error
	}
	return w.tx.
		Select("*").
		Omit("id", "number", "account_id", "opened_by", "opened_role", "opened_for", "opened_at",
			"frozen", "terms", "once_key", "created_at", "last_error").
		Where("id = ?", w.ID).
		Updates(&w.Ticket).Error
}

// audit writes the entries behind the end of the ticket's chain. The first one shows the
// state before and after, where it is another one.
func (w *change) audit() error {
	if len(w.entries) == 0 {
		return nil
	}
	if w.before.State != w.State {
		first := w.entries[0].Details
		first["before"], first["after"] = w.before.State, w.State
	}
	return w.tx.ExtendAudit(w.ID, &w.AccountID, w.Chain.Last(), w.entries...)
}

// status is what the ticket's workflow does next.
func (w *change) status() db.ProcessStatus {
	st := w.Ticket.processStatus()
	st.Mails = len(w.mails) > 0 && w.atOnce
	return st
}

// tell writes to the outbox what the ticket's workflow has to know, and, where mails are held
// for what else may happen, what has it send them then.
func (w *change) tell(held *bundle) error {
	st := w.status()
	st.Summary = fmt.Sprintf("%s, severity %d", w.Category, w.Severity)
	kind := db.OutboxTicketChanged
	if w.fresh {
		kind = db.OutboxTicketOpened
	}
	var events []db.OutboxEvent
	if !w.quiet && (w.fresh || st.Matters(w.before.processStatus())) {
		events = append(events, st.Event(kind, w.ID))
	}
	if held != nil {
		// Its own subject: what else is told of the ticket does not wait for it.
		e := db.NewOutboxEvent(
			db.OutboxTicketMails, held.name, "1", map[string]string{db.PayloadTicket: w.ID},
		)
		e.DueAt = db.RealNow().Add(held.wait)
		events = append(events, e)
	}
	if len(events) == 0 {
		return nil
	}
	return w.tx.Enqueue(events...)
}

// lookedAt refuses what is done by the look of another version than the present one, where
// somebody has said or decided something since: the refusal names what.
func (w *change) lookedAt(version int64) error {
	if version == 0 || version >= w.SaidVersion && version <= w.Version {
		return nil
	}

	e := rules.Refuse(rules.VersionMismatch, "The ticket was changed since you read it.",
		"Read what was said meanwhile, then send it again.")
	var since []Message
	err := w.tx.Select("id", "author_kind", "seq").
		Where("ticket_id = ?", w.ID).
		Order("seq DESC").
		Limit(3).
		Find(&since).Error
	if err != nil {
		return err
	}
	slices.Reverse(since)
	for _, m := range since {
		e.Fields = append(e.Fields, rules.FieldError{
			Pointer: "/version",
			Code:    "CHANGED",
			Message: "Among the last messages: " + m.ID + " of " + string(m.AuthorKind) + ".",
			Remedy:  "Read it.",
		})
	}
	return e
}
