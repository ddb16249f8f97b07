package notification

import (
	"strings"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// Erasures is what becomes of mails that tell of a person (S33): that one was sent, when and
// with what outcome stays, to whom does not. One that has not left is sent no more. What other
// people's mails of the same accounts say of the person is said of the pseudonym.
func Erasures() []db.Erasure {
	return []db.Erasure{
		{
			Table: "notification_attempts",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				own := tx.Table("notifications").Select("id").Where("recipient = ?", p.Email)
				return tx.Where("error <> ''").
					Where("notification_id IN (?)", own)
			},
			Erase: func(tx *db.Tx, _ db.Person, ids []string) error {
				return tx.Model(&NotificationAttempt{}).Where("id IN ?", ids).
					Update("error", "").Error
			},
		},
		{
			Table: "notifications",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				q := tx.Where("recipient = ?", p.Email).
					Or(p.SaysEmail(tx, "params"))
				for _, name := range p.Names {
					q = q.Or(tx.Where("account_id IN ?", p.Accounts).
						Where(holdsJSON(tx), string(db.JSONText(name))))
				}
				return tx.Where(q)
			},
			Erase: eraseMails,
		},
	}
}

// holdsJSON is the condition that a mail's parameters have a text as a whole value.
func holdsJSON(tx *db.Tx) string {
	if tx.Postgres() {
		return "position(CAST(? AS text) IN CAST(params AS text)) > 0"
	}
	return "instr(params, ?) > 0"
}

func eraseMails(tx *db.Tx, p db.Person, ids []string) error {
	var rows []Notification
	if err := tx.ForUpdate().Order("id").Find(&rows, "id IN ?", ids).Error; err != nil {
		return err
	}

	for _, n := range rows {
		if n.Recipient == p.Email {
			n.Recipient = db.Nobody(n.ID)
			n.DedupeKey = strings.ReplaceAll(n.DedupeKey, "|"+p.Email+"|", "|"+n.Recipient+"|")
			n.LastError = ""
			if n.State == rules.NotificationQueued {
				n.State = rules.NotificationSuppressed
			}
		}
		p.Scrub(n.Params)

		err := tx.Model(&Notification{}).Where("id = ?", n.ID).
			Select("recipient", "state", "dedupe_key", "last_error", "params").
			Updates(&n).Error
		if err != nil {
			return err
		}
	}

	return nil
}
