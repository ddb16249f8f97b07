package ticket

import (
	"context"
	"slices"
	"strconv"
	"time"

	_ "embed"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/rules"
)

// The steps of a session of which mails tell. Whoever sends a mail to an attendee asks first
// whether it still holds; see SessionMailOver.
const (
	stepProposed  = "PROPOSED"
	stepInvited   = "INVITED"
	stepChanged   = "CHANGED"
	stepCancelled = "CANCELLED"
	StepReminded  = "REMINDED" // it begins soon
)

// mailProposal asks whoever is told of the ticket to agree to one of the times. Each version of
// a session is told of once.
func (w *change) mailProposal(s session.Session) error {
	slots := make([]any, len(s.Slots))
	for i, slot := range s.Slots {
		slots[i] = interval(slot.Start, slot.End)
	}

	var mails []notification.Notification
	for _, p := range w.people() {
		params := w.sessionParams(stepProposed, w.TimeZone)
		params["slots"] = slots
		params["page"] = "/tickets/" + w.Number
		mails = append(mails, notification.Notification{
			Template:  rules.TemplateSession,
			SubjectID: s.ID,
			Recipient: p.email,
			Epoch:     "proposed/" + seqText(s.Version),
			AccountID: &w.AccountID,
			Locale:    p.locale,
			Params:    params,
		})
	}
	return notification.QueueEach(w.tx, mails...)
}

// mailInvitations sends each attendee what they are told of a session as it stands.
func (w *change) mailInvitations(s session.Session) error {
	told, err := session.Invitations(w.tx, s)
	if err != nil {
		return err
	}
	return w.mailAttendees(told)
}

// mailAttendees sends calendar messages: each attendee one for each sequence of a session, with
// nobody's address in it but their own.
func (w *change) mailAttendees(told []session.Invitation) error {
	told, err := w.stillSeeing(told)
	if err != nil {
		return err
	}
	guests, err := session.Participants(w.tx, w.ID)
	if err != nil {
		return err
	}

	var mails []notification.Notification
	for _, i := range told {
		step := stepInvited
		switch {
		case i.Cancelled:
			step = stepCancelled
		case i.Sequence > 0:
			step = stepChanged
		}

		m := w.attendeeMail(i, step, guests)
		m.Params["uid"] = i.UID
		m.Params["sequence"] = i.Sequence
		m.Params["stamp"] = w.tx.Now().UTC().Format(time.RFC3339)
		mails = append(mails, m)
	}
	return notification.QueueEach(w.tx, mails...)
}

// attendeeMail is a mail about a session to one of those who take part in it, once for each step
// of each version of the session.
func (w *change) attendeeMail(
	i session.Invitation, step string, guests []session.Participant,
) notification.Notification {
	params := w.sessionParams(step, i.Attendee.TimeZone)
	params["name"] = i.Attendee.Name
	params["when"] = interval(i.Start, i.End)
	if !i.Cancelled {
		params["link"] = i.JoinURL
	}
	if page := w.pageFor(i.Attendee.Email, guests); page != "" {
		params["page"] = page
	}
	return notification.Notification{
		Template:  rules.TemplateSession,
		SubjectID: i.SessionID,
		Recipient: i.Attendee.Email,
		Epoch:     i.Attendee.ID + "/" + strconv.Itoa(i.Sequence) + "/" + step,
		AccountID: &w.AccountID,
		Locale:    i.Attendee.Locale,
		Params:    params,
	}
}

// mailReminders reminds each attendee of a session that it begins soon, by their own clock: once
// for each time that it is scheduled for. It changes nothing in anybody's calendar.
func (w *change) mailReminders(s session.Session) error {
	told, err := session.Invitations(w.tx, s)
	if err != nil {
		return err
	}
	if told, err = w.stillSeeing(told); err != nil {
		return err
	}
	guests, err := session.Participants(w.tx, w.ID)
	if err != nil {
		return err
	}

	var mails []notification.Notification
	for _, i := range told {
		mails = append(mails, w.attendeeMail(i, StepReminded, guests))
	}
	return notification.QueueEach(w.tx, mails...)
}

// stillSeeing leaves out who has been removed, disabled or erased since they were invited. Who acts
// for a customer cannot see who of the operators works on: for them all stay, and whoever sends the
// mails asks again.
func (w *change) stillSeeing(told []session.Invitation) ([]session.Invitation, error) {
	if len(told) == 0 || w.tx.Scope.Service() != nil {
		return told, nil
	}
	addresses, err := addressesOf(w.tx, w.AccountID, w.ID, told[0].Cancelled)
	return slices.DeleteFunc(told, func(i session.Invitation) bool {
		return !slices.Contains(addresses, i.Attendee.Email)
	}), err
}

//go:embed stillsees.sql
var stillSeesSQL string

// addressesOf are the addresses of those who see a ticket: the active members of its account, its
// participants and the operators. With left they are also those of participants who have left, to
// whom what they were invited to is called off.
func addressesOf(tx *db.Tx, accountID, ticketID string, left bool) ([]string, error) {
	var out []string
	err := tx.Raw(stillSeesSQL, map[string]any{
		"account": accountID,
		"ticket":  ticketID,
		"active":  rules.MembershipActive,
		"left":    left,
	}).Scan(&out).Error
	for i := range out {
		out[i] = rules.NormaliseEmail(out[i])
	}
	return out, err
}

// SessionMailOver reports whether a mail about a session to one of its attendees is not to be sent
// any more: they may not see the ticket now, or it reminds them of what is not held that way; see
// session.ReminderOver.
func (s *Tickets) SessionMailOver(
	ctx context.Context, step string, r session.Reminder,
) (over bool, err error) {
	if step == stepProposed {
		return false, nil
	}
	err = s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		if step == StepReminded {
			if over, err = session.ReminderOver(tx, r); err != nil || over {
				return err
			}
		}
		var of session.Session
		err := db.Found(tx.Select("id", "ticket_id", "account_id").
			First(&of, "id = ?", r.SessionID).Error)
		if rules.CodeOf(err) == rules.NotFound {
			over = true
			return nil
		}
		if err != nil {
			return err
		}
		addresses, err := addressesOf(tx, of.AccountID, of.TicketID, step == stepCancelled)
		over = !slices.Contains(addresses, rules.NormaliseEmail(r.Recipient))
		return err
	})
	return over, err
}

// pageFor is the path of the page on which a person sees the ticket: a participant's own, a
// member's, or none. To a participant there is none of a ticket that is over.
func (w *change) pageFor(email string, guests []session.Participant) string {
	for _, p := range guests {
		if p.Email == email && w.ClosedAt == nil {
			return GuestPath + p.ID
		}
	}
	for _, p := range w.people() {
		if p.email == email {
			return "/tickets/" + w.Number
		}
	}
	return ""
}

// GuestPath is the path of the portal's pages on which participants sign in; the id of one
// follows. Mails lead there.
const GuestPath = "/guest/"

// sessionParams are what each mail of a session says. Whose ticket it is stands in none: those
// who see one ticket alone do not see the account.
func (w *change) sessionParams(step, zone string) map[string]any {
	return map[string]any{
		"step":      step,
		"ticket":    w.ID,
		"thread":    w.ID,
		"number":    w.Number,
		"summary":   w.Summary,
		"room":      db.Text(w.RoomName),
		"time_zone": zone,
	}
}

// mailParticipant tells a person that they see the ticket from now on.
func (w *change) mailParticipant(p session.Participant) error {
	return notification.QueueSingle(w.tx, notification.Notification{
		Template:  rules.TemplateParticipant,
		SubjectID: p.ID,
		Recipient: p.Email,
		Epoch:     "1",
		AccountID: &w.AccountID,
		Locale:    w.guestLocale(),
		Params: map[string]any{
			"name":    p.Name,
			"number":  w.Number,
			"summary": w.Summary,
			"page":    GuestPath + p.ID,
		},
	})
}

// interval is a time from an instant to another as mails carry it, by ISO 8601 in UTC.
func interval(from, until time.Time) string {
	return from.UTC().Format(time.RFC3339) + "/" + until.UTC().Format(time.RFC3339)
}
