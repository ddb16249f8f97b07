// Package ticket holds support tickets: what was said, what happened, the clocks that follow
// from it, and who waits for whom. What operators note for themselves is in package note,
// whose rows nothing here can read (S42).
package ticket

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/processes"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// Tickets reads and changes support tickets. It is safe for concurrent use.
type Tickets struct {
	db           *db.DB
	programs     *program.Programs
	replacements *replacement.Replacements
	sessions     *session.Sessions
	files        *attachment.Attachments
	sync         *sync.Sync
}

// New returns the domain on a database, with the domains below that it uses.
func New(
	database *db.DB, programs *program.Programs, replacements *replacement.Replacements,
	sessions *session.Sessions,
	files *attachment.Attachments, rooms *sync.Sync,
) *Tickets {
	return &Tickets{
		db:           database,
		programs:     programs,
		replacements: replacements,
		sessions:     sessions,
		files:        files,
		sync:         rooms,
	}
}

// Entities lists the entities of tickets: one for each table.
func Entities() []any {
	return []any{
		Ticket{},
		Message{},
		Event{},
		Clock{},
		ClockMark{},
		Watcher{},
		Draft{},
		CannedReply{},
		Snapshot{},
	}
}

// Ticket is a request for support. What covers it, and by which terms its clocks run, was
// frozen when it was opened (R28d, S3). Its state and its clocks follow from its events.
type Ticket struct {
	ID         string
	Number     string // for people, such as TK-7F3K2
	AccountID  string
	RoomID     *string
	DeviceID   *string
	ContractID *string
	Category   rule.Category
	Severity   cover.Severity
	Summary    string
	Channel    rule.Channel
	OpenedBy   string // a person's or a token's id
	OpenedRole rules.Role
	OpenedFor  *string // the member whose ticket it is; nil: a program's
	OpenedAt   time.Time

	Frozen          cover.Frozen `gorm:"serializer:json"`
	Terms           *Terms       `gorm:"serializer:json"` // nil: nothing is promised
	PolicyCode      string
	PolicyVersion   int
	CalendarCode    string
	CalendarVersion int64
	TimeZone        string // IANA name: the room's, else the account's

	State                rule.State
	StateSince           time.Time
	WaitingReason        string // why the customer, or somebody else, is waited for
	Turn                 rule.Turn
	CustomerWaitingSince *time.Time // since when the customer has no answer to what was said
	LastWordAt           time.Time  // of the last public text

	AssigneeID *string // an operator; nil: nobody
	Team       string

	// By when the ticket stands in the queue (S54), and by which clock; nil: nothing is due.
	EffectiveDue   *time.Time
	EffectiveClock rule.ClockKind
	Alarm          MarkKind  // the worst that a clock of it has come to and that is not over
	ClockedAt      time.Time // the instant for which clocks and marks were stored last

	FirstAnswerAt *time.Time
	RemindersSent int // of those of this wait
	ResolvedAt    *time.Time
	ClosedAt      *time.Time // or canceled
	ReopenedAt    *time.Time // nil where it was not since it was last resolved
	Reopenings    int
	WorseAskedAt  *time.Time // the customer says that it is worse, and nobody has decided
	RMAShipped    bool       `gorm:"column:rma_shipped"` // a carrier has its replacement

	DuplicateOf *string
	FollowsID   *string // the closed ticket whose reply this is
	OnceKey     *string // names the request, where its caller may send it again

	Seq        int64      // of the last message or event
	MailBundle string     // names the mail that tells what happens now; see bundle
	MailUntil  *time.Time // real time: until then it takes more in

	NextTimer TimerKind // empty: nothing comes by itself
	NextAt    *time.Time
	// When those who take part in a session are reminded next; nil: nobody is.
	SessionRemindAt *time.Time
	// Since when the room is well, as its Sync told last: real time; nil: it never did.
	RoomWellSince *time.Time
	LastError     string
	CreatedAt     time.Time
	SaidVersion   int64 // the last version that whoever writes has to know
	Version       int64
}

// TableName is the table of tickets.
func (Ticket) TableName() string { return "tickets" }

// TimerKind says what comes by itself for a ticket.
type TimerKind string

// The timers: a clock's warning or breach, and those of rules/ticket.
const (
	TimerClock    TimerKind = "CLOCK"
	TimerReminder TimerKind = "CUSTOMER_REMINDER"
	TimerResolve  TimerKind = "AUTO_RESOLVE"
	TimerClose    TimerKind = "CLOSE"
)

// timerSession is what the workflow is told of a reminder of a session. Beside it the ticket waits
// for what NextTimer says: that is what people are told.
const timerSession = "SESSION_REMINDER"

// Zone is the room's, else the account's.
func (t Ticket) Zone() *time.Location { return db.ZoneOf(t.TimeZone) }

// Rerouted reports whether JumpStart was asked, and Select answers (R32b).
func (t Ticket) Rerouted() bool { return t.Terms != nil && t.Terms.Rerouted }

// Facts are what the guards of the commands ask.
func (t Ticket) Facts() rule.Facts {
	return rule.Facts{State: t.State, ReopenedAt: t.ReopenedAt}
}

// Now is the instant by which tickets stand: that of the service's calendar.
func (s *Tickets) Now() time.Time { return s.db.Now() }

// FactsAt are what the guards ask when a command is given: a resolved ticket whose time is over
// takes no more replies, whether or not its timer has fired (C1).
func (t Ticket) FactsAt(now time.Time) rule.Facts {
	facts := t.Facts()
	if t.State == rule.Resolved && !now.Before(rule.ClosesAt(t.StateSince, t.Zone())) {
		facts.State = rule.Closed
	}
	return facts
}

// Commands returns what a role may do with the ticket at an instant.
func (t Ticket) Commands(role rules.Role, now time.Time) []rule.Command {
	facts := t.FactsAt(now)
	commands := []rule.Command{}
	for _, c := range rule.Commands() {
		if c == rule.DoComment && facts.State == rule.Closed && rule.MayGive(c, role) == nil {
			commands = append(commands, c) // it opens a ticket that follows this one
			continue
		}
		if c != rule.DoOpen && rule.May(c, role, facts) == nil {
			commands = append(commands, c)
		}
	}
	return commands
}

// waiting is what the timers of the ticket depend on.
func (t Ticket) waiting() rule.Waiting {
	w := rule.Waiting{
		State:         t.State,
		Since:         t.StateSince,
		RemindersSent: t.RemindersSent,
		Zone:          t.Zone(),
	}
	if t.Terms != nil {
		w.Calendar = t.Terms.calendar()
	}
	return w
}

// processStatus returns what the row says that the ticket's workflow does next.
func (t Ticket) processStatus() db.ProcessStatus {
	st := db.ProcessStatus{
		Version:  t.Version,
		Timer:    string(t.NextTimer),
		At:       t.NextAt,
		Closed:   t.ClosedAt != nil,
		State:    string(t.State),
		WaitsFor: t.waitsFor(),
	}
	if t.NextAt != nil {
		st.Coming = []db.ComingStep{{Name: string(t.NextTimer), At: *t.NextAt}}
	}
	if at := t.SessionRemindAt; at != nil {
		reminder := db.ComingStep{Name: timerSession, At: *at}
		if st.At == nil || at.Before(*st.At) {
			st.Timer, st.At = timerSession, at
			st.Coming = append([]db.ComingStep{reminder}, st.Coming...)
		} else {
			st.Coming = append(st.Coming, reminder)
		}
	}
	return st
}

// waitsFor is what the list of processes says of the row, too (processes.sql); empty: nothing.
func (t Ticket) waitsFor() string {
	switch t.State {
	case rule.New:
		return processes.WaitsForFirstAnswer
	case rule.Open, rule.InProgress:
		return processes.WaitsForSupport
	case rule.PendingCustomer:
		return processes.WaitsForCustomer
	case rule.PendingThirdParty:
		return processes.WaitsForThirdParty
	case rule.PendingRMA:
		return processes.WaitsForReplacement
	case rule.Resolved:
		return processes.WaitsForReopening
	}
	return ""
}

// named returns the condition that finds the ticket that somebody names, by its id or by its
// number as people type it.
func named(name string) clause.Expression {
	if number, ok := db.ReadNumber(db.NumberOfTicket, name); ok {
		return clause.Eq{Column: clause.Column{Table: "t", Name: "number"}, Value: number}
	}
	return clause.Eq{Column: clause.Column{Table: "t", Name: "id"}, Value: name}
}

// MayView refuses a role that sees no tickets with NOT_FOUND: to a seller there are none.
func MayView(role rules.Role) error {
	if role == "SYSTEM" || rules.Allows(role, rules.UseTickets).Allowed() {
		return nil
	}
	return db.NotFound()
}

// Get returns one ticket, which is named by its id or its number.
func (s *Tickets) Get(ctx context.Context, name string) (Ticket, error) {
	var t Ticket
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		t, err = get(tx, name)
		return err
	})
	return t, err
}

func get(tx *db.Tx, name string) (Ticket, error) {
	var t Ticket
	if err := MayView(tx.Scope.Actor.Role); err != nil {
		return t, err
	}
	err := tx.Scope.Accounts(tx.Table("tickets AS t"), "t.account_id").
		Select("t.*").
		Where(named(name)).
		First(&t).Error
	return t, db.Found(err)
}

// KeepFailure keeps the last error of a step of a ticket, for people to see.
func KeepFailure(tx *db.Tx, id, reason string) error {
	return tx.Model(&Ticket{}).Where("id = ?", id).Update("last_error", reason).Error
}
