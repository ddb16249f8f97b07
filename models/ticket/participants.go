package ticket

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// ParticipantsOf returns who sees a ticket in scope beside its account (S47).
func (s *Tickets) ParticipantsOf(
	ctx context.Context, name string,
) ([]session.Participant, error) {
	var out []session.Participant
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		t, err := get(tx, name)
		if err != nil {
			return err
		}
		out, err = session.Participants(tx, t.ID)
		return err
	})
	return out, err
}

// AddParticipant lets a person see a ticket until it closes (R57b), tells them where, and
// invites them to the sessions that are to come. The same address again is the same participant.
// It is for operators who work on tickets and for administrators of the account. Whoever asks,
// RATE_LIMITED where the account has added too many people within an hour or a day.
func (s *Tickets) AddParticipant(
	ctx context.Context, name string, p session.Participant,
) (session.Participant, error) {
	var out session.Participant
	err := s.changeParticipants(ctx, name, func(w *change) (err error) {
		_, known, err := session.ParticipantAt(w.tx, w.ID, p.Email)
		if err != nil {
			return err
		}
		if out, err = session.AddParticipant(w.tx, w.ID, w.AccountID, p); err != nil {
			return err
		}
		if !known {
			if err := identity.MayInviteGuest(w.tx, w.AccountID, out.Email); err != nil {
				return err
			}
		}
		if err := w.mailParticipant(out); err != nil {
			return err
		}
		told, err := session.InviteLate(w.tx, w.ID, w.asAttendee(attendee{
			Email:  out.Email,
			Name:   out.Name,
			Locale: w.guestLocale(),
		}))
		if err != nil {
			return err
		}
		return w.mailAttendees(told)
	})
	return out, err
}

// RemoveParticipant ends what a participant of a ticket sees at once, and calls the sessions
// that are to come off for them. Again it changes nothing.
func (s *Tickets) RemoveParticipant(ctx context.Context, name, id string) error {
	return s.changeParticipants(ctx, name, func(w *change) error {
		live, err := session.Participants(w.tx, w.ID)
		if err != nil {
			return err
		}
		if err := session.RemoveParticipant(w.tx, w.ID, id); err != nil {
			return err
		}
		for _, p := range live {
			if p.ID != id {
				continue
			}
			told, err := session.Uninvite(w.tx, w.ID, p.Email)
			if err != nil {
				return err
			}
			return w.mailAttendees(told)
		}
		return nil
	})
}

// changeParticipants does a command about who sees the ticket under its lock.
func (s *Tickets) changeParticipants(
	ctx context.Context, name string, do func(*change) error,
) error {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		w, err := s.lock(tx, ref, name)
		if err != nil {
			return err
		}
		if err := mayChangeParticipants(tx.Scope.Actor.Role, w.factsNow()); err != nil {
			return err
		}
		return do(w)
	})
}

// mayChangeParticipants refuses who may not let others see a ticket, with FORBIDDEN, and a
// ticket that is over.
func mayChangeParticipants(role rules.Role, f rule.Facts) error {
	if role.IsOperator() {
		return rule.May(rule.DoAnswer, role, f)
	}
	if !rules.Allows(role, rules.ManageUsers).Allowed() {
		return rules.Refuse(rules.Forbidden, "Your role may not let others see a ticket.",
			"Ask an administrator of the account, or support.")
	}
	return rule.May(rule.DoComment, role, f)
}

// Visit is a ticket as a participant sees it: its conversation, what it is about, and its
// sessions. It has no notes, no account, no contract and no clocks (S47).
type Visit struct {
	Number, Summary string
	State           rule.State
	RoomName        string
	RoomSite        string
	DeviceModel     string
	DeviceSerial    string
	TimeZone        string
	Entries         []Entry
	More            bool // there are earlier ones
	Sessions        []session.Session
	At              time.Time
}

// visitRow is what a participant's page needs beside the conversation.
type visitRow struct {
	Ticket
	RoomName, RoomSite        string
	DeviceModel, DeviceSerial string
}

// VisitOf returns the one ticket of a participant; NOT_FOUND once they have left or it is
// closed.
func (s *Tickets) VisitOf(ctx context.Context, p session.Participant) (Visit, error) {
	var out Visit
	err := s.db.Read(db.WithScope(ctx, visiting(p)), func(tx *db.Tx) error {
		live, found, err := session.ParticipantAt(tx, p.TicketID, p.Email)
		if err != nil {
			return err
		}
		if !found || live.ID != p.ID {
			return db.NotFound()
		}

		var row visitRow
		res := tx.Scope.Accounts(tx.Table("tickets AS t"), "t.account_id").
			Select(`t.*,
				COALESCE(r.name, '') AS room_name,
				COALESCE(r.site, '') AS room_site,
				COALESCE(d.model_code, '') AS device_model,
				COALESCE(d.serial, '') AS device_serial`).
			Joins("LEFT JOIN rooms r ON r.id = t.room_id").
			Joins("LEFT JOIN devices d ON d.id = t.device_id").
			Where("t.id = ? AND t.closed_at IS NULL", p.TicketID).
			Limit(1).
			Scan(&row)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 || row.Ticket.FactsAt(tx.Now()).State.Over() {
			return db.NotFound()
		}

		c := Conversation{Ticket: row.Ticket}
		if err := c.readEntries(tx, 0); err != nil {
			return err
		}
		out = Visit{
			Number:       row.Number,
			Summary:      row.Summary,
			State:        row.State,
			RoomName:     row.RoomName,
			RoomSite:     row.RoomSite,
			DeviceModel:  row.DeviceModel,
			DeviceSerial: row.DeviceSerial,
			TimeZone:     row.TimeZone,
			Entries:      c.Entries,
			More:         c.More,
			At:           tx.Now(),
		}
		out.Sessions, err = session.Of(tx, p.TicketID)
		return err
	})
	return out, err
}

// GuestRole is with what rights a participant acts in their one ticket: they read and comment.
const GuestRole = rules.CustomerReadOnly

// visiting is the scope in which a participant's ticket is read: that of its account, and what
// is for operators alone stays out.
func visiting(p session.Participant) db.Scope {
	return db.Scope{
		AccountIDs: []string{p.AccountID},
		Actor:      db.Actor{ID: p.ID, Role: GuestRole},
	}
}

// AuthorOf returns as what somebody writes who acts: a participant is nobody of the customer's.
func AuthorOf(actor db.Actor) rule.AuthorKind {
	if isGuest(actor) {
		return rule.FromTSP
	}
	return rule.AuthorOf(actor.Role)
}

// isGuest reports whether somebody acts who sees one ticket alone: no other is opened for them.
func isGuest(actor db.Actor) bool { return db.KindOf(actor.ID) == db.PrefixParticipant }
