package identity

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// throttle counts attempts in a window of real time, in the database, so that
// a restart forgets nothing.
type throttle struct {
	Key      string `gorm:"primaryKey"`
	Count    int
	ResetsAt time.Time
}

// Throttle counts an attempt under the key and answers RATE_LIMITED beyond max
// attempts in the window, with how long it still lasts. The key, often an address, is
// stored as a fingerprint.
func (s *People) Throttle(ctx context.Context, key string, max int, window time.Duration) error {
	var row throttle
	err := s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) (err error) {
		row, err = countAttempt(tx, key, window)
		return err
	})
	if err != nil {
		return err
	}

	if row.Count > max {
		return rules.TooMany("Too many attempts.", "Wait a while and try again.",
			row.ResetsAt.Sub(db.RealNow()))
	}

	return nil
}

// GiveBack takes back one attempt that Throttle counted, as one that was right.
func (s *People) GiveBack(ctx context.Context, key string) error {
	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Model(&throttle{}).
			Where("key = ? AND count > 0", throttleKey(tx, key)).
			Update("count", gorm.Expr("count - 1")).Error
	})
}

func throttleKey(tx *db.Tx, key string) string {
	return tx.Secrets().Fingerprint("throttle", key)
}

// countAttempt counts one more under a key, and returns the count of its window.
func countAttempt(tx *db.Tx, key string, window time.Duration) (throttle, error) {
	now := db.RealNow()
	row := throttle{Key: throttleKey(tx, key), Count: 1, ResetsAt: now.Add(window)}
	err := tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "key"}},
		DoUpdates: clause.Assignments(map[string]any{
			"count": gorm.Expr(
				"CASE WHEN throttles.resets_at <= ? THEN 1 ELSE throttles.count + 1 END", now,
			),
			"resets_at": gorm.Expr(
				"CASE WHEN throttles.resets_at <= ? THEN ? ELSE throttles.resets_at END",
				now,
				row.ResetsAt,
			),
		}),
	}, clause.Returning{}).Create(&row).Error
	return row, err
}

// The bounds of mails to addresses that somebody typed, each in 24 hours: what one
// address gets of invitations, whoever invites it; what one account sends; and how many
// orders one seller sends for one person who never answered, one by one or in files.
const (
	invitationsToOne   = 5
	invitationsOfOne   = 120 // an account of a hundred people, and some sent again
	OrdersForOne       = 250
	OrdersInFilesToOne = 2000 // what a customer had before comes in one file
	mailWindow         = 24 * time.Hour
)

// mayMailInvitation counts an invitation's mail, and refuses it with RATE_LIMITED where
// the address, or the account, had enough of them today. What is refused, and what fails
// for another reason, is not counted.
func mayMailInvitation(tx *db.Tx, accountID, email string) error {
	return tx.BeyondFence(func(tx *db.Tx) error {
		return countInvitation(tx, accountID, email)
	})
}

func countInvitation(tx *db.Tx, accountID, email string) error {
	row, err := countAttempt(tx, "mail/invitation-to/"+rules.NormaliseEmail(email), mailWindow)
	if err != nil {
		return err
	}
	if row.Count > invitationsToOne {
		return rules.TooMany(
			fmt.Sprintf("This address has got %d invitations within 24 hours.", invitationsToOne),
			"Ask the person to look for the latest one, also among unwanted mail; "+
				"send another one later.", row.ResetsAt.Sub(db.RealNow()))
	}

	row, err = countAttempt(tx, "mail/invitations-of/"+accountID, mailWindow)
	if err != nil {
		return err
	}
	if row.Count > invitationsOfOne {
		return rules.TooMany(
			fmt.Sprintf("This account has sent %d invitations within 24 hours.", invitationsOfOne),
			"Go on later, or ask the service's mailbox.", row.ResetsAt.Sub(db.RealNow()))
	}

	return nil
}

// MayMailContact counts an order of a seller for an end customer's address, to which it
// makes the service write, and refuses it with RATE_LIMITED beyond the bound of a day. A
// person who is a user has answered such a mail before; for one there is no bound.
func MayMailContact(tx *db.Tx, senderID, email string, most int) error {
	email = rules.NormaliseEmail(email)
	row, err := countAttempt(tx, "mail/order-contact/"+senderID+"/"+email, mailWindow)
	if err != nil || row.Count <= most {
		return err
	}

	var users int64
	err = tx.Model(&User{}).Where("email = ?", email).Limit(1).Count(&users).Error
	if err != nil || users > 0 {
		return err
	}

	return rules.TooMany(
		fmt.Sprintf("You have sent %d orders for this end customer's address within 24 hours, "+
			"and the person has not answered yet.", most),
		"Wait until the person has accepted the invitation, or send the order tomorrow.",
		row.ResetsAt.Sub(db.RealNow()))
}
