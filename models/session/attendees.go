package session

import (
	"fmt"
	"slices"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/session"
)

// Attendee is somebody who is invited to a session, by mail.
type Attendee struct {
	ID        string
	SessionID string
	AccountID string
	Email     string // normalised
	Name      string
	Locale    string
	TimeZone  string // IANA: what the invitation says in words
}

// TableName is the table of attendees.
func (Attendee) TableName() string { return "session_attendees" }

// Attendees lists whom a session is for.
func Attendees(tx *db.Tx, sessionID string) ([]Attendee, error) {
	var out []Attendee
	err := tx.Scope.Accounts(tx.DB, "account_id").
		Where("session_id = ?", sessionID).Order("id").Find(&out).Error
	return out, err
}

// mostAttendees is how many people are invited to one session.
const mostAttendees = 20

// SetAttendees makes people, and nobody else, the attendees of a session: who is one already
// stays, and who is no more hears of no change that comes.
func SetAttendees(tx *db.Tx, s Session, people []Attendee) error {
	rows, err := checkAttendees(s, people)
	if err != nil {
		return err
	}

	addresses := []string{""} // an empty list would be none at all
	for _, a := range rows {
		addresses = append(addresses, a.Email)
	}
	err = tx.Where("session_id = ? AND email NOT IN ?", s.ID, addresses).Delete(&Attendee{}).Error
	if err != nil || len(rows) == 0 {
		return err
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error
}

// checkAttendees returns people as rows, each address once.
func checkAttendees(s Session, people []Attendee) ([]Attendee, error) {
	var k rules.Checker
	rows := make([]Attendee, 0, len(people))
	for i, a := range people {
		a.ID = db.NewID(db.PrefixAttendee)
		a.SessionID = s.ID
		a.AccountID = s.AccountID
		a.Email = rules.NormaliseEmail(a.Email)
		k.Email(fmt.Sprintf("/attendees/%d/email", i), a.Email)
		k.OptionalPersonName(fmt.Sprintf("/attendees/%d/name", i), a.Name, MaxName)
		there := func(other Attendee) bool { return other.Email == a.Email }
		if !slices.ContainsFunc(rows, there) {
			rows = append(rows, a)
		}
	}
	if err := rules.Invalid(k.Fields); err != nil {
		return nil, err
	}
	if len(rows) > mostAttendees {
		return nil, rules.Refuse(rules.StateConflict, "A session has 20 attendees at most.",
			"Have fewer people told of the ticket.")
	}
	return rows, nil
}

// InviteLate adds a person to the sessions of a ticket to which others were invited before, and
// returns what they are told. Who is an attendee already is told nothing.
func InviteLate(tx *db.Tx, ticketID string, person Attendee) ([]Invitation, error) {
	known, err := coming(tx, ticketID)
	if err != nil {
		return nil, err
	}

	var out []Invitation
	for _, s := range known {
		rows, err := checkAttendees(s, []Attendee{person})
		if err != nil {
			return nil, err
		}
		made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows)
		if made.Error != nil {
			return nil, made.Error
		}
		if made.RowsAffected > 0 && s.JoinURL != "" {
			out = append(out, invitationOf(s, rows[0]))
		}
	}
	return out, nil
}

// Uninvite takes a person out of the sessions of a ticket that are still to come, and returns
// what they are told: for them they are called off.
func Uninvite(tx *db.Tx, ticketID, email string) ([]Invitation, error) {
	known, err := coming(tx, ticketID)
	if err != nil {
		return nil, err
	}

	var out []Invitation
	for _, s := range known {
		var a []Attendee
		err := tx.Where("session_id = ? AND email = ?", s.ID, rules.NormaliseEmail(email)).
			Limit(1).Find(&a).Error
		if err != nil {
			return nil, err
		}
		if len(a) == 0 {
			continue
		}
		if err := tx.Delete(&Attendee{}, "id = ?", a[0].ID).Error; err != nil {
			return nil, err
		}
		if s.JoinURL == "" && s.Sequence == 0 {
			continue // they were told of none
		}

		// Their calendar takes it back by a higher sequence. It is the session's, too, so that
		// what it sends next is behind it.
		s.Sequence++
		err = tx.Model(&Session{}).Where("id = ?", s.ID).Update("sequence", s.Sequence).Error
		if err != nil {
			return nil, err
		}
		off := invitationOf(s, a[0])
		off.Cancelled = true
		out = append(out, off)
	}
	return out, nil
}

// coming are the sessions of a ticket that are scheduled and have not begun, locked.
func coming(tx *db.Tx, ticketID string) ([]Session, error) {
	var out []Session
	err := db.ForUpdate(tx.Scope.Accounts(tx.DB, "account_id")).
		Where("ticket_id = ? AND state = ?", ticketID, session.Scheduled).
		Where("starts_at > ?", tx.Now()).
		Order("id").Find(&out).Error
	return out, err
}
