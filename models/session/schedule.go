package session

import (
	"context"
	"slices"
	"time"

	_ "embed"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/session"
)

// Way is how the meeting of a session is made.
type Way struct {
	Provider session.Provider
	Link     string // pasted; the other providers make their own
}

// Schedule fixes a session at a time that the customer agreed to, or moves it to another one.
// SESSION_NOT_AGREED without that (R57a); MEETING_LINK_REFUSED for a link to another service;
// MEETING_SERVICE_MISSING for a service that is not set up.
// With a pasted link invited is true: everybody is to be invited now; see Invitations. Without
// one the meeting service is asked first, and RecordMeeting says so. Again with the same it
// changes nothing, and invited is false.
func (s *Sessions) Schedule(
	tx *db.Tx, id string, slot session.Slot, w Way,
) (out Session, invited bool, err error) {
	row, err := lock(tx, id)
	if err != nil {
		return row, false, err
	}
	before := row
	f, err := session.Schedule(row.facts(), exact([]session.Slot{slot})[0], tx.Now())
	if err != nil {
		return row, false, err
	}

	link := before.JoinURL
	if w.Provider != session.Pasted && !slices.Contains(s.Services, w.Provider) {
		return row, false, rules.Refuse(session.NoService,
			"This meeting service is not set up here.", "Paste the link of a meeting.")
	}
	if w.Provider == session.Pasted {
		if link, err = s.CheckLink(w.Link); err != nil {
			return row, false, err
		}
	}
	other := before.State == session.Scheduled &&
		(before.Provider != w.Provider || before.JoinURL != link)
	if other && f.Sequence == before.Sequence {
		if f, err = session.ChangeLink(f); err != nil {
			return row, false, err
		}
	}

	row.adopt(f)
	if unchanged(before, row) && !other {
		return before, false, nil
	}
	row.chooseWay(w, link)
	moved := !slices.EqualFunc(before.ScheduledSlot(), row.ScheduledSlot(), session.Slot.Is)
	if before.State != session.Scheduled || moved {
		row.RemindAt = row.facts().Reminder(tx.Now())
	}
	if err := save(tx, &row); err != nil {
		return row, false, err
	}
	return row, row.JoinURL != "", note(tx, row, "session.scheduled", map[string]any{
		"provider": row.Provider,
		"sequence": row.Sequence,
	})
}

// chooseWay says who makes the meeting. One whom another made before makes it anew; what that
// one made is left to end by itself.
func (s *Session) chooseWay(w Way, link string) {
	if s.Provider != w.Provider {
		s.MeetingID = ""
	}
	s.Provider = w.Provider
	s.Attempts = 0
	s.NextAt = nil
	if w.Provider == session.Pasted {
		s.JoinURL = link
		s.MeetingID = s.ID
		return
	}
	s.JoinURL = ""
	s.NextAt = new(db.RealNow())
}

// Cancel calls a session off. told is true where people were invited: they are told; see
// Invitations. Again it changes nothing, and told is false.
func Cancel(tx *db.Tx, id string) (out Session, told bool, err error) {
	s, err := lock(tx, id)
	if err != nil {
		return s, false, err
	}
	if s.State == session.Cancelled {
		return s, false, nil
	}
	f, told, err := session.Cancel(s.facts())
	if err != nil {
		return s, false, err
	}

	// A meeting that is being made is called off, too; nobody knows of it yet.
	known := s.JoinURL != "" || s.Sequence > 0
	s.adopt(f)
	s.RemindAt = nil
	s.NextAt = nil
	if s.Provider != session.Pasted && s.StartsAt != nil {
		s.NextAt = new(db.RealNow())
	}
	if err := save(tx, &s); err != nil {
		return s, false, err
	}
	return s, told && known, note(tx, s, "session.cancelled", nil)
}

// hangingSQL asks whether a ticket has a session that is not over, or a participant.
//
//go:embed hanging.sql
var hangingSQL string

// Hangs reports whether anything hangs on a ticket that ends with it: a session that is not
// over, or a participant. It is one statement, for tickets that have neither.
func Hangs(tx *db.Tx, ticketID string) (bool, error) {
	var n int64
	err := tx.Raw(hangingSQL, map[string]any{
		"ticket": ticketID,
		"over":   []session.State{session.Held, session.NoShow, session.Cancelled},
	}).Scan(&n).Error
	return n > 0, err
}

// Pending are the sessions of a ticket that are not over and have not begun, the oldest first.
func Pending(tx *db.Tx, ticketID string) ([]Session, error) {
	all, err := Of(tx, ticketID)
	return slices.DeleteFunc(all, func(s Session) bool {
		return s.State.Over() || s.StartsAt != nil && !s.StartsAt.After(tx.Now())
	}), err
}

// CancelOf calls off every session of a ticket that is pending, as when the ticket is closed, and
// returns those of which people are to be told.
func CancelOf(tx *db.Tx, ticketID string) ([]Session, error) {
	pending, err := Pending(tx, ticketID)
	if err != nil {
		return nil, err
	}
	var out []Session
	for _, s := range pending {
		s, told, err := Cancel(tx, s.ID)
		if err != nil {
			return nil, err
		}
		if told {
			out = append(out, s)
		}
	}
	return out, nil
}

// Invitation is what one attendee is told of a session, once for each sequence.
type Invitation struct {
	SessionID string
	Attendee  Attendee
	UID       string
	Sequence  int
	Start     time.Time
	End       time.Time
	JoinURL   string
	Cancelled bool
}

// Invitations returns what is said to each attendee of a session as it stands: one mail each,
// whose dedupe key is the session, the attendee and the sequence.
func Invitations(tx *db.Tx, s Session) ([]Invitation, error) {
	if s.StartsAt == nil {
		return nil, nil
	}
	people, err := Attendees(tx, s.ID)
	if err != nil {
		return nil, err
	}
	var out []Invitation
	for _, a := range people {
		out = append(out, invitationOf(s, a))
	}
	return out, nil
}

func invitationOf(s Session, a Attendee) Invitation {
	return Invitation{
		SessionID: s.ID,
		Attendee:  a,
		UID:       s.UID,
		Sequence:  s.Sequence,
		Start:     *s.StartsAt,
		End:       *s.EndsAt,
		JoinURL:   s.JoinURL,
		Cancelled: s.State == session.Cancelled,
	}
}

// MeetingLease is how long whoever took a session has time to ask the meeting service.
const MeetingLease = 2 * time.Minute

// nextSQL takes a session for a lease.
//
//go:embed next.sql
var nextSQL string

// NextMeeting takes the next session whose meeting service is to be asked: to make or to move the
// meeting of one that is scheduled, to call off that of one that is cancelled. It is the service's.
func (s *Sessions) NextMeeting(ctx context.Context) (out Session, ok bool, err error) {
	var rows []Session
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		rows = nil
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		var due []string
		waiting := tx.Model(&Session{}).Where("next_at <= ?", db.RealNow())
		err := db.LockWith(waiting, clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}).
			Order("next_at").Limit(1).Pluck("id", &due).Error
		if err != nil || len(due) == 0 {
			return err
		}
		return tx.Raw(nextSQL, map[string]any{
			"id":    due[0],
			"until": db.RealNow().Add(MeetingLease),
		}).Scan(&rows).Error
	})
	if err != nil || len(rows) == 0 {
		return Session{}, false, err
	}
	return rows[0], true, nil
}

// RecordMeeting keeps what the meeting service made for a session of a version. Where the session
// has changed meanwhile, the service is asked again. invited is true where everybody is to be
// invited now; see Invitations.
func RecordMeeting(
	tx *db.Tx, id string, version int64, meetingID, joinURL string,
) (out Session, invited bool, err error) {
	s, err := lock(tx, id)
	if err != nil {
		return s, false, err
	}

	s.MeetingID = meetingID
	current := s.Version == version
	if current {
		s.NextAt = nil
		invited = s.State == session.Scheduled && joinURL != "" && s.JoinURL != joinURL
		s.JoinURL = joinURL
	} else if s.NextAt != nil {
		s.NextAt = new(db.RealNow())
	}
	err = tx.Model(&Session{}).Where("id = ?", id).
		Select("meeting_id", "join_url", "next_at").Updates(&s).Error
	if err != nil {
		return s, false, err
	}
	return s, invited, tx.Settle(db.TaskProcessStuck, id, "the meeting service has answered")
}

// longestPause is the longest pause before the meeting service is asked again.
const longestPause = 5 * time.Minute

// alarmAfter is after how many failures an operator is asked: until then nobody was invited.
const alarmAfter = 5

// RecordMeetingFailure has the meeting service asked again later, without end. After some
// failures, and at once where trying again cannot help, an operator is asked: a link can be
// pasted instead.
func (s *Sessions) RecordMeetingFailure(
	ctx context.Context, id string, temporary bool, wait time.Duration, why string,
) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		row, err := lock(tx, id)
		if err != nil || row.NextAt == nil {
			return err
		}
		again := db.RealNow().Add(
			max(wait, min(5*time.Second<<min(row.Attempts, 10), longestPause)))
		err = tx.Model(&Session{}).Where("id = ?", id).Update("next_at", again).Error
		if err != nil || temporary && row.Attempts < alarmAfter {
			return err
		}
		return tx.Raise(db.OperatorTask{
			Kind:      db.TaskProcessStuck,
			SubjectID: id,
			AccountID: &row.AccountID,
			What: "Paste a link to a meeting into the session, or look at the settings of the " +
				"meeting service. It is asked again by itself.",
			Why: "The meeting of a session cannot be made: " + why,
		})
	})
}
