package notification

import (
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

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
					Or(p.SaysEmail(tx, "params")).
					Or(p.Named("account_id", func(in db.Person) clause.Expr {
						return namesIn(tx, in)
					}))
				return tx.Where(q)
			},
			Erase: eraseMails,
		},
	}
}

// namesIn is the condition that a mail's parameters have a name as a whole value.
func namesIn(tx *db.Tx, p db.Person) clause.Expr {
	one := "instr(params, ?) > 0"
	if tx.Postgres() {
		one = "position(CAST(? AS text) IN CAST(params AS text)) > 0"
	}
	parts, vars := []string{"1 = 0"}, []any{}
	for _, name := range p.Names {
		parts = append(parts, one)
		vars = append(vars, string(db.JSONText(name)))
	}
	return clause.Expr{SQL: "(" + strings.Join(parts, " OR ") + ")", Vars: vars}
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
		p.In(db.Text(n.AccountID)).Scrub(n.Params)

		err := tx.Model(&Notification{}).Where("id = ?", n.ID).
			Select("recipient", "state", "dedupe_key", "last_error", "params").
			Updates(&n).Error
		if err != nil {
			return err
		}
	}

	return nil
}
