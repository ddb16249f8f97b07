package ticket

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/rules"
	rulesession "roomcover.dev/roomcover/rules/session"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// SessionsOf returns the sessions of a ticket in scope, the oldest first.
func (s *Tickets) SessionsOf(ctx context.Context, name string) ([]session.Session, error) {
	var out []session.Session
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		t, err := get(tx, name)
		if err != nil {
			return err
		}
		out, err = session.Of(tx, t.ID)
		return err
	})
	return out, err
}

// VisitsTo returns the sessions of a ticket in scope, and who sees or has seen it beside its
// account, in two statements. A ticket that is not in scope has none.
func (s *Tickets) VisitsTo(
	ctx context.Context, id string,
) (sessions []session.Session, guests []session.Participant, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if err := MayView(tx.Scope.Actor.Role); err != nil {
			return err
		}
		if sessions, err = session.Of(tx, id); err != nil {
			return err
		}
		guests, err = session.EverParticipants(tx, id)
		return err
	})
	return sessions, guests, err
}

// ProposeSession offers one to three times of a session to the customer, who is told by mail.
// The same times again are the same session. It is the operators'.
func (s *Tickets) ProposeSession(
	ctx context.Context, name string, slots []rulesession.Slot,
) (session.Session, error) {
	return s.doOnSession(ctx, name, "", rule.DoAnswer,
		func(w *change) (session.Session, error) {
			out, err := session.Propose(w.tx, w.ID, w.AccountID, slots)
			if err != nil {
				return out, err
			}
			return out, w.mailProposal(out)
		})
}

// ProposeSessionAgain offers other times of a session that is not scheduled yet: what was agreed
// to before is gone.
func (s *Tickets) ProposeSessionAgain(
	ctx context.Context, name, id string, slots []rulesession.Slot,
) (session.Session, error) {
	return s.doOnSession(ctx, name, id, rule.DoAnswer,
		func(w *change) (session.Session, error) {
			out, err := session.ProposeAgain(w.tx, id, slots)
			if err != nil {
				return out, err
			}
			return out, w.mailProposal(out)
		})
}

// AgreeToSession records that the caller, who is of the customer, agrees to a session at one of
// the times, having read the text of a version (R57a). The ticket waits for support then. Again
// it changes nothing.
func (s *Tickets) AgreeToSession(
	ctx context.Context, name, id string, slots []rulesession.Slot, text string,
) (session.Session, error) {
	return s.doOnSession(ctx, name, id, rule.DoComment,
		func(w *change) (session.Session, error) {
			return session.Agree(w.tx, id, slots, text)
		})
}

// heardFromCustomer has the ticket wait for support: the customer has decided something that is
// not a text of the conversation. It reopens nothing.
func (w *change) heardFromCustomer() {
	if w.CustomerWaitingSince == nil {
		w.CustomerWaitingSince = &w.now
	}
	if next, reopened := rule.AfterComment(w.State, true); !reopened {
		w.move(next, "")
	}
}

// ScheduleSession fixes a session at a time that the customer agreed to, or moves it to another
// one, and invites whoever is told of the ticket, its participants and the operator who acts.
// Without an agreement to exactly this time it is SESSION_NOT_AGREED (R57a). Where a meeting
// service makes the link they are invited once it has; see RecordMeeting.
func (s *Tickets) ScheduleSession(
	ctx context.Context, name, id string, slot rulesession.Slot, way session.Way,
) (session.Session, error) {
	return s.doOnSession(ctx, name, id, rule.DoAnswer,
		func(w *change) (session.Session, error) {
			out, invited, err := s.sessions.Schedule(w.tx, id, slot, way)
			if err != nil {
				return out, err
			}
			people, err := w.attendees(out)
			if err != nil {
				return out, err
			}
			if err := session.SetAttendees(w.tx, out, people); err != nil || !invited {
				return out, err
			}
			return out, w.mailInvitations(out)
		})
}

// CancelSession calls a session off. Who was invited is told. Again it changes nothing.
func (s *Tickets) CancelSession(
	ctx context.Context, name, id string,
) (session.Session, error) {
	return s.doOnSession(ctx, name, id, rule.DoAnswer,
		func(w *change) (session.Session, error) {
			out, told, err := session.Cancel(w.tx, id)
			if err != nil || !told {
				return out, err
			}
			return out, w.mailInvitations(out)
		})
}

// EndSession records how a session ended: rulesession.Held or rulesession.NoShow.
func (s *Tickets) EndSession(
	ctx context.Context, name, id string, outcome rulesession.State,
) (session.Session, error) {
	return s.doOnSession(ctx, name, id, rule.DoAnswer,
		func(w *change) (session.Session, error) { return session.End(w.tx, id, outcome) })
}

// doOnSession does a command on a session under the lock of its ticket, so that the ticket's end
// and the command do not overtake each other. What became of the session stands in the ticket's
// conversation then. Whoever gives the command has to be allowed to write to the ticket as it
// says: DoAnswer is of operators, DoComment of the customer.
func (s *Tickets) doOnSession(
	ctx context.Context, name, id string, c rule.Command,
	do func(*change) (session.Session, error),
) (session.Session, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return session.Session{}, err
	}

	var out session.Session
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		w, err := s.lock(tx, ref, name)
		if err != nil {
			return err
		}
		if err := rule.May(c, tx.Scope.Actor.Role, w.factsNow()); err != nil {
			return err
		}
		before, err := session.Of(tx, w.ID)
		if err != nil {
			return err
		}
		is := func(s session.Session) bool { return s.ID == id }
		if id != "" && !slices.ContainsFunc(before, is) {
			return db.NotFound()
		}

		out, err = do(w)
		if err != nil || !w.happenToSession(before, out) {
			return err
		}
		if w.SessionRemindAt, err = session.NextReminder(tx, w.ID); err != nil {
			return err
		}
		return w.save()
	})
	return out, err
}

// happenToSession adds to the conversation what became of a session, with what follows from it,
// and reports whether anything did. before are the ticket's sessions as they were.
func (w *change) happenToSession(before []session.Session, now session.Session) bool {
	var was session.Session
	for _, s := range before {
		if s.ID == now.ID {
			was = s
		}
	}
	if was.Version == now.Version {
		return false
	}

	kind, slots := becameOf(was, now)
	w.happen(kind, EventDetails{Session: now.ID, Slots: slots}, nil)
	if kind == SessionAgreed {
		w.heardFromCustomer()
	}
	return true
}

// becameOf says what became of a session, and of which times that is said.
func becameOf(was, now session.Session) (EventKind, []rulesession.Slot) {
	slots := now.ScheduledSlot()
	switch now.State {
	case rulesession.Proposed:
		return SessionProposed, now.Slots
	case rulesession.Agreed:
		return SessionAgreed, now.AgreedSlots
	case rulesession.Cancelled:
		return SessionCancelled, slots
	case rulesession.Held:
		return SessionHeld, slots
	case rulesession.NoShow:
		return SessionNoShow, slots
	}

	switch {
	case was.State != rulesession.Scheduled:
		return SessionScheduled, slots
	case !slices.EqualFunc(was.ScheduledSlot(), slots, rulesession.Slot.Is):
		return SessionMoved, slots
	}
	return SessionRelinked, slots
}

// remindOfSessions reminds those who take part in the sessions that begin within the hour, each
// once. Where the ticket has come to its end meanwhile, its sessions are called off instead.
func (w *change) remindOfSessions() error {
	if w.SessionRemindAt == nil || w.now.Before(*w.SessionRemindAt) || w.ClosedAt != nil {
		return nil
	}

	due, err := session.TakeReminders(w.tx, w.ID, w.now)
	if err != nil {
		return err
	}
	for _, s := range due {
		if err := w.mailReminders(s); err != nil {
			return err
		}
		w.note("session.reminded", map[string]any{"session": s.ID})
	}
	w.SessionRemindAt, err = session.NextReminder(w.tx, w.ID)
	return err
}

// RecordMeeting keeps what the meeting service made for a session of a version, and invites
// everybody where it is what they wait for. It is the service's.
func (s *Tickets) RecordMeeting(
	ctx context.Context, of session.Session, meetingID, joinURL string,
) error {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		w, err := s.lock(tx, ref, of.TicketID)
		if err != nil {
			return err
		}
		out, invited, err := session.RecordMeeting(tx, of.ID, of.Version, meetingID, joinURL)
		if err != nil || !invited {
			return err
		}
		return w.mailInvitations(out)
	})
}

// endingVisits reports whether anything hangs on a ticket that comes to its end with this change,
// and adds to the conversation that its sessions are called off.
func (w *change) endingVisits() (bool, error) {
	if w.ClosedAt == nil || w.before.ClosedAt != nil || w.fresh {
		return false, nil
	}

	hangs, err := session.Hangs(w.tx, w.ID)
	if err != nil || !hangs {
		return false, err
	}
	coming, err := session.Pending(w.tx, w.ID)
	for _, s := range coming {
		w.happen(SessionCancelled, EventDetails{Session: s.ID, Slots: s.ScheduledSlot()}, nil)
	}
	return true, err
}

// endVisits ends what hangs on a ticket that was open: sessions that are to come are called off,
// and its participants see it no more (R57b).
func (w *change) endVisits() error {
	cancelled, err := session.CancelOf(w.tx, w.ID)
	if err != nil {
		return err
	}
	for _, s := range cancelled {
		if err := w.mailInvitations(s); err != nil {
			return err
		}
	}
	return session.EndParticipants(w.tx, w.ID)
}

// attendee is a person who is invited, as rows have them.
type attendee struct {
	Email, Name, Locale string
	TimeZone            *string
}

// attendees are whom a session is for: the member whose ticket it is, who watches it and who has
// agreed, else the account's administrators; the ticket's participants; and the operator who
// acts.
func (w *change) attendees(s session.Session) ([]session.Attendee, error) {
	var found []attendee
	members := w.tx.Table("users u").
		Select("u.email, u.name, u.locale, u.time_zone").
		Joins("JOIN memberships m ON m.user_id = u.id").
		Where("m.account_id = ? AND m.state = ? AND m.blocked_at IS NULL",
			w.AccountID, rules.MembershipActive).
		Order("u.id")
	err := members.Session(&gorm.Session{}).
		Where(`(u.id = ? OR u.id = ?
			OR u.id IN (SELECT user_id FROM ticket_watchers WHERE ticket_id = ?))`,
			db.Text(w.OpenedFor), db.Text(s.AgreedBy), w.ID).
		Scan(&found).Error
	if err == nil && len(found) == 0 {
		err = members.Session(&gorm.Session{}).Where("m.role = ?", "ADMIN").Scan(&found).Error
	}
	if err != nil {
		return nil, err
	}

	guests, err := session.Participants(w.tx, w.ID)
	if err != nil {
		return nil, err
	}
	for _, p := range guests {
		found = append(found, attendee{Email: p.Email, Name: p.Name, Locale: w.guestLocale()})
	}

	if w.actor().Role.IsOperator() {
		var agents []attendee
		err := w.tx.Table("operators").Select("email, name, locale").
			Where("id = ? AND disabled_at IS NULL AND email <> ''", w.actor().ID).
			Scan(&agents).Error
		if err != nil {
			return nil, err
		}
		found = append(found, agents...)
	}

	var out []session.Attendee
	for _, a := range found {
		if rules.ValidEmail(a.Email) {
			out = append(out, w.asAttendee(a))
		}
	}
	return out, nil
}

// asAttendee is a person with the clock by which they are told of times: their own, else that of
// the ticket's place.
func (w *change) asAttendee(a attendee) session.Attendee {
	zone := w.TimeZone
	if db.Text(a.TimeZone) != "" {
		zone = *a.TimeZone
	}
	if len(rules.CheckPersonName("/name", a.Name, maxName)) > 0 {
		a.Name = "" // the mail says "Hello" without one
	}
	return session.Attendee{
		Email:    a.Email,
		Name:     a.Name,
		Locale:   a.Locale,
		TimeZone: zone,
	}
}

// maxName is how many characters of a name an invitation has at most.
const maxName = 120

// guestLocale is the language of mails to people of whom none is known: the one in which the
// ticket's own people are written to.
func (w *change) guestLocale() string {
	for _, p := range w.people() {
		return p.locale
	}
	return ""
}
