package identity

import (
	"context"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// MaxName is how long a person's name may be, in characters.
const MaxName = 100

// PasswordChange is the change of a password by who is signed in and knows the one before.
type PasswordChange struct {
	UserID string
	Before string // hash that the password before was held against
	After  string // hash of the new one
}

// ChangePassword stores a new password hash, ends every session of the user and every reset
// link that is still open, and tells the person by mail. STATE_CONFLICT refuses where the
// password changed since the one before was read.
func (s *People) ChangePassword(ctx context.Context, c PasswordChange) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		var u User
		if err := tx.ForUpdate().First(&u, "id = ?", c.UserID).Error; err != nil {
			return db.Found(err)
		}
		if u.PasswordHash != c.Before {
			return rules.Refuse(rules.StateConflict, "The password was changed meanwhile.",
				"Sign in with the new password.")
		}
		return setPassword(tx, c.UserID, c.After)
	})
}

// ChooseName stores the name by which a person wants to be known. VALIDATION_FAILED refuses
// what is no name (S64). The same name again changes nothing.
func (s *People) ChooseName(ctx context.Context, userID, name string) error {
	name = strings.TrimSpace(name)
	wrong := rules.CheckPersonName("/name", name, MaxName)
	if name == "" {
		wrong = []rules.FieldError{{
			Pointer: "/name",
			Code:    rules.Required,
			Message: "A name is needed.",
			Remedy:  "Send the person's name.",
		}}
	}
	if len(wrong) > 0 {
		return rules.Invalid(wrong)
	}
	return s.changeOwn(ctx, userID, "user.name_changed", func(u *User) bool {
		same := u.Name == name
		u.Name = name
		return !same
	})
}

// ChooseTimeZone stores the zone by whose clock a person is shown when they did something, and
// in the notices about their sign-in; empty: that of the account. VALIDATION_FAILED refuses an
// unknown one. The dates of contracts and promises stay in the zone of their account (C1).
func (s *People) ChooseTimeZone(ctx context.Context, userID, zone string) error {
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/time_zone",
			Code:    rules.InvalidTimeZone,
			Message: "There is no such time zone.",
			Remedy:  "Send a name of the IANA database, such as America/Sao_Paulo.",
		}})
	}
	return s.changeOwn(ctx, userID, "user.time_zone_changed", func(u *User) bool {
		same := db.Text(u.TimeZone) == zone
		u.TimeZone = nil
		if zone != "" {
			u.TimeZone = &zone
		}
		return !same
	})
}

// changeOwn changes what a user says about themselves, in the user's own name. The audit names
// what was changed, never the values.
func (s *People) changeOwn(
	ctx context.Context, userID, verb string, change func(*User) bool,
) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		var u User
		if err := tx.ForUpdate().First(&u, "id = ?", userID).Error; err != nil {
			return db.Found(err)
		}
		if !change(&u) {
			return nil
		}

		err := tx.Model(&User{}).
			Where("id = ?", userID).
			Select("name", "time_zone").
			Updates(&u).Error
		if err != nil {
			return err
		}
		return tx.ActingAs(userID, "USER").Audit(userID, nil, false,
			db.Entry{Verb: verb, ObjectID: userID})
	})
}

// SignIn is one of a user's sign-ins, and whether it came from a browser known before.
type SignIn struct {
	At           time.Time
	KnownBrowser bool
}

// SignInsOf lists the latest sign-ins of a user, the last one first.
func (s *People) SignInsOf(ctx context.Context, userID string, most int) ([]SignIn, error) {
	var events []db.AuditEvent
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Where("chain_id = ? AND verb = ?", userID, "user.signed_in").
			Order("seq DESC").
			Limit(most).
			Find(&events).Error
	})

	out := make([]SignIn, len(events))
	for i, e := range events {
		out[i].At = e.At
		out[i].KnownBrowser, _ = e.Details["known_browser"].(bool)
	}
	return out, err
}
