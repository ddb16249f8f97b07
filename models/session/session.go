// Package session keeps the video sessions of tickets (S46) and the participants of a ticket who
// are nobody's members, such as technical service providers (S47). A ticket is known by its id
// alone: who may see and change it is decided by its own domain, in whose transactions the
// functions here are called.
package session

import (
	"context"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/session"
)

// Sessions keeps sessions and participants. It is safe for concurrent use.
type Sessions struct {
	db *db.DB

	// Hosts are the meeting services whose links are taken; empty: session.Hosts.
	Hosts []string
	// Services make links by themselves; without any people paste them.
	Services []session.Provider
}

// New returns the domain on a database.
func New(database *db.DB) *Sessions { return &Sessions{db: database} }

// Session is a video session on a ticket: instants in UTC.
type Session struct {
	ID          string
	TicketID    string
	AccountID   string
	State       session.State
	Slots       []session.Slot `gorm:"serializer:json"` // proposed
	AgreedBy    *string        // a user of the customer
	AgreedAt    *time.Time
	AgreedText  string         // version of the text
	AgreedSlots []session.Slot `gorm:"serializer:json"`
	StartsAt    *time.Time
	EndsAt      *time.Time
	UID         string `gorm:"column:uid"` // of the invitation, for life
	Sequence    int    // of the invitation
	Provider    session.Provider
	MeetingID   string // the provider's
	JoinURL     string // empty: the meeting is not made yet, and nobody is invited
	ProposedBy  string
	CreatedAt   time.Time
	Version     int64

	Attempts int
	NextAt   *time.Time // real time: when the meeting service is to be asked; nil: not at all

	RemindAt *time.Time // when the attendees are reminded; nil: never, or not any more
}

// TableName is the table of sessions.
func (Session) TableName() string { return "ticket_sessions" }

// Entities lists the entities of sessions: one for each table.
func Entities() []any { return []any{Session{}, Attendee{}, Participant{}} }

// facts are what the rules ask about.
func (s Session) facts() session.Facts {
	f := session.Facts{State: s.State, Slots: s.Slots, Sequence: s.Sequence}
	if s.AgreedBy != nil {
		f.Agreement = &session.Agreement{
			By:    *s.AgreedBy,
			At:    *s.AgreedAt,
			Text:  s.AgreedText,
			Slots: s.AgreedSlots,
		}
	}
	if s.StartsAt != nil {
		f.Slot = &session.Slot{Start: *s.StartsAt, End: *s.EndsAt}
	}
	return f
}

// adopt takes over what the rules say.
func (s *Session) adopt(f session.Facts) {
	s.State = f.State
	s.Slots = f.Slots
	s.Sequence = f.Sequence
	s.AgreedBy, s.AgreedAt, s.AgreedText, s.AgreedSlots = nil, nil, "", []session.Slot{}
	if f.Agreement != nil {
		s.AgreedBy = &f.Agreement.By
		s.AgreedAt = &f.Agreement.At
		s.AgreedText = f.Agreement.Text
		s.AgreedSlots = f.Agreement.Slots
	}
	if f.Slot != nil {
		s.StartsAt, s.EndsAt = &f.Slot.Start, &f.Slot.End
	}
}

// ScheduledSlot is the time for which the session is scheduled; none before it is.
func (s Session) ScheduledSlot() []session.Slot {
	if s.StartsAt == nil {
		return nil
	}
	return []session.Slot{{Start: *s.StartsAt, End: *s.EndsAt}}
}

// Of lists the sessions of a ticket in the scope, the oldest first.
func Of(tx *db.Tx, ticketID string) ([]Session, error) {
	var out []Session
	err := tx.Scope.Accounts(tx.DB, "account_id").
		Where("ticket_id = ?", ticketID).Order("id").Find(&out).Error
	return out, err
}

// Get reads a session of the scope.
func (s *Sessions) Get(ctx context.Context, id string) (Session, error) {
	var out Session
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return db.Found(tx.Scope.Accounts(tx.DB, "account_id").First(&out, "id = ?", id).Error)
	})
	return out, err
}

// lock reads a session of the scope for a change.
func lock(tx *db.Tx, id string) (Session, error) {
	var s Session
	err := db.ForUpdate(tx.Scope.Accounts(tx.DB, "account_id")).First(&s, "id = ?", id).Error
	return s, db.Found(err)
}

// mostOpen is how many sessions of one ticket may be open at once.
const mostOpen = 5

// Propose makes a session with one to three times for the customer to choose from. The same
// times for the same ticket, while they are proposed, are the same session: again it changes
// nothing. Who is invited is said when it is scheduled; see SetAttendees.
func Propose(
	tx *db.Tx, ticketID, accountID string, slots []session.Slot,
) (Session, error) {
	slots = exact(slots)
	f, err := session.Propose(session.Facts{}, slots, tx.Now())
	if err != nil {
		return Session{}, err
	}

	var open []Session
	err = db.ForUpdate(tx.DB).
		Where("ticket_id = ? AND state IN ?", ticketID,
			[]session.State{session.Proposed, session.Agreed, session.Scheduled}).
		Order("id").Find(&open).Error
	if err != nil {
		return Session{}, err
	}
	for _, o := range open {
		if o.State == session.Proposed && slices.EqualFunc(o.Slots, slots, session.Slot.Is) {
			return o, nil
		}
	}
	if len(open) >= mostOpen {
		return Session{}, rules.Refuse(rules.StateConflict,
			"This ticket has five sessions that are not over.", "Cancel one of them first.")
	}

	s := Session{
		ID:         db.NewID(db.PrefixSession),
		TicketID:   ticketID,
		AccountID:  accountID,
		Provider:   session.Pasted,
		ProposedBy: tx.Scope.Actor.ID,
		CreatedAt:  tx.Now(),
		Version:    1,
	}
	s.UID = s.ID + "@roomcover"
	s.adopt(f)
	if err := tx.Create(&s).Error; err != nil {
		return s, err
	}
	return s, note(tx, s, "session.proposed", nil)
}

// exact cuts times to whole minutes in UTC: what is shown is what is stored.
func exact(slots []session.Slot) []session.Slot {
	out := make([]session.Slot, len(slots))
	for i, s := range slots {
		out[i] = session.Slot{
			Start: s.Start.UTC().Truncate(time.Minute),
			End:   s.End.UTC().Truncate(time.Minute),
		}
	}
	return out
}

// ProposeAgain offers other times: what was agreed to before is gone.
func ProposeAgain(tx *db.Tx, id string, slots []session.Slot) (Session, error) {
	return change(tx, id, "session.proposed", func(f session.Facts) (session.Facts, error) {
		slots = exact(slots)
		if f.State == session.Proposed && slices.EqualFunc(f.Slots, slots, session.Slot.Is) {
			return f, nil
		}
		return session.Propose(f, slots, tx.Now())
	})
}

// Agree records that the actor, a person of the customer, agrees to a session at one of the
// times, having read the text of a version (R57a). Again it changes nothing.
func Agree(tx *db.Tx, id string, slots []session.Slot, text string) (Session, error) {
	return change(tx, id, "session.agreed", func(f session.Facts) (session.Facts, error) {
		return session.Agree(f, session.Agreement{
			By:    tx.Scope.Actor.ID,
			At:    tx.Now(),
			Text:  text,
			Slots: exact(slots),
		})
	})
}

// End records how a session ended: session.Held or session.NoShow.
func End(tx *db.Tx, id string, outcome session.State) (Session, error) {
	return change(tx, id, "session.ended", func(f session.Facts) (session.Facts, error) {
		return session.End(f, outcome, tx.Now())
	})
}

// change does a command that nobody outside has to be told of.
func change(
	tx *db.Tx, id, verb string, rule func(session.Facts) (session.Facts, error),
) (Session, error) {
	s, err := lock(tx, id)
	if err != nil {
		return s, err
	}
	before := s
	f, err := rule(s.facts())
	if err != nil {
		return s, err
	}
	s.adopt(f)
	if unchanged(before, s) {
		return before, nil
	}
	s.RemindAt = nil // it is over, or was not scheduled
	if err := save(tx, &s); err != nil {
		return s, err
	}
	return s, note(tx, s, verb, nil)
}

// unchanged reports whether a command changed nothing.
func unchanged(a, b Session) bool {
	same := func(x, y *time.Time) bool { return x == y || x != nil && y != nil && x.Equal(*y) }
	return a.State == b.State && a.Sequence == b.Sequence && a.AgreedText == b.AgreedText &&
		db.Text(a.AgreedBy) == db.Text(b.AgreedBy) && same(a.AgreedAt, b.AgreedAt) &&
		same(a.StartsAt, b.StartsAt) && same(a.EndsAt, b.EndsAt) &&
		slices.EqualFunc(a.Slots, b.Slots, session.Slot.Is) &&
		slices.EqualFunc(a.AgreedSlots, b.AgreedSlots, session.Slot.Is)
}

// save writes what a command changed.
func save(tx *db.Tx, s *Session) error {
	s.Version++
	return tx.Model(&Session{}).Where("id = ?", s.ID).
		Select(
			"state", "slots", "agreed_by", "agreed_at", "agreed_text", "agreed_slots",
			"starts_at", "ends_at", "sequence", "provider", "meeting_id", "join_url",
			"version", "attempts", "next_at", "remind_at",
		).
		Updates(s).Error
}

// note audits a command in the ticket's chain.
func note(tx *db.Tx, s Session, verb string, details map[string]any) error {
	if details == nil {
		details = map[string]any{}
	}
	details["session"] = s.ID
	details["state"] = s.State
	return tx.Audit(s.TicketID, &s.AccountID, false, db.Entry{
		Verb:     verb,
		ObjectID: s.ID,
		Details:  details,
	})
}

// TakenHosts are the meeting services whose links are taken.
func (s *Sessions) TakenHosts() []string {
	if len(s.Hosts) > 0 {
		return s.Hosts
	}
	return session.Hosts()
}

// CheckLink is session.CheckLink with the program's hosts.
func (s *Sessions) CheckLink(link string) (string, error) {
	return session.CheckLink(strings.TrimSpace(link), s.TakenHosts())
}
