package ticket

import (
	"strconv"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/rules"
)

// The steps of a session of which mails tell. Whoever sends a reminder asks first whether it still
// holds; see session.ReminderOver.
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

		params := w.sessionParams(step, i.Attendee.TimeZone)
		params["name"] = i.Attendee.Name
		params["uid"] = i.UID
		params["sequence"] = i.Sequence
		params["stamp"] = w.tx.Now().UTC().Format(time.RFC3339)
		params["when"] = interval(i.Start, i.End)
		if !i.Cancelled {
			params["link"] = i.JoinURL
		}
		if page := w.pageFor(i.Attendee.Email, guests); page != "" {
			params["page"] = page
		}
		mails = append(mails, notification.Notification{
			Template:  rules.TemplateSession,
			SubjectID: i.SessionID,
			Recipient: i.Attendee.Email,
			Epoch:     i.Attendee.ID + "/" + strconv.Itoa(i.Sequence) + "/" + step,
			AccountID: &w.AccountID,
			Locale:    i.Attendee.Locale,
			Params:    params,
		})
	}
	return notification.QueueEach(w.tx, mails...)
}

// mailReminders reminds each attendee of a session that it begins soon, by their own clock: once
// for each time that it is scheduled for. It changes nothing in anybody's calendar.
func (w *change) mailReminders(s session.Session) error {
	told, err := session.Invitations(w.tx, s)
	if err != nil {
		return err
	}
	guests, err := session.Participants(w.tx, w.ID)
	if err != nil {
		return err
	}

	var mails []notification.Notification
	for _, i := range told {
		if !rules.ValidEmail(i.Attendee.Email) {
			continue // they were erased
		}
		params := w.sessionParams(StepReminded, i.Attendee.TimeZone)
		params["name"] = i.Attendee.Name
		params["when"] = interval(i.Start, i.End)
		params["link"] = i.JoinURL
		if page := w.pageFor(i.Attendee.Email, guests); page != "" {
			params["page"] = page
		}
		mails = append(mails, notification.Notification{
			Template:  rules.TemplateSession,
			SubjectID: s.ID,
			Recipient: i.Attendee.Email,
			Epoch:     i.Attendee.ID + "/" + strconv.Itoa(i.Sequence) + "/" + StepReminded,
			AccountID: &w.AccountID,
			Locale:    i.Attendee.Locale,
			Params:    params,
		})
	}
	return notification.QueueEach(w.tx, mails...)
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
